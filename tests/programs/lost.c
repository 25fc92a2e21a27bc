/* SPDX-License-Identifier: MIT */
/* lost.c -- a program that loses blocks, for leaks.sh: as many chains of three
 * and single blocks as its first argument says. With a second one, a thread
 * that sleeps at the end keeps a block. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
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
    asleep = 1;
    pause();
    return mine;
}

int main(int count, char **arguments)
{
    pthread_t thread;

    keep();
    lose(count > 1 ? atoi(arguments[1]) : 0);
    wipe();
    if (count > 2 && pthread_create(&thread, NULL, sleep_on, NULL) != 0)
        return 1;
    while (count > 2 && !asleep)
        usleep(100);
    return inside == NULL ? 1 : 7;
}
