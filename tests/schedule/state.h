/* SPDX-License-Identifier: MIT */
/* state.h -- what must hold of the heap whenever no thread is inside it. */
#ifndef EXPLORE_STATE_H
#define EXPLORE_STATE_H

#include <mn/heap.h>

#include "explore.h"

/* Allocate from a heap, or from the thread's if it is NULL. Fails if any byte
 * of it is out already. */
void *state_take_from(struct mn_heap *heap, size_t size);

/* The same, and NULL if there is nothing to be had. */
void *state_try_from(struct mn_heap *heap, size_t size);

void *state_take(size_t size);

/* Release by mn_free. */
void state_give(void *block);

/* Release with mn_heap_free. */
void state_give_to(struct mn_heap *heap, void *block);

/* Destroy a heap with all that was taken from it. */
void state_destroy(struct mn_heap *heap);

/* Nothing is lost: each slot that is not out can be allocated again by somebody
 * who will look for it, and all counts agree. */
void state_expect_quiet(void);

/* Release all that is out; then nothing is left of any span. */
void state_expect_all_returned(void);

#endif
