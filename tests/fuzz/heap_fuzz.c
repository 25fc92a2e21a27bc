/* SPDX-License-Identifier: MIT */
/* Fuzz target: the heap of the thread, a heap of its own and one in a buffer
 * against a byte for each block that is out, which fills all of it.
 *
 * Each operation takes four bytes: what, which block, and a size. A block must
 * keep its fill until it is released, whatever happens to all others. */
#include <mn/heap.h>
#include <mn/space.h>
#include <mn/stats.h>

#include "base/assert.h"

#include <string.h>

#define EXPECT(cond) MN_CHECK(cond, "expected: " #cond)

enum { LIVE = 256, HEAPS = 3, MEMORY = 8 << 20, MIB = 1 << 20 };

static unsigned char memory[MEMORY];
static struct mn_heap *heaps[HEAPS];

static struct {
    unsigned char *start[LIVE];
    size_t size[LIVE];
    uint8_t heap[LIVE];
} model;

static unsigned char fuzz_fill(unsigned n)
{
    return (unsigned char)(n * 31 + 1);
}

static void fuzz_expect(unsigned n, size_t size)
{
    const unsigned char *at = model.start[n];

    if (size == 0)
        return;
    EXPECT(at[0] == fuzz_fill(n));
    EXPECT(memcmp(at, at + 1, size - 1) == 0);
}

static void fuzz_enter(unsigned n, void *block, size_t size)
{
    struct mn_block found;

    EXPECT((uintptr_t)block % MN_HEAP_ALIGN == 0);
    EXPECT(mn_usable_size(block) >= size);
    EXPECT(mn_block_at((char *)block + size / 2, &found));
    EXPECT(found.start == block && found.state == MN_ALLOCATED);
    memset(block, fuzz_fill(n), size);
    model.start[n] = block;
    model.size[n] = size;
}

static void fuzz_alloc(unsigned n, unsigned how, size_t size)
{
    unsigned h = how % HEAPS;
    size_t align = (size_t)1 << how % 20;
    unsigned char *block;

    if (how < 64) {
        block = mn_heap_alloc_zero(heaps[h], size);
        for (size_t i = 0; block != NULL && i < size; i++)
            EXPECT(block[i] == 0);
    } else if (how < 128) {
        block = mn_heap_alloc_aligned(heaps[h], size, align);
        EXPECT((uintptr_t)block % align == 0);
    } else {
        block = mn_heap_alloc(heaps[h], size);
    }
    EXPECT(block != NULL || h == HEAPS - 1);
    if (block == NULL)
        return;
    if (h == HEAPS - 1)
        EXPECT(block >= memory && block + size <= memory + MEMORY);
    model.heap[n] = (uint8_t)h;
    fuzz_enter(n, block, size);
}

static void fuzz_free(unsigned n, unsigned how)
{
    unsigned char *block = model.start[n];

    fuzz_expect(n, model.size[n]);
    model.start[n] = NULL;
    if (how % 3 == 0)
        mn_free(block);
    else if (how % 3 == 1)
        mn_free_sized(block, model.size[n]);
    else
        mn_heap_free(heaps[model.heap[n]], block);
}

static void fuzz_realloc(unsigned n, unsigned how, size_t size)
{
    size_t both = size < model.size[n] ? size : model.size[n];
    void *block = model.start[n];

    if (how % 2 == 0) {
        if (!mn_resize(block, size))
            return;
    } else {
        block = mn_heap_realloc(heaps[model.heap[n]], block, size);
        if (block == NULL)
            return;
    }
    model.start[n] = block;
    fuzz_expect(n, both);
    fuzz_enter(n, block, size);
}

static void fuzz_check(void)
{
    struct mn_stats stats;
    size_t sum = 0;

    for (unsigned h = 0; h < HEAPS; h++)
        EXPECT(mn_heap_check(heaps[h]));
    EXPECT(mn_stats(&stats));
    for (unsigned i = 0; i < mn_stats_cause_count(); i++)
        sum += mn_stats_cause(&stats, i);
    EXPECT(sum == stats.committed);
}

static void fuzz_step(const uint8_t *data)
{
    unsigned n = data[1];
    size_t size = data[2] + ((size_t)data[3] << 8);

    /* Most sizes are small, some are of 64-byte units. */
    if (data[0] % 8 == 7)
        size = size * 64 % (2 * MIB);
    else if (data[0] % 8 < 5)
        size %= 1100;
    if (model.start[n] == NULL)
        fuzz_alloc(n, data[0], size);
    else if (data[0] % 3 == 0)
        fuzz_realloc(n, data[0] / 3, size);
    else
        fuzz_free(n, data[0]);
    if (data[0] == 255)
        (void)mn_trim();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mn_heap_options options = {.memory = memory, .memory_size = MEMORY};

    heaps[1] = mn_heap_create(NULL);
    heaps[2] = mn_heap_create(&options);
    EXPECT(heaps[1] != NULL && heaps[2] != NULL);
    memset(&model, 0, sizeof model);
    for (size_t i = 0; i + 4 <= size; i += 4) {
        fuzz_step(data + i);
        if (i % 256 == 0)
            fuzz_check();
    }
    fuzz_check();
    for (unsigned n = 0; n < LIVE; n++)
        if (model.start[n] != NULL && (model.heap[n] == 0 || n % 2 == 0))
            fuzz_free(n, n);
    mn_heap_destroy(heaps[1]);
    mn_heap_destroy(heaps[2]);
    EXPECT(mn_heap_check(NULL));
    return 0;
}
