/* SPDX-License-Identifier: MIT */
/* remote.c -- one thread allocates, another one releases.
 *
 * Blocks travel through a ring of batches, so that the ring itself costs
 * little beside the blocks.
 */
#include <sched.h>
#include <stdatomic.h>
#include <pthread.h>
#include <stdlib.h>

enum { REMOTE_RING = 16, REMOTE_BATCH = 256, REMOTE_BATCHES = 40000 };

static void *remote_ring[REMOTE_RING][REMOTE_BATCH];
static _Atomic unsigned remote_put;
static _Atomic unsigned remote_taken;

static void *remote_consume(void *unused)
{
    for (unsigned batch = 0; batch < REMOTE_BATCHES; batch++) {
        /* Acquire: pairs with the release in main. */
        while (atomic_load_explicit(&remote_put, memory_order_acquire) == batch)
            (void)sched_yield();
        for (int i = 0; i < REMOTE_BATCH; i++)
            free(remote_ring[batch % REMOTE_RING][i]);
        /* Release: pairs with the acquire in main. */
        atomic_store_explicit(&remote_taken, batch + 1, memory_order_release);
    }
    return unused;
}

int main(void)
{
    pthread_t consumer;

    if (pthread_create(&consumer, NULL, remote_consume, NULL) != 0)
        abort();
    for (unsigned batch = 0; batch < REMOTE_BATCHES; batch++) {
        /* Acquire: pairs with the release in remote_consume. */
        while (batch - atomic_load_explicit(&remote_taken, memory_order_acquire)
               == REMOTE_RING)
            (void)sched_yield();
        for (unsigned i = 0; i < REMOTE_BATCH; i++) {
            char *block = malloc(16 + (batch * 7 + i * 13) % 240);
            if (block == NULL)
                abort();
            block[0] = 1;
            remote_ring[batch % REMOTE_RING][i] = block;
        }
        /* Release: pairs with the acquire in remote_consume. */
        atomic_store_explicit(&remote_put, batch + 1, memory_order_release);
    }
    return pthread_join(consumer, NULL);
}
