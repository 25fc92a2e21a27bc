/* SPDX-License-Identifier: MIT */
/* Graphs of objects of every kind that change at random, beside a model that
 * knows what can be reached: nothing that can be is lost or changed, and a full
 * collection keeps nothing else. */
#include <mn/root.h>

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

enum {
    REFS = 3,
    ROOTS = 12,
    MODELS = 3000,
    STEPS = 30000,
    PAD_MEDIUM = 1000,
    PAD_LARGE = 20000,
    BUFFER = 256 * 1024
};

struct small {
    void *ref[REFS];
    void *weak;
    size_t id;
};

/* References to any kind are described as references to the first. */
MN_TYPE_DECLARE(any);
struct any {
    struct any *ref[REFS];
    struct any *weak;
    size_t id;
};
MN_TYPE(any, MN_REFERENCES(MN_MEMBER_IS(GC, any, ref, any),
                           MN_MEMBER_IS(GC_WEAK, any, weak, any)));
MN_TYPE_DECLARE(medium);
struct medium {
    struct any *ref[REFS];
    struct any *weak;
    size_t id;
    char pad[PAD_MEDIUM];
};
MN_TYPE(medium, MN_REFERENCES(MN_MEMBER_IS(GC, medium, ref, any),
                              MN_MEMBER_IS(GC_WEAK, medium, weak, any)));
MN_TYPE_DECLARE(large);
struct large {
    struct any *ref[REFS];
    struct any *weak;
    size_t id;
    char pad[PAD_LARGE];
};
MN_TYPE(large, MN_REFERENCES(MN_MEMBER_IS(GC, large, ref, any),
                             MN_MEMBER_IS(GC_WEAK, large, weak, any)));
MN_TYPE_DECLARE(visited);
struct visited {
    struct any *ref[REFS];
    struct any *weak;
    size_t id;
};

static const struct mn_member visited_ref = {"ref", &any_type, 0, 1,
                                             MN_MEMBER_GC};
static const struct mn_member visited_weak = {"weak", &any_type, 0, 1,
                                              MN_MEMBER_GC_WEAK};

static void visited_visit(void *object, mn_member_fn fn, void *context)
{
    struct visited *visited = object;

    for (size_t i = 0; i < REFS; i++)
        fn(&visited->ref[i], &visited_ref, context);
    fn(&visited->weak, &visited_weak, context);
}

MN_TYPE(visited, .visit = visited_visit);
MN_TYPE_DECLARE(dropped);
struct dropped {
    struct any *ref[REFS];
    struct any *weak;
    size_t id;
    size_t serial;
};
static void dropped_end(struct dropped *dropped);
MN_DROP(dropped, dropped_end)
MN_TYPE(dropped, .drop = dropped_drop,
        MN_REFERENCES(MN_MEMBER_IS(GC, dropped, ref, any),
                      MN_MEMBER_IS(GC_WEAK, dropped, weak, any)));
MN_TYPE_DECLARE(cell);
struct cell {
    size_t id;
    struct any *at;
};
MN_TYPE(cell, MN_REFERENCES(MN_MEMBER_IS(GC, cell, at, any)));

enum kind {
    SMALL,
    MEDIUM,
    LARGE,
    VISITED,
    DROPPED,
    CELLS,
    UNTYPED,
    LEAF,
    KINDS
};

struct model {
    enum kind kind;
    void *object;
    int ref[REFS]; /* the model, or -1 */
    int weak;
    bool reached;
};

struct world {
    struct mn_gc *gc;
    uint64_t random;
    struct model models[MODELS];
    int count;
    int root[ROOTS];
    void *roots[ROOTS];
    struct mn_gc_root begun;
    size_t serial; /* of the next object with a drop */
    bool reached[STEPS], ended[STEPS];
};

static struct world world;

static size_t pick(size_t count)
{
    return (size_t)(test_random(&world.random) % count);
}

static void **slot(const struct model *model, size_t i)
{
    if (model->kind == CELLS)
        return (void **)&((struct cell *)model->object)[i].at;
    return &((struct small *)model->object)->ref[i];
}

static size_t *id(const struct model *model)
{
    if (model->kind == CELLS)
        return &((struct cell *)model->object)->id;
    if (model->kind == LEAF)
        return model->object;
    return &((struct small *)model->object)->id;
}

static bool has_weak(const struct model *model)
{
    return model->kind <= DROPPED;
}

static size_t references(const struct model *model)
{
    return model->kind == LEAF ? 0 : REFS;
}

static void *made(enum kind kind)
{
    static const struct mn_type *const types[] = {
        &any_type, &medium_type, &large_type, &visited_type, &dropped_type};

    switch (kind) {
    case CELLS:
        return mn_gc_new_array(world.gc, &cell_type,
                               REFS + pick(4) * pick(300));
    case UNTYPED:
        return mn_gc_new_untyped(world.gc,
                                 sizeof(struct small) + pick(2) * PAD_LARGE);
    case LEAF:
        return mn_gc_new_leaf(world.gc, sizeof(size_t) + pick(3000));
    default:
        return mn_gc_new(world.gc, types[kind]);
    }
}

