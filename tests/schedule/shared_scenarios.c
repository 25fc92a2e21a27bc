/* SPDX-License-Identifier: MIT */
/* shared_scenarios.c -- threads at a pool that they share: they release each
 * other's objects, end, begin, and take over what others left.
 *
 * Most use objects of 16 KiB, of which a chunk has eight: it is soon full, and
 * soon empty. */
#include <mn/shared_pool.h>

#include "pool/shared.h"
#include "pool_scenarios.h"
#include "space/map.h"

enum { KIB = 1024, SLOT = 16 * KIB, SMALL = 512, SLOTS = 8, OUT = 300 };

static const struct mn_type slot_type = {
    .name = "slot", .size = SLOT, .align = 64};
static const struct mn_type small_type = {
    .name = "small", .size = SMALL, .align = 64};
static struct mn_shared_pool pool;
static unsigned char *out[OUT];
static void *object[2 * SLOTS];

/* ---- objects that are out ---- */

static void *try_take(void)
{
    unsigned char *taken = mn_shared_pool_alloc(&pool);
    size_t at = OUT;

    if (taken == NULL)
        return NULL;
    for (size_t i = 0; i < OUT; i++) {
        if (out[i] == NULL)
            at = i;
        if (out[i] == taken)
            explore_fail("a slot is handed out twice");
    }
    EXPECT(at < OUT);
    out[at] = taken;
    return taken;
}

static void *take(void)
{
    void *taken = try_take();

    EXPECT(taken != NULL);
    return taken;
}

static void give(void *taken)
{
    size_t at = 0;

    while (at < OUT && out[at] != taken)
        at++;
    EXPECT(at < OUT);
    out[at] = NULL;
    mn_shared_pool_release(&pool, taken);
}

/* ---- before and after ---- */

static void setup_pool(const struct mn_type *type)
{
    struct mn_shared_pool_options options = {.type = type};

    EXPECT(mn_shared_pool_init(&pool, &options) == MN_OK);
}

/* The thread has a local, and nothing in it that matters. */
static void setup_local(int thread)
{
    explore_as(thread);
    give(take());
    (void)mn_shared_pool_shrink(&pool);
}

static void setup_take(int thread, int count)
{
    explore_as(thread);
    for (int i = 0; i < count; i++)
        object[i] = take();
}

static void expect_quiet(void)
{
    struct mn_shared_pool_stats stats;
    size_t count = 0;

    for (size_t i = 0; i < OUT; i++)
        count += out[i] != NULL;
    EXPECT(mn_shared_pool_check(&pool));
    mn_shared_pool_read_stats(&pool, &stats);
    EXPECT(stats.live == count);
}

/* Nothing is lost, and when all came back and all threads ended, nothing is
 * left of any chunk. */
void shared_check(void)
{
    expect_quiet();
    for (size_t i = 0; i < OUT; i++)
        if (out[i] != NULL)
            give(out[i]);
    expect_quiet();
    for (int i = 0; i < EXPLORE_THREADS; i++) {
        explore_as(i);
        explore_thread_ends();
    }
    explore_as(EXPLORE_THREADS);
    explore_thread_ends();
    (void)mn_shared_pool_shrink(&pool);
    struct mn_shared_pool_stats stats;
    mn_shared_pool_read_stats(&pool, &stats);
    EXPECT(stats.size == 0);
    expect_quiet();
    mn_shared_pool_finish(&pool);
}

/* ---- release to a living thread ---- */

void shared_remote_setup(void)
{
    setup_pool(&slot_type);
    setup_take(0, SLOTS);
}

void shared_remote_body(int thread)
{
    if (thread == 0) {
        (void)take();
        give(take());
    } else if (thread == 1) {
        give(object[0]);
        give(object[1]);
    } else {
        give(object[2]);
    }
}

/* Two words of bits, in each of which somebody is first. */
void shared_words_setup(void)
{
    setup_pool(&small_type);
    explore_as(0);
    for (int i = 0; i < 128; i++) {
        void *slot = take();
        if (i % 64 < 2)
            object[i / 64 * 2 + i % 64] = slot;
    }
}

void shared_words_body(int thread)
{
    if (thread == 0) {
        (void)take();
        (void)take();
    } else if (thread == 1) {
        give(object[0]);
        give(object[2]);
    } else {
        give(object[1]);
        give(object[3]);
    }
}

/* A chunk becomes empty while somebody is on the way to tell of it, and then
 * another thread has it, whose objects come back. */
void shared_empty_setup(void)
{
    setup_pool(&slot_type);
    setup_local(1);
    setup_take(0, 2 * SLOTS);
    for (int i = 0; i < SLOTS; i++)
        if (i != 1 && i != 2)
            give(object[i]);
    give(object[SLOTS]);
}

void shared_empty_body(int thread)
{
    if (thread == 0) {
        give(object[SLOTS + 1]);
        (void)mn_shared_pool_shrink(&pool);
        (void)take();
    } else if (thread == 1) {
        give(object[1]);
        (void)take();
    } else {
        give(object[2]);
        give(object[SLOTS + 2]);
    }
}

