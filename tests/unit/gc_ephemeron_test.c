/* SPDX-License-Identifier: MIT */
/* Tests of ephemerons: when a value lives and when it does not, chains of them,
 * drops, generations. */
#include "gc_ephemeron_setup.h"

enum { CHAIN = 100000 };

/* ---- one pair ---- */

TEST(a_value_lives_as_long_as_its_key)
{
    for (int minor = 0; minor < 2; minor++) {
        begin((struct mn_gc_options){.generational = minor != 0});
        MN_GC_FRAME(gc, my, struct node * key; struct mn_gc_ephemeron * pair;);
        my.key = made(1);
        my.pair = paired(my.key, made(2));
        EXPECT(left(minor == 0) == 3);
        const struct node *value = mn_gc_ephemeron_value(my.pair);
        EXPECT(mn_gc_ephemeron_key(my.pair) == my.key && value->id == 2);
        my.key = NULL;
        EXPECT(left(true) == 1 && is_clear(my.pair));
    }
}

TEST(young_pairs_end_in_minor_collections)
{
    begin((struct mn_gc_options){.generational = true});
    MN_GC_FRAME(gc, my, struct node * kept; struct mn_gc_ephemeron * pair;);
    my.kept = made(0); /* and so the page of the others */
    my.pair = paired(made(1), made(2));
    EXPECT(left(false) == 2 && is_clear(my.pair));
}

TEST(a_value_that_leads_to_its_key_does_not_keep_it)
{
    for (int minor = 0; minor < 2; minor++) {
        begin((struct mn_gc_options){.generational = minor != 0});
        MN_GC_FRAME(gc, my, struct node * key; struct node * value;
                    struct mn_gc_ephemeron * pair;
                    struct mn_gc_ephemeron * itself;);
        my.key = made(1);
        my.value = made(2);
        my.value->ref[0] = my.key;
        my.pair = paired(my.key, my.value);
        my.itself = paired(my.key, my.key);
        my.value = NULL;
        EXPECT(left(minor == 0) == 4);
        EXPECT(mn_gc_ephemeron_value(my.itself) == my.key);
        my.key = NULL;
        EXPECT(left(true) == 2);
        EXPECT(is_clear(my.pair) && is_clear(my.itself));
        my.pair = paired(made(3), made(4)); /* the same, young */
        my.value = mn_gc_ephemeron_value(my.pair);
        my.value->ref[0] = mn_gc_ephemeron_key(my.pair);
        my.value = NULL;
        EXPECT(left(minor == 0) == 2u + (minor != 0)); /* one is old */
        EXPECT(is_clear(my.pair));
    }
}

TEST(a_pair_that_nothing_leads_to_keeps_nothing)
{
    begin((struct mn_gc_options){0});
    MN_GC_FRAME(gc, my, struct node * key;);
    my.key = made(1);
    (void)paired(my.key, made(2));
    EXPECT(left(true) == 1);
}

TEST(a_pair_may_be_key_and_value_and_member)
{
    begin((struct mn_gc_options){0});
    MN_GC_FRAME(gc, my, struct node * key; struct node * holder;);
    my.key = made(1);
    my.holder = made(2);
    my.holder->pair = paired(my.key, made(3));
    my.holder->pair = paired(my.holder->pair, made(4)); /* a key in nothing */
    EXPECT(left(true) == 3 && is_clear(my.holder->pair));
    my.holder->pair = paired(my.key, NULL);
    struct mn_gc_ephemeron *inner = paired(my.holder->pair, made(5));
    mn_gc_ephemeron_store(gc, my.holder->pair, inner);
    EXPECT(left(true) == 5);
    my.key = NULL;
    EXPECT(left(true) == 2 && is_clear(my.holder->pair));
}

TEST(a_stored_value_is_kept_by_an_old_pair)
{
    static long outside;

    begin((struct mn_gc_options){.generational = true});
    MN_GC_FRAME(gc, my, struct node * key; struct mn_gc_ephemeron * pair;);
    my.key = made(1);
    my.pair = paired(my.key, NULL);
    for (size_t i = 0; i < 5; i++) {
        mn_gc_ephemeron_store(gc, my.pair, made(10 + i));
        EXPECT(left(false) == 3 + i); /* those before are old, and wait */
        const struct node *value = mn_gc_ephemeron_value(my.pair);
        EXPECT(value->id == 10 + i);
    }
    mn_gc_ephemeron_store(gc, my.pair, &outside);
    EXPECT(left(true) == 2);
    EXPECT(mn_gc_ephemeron_value(my.pair) == &outside);
    my.key = NULL;
    EXPECT(left(true) == 1 && is_clear(my.pair));
    mn_gc_ephemeron_store(gc, my.pair, &outside);
    EXPECT(is_clear(my.pair));
}

