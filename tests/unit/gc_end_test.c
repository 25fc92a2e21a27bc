/* SPDX-License-Identifier: MIT */
/* Tests of what happens when objects of a collector die: weak references,
 * drops, objects that come back, cycles of all of these. */
#include <mn/root.h>

#include "test.h"

MN_TYPE_DECLARE(file);
struct file {
    struct file *peer;
    struct file *weak;
    int number;
    int *closed; /* counts */
};

static struct file *last;   /* the one that was closed last */
static struct file *revive; /* is set to it, if asked for */
static bool reviving;

static void file_close(struct file *file)
{
    last = file;
    ++*file->closed;
    if (reviving)
        revive = file;
}

MN_DROP(file, file_close)
MN_TYPE(file, .drop = file_drop,
        MN_REFERENCES(MN_MEMBER_IS(GC, file, peer, file),
                      MN_MEMBER_IS(GC_WEAK, file, weak, file)));

static struct mn_gc *gc;
static int closed;

static void begin(bool generational)
{
    struct mn_gc_options options = {.generational = generational,
                                    .verify = generational};

    gc = mn_gc_create(&options);
    EXPECT(gc != NULL);
    closed = 0;
}

static struct file *opened(int number)
{
    struct file *file = mn_gc_new(gc, &file_type);

    EXPECT(file != NULL);
    file->number = number;
    file->closed = &closed;
    return file;
}

static uint64_t due(void)
{
    struct mn_gc_stats stats;

    EXPECT(mn_gc_check(gc));
    mn_gc_read_stats(gc, &stats);
    return stats.due_count;
}

static uint64_t living(void)
{
    struct mn_gc_stats stats;

    mn_gc_read_stats(gc, &stats);
    return stats.object_count;
}

TEST(weak_references_end_with_their_target)
{
    for (int minor = 0; minor < 2; minor++) {
        begin(minor != 0);
        MN_GC_FRAME(gc, my, struct file * holder; struct file * target;);
        my.holder = opened(1);
        mn_gc_collect(gc, !minor); /* old, where that is something */
        my.target = opened(2);
        mn_gc_store(gc, my.holder, &my.holder->weak, my.target);
        mn_gc_collect(gc, !minor);
        EXPECT(my.holder->weak == my.target);
        my.target = opened(3);
        mn_gc_store(gc, my.holder, &my.holder->weak, my.target);
        my.target = NULL;
        mn_gc_collect(gc, !minor);
        EXPECT(my.holder->weak == NULL);
        EXPECT(due() == (minor ? 1u : 2u)); /* and not dropped before */
    }
}

TEST(weak_roots_end_with_their_target)
{
    void *weak[2] = {NULL, NULL};
    struct mn_gc_root root;

    begin(true);
    mn_gc_root_begin(gc, &root, MN_GC_WEAK, weak, 2);
    MN_GC_FRAME(gc, my, void *kept;);
    my.kept = weak[0] = mn_gc_new_leaf(gc, 10);
    weak[1] = mn_gc_new_leaf(gc, 10);
    mn_gc_collect(gc, false);
    EXPECT(weak[0] == my.kept && weak[1] == NULL);
    my.kept = NULL;
    mn_gc_collect(gc, true);
    EXPECT(weak[0] == NULL);
    mn_gc_root_end(&root);
}

MN_TYPE_DECLARE(entry);
struct entry {
    long key;
    struct file *file;
    struct file *kept;
};
MN_TYPE(entry, MN_REFERENCES(MN_MEMBER_IS(GC_WEAK, entry, file, file),
                             MN_MEMBER_IS(GC, entry, kept, file)));

TEST(weak_tables_forget_what_died)
{
    enum { ENTRIES = 5000 };

    begin(true);
    MN_GC_FRAME(gc, my, struct entry * table;);
    my.table = mn_gc_new_array(gc, &entry_type, ENTRIES);
    mn_gc_collect(gc, false);
    for (int round = 0; round < 20; round++) {
        for (size_t i = (size_t)round; i < ENTRIES; i += 61) {
            struct entry *entry = &my.table[i];
            struct file *file = mn_gc_new_leaf(gc, sizeof *file);
            mn_gc_store(gc, my.table, &entry->file, file);
            mn_gc_store(gc, my.table, &entry->kept, i % 2 ? file : NULL);
        }
        mn_gc_collect(gc, round % 5 == 4);
        EXPECT(mn_gc_check(gc));
        for (size_t i = (size_t)round; i < ENTRIES; i += 61)
            EXPECT(my.table[i].file == my.table[i].kept
                   && (my.table[i].file != NULL) == (i % 2 != 0));
    }
}

TEST(drops_are_called_once_and_when_asked_for)
{
    begin(false);
    for (int i = 0; i < 5000; i++)
        (void)opened(i);
    EXPECT(closed == 0 && due() == 0);
    mn_gc_collect(gc, true);
    EXPECT(closed == 0 && due() == 5000 && living() == 5000);
    mn_gc_collect(gc, true); /* they wait on */
    EXPECT(due() == 5000 && living() == 5000);
    EXPECT(mn_gc_finalize(gc, 10) == 10 && closed == 10 && due() == 4990);
    EXPECT(mn_gc_finalize(gc, SIZE_MAX) == 4990 && closed == 5000);
    EXPECT(mn_gc_finalize(gc, SIZE_MAX) == 0);
    mn_gc_collect(gc, true);
    EXPECT(due() == 0 && living() == 0 && closed == 5000);
    mn_gc_destroy(gc);
}