/* ---- the model ---- */

static void reach(int start)
{
    static int stack[MODELS * REFS];
    int top = 0;

    stack[top++] = start;
    while (top > 0) {
        int at = stack[--top];
        if (at < 0 || world.models[at].reached)
            continue;
        world.models[at].reached = true;
        for (size_t i = 0; i < REFS; i++)
            stack[top++] = world.models[at].ref[i];
    }
}

static int reach_all(void)
{
    int count = 0;

    for (int i = 0; i < world.count; i++)
        world.models[i].reached = false;
    for (int i = 0; i < ROOTS; i++)
        reach(world.root[i]);
    memset(world.reached, 0, sizeof world.reached);
    for (int i = 0; i < world.count; i++) {
        const struct model *model = &world.models[i];
        count += model->reached;
        if (model->reached && model->kind == DROPPED)
            world.reached[((struct dropped *)model->object)->serial] = true;
    }
    return count;
}

/* Each is dropped once, after nothing led to it any more. */
static void dropped_end(struct dropped *dropped)
{
    EXPECT(dropped->serial < world.serial);
    EXPECT(!world.reached[dropped->serial] && !world.ended[dropped->serial]);
    world.ended[dropped->serial] = true;
    for (size_t i = 0; i < REFS; i++) /* what it leads to is there */
        if (dropped->ref[i] != NULL)
            EXPECT(mn_gc_block_at(world.gc, dropped->ref[i],
                                  &(struct mn_block){0}));
}

/* Collect; a full collection also has what waited go. */
static void collect(bool full)
{
    mn_gc_collect(world.gc, full);
    (void)reach_all();
    /* What only they led to is dead, and may wait, when they are gone. */
    while (full && mn_gc_finalize(world.gc, 1 + pick(100)) != 0) {
        mn_gc_collect(world.gc, false);
        mn_gc_collect(world.gc, true);
    }
}

static void *object_of(int at)
{
    return at < 0 ? NULL : world.models[at].object;
}

/* What can be reached is as the model says; weak references after `full`. */
static void compare(bool full)
{
    int count = reach_all();
    struct mn_gc_stats stats;

    for (int i = 0; i < world.count; i++) {
        struct model *model = &world.models[i];
        if (!model->reached)
            continue;
        EXPECT(*id(model) == (size_t)i);
        for (size_t k = 0; k < references(model); k++)
            EXPECT(*slot(model, k) == object_of(model->ref[k]));
        if (!has_weak(model) || model->weak < 0)
            continue;
        void *weak = ((struct small *)model->object)->weak;
        if (world.models[model->weak].reached)
            EXPECT(weak == object_of(model->weak));
        else if (full)
            EXPECT(weak == NULL);
        if (weak == NULL)
            model->weak = -1;
    }
    EXPECT(mn_gc_check(world.gc));
    mn_gc_read_stats(world.gc, &stats);
    EXPECT(stats.live + stats.fresh + stats.room + stats.stock + stats.returned
           == stats.committed);
    if (full)
        EXPECT(stats.object_count == (uint64_t)count);
}

/* Forget models that cannot be reached: their objects may be gone. */
static void compact(void)
{
    static int place[MODELS];
    int count = 0;

    (void)reach_all();
    for (int i = 0; i < world.count; i++)
        place[i] = world.models[i].reached ? count++ : -1;
    for (int i = 0; i < world.count; i++) {
        struct model *model = &world.models[i];
        if (!model->reached)
            continue;
        for (size_t k = 0; k < REFS; k++)
            model->ref[k] = model->ref[k] < 0 ? -1 : place[model->ref[k]];
        int weak = model->weak;
        model->weak = weak < 0 ? -1 : place[weak];
        if (weak >= 0 && model->weak < 0)
            ((struct small *)model->object)->weak = NULL;
        *id(model) = (size_t)place[i];
        world.models[place[i]] = *model;
    }
    for (int i = 0; i < ROOTS; i++)
        world.root[i] = world.root[i] < 0 ? -1 : place[world.root[i]];
    world.count = count;
}

/* ---- what a program does ---- */

static void step_make(void)
{
    size_t to = pick(ROOTS);
    struct model *model = &world.models[world.count];

    *model = (struct model){.kind = (enum kind)pick(KINDS), .weak = -1};
    for (size_t i = 0; i < REFS; i++)
        model->ref[i] = -1;
    model->object = made(model->kind);
    if (model->object == NULL) /* all else is as it was */
        return;
    *id(model) = (size_t)world.count;
    if (model->kind == DROPPED)
        ((struct dropped *)model->object)->serial = world.serial++;
    world.root[to] = world.count++;
    world.roots[to] = model->object;
}

