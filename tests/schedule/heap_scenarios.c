/* SPDX-License-Identifier: MIT */
/* heap_scenarios.c -- threads that release each other's blocks, end, begin, and
 * take over what others left.
 *
 * Most use slots of 16 KiB, of which a slab has eight: it is soon full, and
 * soon empty. A thread's body may end and begin again as a new thread.
 */
#include <mn/space.h>
#include <mn/stats.h>

#include "gone_scenarios.h"
#include "heap/report.h"
#include "order_scenarios.h"
#include "purge_scenarios.h"
#include "state.h"
#include "visit_scenarios.h"

enum { KIB = 1024, SMALL = 512, SLOT = 16 * KIB, SLOTS = 8, LARGE = 512 * KIB };
enum { OTHER = SLOT - 2 * KIB }; /* of the class below */

static void *block[2 * SLOTS];
static struct mn_heap *heap;

/* Thread `thread` takes blocks of one size. */
static void setup_take(int thread, int count, size_t size)
{
    explore_ignore(&mni_report_window, sizeof mni_report_window);
    explore_as(thread);
    for (int i = 0; i < count; i++)
        block[i] = state_take(size);
}

/* Thread `thread` has an empty heap, before another ends, or it gets that
 * one's. */
static void setup_heap(int thread)
{
    explore_as(thread);
    state_give(state_take(16));
}

static void check_all(void)
{
    state_expect_quiet();
    state_expect_all_returned();
}

/* ---- release to a living thread ---- */

static void remote_setup(void)
{
    setup_take(0, SLOTS, SLOT);
}

static void remote_body(int thread)
{
    if (thread == 0) {
        (void)state_take(SLOT);
        state_give(state_take(SLOT));
    } else if (thread == 1) {
        state_give(block[0]);
        state_give(block[1]);
    } else {
        state_give(block[2]);
    }
}

/* Two words of bits, in each of which somebody is first. */
static void words_setup(void)
{
    setup_take(0, 0, 0);
    for (int i = 0; i < 128; i++) {
        void *slot = state_take(SMALL);
        if (i % 64 < 2)
            block[i / 64 * 2 + i % 64] = slot;
    }
}

static void words_body(int thread)
{
    if (thread == 0) {
        (void)state_take(SMALL);
        (void)state_take(SMALL);
    } else if (thread == 1) {
        state_give(block[0]);
        state_give(block[2]);
    } else {
        state_give(block[1]);
        state_give(block[3]);
    }
}

/* The slab is not current: it goes back to the stock when it is empty, and its
 * record becomes another slab's. */
static void empty_setup(void)
{
    setup_take(0, SLOTS + 1, SLOT);
    for (int i = 0; i < SLOTS - 3; i++)
        state_give(block[i]);
}

static void empty_body(int thread)
{
    if (thread == 0) {
        state_give(block[SLOTS - 1]);
        (void)state_take(OTHER);
        (void)state_take(KIB);
    } else {
        state_give(block[SLOTS - 1 - thread]);
    }
}

/* The same, and the owner looks. */
static void trim_body(int thread)
{
    if (thread == 0) {
        state_give(block[SLOTS - 1]);
        (void)mn_trim();
        (void)state_take(OTHER);
    } else {
        state_give(block[SLOTS - 1 - thread]);
    }
}

/* Everybody makes room for everybody. */
static void cross_setup(void)
{
    setup_take(0, SLOTS + 1, SLOT);
    explore_as(1);
    for (int i = 0; i < SLOTS - 1; i++)
        block[SLOTS + 1 + i] = state_take(SLOT);
}

static void cross_body(int thread)
{
    state_give(block[thread == 0 ? SLOTS + 1 : 0]);
    (void)state_take(SLOT);
    state_give(block[thread == 0 ? SLOTS + 2 : 1]);
}

/* ---- threads that end ---- */

static void ends_setup(void)
{
    setup_take(0, SLOTS + 1, SLOT);
    setup_heap(1);
}

static void ends_body(int thread)
{
    if (thread == 0)
        explore_thread_ends();
    else
        state_give(block[thread == 1 ? 0 : SLOTS]);
}

