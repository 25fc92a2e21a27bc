/* SPDX-License-Identifier: MIT */
/* string.h -- for tests of tests/unit, where there is no C library. */
#ifndef EMBEDDED_STRING_H
#define EMBEDDED_STRING_H

#include <stddef.h>

void *memcpy(void *to, const void *from, size_t size);
void *memset(void *start, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);

#endif
