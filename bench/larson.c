/* SPDX-License-Identifier: MIT */
/* larson.c -- a server's pattern: threads replace random blocks in a window
 * that other threads filled before, and hand the window on.
 *
 * Source: Larson and Krishnan, "Memory Allocation for Long-Running Server
 * Applications", ISMM 1998. The work is fixed; the time is measured outside.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

enum {
    LARSON_THREADS = 2,
    LARSON_WINDOW = 5000,
    LARSON_ROUNDS = 160, /* threads that come one after another */
    LARSON_REPLACEMENTS = 200000
};

struct larson {
    void *block[LARSON_WINDOW];
    uint64_t random;
};

static size_t larson_next(struct larson *window)
{
    uint64_t x = window->random;

    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    window->random = x;
    return (size_t)(x >> 32);
}

static void *larson_work(void *context)
{
    struct larson *window = context;

    for (int i = 0; i < LARSON_REPLACEMENTS; i++) {
        size_t at = larson_next(window) % LARSON_WINDOW;
        size_t size = 8 + larson_next(window) % 993;
        free(window->block[at]);
        char *block = malloc(size);
        if (block == NULL)
            abort();
        block[0] = block[size - 1] = 1;
        window->block[at] = block;
    }
    return NULL;
}

int main(void)
{
    static struct larson windows[LARSON_THREADS];
    pthread_t threads[LARSON_THREADS];

    for (unsigned i = 0; i < LARSON_THREADS; i++)
        windows[i].random = UINT64_C(88172645463325252) + i;
    for (int round = 0; round < LARSON_ROUNDS; round++) {
        for (int i = 0; i < LARSON_THREADS; i++)
            if (pthread_create(&threads[i], NULL, larson_work, &windows[i])
                != 0)
                abort();
        for (int i = 0; i < LARSON_THREADS; i++)
            if (pthread_join(threads[i], NULL) != 0)
                abort();
    }
    return 0;
}