/* A model that can be reached from a root, or -1. */
static int some(void)
{
    int at = world.root[pick(ROOTS)];

    for (size_t steps = pick(6); at >= 0 && steps > 0; steps--) {
        int next = world.models[at].ref[pick(REFS)];
        if (next < 0)
            break;
        at = next;
    }
    return at;
}

static void step_store(void)
{
    int holder = some();
    int value = pick(8) == 0 ? -1 : some();

    if (holder < 0 || references(&world.models[holder]) == 0)
        return;
    struct model *model = &world.models[holder];
    if (has_weak(model) && pick(4) == 0) {
        struct small *object = model->object;
        mn_gc_store(world.gc, object, &object->weak, object_of(value));
        model->weak = value;
        return;
    }
    size_t i = pick(REFS);
    mn_gc_store(world.gc, model->object, slot(model, i), object_of(value));
    model->ref[i] = value;
}

static void step_forget(void)
{
    size_t at = pick(ROOTS);

    world.root[at] = -1;
    world.roots[at] = NULL;
}

static void run(bool always)
{
    world.random = 20240229;
    EXPECT(world.gc != NULL);
    for (size_t i = 0; i < ROOTS; i++)
        world.root[i] = -1;
    mn_gc_root_begin(world.gc, &world.begun, MN_GC_EXACT, world.roots, ROOTS);
    for (int step = 0; step < (always ? STEPS / 10 : STEPS); step++) {
        size_t what = pick(100);
        if (world.count == MODELS)
            compact();
        if (always) {
            bool full = pick(3) == 0;
            collect(full);
            compare(full);
        }
        if (what < 40)
            step_make();
        else if (what < 90)
            step_store();
        else if (what < 99)
            step_forget();
        else if (pick(4) == 0) {
            bool full = pick(2) == 0;
            collect(full);
            compare(full);
        }
    }
    mn_gc_root_end(&world.begun);
    memset(world.root, -1, sizeof world.root);
    collect(true);
    struct mn_gc_stats stats;
    mn_gc_read_stats(world.gc, &stats);
    EXPECT(stats.object_count == 0 && stats.live == 0);
    for (size_t i = 0; i < world.serial; i++)
        EXPECT(world.ended[i]);
    EXPECT(world.serial > 10);
    mn_gc_destroy(world.gc);
}

static struct mn_gc *made_with(struct mn_gc_options options)
{
    return mn_gc_create(&options);
}

TEST(full_collections_keep_what_can_be_reached)
{
    world.gc = made_with((struct mn_gc_options){.reserve = 1 << 18});
    run(false);
}

TEST(several_markers_keep_what_can_be_reached)
{
    world.gc =
        made_with((struct mn_gc_options){.reserve = 1 << 18, .markers = 3});
    run(false);
}

TEST(minor_collections_keep_what_can_be_reached)
{
    world.gc = made_with((struct mn_gc_options){
        .generational = true, .nursery = 1 << 17, .verify = true});
    run(false);
}

TEST(collections_at_each_step_keep_what_can_be_reached)
{
    world.gc =
        made_with((struct mn_gc_options){.generational = true, .verify = true});
    run(true);
}

TEST(collections_under_a_limit_keep_what_can_be_reached)
{
    world.gc = made_with(
        (struct mn_gc_options){.generational = true, .limit = 1 << 19});
    run(false);
}

TEST(collections_in_a_buffer_keep_what_can_be_reached)
{
    static unsigned char buffer[BUFFER];
    struct mn_gc_options options = {.generational = true, .verify = true};

    memset(buffer, 0xa5, sizeof buffer);
    world.gc = mn_gc_init(buffer, sizeof buffer, &options);
    run(false);
}

/* ---- helpers of a marker, which a child does not have ---- */

static void expect_count(struct mn_gc *gc, uint64_t count)
{
    struct mn_gc_stats stats;

    for (int i = 0; i < 50; i++) {
        mn_gc_collect(gc, true);
        mn_gc_read_stats(gc, &stats);
        EXPECT(mn_gc_check(gc) && stats.object_count == count);
    }
}

TEST(several_markers_mark_in_a_child_too)
{
    enum { COUNT = 5000 };
    struct mn_gc *gc = made_with((struct mn_gc_options){.markers = 4});
    MN_GC_FRAME(gc, my, struct any * list;);

    for (int i = 0; i < COUNT; i++) {
        struct any *any = mn_gc_new(gc, &any_type);
        EXPECT(any != NULL);
        any->ref[0] = my.list;
        any->ref[1] = i % 5 == 0 ? my.list : NULL;
        my.list = any;
    }
    expect_count(gc, COUNT);
    for (int i = 0; i < 3; i++) {
        int status;
        pid_t child = fork();
        EXPECT(child >= 0);
        if (child == 0) {
            expect_count(gc, COUNT);
            _exit(0);
        }
        EXPECT(waitpid(child, &status, 0) == child && status == 0);
    }
    expect_count(gc, COUNT);
}
