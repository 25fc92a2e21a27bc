/* SPDX-License-Identifier: MIT */
/* Tests of garbage cycles: found, and nothing else; what drop functions and
 * weak references meet while one is taken apart; random graphs against
 * reachability. */
#include <mn/heap.h>
#include <mn/ref.h>
#include <mn/stats.h>

#include <pthread.h>
#include <string.h>

#include "ref/ref.h"
#include "test.h"

MN_TYPE_DECLARE(node);
MN_REFS(node);
struct node {
    int name;
    struct node_ref to[3];
    struct node_weak weak;
    struct node_unique own;
};
MN_REF_CYCLE_FUNCTIONS(node)

static size_t ends;                       /* drop functions called */
static void (*action)(struct node *node); /* what they do besides */

static void node_end(struct node *node)
{
    ends++;
    if (action != NULL)
        action(node);
}

MN_DROP(node, node_end)
MN_TYPE(node, .drop = node_drop,
        MN_REFERENCES(MN_MEMBER_IS(REF, node, to, node),
                      MN_MEMBER_IS(WEAK, node, weak, node),
                      MN_MEMBER_IS(UNIQUE, node, own, node)));

MN_TYPE_DECLARE(leaf);
MN_REFS(leaf);
struct leaf {
    int name;
};
MN_REF_FUNCTIONS(leaf)
MN_TYPE(leaf, .drop = NULL);

MN_TYPE_DECLARE(plain);
MN_REFS(plain);
struct plain { /* in cycles, and without a drop function */
    struct plain_ref next;
    struct plain_ref prev;
    struct leaf_ref leaf;
};
MN_REF_CYCLE_FUNCTIONS(plain)
MN_TYPE(plain, MN_REFERENCES(MN_MEMBER_IS(REF, plain, next, plain),
                             MN_MEMBER_IS(REF, plain, prev, plain),
                             MN_MEMBER_IS(REF, plain, leaf, leaf)));

static size_t blocks_out(void)
{
    struct mn_stats stats;

    EXPECT(mn_stats(&stats));
    return stats.block_count;
}

static struct node_ref make(int name)
{
    struct node_ref made = node_ref_new();

    EXPECT(made.at != NULL);
    made.at->name = name;
    return made;
}

/* A ring of so many; the result is the only reference from outside. */
static struct node_ref make_ring(int count)
{
    struct node_ref first = make(0);
    struct node *last = first.at;

    for (int i = 1; i < count; i++) {
        last->to[i % 3] = make(i);
        last = last->to[i % 3].at;
    }
    last->to[0] = node_ref_clone(first);
    return first;
}

/* ---- what is found ---- */

TEST(a_cycle_that_nothing_leads_to_is_collected)
{
    size_t before = blocks_out();
    struct node_ref ring = make_ring(10);

    EXPECT(mn_ref_candidates() == 0 && mn_ref_collect() == 0);
    node_ref_drop(&ring);
    EXPECT(ends == 0 && mn_ref_candidates() == 1);
    EXPECT(mn_ref_collect() == 10);
    EXPECT(ends == 10 && mn_ref_candidates() == 0);
    EXPECT(blocks_out() == before);
    EXPECT(mn_ref_collect() == 0);
}

TEST(an_object_that_refers_to_itself_is_a_cycle)
{
    struct node_ref node = make(1);

    EXPECT(node.at != NULL);
    node.at->to[0] = node_ref_clone(node);
    node.at->to[1] = node_ref_clone(node);
    node_ref_drop(&node);
    EXPECT(mn_ref_collect() == 1 && ends == 1);
}

TEST(what_is_held_stays_with_all_that_it_leads_to)
{
    struct node_ref ring = make_ring(10);
    struct node_ref held = node_ref_clone(ring.at->to[1]);

    held.at->own = node_unique_new();
    held.at->own.at->to[0] = make(100);
    node_ref_drop(&ring);
    EXPECT(mn_ref_collect() == 0 && ends == 0);
    EXPECT(mn_ref_candidates() == 0); /* it takes a drop to ask again */
    EXPECT(node_ref_count(held) == 2 && held.at->own.at->to[0].at != NULL);
    node_ref_drop(&held);
    EXPECT(mn_ref_collect() == 12 && ends == 12);
}

TEST(a_cycle_through_a_unique_member_or_a_row_is_one)
{
    size_t before = blocks_out();
    struct node_ref row = node_ref_new_array(4);

    row.at[2].own = node_unique_new();
    row.at[2].own.at->to[1] = node_ref_clone(row);
    row.at[3].to[0] = make(5);
    node_ref_drop(&row);
    EXPECT(mn_ref_collect() == 3 && ends == 6);
    EXPECT(blocks_out() == before);
}

