/* SPDX-License-Identifier: MIT */
/* os_none.c -- the contract of os.h without a system: one thread, one buffer.
 *
 * A bit for each page tells whether it is reserved. All memory is always
 * readable and writable; what is purged is filled with zero by hand.
 */
#include "os/os_none.h"

#include "base/bits.h"

enum { NONE_PAGE = 4096, NONE_PAGES_MAX = 1 << 18 };

static struct {
    unsigned char *start;
    size_t page_count;
    void (*stop)(const char *line, size_t length);
    uint64_t taken[NONE_PAGES_MAX / 64];
} none;

void mni_none_give(void *memory, size_t size)
{
    uintptr_t address = (uintptr_t)memory;
    size_t skipped = mni_round_up(address, NONE_PAGE) - address;

    none.start = (unsigned char *)memory + skipped;
    none.page_count = size < skipped ? 0 : (size - skipped) / NONE_PAGE;
    if (none.page_count > NONE_PAGES_MAX)
        none.page_count = NONE_PAGES_MAX;
}

void mni_none_at_stop(void (*stop)(const char *line, size_t length))
{
    none.stop = stop;
}

/* ---- memory ---- */

size_t mni_os_page_size(void)
{
    return NONE_PAGE;
}

uintptr_t mni_os_addresses(size_t *limit)
{
    *limit = none.page_count * NONE_PAGE;
    return (uintptr_t)none.start + *limit;
}

unsigned mni_os_pressure(void)
{
    return 0;
}

static bool none_is_taken(size_t page)
{
    return none.taken[page / 64] >> page % 64 & 1;
}

static void none_mark(size_t page, size_t end, bool taken)
{
    for (; page < end; page++) {
        uint64_t bit = UINT64_C(1) << page % 64;
        if (taken)
            none.taken[page / 64] |= bit;
        else
            none.taken[page / 64] &= ~bit;
    }
}

/* The first page that is taken of [page, end), or `end`. */
static size_t none_taken_in(size_t page, size_t end)
{
    while (page < end && !none_is_taken(page))
        page++;
    return page;
}

void *mni_os_reserve(size_t size, size_t align, unsigned perm)
{
    size_t count = size / NONE_PAGE;
    size_t page = 0;

    (void)perm;
    while (page < none.page_count) {
        uintptr_t address = (uintptr_t)none.start + page * NONE_PAGE;
        size_t skipped = (mni_round_up(address, align) - address) / NONE_PAGE;
        if (skipped > none.page_count - page
            || count > none.page_count - page - skipped)
            return NULL;
        page += skipped;
        size_t taken = none_taken_in(page, page + count);
        if (taken == page + count) {
            none_mark(page, page + count, true);
            return __builtin_memset(none.start + page * NONE_PAGE, 0, size);
        }
        page = taken + 1;
    }
    return NULL;
}

void mni_os_release(void *start, size_t size)
{
    size_t page = ((uintptr_t)start - (uintptr_t)none.start) / NONE_PAGE;

    none_mark(page, page + size / NONE_PAGE, false);
}

bool mni_os_protect(void *start, size_t size, unsigned perm)
{
    (void)start;
    (void)size;
    (void)perm;
    return true;
}

bool mni_os_purge(void *start, size_t size, bool now)
{
    if (now)
        __builtin_memset(start, 0, size);
    return true;
}

void mni_os_name(void *start, size_t size, const char *name)
{
    (void)start;
    (void)size;
    (void)name;
}

bool mni_os_resident(const void *start, size_t count, unsigned char *pages)
{
    (void)start;
    __builtin_memset(pages, 1, count);
    return true;
}

/* ---- threads: there is one ---- */

void mni_os_wait(_Atomic uint32_t *word, uint32_t value, uint64_t limit)
{
    (void)word;
    (void)value;
    (void)limit;
}

void mni_os_wake(_Atomic uint32_t *word)
{
    (void)word;
}

bool mni_os_start_thread(void (*run)(void))
{
    (void)run;
    return false;
}

bool mni_os_at_thread_end(void (*ended)(void *context), void *context)
{
    (void)ended;
    (void)context;
    return true;
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
    return 0;
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
    if (none.stop != NULL)
        none.stop(line, length);
    __builtin_trap();
}