/* The same, and a new thread gets the heap meanwhile. */
static void reused_body(int thread)
{
    if (thread == 0) {
        explore_thread_ends();
    } else if (thread == 1) {
        state_give(block[0]);
    } else {
        (void)state_take(OTHER);
        (void)state_take(SLOT);
    }
}

/* Three take over what an ended thread left full. */
static void left_setup(void)
{
    setup_heap(1);
    setup_heap(2);
    setup_take(0, SLOTS + 1, SLOT);
    explore_thread_ends();
}

static void left_body(int thread)
{
    state_give(block[thread]);
    if (thread == 1)
        (void)state_take(SLOT);
}

/* What it left listed is taken, while slots of it come back. */
static void listed_setup(void)
{
    setup_heap(1);
    setup_heap(2);
    setup_take(0, SLOTS, SLOT);
    state_give(block[SLOTS - 1]);
    explore_thread_ends();
}

static void listed_body(int thread)
{
    if (thread == 0) {
        state_give(block[0]);
        return;
    }
    (void)state_take(SLOT);
    if (thread == 1)
        state_give(block[1]);
}

/* Thread 0 is over, and allocates from the common heap itself. */
static void over_setup(void)
{
    setup_heap(1);
    setup_heap(2);
    setup_take(0, SLOTS, SLOT);
    state_give(block[SLOTS - 1]);
    explore_thread_ends();
}

static void over_body(int thread)
{
    if (thread == 0) {
        (void)state_take(SLOT);
        state_give(block[2]);
        (void)state_take(SLOT);
    } else {
        state_give(block[thread - 1]);
    }
}

/* The last slots of a slab of the common heap, which goes back to the stock. */
static void last_setup(void)
{
    setup_heap(2);
    setup_take(0, SLOTS, SLOT);
    for (int i = 2; i < SLOTS; i++)
        state_give(block[i]);
    explore_thread_ends();
}

static void last_body(int thread)
{
    if (thread == 2) {
        (void)state_take(OTHER);
        (void)mn_trim();
    } else {
        state_give(block[thread]);
    }
}

/* Thread 0 is about to tell a heap that had the slab. Meanwhile it moves to
 * thread 2, which uses it up and ends; a new thread has the heap, and ends. */
static int stage;

static void late_setup(void)
{
    setup_take(1, SLOTS + 1, SLOT);
    setup_heap(2);
}

static bool late_is(const void *wanted)
{
    return stage >= *(const int *)wanted;
}

static void late_wait(int wanted)
{
    static const int stages[] = {0, 1, 2, 3, 4};

    explore_wait(late_is, &stages[wanted]);
}

static void late_body(int thread)
{
    if (thread == 0) {
        state_give(block[0]);
    } else if (thread == 1) {
        explore_thread_ends();
        stage = 1;
        late_wait(2);
        explore_thread_begins();
        (void)state_take(16);
        stage = 3;
        late_wait(4);
        explore_thread_ends();
    } else {
        late_wait(1);
        state_give(block[1]);
        (void)state_take(SLOT);
        (void)state_take(SLOT);
        (void)state_take(SLOT);
        stage = 2;
        late_wait(3);
        explore_thread_ends();
        stage = 4;
    }
}

/* ---- signal handlers ---- */

static void signal_setup(void)
{
    setup_take(0, 2 * SLOTS, SLOT);
    state_give(block[2 * SLOTS - 1]);
}

static void signal_body(int thread)
{
    if (thread == 1) {
        state_give(block[0]);
        return;
    }
    state_give(block[1]);
    (void)state_take(SLOT);
    (void)state_take(SLOT);
    state_give(block[2]);
    (void)state_take(OTHER);
}

static void signal_handler(int thread)
{
    if (thread == 1)
        return;
    /* It gets nothing if it interrupted the holder of a lock. */
    (void)state_try_from(NULL, SLOT);
    state_give(block[3]);
    state_give(block[SLOTS]);
    void *other = state_try_from(NULL, OTHER);
    if (other != NULL)
        state_give(other);
}

/* The thread is about to end, or has ended, when the signal comes. */
static void last_signal_body(int thread)
{
    if (thread == 0)
        explore_thread_ends();
    else
        state_give(block[0]);
}

static void last_signal_handler(int thread)
{
    if (thread == 1)
        return;
    state_give(block[1]);
    state_give(block[SLOTS]);
    (void)state_try_from(NULL, SLOT);
}

