/* SPDX-License-Identifier: MIT */
/* The end of objects that are still out when a pool for many threads is cleared
 * or finished; and pools that a tool watches, in the variant with one. */
#include <mn/shared_pool.h>

#include <pthread.h>
#include <string.h>

#include "test.h"

enum { COUNT = 3000, SEED = 20240229, STEPS = 20000 };

MN_TYPE_DECLARE(node);
struct node {
    unsigned long mark;
    struct node_shared_pool *uses; /* its drop does */
    char more[24];
};
static void node_end(struct node *node);
MN_DROP(node, node_end)
MN_TYPE(node, .drop = node_drop);
MN_SHARED_POOL(node);

static struct node_shared_pool nodes;
static struct mn_shared_pool *const pool = &nodes.pool;
static struct node *out[COUNT];
static unsigned dropped[COUNT];

static void node_end(struct node *node)
{
    EXPECT(node->mark < COUNT && out[node->mark] == node);
    dropped[node->mark]++;
    if (node->uses != NULL)
        node_shared_pool_release(node->uses, out[1]);
}

static void setup(bool drop_live)
{
    struct mn_shared_pool_options options = {.drop_live = drop_live};

    EXPECT(node_shared_pool_init(&nodes, &options) == MN_OK);
    memset(dropped, 0, sizeof dropped);
}

static struct node *take(size_t i)
{
    struct node *node = node_shared_pool_alloc(&nodes);

    EXPECT(node != NULL);
    memset(node, 0, sizeof *node);
    node->mark = i;
    out[i] = node;
    return node;
}

static void fill(void)
{
    for (size_t i = 0; i < COUNT; i++)
        (void)take(i);
}

/* All but each third one were dropped so often. */
static bool were_dropped(unsigned times)
{
    for (size_t i = 0; i < COUNT; i++)
        if (dropped[i] != (i % 3 == 0 ? 0 : times))
            return false;
    return true;
}

static void *release_thirds(void *unused)
{
    for (size_t i = 0; i < COUNT; i += 3)
        node_shared_pool_release(&nodes, out[i]);
    return unused;
}

/* Another thread has released some, which their owner has not taken in. */
static void fill_and_release(void)
{
    pthread_t thread;

    fill();
    EXPECT(pthread_create(&thread, NULL, release_thirds, NULL) == 0);
    EXPECT(pthread_join(thread, NULL) == 0);
}

TEST(clear_and_finish_drop_each_live_object_once_when_asked)
{
    setup(true);
    fill_and_release();
    mn_shared_pool_clear(pool);
    EXPECT(were_dropped(1) && mn_shared_pool_check(pool));
    fill_and_release();
    node_shared_pool_finish(&nodes);
    EXPECT(were_dropped(2));
}

TEST(objects_are_not_dropped_unless_asked)
{
    setup(false);
    fill();
    mn_shared_pool_clear(pool);
    fill();
    node_shared_pool_finish(&nodes);
    EXPECT(were_dropped(0));
}

TEST(drop_that_is_asked_for_must_be_there)
{
    const struct mn_type type = {.name = "plain", .size = 8, .align = 8};
    struct mn_shared_pool_options options = {.type = &type, .drop_live = true};
    struct mn_shared_pool other;

    EXPECT(mn_shared_pool_init(&other, &options) == MN_ERR_INVALID);
}

TEST(drop_function_must_not_use_the_pool)
{
    setup(true);
    (void)take(0);
    (void)take(1);
    out[0]->uses = &nodes;
    EXPECT_STOPS(mn_shared_pool_clear(pool), "a function that it has called");
    EXPECT_STOPS(node_shared_pool_finish(&nodes),
                 "a function that it has called");
    out[0]->uses = NULL;
    node_shared_pool_finish(&nodes);
    EXPECT(dropped[0] == 1 && dropped[1] == 1);
}

static bool count_one(void *object, void *context)
{
    const struct node *node = object;

    EXPECT(out[node->mark] == node);
    ++*(size_t *)context;
    return true;
}

TEST(watched_or_not_a_random_run_agrees_with_the_model)
{
    size_t live = 0;
    size_t met = 0;
    uint64_t random = SEED;

    setup(true);
    for (int step = 0; step < STEPS; step++) {
        size_t i = (size_t)(test_random(&random) % COUNT);
        if (out[i] == NULL) {
            (void)take(i);
            live++;
        } else {
            EXPECT(out[i]->mark == i);
            node_shared_pool_release(&nodes, out[i]);
            out[i] = NULL;
            live--;
        }
        if (step % 1000 == 0)
            (void)mn_shared_pool_shrink(pool);
    }
    EXPECT(mn_shared_pool_walk(pool, count_one, &met) && met == live);
    EXPECT(mn_shared_pool_check(pool));
    for (size_t i = 0; i < COUNT; i++)
        if (out[i] == NULL)
            dropped[i]--;
    mn_shared_pool_clear(pool);
    for (size_t i = 0; i < COUNT; i++)
        EXPECT(dropped[i] == (out[i] == NULL ? -1u : 1));
    node_shared_pool_finish(&nodes);
}
