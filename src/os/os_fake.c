/* SPDX-License-Identifier: MIT */
/* os_fake.c -- the contract of os.h on Linux, refusing when a test says so.
 *
 * The real functions get other names. What may fail is counted by one counter,
 * so that a test makes each call fail in turn without knowing which it is.
 */
#define mni_os_page_size fake_real_page_size
#define mni_os_reserve fake_real_reserve
#define mni_os_release fake_real_release
#define mni_os_protect fake_real_protect
#define mni_os_purge fake_real_purge
#define mni_os_pressure fake_real_pressure
#define mni_os_start_thread fake_real_start_thread
#define mni_os_at_thread_end fake_real_at_thread_end
#define mni_os_at_fork fake_real_at_fork
#include "os/os_linux.c"
#undef mni_os_page_size
#undef mni_os_reserve
#undef mni_os_release
#undef mni_os_protect
#undef mni_os_purge
#undef mni_os_pressure
#undef mni_os_start_thread
#undef mni_os_at_thread_end
#undef mni_os_at_fork

#include "base/atomic.h"
#include "os/os_fake.h"

/* Declared again, as os.h was read under the other names. */
size_t mni_os_page_size(void);
void *mni_os_reserve(size_t size, size_t align, unsigned perm);
void mni_os_release(void *start, size_t size);
bool mni_os_protect(void *start, size_t size, unsigned perm);
bool mni_os_purge(void *start, size_t size, bool now);
unsigned mni_os_pressure(void);
bool mni_os_start_thread(void (*run)(void));
bool mni_os_at_thread_end(void (*ended)(void *context), void *context);
bool mni_os_at_fork(void (*before)(void), void (*parent)(void),
                    void (*child)(void));

static _Atomic uint64_t fake_calls;
static _Atomic uint64_t fake_first;
static _Atomic uint64_t fake_last;
static _Atomic size_t fake_reserved;
static size_t fake_page;
static _Atomic unsigned fake_pressure;
static bool fake_presses;

void mni_fake_fail(uint64_t first, uint64_t last)
{
    mn_atomic_store_relaxed(&fake_calls, 0);
    mn_atomic_store_relaxed(&fake_first, first);
    mn_atomic_store_relaxed(&fake_last, last);
}

uint64_t mni_fake_calls(void)
{
    return mn_atomic_load_relaxed(&fake_calls);
}

void mni_fake_page_size(size_t size)
{
    fake_page = size;
}

void mni_fake_pressure(unsigned pressure)
{
    mn_atomic_store_relaxed(&fake_pressure, pressure);
    fake_presses = true;
}

unsigned mni_os_pressure(void)
{
    return fake_presses ? mn_atomic_load_relaxed(&fake_pressure)
                        : fake_real_pressure();
}

size_t mni_fake_reserved(void)
{
    return mn_atomic_load_relaxed(&fake_reserved);
}

static bool fake_refuses(void)
{
    uint64_t number = mn_atomic_add_relaxed(&fake_calls, 1) + 1;

    return number >= mn_atomic_load_relaxed(&fake_first)
           && number <= mn_atomic_load_relaxed(&fake_last);
}

static void fake_expect_pages(const void *start, size_t size)
{
    size_t page = mni_os_page_size();

    MN_CHECK((uintptr_t)start % page == 0, "fake: not the start of a page");
    MN_CHECK(size % page == 0 && size != 0, "fake: not whole pages");
}

size_t mni_os_page_size(void)
{
    return fake_page != 0 ? fake_page : fake_real_page_size();
}

void *mni_os_reserve(size_t size, size_t align, unsigned perm)
{
    size_t page = mni_os_page_size();

    fake_expect_pages(NULL, size);
    if (fake_refuses())
        return NULL;
    void *start = fake_real_reserve(size, align < page ? page : align, perm);
    if (start != NULL)
        (void)mn_atomic_add_relaxed(&fake_reserved, size);
    return start;
}

void mni_os_release(void *start, size_t size)
{
    fake_expect_pages(start, size);
    fake_real_release(start, size);
    (void)mn_atomic_add_relaxed(&fake_reserved, 0 - size);
}

bool mni_os_protect(void *start, size_t size, unsigned perm)
{
    fake_expect_pages(start, size);
    return !fake_refuses() && fake_real_protect(start, size, perm);
}

bool mni_os_purge(void *start, size_t size, bool now)
{
    fake_expect_pages(start, size);
    return !fake_refuses() && fake_real_purge(start, size, now);
}

bool mni_os_start_thread(void (*run)(void))
{
    return !fake_refuses() && fake_real_start_thread(run);
}

bool mni_os_at_thread_end(void (*ended)(void *context), void *context)
{
    return !fake_refuses() && fake_real_at_thread_end(ended, context);
}

bool mni_os_at_fork(void (*before)(void), void (*parent)(void),
                    void (*child)(void))
{
    return !fake_refuses() && fake_real_at_fork(before, parent, child);
}