/* ---- first-class heaps ---- */

static void shared_setup(void)
{
    setup_take(0, 0, 0);
    heap = mn_heap_create(&(struct mn_heap_options){.shared = true});
    for (int i = 0; i < SLOTS; i++)
        block[i] = state_take_from(heap, SLOT);
}

static void shared_body(int thread)
{
    if (thread == 2) {
        state_give(block[2]);
        return;
    }
    state_give_to(heap, block[thread]);
    (void)state_take_from(heap, SLOT);
}

/* A heap is destroyed, while another thread gets the span in front of one of
 * its own: whoever walks over all spans meets one that is yet to be mapped. */
static void walk_setup(void)
{
    setup_heap(1);
    setup_take(0, 1, SLOT);
    heap = mn_heap_create(NULL);
    (void)state_take_from(heap, KIB);
    state_give(block[0]);
    (void)mn_trim();
}

static void walk_body(int thread)
{
    if (thread == 0)
        state_destroy(heap);
    else
        (void)state_take(SLOT);
}

/* Blocks with a span each, in the list of their heap. */
static void large_setup(void)
{
    setup_take(0, 0, 0);
    heap = mn_heap_create(&(struct mn_heap_options){.shared = true});
    for (int i = 0; i < 3; i++)
        block[i] = state_take_from(heap, LARGE);
}

static void large_body(int thread)
{
    if (thread == 0)
        state_give_to(heap, block[0]);
    else
        state_give(block[thread]);
    if (thread != 1)
        (void)state_take_from(heap, LARGE);
}

/* Spans that threads keep, while another one wants them back. */
static void kept_setup(void)
{
    for (int i = 0; i < 2; i++) {
        explore_as(i);
        block[i] = state_take(LARGE);
        state_give(state_take(3 * LARGE / 2));
    }
    explore_as(2);
    block[2] = state_take(LARGE);
    explore_as(EXPLORE_THREADS);
}

static void kept_body(int thread)
{
    if (thread == 2)
        (void)mn_trim();
    state_give(block[(thread + 1) % 3]);
    (void)state_take(LARGE);
}

static void kept_signal_body(int thread)
{
    if (thread == 1) {
        (void)mn_trim();
        return;
    }
    state_give(block[0]);
    (void)state_take(LARGE);
}

static void kept_signal_handler(int thread)
{
    if (thread == 1)
        return;
    (void)state_try_from(NULL, 3 * LARGE / 2);
    state_give(block[2]);
}

/* The causes add up at any moment. */
static void stats_expect(void)
{
    struct mn_stats stats;

    EXPECT(mn_stats(&stats));
    EXPECT(stats.payload <= stats.committed);
    EXPECT(stats.rounding <= stats.committed);
    EXPECT(stats.payload + stats.rounding + stats.in_hand + stats.in_spans
               + stats.spans + stats.purgeable + stats.untouched
               + stats.metadata
           == stats.committed);
}

static void stats_body(int thread)
{
    if (thread == 0) {
        stats_expect();
    } else if (thread == 1) {
        (void)state_take(SLOT);
    } else {
        state_give(block[SLOTS - 1]);
        state_give(block[SLOTS - 2]);
        state_give(block[SLOTS - 3]);
    }
}

static void resize_body(int thread)
{
    if (thread == 0) {
        stats_expect();
    } else {
        EXPECT(mn_resize(block[thread], 3 * LARGE / 4));
        EXPECT(mn_resize(block[thread], LARGE));
    }
}

/* ---- the map ---- */

static struct mn_publication publication;

static bool map_answer(const void *context, const void *address,
                       struct mn_block *found)
{
    (void)context;
    (void)address;
    (void)found;
    return false;
}

static void map_setup(void)
{
    setup_take(0, 3, KIB);
    block[3] = state_take(LARGE);
    explore_as(1);
    block[4] = state_take(SLOT);
}

/* A block that is out all the time is found all the time. */
static void map_expect(const unsigned char *at, size_t size)
{
    struct mn_block found;

    explore_tolerate(true);
    EXPECT(mn_block_at(at + size / 2, &found));
    explore_tolerate(false);
    EXPECT(found.start == at && found.size == size);
    EXPECT(found.state == MN_ALLOCATED);
}

