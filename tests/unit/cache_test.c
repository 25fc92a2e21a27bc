/* SPDX-License-Identifier: MIT */
/* Tests of large spans that a thread keeps: what is kept and what is not, who
 * gets it back, and that a block in it is released once only. */
#include <mn/heap.h>
#include <mn/space.h>
#include <mn/stats.h>

#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "heap/heap.h"
#include "observe.h"
#include "test.h"

enum { KIB = 1024, MIB = 1024 * KIB, MANY = 40 };

/* How many spans this thread keeps. */
static size_t kept(void)
{
    size_t count = 0;

    for (size_t i = 0; i < MNI_CACHE_SPANS; i++)
        count += mni_heap_self->cache.spans[i] != 0;
    EXPECT(mni_heap_self->cache.bytes <= MNI_CACHE_BYTES);
    EXPECT(mn_heap_check(NULL));
    return count;
}

TEST(a_pair_takes_no_lock)
{
    mn_free(mn_alloc(MIB));
    uint32_t changes = mni_stock.changes;
    for (int i = 0; i < 100; i++) {
        unsigned char *block = mn_alloc(MIB);
        memset(block, i, MIB);
        mn_free(block);
    }
    EXPECT(mni_stock.changes == changes);
    EXPECT(kept() == 1);
}

TEST(the_clock_of_the_stock_ticks_all_the_same)
{
    mn_free(mn_alloc(MIB));
    uint32_t changes = mni_stock.changes;
    for (int i = 0; i < MNI_CACHE_TURNS; i++)
        mn_free(mn_alloc(MIB));
    EXPECT(mni_stock.changes > changes);
    EXPECT(mni_stock.changes <= changes + 8);
    EXPECT(kept() == 1);
}

TEST(a_span_is_used_again_if_it_wastes_an_eighth_at_most)
{
    unsigned char *block = mn_alloc(2 * MIB);

    mn_free(block);
    unsigned char *larger = mn_alloc(2 * MIB + 1);
    EXPECT(larger != block && kept() == 1);
    unsigned char *smaller = mn_alloc(2 * MIB * 8 / 9 - 64 * KIB);
    EXPECT(smaller != block && kept() == 1);
    unsigned char *fits = mn_alloc(2 * MIB * 8 / 9 + 64 * KIB);
    EXPECT(fits == block && kept() == 0);
    EXPECT(mn_usable_size(fits) == 2 * MIB);
    mn_free(larger);
    mn_free(smaller);
    mn_free(fits);
    EXPECT(kept() == 3);
}

TEST(what_a_thread_keeps_is_bounded)
{
    void *blocks[MANY];

    for (int i = 0; i < MANY; i++)
        blocks[i] = mn_alloc(300 * KIB + (size_t)i % 3 * 200 * KIB);
    for (int i = 0; i < MANY; i++) {
        mn_free(blocks[i]);
        EXPECT(kept() <= MNI_CACHE_SPANS);
    }
    EXPECT(kept() == MNI_CACHE_SPANS);
    mn_free(mn_alloc(MNI_CACHE_BYTES)); /* in place of all the others */
    EXPECT(kept() == 1);
    mn_free(mn_alloc(MNI_CACHE_BYTES + 1));
    EXPECT(kept() == 1);
}

/* As if so many threads had come. */
static void share(uint32_t threads)
{
    EXPECT(mni_common_lock());
    mni_cache_share(threads);
    mni_common_unlock();
}

