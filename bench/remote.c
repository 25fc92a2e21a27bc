/* SPDX-License-Identifier: MIT */
/* remote.c -- one thread allocates, another one releases.
 *
 * Blocks travel through a ring of batches, so that the ring itself costs
 * little beside the blocks. Who must wait sleeps, so that the CPU time is that
 * of the work.
 */
#include <semaphore.h>

#include "load.h"

enum { REMOTE_RING = 64, REMOTE_BATCH = 256, REMOTE_BATCHES = 40000 };

static void *remote_ring[REMOTE_RING][REMOTE_BATCH];
static sem_t remote_full;
static sem_t remote_empty;

static void *remote_consume(void *unused)
{
    for (unsigned batch = 0; batch < REMOTE_BATCHES; batch++) {
        load_expect(sem_wait(&remote_full) == 0);
        for (int i = 0; i < REMOTE_BATCH; i++)
            load_drop(remote_ring[batch % REMOTE_RING][i]);
        load_expect(sem_post(&remote_empty) == 0);
    }
    return unused;
}

int main(void)
{
    pthread_t consumer;

    load_expect(sem_init(&remote_full, 0, 0) == 0);
    load_expect(sem_init(&remote_empty, 0, REMOTE_RING) == 0);
    load_expect(pthread_create(&consumer, NULL, remote_consume, NULL) == 0);
    for (unsigned batch = 0; batch < REMOTE_BATCHES; batch++) {
        load_expect(sem_wait(&remote_empty) == 0);
        for (unsigned i = 0; i < REMOTE_BATCH; i++)
            remote_ring[batch % REMOTE_RING][i] =
                load_new(16 + (batch * 7 + i * 13) % 240);
        load_expect(sem_post(&remote_full) == 0);
    }
    load_expect(pthread_join(consumer, NULL) == 0);
    load_tell("end");
    return 0;
}
