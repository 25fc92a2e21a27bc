/* SPDX-License-Identifier: MIT */
/* pool_scenarios.h -- the scenarios of concurrent pools, for pool_scenarios.c.
 */
#ifndef POOL_SCENARIOS_H
#define POOL_SCENARIOS_H

#include <setjmp.h>

#include "explore.h"

/* From now on a stop of the program by this thread jumps there, and is counted.
 */
jmp_buf *pool_stop_expected(int thread);
int pool_stops(void);

void bounded_setup(void);
void bounded_body(int thread);
void bounded_check(void);
void bounded_moves_setup(void);
void bounded_moves_body(int thread);
void bounded_moves_check(void);
void bounded_levels_setup(void);
void bounded_levels_body(int thread);
void bounded_twice_setup(void);
void bounded_twice_body(int thread);
void bounded_twice_check(void);
void bounded_signal_body(int thread);
void bounded_signal_handler(int thread);

#endif
