/* SPDX-License-Identifier: MIT */
/* gate.c -- one word that counts who is inside and says that nobody may come.
 *
 * Both are in one word, so whoever comes in has seen the gate open at that
 * very moment, and whoever closes it knows how many there are. Those who wait
 * for the gate sleep on a word of their own, and wake each other: the system
 * wakes one.
 */
#include "gc/gate.h"

#include "base/atomic.h"
#include "os/os.h"

static const uint32_t gate_closed = UINT32_C(1) << 31;

void mni_gate_enter(struct mni_gate *gate)
{
    bool waited = false;

    for (;;) {
        /* Acquire: if this is the last opening, the gate is seen open. Pairs
         * with the release in mni_gate_open. */
        uint32_t opened = mn_atomic_load_acquire(&gate->opened);
        uint32_t seen = mn_atomic_load_relaxed(&gate->inside);
        if ((seen & gate_closed) != 0) {
            mni_os_wait(&gate->opened, opened, MNI_OS_FOREVER);
            waited = true;
            continue;
        }
        /* Acquire: what was done while the gate was closed. Pairs with the
         * release in mni_gate_open. */
        if (mn_atomic_cas_strong_acquire(&gate->inside, &seen, seen + 1))
            break;
    }
    if (waited)
        mni_os_wake(&gate->opened);
}

void mni_gate_leave(struct mni_gate *gate)
{
    /* Release: what this thread did. Pairs with the acquire in
     * mni_gate_wait. */
    uint32_t before = mn_atomic_add_release(&gate->inside, UINT32_MAX);

    if (before == (gate_closed | 2))
        mni_os_wake(&gate->inside);
}

bool mni_gate_close(struct mni_gate *gate)
{
    /* Acquire: what the thread did that had closed it before. Pairs with the
     * release in mni_gate_open. */
    return (mn_atomic_or_acq_rel(&gate->inside, gate_closed) & gate_closed)
           == 0;
}

void mni_gate_wait(struct mni_gate *gate)
{
    uint32_t seen;

    /* Acquire: pairs with the release in mni_gate_leave. */
    while ((seen = mn_atomic_load_acquire(&gate->inside)) != (gate_closed | 1))
        mni_os_wait(&gate->inside, seen, MNI_OS_FOREVER);
}

void mni_gate_open(struct mni_gate *gate)
{
    /* Release: pairs with the acquire in mni_gate_enter and mni_gate_close. An
     * addition clears the highest bit. */
    (void)mn_atomic_add_release(&gate->inside, gate_closed);
    /* Release: in this order, or a thread would sleep by the new count for a
     * gate that it still sees closed. Pairs with the acquire in
     * mni_gate_enter. */
    (void)mn_atomic_add_release(&gate->opened, 1);
    mni_os_wake(&gate->opened);
}

bool mni_gate_is_closed(const struct mni_gate *gate)
{
    return (mn_atomic_load_relaxed(&gate->inside) & gate_closed) != 0;
}

void mni_gate_reset(struct mni_gate *gate, uint32_t inside, bool closed)
{
    mn_atomic_store_relaxed(&gate->inside,
                            closed ? inside | gate_closed : inside);
}
