/* SPDX-License-Identifier: MIT */
/* config.h -- every build option, its meaning, its default and its bounds. */
#ifndef MNI_CONFIG_H
#define MNI_CONFIG_H

/* 1: check our own pre- and postconditions (MN_ASSERT), slowly. */
#ifndef MN_DEBUG
#define MN_DEBUG 0
#endif
_Static_assert(MN_DEBUG == 0 || MN_DEBUG == 1, "MN_DEBUG is 0 or 1");

/* 1: no operating system and no C library but memcpy and memset. */
#ifndef MN_FREESTANDING
#define MN_FREESTANDING 0
#endif
_Static_assert(MN_FREESTANDING == 0 || MN_FREESTANDING == 1,
               "MN_FREESTANDING is 0 or 1");

/* The finest unit of the map, as a power of two; pages of the system must not
 * be larger. 16 serves systems with pages of 4, 16 and 64 KiB. */
#ifndef MN_CELL_SHIFT
#define MN_CELL_SHIFT 16
#endif
_Static_assert(MN_CELL_SHIFT >= 14 && MN_CELL_SHIFT <= 20,
               "a cell is 16 KiB to 1 MiB");

/* 1: the portable form of the word operations in base/word.h, also where a
 * faster one is known. */
#ifndef MN_PORTABLE
#define MN_PORTABLE 0
#endif
_Static_assert(MN_PORTABLE == 0 || MN_PORTABLE == 1, "MN_PORTABLE is 0 or 1");

#endif