/* Everybody makes room for everybody. */
void shared_cross_setup(void)
{
    setup_pool(&slot_type);
    setup_take(0, SLOTS);
    explore_as(1);
    for (int i = 0; i < SLOTS; i++)
        object[SLOTS + i] = take();
}

void shared_cross_body(int thread)
{
    give(object[thread == 0 ? SLOTS : 0]);
    (void)take();
    give(object[thread == 0 ? SLOTS + 1 : 1]);
}

/* ---- threads that end ---- */

void shared_ends_setup(void)
{
    setup_pool(&slot_type);
    setup_take(0, SLOTS + 1);
    setup_local(1);
}

void shared_ends_body(int thread)
{
    if (thread == 0)
        explore_thread_ends();
    else
        give(object[thread == 1 ? 0 : SLOTS]);
}

/* The same, and a new thread gets the local meanwhile. */
void shared_reused_body(int thread)
{
    if (thread == 0) {
        explore_thread_ends();
    } else if (thread == 1) {
        give(object[0]);
    } else {
        (void)take();
        (void)take();
    }
}

/* What a thread left is taken over, while slots of it come back. */
void shared_left_setup(void)
{
    setup_pool(&slot_type);
    setup_local(1);
    setup_local(2);
    setup_take(0, SLOTS);
    give(object[SLOTS - 1]);
    explore_thread_ends();
}

void shared_left_body(int thread)
{
    if (thread == 0) {
        give(object[0]);
        return;
    }
    (void)take();
    if (thread == 1)
        give(object[1]);
}

/* Two chunks, whose last objects come back: they are to be found empty. */
void shared_last_setup(void)
{
    setup_pool(&slot_type);
    setup_local(2);
    setup_take(0, SLOTS + 1);
    for (int i = 1; i < SLOTS; i++)
        give(object[i]);
    explore_thread_ends();
}

void shared_last_body(int thread)
{
    if (thread == 2)
        (void)mn_shared_pool_shrink(&pool);
    else
        give(object[thread == 0 ? 0 : SLOTS]);
}

/* A pool is finished while a thread that used it ends, and it has been told to
 * do so after its last use. */
void shared_finish_setup(void)
{
    setup_pool(&slot_type);
    setup_local(0);
    setup_local(1);
}

void shared_finish_body(int thread)
{
    if (thread == 0)
        explore_thread_ends();
    else
        mn_shared_pool_finish(&pool);
}

void shared_finish_check(void)
{
    setup_pool(&slot_type);
    explore_as(0);
    explore_thread_begins();
    give(take());
    shared_check();
}

/* ---- two release the same object ---- */

void shared_twice_body(int thread)
{
    jmp_buf *stop = pool_stop_expected(thread);

    if (thread != 0 && setjmp(*stop) == 0)
        mn_shared_pool_release(&pool, object[0]);
}

void shared_twice_check(void)
{
    EXPECT(pool_stops() == 1);
}

/* ---- signal handlers ---- */

void shared_signal_setup(void)
{
    setup_pool(&slot_type);
    setup_take(0, 2 * SLOTS);
    give(object[2 * SLOTS - 1]);
}

void shared_signal_body(int thread)
{
    if (thread == 1) {
        give(object[0]);
        return;
    }
    give(object[1]);
    (void)take();
    (void)take();
    give(object[2]);
}

void shared_signal_handler(int thread)
{
    if (thread == 1)
        return;
    /* It gets nothing if it interrupted the holder of a lock. */
    (void)try_take();
    give(object[3]);
    give(object[SLOTS]);
    void *other = try_take();
    if (other != NULL)
        give(other);
}

void shared_end_signal_body(int thread)
{
    if (thread == 0)
        explore_thread_ends();
    else
        give(object[0]);
}

void shared_end_signal_handler(int thread)
{
    if (thread == 1)
        return;
    give(object[1]);
    (void)try_take();
}

/* Thread 1 has the pool's lock and waits for the map's, whose holder the
 * handler interrupted. Something comes back to the local of a thread that
 * ended. */
void shared_order_setup(void)
{
    setup_pool(&slot_type);
    setup_local(0);
    setup_local(1);
    setup_take(2, SLOTS);
    explore_thread_ends();
}

void shared_order_body(int thread)
{
    if (thread == 1)
        EXPECT(mni_shared_lock(pool.state));
    EXPECT(mni_space_lock());
    mni_space_unlock();
    if (thread == 1)
        mni_shared_unlock(pool.state);
}

void shared_order_handler(int thread)
{
    if (thread == 0)
        give(object[0]);
}

/* ---- looking on ---- */

void shared_look_body(int thread)
{
    struct mn_shared_pool_stats stats;

    if (thread == 1) {
        give(object[0]);
        give(object[1]);
    } else if (thread == 2) {
        (void)take();
    } else {
        mn_shared_pool_read_stats(&pool, &stats);
        EXPECT(stats.size
               == stats.live_size + stats.free_size + stats.kept_size
                      + stats.gap_size);
    }
}
