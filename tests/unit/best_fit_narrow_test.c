/* SPDX-License-Identifier: MIT */
/* The tests of best_fit_test.c, with links of 16 bits that count
 * words. */
#define MNI_TILE_BITS 16
#define MNI_TILE_UNIT 7

#include "best_fit_test.c"