TEST(young_objects_are_dropped_after_minor_collections)
{
    begin(true);
    {
        MN_GC_FRAME(gc, my, struct file * kept;);
        my.kept = opened(1);
        for (int i = 0; i < 100; i++)
            (void)opened(i);
        mn_gc_collect(gc, false);
        EXPECT(due() == 100);
        EXPECT(mn_gc_finalize(gc, SIZE_MAX) == 100);
        mn_gc_collect(gc, false);
        EXPECT(due() == 0 && my.kept->number == 1);
    }
    mn_gc_destroy(gc);
}

TEST(what_waits_keeps_what_it_leads_to)
{
    begin(false);
    struct file *first = opened(1);
    first->peer = opened(2);
    first->peer->peer = mn_gc_new(gc, &file_type);
    first->peer->peer->closed = &closed;
    first->peer->peer->weak = first;
    mn_gc_collect(gc, true);
    EXPECT(due() == 3);
    EXPECT(first->peer->number == 2 && first->peer->peer->closed == &closed);
    EXPECT(mn_gc_finalize(gc, SIZE_MAX) == 3);
    mn_gc_collect(gc, true);
    EXPECT(living() == 0);
    mn_gc_destroy(gc);
}

TEST(what_waits_refers_weakly_to_what_lives)
{
    for (int minor = 0; minor < 2; minor++) {
        begin(minor != 0);
        struct file *file = opened(1);
        file->weak = mn_gc_new_leaf(gc, sizeof *file);
        file->peer = opened(2);
        file->peer->weak = file; /* which waits, too */
        mn_gc_collect(gc, !minor);
        EXPECT(due() == 2);
        EXPECT(file->weak == NULL);
        EXPECT(file->peer->weak == file);
        mn_gc_destroy(gc);
    }
}

TEST(cycles_with_drops_and_weak_references_end)
{
    begin(true);
    for (int i = 0; i < 1000; i++) {
        struct file *a = opened(i);
        MN_GC_FRAME(gc, my, struct file * a;);
        my.a = a;
        struct file *b = opened(i);
        mn_gc_store(gc, my.a, &my.a->peer, b);
        mn_gc_store(gc, b, &b->peer, my.a);
        mn_gc_store(gc, b, &b->weak, my.a);
        if (i % 100 == 0)
            mn_gc_collect(gc, false);
    }
    mn_gc_collect(gc, true);
    EXPECT(due() == 2000);
    EXPECT(mn_gc_finalize(gc, SIZE_MAX) == 2000 && closed == 2000);
    mn_gc_collect(gc, true);
    EXPECT(living() == 0 && due() == 0);
    mn_gc_destroy(gc);
}

TEST(an_object_that_comes_back_is_not_dropped_again)
{
    struct mn_gc_root root;

    begin(false);
    mn_gc_root_begin(gc, &root, MN_GC_EXACT, &revive, 1);
    reviving = true;
    opened(7)->peer = opened(8);
    mn_gc_collect(gc, true);
    EXPECT(mn_gc_finalize(gc, SIZE_MAX) == 2);
    reviving = false;
    mn_gc_collect(gc, true);
    EXPECT(revive == last && revive->closed == &closed && closed == 2);
    EXPECT(living() >= 1 && due() == 0);
    revive = NULL;
    mn_gc_collect(gc, true);
    EXPECT(living() == 0 && due() == 0 && closed == 2);
    mn_gc_root_end(&root);
    mn_gc_destroy(gc);
}

static void busy_close(void *object)
{
    struct file *file = object;

    /* Whatever a drop does, its object is there. */
    for (int i = 0; i < 10; i++) {
        EXPECT(mn_gc_new_leaf(gc, 5000) != NULL);
        mn_gc_collect(gc, i % 2 == 0);
    }
    ++*file->closed;
    (void)mn_gc_finalize(gc, 1);
}

static const struct mn_type busy_type = {.name = "busy",
                                         .size = sizeof(struct file),
                                         .align = _Alignof(struct file),
                                         .drop = busy_close};

TEST(drops_may_use_the_collector)
{
    begin(true);
    for (int i = 0; i < 50; i++) {
        struct file *file = mn_gc_new(gc, &busy_type);
        file->closed = &closed;
    }
    mn_gc_collect(gc, false);
    while (mn_gc_finalize(gc, 3) != 0)
        EXPECT(mn_gc_check(gc));
    EXPECT(closed == 50 && due() == 0);
    mn_gc_destroy(gc);
}

static const struct mn_type large_type = {
    .name = "large", .size = 100000, .align = 8, .drop = file_drop};

TEST(large_objects_are_dropped)
{
    begin(false);
    for (int i = 0; i < 4; i++) {
        struct file *file = mn_gc_new(gc, &large_type);
        file->closed = &closed;
    }
    mn_gc_collect(gc, true);
    EXPECT(due() == 4 && mn_gc_finalize(gc, SIZE_MAX) == 4 && closed == 4);
    mn_gc_collect(gc, true);
    EXPECT(living() == 0);
    mn_gc_destroy(gc);
}
