/* SPDX-License-Identifier: MIT */
/* Tests of shared references between threads: what the owner is told and when
 * it acts, what becomes of objects whose owner has ended, numbers that are used
 * up, forks, and signal handlers. Each step of a thread is waited for. */
#include <mn/arc.h>
#include <mn/heap.h>
#include <mn/stats.h>

#include <pthread.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ref/arc.h"
#include "test.h"

MN_TYPE_DECLARE(item);
MN_ARCS(item);
MN_ARC_FUNCTIONS(item)
struct item {
    struct item_arc next;
};

static _Atomic size_t ended;

static void item_end(struct item *item)
{
    (void)item;
    ended++;
}

MN_DROP(item, item_end)
MN_TYPE(item, .drop = item_drop,
        MN_REFERENCES(MN_MEMBER_IS(ARC, item, next, item)));

static size_t blocks(void)
{
    struct mn_stats stats;

    EXPECT(mn_stats(&stats));
    return stats.block_count;
}

static struct item_arc item(void)
{
    struct item_arc arc = item_arc_new();

    EXPECT(arc.at != NULL);
    return arc;
}

static void in_thread(void *(*run)(void *), void *context)
{
    pthread_t thread;

    EXPECT(pthread_create(&thread, NULL, run, context) == 0);
    EXPECT(pthread_join(thread, NULL) == 0);
}

static void *drop_it(void *context)
{
    item_arc_drop(context);
    return NULL;
}

static void *drop_two(void *context)
{
    struct item_arc *arcs = context;

    item_arc_drop(&arcs[0]);
    item_arc_drop(&arcs[1]);
    return NULL;
}

static void *make_it(void *context)
{
    *(struct item_arc *)context = item();
    return NULL;
}

static bool is_merged(struct item_arc arc)
{
    return !mni_arc_is_owned(
        mn_atomic_load_relaxed(mni_arc_shared(mni_arc_head(arc.at))));
}

/* ---- to a living owner ---- */

TEST(what_another_thread_drops_ends_when_the_owner_looks)
{
    struct item_arc a = item();
    size_t before = blocks();

    in_thread(drop_it, &a);
    EXPECT(ended == 0);
    mn_arc_poll();
    EXPECT(ended == 1 && blocks() < before);
}

TEST(to_make_an_object_is_to_look)
{
    struct item_arc a = item();

    in_thread(drop_it, &a);
    struct item_arc b = item();
    EXPECT(ended == 1);
    item_arc_drop(&b);
}

TEST(what_another_thread_cloned_and_dropped_is_not_told)
{
    struct item_arc a = item();
    struct item_arc b = item_arc_clone(a);

    in_thread(drop_it, &b);
    mn_arc_poll();
    EXPECT(ended == 0 && is_merged(a) && item_arc_count(a) == 1);
    item_arc_drop(&a);
    EXPECT(ended == 1);
}

static void *clone_and_drop(void *context)
{
    struct item_arc b = item_arc_clone(*(struct item_arc *)context);

    EXPECT(item_arc_count(b) == 2);
    item_arc_drop(&b);
    return NULL;
}

TEST(who_drops_what_it_cloned_leaves_the_object_to_its_owner)
{
    struct item_arc a = item();

    in_thread(clone_and_drop, &a);
    mn_arc_poll();
    EXPECT(ended == 0 && !is_merged(a) && item_arc_is_unique(a));
    item_arc_drop(&a);
    EXPECT(ended == 1);
}

TEST(two_drops_are_told_once)
{
    struct item_arc arcs[2];

    arcs[0] = item();
    arcs[1] = item_arc_clone(arcs[0]);
    struct item_arc c = item_arc_clone(arcs[0]);
    in_thread(drop_two, arcs);
    EXPECT(item_arc_count(c) == 1);
    item_arc_drop(&c);
    EXPECT(ended == 0);
    mn_arc_poll();
    EXPECT(ended == 1);
}

/* Drops the second, and clones the first in its place. */
static void *swap(void *context)
{
    struct item_arc *arcs = context;

    item_arc_drop(&arcs[1]);
    arcs[1] = item_arc_clone(arcs[0]);
    return NULL;
}

