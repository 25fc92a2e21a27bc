/* SPDX-License-Identifier: MIT */
/* peek.h -- functions that read words which may be anything. */
#ifndef MNI_GC_PEEK_H
#define MNI_GC_PEEK_H

#include <mn/base.h>

/* The address sanitizer puts variables on the stack between words that must
 * not be read, and a collector reads all of them. */
#define MNI_GC_PEEKS                                                           \
    __attribute__((no_sanitize("address"), no_sanitize("thread")))

#endif
