/* SPDX-License-Identifier: MIT */
/* Tests of collectors that several threads use: each has a graph of its own
 * beside a model of it, and all give objects to each other; threads come, go,
 * wait, and fork. */
#include <mn/gc_threads.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gc_items.h"

enum { KIB = 1024, THREADS = 3, CELLS = 40, LISTS = 8, BOARD = 4 };

MN_TYPE_DECLARE(ending);
struct ending {
    struct item *item;
    size_t number;
};

static unsigned endings; /* changed atomically */

static void ending_end(struct ending *ending)
{
    EXPECT(ending->item->number == ending->number);
    (void)__atomic_fetch_add(&endings, 1, __ATOMIC_RELAXED);
}

MN_DROP(ending, ending_end)
MN_TYPE(ending, .drop = ending_drop,
        MN_REFERENCES(MN_MEMBER_IS(GC, ending, item, item)));

static struct mn_gc *shared;
static unsigned made; /* objects with a drop; changed atomically */

/* ---- a thread at work ---- */

/* Lists of items that count down, some of which are shared among threads
 * through a board under a lock. */
static pthread_mutex_t board_lock = PTHREAD_MUTEX_INITIALIZER;
static struct item *board[BOARD]; /* each heads a list that counts down */

struct worker {
    struct mn_gc *gc;
    uint64_t random;
    int steps;
    int collect; /* one step of so many */
};

static size_t pick(struct worker *worker, size_t count)
{
    return (size_t)(test_random(&worker->random) % count);
}

static void expect_list(const struct item *item)
{
    for (; item != NULL; item = item->next) {
        size_t rest = item->number;
        EXPECT(item->next == NULL ? rest == 0 : item->next->number + 1 == rest);
        EXPECT(item->other == NULL || item->other->number < CELLS);
    }
}

static struct item *pushed(struct mn_gc *gc, struct item *list)
{
    MN_GC_FRAME(gc, my, struct item * list;);

    my.list = list;
    struct item *item = mn_gc_new(gc, &item_type);
    EXPECT(item != NULL && item->next == NULL && item->number == 0);
    item->number = my.list == NULL ? 0 : my.list->number + 1;
    mn_gc_store(gc, item, &item->next, my.list);
    return item;
}

static void wait_for_board(void *unused)
{
    (void)unused;
    (void)pthread_mutex_lock(&board_lock);
}

/* Change the board for what is on it. */
static struct item *exchange(struct worker *worker, struct item *give)
{
    MN_GC_FRAME(worker->gc, my, struct item * give; struct item * take;);
    size_t at = pick(worker, BOARD);

    my.give = give;
    if (pthread_mutex_trylock(&board_lock) != 0)
        mn_gc_outside(worker->gc, wait_for_board, NULL);
    my.take = board[at];
    board[at] = my.give;
    (void)pthread_mutex_unlock(&board_lock);
    return my.take;
}

static void make_others(struct worker *worker, struct item *item)
{
    MN_GC_FRAME(worker->gc, my, struct item * item; struct ending * ending;
                struct slot * array;);
    struct mn_gc *gc = worker->gc;

    my.item = item;
    my.ending = mn_gc_new(gc, &ending_type);
    (void)__atomic_fetch_add(&made, 1, __ATOMIC_RELAXED);
    mn_gc_store(gc, my.ending, &my.ending->item, my.item);
    my.ending->number = my.item->number;
    my.array = mn_gc_new_array(gc, &slot_type, 10 + pick(worker, 4000));
    EXPECT(my.array[9].item == NULL);
    mn_gc_store(gc, my.array, &my.array[9].item, my.item);
    char *leaf = mn_gc_new_leaf(gc, 1 + pick(worker, 500));
    *leaf = 1;
    EXPECT(my.array[9].item == my.item);
}

