/* SPDX-License-Identifier: MIT */
/* Tests of mn_heap_walk with one thread: it visits what is out, once, and
 * nothing else, whatever the visitor does. */
#include <mn/heap.h>
#include <signal.h>
#include <string.h>

#include "heap/heap.h"
#include "os/os.h"
#include "test.h"

enum { COUNT = 3000, STEPS = 30000, SEED = 20261125, LARGE = 300 * 1024 };

static struct {
    void *start;
    size_t size;
    int seen;
} out[COUNT];

static int find(const void *start)
{
    for (int i = 0; i < COUNT; i++)
        if (out[i].start == start)
            return i;
    return -1;
}

static bool see(const struct mn_block *block, void *context)
{
    size_t *others = context;
    int i = find(block->start);

    EXPECT(block->state == MN_ALLOCATED && block->perm == MN_PERM_RW);
    if (i < 0) {
        ++*others;
    } else {
        out[i].seen++;
        EXPECT(block->size == mn_usable_size(block->start));
    }
    return true;
}

/* The blocks of out[first], out[first + step] ... are those of `heap`, and
 * `extra` more. */
static void expect_walk(const struct mn_heap *heap, int first, int step,
                        size_t extra)
{
    size_t others = 0;

    for (int i = 0; i < COUNT; i++)
        out[i].seen = 0;
    EXPECT(mn_heap_walk(heap, see, &others));
    EXPECT(others == extra);
    for (int i = 0; i < COUNT; i++)
        EXPECT(out[i].seen
               == (out[i].start != NULL && i % step == first % step));
}

static size_t size_of(uint64_t *state)
{
    uint64_t kind = test_random(state) % 100;

    return kind == 0   ? LARGE + test_random(state) % LARGE
           : kind < 10 ? test_random(state) % 20000
                       : test_random(state) % 600;
}

TEST(walk_agrees_with_a_list_of_what_is_out)
{
    uint64_t state = SEED;

    for (int i = 0; i < STEPS; i++) {
        size_t at = test_random(&state) % COUNT;
        mn_free(out[at].start);
        out[at].start = NULL;
        if (test_random(&state) % 3 != 0)
            EXPECT((out[at].start = mn_alloc(size_of(&state))) != NULL);
        if (i % (STEPS / 10) == 0)
            expect_walk(NULL, 0, 1, 0);
    }
    expect_walk(NULL, 0, 1, 0);
}

TEST(walk_of_one_heap_visits_only_its_blocks)
{
    struct mn_heap *heap[2] = {mn_heap_create(NULL), mn_heap_create(NULL)};
    uint64_t state = SEED;

    for (int i = 0; i < COUNT; i++)
        out[i].start = mn_heap_alloc(heap[i % 2], size_of(&state));
    expect_walk(heap[0], 0, 2, 0);
    expect_walk(heap[1], 1, 2, 0);
    expect_walk(NULL, 0, 1, 0);
    mn_heap_destroy(heap[0]);
    for (int i = 0; i < COUNT; i += 2)
        out[i].start = NULL;
    expect_walk(NULL, 0, 1, 0);
    mn_heap_destroy(heap[1]);
}

TEST(heap_in_given_memory_is_walked_by_itself)
{
    static unsigned char memory[4 << 20];
    struct mn_heap *heap = mn_heap_create(&(struct mn_heap_options){
        .memory = memory, .memory_size = sizeof memory});

    for (int i = 0; i < COUNT; i++)
        out[i].start = mn_heap_alloc(heap, 100);
    expect_walk(heap, 0, 1, 0);
    for (int i = 0; i < COUNT; i++)
        mn_free(out[i].start);
    memset(out, 0, sizeof out);
    expect_walk(NULL, 0, 1, 0);
    mn_heap_destroy(heap);
}

static bool stop_at_third(const struct mn_block *block, void *context)
{
    int *count = context;

    (void)block;
    return ++*count < 3;
}

TEST(visitor_ends_the_walk)
{
    int count = 0;

    for (int i = 0; i < COUNT; i++)
        out[i].start = mn_alloc(100);
    EXPECT(!mn_heap_walk(NULL, stop_at_third, &count));
    EXPECT(count == 3);
}

static bool release_and_allocate(const struct mn_block *block, void *context)
{
    uint64_t *state = context;
    int i = find(block->start);

    if (i >= 0) {
        mn_free(block->start);
        out[i].start = mn_alloc(size_of(state));
        (void)mn_trim();
    }
    return true;
}

TEST(visitor_may_release_and_allocate)
{
    uint64_t state = SEED;

    for (int i = 0; i < COUNT / 10; i++)
        out[i].start = mn_alloc(size_of(&state));
    EXPECT(mn_heap_walk(NULL, release_and_allocate, &state));
    EXPECT(mn_heap_check(NULL));
    expect_walk(NULL, 0, 1, 0);
}

static bool walk_inside(const struct mn_block *block, void *context)
{
    (void)block;
    *(bool *)context = true;
    expect_walk(NULL, 0, 1, 0);
    return false;
}

TEST(walk_in_a_walk_is_a_walk)
{
    bool walked = false;

    for (int i = 0; i < COUNT; i++)
        out[i].start = mn_alloc(100);
    EXPECT(!mn_heap_walk(NULL, walk_inside, &walked));
    EXPECT(walked);
}

TEST(walk_that_interrupts_what_it_needs_says_so)
{
    size_t others = 0;

    out[0].start = mn_alloc(100);
    EXPECT(mni_stock_lock(&mni_stock));
    EXPECT(!mn_heap_walk(NULL, see, &others));
    mni_stock_unlock(&mni_stock);
    mni_heap_self->drains++; /* as in the middle of one */
    EXPECT(!mn_heap_walk(NULL, see, &others));
    mni_heap_self->drains++;
    expect_walk(NULL, 0, 1, 0);
}
