/* SPDX-License-Identifier: MIT */
/* Tests of collectors: what an object is, which collections there are, limits,
 * and each misuse that can be seen. */
#include <mn/heap.h>
#include <mn/root.h>
#include <mn/space.h>

#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

enum { KIB = 1024, MIB = 1024 * KIB };

MN_TYPE_DECLARE(node);
struct node {
    struct node *next;
    struct node *other;
};
MN_TYPE(node, MN_REFERENCES(MN_MEMBER_IS(GC, node, next, node),
                            MN_MEMBER_IS(GC, node, other, node)));
MN_TYPE_DECLARE(plain);
struct plain {
    char bytes[24];
};
MN_TYPE(plain, .drop = NULL);
MN_TYPE_DECLARE(wide);
struct wide {
    struct node *at[300];
};
MN_TYPE(wide, MN_REFERENCES(MN_MEMBER_IS(GC, wide, at, node)));
MN_TYPE_DECLARE(cell);
struct cell {
    struct node *at;
};
MN_TYPE(cell, MN_REFERENCES(MN_MEMBER_IS(GC, cell, at, node)));

static struct mn_gc *created(struct mn_gc_options options)
{
    struct mn_gc *gc = mn_gc_create(&options);

    EXPECT(gc != NULL && mn_gc_check(gc));
    return gc;
}

static struct mn_gc_stats stats_of(const struct mn_gc *gc)
{
    struct mn_gc_stats stats;

    mn_gc_read_stats(gc, &stats);
    EXPECT(stats.live + stats.fresh + stats.room + stats.stock + stats.returned
           == stats.committed);
    return stats;
}

static uint64_t count_after(struct mn_gc *gc, bool full)
{
    mn_gc_collect(gc, full);
    EXPECT(mn_gc_check(gc));
    return stats_of(gc).object_count;
}

/* Have nothing lead to it. */
static void lose(const void *object)
{
    EXPECT(object != NULL);
}

