/* SPDX-License-Identifier: MIT */
/* Random runs on mn/heap.h against the simplest model: for each block that is
 * out, where it is, its size, and the byte that fills all of it. */
#include <mn/heap.h>
#include <mn/stats.h>

#include <stdlib.h>
#include <string.h>

#include "observe.h"
#include "test.h"

enum { LIVE = 600, STEPS = 60000, CHECK_EVERY = 1000, KIB = 1024 };

struct model {
    struct mn_heap *heap; /* NULL: the thread's own */
    unsigned char *start[LIVE];
    size_t size[LIVE];
    size_t count; /* blocks that are out */
    size_t bytes; /* asked for in them */
    size_t large; /* asked for in those above 256 KiB */
    uint64_t random;
};

static size_t model_random(struct model *model, size_t end)
{
    return (size_t)(test_random(&model->random) % end);
}

/* Most sizes are small, some are around a class, few are large. */
static size_t model_size(struct model *model)
{
    size_t kind = model_random(model, 100);

    if (kind < 60)
        return model_random(model, 512);
    if (kind < 85)
        return model_random(model, 8 * KIB);
    if (kind < 96)
        return model_random(model, 64 * KIB);
    if (kind < 98)
        return 256 * KIB - 2 + model_random(model, 5);
    return model_random(model, 2048 * KIB);
}

static int model_byte(const struct model *model, size_t n)
{
    (void)model;
    return (int)(n * 41 % 255) + 1;
}

static void model_expect(const struct model *model, size_t n, size_t size)
{
    const unsigned char *at = model->start[n];
    int byte = model_byte(model, n);

    if (size == 0)
        return;
    EXPECT(at[0] == byte);
    EXPECT(memcmp(at, at + 1, size - 1) == 0);
}

static void model_count(struct model *model, size_t size, size_t sign)
{
    model->count += sign;
    model->bytes += sign * size;
    if (size > 256 * KIB)
        model->large += sign * size;
}

static void model_enter(struct model *model, size_t n, void *block, size_t size)
{
    EXPECT(block != NULL);
    EXPECT((uintptr_t)block % MN_HEAP_ALIGN == 0);
    EXPECT(mn_usable_size(block) >= size);
    memset(block, model_byte(model, n), size);
    model->start[n] = block;
    model->size[n] = size;
    model_count(model, size, 1);
}

static void model_leave(struct model *model, size_t n)
{
    model_expect(model, n, model->size[n]);
    model_count(model, model->size[n], SIZE_MAX);
    model->start[n] = NULL;
}

static void model_alloc(struct model *model, size_t n)
{
    size_t size = model_size(model);
    size_t align = (size_t)1 << model_random(model, 18);
    unsigned char *block;

    switch (model_random(model, 4)) {
    case 0:
        block = mn_heap_alloc_zero(model->heap, size);
        EXPECT(size == 0
               || (block[0] == 0 && memcmp(block, block + 1, size - 1) == 0));
        break;
    case 1:
        block = mn_heap_alloc_aligned(model->heap, size, align);
        EXPECT((uintptr_t)block % align == 0);
        break;
    default:
        block = mn_heap_alloc(model->heap, size);
    }
    model_enter(model, n, block, size);
}

static void model_free(struct model *model, size_t n)
{
    void *block = model->start[n];
    size_t size = model->size[n];

    model_leave(model, n);
    switch (model_random(model, 3)) {
    case 0:
        mn_heap_free(model->heap, block);
        break;
    case 1:
        mn_free_sized(block, size);
        break;
    default:
        mn_free(block);
    }
}

static void model_realloc(struct model *model, size_t n)
{
    size_t old = model->size[n];
    size_t size = model_size(model);
    void *block = mn_heap_realloc(model->heap, model->start[n], size);

    model->start[n] = block;
    model_expect(model, n, old < size ? old : size);
    model->size[n] = old < size ? old : size;
    model_count(model, old, SIZE_MAX);
    model_enter(model, n, block, size);
}

static void model_resize(struct model *model, size_t n)
{
    size_t old = model->size[n];
    size_t size = model_random(model, 2) ? model_size(model) : old + old / 8;

    if (!mn_resize(model->start[n], size))
        return;
    model_expect(model, n, old < size ? old : size);
    model_count(model, old, SIZE_MAX);
    model_enter(model, n, model->start[n], size);
}