TEST(garbage_ends_what_it_alone_held_and_nothing_else)
{
    struct leaf_ref leaf = leaf_ref_new();
    struct plain_ref a = plain_ref_new();
    struct plain_ref b = plain_ref_new();
    struct plain_ref held = plain_ref_new();

    a.at->next = plain_ref_clone(b);
    b.at->next = plain_ref_clone(a);
    a.at->leaf = leaf_ref_new();
    b.at->leaf = leaf_ref_clone(leaf);
    b.at->prev = plain_ref_clone(held);
    size_t before = blocks_out();
    plain_ref_drop(&a);
    plain_ref_drop(&b);
    EXPECT(mn_ref_collect() == 2);
    EXPECT(leaf_ref_count(leaf) == 1 && plain_ref_count(held) == 1);
    EXPECT(mn_ref_candidates() == 1); /* `held`: a reference to it went */
    EXPECT(mn_ref_collect() == 0);
    EXPECT(blocks_out() <= before - 3);
    leaf_ref_drop(&leaf);
    plain_ref_drop(&held);
}

TEST(objects_with_too_many_references_are_held)
{
    struct node_ref ring = make_ring(3);
    struct mn_counted *head = mni_counted(ring.at);

    head->strong = MNI_REF_SATURATED;
    ring.at->to[1].at->own = node_unique_new();
    struct node_ref next = node_ref_clone(ring.at->to[1]);
    node_ref_drop(&next);
    EXPECT(mn_ref_candidates() == 1);
    EXPECT(mn_ref_collect() == 0 && ends == 0);
    EXPECT(node_ref_count(ring) == SIZE_MAX);
    EXPECT(node_ref_count(ring.at->to[1]) == 1);
}

/* ---- candidates ---- */

TEST(a_candidate_that_ends_gives_its_memory_back_in_time)
{
    size_t before = blocks_out();
    size_t most = 0;

    for (int i = 0; i < 100000; i++) {
        struct node_ref node = make(i);
        struct node_ref other = node_ref_clone(node);
        node_ref_drop(&other); /* noted */
        node_ref_drop(&node);  /* ended */
        if (i % 100 == 0 && blocks_out() - before > most)
            most = blocks_out() - before;
    }
    EXPECT(ends == 100000);
    EXPECT(most < 2000); /* 64 KiB of objects, and the notes */
    EXPECT(mn_ref_collect() == 0);
    EXPECT(blocks_out() == before && mn_ref_candidates() == 0);
}

TEST(a_threshold_collects_by_itself)
{
    size_t before = blocks_out();

    mn_ref_collect_at(100);
    for (int i = 1; i <= 1000; i++) {
        struct node_ref ring = make_ring(3);
        node_ref_drop(&ring);
        EXPECT(mn_ref_candidates() == (size_t)i % 100);
    }
    EXPECT(ends == 3000 && blocks_out() == before);
    mn_ref_collect_at(0);
    for (int i = 0; i < 200; i++) {
        struct node_ref ring = make_ring(3);
        node_ref_drop(&ring);
    }
    EXPECT(ends == 3000 && mn_ref_collect() == 600);
}

TEST(an_upgrade_is_no_candidate_but_its_drop_is)
{
    struct node_ref ring = make_ring(2);
    struct node_weak weak = node_ref_weak(ring);
    struct node_ref other = node_weak_upgrade(weak);

    EXPECT(mn_ref_weak_count(ring.at) == 1 && mn_ref_candidates() == 0);
    node_ref_drop(&other);
    EXPECT(mn_ref_candidates() == 1);
    EXPECT(mn_ref_weak_count(ring.at) == 1); /* a note does not count */
    node_ref_drop(&ring);
    EXPECT(mn_ref_collect() == 2);
    EXPECT(node_weak_upgrade(weak).at == NULL);
    node_weak_drop(&weak);
}

/* ---- drop functions ---- */

static struct node_ref kept;
static struct node_weak watched;
static size_t upgraded;

static void upgrade(struct node *node)
{
    struct node_ref found = node_weak_upgrade(watched);

    upgraded += found.at != NULL;
    node_ref_drop(&found);
    found = node_weak_upgrade(node->weak);
    upgraded += found.at != NULL;
    node_ref_drop(&found);
    EXPECT(mn_ref_collect() == 0);     /* one is on its way */
    EXPECT(node->to[0].at->name == 7); /* all is still whole */
}

