/* SPDX-License-Identifier: MIT */
/* ops.c -- the atomic operations, and where a switch makes a difference. */
#include "run.h"

#include <stdio.h>
#include <string.h>

/* ---- who uses what ---- */

static struct run_use *ops_use(const void *address)
{
    uintptr_t key = (uintptr_t)address;
    size_t at = (key >> 2) * 0x9e3779b97f4a7c15 >> 50;

    while (run->uses[at].address != key && run->uses[at].address != 0)
        at = (at + 1) % RUN_PLACES;
    if (run->uses[at].address == 0) {
        if (++run->use_count > RUN_PLACES / 2)
            explore_fail("too many places");
        run->uses[at] = (struct run_use){key, 0, 0, UINT32_MAX};
    }
    return &run->uses[at];
}

static bool ops_is_shared(const struct run_use *use)
{
    uint32_t users = use->readers | use->writers;

    return use->writers != 0 && (users & (users - 1)) != 0 && use->locks == 0;
}

/* Note the use. Whether others can notice when it happens. */
static bool ops_note(const void *address, bool writes)
{
    if (!run->active || (uintptr_t)address - run->ignored < run->ignored_size)
        return false;
    struct run_use *use = ops_use(address);
    bool before = ops_is_shared(use);
    uint32_t bit = UINT32_C(1) << run->self;

    if (writes)
        use->writers |= bit;
    else
        use->readers |= bit;
    use->locks &= run_self()->locks;
    run->grown |= ops_is_shared(use) && !before;
    return ops_is_shared(use);
}

static void ops_check_record(const void *address, bool writes)
{
    for (size_t i = 0; i < run->record_count; i++)
        if ((uintptr_t)address - run->records[i].start < run->records[i].size
            && (writes || !run_self()->tolerates))
            explore_fail("use of a record that was given back");
}

void explore_ignore(const void *start, size_t size)
{
    run->ignored = (uintptr_t)start;
    run->ignored_size = size;
}

void explore_tolerate(bool reads)
{
    run_self()->tolerates = reads;
}

void explore_record(void *record, size_t size, bool usable)
{
    size_t at = 0;

    while (at < run->record_count
           && run->records[at].start != (uintptr_t)record)
        at++;
    if (at == RUN_RECORDS)
        explore_fail("too many records");
    if (usable) {
        if (at < run->record_count)
            run->records[at] = run->records[--run->record_count];
        return;
    }
    if (at < run->record_count)
        explore_fail("a record is given back twice");
    run->records[at].start = (uintptr_t)record;
    run->records[at].size = size;
    run->record_count++;
}

void explore_holds(const void *lock, bool held)
{
    unsigned at = 0;

    while (at < run->lock_count && run->locks[at] != lock)
        at++;
    if (at == RUN_LOCKS)
        explore_fail("too many locks");
    run->locks[at] = lock;
    if (at == run->lock_count)
        run->lock_count++;
    if (held)
        run_self()->locks |= UINT32_C(1) << at;
    else
        run_self()->locks &= ~(UINT32_C(1) << at);
}

/* ---- memory as others see it ---- */

static uint64_t ops_read(const void *address, size_t size)
{
    uint64_t value = 0;

    memcpy(&value, address, size);
    return value;
}

static void ops_write(void *address, uint64_t value, size_t size)
{
    memcpy(address, &value, size);
}

static void ops_trace(const char *how, const void *address, uint64_t value,
                      const struct explore_place *place)
{
    if (run->step_count < RUN_TRACE)
        run->trace[run->step_count++] =
            (struct run_step){run->self, how, value, place, address};
}

void run_print_trace(void)
{
    for (size_t i = 0; i < run->step_count; i++) {
        const struct run_step *step = &run->trace[i];
        printf("  %d %-8s %s:%d %s [%p] %#llx\n", step->thread, step->how,
               step->place->file, step->place->line, step->place->what,
               step->address, (unsigned long long)step->value);
    }
}

void run_flush_one(struct run_thread *thread)
{
    struct run_store store = thread->stores[0];

    thread->store_count--;
    memmove(thread->stores, thread->stores + 1,
            thread->store_count * sizeof store);
    ops_trace("(seen)", store.address, store.value, store.place);
    ops_check_record(store.address, true);
    ops_write(store.address, store.value, store.place->size);
}

void run_flush(struct run_thread *thread)
{
    while (thread->store_count != 0)
        run_flush_one(thread);
}

/* ---- points ---- */

/* Go on, or switch, or let others see a late store first: all but the first
 * count. */
