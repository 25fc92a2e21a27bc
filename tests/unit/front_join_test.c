/* SPDX-License-Identifier: MIT */
/* Tests of libgc's functions in several threads. */
#define GC_THREADS
#include <mn/compat/gc.h>

#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

enum { THREADS = 4, DEPTH = 10, ROUNDS = 40 };

struct tree {
    struct tree *left, *right;
    long number;
};

static struct tree *grow(int depth, long number)
{
    struct tree *tree = GC_MALLOC(sizeof *tree);

    tree->number = number;
    if (depth > 0) {
        tree->left = grow(depth - 1, 2 * number);
        tree->right = grow(depth - 1, 2 * number + 1);
    }
    return tree;
}

static long count(const struct tree *tree, long number)
{
    EXPECT(tree->number == number);
    if (tree->left == NULL)
        return 1;
    return 1 + count(tree->left, 2 * number)
           + count(tree->right, 2 * number + 1);
}

static void *grow_many(void *data)
{
    long *sum = GC_MALLOC_ATOMIC(sizeof *sum);
    struct tree *kept = grow(DEPTH, 1);

    *sum = *(const long *)data;
    for (int i = 0; i < ROUNDS; i++) {
        *sum += count(grow(DEPTH, 1), 1);
        if (i % 8 == 0)
            GC_gcollect();
    }
    EXPECT(count(kept, 1) == (2 << DEPTH) - 1);
    return sum;
}

TEST(threads_allocate_while_others_collect)
{
    GC_INIT();
    for (int round = 0; round < 3; round++) {
        pthread_t threads[THREADS];
        for (int i = 0; i < THREADS; i++) {
            /* Only the new thread leads to it. */
            long *data = GC_MALLOC_ATOMIC(sizeof *data);
            *data = i;
            EXPECT(pthread_create(&threads[i], NULL, grow_many, data) == 0);
        }
        for (int i = 0; i < THREADS; i++) {
            void *sum;
            GC_gcollect(); /* some have ended, and only wait to be joined */
            EXPECT(pthread_join(threads[i], &sum) == 0);
            EXPECT(*(long *)sum == i + ROUNDS * ((2L << DEPTH) - 1));
        }
    }
}

static _Atomic int stage;

static void *sleep_long(void *data)
{
    (void)data;
    stage = 1;
    while (stage != 2)
        usleep(100);
    return NULL;
}

static void *count_active(void *data)
{
    return (void *)count(data, 1);
}

static void *call_back(void *data)
{
    (void)sleep_long(NULL);
    return GC_call_with_gc_active(count_active, data);
}

static void *block(void *data)
{
    struct tree *tree = grow(DEPTH, 1);

    (void)data;
    void *result = GC_do_blocking(call_back, tree);
    EXPECT(count(tree, 1) == (2 << DEPTH) - 1);
    return result;
}

TEST(a_blocked_thread_keeps_its_objects)
{
    pthread_t thread;
    void *result;

    GC_INIT();
    EXPECT(pthread_create(&thread, NULL, block, NULL) == 0);
    while (stage != 1)
        usleep(100);
    for (int i = 0; i < 3; i++) {
        GC_gcollect();
        (void)grow(DEPTH, 1);
    }
    stage = 2;
    EXPECT(pthread_join(thread, &result) == 0);
    EXPECT((long)result == (2 << DEPTH) - 1);
}

static long numbers[4];

/* Of calls that block, the caller has the only references, in registers. */
static __attribute__((noinline)) void *block_with_four(void *data)
{
    long *a = GC_MALLOC(64), *b = GC_MALLOC(64);
    long *c = GC_MALLOC(64), *d = GC_MALLOC(64);

    *a = *b = *c = *d = 77;
    (void)GC_do_blocking(sleep_long, NULL);
    numbers[0] = *a;
    numbers[1] = *b;
    numbers[2] = *c;
    numbers[3] = *d;
    return data;
}

TEST(a_blocked_thread_keeps_what_is_in_registers)
{
    pthread_t thread;

    GC_INIT();
    stage = 0;
    EXPECT(pthread_create(&thread, NULL, block_with_four, NULL) == 0);
    while (stage != 1)
        usleep(100);
    for (int i = 0; i < 3; i++) {
        GC_gcollect();
        for (int k = 0; k < 10000; k++)
            *(long *)GC_MALLOC(64) = 1;
    }
    stage = 2;
    EXPECT(pthread_join(thread, NULL) == 0);
    for (int i = 0; i < 4; i++)
        EXPECT(numbers[i] == 77);
}

static char bye[] = "bye";

static void *leave_early(void *data)
{
    pthread_exit(GC_STRDUP(data));
}

