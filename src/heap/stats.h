/* SPDX-License-Identifier: MIT */
/* stats.h -- dividing one slab, also for who reads another process. */
#ifndef MNI_STATS_H
#define MNI_STATS_H

#include <mn/stats.h>

#include "slab/slab.h"

/* Which pages of a slab have physical memory: bit 0 of each byte. */
struct mni_pages {
    size_t page_size;
    const unsigned char *resident; /* or NULL, when all are taken to have it */
};

/* Add the bytes of a slab to the causes that they have. */
void mni_stats_add_slab(struct mn_stats *stats, const struct mni_slab *slab,
                        bool in_hand, struct mni_pages pages);

/* The most pages that a slab has, in pages of 4 KiB. */
enum { MNI_SLAB_PAGES_MAX = 512 };

#endif
