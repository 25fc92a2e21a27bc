/* SPDX-License-Identifier: MIT */
/* The tests of user_strategy_test.c, with links of 16 bits. */
#define MNI_TILE_BITS 16

#include "user_strategy_test.c"
