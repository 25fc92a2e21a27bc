/* SPDX-License-Identifier: MIT */
/* The tests of worst_fit_test.c, with links of 16 bits. */
#define MNI_TILE_BITS 16

#include "worst_fit_test.c"
