/* SPDX-License-Identifier: MIT */
/* A handler at each instruction in turn of an allocation and of a release,
 * where chunks begin, end and are given up. */
#if defined(__x86_64__)
#include <mn/shared_pool.h>

#include <pthread.h>

#include "steps.h"
#include "test.h"

/* A chunk has eight of these; the handler can take or release them all. */
enum { SIZE = 16 * 1024, SLOTS = 8, MOST = 64 };

static const struct mn_type type = {.name = "slot", .size = SIZE, .align = 64};
static struct mn_shared_pool pool;

struct objects {
    uint64_t *at[MOST];
    size_t count;
};
static struct objects in_main;
static struct objects in_handler;

static bool note(struct objects *objects, uint64_t *object)
{
    if (object == NULL)
        return false;
    EXPECT(*(volatile uint64_t *)object == 0);
    *(volatile uint64_t *)object = 1;
    objects->at[objects->count++] = object;
    return true;
}

static uint64_t *forget(struct objects *objects)
{
    uint64_t *object = objects->at[--objects->count];

    EXPECT(*(volatile uint64_t *)object == 1);
    *(volatile uint64_t *)object = 0;
    return object;
}

static void take(size_t count)
{
    for (size_t i = 0; i < count; i++)
        EXPECT(note(&in_main, mn_shared_pool_alloc(&pool)));
}

static void give_all(struct objects *objects)
{
    while (objects->count > 0)
        mn_shared_pool_release(&pool, forget(objects));
}

static void take_in_steps(void)
{
    STEPS_BEGIN();
    uint64_t *object = mn_shared_pool_alloc(&pool);
    STEPS_END();
    EXPECT(note(&in_main, object));
}

static void give_in_steps(void)
{
    uint64_t *object = forget(&in_main);

    STEPS_BEGIN();
    mn_shared_pool_release(&pool, object);
    STEPS_END();
}

/* ---- what is interrupted ---- */

static size_t before; /* so many objects are out */

static void allocate(void)
{
    take(before);
    take_in_steps();
    take(2);
}

static void release(void)
{
    take(before);
    give_in_steps();
    take(2);
}

static void release_and_allocate(void)
{
    take(before);
    give_in_steps();
    take_in_steps();
}

static void *begin_thread(void *unused)
{
    take_in_steps();
    give_all(&in_main);
    give_all(&in_handler);
    return unused;
}

static void allocate_first_in_thread(void)
{
    pthread_t thread;

    EXPECT(pthread_create(&thread, NULL, begin_thread, NULL) == 0);
    EXPECT(pthread_join(thread, NULL) == 0);
}

/* ---- what the handler does ---- */

/* It may be refused: it cannot wait for what it interrupted. */
static void handle_some(void)
{
    (void)(note(&in_handler, mn_shared_pool_alloc(&pool))
           && note(&in_handler, mn_shared_pool_alloc(&pool)));
    if (in_handler.count > 0)
        mn_shared_pool_release(&pool, forget(&in_handler));
}

static void handle_many(void)
{
    for (int i = 0; i < 2 * SLOTS; i++)
        (void)note(&in_handler, mn_shared_pool_alloc(&pool));
}

static void handle_releases(void)
{
    give_all(&in_main);
    (void)note(&in_handler, mn_shared_pool_alloc(&pool));
}

static void walk(void (*run)(void), void (*handler)(void))
{
    struct mn_shared_pool_stats stats;
    long at = 0;

    steps_catch();
    struct mn_shared_pool_options options = {.type = &type, .unwatched = true};
    EXPECT(mn_shared_pool_init(&pool, &options) == MN_OK);
    do {
        at = steps_after(at);
        steps_set(at, handler);
        run();
        give_all(&in_main);
        give_all(&in_handler);
        EXPECT(mn_shared_pool_check(&pool));
        mn_shared_pool_read_stats(&pool, &stats);
        EXPECT(stats.live == 0);
        (void)mn_shared_pool_shrink(&pool);
    } while (steps_fired);
    EXPECT(at > 10);
    mn_shared_pool_finish(&pool);
}

static void walk_all(void (*run)(void))
{
    static const size_t counts[] = {1, SLOTS};

    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        before = counts[i];
        walk(run, handle_some);
        walk(run, handle_many);
        walk(run, handle_releases);
    }
}

TEST(a_handler_may_use_the_pool_in_an_allocation)
{
    walk_all(allocate);
}

TEST(a_handler_may_use_the_pool_in_a_release)
{
    walk_all(release);
}

TEST(a_handler_may_use_the_pool_in_a_release_and_an_allocation)
{
    walk_all(release_and_allocate);
}

TEST(a_handler_may_use_the_pool_while_a_thread_joins_it)
{
    walk(allocate_first_in_thread, handle_some);
    walk(allocate_first_in_thread, handle_many);
}

#endif
