/* SPDX-License-Identifier: MIT */
/* twice.h -- included before every test: what tests/test.h cannot say, as a
 * process that forks need not know it. */
#ifndef EMBEDDED_TWICE_H
#define EMBEDDED_TWICE_H

#include <stdbool.h>

bool test_stop_begin(void) __attribute__((returns_twice));

#endif
