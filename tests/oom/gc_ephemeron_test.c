/* SPDX-License-Identifier: MIT */
/* Tests of ephemerons without memory: a pair is NULL or whole, and collections
 * neither need memory for them nor lose one when the stack cannot grow. */
#include <mn/ephemeron.h>
#include <mn/root.h>

#include <sys/wait.h>
#include <unistd.h>

#include "os/os_fake.h"
#include "test.h"

enum { WORDS = 100, NEXT = 63, LINKS = 400, PAIRS = 3000 };

static void **table; /* a root: pairs */
static void **keys;

static uint64_t living(struct mn_gc *gc)
{
    struct mn_gc_stats stats;

    EXPECT(mn_gc_check(gc));
    mn_gc_read_stats(gc, &stats);
    return stats.object_count;
}

/* ---- what is refused ---- */

static void fill(struct mn_gc *gc)
{
    for (size_t i = 0; i < PAIRS; i++) {
        void *key = mn_gc_new_leaf(gc, 16 + i % 3000);
        if (key == NULL)
            continue;
        mn_gc_store(gc, keys, &keys[i], key);
        struct mn_gc_ephemeron *pair = mn_gc_ephemeron_new(gc, key, key);
        mn_gc_store(gc, table, &table[i], pair);
        void *value = pair == NULL ? NULL : mn_gc_new_leaf(gc, 48);
        if (value != NULL)
            mn_gc_ephemeron_store(gc, pair, value);
    }
}

static void expect_pairs(struct mn_gc *gc, bool full)
{
    for (size_t i = 0; i < PAIRS; i += 3)
        mn_gc_store(gc, keys, &keys[i], NULL);
    mn_gc_collect(gc, full);
    EXPECT(mn_gc_check(gc));
    for (size_t i = 0; i < PAIRS; i++) {
        if (table[i] == NULL)
            continue;
        void *key = mn_gc_ephemeron_key(table[i]);
        EXPECT((mn_gc_ephemeron_value(table[i]) == NULL) == (key == NULL));
        EXPECT(keys[i] != NULL ? key == keys[i] : !full || key == NULL);
    }
}

static uint64_t run(uint64_t first, uint64_t last)
{
    struct mn_gc_options options = {.generational = true, .nursery = 1 << 20};
    struct mn_gc_root a, b;

    table = keys = NULL;
    mni_fake_fail(first, last);
    struct mn_gc *gc = mn_gc_create(&options);
    if (gc == NULL)
        return mni_fake_calls();
    mn_gc_root_begin(gc, &a, MN_GC_EXACT, &table, 1);
    mn_gc_root_begin(gc, &b, MN_GC_EXACT, &keys, 1);
    table = mn_gc_new_untyped(gc, PAIRS * sizeof *table);
    keys = mn_gc_new_untyped(gc, PAIRS * sizeof *keys);
    for (int i = 0; table != NULL && keys != NULL && i < 4; i++) {
        fill(gc);
        expect_pairs(gc, i % 2 != 0);
    }
    uint64_t calls = mni_fake_calls();
    mni_fake_fail(0, 0);
    mn_gc_root_end(&a);
    mn_gc_root_end(&b);
    mn_gc_destroy(gc);
    return calls;
}

TEST(each_call_of_the_system_may_fail_alone_or_with_all_after_it)
{
    uint64_t calls = run(0, 0);

    EXPECT(calls >= 12);
    for (uint64_t i = 0; i < 2 * calls; i++) {
        uint64_t call = i / 2 + 1;
        int status = 0;
        pid_t child = fork();
        if (child == 0) {
            (void)run(call, i % 2 != 0 ? UINT64_MAX : call);
            _exit(0);
        }
        EXPECT(child > 0 && waitpid(child, &status, 0) == child);
        EXPECT(status == 0);
    }
}

/* ---- a stack that cannot grow ---- */

/* Put arrays before what *root leads to. Each leads to the next one by its
 * entry NEXT, so that the others wait on the stack. */
static void widen(struct mn_gc *gc, void **root)
{
    for (int n = 0; n < LINKS; n++) {
        void **array = mn_gc_new_untyped(gc, WORDS * sizeof(void *));
        EXPECT(array != NULL);
        array[NEXT] = *root;
        *root = array;
        for (int i = 0; i < WORDS; i++)
            if (i != NEXT)
                EXPECT((array[i] = mn_gc_new_leaf(gc, 16)) != NULL);
    }
}

TEST(a_stack_that_cannot_grow_loses_no_value)
{
    enum { WIDE = LINKS * WORDS };
    struct mn_gc *gc = mn_gc_create(NULL);
    struct mn_gc_stats stats;

    EXPECT(gc != NULL);
    MN_GC_FRAME(gc, my, void *key; void *value;
                struct mn_gc_ephemeron * pair[3];);
    for (int i = 0; i < 3; i++) { /* the value of the next leads to this key */
        my.key = mn_gc_new_leaf(gc, 16);
        EXPECT(my.key != NULL);
        widen(gc, &my.value);
        my.pair[i] = mn_gc_ephemeron_new(gc, my.key, my.value);
        EXPECT(my.pair[i] != NULL);
        my.value = my.key;
    }
    my.value = NULL;
    mni_fake_fail(1, UINT64_MAX);
    mn_gc_collect(gc, true);
    mn_gc_read_stats(gc, &stats);
    EXPECT(stats.overflow_count > 2);
    EXPECT(living(gc) == 3 * (uint64_t)WIDE + 6);
    my.key = NULL;
    mn_gc_collect(gc, true);
    EXPECT(living(gc) == 3 && mn_gc_ephemeron_key(my.pair[0]) == NULL);
    mni_fake_fail(0, 0);
}
