/* SPDX-License-Identifier: MIT */
/* local.h -- included first in every source that is explored: what is
 * thread-local lies in a section that explore.c switches by hand. */
#ifndef EXPLORE_LOCAL_H
#define EXPLORE_LOCAL_H

#define _Thread_local __attribute__((section("explore_local")))
#define tls_model(model) unused

#endif
