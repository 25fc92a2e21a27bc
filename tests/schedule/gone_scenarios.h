/* SPDX-License-Identifier: MIT */
#ifndef GONE_SCENARIOS_H
#define GONE_SCENARIOS_H

void gone_listed_setup(void);
void gone_full_setup(void);
void gone_take_body(int thread);
void gone_again_body(int thread);
void gone_ends_body(int thread);
void gone_visit_body(int thread);
void gone_purge_body(int thread);
void gone_signal_body(int thread);
void gone_signal_handler(int thread);

/* With `check` after each. */
/* clang-format off */
#define GONE_SCENARIOS(check)                                                 \
    {"emptied", 3, 2, gone_listed_setup, gone_take_body, check, NULL},        \
    {"emptied full", 3, 2, gone_full_setup, gone_take_body, check, NULL},     \
    {"emptied again", 3, 2, gone_listed_setup, gone_again_body, check, NULL}, \
    {"emptied ends", 3, 2, gone_full_setup, gone_ends_body, check, NULL},     \
    {"emptied listed ends", 3, 2, gone_listed_setup, gone_ends_body, check,   \
     NULL},                                                                   \
    {"emptied visit", 3, 2, gone_full_setup, gone_visit_body, check, NULL},   \
    {"emptied purge", 3, 2, gone_full_setup, gone_purge_body, check, NULL},   \
    {"emptied and signal", 2, 2, gone_listed_setup, gone_signal_body, check,  \
     gone_signal_handler}
/* clang-format on */

#endif