static void work_step(struct worker *worker, struct item **lists)
{
    struct mn_gc *gc = worker->gc;
    size_t at = pick(worker, LISTS);
    struct item **list = &lists[at];

    switch (pick(worker, 8)) {
    case 0:
        *list = NULL;
        break;
    case 1:
        *list = exchange(worker, *list);
        break;
    case 2:
        /* Items that others have seen do not change any more. */
        if (*list != NULL)
            make_others(worker, *list);
        break;
    case 3: {
        struct item *item = *list = pushed(gc, NULL);
        mn_gc_store(gc, item, &item->other, lists[pick(worker, LISTS)]);
        mn_gc_store(gc, item, &item->weak, item->other);
        break;
    }
    default:
        if (*list == NULL || (*list)->number + 1 < CELLS)
            *list = pushed(gc, *list);
    }
    expect_list(*list);
    mn_gc_poll(gc);
}

static void work(struct worker *worker)
{
    struct mn_gc *gc = worker->gc;
    MN_GC_FRAME(gc, my, struct item * lists[LISTS];);

    for (int step = 0; step < worker->steps; step++) {
        work_step(worker, my.lists);
        if (worker->collect != 0 && pick(worker, (size_t)worker->collect) == 0)
            mn_gc_collect(gc, pick(worker, 2) == 0);
        if (pick(worker, 500) == 0)
            (void)mn_gc_finalize(gc, pick(worker, 20));
        if (pick(worker, 2000) == 0)
            EXPECT(mn_gc_check(gc));
    }
    for (size_t i = 0; i < LISTS; i++)
        expect_list(my.lists[i]);
}

static void *worker_run(void *context)
{
    struct worker *worker = context;

    worker->gc = mn_gc_attach(shared, NULL);
    EXPECT(worker->gc != NULL && worker->gc != shared);
    work(worker);
    if (worker->random % 2 == 0)
        mn_gc_detach(worker->gc);
    return NULL; /* or else it ends with the thread */
}

static void join(void *context)
{
    (void)pthread_join(*(pthread_t *)context, NULL);
}

static void run(int steps, int collect)
{
    struct worker workers[THREADS];
    pthread_t threads[THREADS];
    struct mn_gc_root root;

    mn_gc_root_begin(shared, &root, MN_GC_EXACT, board, BOARD);
    for (size_t i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){NULL, 20240229 + i, steps, collect};
        EXPECT(pthread_create(&threads[i], NULL, worker_run, &workers[i]) == 0);
    }
    struct worker own = {shared, 7, steps, collect};
    work(&own);
    for (size_t i = 0; i < THREADS; i++)
        mn_gc_outside(shared, join, &threads[i]);
    EXPECT(mn_gc_check(shared));
    for (size_t i = 0; i < BOARD; i++)
        expect_list(board[i]);
    memset(board, 0, sizeof board);
    do
        mn_gc_collect(shared, true);
    while (mn_gc_finalize(shared, SIZE_MAX) != 0);
    struct mn_gc_stats stats;
    mn_gc_read_stats(shared, &stats);
    EXPECT(stats.object_count == 0 && endings == made && made > 0);
    mn_gc_root_end(&root);
    mn_gc_destroy(shared);
}

TEST(what_several_threads_can_reach_is_kept)
{
    shared = created((struct mn_gc_options){.reserve = 256 * KIB});
    run(20000, 0);
}

TEST(what_several_threads_can_reach_is_kept_by_generations)
{
    shared = created((struct mn_gc_options){
        .generational = true, .nursery = 128 * KIB, .verify = true});
    run(20000, 0);
}

TEST(several_markers_keep_what_several_threads_can_reach)
{
    shared =
        created((struct mn_gc_options){.reserve = 256 * KIB, .markers = 2});
    run(5000, 50);
}

TEST(threads_that_all_collect_at_any_time_lose_nothing)
{
    shared =
        created((struct mn_gc_options){.generational = true, .verify = true});
    run(1500, 3);
}

TEST(threads_under_a_limit_lose_nothing)
{
    shared = created((struct mn_gc_options){.limit = 8 * 1024 * KIB});
    run(5000, 0);
}

/* ---- threads that come and go ---- */

static void *visitor(void *context)
{
    uint64_t *random = context;
    struct worker worker = {NULL, *random, 300, 40};

    for (int round = 0; round < 20; round++) {
        worker.gc = mn_gc_attach(shared, NULL);
        EXPECT(worker.gc != NULL);
        work(&worker);
        if (round < 19)
            mn_gc_detach(worker.gc);
    }
    return NULL;
}

