/* SPDX-License-Identifier: MIT */
/* watch_stacks.c -- where an object was allocated and released, in the reports
 * of AddressSanitizer.
 *
 * The sanitizer knows call stacks of its own malloc alone; of poisoned memory
 * it says that it is poisoned. So for each object that is out there is a block
 * of its malloc, which is freed when the object is released: a token. When a
 * report is about an address in or beside such an object, the sanitizer is
 * asked to describe the token, and so tells both stacks.
 */
#include "base/watch.h"

#include <stdint.h>

#include "base/config.h"

#if MN_FREESTANDING
bool mni_stacks_has_asan(void)
{
    return false;
}

void mni_stacks_poison(const void *memory, size_t size)
{
    (void)memory, (void)size;
}

void mni_stacks_unpoison(const void *memory, size_t size)
{
    (void)memory, (void)size;
}

struct mni_stacks *mni_stacks_new(const struct mni_watched *watched,
                                  void *first, size_t count)
{
    (void)watched, (void)first, (void)count;
    return NULL;
}

void mni_stacks_end(struct mni_stacks *stacks)
{
    (void)stacks;
}

struct mni_stacks **mni_stacks_append(struct mni_stacks **row, size_t count,
                                      struct mni_stacks *stacks)
{
    (void)row, (void)count, (void)stacks;
    return NULL;
}

void mni_stacks_end_row(struct mni_stacks **row, size_t count)
{
    (void)row, (void)count;
}

void mni_stacks_allocated(struct mni_stacks *stacks, const void *object)
{
    (void)stacks, (void)object;
}

void mni_stacks_released(struct mni_stacks *stacks, const void *object)
{
    (void)stacks, (void)object;
}

void mni_stacks_describe(struct mni_stacks *stacks, const void *object)
{
    (void)stacks, (void)object;
}
#else
#include "base/atomic.h"

/* Weak, for most programs have no sanitizer; and visible, or the linker would
 * take what is not there now to be never there. */
#define STACKS_WEAK __attribute__((weak, visibility("default")))
void __asan_poison_memory_region(const volatile void *memory,
                                 size_t size) STACKS_WEAK;
void __asan_unpoison_memory_region(const volatile void *memory,
                                   size_t size) STACKS_WEAK;
void *__asan_get_report_address(void) STACKS_WEAK;
void __asan_describe_address(void *address) STACKS_WEAK;
void __asan_set_error_report_callback(void (*report)(const char *)) STACKS_WEAK;
/* Its malloc, whatever the program calls so. */
void *__interceptor_malloc(size_t size) STACKS_WEAK;
void __interceptor_free(void *block) STACKS_WEAK;

struct mni_stacks {
    struct mni_stacks *next;
    struct mni_stacks *previous;
    struct mni_stacks **row; /* so that it is no leak where its user is gone */
    uintptr_t first;
    size_t count;
    size_t stride;
    size_t zone;
    void *tokens[]; /* NULL: was never out */
};

/* All there are. The lock is for a few stores each time. */
static struct mni_stacks *stacks_all;
static _Atomic uint32_t stacks_lock;

bool mni_stacks_has_asan(void)
{
    return __asan_poison_memory_region != NULL
           && __asan_unpoison_memory_region != NULL;
}

void mni_stacks_poison(const void *memory, size_t size)
{
    __asan_poison_memory_region(memory, size);
}

void mni_stacks_unpoison(const void *memory, size_t size)
{
    __asan_unpoison_memory_region(memory, size);
}

static bool stacks_can_describe(void)
{
    return __asan_get_report_address != NULL && __asan_describe_address != NULL
           && __asan_set_error_report_callback != NULL
           && __interceptor_malloc != NULL && __interceptor_free != NULL;
}

static bool stacks_try_acquire(void)
{
    /* Acquire: pairs with the release below. */
    return mn_atomic_exchange_acquire(&stacks_lock, 1) == 0;
}

static void stacks_release(void)
{
    /* Release: pairs with the acquire above. */
    mn_atomic_store_release(&stacks_lock, 0);
}