/* The sizes that were asked for: exactly for large blocks, and bounded by
 * usable sizes for the others. */
static void model_expect_stats(const struct model *model)
{
    struct mn_stats stats = observe_stats();
    size_t usable = 0;

    EXPECT(stats.committed <= stats.committed_peak);
    EXPECT(stats.committed <= stats.reserved);
    EXPECT(stats.block_count == model->count);
    for (size_t n = 0; n < LIVE; n++)
        usable += mn_usable_size(model->start[n]);
    EXPECT(stats.payload >= model->large);
    EXPECT(stats.payload + stats.rounding >= usable);
    EXPECT(stats.payload + stats.rounding
           <= usable + usable / 8 + stats.span_count * 64 * KIB);
    EXPECT(stats.payload <= usable);
}

static void model_expect_all(struct model *model)
{
    EXPECT(mn_heap_check(NULL));
    if (model->heap != NULL)
        EXPECT(mn_heap_check(model->heap));
    for (size_t n = 0; n < LIVE; n++)
        if (model->start[n] != NULL)
            model_expect(model, n, model->size[n]);
    model_expect_stats(model);
}

static void model_step(struct model *model)
{
    size_t n = model_random(model, LIVE);

    if (model->start[n] == NULL)
        model_alloc(model, n);
    else if (model_random(model, 3) == 0)
        model_realloc(model, n);
    else if (model_random(model, 4) == 0)
        model_resize(model, n);
    else
        model_free(model, n);
}

static void model_run(struct model *model, int steps)
{
    for (int step = 0; step < steps; step++) {
        model_step(model);
        if (step % CHECK_EVERY == 0)
            model_expect_all(model);
        if (step % 7777 == 0)
            (void)mn_trim();
    }
    model_expect_all(model);
}

static void model_free_all(struct model *model)
{
    for (size_t n = 0; n < LIVE; n++)
        if (model->start[n] != NULL)
            model_free(model, n);
    model_expect_all(model);
    EXPECT(model->count == 0 && model->bytes == 0 && model->large == 0);
}

TEST(the_threads_heap_agrees_with_the_model)
{
    static struct model model = {.random = 20240229};
    struct mn_stats stats;

    for (int round = 0; round < 2; round++) {
        model_run(&model, STEPS / 2);
        model_free_all(&model);
    }
    (void)mn_trim();
    EXPECT(mn_stats(&stats));
    EXPECT(stats.payload == 0 && stats.rounding == 0 && stats.in_hand == 0
           && stats.in_spans == 0 && stats.span_count == 0);
}

TEST(a_first_class_heap_agrees_with_the_model)
{
    static struct model model = {.random = 7};
    struct mn_stats stats;

    for (int round = 0; round < 2; round++) {
        struct mn_heap_options shared = {.shared = round == 1};
        model.heap = mn_heap_create(&shared);
        EXPECT(model.heap != NULL);
        model_run(&model, STEPS / 4);
        model_free_all(&model);
        model_run(&model, STEPS / 8);
        mn_heap_destroy(model.heap);
        memset(model.start, 0, sizeof model.start);
        model.count = model.bytes = model.large = 0;
        EXPECT(mn_heap_check(NULL));
        EXPECT(mn_stats(&stats));
        EXPECT(stats.block_count == 0 && stats.span_count == 0);
    }
}

/* Two heaps in turn, and blocks of the one die while the other grows. */
TEST(two_heaps_in_one_thread_do_not_disturb_each_other)
{
    static struct model models[2] = {{.random = 1}, {.random = 2}};

    models[1].heap = mn_heap_create(NULL);
    for (int step = 0; step < STEPS / 3; step++) {
        model_step(&models[step % 3 == 0]);
        if (step % CHECK_EVERY == 0)
            EXPECT(mn_heap_check(NULL) && mn_heap_check(models[1].heap));
    }
    for (int i = 0; i < 2; i++)
        for (size_t n = 0; n < LIVE; n++)
            if (models[i].start[n] != NULL)
                model_free(&models[i], n);
    mn_heap_destroy(models[1].heap);
    EXPECT(mn_heap_check(NULL));
}