TEST(garbage_is_whole_and_out_of_reach_while_drops_run)
{
    size_t before = blocks_out();
    struct node_ref a = make(7);
    struct node_ref b = make(7);

    a.at->to[0] = node_ref_clone(b);
    b.at->to[0] = node_ref_clone(a);
    a.at->weak = node_ref_weak(a);
    b.at->weak = node_ref_weak(a);
    watched = node_ref_weak(b);
    node_ref_drop(&a);
    node_ref_drop(&b);
    action = upgrade;
    EXPECT(mn_ref_collect() == 2 && ends == 2 && upgraded == 0);
    EXPECT(blocks_out() == before + 1);
    EXPECT(node_weak_upgrade(watched).at == NULL);
    node_weak_drop(&watched);
    EXPECT(blocks_out() == before);
}

static void live_on(struct node *node)
{
    if (node->name == 2)
        kept = node_ref_of(node);
}

TEST(if_a_drop_makes_one_live_on_all_do_and_no_drop_runs_again)
{
    size_t before = blocks_out();
    struct node_ref ring = make_ring(4);
    struct node_weak weak = node_ref_weak(ring);

    node_ref_drop(&ring);
    action = live_on;
    EXPECT(mn_ref_collect() == 0 && ends == 4);
    struct node_ref first = node_weak_upgrade(weak);
    EXPECT(first.at != NULL && first.at->name == 0);
    EXPECT(node_ref_count(kept) == 2 && node_ref_count(first) == 2);
    node_ref_drop(&first);
    EXPECT(mn_ref_collect() == 0); /* held */
    node_ref_drop(&kept);
    EXPECT(mn_ref_collect() == 4 && ends == 4);
    node_weak_drop(&weak);
    EXPECT(blocks_out() == before);
}

static void drop_members(struct node *node)
{
    for (int i = 0; i < 3; i++)
        node_ref_drop(&node->to[i]);
}

TEST(a_drop_may_take_the_cycle_apart_itself)
{
    size_t before = blocks_out();
    struct node_ref ring = make_ring(5);

    node_ref_drop(&ring);
    action = drop_members;
    EXPECT(mn_ref_collect() == 5 && ends == 5);
    EXPECT(blocks_out() == before);
}

static void drop_members_and_live_on(struct node *node)
{
    drop_members(node);
    live_on(node);
}

TEST(what_a_drop_cut_off_ends_though_others_live_on)
{
    size_t before = blocks_out();
    struct node_ref ring = make_ring(5);

    node_ref_drop(&ring);
    action = drop_members_and_live_on;
    EXPECT(mn_ref_collect() == 0 && ends == 5);
    EXPECT(node_ref_count(kept) == 1);
    (void)mn_ref_collect();
    EXPECT(blocks_out() == before + 1);
    node_ref_drop(&kept);
    EXPECT(ends == 5 && blocks_out() == before);
}

static void make_more(struct node *node)
{
    if (node->name >= 100)
        return;
    struct node_ref more = make(100);
    EXPECT(more.at != NULL);
    more.at->to[0] = node_ref_clone(more);
    node_ref_drop(&more);
}

TEST(garbage_that_drops_make_is_for_the_next_time)
{
    size_t before = blocks_out();
    struct node_ref ring = make_ring(5);

    node_ref_drop(&ring);
    action = make_more;
    EXPECT(mn_ref_collect() == 5 && mn_ref_candidates() == 5);
    EXPECT(mn_ref_collect() == 5 && ends == 10);
    EXPECT(blocks_out() == before);
}

static void collect_again(struct node *node)
{
    (void)node;
    action = NULL;
    EXPECT(mn_ref_collect() == 7);
}

TEST(a_drop_of_what_ends_otherwise_may_collect)
{
    struct node_ref ring = make_ring(7);
    struct node_ref other = make(1);

    node_ref_drop(&ring);
    other.at->to[2] = make(2);
    action = collect_again;
    node_ref_drop(&other);
    EXPECT(ends == 9);
}

TEST(a_threshold_may_be_reached_while_members_are_dropped)
{
    size_t before = blocks_out();
    struct node_ref row = node_ref_new_array(3);

    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
            row.at[i].to[k] = k == 1 ? make(100) : make_ring(4);
    row.at[1].own = node_unique_new();
    row.at[1].own.at->to[2] = make_ring(5);
    mn_ref_collect_at(1);
    node_ref_drop(&row);
    EXPECT(ends == 3 + 3 + 6 * 4 + 1 + 5);
    EXPECT(mn_ref_candidates() == 0 && blocks_out() == before);
    mn_ref_collect_at(0);
}

/* ---- many ---- */

enum { MANY = 1000000, STACK = 64 * 1024 };

