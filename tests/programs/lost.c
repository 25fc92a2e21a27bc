/* SPDX-License-Identifier: MIT */
/* lost.c -- a program that loses blocks, for leaks.sh: as many chains of three
 * and single blocks as its first argument says. With the second one
 * "thread", a thread that sleeps at the end keeps a block; with "bare", three
 * do, whose stacks have no guards; with "inner", the program ends on a stack
 * that lies in a variable, and what is below it keeps blocks. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

struct link {
    struct link *next;
    char room[40];
};

static struct link *kept;
static char *inside;
static _Atomic int asleep;

static __attribute__((noinline)) void *take(size_t size)
{
    void *block = malloc(size);

    if (block == NULL)
        abort();
    memset(block, 0, size);
    return block;
}

static __attribute__((noinline)) void lose(int count)
{
    for (int i = 0; i < count; i++) {
        struct link *chain = take(sizeof *chain);
        chain->next = take(sizeof *chain);
        chain->next->next = take(sizeof *chain);
        ((char *)take(300000))[0] = 1;
    }
}

static __attribute__((noinline)) void keep(void)
{
    for (int i = 0; i < 100; i++) {
        struct link *link = take(sizeof *link);
        link->next = kept;
        kept = link;
    }
    inside = (char *)take(5000) + 1000;
}

/* Over what is left of the calls above. */
static __attribute__((noinline)) void wipe(void)
{
    volatile char junk[20000];

    for (size_t i = 0; i < sizeof junk; i++)
        junk[i] = 0;
}

static void *sleep_on(void *data)
{
    char *volatile mine = take(777);

    (void)data;
    asleep++;
    pause();
    return mine;
}

static void begin_threads(int count, size_t guard)
{
    pthread_attr_t attributes;
    pthread_t thread;

    if (pthread_attr_init(&attributes) != 0
        || pthread_attr_setguardsize(&attributes, guard) != 0)
        abort();
    for (int i = 0; i < count; i++)
        if (pthread_create(&thread, &attributes, sleep_on, NULL) != 0)
            abort();
    while (asleep < count)
        usleep(100);
}

/* The room is more than a page that has other variables in it. */
static struct {
    char room[20000];
    void *kept[100];
    char stack[256 * 1024];
} below;

static __attribute__((noinline)) void keep_below(void)
{
    for (size_t i = 0; i < sizeof below.kept / sizeof *below.kept; i++)
        below.kept[i] = take(5000);
}

static void end_inside(void)
{
    exit(7);
}

static void go_inside(void)
{
    static ucontext_t inner;

    if (getcontext(&inner) != 0)
        abort();
    inner.uc_stack.ss_sp = below.stack;
    inner.uc_stack.ss_size = sizeof below.stack;
    makecontext(&inner, end_inside, 0);
    (void)setcontext(&inner);
}

int main(int count, char **arguments)
{
    const char *second = count > 2 ? arguments[2] : "";

    keep();
    if (strcmp(second, "inner") == 0)
        keep_below();
    lose(count > 1 ? atoi(arguments[1]) : 0);
    wipe();
    if (strcmp(second, "thread") == 0)
        begin_threads(1, 4096);
    if (strcmp(second, "bare") == 0)
        begin_threads(3, 0);
    if (strcmp(second, "inner") == 0)
        go_inside();
    return inside == NULL ? 1 : 7;
}