/* The token of the object at `address`, or of the one whose zone it is in: that
 * behind it, or for the first one before it. */
static void *stacks_token(uintptr_t address)
{
    struct mni_stacks *stacks = stacks_all;

    while (stacks != NULL
           && address - (stacks->first - stacks->zone)
                  >= stacks->zone + stacks->count * stacks->stride)
        stacks = stacks->next;
    if (stacks == NULL)
        return NULL;
    if (address < stacks->first)
        return stacks->tokens[0];
    return stacks->tokens[(address - stacks->first) / stacks->stride];
}

/* Called by the sanitizer at the end of each report. */
static void stacks_report(const char *text)
{
    (void)text;
    if (!stacks_try_acquire()) /* the error may be in between */
        return;
    void *token = stacks_token((uintptr_t)__asan_get_report_address());
    stacks_release();
    if (token != NULL)
        __asan_describe_address(token);
}

struct mni_stacks *mni_stacks_new(const struct mni_watched *watched,
                                  void *first, size_t count)
{
    struct mni_stacks *stacks = NULL;

    if (watched->tool == MNI_TOOL_ASAN && stacks_can_describe())
        stacks = __interceptor_malloc(sizeof *stacks
                                      + count * sizeof(stacks->tokens[0]));
    if (stacks == NULL)
        return NULL;
    stacks->row = NULL;
    stacks->first = (uintptr_t)first;
    stacks->count = count;
    stacks->stride = watched->stride;
    stacks->zone = watched->zone;
    for (size_t i = 0; i < count; i++)
        stacks->tokens[i] = NULL;
    while (!stacks_try_acquire())
        continue;
    stacks->previous = NULL;
    stacks->next = stacks_all;
    if (stacks_all != NULL)
        stacks_all->previous = stacks;
    stacks_all = stacks;
    stacks_release();
    __asan_set_error_report_callback(stacks_report);
    return stacks;
}

void mni_stacks_end(struct mni_stacks *stacks)
{
    if (stacks == NULL)
        return;
    while (!stacks_try_acquire())
        continue;
    if (stacks->previous != NULL)
        stacks->previous->next = stacks->next;
    else
        stacks_all = stacks->next;
    if (stacks->next != NULL)
        stacks->next->previous = stacks->previous;
    stacks_release();
    __interceptor_free(stacks);
}

void mni_stacks_end_row(struct mni_stacks **row, size_t count)
{
    if (row == NULL)
        return;
    for (size_t i = 0; i < count; i++)
        mni_stacks_end(row[i]);
    __interceptor_free(row);
}

struct mni_stacks **mni_stacks_append(struct mni_stacks **row, size_t count,
                                      struct mni_stacks *stacks)
{
    struct mni_stacks **next = NULL;

    if (stacks != NULL && (row != NULL || count == 0))
        next = __interceptor_malloc((count + 1) * sizeof *next);
    if (next == NULL) {
        mni_stacks_end(stacks);
        mni_stacks_end_row(row, count);
        return NULL;
    }
    for (size_t i = 0; i < count; i++)
        next[i] = row[i];
    next[count] = stacks;
    next[0]->row = next;
    if (row != NULL)
        __interceptor_free(row);
    return next;
}

static void **stacks_place(struct mni_stacks *stacks, const void *object)
{
    return &stacks
                ->tokens[((uintptr_t)object - stacks->first) / stacks->stride];
}

void mni_stacks_allocated(struct mni_stacks *stacks, const void *object)
{
    if (stacks != NULL)
        *stacks_place(stacks, object) = __interceptor_malloc(1);
}

void mni_stacks_released(struct mni_stacks *stacks, const void *object)
{
    if (stacks != NULL)
        __interceptor_free(*stacks_place(stacks, object));
}

void mni_stacks_describe(struct mni_stacks *stacks, const void *object)
{
    if (stacks != NULL && *stacks_place(stacks, object) != NULL)
        __asan_describe_address(*stacks_place(stacks, object));
}
#endif