static bool is_zero(const void *object, size_t size)
{
    const unsigned char *bytes = object;

    for (size_t i = 0; i < size; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

TEST(objects_are_zero_and_aligned_also_where_others_were)
{
    struct mn_gc *gc = created((struct mn_gc_options){0});

    for (int round = 0; round < 3; round++) {
        for (size_t size = 0; size < 40000; size += 1 + size / 3) {
            char *leaf = mn_gc_new_leaf(gc, size);
            char *untyped = mn_gc_new_untyped(gc, size);
            EXPECT(leaf != NULL && untyped != NULL && leaf != untyped);
            EXPECT((uintptr_t)leaf % MN_GC_GRANULE == 0);
            EXPECT((uintptr_t)untyped % MN_GC_GRANULE == 0);
            EXPECT(is_zero(untyped, size)); /* a leaf is undefined */
            memset(leaf, 0xff, size);
            memset(untyped, 0xff, size);
        }
        EXPECT(count_after(gc, true) == 0);
    }
    mn_gc_destroy(gc);
}

TEST(an_object_costs_its_size)
{
    struct mn_gc *gc = created((struct mn_gc_options){.reserve = 64 * MIB});
    enum { COUNT = 1 << 20 };

    for (int i = 0; i < COUNT; i++)
        EXPECT(mn_gc_new(gc, &node_type) != NULL);
    struct mn_gc_stats stats = stats_of(gc);
    EXPECT(stats.fresh == COUNT * sizeof(struct node));
    EXPECT(stats.fresh + stats.room == stats.fresh);
    mn_gc_destroy(gc);
}

TEST(frames_keep_what_they_hold_until_their_end)
{
    struct mn_gc *gc = created((struct mn_gc_options){0});
    {
        MN_GC_FRAME(gc, outer, struct node * first; struct node * second;);
        EXPECT(outer.first == NULL && outer.second == NULL);
        outer.first = mn_gc_new(gc, &node_type);
        {
            MN_GC_FRAME(gc, inner, struct node * third;);
            inner.third = mn_gc_new(gc, &node_type);
            inner.third->next = mn_gc_new(gc, &node_type);
            EXPECT(count_after(gc, true) == 3);
        }
        EXPECT(count_after(gc, true) == 1);
    }
    EXPECT(count_after(gc, true) == 0);
    mn_gc_destroy(gc);
}

TEST(roots_keep_what_they_hold_and_may_lead_elsewhere)
{
    struct mn_gc *gc = created((struct mn_gc_options){0});
    void *exact[3] = {NULL, NULL, &gc};
    uintptr_t ambiguous[2] = {1, UINTPTR_MAX};
    struct mn_gc_root roots[2];

    mn_gc_root_begin(gc, &roots[0], MN_GC_EXACT, exact, 3);
    mn_gc_root_begin(gc, &roots[1], MN_GC_AMBIGUOUS, ambiguous, 2);
    exact[0] = mn_gc_new(gc, &node_type);
    ambiguous[0] = (uintptr_t)mn_gc_new(gc, &node_type) + 5; /* inside */
    EXPECT(count_after(gc, true) == 2);
    mn_gc_root_end(&roots[0]);
    EXPECT(count_after(gc, true) == 1);
    mn_gc_root_end(&roots[1]);
    EXPECT(count_after(gc, true) == 0);
    EXPECT_STOPS(mn_gc_root_end(&roots[1]), "a root that has not begun");
    mn_gc_destroy(gc);
}

TEST(what_is_no_object_is_no_false_root)
{
    struct mn_gc *gc = created((struct mn_gc_options){0});
    MN_GC_FRAME(gc, my, struct node * kept;);
    uintptr_t words[4];
    struct mn_gc_root root;

    my.kept = mn_gc_new(gc, &node_type);
    struct node *dead = mn_gc_new(gc, &node_type);
    words[0] = (uintptr_t)(dead + 1);      /* of the run, not handed out */
    words[1] = (uintptr_t)dead + 10 * MIB; /* beyond what is committed */
    words[2] = gc->base - 1;
    words[3] = gc->base + ((uintptr_t)1 << 35);
    mn_gc_root_begin(gc, &root, MN_GC_AMBIGUOUS, words, 4);
    EXPECT(count_after(gc, true) == 1);
    words[0] = (uintptr_t)dead; /* dead already, and not yet swept */
    EXPECT(count_after(gc, true) == 1);
    mn_gc_root_end(&root);
}

static __attribute__((noinline)) void make_on_stack(struct mn_gc *gc)
{
    struct node *volatile first = mn_gc_new(gc, &node_type);

    first->next = mn_gc_new(gc, &node_type);
    EXPECT(count_after(gc, true) >= 2);
    EXPECT(first->next != NULL);
}

static __attribute__((noinline)) void overwrite_stack(void)
{
    volatile char bytes[4 * KIB];

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = 0;
}

TEST(a_conservative_stack_keeps_what_is_on_it)
{
    struct mn_gc *gc = created((struct mn_gc_options){.stack = MN_GC_HERE});

    make_on_stack(gc);
    overwrite_stack();
    mn_gc_stack(gc, NULL);
    EXPECT(count_after(gc, true) == 0);
    mn_gc_destroy(gc);
}

TEST(registers_keep_what_they_hold)
{
    struct mn_gc *gc = created(
        (struct mn_gc_options){.stack = MN_GC_HERE, .reserve = 64 * KIB});
    struct node *list = NULL;
    size_t length = 0;

    for (int i = 0; i < 20000; i++) {
        struct node *node = mn_gc_new(gc, &node_type);
        node->next = list;
        list = node;
        lose(mn_gc_new_leaf(gc, 100));
    }
    for (; list != NULL; list = list->next)
        length++;
    EXPECT(length == 20000);
    EXPECT(stats_of(gc).full_count > 5);
    mn_gc_destroy(gc);
}

TEST(a_list_of_ten_million_needs_no_stack)
{
    struct mn_gc *gc = created((struct mn_gc_options){.reserve = 64 * MIB});
    MN_GC_FRAME(gc, my, struct node * list; struct node * deep;);
    enum { LENGTH = 10 * 1000 * 1000 };

    for (int i = 0; i < LENGTH; i++) {
        struct node *node = mn_gc_new(gc, &node_type);
        EXPECT(node != NULL);
        node->next = my.list;
        my.list = node;
    }
    EXPECT(count_after(gc, true) == LENGTH);
    /* A comb: each step leaves something to be done. */
    for (int i = 0; i < LENGTH / 10; i++) {
        struct node *node = mn_gc_new(gc, &node_type);
        node->next = my.deep;
        my.deep = node;
        my.deep->other = mn_gc_new(gc, &node_type);
    }
    EXPECT(count_after(gc, true) == LENGTH + LENGTH / 5);
    my.list = my.deep = NULL;
    EXPECT(count_after(gc, true) == 0);
}

TEST(wide_objects_and_arrays_keep_all_they_hold)
{
    struct mn_gc *gc = created((struct mn_gc_options){.reserve = 64 * MIB});
    MN_GC_FRAME(gc, my, struct wide * wide; struct cell * cells;);
    enum { CELLS = 1000 * 1000 };

    my.wide = mn_gc_new(gc, &wide_type);
    my.cells = mn_gc_new_array(gc, &cell_type, CELLS);
    for (int i = 0; i < 300; i++)
        my.wide->at[i] = mn_gc_new(gc, &node_type);
    for (int i = 0; i < CELLS; i++)
        my.cells[i].at = mn_gc_new(gc, &node_type);
    EXPECT(count_after(gc, true) == 302 + CELLS);
    for (int i = 0; i < CELLS; i += 2)
        my.cells[i].at = NULL;
    EXPECT(count_after(gc, true) == 302 + CELLS / 2);
    EXPECT(mn_gc_new_array(gc, &cell_type, SIZE_MAX / 4) == NULL);
}

TEST(interior_pointers_keep_objects_where_asked)
{
    for (int interior = 0; interior < 2; interior++) {
        struct mn_gc *gc =
            created((struct mn_gc_options){.interior = interior != 0});
        MN_GC_FRAME(gc, my, char **untyped; struct node * node;);
        my.untyped = mn_gc_new_untyped(gc, 3 * sizeof(char *));
        my.untyped[0] = (char *)mn_gc_new_leaf(gc, 500) + 499;
        my.untyped[1] = (char *)mn_gc_new_leaf(gc, 50000) + 40000;
        EXPECT(count_after(gc, true) == (interior ? 3u : 1u));
        my.node = mn_gc_new(gc, &node_type);
        char *leaf = mn_gc_new_leaf(gc, 500);
        static const size_t offsets[] = {64, 1, 3, 17, 499};
        for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
            char *inside = leaf + offsets[i];
            memcpy(&my.node->next, &inside, sizeof inside);
            if (interior)
                EXPECT(count_after(gc, true) == 5);
            else
                EXPECT_STOPS(mn_gc_collect(gc, true),
                             "a reference leads to no object");
        }
        my.node->next = NULL;
    }
}

TEST(minor_collections_release_what_is_young)
{
    struct mn_gc *gc = created((struct mn_gc_options){.generational = true});
    MN_GC_FRAME(gc, my, struct node * old;);

    my.old = mn_gc_new(gc, &node_type);
    lose(mn_gc_new(gc, &node_type));
    EXPECT(count_after(gc, false) == 1);
    mn_gc_store(gc, my.old, &my.old->next, mn_gc_new(gc, &node_type));
    mn_gc_store(gc, my.old, &my.old->other, mn_gc_new(gc, &node_type));
    lose(mn_gc_new(gc, &node_type));
    EXPECT(count_after(gc, false) == 3);
    mn_gc_store(gc, my.old, &my.old->next, NULL);
    EXPECT(count_after(gc, false) == 3); /* it was old */
    EXPECT(count_after(gc, true) == 2);
    mn_gc_touch(gc, my.old);
    my.old->next = mn_gc_new(gc, &node_type);
    EXPECT(count_after(gc, false) == 3);
    EXPECT(stats_of(gc).minor_count == 4 && stats_of(gc).full_count == 1);
}

TEST(large_arrays_are_followed_where_they_changed)
{
    struct mn_gc *gc =
        created((struct mn_gc_options){.generational = true, .verify = true});
    MN_GC_FRAME(gc, my, struct cell * cells; void **untyped;);
    enum { CELLS = 100000 };
    uint64_t random = 5;

    my.cells = mn_gc_new_array(gc, &cell_type, CELLS);
    my.untyped = mn_gc_new_untyped(gc, CELLS * sizeof(void *));
    mn_gc_collect(gc, false);
    size_t count = 2;
    for (int round = 0; round < 50; round++) {
        for (int i = 0; i < 40; i++) {
            size_t at = (size_t)(test_random(&random) % CELLS);
            count += my.cells[at].at == NULL;
            mn_gc_store(gc, my.cells, &my.cells[at].at,
                        mn_gc_new(gc, &node_type));
            at = i == 0 ? CELLS - 1 : (size_t)(test_random(&random) % CELLS);
            count += my.untyped[at] == NULL;
            mn_gc_store(gc, my.untyped, &my.untyped[at],
                        mn_gc_new(gc, &node_type));
        }
        EXPECT(mn_gc_check(gc));
        EXPECT(count_after(gc, round % 10 == 9) >= count);
    }
    EXPECT(count_after(gc, true) == count);
    my.untyped = NULL; /* with parts in the log */
    mn_gc_store(gc, my.cells, &my.cells[7].at, NULL);
    (void)count_after(gc, true);
    my.cells = NULL;
    EXPECT(count_after(gc, true) == 0);
}

TEST(a_store_without_a_word_is_found)
{
    struct mn_gc *gc =
        created((struct mn_gc_options){.generational = true, .verify = true});
    MN_GC_FRAME(gc, my, struct node * old; void **untyped;);

    my.old = mn_gc_new(gc, &node_type);
    my.untyped = mn_gc_new_untyped(gc, 40);
    mn_gc_collect(gc, false);
    my.old->next = mn_gc_new(gc, &node_type);
    EXPECT_STOPS(mn_gc_collect(gc, false),
                 "a reference was stored without mn_gc_store");
    my.old->next = NULL;
    mn_gc_collect(gc, false);
    my.untyped[2] = mn_gc_new(gc, &node_type);
    EXPECT_STOPS(mn_gc_collect(gc, false),
                 "a reference was stored without mn_gc_store");
}

TEST(a_limit_is_kept_and_its_end_is_null)
{
    struct mn_gc *gc = created((struct mn_gc_options){.limit = 2 * MIB});
    {
        MN_GC_FRAME(gc, my, struct node * list;);
        size_t count = 0;
        for (struct node *node = mn_gc_new(gc, &node_type); node != NULL;
             node = mn_gc_new(gc, &node_type), count++) {
            node->next = my.list;
            my.list = node;
        }
        EXPECT(count == 2 * MIB / sizeof(struct node));
        EXPECT(mn_gc_new_leaf(gc, 100 * KIB) == NULL);
        EXPECT(mn_gc_check(gc));
        EXPECT(stats_of(gc).used_max == 2 * MIB);
        my.list = NULL;
        EXPECT(mn_gc_new_leaf(gc, MIB) != NULL);
        uint64_t before = stats_of(gc).full_count;
        EXPECT(mn_gc_new_leaf(gc, 3 * MIB) == NULL);
        EXPECT(mn_gc_new_leaf(gc, PTRDIFF_MAX) == NULL);
        volatile size_t huge = SIZE_MAX;
        EXPECT(mn_gc_new_untyped(gc, huge) == NULL);
        EXPECT(stats_of(gc).full_count == before); /* none helps */
    }
    EXPECT(mn_gc_new_leaf(gc, 2 * MIB) != NULL);
    mn_gc_destroy(gc);
}

TEST(sparse_pages_are_used_before_memory_ends)
{
    struct mn_gc *gc = created((struct mn_gc_options){.limit = MIB});
    MN_GC_FRAME(gc, my, struct node * list;);

    for (int i = 0; i < MIB / (int)sizeof(struct node); i++) {
        struct node *node = mn_gc_new(gc, &node_type);
        EXPECT(node != NULL);
        node->next = my.list;
        my.list = node;
    }
    /* One of twenty dies. */
    int i = 0;
    for (struct node *node = my.list; node->next != NULL; i++)
        if (i % 20 == 0)
            node->next = node->next->next;
        else
            node = node->next;
    for (int k = 0; k < i / 21; k++)
        EXPECT(mn_gc_new(gc, &node_type) != NULL);
    EXPECT(mn_gc_check(gc));
}

TEST(memory_goes_back_to_the_system)
{
    struct mn_gc *gc = created((struct mn_gc_options){0});
    {
        MN_GC_FRAME(gc, my, struct node * list; char *large;);
        my.large = mn_gc_new_leaf(gc, 5 * MIB);
        for (int i = 0; i < 300 * KIB; i++) {
            struct node *node = mn_gc_new(gc, &node_type);
            node->next = my.list;
            my.list = node;
        }
    }
    size_t before = stats_of(gc).returned;
    mn_gc_collect(gc, true);
    EXPECT(stats_of(gc).returned <= before + MIB); /* not yet */
    for (int i = 0; i < 3; i++)
        mn_gc_collect(gc, true);
    struct mn_gc_stats stats = stats_of(gc);
    EXPECT(stats.returned == stats.committed && mn_gc_check(gc));
    EXPECT(is_zero(mn_gc_new_untyped(gc, 5 * MIB), 5 * MIB));
    mn_gc_collect(gc, true);
    mn_gc_trim(gc);
    stats = stats_of(gc);
    EXPECT(stats.returned == stats.committed && mn_gc_check(gc));
    mn_gc_destroy(gc);
}

TEST(the_map_knows_objects)
{
    struct mn_gc *gc = created((struct mn_gc_options){0});
    MN_GC_FRAME(gc, my, struct node * node; char *large;);
    struct mn_block block;

    my.node = mn_gc_new(gc, &node_type);
    my.large = mn_gc_new_leaf(gc, 100000);
    EXPECT(mn_block_at((char *)my.node + 3, &block));
    EXPECT(block.start == my.node && block.size == sizeof *my.node);
    EXPECT(block.state == MN_ALLOCATED && block.perm == MN_PERM_RW);
    EXPECT(mn_block_at(my.node + 1, &block) && block.state == MN_FREE);
    EXPECT(mn_block_at(my.large + 99999, &block));
    EXPECT(block.start == my.large && block.size >= 100000);
    EXPECT(block.state == MN_ALLOCATED);
    EXPECT_STOPS(mn_free(my.node), "it lies in block");
    EXPECT(mn_block_at(my.large + 64 * MIB, &block));
    EXPECT(block.state == MN_RESERVED);
}

TEST(collectors_come_and_go)
{
    struct mn_gc *some[20];

    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 20; i++) {
            some[i] = created((struct mn_gc_options){.limit = MIB});
            EXPECT(mn_gc_new(some[i], &node_type) != NULL);
        }
        for (int i = 0; i < 20; i++)
            mn_gc_destroy(some[i]);
    }
}

