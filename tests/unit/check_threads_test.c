/* SPDX-License-Identifier: MIT */
/* Tests of mn_heap_check: it is true while threads run, and false when a record
 * is damaged. */
#include <mn/heap.h>
#include <pthread.h>
#include <stdatomic.h>

#include "heap/heap.h"
#include "test.h"

enum { THREADS = 2, CHECKS = 200, WINDOW = 300, SIZE = 4096, LARGE = 1 << 20 };

static _Atomic(void *) window[WINDOW];
static atomic_bool over;
static struct mn_heap *shared;

static void *churn(void *context)
{
    uint64_t state = (uint64_t)(uintptr_t)context;

    for (int i = 0; i < 3000 && !atomic_load(&over); i++) {
        uint64_t random = test_random(&state);
        size_t size = random % 40 == 0 ? 300000 : random % 3000;
        void *block =
            random % 3 == 0 ? mn_heap_alloc(shared, size) : mn_alloc(size);
        mn_free(atomic_exchange(&window[random % WINDOW], block));
    }
    return (void *)(uintptr_t)state;
}

static void *begin_again(void *context)
{
    pthread_t thread;

    while (!atomic_load(&over)) {
        EXPECT(pthread_create(&thread, NULL, churn, context) == 0);
        EXPECT(pthread_join(thread, &context) == 0);
    }
    return NULL;
}

TEST(check_is_true_while_threads_allocate_begin_and_end)
{
    pthread_t thread[THREADS];

    shared = mn_heap_create(&(struct mn_heap_options){.shared = true});
    for (uintptr_t i = 0; i < THREADS; i++)
        EXPECT(pthread_create(&thread[i], NULL, begin_again, (void *)(i + 1))
               == 0);
    for (int i = 0; i < CHECKS; i++) {
        EXPECT(mn_heap_check(NULL));
        mn_free(mn_alloc((size_t)i * 100));
    }
    atomic_store(&over, true);
    for (int i = 0; i < THREADS; i++)
        EXPECT(pthread_join(thread[i], NULL) == 0);
    EXPECT(mn_heap_check(NULL) && mn_heap_check(shared));
}

static struct mni_slab *slab_of(void *block)
{
    return mni_slab_cast(mni_map_ground(block));
}

TEST(damaged_records_are_found)
{
    struct mni_slab *slab = slab_of(mn_alloc(SIZE));
    struct mni_large *large = mni_large_from(mni_map_ground(mn_alloc(LARGE)));

    EXPECT(mn_heap_check(NULL));
    slab->slot_count--;
    EXPECT(!mn_heap_check(NULL));
    slab->slot_count++;
    slab->span.size += MNI_CELL_SIZE;
    EXPECT(!mn_heap_check(NULL));
    slab->span.size -= MNI_CELL_SIZE;
    large->span.size += MNI_CELL_SIZE; /* the region knows better */
    EXPECT(!mn_heap_check(NULL));
    large->span.size -= MNI_CELL_SIZE;
    mni_limit_sub(&mni_limit_process, MNI_CELL_SIZE);
    EXPECT(!mn_heap_check(NULL));
    mni_limit_process.size += MNI_CELL_SIZE;
    EXPECT(mn_heap_check(NULL));
}

TEST(damaged_lists_are_found)
{
    enum { COUNT = 200 };
    void *block[COUNT];

    shared = mn_heap_create(&(struct mn_heap_options){.shared = true});
    for (int i = 0; i < COUNT; i++)
        block[i] = mn_heap_alloc(shared, SIZE);
    mn_heap_free(shared, block[0]);
    mn_heap_free(shared, block[100]);
    EXPECT(mn_heap_check(NULL) && mn_heap_check(shared));
    struct mni_slab *slab = slab_of(block[100]);
    slab->prev = NULL;
    EXPECT(!mn_heap_check(NULL) && !mn_heap_check(shared));
    slab->prev = slab_of(block[0]);
    slab->next = slab; /* a circle */
    EXPECT(!mn_heap_check(NULL));
    slab->next = NULL;
    slab->class ++;
    EXPECT(!mn_heap_check(shared));
    slab->class --;
    EXPECT(mn_heap_check(NULL));
}
