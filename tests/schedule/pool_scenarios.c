/* SPDX-License-Identifier: MIT */
/* pool_scenarios.c -- what is explored of concurrent pools. */
#include "pool_scenarios.h"

/* ---- stops that are wanted ---- */

static jmp_buf stop_at[EXPLORE_THREADS];
static bool stop_expected[EXPLORE_THREADS];
static int stops;

_Noreturn void __real_mni_os_stop(const char *line, size_t length);
_Noreturn void __wrap_mni_os_stop(const char *line, size_t length);

void __wrap_mni_os_stop(const char *line, size_t length)
{
    int thread = explore_self();

    if (thread == EXPLORE_THREADS || !stop_expected[thread])
        __real_mni_os_stop(line, length);
    stops++;
    longjmp(stop_at[thread], 1);
}

jmp_buf *pool_stop_expected(int thread)
{
    stop_expected[thread] = true;
    return &stop_at[thread];
}

int pool_stops(void)
{
    return stops;
}

static const struct explore_scenario scenarios[] = {
    {"bounded", 3, 3, bounded_setup, bounded_body, bounded_check, NULL},
    {"bounded moves", 3, 3, bounded_moves_setup, bounded_moves_body,
     bounded_moves_check, NULL},
    {"bounded levels", 3, 3, bounded_levels_setup, bounded_levels_body,
     bounded_check, NULL},
    {"bounded twice", 3, 3, bounded_twice_setup, bounded_twice_body,
     bounded_twice_check, NULL},
    {"bounded signal", 2, 3, bounded_setup, bounded_signal_body, bounded_check,
     bounded_signal_handler},
    {"shared remote", 3, 2, shared_remote_setup, shared_remote_body,
     shared_check, NULL},
    {"shared words", 3, 2, shared_words_setup, shared_words_body, shared_check,
     NULL},
    {"shared empty", 3, 2, shared_empty_setup, shared_empty_body, shared_check,
     NULL},
    {"shared cross", 2, 3, shared_cross_setup, shared_cross_body, shared_check,
     NULL},
    {"shared ends", 3, 2, shared_ends_setup, shared_ends_body, shared_check,
     NULL},
    {"shared reused", 3, 2, shared_ends_setup, shared_reused_body, shared_check,
     NULL},
    {"shared left", 3, 2, shared_left_setup, shared_left_body, shared_check,
     NULL},
    {"shared last", 3, 2, shared_last_setup, shared_last_body, shared_check,
     NULL},
    {"shared finish", 2, 3, shared_finish_setup, shared_finish_body,
     shared_finish_check, NULL},
    {"shared twice", 3, 2, shared_ends_setup, shared_twice_body,
     shared_twice_check, NULL},
    {"shared signal", 1, 1, shared_signal_setup, shared_signal_body,
     shared_check, shared_signal_handler},
    {"shared signal and thread", 2, 2, shared_signal_setup, shared_signal_body,
     shared_check, shared_signal_handler},
    {"shared signal at the end", 2, 2, shared_signal_setup,
     shared_end_signal_body, shared_check, shared_end_signal_handler},
    {"shared order", 2, 3, shared_order_setup, shared_order_body, shared_check,
     shared_order_handler},
    {"shared look", 3, 2, shared_remote_setup, shared_look_body, shared_check,
     NULL},
};

int main(int argc, char **argv)
{
    return explore_main(argc, argv, scenarios,
                        sizeof scenarios / sizeof *scenarios);
}
