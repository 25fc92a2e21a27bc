/* SPDX-License-Identifier: MIT */
/* os_explore.c -- the contract of os.h in one mapping, for exploring.
 *
 * Addresses are handed out once, in order, so that schedules that do the same
 * see the same ones. Sleeping threads wait as the explorer's threads do.
 */
#include "os/os.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "explore.h"

enum { OS_PAGE = 4096, OS_ENDS = EXPLORE_THREADS + 1 };

static const size_t os_size = (size_t)4 << 30;
static unsigned char *os_start;
static size_t os_used;

static struct {
    void (*ended)(void *context);
    void *context;
} os_ends[OS_ENDS];

/* ---- memory ---- */

size_t mni_os_page_size(void)
{
    return OS_PAGE;
}

uintptr_t mni_os_addresses(size_t *limit)
{
    *limit = os_size / 8;
    return UINT64_C(1) << 47;
}

unsigned mni_os_pressure(void)
{
    return 0;
}

void *mni_os_reserve(size_t size, size_t align, unsigned perm)
{
    (void)perm;
    if (os_start == NULL)
        os_start = mmap(NULL, os_size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (os_start == MAP_FAILED)
        return NULL;
    uintptr_t start = (uintptr_t)os_start + os_used;
    uintptr_t skipped = (start + align - 1) / align * align - start;
    if (size + skipped > os_size - os_used)
        return NULL;
    os_used += skipped + size;
    return os_start + (os_used - size);
}

void mni_os_release(void *start, size_t size)
{
    (void)start;
    (void)size;
}

bool mni_os_protect(void *start, size_t size, unsigned perm)
{
    if (perm == MN_PERM_RW)
        explore_memory(start, size);
    return true;
}

bool mni_os_purge(void *start, size_t size, bool now)
{
    (void)start;
    (void)size;
    (void)now;
    return true;
}

/* The library reads and writes nothing in the memory of blocks. */
void mni_os_name(void *start, size_t size, const char *name)
{
    (void)size;
    if (strcmp(name, "mneme heap") == 0 || strcmp(name, "mneme pool") == 0)
        explore_forget_memory(start);
}

bool mni_os_resident(const void *start, size_t count, unsigned char *pages)
{
    (void)start;
    (void)count;
    (void)pages;
    return false;
}

/* ---- threads ---- */

enum { OS_SLEEPERS = EXPLORE_THREADS };

struct os_sleeper {
    const void *word; /* NULL when it was woken */
    unsigned order;
};

static struct os_sleeper os_sleepers[OS_SLEEPERS];
static unsigned os_order;

static bool os_is_woken(const void *sleeper)
{
    return ((const struct os_sleeper *)sleeper)->word == NULL;
}

void mni_os_wait(_Atomic uint32_t *word, uint32_t value, uint64_t limit)
{
    static const struct explore_place place = {"wait", __FILE__, __LINE__,
                                               sizeof *word};
    struct os_sleeper *self = &os_sleepers[explore_self()];
    void *address = (void *)(uintptr_t)word;

    (void)limit; /* nothing that is explored waits for a time */
    explore_fence();
    if ((uint32_t)explore_load(address, &place) != value)
        return;
    *self = (struct os_sleeper){address, os_order++};
    explore_wait(os_is_woken, self);
}

void mni_os_wake(_Atomic uint32_t *word)
{
    struct os_sleeper *first = NULL;

    for (int i = 0; i < OS_SLEEPERS; i++) {
        struct os_sleeper *sleeper = &os_sleepers[i];
        if (sleeper->word == (const void *)(uintptr_t)word
            && (first == NULL || sleeper->order < first->order))
            first = sleeper;
    }
    if (first != NULL)
        first->word = NULL;
}

bool mni_os_start_thread(void (*run)(void))
{
    (void)run;
    return false;
}

bool mni_os_at_thread_end(void (*ended)(void *context), void *context)
{
    os_ends[explore_self()].ended = ended;
    os_ends[explore_self()].context = context;
    return true;
}

void explore_thread_ends(void)
{
    void (*ended)(void *context) = os_ends[explore_self()].ended;

    os_ends[explore_self()].ended = NULL;
    if (ended != NULL)
        ended(os_ends[explore_self()].context);
}

bool mni_os_at_fork(void (*before)(void), void (*parent)(void),
                    void (*child)(void))
{
    (void)before;
    (void)parent;
    (void)child;
    return true;
}

/* ---- the rest ---- */

uint64_t mni_os_now(void)
{
    return 1; /* nothing ages */
}

uint64_t mni_os_process(void)
{
    return 1;
}

const char *mni_os_variable(const char *name)
{
    (void)name;
    return NULL;
}

int mni_os_open(const char *path)
{
    (void)path;
    return -1;
}

void mni_os_close(int file)
{
    (void)file;
}

void mni_os_write(int file, const char *data, size_t size)
{
    (void)file;
    (void)data;
    (void)size;
}

void mni_os_stop(const char *line, size_t length)
{
    static char text[200];

    snprintf(text, sizeof text, "stopped: %.*s", (int)length, line);
    explore_fail(text);
}