TEST(a_thread_that_exits_or_is_detached_is_forgotten)
{
    pthread_t thread;
    void *text;

    GC_INIT();
    EXPECT(pthread_create(&thread, NULL, leave_early, bye) == 0);
    EXPECT(pthread_join(thread, &text) == 0);
    EXPECT(((char *)text)[2] == 'e');
    for (int i = 0; i < 20; i++) {
        EXPECT(pthread_create(&thread, NULL, leave_early, bye) == 0);
        EXPECT(pthread_detach(thread) == 0);
        GC_gcollect();
    }
}

#undef pthread_create
#undef pthread_join

static void *join_in(void *data)
{
    struct GC_stack_base base;

    EXPECT(!GC_thread_is_registered());
    EXPECT(GC_get_stack_base(&base) == GC_SUCCESS);
    EXPECT(GC_register_my_thread(&base) == GC_SUCCESS);
    EXPECT(GC_register_my_thread(&base) == GC_DUPLICATE);
    void *sum = grow_many(data);
    EXPECT(*(long *)sum > 0);
    EXPECT(GC_unregister_my_thread() == GC_SUCCESS);
    return NULL;
}

TEST(a_thread_of_the_program_joins_in_and_leaves)
{
    pthread_t threads[THREADS];
    static long zero;

    GC_INIT();
    GC_allow_register_threads();
    for (int i = 0; i < THREADS; i++)
        EXPECT(pthread_create(&threads[i], NULL, join_in, &zero) == 0);
    for (int i = 0; i < THREADS; i++)
        EXPECT(pthread_join(threads[i], NULL) == 0);
}

static void *fork_often(void *data)
{
    for (int i = 0; i < 10; i++) {
        pid_t child = fork();
        int status;
        if (child == 0) {
            bool whole = count(grow(DEPTH, 1), 1) == (2 << DEPTH) - 1;
            GC_gcollect();
            _exit(whole ? 0 : 1);
        }
        EXPECT(waitpid(child, &status, 0) == child && status == 0);
    }
    return data;
}

static _Atomic int finalized, slow;

static void finalize(void *object, void *data)
{
    (void)object;
    finalized += data == NULL;
    if (slow)
        (void)sleep_long(NULL);
}

static __attribute__((noinline)) void lose_many(void *data)
{
    for (int i = 0; i < 100; i++)
        GC_REGISTER_FINALIZER(GC_MALLOC(64), finalize, data, NULL, NULL);
}

static void *finalize_long(void *data)
{
    lose_many(data);
    GC_gcollect();
    return NULL;
}

TEST(a_child_calls_finalizers_though_its_parent_did)
{
    static int not_null;
    pthread_t thread;
    int status;

    GC_INIT();
    stage = 0;
    slow = 1;
    EXPECT(GC_pthread_create(&thread, NULL, finalize_long, &not_null) == 0);
    while (stage != 1)
        usleep(100);
    pid_t child = fork();
    slow = 0;
    stage = 2;
    if (child == 0) {
        lose_many(NULL);
        GC_gcollect();
        _exit(finalized > 50 ? 0 : 1);
    }
    EXPECT(waitpid(child, &status, 0) == child && status == 0);
    EXPECT(GC_pthread_join(thread, NULL) == 0);
}

static void leave(void *object, void *data)
{
    (void)object;
    GC_pthread_exit(data);
}

static void *leave_by_finalizer(void *data)
{
    for (int i = 0; i < 100; i++)
        GC_REGISTER_FINALIZER(GC_MALLOC(64), leave, NULL, NULL, NULL);
    GC_gcollect();
    return data;
}

TEST(a_finalizer_may_end_its_thread)
{
    pthread_t thread;
    static int not_null;
    void *result;

    GC_INIT();
    EXPECT(GC_pthread_create(&thread, NULL, leave_by_finalizer, &not_null)
           == 0);
    EXPECT(GC_pthread_join(thread, &result) == 0 && result == NULL);
    finalized = 0;
    lose_many(NULL);
    GC_gcollect();
    EXPECT(finalized > 50);
}

static void *collect_late(void *data)
{
    usleep(50000); /* the first thread has ended by then, as a rule */
    GC_gcollect();
    _exit(data == NULL ? 0 : 1);
}

TEST(the_first_thread_may_exit_before_others)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        pthread_t thread;
        alarm(20);
        GC_INIT();
        (void)GC_pthread_create(&thread, NULL, collect_late, NULL);
        GC_pthread_exit(NULL);
    }
    EXPECT(waitpid(child, &status, 0) == child && status == 0);
}

TEST(the_child_of_a_fork_goes_on)
{
    static long zero;
    pthread_t thread;

    GC_INIT();
    EXPECT(GC_pthread_create(&thread, NULL, grow_many, &zero) == 0);
    fork_often(NULL);
    EXPECT(GC_pthread_join(thread, NULL) == 0);
}
