/* SPDX-License-Identifier: MIT */
/* order_scenarios.h -- scenarios of the order of locks, for heap_scenarios.c.
 */
#ifndef ORDER_SCENARIOS_H
#define ORDER_SCENARIOS_H

#include "explore.h"

void order_setup(void);
void order_body(int thread);
void order_handler(int thread);
void order_ends_setup(void);
void order_ends_body(int thread);
void order_ends_handler(int thread);

#define ORDER_SCENARIOS(check)                                                 \
    {"order", 2, 3, order_setup, order_body, check, order_handler},            \
    {                                                                          \
        "order ends", 2, 2, order_ends_setup, order_ends_body, check,          \
            order_ends_handler                                                 \
    }

#endif