TEST(threads_come_and_go)
{
    struct mn_gc_root root;
    struct mn_gc_stats stats;
    size_t records = 0;

    shared = created((struct mn_gc_options){0});
    mn_gc_root_begin(shared, &root, MN_GC_EXACT, board, BOARD);
    for (int round = 0; round < 6; round++) {
        pthread_t threads[THREADS];
        uint64_t randoms[THREADS];
        for (size_t i = 0; i < THREADS; i++) {
            randoms[i] = (uint64_t)round * THREADS + i;
            EXPECT(pthread_create(&threads[i], NULL, visitor, &randoms[i])
                   == 0);
        }
        for (size_t i = 0; i < THREADS; i++)
            mn_gc_outside(shared, join, &threads[i]);
        EXPECT(mn_gc_check(shared));
        mn_gc_read_stats(shared, &stats);
        /* What the first ones had serves the next. */
        if (round == 0)
            records = stats.records;
    }
    EXPECT(stats.records <= records + 128 * KIB);
    memset(board, 0, sizeof board);
    do
        mn_gc_collect(shared, true);
    while (mn_gc_finalize(shared, SIZE_MAX) != 0);
    mn_gc_root_end(&root);
    mn_gc_destroy(shared);
}

/* ---- stacks ---- */

static pthread_barrier_t barrier;

static void meet(void *unused)
{
    (void)unused;
    (void)pthread_barrier_wait(&barrier);
}

static void *with_stack(void *unused)
{
    struct mn_gc *gc = mn_gc_attach(shared, MN_GC_HERE);
    EXPECT(gc != NULL);
    struct item *volatile item = mn_gc_new(gc, &item_type);
    item->number = 77;
    item->next = mn_gc_new(gc, &item_type);
    item->next->number = 78;
    mn_gc_outside(gc, meet, NULL);
    mn_gc_outside(gc, meet, NULL); /* the other one collects in between */
    EXPECT(item->number == 77 && item->next->number == 78);
    return unused;
}

TEST(the_stack_of_a_thread_outside_keeps_objects)
{
    pthread_t thread;
    struct mn_gc_stats stats;

    shared = created((struct mn_gc_options){0});
    (void)pthread_barrier_init(&barrier, NULL, 2);
    EXPECT(pthread_create(&thread, NULL, with_stack, NULL) == 0);
    mn_gc_outside(shared, meet, NULL);
    mn_gc_collect(shared, true);
    mn_gc_read_stats(shared, &stats);
    EXPECT(stats.object_count == 2);
    mn_gc_outside(shared, meet, NULL);
    mn_gc_outside(shared, join, &thread);
    mn_gc_collect(shared, true);
    mn_gc_read_stats(shared, &stats);
    EXPECT(stats.object_count == 0);
    mn_gc_destroy(shared);
}

static unsigned polls; /* changed atomically */

static void *polling(void *unused)
{
    struct mn_gc *gc = mn_gc_attach(shared, NULL);
    MN_GC_FRAME(gc, my, struct item * item;);

    my.item = mn_gc_new(gc, &item_type);
    my.item->number = 5;
    while (__atomic_load_n(&polls, __ATOMIC_ACQUIRE) != 0)
        mn_gc_poll(gc);
    EXPECT(my.item->number == 5);
    return unused;
}

TEST(a_thread_that_only_polls_does_not_hold_others_up)
{
    pthread_t thread;

    shared = created((struct mn_gc_options){0});
    __atomic_store_n(&polls, 1, __ATOMIC_RELEASE);
    EXPECT(pthread_create(&thread, NULL, polling, NULL) == 0);
    for (int i = 0; i < 200; i++)
        mn_gc_collect(shared, true);
    __atomic_store_n(&polls, 0, __ATOMIC_RELEASE);
    mn_gc_outside(shared, join, &thread);
    mn_gc_destroy(shared);
}

/* ---- misuse, and what does not go ---- */

static void use_outside(void *gc)
{
    mn_gc_collect(gc, true);
}

static void *attached(void *context)
{
    *(struct mn_gc **)context = mn_gc_attach(shared, NULL);
    meet(NULL);
    meet(NULL);
    return NULL;
}

static void destroy_attached(void)
{
    EXPECT(mn_gc_attach(shared, NULL) != NULL);
    mn_gc_destroy(shared);
}

