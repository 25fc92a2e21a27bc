/* SPDX-License-Identifier: MIT */
/* gate.h -- threads that go on, and one that has all others stand still.
 *
 * A thread is inside while it may touch objects. Who closes the gate waits
 * until nobody else is inside; until it opens again, nobody comes in.
 */
#ifndef MNI_GC_GATE_H
#define MNI_GC_GATE_H

#include <stdbool.h>
#include <stdint.h>

struct mni_gate {
    _Atomic uint32_t inside; /* threads, and whether the gate is closed */
    _Atomic uint32_t opened; /* how often it was */
};

/* Come in; waits while the gate is closed. */
void mni_gate_enter(struct mni_gate *gate);

/* Requires: this thread is inside. */
void mni_gate_leave(struct mni_gate *gate);

/* False if another thread has closed it; this one should leave and come in
 * again, and then try once more. Requires: this thread is inside. */
bool mni_gate_close(struct mni_gate *gate);

/* Wait until nobody else is inside; then have them come in again. Require:
 * this thread has closed the gate. */
void mni_gate_wait(struct mni_gate *gate);
void mni_gate_open(struct mni_gate *gate);

/* Whether somebody waits, or goes on alone. */
bool mni_gate_is_closed(const struct mni_gate *gate);

/* In the child of a fork, which has one thread: so many are inside, and the
 * gate is as `closed` says. */
void mni_gate_reset(struct mni_gate *gate, uint32_t inside, bool closed);

#endif
