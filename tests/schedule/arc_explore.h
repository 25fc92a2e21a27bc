/* SPDX-License-Identifier: MIT */
/* arc_explore.h -- memory, for arc_scenarios.c. */
#ifndef ARC_EXPLORE_H
#define ARC_EXPLORE_H

#include <mn/source.h>

#include "explore.h"

/* Where objects come from. */
extern struct mn_source explore_source;

/* Blocks that are out. */
size_t explore_blocks(void);

#endif
