/* SPDX-License-Identifier: MIT */
/* Tests of slabs that others empty while their owner sleeps: the span goes
 * back at once, the record when the owner comes upon it. */
#include <mn/heap.h>
#include <mn/space.h>

#include <pthread.h>
#include <string.h>

#include "heap/fast.h"
#include "observe.h"
#include "test.h"

enum {
    SLOT = 16 * 1024,
    SLOTS = 8, /* of a slab */
    SPAN = SLOT * SLOTS,
    BLOCKS = 3 * SLOTS, /* of the third slab the owner allocates */
    ASKED = 64,         /* blocks of 1 KiB in a slab */
    SMALL = 64,
    SMALLS = 3 * 1024 /* three slabs of many words */
};

static unsigned char *blocks[BLOCKS];
static unsigned char *smalls[SMALLS];
static unsigned char *asked[3 * ASKED];
static pthread_t owner;
static pthread_barrier_t barrier;

static void *take(size_t size)
{
    void *block = mn_alloc(size);

    EXPECT(block != NULL);
    return memset(block, 0x5a, size);
}

static void take_all(void)
{
    for (int i = 0; i < BLOCKS; i++)
        blocks[i] = take(SLOT);
}

static void give(int from, int to)
{
    for (int i = from; i < to; i++)
        mn_free(blocks[i]);
}

static void take_smalls(void)
{
    for (int i = 0; i < SMALLS; i++)
        smalls[i] = take(SMALL);
}

static void meet(void)
{
    (void)pthread_barrier_wait(&barrier);
}

/* Have another thread do this, and sleep. */
static void begin(void *(*body)(void *))
{
    EXPECT(pthread_barrier_init(&barrier, NULL, 2) == 0);
    EXPECT(pthread_create(&owner, NULL, body, NULL) == 0);
    meet();
}

static void end(void)
{
    meet();
    EXPECT(pthread_join(owner, NULL) == 0);
    EXPECT(mn_heap_check(NULL));
    (void)mn_trim();
    EXPECT(mni_heap_common.gone == NULL);
}

static size_t span_count(void)
{
    return observe_stats().span_count;
}

static bool is_out(const void *address)
{
    struct mn_block block;

    return mn_block_at(address, &block) && block.state == MN_ALLOCATED;
}

static void *sleep_with_all(void *unused)
{
    take_all();
    take_smalls();
    meet();
    meet();
    return unused;
}

TEST(a_full_slab_that_others_empty_gives_its_span_back_at_once)
{
    begin(sleep_with_all);
    size_t before = span_count();
    size_t size = mn_heap_limit_size(NULL);
    give(0, SLOTS - 1);
    EXPECT(span_count() == before && is_out(blocks[SLOTS - 1]));
    give(SLOTS - 1, SLOTS);
    EXPECT(span_count() == before - 1);
    EXPECT(mn_heap_limit_size(NULL) == size - SPAN);
    EXPECT(!is_out(blocks[0]));
    EXPECT_STOPS(mn_free(blocks[0]), "free");
    give(SLOTS, BLOCKS);
    end();
}

TEST(the_slab_that_its_owner_allocates_from_stays)
{
    begin(sleep_with_all);
    size_t before = span_count();
    give(2 * SLOTS, BLOCKS);
    EXPECT(span_count() == before);
    give(0, 2 * SLOTS);
    EXPECT(span_count() == before - 2);
    end();
}

TEST(slabs_of_small_slots_wait_for_their_owner)
{
    begin(sleep_with_all);
    size_t before = span_count();
    for (int i = 0; i < SMALLS; i++)
        mn_free(smalls[i]);
    EXPECT(span_count() == before);
    give(0, BLOCKS);
    end();
}

/* What it released itself counts, too: then the slab is listed. */
static void *sleep_with_some(void *unused)
{
    take_all();
    give(0, SLOTS / 2);
    meet();
    meet();
    return unused;
}

TEST(a_listed_slab_that_others_empty_gives_its_span_back_at_once)
{
    begin(sleep_with_some);
    size_t before = span_count();
    give(SLOTS / 2, SLOTS - 1);
    EXPECT(span_count() == before);
    give(SLOTS - 1, SLOTS);
    EXPECT(span_count() == before - 1);
    give(SLOTS, BLOCKS);
    end();
}

/* It wakes, and goes on: no block is in a span that is gone. */
static void *sleep_and_go_on(void *unused)
{
    take_all();
    give(0, 1);
    meet();
    meet();
    for (int round = 0; round < 3; round++) {
        take_all();
        for (int i = 0; i < BLOCKS; i++)
            EXPECT(is_out(blocks[i]));
        give(0, BLOCKS);
    }
    (void)mn_trim();
    EXPECT(mn_heap_check(NULL));
    EXPECT(mni_heap_self->gone == NULL);
    for (unsigned class = 0; class < MNI_CLASS_COUNT; class ++)
        EXPECT(mni_heap_self->slabs[class].count == 0);
    return unused;
}

