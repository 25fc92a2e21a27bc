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

void shared_check(void);
void shared_remote_setup(void);
void shared_remote_body(int thread);
void shared_words_setup(void);
void shared_words_body(int thread);
void shared_empty_setup(void);
void shared_empty_body(int thread);
void shared_cross_setup(void);
void shared_cross_body(int thread);
void shared_ends_setup(void);
void shared_ends_body(int thread);
void shared_reused_body(int thread);
void shared_left_setup(void);
void shared_left_body(int thread);
void shared_last_setup(void);
void shared_last_body(int thread);
void shared_finish_setup(void);
void shared_finish_body(int thread);
void shared_finish_check(void);
void shared_twice_body(int thread);
void shared_twice_check(void);
void shared_signal_setup(void);
void shared_signal_body(int thread);
void shared_signal_handler(int thread);
void shared_end_signal_body(int thread);
void shared_end_signal_handler(int thread);
void shared_order_setup(void);
void shared_order_body(int thread);
void shared_order_handler(int thread);
void shared_look_body(int thread);

#endif