TEST(the_owner_ends_what_it_dropped_last_though_it_was_told)
{
    size_t before = blocks();
    struct item_arc arcs[2];

    arcs[0] = item();
    arcs[1] = item_arc_clone(arcs[0]);
    in_thread(swap, arcs);
    EXPECT(item_arc_count(arcs[0]) == 2);
    item_arc_drop(&arcs[0]);
    EXPECT(ended == 0);
    item_arc_drop(&arcs[1]);
    EXPECT(ended == 1);
    mn_arc_poll();
    EXPECT(ended == 1 && blocks() == before);
}

TEST(an_object_that_waits_can_be_had_again)
{
    struct item_arc a = item();
    struct item_arc_weak weak = item_arc_weak(a);

    in_thread(drop_it, &a);
    a = item_arc_weak_upgrade(weak);
    EXPECT(a.at != NULL);
    mn_arc_poll();
    EXPECT(ended == 0 && item_arc_count(a) == 1);
    item_arc_drop(&a);
    EXPECT(ended == 1 && item_arc_weak_upgrade(weak).at == NULL);
    item_arc_weak_drop(&weak);
}

static void *drop_many(void *context)
{
    struct item_arc *arc = context;

    for (int i = 0; i < 100000; i++) {
        struct item_arc one = *arc;
        item_arc_drop(&one);
    }
    return NULL;
}

TEST(a_shared_count_far_below_zero_goes_aside)
{
    struct item_arc a = item();

    for (int i = 0; i < 100000; i++)
        EXPECT(item_arc_clone(a).at == a.at);
    in_thread(drop_many, &a);
    EXPECT(item_arc_count(a) == 1 && mni_arc_side_entries() == 1);
    mn_arc_poll();
    EXPECT(item_arc_count(a) == 1 && mni_arc_side_entries() == 0);
    item_arc_drop(&a);
    EXPECT(ended == 1);
}

TEST(an_object_whose_both_parts_are_far_apart_ends)
{
    struct item_arc a = item();

    for (int i = 1; i < 100000; i++)
        EXPECT(item_arc_clone(a).at == a.at);
    in_thread(drop_many, &a);
    EXPECT(ended == 0);
    mn_arc_poll();
    EXPECT(ended == 1 && mni_arc_side_entries() == 0);
}

/* ---- owners that have ended ---- */

TEST(an_object_outlives_its_owner_and_ends_with_the_last_drop)
{
    struct item_arc a;

    in_thread(make_it, &a);
    struct item_arc b = item_arc_clone(a);
    EXPECT(item_arc_count(a) == 2);
    item_arc_drop(&a);
    EXPECT(ended == 0);
    item_arc_drop(&b);
    EXPECT(ended == 1);
}

static void *own_and_wait(void *context)
{
    struct item_arc *arc = context;
    struct item_arc mine = item_arc_clone(*arc);

    (void)mine; /* is left to the number */
    return NULL;
}

TEST(the_next_thread_with_a_number_owns_what_is_left)
{
    struct item_arc a;

    in_thread(make_it, &a);
    uint32_t own = mni_arc_head(a.at)->own;
    /* It gets the number by making an object of its own. */
    struct item_arc b;
    in_thread(make_it, &b);
    EXPECT(mni_arc_number_of(mni_arc_head(b.at)->own)
           == mni_arc_number_of(own));
    in_thread(own_and_wait, &a);
    EXPECT(item_arc_count(a) == 2);
    struct item_arc c = a;
    item_arc_drop(&a);
    item_arc_drop(&c);
    item_arc_drop(&b);
    EXPECT(ended == 2);
}

static void *make_and_be_told(void *context)
{
    struct item_arc *arc = context;

    *arc = item();
    in_thread(drop_it, arc);
    EXPECT(ended == 0);
    return NULL;
}

TEST(a_thread_that_ends_does_what_it_was_told)
{
    struct item_arc a;

    in_thread(make_and_be_told, &a);
    EXPECT(ended == 1);
}

static void *make_in_late_destructor(void *context)
{
    pthread_key_t *key = context;

    EXPECT(pthread_setspecific(*key, key) == 0);
    return NULL;
}

static struct item_arc late;

static void late_destructor(void *context)
{
    (void)context;
    late = item();
    struct item_arc other = item_arc_clone(late);
    item_arc_drop(&other);
}

static void *number_then_late(void *context)
{
    struct item_arc a = item();

    item_arc_drop(&a);
    return make_in_late_destructor(context);
}

TEST(a_thread_past_its_end_makes_objects_without_an_owner)
{
    pthread_key_t key;

    EXPECT(pthread_key_create(&key, late_destructor) == 0);
    in_thread(number_then_late, &key);
    EXPECT(late.at != NULL);
    item_arc_drop(&late);
    EXPECT(ended == 2);
}