TEST(threads_share_what_is_kept)
{
    mn_free(mn_alloc(1)); /* this thread is counted now */
    share(4);
    mn_free(mn_alloc(2 * MIB));
    EXPECT(kept() == 1);
    mn_free(mn_alloc(2 * MIB + 1));
    EXPECT(kept() == 1 && mni_heap_self->cache.bytes == 2 * MIB);
    share(8);
    mn_free(mn_alloc(MIB));
    EXPECT(kept() == 1 && mni_heap_self->cache.bytes == MIB);
    share(1000); /* no less than that, however many there are */
    mn_free(mn_alloc(MIB));
    EXPECT(kept() == 1);
    mn_free(mn_alloc(MIB + 1));
    EXPECT(kept() == 1 && mni_heap_self->cache.bytes == MIB);
    share(1);
    mn_free(mn_alloc(MNI_CACHE_BYTES));
    EXPECT(mni_heap_self->cache.bytes == MNI_CACHE_BYTES);
    share(0); /* the last has ended */
    mn_free(mn_alloc(MNI_CACHE_BYTES));
    EXPECT(mni_heap_self->cache.bytes == MNI_CACHE_BYTES);
}

TEST(the_newest_is_kept_in_place_of_older_ones)
{
    void *blocks[MANY];

    for (int i = 0; i < MANY; i++)
        blocks[i] = mn_alloc(400 * KIB);
    for (int i = 0; i < MANY; i++)
        mn_free(blocks[i]);
    void *block = mn_alloc(5 * MIB);
    mn_free(block);
    EXPECT(mn_alloc(5 * MIB) == block);
    mn_free(block);
}

TEST(a_kept_span_is_free_and_no_block)
{
    struct mn_stats before = observe_stats();
    unsigned char *block = mn_alloc(MIB);
    struct mn_stats with = observe_stats();
    struct mn_block found;

    EXPECT(with.block_count == before.block_count + 1);
    EXPECT(with.span_count == before.span_count + 1);
    EXPECT(with.payload == before.payload + MIB);
    mn_free(block);
    struct mn_stats after = observe_stats();
    EXPECT(after.block_count == before.block_count);
    EXPECT(after.span_count == before.span_count);
    EXPECT(after.payload == before.payload);
    EXPECT(after.spans == MIB);
    EXPECT(mn_block_at(block + MIB / 2, &found));
    EXPECT(found.state == MN_FREE && found.start == block);
    EXPECT(found.size == MIB);
}

TEST(a_block_in_a_kept_span_stops)
{
    unsigned char *block = mn_alloc(MIB);

    mn_free(block);
    EXPECT_STOPS(mn_free(block), "block is already free");
    EXPECT_STOPS(mn_free(block + 64 * KIB), "block is already free");
    EXPECT_STOPS(mn_realloc(block, 10), "block is already free");
    EXPECT_STOPS(mn_resize(block, 2 * MIB), "block is already free");
    EXPECT_STOPS(mn_usable_size(block), "block is already free");
    EXPECT(mn_alloc(MIB) == block);
    EXPECT_STOPS(mn_free(block + 1), "pointer into a block");
    mn_free(block);
}

TEST(alloc_zero_is_zero_in_a_span_that_was_used)
{
    unsigned char *block = mn_alloc(MIB);

    memset(block, 1, MIB);
    mn_free(block);
    block = mn_alloc_zero(MIB);
    for (size_t i = 0; i < MIB; i++)
        EXPECT(block[i] == 0);
    mn_free(block);
}

TEST(aligned_blocks_use_kept_spans_unless_the_alignment_is_larger)
{
    void *block = mn_alloc(MIB);

    mn_free(block);
    EXPECT(mn_alloc_aligned(MIB, 64 * KIB) == block);
    mn_free(block);
    unsigned char *aligned = mn_alloc_aligned(MIB, 16 * MIB);
    EXPECT((uintptr_t)aligned % (16 * MIB) == 0);
    mn_free(aligned);
}

TEST(what_lies_there_for_two_looks_goes_back)
{
    void *old = mn_alloc(MIB);
    void *used = mn_alloc(2 * MIB);

    mn_free(old);
    mn_free(used);
    EXPECT(!mni_cache_age(false));
    EXPECT(kept() == 2);
    used = mn_alloc(2 * MIB);
    mn_free(used);
    EXPECT(mni_cache_age(false));
    EXPECT(kept() == 1);
    EXPECT(mn_alloc(2 * MIB) == used);
    mn_free(used);
}