static void map_body(int thread)
{
    if (thread == 0) {
        map_expect(block[0], KIB);
        /* The first look at who owns the cell may find a record that goes. */
        explore_tolerate(true);
        state_give(block[2]);
    } else if (thread == 1) {
        for (int i = 0; i < 2; i++) {
            EXPECT(mn_publish(&publication, block[1], KIB, map_answer, NULL)
                   == MN_OK);
            mn_unpublish(&publication);
        }
    } else {
        state_give(block[3]);
        (void)state_take(LARGE);
    }
}

/* An address whose span goes away and comes back with another owner. */
static void gone_body(int thread)
{
    struct mn_block found;

    if (thread == 0) {
        explore_tolerate(true);
        if (mn_block_at(block[3], &found))
            EXPECT((size_t)((unsigned char *)block[3]
                            - (unsigned char *)found.start)
                   < found.size);
        explore_tolerate(false);
    } else if (thread == 1) {
        state_give(block[3]);
        (void)state_take(LARGE);
    } else {
        state_give(block[4]);
        (void)state_take(SLOT);
    }
}

static const struct explore_scenario scenarios[] = {
    {"remote", 3, 2, remote_setup, remote_body, check_all, NULL},
    {"words", 3, 2, words_setup, words_body, check_all, NULL},
    {"empty", 3, 2, empty_setup, empty_body, check_all, NULL},
    {"trim", 3, 2, empty_setup, trim_body, check_all, NULL},
    {"purge", 3, 2, purge_setup, purge_body, check_all, NULL},
    {"purge empty", 3, 2, purge_empty_setup, purge_empty_body, check_all, NULL},
    {"purge ends", 3, 2, purge_setup, purge_ends_body, check_all, NULL},
    {"ages", 3, 2, ages_setup, ages_body, check_all, NULL},
    {"ages left", 3, 2, ages_left_setup, ages_left_body, check_all, NULL},
    {"ages empty", 3, 2, ages_empty_setup, ages_empty_body, check_all, NULL},
    {"cross", 2, 3, cross_setup, cross_body, check_all, NULL},
    {"ends", 3, 2, ends_setup, ends_body, check_all, NULL},
    {"reused", 3, 2, ends_setup, reused_body, check_all, NULL},
    {"left", 3, 2, left_setup, left_body, check_all, NULL},
    {"listed", 3, 2, listed_setup, listed_body, check_all, NULL},
    {"over", 3, 2, over_setup, over_body, check_all, NULL},
    {"last", 3, 2, last_setup, last_body, check_all, NULL},
    {"late", 3, 1, late_setup, late_body, check_all, NULL},
    {"signal", 1, 1, signal_setup, signal_body, check_all, signal_handler},
    {"signal and thread", 2, 2, signal_setup, signal_body, check_all,
     signal_handler},
    {"signal at the end", 2, 2, signal_setup, last_signal_body, check_all,
     last_signal_handler},
    ORDER_SCENARIOS(check_all),
    {"shared", 3, 2, shared_setup, shared_body, check_all, NULL},
    {"large", 3, 2, large_setup, large_body, check_all, NULL},
    {"kept", 3, 2, kept_setup, kept_body, check_all, NULL},
    {"kept and signal", 2, 2, kept_setup, kept_signal_body, check_all,
     kept_signal_handler},
    {"resize", 3, 2, large_setup, resize_body, check_all, NULL},
    {"walk", 2, 2, walk_setup, walk_body, check_all, NULL},
    {"stats", 3, 2, empty_setup, stats_body, check_all, NULL},
    {"map", 3, 3, map_setup, map_body, check_all, NULL},
    {"gone", 3, 2, map_setup, gone_body, check_all, NULL},
    {"visit", 3, 2, visit_setup, visit_body, check_all, NULL},
    {"visit left", 2, 3, visit_left_setup, visit_left_body, check_all, NULL},
    {"visit gone", 3, 2, visit_gone_setup, visit_gone_body, check_all, NULL},
    GONE_SCENARIOS(check_all),
};

int main(int argc, char **argv)
{
    return explore_main(argc, argv, scenarios,
                        sizeof scenarios / sizeof *scenarios);
}