TEST(threads_beyond_the_numbers_have_objects_that_are_merged)
{
    struct item_arc a;

    mni_arc_limit_numbers(0);
    in_thread(make_it, &a);
    EXPECT(is_merged(a) && item_arc_count(a) == 1);
    struct item_arc b = item();
    EXPECT(is_merged(b));
    item_arc_drop(&a);
    item_arc_drop(&b);
    EXPECT(ended == 2);
}

/* ---- forks ---- */

static void wait_for(pid_t child)
{
    int status;

    EXPECT(child > 0 && waitpid(child, &status, 0) == child);
    EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static _Atomic int stage;

static void reach(int value)
{
    stage = value;
}

static void await(int value)
{
    while (stage < value)
        sched_yield();
}

static struct item_arc shared_by_owner;

static void *own_across_fork(void *unused)
{
    shared_by_owner = item();
    reach(1);
    await(2);
    return unused;
}

TEST(a_child_ends_its_own_objects_and_those_of_threads_that_are_gone)
{
    pthread_t thread;
    struct item_arc mine = item();

    EXPECT(pthread_create(&thread, NULL, own_across_fork, NULL) == 0);
    await(1);
    pid_t child = fork();
    if (child == 0) {
        struct item_arc b = item_arc_clone(mine);
        item_arc_drop(&mine);
        EXPECT(!is_merged(b));
        item_arc_drop(&b);
        EXPECT(ended == 1);
        item_arc_drop(&shared_by_owner);
        EXPECT(ended == 2);
        EXPECT(mn_heap_check(NULL));
        _exit(0);
    }
    wait_for(child);
    EXPECT(ended == 0);
    reach(2);
    EXPECT(pthread_join(thread, NULL) == 0);
    item_arc_drop(&mine);
    item_arc_drop(&shared_by_owner);
    EXPECT(ended == 2);
}

static void *be_told_across_fork(void *unused)
{
    shared_by_owner = item();
    reach(1);
    await(2);
    mn_arc_poll();
    return unused;
}

TEST(a_child_does_what_others_were_told)
{
    pthread_t thread;

    EXPECT(pthread_create(&thread, NULL, be_told_across_fork, NULL) == 0);
    await(1);
    item_arc_drop(&shared_by_owner);
    pid_t child = fork();
    if (child == 0) {
        EXPECT(ended == 1);
        _exit(0);
    }
    wait_for(child);
    EXPECT(ended == 0);
    reach(2);
    EXPECT(pthread_join(thread, NULL) == 0);
    EXPECT(ended == 1);
}

/* ---- signal handlers ---- */

static struct item_arc kept[64];
static size_t kept_count;
static struct item_arc signalled;
static volatile sig_atomic_t signals;

/* Keeps one reference more at each odd signal, and one fewer at each even. */
static void on_signal(int number)
{
    (void)number;
    signals++;
    if (kept_count < 64 && signals % 3 != 0)
        kept[kept_count++] = item_arc_clone(signalled);
    else if (kept_count > 0)
        item_arc_drop(&kept[--kept_count]);
    struct item_arc other = item_arc_new();
    item_arc_drop(&other);
}

TEST(a_handler_counts_what_it_interrupts)
{
    struct itimerval every = {{0, 200}, {0, 200}};
    struct itimerval never = {{0, 0}, {0, 0}};

    signalled = item();
    EXPECT(signal(SIGALRM, on_signal) != SIG_ERR);
    EXPECT(setitimer(ITIMER_REAL, &every, NULL) == 0);
    while (signals < 500) {
        struct item_arc b[4];
        for (int i = 0; i < 4; i++)
            b[i] = item_arc_clone(signalled);
        struct item_arc made = item();
        for (int i = 0; i < 4; i++)
            item_arc_drop(&b[i]);
        item_arc_drop(&made);
    }
    EXPECT(setitimer(ITIMER_REAL, &never, NULL) == 0);
    mn_arc_poll();
    EXPECT(item_arc_count(signalled) == 1 + kept_count);
    while (kept_count > 0)
        item_arc_drop(&kept[--kept_count]);
    size_t before = ended;
    item_arc_drop(&signalled);
    mn_arc_poll();
    EXPECT(ended == before + 1);
    EXPECT(mn_heap_check(NULL));
}