TEST(a_pair_may_end_before_its_key)
{
    begin((struct mn_gc_options){0});
    MN_GC_FRAME(gc, my, struct node * key; struct mn_gc_ephemeron * pair;);
    my.key = made(1);
    my.pair = paired(my.key, made(2));
    mn_gc_ephemeron_clear(my.pair);
    EXPECT(is_clear(my.pair) && left(true) == 2);
}

TEST(keys_may_be_large_or_without_references)
{
    begin((struct mn_gc_options){0});
    MN_GC_FRAME(gc, my, void *leaf; void *large; struct mn_gc_ephemeron * a;
                struct mn_gc_ephemeron * b; struct mn_gc_ephemeron * c;);
    my.leaf = mn_gc_new_leaf(gc, 10);
    my.large = mn_gc_new_untyped(gc, 100000);
    EXPECT(my.leaf != NULL && my.large != NULL);
    my.c = paired(my.large, mn_gc_new_leaf(gc, 100000));
    my.b = paired(mn_gc_ephemeron_value(my.c), mn_gc_new_leaf(gc, 20));
    my.a = paired(my.leaf, made(1));
    EXPECT(left(true) == 8);
    my.leaf = my.large = NULL;
    EXPECT(left(true) == 3);
    EXPECT(is_clear(my.a) && is_clear(my.b) && is_clear(my.c));
}

TEST(what_is_no_object_is_refused)
{
    long outside;

    begin((struct mn_gc_options){0});
    MN_GC_FRAME(gc, my, struct node * key;);
    my.key = made(1);
    EXPECT_STOPS(mn_gc_ephemeron_new(gc, &outside, NULL),
                 "key is not of the collector");
    EXPECT_STOPS(mn_gc_ephemeron_new(gc, &my.key->id, NULL), "is no object");
    EXPECT_STOPS(mn_gc_ephemeron_new(gc, my.key, &my.key->id), "is no object");
    EXPECT_STOPS(mn_gc_ephemeron_store(gc, paired(my.key, NULL), &my.key->id),
                 "is no object");
}

/* ---- many ---- */

/* Node i is the key of node i + 1; the pairs are in a list of holders, in the
 * order of the chain or against it. */
static void chain(struct node **first, struct node **list, bool forth)
{
    MN_GC_FRAME(gc, my, struct node * at; struct node * next;
                struct mn_gc_ephemeron * pair;);

    my.at = made(0);
    if (forth)
        *first = my.at;
    for (size_t i = 0; i < CHAIN; i++) {
        my.next = made(i);
        my.pair = forth ? paired(my.at, my.next) : paired(my.next, my.at);
        struct node *holder = made(i);
        holder->pair = my.pair;
        holder->ref[0] = *list;
        *list = holder;
        my.at = my.next;
    }
    if (!forth)
        *first = my.at;
}

static void expect_chain(bool full, bool forth)
{
    MN_GC_FRAME(gc, my, struct node * first; struct node * list;);
    chain(&my.first, &my.list, forth);
    EXPECT(left(full) == 3 * CHAIN + 1);
    EXPECT(left(true) == 3 * CHAIN + 1);
    my.first = NULL;
    EXPECT(left(true) == 2 * CHAIN);
    for (; my.list != NULL; my.list = my.list->ref[0])
        EXPECT(is_clear(my.list->pair));
    EXPECT(left(true) == 0);
}

TEST(long_chains_live_and_die_as_one)
{
    for (int forth = 0; forth < 2; forth++) {
        begin((struct mn_gc_options){0});
        expect_chain(true, forth != 0);
        begin((struct mn_gc_options){.markers = 4});
        expect_chain(true, forth != 0);
        begin((struct mn_gc_options){.generational = true, .nursery = 1 << 20});
        expect_chain(false, forth != 0);
    }
}

/* Each pair is found only by the value of the one before. */
TEST(long_chains_are_found_link_by_link)
{
    begin((struct mn_gc_options){0});
    MN_GC_FRAME(gc, my, struct node * key; struct node * value;
                struct mn_gc_ephemeron * pair;);
    my.key = made(0);
    for (size_t i = 0; i < CHAIN; i++) {
        my.value = made(i);
        my.value->pair = my.pair;
        my.value->ref[0] = my.key;
        my.key = made(i);
        my.pair = paired(my.key, my.value);
    }
    my.value = NULL;
    EXPECT(left(true) == 3 * CHAIN + 1);
    my.key = NULL;
    EXPECT(left(true) == 1);
}

TEST(many_pairs_may_have_one_key)
{
    begin((struct mn_gc_options){0});
    MN_GC_FRAME(gc, my, struct node * first; struct node * key;
                struct node * list; struct mn_gc_ephemeron * pair;
                struct mn_gc_ephemeron * more;);
    my.first = made(0);
    my.key = made(1);
    my.key->ref[0] = made(2); /* another key, which is found with it */
    my.pair = paired(made(3), my.key);
    my.more = paired(my.first, mn_gc_ephemeron_key(my.pair));
    for (size_t i = 0; i < CHAIN; i++) {
        struct node *holder = made(i);
        holder->ref[0] = my.list;
        my.list = holder;
        struct mn_gc_ephemeron *pair =
            paired(i % 2 == 0 ? my.key : my.key->ref[0], made(i));
        my.list->pair = pair;
    }
    my.key = NULL;
    EXPECT(left(true) == 3 * CHAIN + 6);
    my.first = NULL;
    EXPECT(left(true) == 2 * CHAIN + 2);
}