TEST(trim_returns_what_is_kept)
{
    mn_free(mn_alloc(3 * MIB));
    EXPECT(mn_trim());
    EXPECT(kept() == 0);
    struct mn_stats stats = observe_stats();
    EXPECT(stats.spans == 0 && stats.purgeable == 0);
    mn_free(mn_alloc(3 * MIB));
    EXPECT(kept() == 1);
}

TEST(blocks_of_first_class_heaps_are_not_kept)
{
    struct mn_heap *heap = mn_heap_create(NULL);
    void *block = mn_heap_alloc(heap, MIB);

    mn_free(mn_alloc(1));
    mn_free(block);
    EXPECT(kept() == 0);
    mn_free(mn_alloc(MIB));
    EXPECT(mn_heap_alloc(heap, MIB) != NULL);
    EXPECT(kept() == 1);
    mn_heap_destroy(heap);
    EXPECT(kept() == 1);
}

/* ---- other threads ---- */

static pthread_barrier_t barrier;

static void *keep_some(void *context)
{
    mn_free(mn_alloc(1)); /* before that it has no heap */
    mn_free(context);
    mn_free(mn_alloc(2 * MIB));
    (void)pthread_barrier_wait(&barrier);
    (void)pthread_barrier_wait(&barrier);
    return mn_alloc(2 * MIB);
}

/* A thread that keeps 3 MiB, while `meanwhile` runs here. */
static void beside_a_thread(void (*meanwhile)(void))
{
    pthread_t thread;
    void *block = mn_alloc(MIB);
    void *last;

    EXPECT(pthread_barrier_init(&barrier, NULL, 2) == 0);
    EXPECT(pthread_create(&thread, NULL, keep_some, block) == 0);
    (void)pthread_barrier_wait(&barrier);
    meanwhile();
    (void)pthread_barrier_wait(&barrier);
    EXPECT(pthread_join(thread, &last) == 0);
    mn_free(last);
}

static void expect_kept_there(void)
{
    EXPECT(observe_stats().spans == 3 * MIB);
    EXPECT(kept() == 0); /* the thread that released keeps it */
}

TEST(a_thread_that_ends_keeps_nothing)
{
    beside_a_thread(expect_kept_there);
    for (struct mni_heap *heap = mni_thread_heaps(); heap != NULL;
         heap = heap->next)
        EXPECT(heap == mni_heap_self || heap->cache.bytes == 0);
    EXPECT(observe_stats().block_count == 0);
    EXPECT(observe_stats().span_count == 0);
}

static void expect_trimmed(void)
{
    EXPECT(mn_trim());
    EXPECT(observe_stats().spans == 0);
}

TEST(trim_returns_what_other_threads_keep)
{
    beside_a_thread(expect_trimmed);
    EXPECT(kept() == 1);
}

static void expect_in_child(void)
{
    pid_t child;
    int status;

    mn_free(mn_alloc(4 * MIB));
    child = fork();
    EXPECT(child >= 0);
    if (child == 0) {
        EXPECT(kept() == 1);
        for (struct mni_heap *heap = mni_thread_heaps(); heap != NULL;
             heap = heap->next)
            EXPECT(heap == mni_heap_self || heap->cache.bytes == 0);
        uint32_t changes = mni_stock.changes;
        mn_free(mn_alloc(4 * MIB));
        EXPECT(mni_stock.changes == changes);
        EXPECT(mn_trim());
        EXPECT(observe_stats().spans == 0);
        EXPECT(observe_stats().block_count == 0);
        _exit(0);
    }
    EXPECT(waitpid(child, &status, 0) == child);
    EXPECT(status == 0);
}

TEST(a_child_has_what_its_thread_kept_and_not_the_others)
{
    beside_a_thread(expect_in_child);
}
