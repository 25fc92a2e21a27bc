/* SPDX-License-Identifier: MIT */
/* observed.c -- a program to look at from outside. It fills its memory in
 * various ways, tells on standard output what Mneme says of it from inside,
 * as JSON, and waits for the end of its input. With an argument, threads
 * allocate and release all that time. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OBSERVED_BLOCKS = 40000, OBSERVED_THREADS = 4 };

static void *observed_blocks[OBSERVED_BLOCKS];
static atomic_bool observed_ended;

static void observed_fill(void)
{
    for (size_t i = 0; i < OBSERVED_BLOCKS; i++) {
        size_t size = i % 1000 == 0 ? 400000 + i : i % 3000 + 1;
        observed_blocks[i] = malloc(size);
        if (observed_blocks[i] != NULL)
            memset(observed_blocks[i], 1, size);
    }
    for (size_t i = 0; i < OBSERVED_BLOCKS; i++)
        if (i % 7 < 3 || (i > 10000 && i < 20000)) {
            free(observed_blocks[i]);
            observed_blocks[i] = NULL;
        }
}

static void *observed_run(void *context)
{
    unsigned state = (unsigned)(size_t)context + 1;
    void *blocks[64] = {NULL};

    while (!observed_ended) {
        state = state * 1103515245u + 12345u;
        unsigned place = state >> 8 & 63;
        free(blocks[place]);
        blocks[place] = malloc(state >> 16);
    }
    for (int i = 0; i < 64; i++)
        free(blocks[i]);
    return NULL;
}

/* Arguments of mn_stats_write as a plain program sees them. */
typedef void (*observed_write_fn)(const char *, size_t, void *);

static void observed_put(const char *text, size_t size, void *context)
{
    (void)context;
    if (write(STDOUT_FILENO, text, size) != (ssize_t)size)
        _exit(1);
}

static void observed_tell(void)
{
    static size_t stats[64]; /* larger than the structure */
    bool (*take)(void *);
    void (*show)(const void *, bool, observed_write_fn, void *);

    *(void **)&take = dlsym(RTLD_DEFAULT, "mn_stats");
    *(void **)&show = dlsym(RTLD_DEFAULT, "mn_stats_write");
    if (take == NULL || show == NULL || !take(stats))
        _exit(1);
    show(stats, true, observed_put, NULL);
}

int main(int count, char **arguments)
{
    pthread_t threads[OBSERVED_THREADS];
    char byte;

    (void)arguments;
    observed_fill();
    for (size_t i = 0; i < OBSERVED_THREADS; i++)
        if (count > 1
            && pthread_create(&threads[i], NULL, observed_run, (void *)i) != 0)
            return 1;
    observed_tell();
    while (read(STDIN_FILENO, &byte, 1) > 0)
        continue;
    observed_ended = true;
    for (int i = 0; i < OBSERVED_THREADS; i++)
        if (count > 1)
            (void)pthread_join(threads[i], NULL);
    return 0;
}
