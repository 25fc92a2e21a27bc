/* SPDX-License-Identifier: MIT */
/* purge_scenarios.h -- the scenarios of purged pages, for heap_scenarios.c. */
#ifndef PURGE_SCENARIOS_H
#define PURGE_SCENARIOS_H

void purge_setup(void);
void purge_body(int thread);
void purge_empty_setup(void);
void purge_empty_body(int thread);
void purge_ends_body(int thread);

void ages_setup(void);
void ages_left_setup(void);
void ages_body(int thread);
void ages_left_body(int thread);
void ages_empty_setup(void);
void ages_empty_body(int thread);

#endif
