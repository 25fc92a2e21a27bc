/* SPDX-License-Identifier: MIT */
/* stats.h -- dividing one slab, also for who reads another process. */
#ifndef MNI_STATS_H
#define MNI_STATS_H

#include <mn/stats.h>

#include "slab/slab.h"

/* Add the bytes of a slab to the causes that they have. */
void mni_stats_add_slab(struct mn_stats *stats, const struct mni_slab *slab,
                        bool in_hand);

#endif