TEST(what_a_pair_is_made_of_is_kept_meanwhile)
{
    struct mn_gc_stats stats;
    uint64_t seen = 0;

    begin((struct mn_gc_options){.reserve = 1 << 14});
    for (size_t i = 0; i < 5000; i++) {
        MN_GC_FRAME(gc, my, struct node * key;);
        my.key = made(i);
        struct node *value = made(i);
        struct node *key = my.key;
        my.key = NULL;
        uint64_t before = seen;
        for (int k = 0; k < 10 && seen == before; k++) {
            (void)paired(key, value);
            mn_gc_read_stats(gc, &stats);
            seen = stats.full_count;
        }
        EXPECT(seen == before || mn_gc_check(gc));
    }
    EXPECT(seen > 10);
}

/* ---- drops ---- */

MN_TYPE_DECLARE(file);
struct file {
    struct mn_gc_ephemeron *pair;
    struct file *peer;
};
static size_t closed, seen;
static void file_close(struct file *file)
{
    closed++;
    seen += file->pair != NULL && mn_gc_ephemeron_key(file->pair) != NULL;
}
MN_DROP(file, file_close)
MN_TYPE(file, .drop = file_drop,
        MN_REFERENCES(MN_MEMBER_IS(GC, file, pair, mn_gc_ephemeron),
                      MN_MEMBER_IS(GC, file, peer, file)));

static struct file *opened(void)
{
    struct file *file = mn_gc_new(gc, &file_type);

    EXPECT(file != NULL);
    return file;
}

TEST(a_pair_is_cleared_before_its_key_is_dropped)
{
    begin((struct mn_gc_options){0});
    MN_GC_FRAME(gc, my, struct file * key; struct mn_gc_ephemeron * pair;);
    my.key = opened();
    my.pair = paired(my.key, made(1));
    my.key->pair = my.pair;
    my.key = NULL;
    EXPECT(left(true) == 2 && is_clear(my.pair));
    EXPECT(closed == 0 && mn_gc_finalize(gc, 2) == 1 && seen == 0);
    EXPECT(left(true) == 1);
}

/* What a drop finds is whole: a pair that lived only in what waits keeps its
 * value if the key waits, too, and is NULL if it does not. */
TEST(pairs_in_what_waits_for_its_drop_are_whole)
{
    begin((struct mn_gc_options){0});
    MN_GC_FRAME(gc, my, struct file * holder; struct file * other;);
    my.holder = opened();
    my.holder->peer = opened();
    my.holder->pair = paired(my.holder->peer, made(1));
    my.other = opened();
    my.other->pair = paired(made(2), made(3));
    my.holder = my.other = NULL;
    EXPECT(left(true) == 3 + 3);
    EXPECT(mn_gc_finalize(gc, 5) == 3 && seen == 1);
    EXPECT(left(true) == 0);
}

/* ---- in a buffer ---- */

TEST(a_buffer_of_16_KiB_holds_pairs)
{
    static _Alignas(16) unsigned char buffer[16 * 1024];
    struct mn_gc_options options = {.generational = true};

    gc = mn_gc_init(buffer, sizeof buffer, &options);
    EXPECT(gc != NULL);
    MN_GC_FRAME(gc, my, struct node * first; struct node * list;);
    my.first = made(0);
    for (int round = 0; round < 50; round++) {
        struct node *key = my.first;
        my.list = NULL;
        for (size_t i = 0; i < 20; i++) {
            struct node *holder = made(i);
            holder->ref[0] = my.list;
            my.list = holder;
            struct mn_gc_ephemeron *pair = paired(key, NULL);
            mn_gc_store(gc, my.list, &my.list->pair, pair);
            struct node *value = made(i);
            mn_gc_ephemeron_store(gc, my.list->pair, value);
            key = value;
        }
        EXPECT(left(round % 3 == 0) >= 61);
        EXPECT(left(true) == 61);
    }
    my.first = NULL;
    EXPECT(left(true) == 40);
    size_t refused = 0;
    for (int i = 0; i < 1000; i++)
        refused += mn_gc_ephemeron_new(gc, my.list, my.list) == NULL;
    EXPECT(refused == 0 && left(true) == 40);
    do {
        struct node *holder = mn_gc_new(gc, &node_type);
        if (holder == NULL)
            break;
        holder->ref[0] = my.list;
        my.list = holder;
        struct mn_gc_ephemeron *pair =
            mn_gc_ephemeron_new(gc, my.list, my.list->ref[0]);
        mn_gc_store(gc, my.list, &my.list->pair, pair);
    } while (my.list->pair != NULL);
    EXPECT(mn_gc_check(gc));
}
