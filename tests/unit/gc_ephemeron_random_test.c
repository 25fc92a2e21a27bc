/* SPDX-License-Identifier: MIT */
/* Random graphs with ephemerons beside a model that looks for what is reached
 * again and again until nothing changes. */
#include <string.h>

#include "gc_ephemeron_setup.h"

enum { NODES = 100, PAIRS = 100, ROOTS = 4, STEPS = 400, EPISODES = 50 };

struct model_node {
    struct node *object;
    int ref[2], pair; /* or -1 */
    bool reached;
};
struct model_pair {
    struct mn_gc_ephemeron *object;
    int key, value; /* or -1 */
    bool reached;
};

static struct model_node nodes[NODES];
static struct model_pair pairs[PAIRS];
static int node_count, pair_count, root[ROOTS];
static void *roots[ROOTS];
static uint64_t seed = 20240229;

static int pick(int count)
{
    return (int)(test_random(&seed) % (uint64_t)count);
}

static void reach(int at)
{
    if (at < 0 || nodes[at].reached)
        return;
    nodes[at].reached = true;
    if (nodes[at].pair >= 0)
        pairs[nodes[at].pair].reached = true;
    reach(nodes[at].ref[0]);
    reach(nodes[at].ref[1]);
}

/* Until nothing changes; how many there are. */
static uint64_t reach_all(void)
{
    uint64_t count = 0;
    uint64_t before;

    for (int i = 0; i < node_count; i++)
        nodes[i].reached = false;
    for (int i = 0; i < pair_count; i++)
        pairs[i].reached = false;
    for (int i = 0; i < ROOTS; i++)
        reach(root[i]);
    do {
        before = count;
        count = 0;
        for (int i = 0; i < pair_count; i++)
            if (pairs[i].reached && pairs[i].key >= 0
                && nodes[pairs[i].key].reached)
                reach(pairs[i].value);
        for (int i = 0; i < node_count; i++)
            count += nodes[i].reached;
        for (int i = 0; i < pair_count; i++)
            count += pairs[i].reached;
    } while (count != before);
    return count;
}

static void compare_pair(struct model_pair *pair, bool full)
{
    bool lives = pair->key >= 0 && nodes[pair->key].reached;

    if (full && !lives)
        EXPECT(is_clear(pair->object));
    if (lives) {
        EXPECT(mn_gc_ephemeron_key(pair->object) == nodes[pair->key].object);
        EXPECT(mn_gc_ephemeron_value(pair->object)
               == (pair->value < 0 ? NULL : nodes[pair->value].object));
    } else if (is_clear(pair->object)) {
        pair->key = pair->value = -1;
    }
}

static void compare(bool full)
{
    uint64_t count = reach_all();
    struct mn_gc_stats stats;

    mn_gc_collect(gc, full);
    for (int i = 0; i < node_count; i++)
        if (nodes[i].reached)
            EXPECT(nodes[i].object->id == (size_t)i);
    for (int i = 0; i < pair_count; i++)
        if (pairs[i].reached)
            compare_pair(&pairs[i], full);
    mn_gc_read_stats(gc, &stats);
    EXPECT(full ? stats.object_count == count : stats.object_count >= count);
    EXPECT(pick(8) != 0 || mn_gc_check(gc)); /* which takes a while */
}

/* One that can be reached, or -1. */
static int some(void)
{
    int at = pick(node_count + 1) - 1;

    while (at >= 0 && !nodes[at].reached)
        at--;
    return at;
}

static void step_node(void)
{
    int at = node_count++;
    int to = pick(ROOTS);

    nodes[at] = (struct model_node){made((size_t)at), {-1, -1}, -1, true};
    root[to] = at;
    roots[to] = nodes[at].object;
}

static void step_pair(void)
{
    int holder = some();
    int key = some();
    int value = some();

    if (holder < 0 || key < 0)
        return;
    pairs[pair_count] = (struct model_pair){
        paired(nodes[key].object, value < 0 ? NULL : nodes[value].object), key,
        value, true};
    mn_gc_store(gc, nodes[holder].object, &nodes[holder].object->pair,
                pairs[pair_count].object);
    nodes[holder].pair = pair_count++;
}

static void step_store(void)
{
    int holder = some();
    int value = pick(3) == 0 ? -1 : some();
    void *object = value < 0 ? NULL : nodes[value].object;
    int i = pick(3);

    if (holder < 0)
        return;
    struct model_node *node = &nodes[holder];
    if (i < 2) {
        mn_gc_store(gc, node->object, &node->object->ref[i], object);
        node->ref[i] = value;
    } else if (node->pair >= 0) {
        struct model_pair *pair = &pairs[node->pair];
        mn_gc_ephemeron_store(gc, pair->object, object);
        /* Its key may be dead, and not yet found to be. */
        pair->value = pair->key < 0 ? -1 : value;
    }
}

static void step(bool generational)
{
    int what = pick(100);

    (void)reach_all();
    if (what < 25 && node_count < NODES)
        step_node();
    else if (what < 50 && pair_count < PAIRS)
        step_pair();
    else if (what < 80)
        step_store();
    else if (what < 90) {
        int at = pick(ROOTS);
        root[at] = -1;
        roots[at] = NULL;
    } else
        compare(!generational || pick(3) == 0);
}

static void episodes(struct mn_gc_options options)
{
    struct mn_gc_root begun;

    begin(options);
    mn_gc_root_begin(gc, &begun, MN_GC_EXACT, roots, ROOTS);
    for (int i = 0; i < EPISODES; i++) {
        node_count = pair_count = 0;
        memset(root, -1, sizeof root);
        memset(roots, 0, sizeof roots);
        for (int k = 0; k < STEPS; k++)
            step(options.generational);
        compare(true);
    }
    memset(roots, 0, sizeof roots);
    EXPECT(left(true) == 0);
    mn_gc_root_end(&begun);
    mn_gc_destroy(gc);
}

TEST(full_collections_agree_with_a_fixpoint)
{
    episodes((struct mn_gc_options){0});
    episodes((struct mn_gc_options){.interior = true});
}

TEST(several_markers_agree_with_a_fixpoint)
{
    episodes((struct mn_gc_options){.markers = 3});
}

TEST(minor_collections_agree_with_a_fixpoint)
{
    episodes((struct mn_gc_options){.generational = true});
}
