/* SPDX-License-Identifier: MIT */
/* Tests of collectors in the children of forks: what goes on where the forking
 * thread has a handle of its own, the only one, or none. */
#include <mn/gc_threads.h>

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

MN_TYPE_DECLARE(item);
struct item {
    struct item *next;
};
MN_TYPE(item, MN_REFERENCES(MN_MEMBER_IS(GC, item, next, item)));

static struct mn_gc *shared;
static int stop_work; /* changed atomically */

static struct mn_gc *created(struct mn_gc_options options)
{
    struct mn_gc *gc = mn_gc_create(&options);

    EXPECT(gc != NULL);
    return gc;
}

static void join(void *thread)
{
    EXPECT(pthread_join(*(pthread_t *)thread, NULL) == 0);
}

static bool ends_well(pid_t child)
{
    int status;

    return waitpid(child, &status, 0) == child && status == 0;
}

static void *destroy_in_child(void *unused)
{
    struct mn_gc *gc = mn_gc_attach(shared, NULL);
    pid_t child = fork();

    if (child == 0) {
        mn_gc_destroy(gc);
        pthread_exit(NULL); /* the end of a thread looks for its handles */
    }
    EXPECT(ends_well(child));
    return unused;
}

TEST(a_child_destroys_a_collector_by_an_attached_handle)
{
    pthread_t thread;

    shared = created((struct mn_gc_options){0});
    EXPECT(pthread_create(&thread, NULL, destroy_in_child, NULL) == 0);
    mn_gc_outside(shared, join, &thread);
    mn_gc_destroy(shared);
}

static void *use_in_child(void *unused)
{
    pid_t child = fork();

    if (child == 0) {
        alarm(20);
        for (int i = 0; i < 1000; i++)
            EXPECT(mn_gc_new(shared, &item_type) != NULL);
        mn_gc_collect(shared, true);
        _exit(mn_gc_check(shared) ? 0 : 1);
    }
    EXPECT(ends_well(child));
    return unused;
}

/* By a thread that has none, while the only one is outside, and while it may
 * be anywhere. */
TEST(a_child_takes_over_the_only_handle)
{
    pthread_t thread;

    shared = created((struct mn_gc_options){.generational = true});
    EXPECT(pthread_create(&thread, NULL, use_in_child, NULL) == 0);
    mn_gc_outside(shared, join, &thread);
    for (int i = 0; i < 20; i++) {
        EXPECT(pthread_create(&thread, NULL, use_in_child, NULL) == 0);
        for (int k = 0; k < 200; k++)
            mn_gc_collect(shared, k % 8 == 0);
        EXPECT(pthread_join(thread, NULL) == 0);
    }
    mn_gc_destroy(shared);
}

static void *come_and_go(void *gc)
{
    while (__atomic_load_n(&stop_work, __ATOMIC_RELAXED) == 0) {
        struct mn_gc *mine = mn_gc_attach(gc, NULL);
        EXPECT(mine != NULL);
        mn_gc_detach(mine);
    }
    return NULL;
}

TEST(a_child_does_not_wait_for_threads_that_attached)
{
    pthread_t thread;

    shared = created((struct mn_gc_options){0});
    __atomic_store_n(&stop_work, 0, __ATOMIC_RELAXED);
    EXPECT(pthread_create(&thread, NULL, come_and_go, shared) == 0);
    for (int i = 0; i < 300; i++)
        (void)use_in_child(NULL);
    __atomic_store_n(&stop_work, 1, __ATOMIC_RELAXED);
    mn_gc_outside(shared, join, &thread);
    mn_gc_destroy(shared);
}