static void ops_point(void)
{
    int able[2 * EXPLORE_THREADS];
    bool again = true;

    run->points_here++;
    while (again && run->spent < run->bound) {
        unsigned count = 0;
        unsigned threads = 0;
        for (int i = 0; i < run->scenario->threads; i++)
            if (i != run->self && run_can(i))
                able[count++] = i;
        threads = count;
        for (int i = 0; i < run->scenario->threads; i++)
            if (i != run->self && run->threads[i].store_count != 0)
                able[count++] = i;
        unsigned chosen = run_choose(count + 1);
        again = chosen > threads;
        run->spent += chosen != 0;
        if (again)
            run_flush_one(&run->threads[able[chosen - 1]]);
        else if (chosen != 0)
            run_switch(able[chosen - 1]);
    }
}

/* Here a signal may come. */
static void ops_interrupt(void)
{
    static const struct explore_place place = {"signal", __FILE__, __LINE__, 0};
    struct run_thread *self = run_self();

    if (!run->active || run->scenario->handler == NULL || self->interrupted
        || run->spent == run->bound || run_choose(2) == 0)
        return;
    run->spent++;
    self->interrupted = true;
    ops_trace("(begin)", NULL, 0, &place);
    run->scenario->handler(run->self);
    ops_trace("(end)", NULL, 0, &place);
}

/* Before an operation. Whether others can notice when it happens. */
static bool ops_before(const void *address, bool writes)
{
    ops_interrupt();
    bool shared = ops_note(address, writes);

    if (shared)
        ops_point();
    ops_check_record(address, writes);
    return shared;
}

uint64_t explore_load(void *address, const struct explore_place *place)
{
    bool shared = ops_before(address, false);
    const struct run_thread *self = run_self();
    uint64_t value = ops_read(address, place->size);

    for (unsigned i = 0; i < self->store_count; i++)
        if (self->stores[i].address == address)
            value = self->stores[i].value;
    if (shared)
        ops_trace("load", address, value, place);
    return value;
}

/* A store of a thread; it is late if that is chosen, or if an earlier one is,
 * which it must not overtake even where nobody has looked yet. */
static void ops_store(bool shared, void *address, uint64_t value,
                      const struct explore_place *place)
{
    struct run_thread *self = run_self();
    bool late = self->store_count != 0;

    if (shared && !late) {
        late = run->late && run->spent < run->bound && run_choose(2) != 0;
        run->spent += late;
    }
    if (shared)
        ops_trace(late ? "(store)" : "store", address, value, place);
    if (!late) {
        ops_write(address, value, place->size);
        return;
    }
    if (self->store_count == RUN_STORES)
        run_flush_one(self);
    self->stores[self->store_count++] =
        (struct run_store){address, ops_read(&value, place->size), place};
}

void explore_store(void *address, uint64_t value,
                   const struct explore_place *place)
{
    ops_store(ops_before(address, true), address, value, place);
}

void explore_store_plain(void *address, uint64_t value,
                         const struct explore_place *place)
{
    if (ops_before(address, true))
        ops_trace("store", address, value, place);
    ops_write(address, value, place->size);
}

uint64_t explore_change(enum explore_how how, void *address, uint64_t value,
                        const struct explore_place *place)
{
    static const char *const names[] = {"exchange", "add", "or", "and"};
    bool shared = ops_before(address, true);

    run_flush(run_self());
    uint64_t old = ops_read(address, place->size);
    uint64_t new = value;
    if (how == EXPLORE_ADD)
        new = old + value;
    else if (how == EXPLORE_OR)
        new = old | value;
    else if (how == EXPLORE_AND)
        new = old &value;
    ops_write(address, new, place->size);
    if (shared)
        ops_trace(names[how], address, new, place);
    return old;
}

bool explore_cas(bool locked, void *address, void *expected, uint64_t value,
                 const struct explore_place *place)
{
    bool shared = ops_before(address, true);
    uint64_t wanted = ops_read(expected, place->size);

    if (locked)
        run_flush(run_self());
    uint64_t old = ops_read(address, place->size);
    for (unsigned i = 0; i < run_self()->store_count; i++)
        if (run_self()->stores[i].address == address)
            old = run_self()->stores[i].value;
    if (old != wanted) {
        ops_write(expected, old, place->size);
        if (shared)
            ops_trace("cas not", address, old, place);
        return false;
    }
    if (!locked) {
        ops_store(shared, address, value, place);
        return true;
    }
    ops_write(address, value, place->size);
    if (shared)
        ops_trace("cas", address, value, place);
    return true;
}

void explore_fence(void)
{
    run_flush(run_self());
}

void explore_signal_fence(void)
{
    ops_interrupt();
}
