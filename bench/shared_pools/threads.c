/* SPDX-License-Identifier: MIT */
/* threads.c -- pools that threads share beside malloc and a list under a lock.
 *
 * Nanoseconds of CPU time for one allocation and one release of 48 bytes: in
 * turn, 64 at a time, and allocated by one thread and released by another. The
 * best of some runs, which take turns: other work on the machine only adds.
 * Linked with Mneme, so malloc is ours, and the system's is asked by name.
 */
#include <mn/bounded.h>
#include <mn/shared_pool.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PAIRS = 4000000, BATCH = 64, RUNS = 7, RING = 4096, THREADS = 2 };

MN_TYPE_DECLARE(node);
struct node {
    long words[6];
};
MN_TYPE(node, .drop = NULL);
MN_SHARED_POOL(node);
MN_BOUNDED(node, 8192);

static struct node_shared_pool shared;
static struct node_bounded bounded;

void *__libc_malloc(size_t size);
void __libc_free(void *block);

/* ---- what is measured ---- */

static void *shared_take(void)
{
    return node_shared_pool_alloc(&shared);
}

static void shared_give(void *node)
{
    node_shared_pool_release(&shared, node);
}

static void *bounded_take(void)
{
    return node_bounded_alloc(&bounded);
}

static void bounded_give(void *node)
{
    node_bounded_release(&bounded, node);
}

static void *own_take(void)
{
    return malloc(sizeof(struct node));
}

static void *system_take(void)
{
    return __libc_malloc(sizeof(struct node));
}

/* As one would write it by hand: what is free links to the next, and a lock
 * guards the list. It sees no misuse. */
union cell {
    union cell *next;
    struct node node;
};
static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static union cell *list_first;

static void list_give(void *node)
{
    union cell *cell = node;

    pthread_mutex_lock(&list_lock);
    cell->next = list_first;
    list_first = cell;
    pthread_mutex_unlock(&list_lock);
}

static void *list_take(void)
{
    pthread_mutex_lock(&list_lock);
    union cell *cell = list_first;
    if (cell != NULL)
        list_first = cell->next;
    pthread_mutex_unlock(&list_lock);
    return cell;
}

static const struct kind {
    const char *name;
    void *(*take)(void);
    void (*give)(void *node);
} kinds[] = {
    {"shared pool", shared_take, shared_give},
    {"bounded pool", bounded_take, bounded_give},
    {"malloc, Mneme", own_take, free},
    {"malloc, glibc", system_take, __libc_free},
    {"list and mutex", list_take, list_give},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void use(void *node)
{
    *(volatile long *)node = 1;
}

/* ---- loads ---- */

static void in_turn(const struct kind *kind)
{
    for (int i = 0; i < PAIRS; i++) {
        void *node = kind->take();
        use(node);
        kind->give(node);
    }
}

static void in_batches(const struct kind *kind)
{
    void *nodes[BATCH];

    for (int i = 0; i < PAIRS / BATCH; i++) {
        for (int k = 0; k < BATCH; k++)
            use(nodes[k] = kind->take());
        for (int k = 0; k < BATCH; k++)
            kind->give(nodes[k]);
    }
}

static double measure(void (*load)(const struct kind *),
                      const struct kind *kind)
{
    double begun = now();

    load(kind);
    return (now() - begun) / PAIRS;
}

struct worker {
    pthread_t thread;
    const struct kind *kind;
    void (*load)(const struct kind *);
    double pair;
};

static void *work(void *context)
{
    struct worker *worker = context;

    worker->pair = measure(worker->load, worker->kind);
    return NULL;
}

/* The mean of threads that do the same at a time. */
static double beside(void (*load)(const struct kind *), const struct kind *kind)
{
    struct worker workers[THREADS];
    double sum = 0;

    for (int i = 0; i < THREADS; i++) {
        workers[i].kind = kind;
        workers[i].load = load;
        pthread_create(&workers[i].thread, NULL, work, &workers[i]);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(workers[i].thread, NULL);
        sum += workers[i].pair;
    }
    return sum / THREADS;
}

/* ---- from one thread to another, half a ring at a time ---- */

static void *ring[2][RING / 2];
static pthread_barrier_t barrier;

static void *release_all(void *context)
{
    struct worker *worker = context;

    worker->pair = 0;
    for (int round = 0; round < PAIRS / RING; round++) {
        pthread_barrier_wait(&barrier);
        double begun = now();
        for (int i = 0; i < RING / 2; i++)
            worker->kind->give(ring[round % 2][i]);
        worker->pair += now() - begun;
    }
    return NULL;
}

static double across(const struct kind *kind)
{
    struct worker worker = {.kind = kind};
    double sum = 0;

    pthread_barrier_init(&barrier, NULL, 2);
    pthread_create(&worker.thread, NULL, release_all, &worker);
    for (int round = 0; round < PAIRS / RING; round++) {
        double begun = now();
        for (int i = 0; i < RING / 2; i++)
            use(ring[round % 2][i] = kind->take());
        sum += now() - begun;
        pthread_barrier_wait(&barrier);
    }
    pthread_join(worker.thread, NULL);
    return (sum + worker.pair) / (PAIRS / RING * (RING / 2));
}

/* ---- all of them ---- */

static void keep_least(double *least, double value)
{
    if (*least == 0 || value < *least)
        *least = value;
}

int main(void)
{
    static union cell cells[8192];
    double least[KINDS][4] = {{0}};

    if (node_shared_pool_init(&shared, NULL) != MN_OK
        || node_bounded_init(&bounded, NULL, NULL) != MN_OK)
        return 1;
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
        list_give(&cells[i]);
    for (int run = 0; run < RUNS; run++)
        for (int k = 0; k < KINDS; k++) {
            keep_least(&least[k][0], measure(in_turn, &kinds[k]));
            keep_least(&least[k][1], measure(in_batches, &kinds[k]));
            keep_least(&least[k][2], beside(in_turn, &kinds[k]));
            keep_least(&least[k][3], across(&kinds[k]));
        }
    printf("| ns a pair | in turn | 64 at a time | in turn, 2 threads "
           "| rate of 2 | across |\n|---|---|---|---|---|---|\n");
    for (int k = 0; k < KINDS; k++)
        printf("| %s | %.1f | %.1f | %.1f | %.2f | %.1f |\n", kinds[k].name,
               least[k][0], least[k][1], least[k][2],
               THREADS * least[k][0] / least[k][2], least[k][3]);
    return 0;
}
