/* SPDX-License-Identifier: MIT */
/* leaks.h -- which blocks nothing in the program leads to any more. */
#ifndef MNI_LEAKS_H
#define MNI_LEAKS_H

#include <mn/stats.h>

/* Blocks of one size that are lost: that only lost blocks lead to, or nothing
 * at all. */
struct mni_leaks_group {
    size_t size; /* of each, with rounding */
    size_t count;
    const void *first;
    bool is_led_to; /* by other lost blocks */
};

enum { MNI_LEAKS_GROUPS = 256 };

struct mni_leaks {
    size_t blocks; /* that are out */
    size_t lost;   /* of these, in all groups */
    size_t lost_bytes;
    size_t group_count; /* the largest sum of bytes first */
    struct mni_leaks_group groups[MNI_LEAKS_GROUPS];
};

/* Find them, while other threads stand still. Allocates nothing from the heap.
 * False if there is no memory for it, or the system does not tell what there
 * is; a signal handler that interrupted the heap gets false too. */
bool mni_leaks_find(struct mni_leaks *leaks);

/* Write a line for each group, and one for the sum, each after `before`. */
void mni_leaks_write(const struct mni_leaks *leaks, const char *before,
                     mn_write_fn write, void *context);

#endif
