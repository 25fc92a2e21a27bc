/* SPDX-License-Identifier: MIT */
/* The tests of tlsf_test.c, with links of 16 bits. */
#define MNI_TILE_BITS 16

#include "tlsf_test.c"