static void *use_elsewhere(void *context)
{
    struct mn_gc *gc = context;
    struct node *volatile list = NULL;

    mn_gc_stack(gc, MN_GC_HERE);
    for (int i = 0; i < 5000; i++) {
        struct node *node = mn_gc_new(gc, &node_type);
        node->next = list;
        list = node;
        if (i % 1000 == 0)
            mn_gc_collect(gc, true);
    }
    EXPECT(count_after(gc, true) >= 5000);
    mn_gc_stack(gc, NULL);
    return list;
}

TEST(another_thread_may_go_on)
{
    struct mn_gc *gc = created((struct mn_gc_options){0});
    pthread_t thread;
    void *list = NULL;

    EXPECT(pthread_create(&thread, NULL, use_elsewhere, gc) == 0);
    EXPECT(pthread_join(thread, &list) == 0);
    MN_GC_FRAME(gc, my, void *list;);
    my.list = list;
    EXPECT(count_after(gc, true) == 5000);
}

TEST(the_child_of_a_fork_has_its_own)
{
    struct mn_gc *gc = created((struct mn_gc_options){.generational = true});
    MN_GC_FRAME(gc, my, struct node * node;);
    int status = 0;

    my.node = mn_gc_new(gc, &node_type);
    pid_t child = fork();
    if (child == 0) {
        my.node->next = mn_gc_new(gc, &node_type);
        EXPECT(count_after(gc, false) == 2 && count_after(gc, true) == 2);
        _exit(0);
    }
    EXPECT(child > 0 && waitpid(child, &status, 0) == child && status == 0);
    EXPECT(my.node->next == NULL && count_after(gc, true) == 1);
}