static void collect_by_one_of_two(void)
{
    struct mn_gc *gc = mn_gc_attach(shared, NULL);

    EXPECT(gc != NULL && mn_gc_attach(shared, NULL) != NULL);
    mn_gc_collect(gc, true);
}

TEST(misuse_by_threads_stops_the_program)
{
    struct mn_gc *other;
    pthread_t thread;

    shared = created((struct mn_gc_options){0});
    EXPECT_STOPS(mn_gc_outside(shared, use_outside, shared), "outside");
    EXPECT_STOPS(mn_gc_detach(shared), "not its own");
    EXPECT_STOPS(collect_by_one_of_two(), "two handles");
    (void)pthread_barrier_init(&barrier, NULL, 2);
    EXPECT(pthread_create(&thread, NULL, attached, &other) == 0);
    meet(NULL);
    EXPECT_STOPS(destroy_attached(), "while other threads use it");
    EXPECT_STOPS(mn_gc_detach(other), "not its own");
    meet(NULL);
    mn_gc_outside(shared, join, &thread);
    mn_gc_destroy(shared);
}

static void count_call(void *count)
{
    ++*(int *)count;
}

TEST(a_collector_in_a_buffer_is_for_one_thread)
{
    static unsigned char buffer[32 * KIB];
    struct mn_gc *gc = mn_gc_init(buffer, sizeof buffer, NULL);
    int called = 0;

    EXPECT(gc != NULL && mn_gc_attach(gc, NULL) == NULL);
    mn_gc_poll(gc);
    mn_gc_poll_slow(gc);
    mn_gc_outside(gc, count_call, &called);
    EXPECT(called == 1);
    mn_gc_destroy(gc);
}

/* ---- forks ---- */

static int stop_work; /* changed atomically */

static void *busy(void *context)
{
    struct worker *worker = context;

    worker->gc = mn_gc_attach(shared, NULL);
    while (__atomic_load_n(&stop_work, __ATOMIC_RELAXED) == 0)
        work(worker);
    return NULL;
}

/* In the child: all that other threads had is garbage, and their handles do
 * not hold anybody up. */
static void in_child(struct item *kept)
{
    MN_GC_FRAME(shared, my, struct item * kept;);
    struct worker worker = {shared, 3, 1000, 0};

    my.kept = kept;
    (void)pthread_mutex_init(&board_lock, NULL);
    mn_gc_collect(shared, true);
    work(&worker);
    expect_list(my.kept);
    memset(board, 0, sizeof board);
    mn_gc_collect(shared, true);
    EXPECT(mn_gc_check(shared));
    struct mn_gc *again = mn_gc_attach(shared, NULL);
    EXPECT(again != NULL);
    mn_gc_detach(again);
}

TEST(a_child_goes_on_with_the_thread_that_forked)
{
    struct worker workers[2] = {{NULL, 1, 200, 20}, {NULL, 2, 200, 0}};
    pthread_t threads[2];
    struct mn_gc_root root;

    shared = created(
        (struct mn_gc_options){.generational = true, .nursery = 128 * KIB});
    mn_gc_root_begin(shared, &root, MN_GC_EXACT, board, BOARD);
    {
        MN_GC_FRAME(shared, my, struct item * kept;);
        for (size_t i = 0; i < CELLS; i++)
            my.kept = pushed(shared, my.kept);
        for (size_t i = 0; i < 2; i++)
            EXPECT(pthread_create(&threads[i], NULL, busy, &workers[i]) == 0);
        for (int i = 0; i < 30; i++) {
            mn_gc_collect(shared, i % 2 == 0);
            pid_t child = fork();
            EXPECT(child >= 0);
            if (child == 0) {
                in_child(my.kept);
                _exit(0);
            }
            int status;
            EXPECT(waitpid(child, &status, 0) == child && status == 0);
        }
    }
    __atomic_store_n(&stop_work, 1, __ATOMIC_RELAXED);
    for (size_t i = 0; i < 2; i++)
        mn_gc_outside(shared, join, &threads[i]);
    EXPECT(mn_gc_check(shared));
    mn_gc_root_end(&root);
    mn_gc_destroy(shared);
}