TEST(the_owner_goes_on_without_the_spans)
{
    begin(sleep_and_go_on);
    give(1, BLOCKS);
    end();
}

/* A question looks at the slab that is said to be nearly full, too. */
static void *sleep_and_ask(void *unused)
{
    for (int i = 0; i < 3 * ASKED; i++)
        asked[i] = take(1024);
    mn_free(asked[0]);
    mn_free(asked[ASKED]);
    meet();
    meet();
    EXPECT(mni_heap_self->gone == NULL);
    EXPECT(!mn_should_move(asked[ASKED + 1]));
    EXPECT(mni_heap_self->gone != NULL);
    for (int i = ASKED + 1; i < 3 * ASKED; i++)
        mn_free(asked[i]);
    return unused;
}

TEST(a_question_about_a_block_comes_upon_what_is_gone)
{
    begin(sleep_and_ask);
    size_t before = span_count();
    for (int i = 1; i < ASKED; i++)
        mn_free(asked[i]);
    EXPECT(span_count() == before - 1);
    end();
}

/* ---- first-class heaps ---- */

static struct mn_heap *heap;

static void *give_all(void *unused)
{
    for (int i = 0; i < BLOCKS; i++)
        mn_free(blocks[i]);
    return unused;
}

static void expect_heap_keeps(void)
{
    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = mn_heap_alloc(heap, SLOT);
        EXPECT(blocks[i] != NULL);
    }
    size_t before = mn_heap_limit_size(heap);
    EXPECT(pthread_create(&owner, NULL, give_all, NULL) == 0);
    EXPECT(pthread_join(owner, NULL) == 0);
    EXPECT(mn_heap_limit_size(heap) == before);
    for (int i = 0; i < BLOCKS; i++)
        EXPECT(mn_heap_alloc(heap, SLOT) != NULL);
    EXPECT(mn_heap_limit_size(heap) == before);
    EXPECT(mn_heap_check(heap));
    mn_heap_destroy(heap);
    EXPECT(mn_heap_check(NULL));
}

TEST(slabs_of_the_programs_heaps_stay_in_them)
{
    static _Alignas(64) unsigned char memory[4 * 1024 * 1024];

    for (int shared = 0; shared < 2; shared++) {
        heap = mn_heap_create(&(struct mn_heap_options){.shared = shared});
        EXPECT(heap != NULL);
        expect_heap_keeps();
    }
    heap = mn_heap_create(&(struct mn_heap_options){
        .memory = memory, .memory_size = sizeof memory});
    EXPECT(heap != NULL);
    expect_heap_keeps();
}

/* ---- while the stock is locked ---- */

static void *give_smalls(void *context)
{
    for (int i = 0; i < SMALLS; i++)
        mn_free(smalls[i]);
    return context;
}

/* As if a signal handler trimmed that interrupted a holder of the lock. */
TEST(a_trim_ends_that_cannot_return_anything)
{
    pthread_t thread;

    take_smalls();
    EXPECT(pthread_create(&thread, NULL, give_smalls, NULL) == 0);
    EXPECT(pthread_join(thread, NULL) == 0);
    EXPECT(mni_stock_lock(&mni_stock));
    (void)mn_trim();
    mni_stock_unlock(&mni_stock);
    (void)mn_trim();
    EXPECT(observe_stats().block_count == 0);
    EXPECT(mn_heap_check(NULL));
}

/* ---- many at once ---- */

enum { THREADS = 4, TABLE = 256, STEPS = 40000 };

static unsigned char *table[TABLE];

/* Replace blocks of a table that all share; each is filled, and checked. */
static void *replace(void *context)
{
    uint64_t random = (uint64_t)(uintptr_t)context;

    for (int i = 0; i < STEPS; i++) {
        uint64_t number = test_random(&random);
        size_t size = 1024 + number / TABLE % (15 * 1024);
        unsigned char *block = mn_alloc(size);
        EXPECT(block != NULL);
        memset(block, (int)(number % 251), 1024);
        block = __atomic_exchange_n(&table[number % TABLE], block,
                                    __ATOMIC_ACQ_REL);
        if (block == NULL)
            continue;
        EXPECT(memcmp(block, block + 1, 1023) == 0);
        mn_free(block);
        if (i % 4096 == 0)
            EXPECT(observe_stats().committed != 0);
    }
    return NULL;
}

TEST(threads_that_empty_each_others_slabs_lose_no_block)
{
    pthread_t threads[THREADS];

    for (size_t round = 0; round < 3; round++) {
        for (size_t i = 0; i < THREADS; i++)
            EXPECT(pthread_create(&threads[i], NULL, replace,
                                  (void *)(round * THREADS + i + 1))
                   == 0);
        for (size_t i = 0; i < THREADS; i++)
            EXPECT(pthread_join(threads[i], NULL) == 0);
        EXPECT(mn_heap_check(NULL));
    }
    for (size_t i = 0; i < TABLE; i++)
        mn_free(table[i]);
    (void)mn_trim();
    EXPECT(observe_stats().block_count == 0);
    EXPECT(mni_heap_common.gone == NULL);
}