static void *collect_million(void *context)
{
    struct plain_ref first = plain_ref_new();
    struct plain_ref last = plain_ref_clone(first);
    size_t before = blocks_out();

    (void)context;
    for (int i = 1; i < MANY; i++) {
        struct plain_ref next = plain_ref_new();
        EXPECT(next.at != NULL && last.at != NULL);
        next.at->prev = plain_ref_clone(last);
        last.at->next = plain_ref_clone(next);
        plain_ref_set(&last, next);
    }
    last.at->next = plain_ref_clone(first);
    plain_ref_drop(&last);
    plain_ref_drop(&first);
    EXPECT(blocks_out() >= before + MANY - 1);
    EXPECT(mn_ref_collect() == MANY);
    EXPECT(blocks_out() <= before);
    return NULL;
}

TEST(a_million_are_collected_on_a_small_stack)
{
    pthread_attr_t attributes;
    pthread_t thread;

    EXPECT(pthread_attr_init(&attributes) == 0);
    EXPECT(pthread_attr_setstacksize(&attributes, STACK) == 0);
    EXPECT(pthread_create(&thread, &attributes, collect_million, NULL) == 0);
    EXPECT(pthread_join(thread, NULL) == 0);
}

/* ---- random graphs ---- */

enum { NODES = 60, HANDS = 6, STEPS = 60000 };

/* Each object is of a number; those that the program holds are in hands. The
 * model knows each object that was made, alive or not, by number. */
static struct node_ref hands[HANDS];
static struct node *alive[STEPS]; /* by number; NULL once it ended */
static int made;
static bool reached[STEPS];

static void forget(struct node *node)
{
    EXPECT(alive[node->name] == node);
    alive[node->name] = NULL;
}

static void reach(struct node *node)
{
    if (node == NULL || reached[node->name])
        return;
    EXPECT(alive[node->name] == node); /* nothing that is held has ended */
    reached[node->name] = true;
    for (int i = 0; i < 3; i++)
        reach(node->to[i].at);
    reach(node->own.at);
}

/* All that is reached is alive; after a collection, nothing else is. */
static void compare(bool collected)
{
    memset(reached, 0, sizeof reached);
    for (int i = 0; i < HANDS; i++)
        reach(hands[i].at);
    for (int i = 0; i < made && collected; i++) {
        EXPECT(reached[i] == (alive[i] != NULL));
        if (!reached[i])
            continue;
        struct node_ref found = node_weak_upgrade(alive[i]->weak);
        EXPECT(found.at == NULL || reached[found.at->name]);
        node_ref_drop(&found);
    }
}

static struct node *random_object(uint64_t *random)
{
    struct node *node = hands[test_random(random) % HANDS].at;

    while (node != NULL && test_random(random) % 4 != 0) {
        struct node *next = node->to[test_random(random) % 3].at;
        if (next == NULL)
            break;
        node = next;
    }
    return node;
}

static void random_step(uint64_t *random)
{
    unsigned hand = (unsigned)(test_random(random) % HANDS);
    struct node *a = random_object(random);
    struct node *b = random_object(random);
    unsigned slot = (unsigned)(test_random(random) % 3);

    if (a != NULL && test_random(random) % 4 == 0) {
        node_weak_drop(&a->weak);
        a->weak = node_weak_of(b);
    }
    switch (test_random(random) % 6) {
    case 0:
        node_ref_set(&hands[hand], make(made));
        alive[made++] = hands[hand].at;
        break;
    case 1:
        node_ref_set(&hands[hand], node_ref_of(b));
        break;
    case 2:
        node_ref_drop(&hands[hand]);
        break;
    case 3:
        if (a != NULL && a->own.at == NULL) {
            a->own = node_unique_new();
            a->own.at->name = made;
            a->own.at->to[slot] = node_ref_of(b);
            alive[made++] = a->own.at;
        }
        break;
    default:
        if (a != NULL)
            node_ref_set(&a->to[slot], node_ref_of(b));
        break;
    }
}

TEST(random_graphs_end_as_reachability_says)
{
    uint64_t random = 20251125;
    size_t before = blocks_out();

    action = forget;
    for (int step = 0; step < STEPS; step++) {
        random_step(&random);
        bool collect = test_random(&random) % 64 == 0;
        if (collect)
            (void)mn_ref_collect();
        if (step % 8 == 0 || collect)
            compare(collect);
    }
    for (int i = 0; i < HANDS; i++)
        node_ref_drop(&hands[i]);
    (void)mn_ref_collect();
    compare(true);
    EXPECT(made > STEPS / 8 && ends == (size_t)made);
    EXPECT(blocks_out() == before);
}