static int phases[8];
static int phase_count;
static bool phase_uses;

static void note_phase(struct mn_gc *gc, enum mn_gc_phase phase, void *context)
{
    EXPECT(context == &phase_count);
    phases[phase_count++ % 8] = (int)phase;
    if (phase_uses)
        lose(mn_gc_new_leaf(gc, 10000));
}

TEST(phases_are_told_in_their_order)
{
    struct mn_gc *gc = created(
        (struct mn_gc_options){.phase = note_phase, .context = &phase_count});

    mn_gc_collect(gc, true);
    EXPECT(phase_count == 3 && phases[0] == MN_GC_BEGIN);
    EXPECT(phases[1] == MN_GC_MARKED && phases[2] == MN_GC_ENDED);
    EXPECT(stats_of(gc).pause_ns_last <= stats_of(gc).pause_ns_max);
    phase_uses = true;
    EXPECT_STOPS(mn_gc_collect(gc, true), "used while it collects");
    mn_gc_destroy(gc);
}

static void plain_drop(void *object)
{
    (void)object;
}

TEST(misuse_stops)
{
    struct mn_gc *gc = created((struct mn_gc_options){0});
    const struct mn_type none = {.size = 8, .align = 8};
    const struct mn_type aligned = {.name = "a", .size = 64, .align = 64};
    const struct mn_type dropped = {
        .name = "d", .size = 8, .align = 8, .drop = plain_drop};
    MN_GC_FRAME(gc, my, void *at;);

    EXPECT_STOPS(mn_gc_new(gc, &none), "a type with a wrong description");
    EXPECT_STOPS(mn_gc_new(gc, &aligned), "aligned to more than a granule");
    EXPECT_STOPS(mn_gc_new_array(gc, &dropped, 2), "an array of a type with");
    EXPECT_STOPS(mn_gc_destroy(gc), "destroyed inside a frame");
    struct node *node = mn_gc_new(gc, &node_type);
    my.at = (char *)node + 8;
    EXPECT_STOPS(mn_gc_collect(gc, true), "a root leads to no object");
    my.at = node + 1; /* not handed out */
    EXPECT_STOPS(mn_gc_collect(gc, true), "a root leads to no object");
    my.at = NULL;
}
