/* SPDX-License-Identifier: MIT */
/* guard.h -- what several guards have in common: what is out, and how a wrong
 * address is told. */
#ifndef MNI_GUARD_H
#define MNI_GUARD_H

#include <mn/guard.h>

/* Have the parent allocate, and count the block with the size it then has. */
void *mni_guard_alloc(struct mn_region *parent, struct mn_guard_tally *out,
                      size_t size, size_t align);

/* Have the parent resize, and count the difference. */
bool mni_guard_resize(struct mn_region *parent, struct mn_guard_tally *out,
                      void *block, size_t size);

/* Have the parent free, and count what it then has no longer out. */
void mni_guard_free(struct mn_region *parent, struct mn_guard_tally *out,
                    void *block);

/* What mn_region_examine answers for a guard that counts. */
enum mn_status mni_guard_examine(const struct mn_region *parent,
                                 const struct mn_guard_tally *out,
                                 const void *block);

/* What is wrong with `block`, which a guard knows to be out: only that which
 * its parent knows better. */
enum mn_status mni_guard_below(const struct mn_region *parent,
                               const void *block);

/* The bytes of `block`, 0 if the region cannot tell them. */
size_t mni_guard_size(const struct mn_region *region, const void *block);

/* Say why `address` is no block of `region` that is out. */
_Noreturn void mni_guard_stop(const struct mn_region *region,
                              const char *operation, const void *address)
    __attribute__((cold));

/* The same as a status. */
enum mn_status mni_guard_status(const struct mn_region *region,
                                const void *address);

#endif
