/* SPDX-License-Identifier: MIT */
/* visit_scenarios.h -- the scenarios of walks, for heap_scenarios.c. */
#ifndef VISIT_SCENARIOS_H
#define VISIT_SCENARIOS_H

void visit_setup(void);
void visit_body(int thread);
void visit_left_setup(void);
void visit_left_body(int thread);
void visit_gone_setup(void);
void visit_gone_body(int thread);

#endif
