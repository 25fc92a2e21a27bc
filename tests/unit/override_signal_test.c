/* SPDX-License-Identifier: MIT */
/* Tests of malloc in signal handlers: a handler interrupts allocation and
 * release at any instruction and does the same itself; both check, against a
 * model of their own, that nobody else has their blocks. */
#include <mn/heap.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "test.h"

enum { KIB = 1024, LIVE = 60, SECONDS_OF_STORM = 3, EVERY_MICROSECONDS = 15 };

struct model {
    unsigned char *start[LIVE];
    size_t size[LIVE];
    unsigned char fill[LIVE];
    uint64_t random;
    uint64_t steps;
    uint64_t refused;
};

static struct model in_main = {.random = 1};
static struct model in_handler = {.random = 2};

/* The largest size that is asked for; large ones take locks. */
static size_t size_max;

static void expect_fill(const struct model *model, size_t n, size_t size)
{
    for (size_t i = 0; i < size; i += i < 64 ? 1 : 61)
        if (model->start[n][i] != model->fill[n])
            abort();
}

static void enter(struct model *model, size_t n, void *block, size_t size)
{
    if (block == NULL) {
        model->refused++;
        return;
    }
    model->start[n] = block;
    model->size[n] = size;
    model->fill[n] = (unsigned char)model->random;
    memset(block, model->fill[n], size);
}

static void step(struct model *model)
{
    size_t n = test_random(&model->random) % LIVE;
    size_t size = test_random(&model->random) % 10 == 0
                      ? model->random % size_max
                      : model->random % 200;

    model->steps++;
    if (model->start[n] == NULL) {
        enter(model, n, model->random % 2 ? malloc(size) : calloc(size, 1),
              size);
        return;
    }
    expect_fill(model, n, model->size[n]);
    if (model->random % 4 == 0) {
        void *block = realloc(model->start[n], size + 1);
        if (block == NULL)
            return;
        model->start[n] = block;
        expect_fill(model, n,
                    size + 1 < model->size[n] ? size + 1 : model->size[n]);
        enter(model, n, block, size + 1);
    } else {
        free(model->start[n]);
        model->start[n] = NULL;
    }
}

static void handle(int signal)
{
    (void)signal;
    for (int i = 0; i < 8; i++)
        step(&in_handler);
}

static void free_all(struct model *model)
{
    for (size_t n = 0; n < LIVE; n++) {
        if (model->start[n] != NULL)
            expect_fill(model, n, model->size[n]);
        free(model->start[n]);
    }
}

static void storm(bool begin)
{
    suseconds_t every = begin ? EVERY_MICROSECONDS : 0;
    struct itimerval timer = {{0, every}, {0, every}};

    (void)signal(SIGALRM, begin ? handle : SIG_IGN);
    EXPECT(setitimer(ITIMER_REAL, &timer, NULL) == 0);
}

static void run_in_storm(size_t size)
{
    time_t end = time(NULL) + SECONDS_OF_STORM;

    size_max = size;
    storm(true);
    while (time(NULL) < end)
        for (int i = 0; i < 1000; i++)
            step(&in_main);
    storm(false);
    EXPECT(in_handler.steps > 1000);
    EXPECT(in_handler.refused < in_handler.steps / 4);
    EXPECT(in_main.refused == 0);
    free_all(&in_main);
    free_all(&in_handler);
    EXPECT(mn_heap_check(NULL));
}

TEST(handlers_allocate_small_blocks)
{
    run_in_storm(256);
}

TEST(handlers_allocate_blocks_of_many_classes)
{
    run_in_storm(100 * KIB);
}

TEST(handlers_allocate_large_blocks)
{
    run_in_storm(900 * KIB);
}
