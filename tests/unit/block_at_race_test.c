/* SPDX-License-Identifier: MIT */
/* mn_block_at while another thread takes and releases the block: the answer
 * may be old, and it is an answer. The thread sanitizer does not run this: it
 * is about records that are read while they pass from one span to another. */
#include <mn/heap.h>
#include <mn/space.h>

#include <pthread.h>

#include "test.h"

enum { KIB = 1024, ROUNDS = 30000, LOOKERS = 2, BLOCKS = 8 };

static char *blocks[BLOCKS];
static bool over;

static void *look(void *seed)
{
    uint64_t random = (uintptr_t)seed;
    struct mn_block block;

    while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
        const char *address =
            __atomic_load_n(&blocks[test_random(&random) % BLOCKS],
                            __ATOMIC_RELAXED)
            + random / 64 % (300 * KIB);
        if (!mn_block_at(address, &block))
            continue;
        EXPECT(block.start != NULL && block.size != 0);
        EXPECT((uintptr_t)address - (uintptr_t)block.start < block.size);
        EXPECT(block.state == MN_FREE || block.state == MN_ALLOCATED
               || block.state == MN_RESERVED);
    }
    return NULL;
}

TEST(an_old_answer_is_still_an_answer)
{
    pthread_t lookers[LOOKERS];

    blocks[0] = mn_alloc(MN_HEAP_ALIGN);
    for (int i = 0; i < BLOCKS; i++)
        blocks[i] = blocks[0];
    for (int i = 0; i < LOOKERS; i++)
        EXPECT(pthread_create(&lookers[i], NULL, look, (void *)(uintptr_t)i)
               == 0);
    for (size_t i = 0; i < ROUNDS; i++) {
        char *out[BLOCKS];
        for (size_t k = 0; k < BLOCKS; k++) {
            out[k] = mn_alloc((k * 37 + i) % 500 * KIB);
            __atomic_store_n(&blocks[k], out[k], __ATOMIC_RELAXED);
        }
        for (size_t k = 0; k < BLOCKS; k++)
            mn_free(out[k]);
    }
    __atomic_store_n(&over, true, __ATOMIC_RELAXED);
    for (int i = 0; i < LOOKERS; i++)
        EXPECT(pthread_join(lookers[i], NULL) == 0);
}
