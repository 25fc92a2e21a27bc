/* SPDX-License-Identifier: MIT */
/* threads.c -- many short-lived threads that release each other's blocks, with
 * forks and with libraries opened and closed meanwhile. Argument: a library
 * that has `void *plugin_make(size_t)` and `void plugin_drop(void *)`. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    THREADS_ROUNDS = 60,
    THREADS_AT_A_TIME = 8,
    THREADS_BLOCKS = 400,
    THREADS_SHELF = 1024
};

static pthread_mutex_t threads_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned char *threads_shelf[THREADS_SHELF];
static const char *threads_plugin;

static void threads_fail(const char *what)
{
    (void)fprintf(stderr, "threads: %s\n", what);
    _exit(1);
}

static unsigned threads_random(unsigned *state)
{
    *state = *state * 1103515245u + 12345u;
    return *state >> 8;
}

static unsigned char *threads_make(unsigned *state)
{
    unsigned size = threads_random(state) % 3000 + 4;
    unsigned char *block = threads_random(state) % 40 == 0
                               ? calloc(1, (size_t)size * 200)
                               : malloc(size);

    if (block == NULL)
        threads_fail("no memory");
    memset(block, (int)(size & 255), size);
    memcpy(block, &size, sizeof size);
    return block;
}

static void threads_drop(unsigned char *block)
{
    unsigned size;

    if (block == NULL)
        return;
    memcpy(&size, block, sizeof size);
    for (unsigned i = sizeof size; i < size; i++)
        if (block[i] != (size & 255))
            threads_fail("a block was overwritten");
    free(block);
}

/* Put a block on the shelf and release what another thread had put there. */
static void threads_swap(unsigned char *block, unsigned place)
{
    (void)pthread_mutex_lock(&threads_lock);
    unsigned char *old = threads_shelf[place];
    threads_shelf[place] = block;
    (void)pthread_mutex_unlock(&threads_lock);
    threads_drop(old);
}

static void threads_use_plugin(unsigned *state)
{
    void *library = dlopen(threads_plugin, RTLD_NOW | RTLD_LOCAL);

    if (library == NULL)
        threads_fail(dlerror());
    void *(*make)(size_t);
    void (*drop)(void *);
    *(void **)&make = dlsym(library, "plugin_make");
    *(void **)&drop = dlsym(library, "plugin_drop");
    if (make == NULL || drop == NULL)
        threads_fail("the plugin lacks a function");
    void *block = make(threads_random(state) % 5000 + 1);
    drop(block);
    (void)dlclose(library);
}

static void threads_fork(unsigned *state)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        for (int i = 0; i < 50; i++)
            threads_drop(threads_make(state));
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        threads_fail("a child of fork failed");
}

static void *threads_run(void *context)
{
    unsigned seed = (unsigned)(size_t)context;
    unsigned state = seed * 2654435761u + 1;

    for (int i = 0; i < THREADS_BLOCKS; i++)
        threads_swap(threads_make(&state),
                     threads_random(&state) % THREADS_SHELF);
    if (seed % 16 == 3)
        threads_use_plugin(&state);
    if (seed % 32 == 5)
        threads_fork(&state);
    return threads_make(&state); /* outlives its thread */
}

int main(int count, char **arguments)
{
    pthread_t threads[THREADS_AT_A_TIME];
    size_t seed = 0;

    if (count != 2)
        threads_fail("which library?");
    threads_plugin = arguments[1];
    for (int round = 0; round < THREADS_ROUNDS; round++) {
        for (int i = 0; i < THREADS_AT_A_TIME; i++)
            if (pthread_create(&threads[i], NULL, threads_run, (void *)seed++)
                != 0)
                threads_fail("no thread");
        for (int i = 0; i < THREADS_AT_A_TIME; i++) {
            void *block;
            (void)pthread_join(threads[i], &block);
            threads_drop(block);
        }
    }
    for (int i = 0; i < THREADS_SHELF; i++)
        threads_drop(threads_shelf[i]);
    (void)printf("%zu threads\n", seed);
    return 0;
}
