/* SPDX-License-Identifier: MIT */
/* limit.c -- counting spans against limits, and asking before failure. */
#include "heap/limit.h"

#include <errno.h>

#include "heap/heap.h"
#include "heap/options.h"
#include "heap/stock.h"

struct mni_limit mni_limit_process = {.stock = &mni_stock};

_Thread_local bool mni_limit_noted __attribute__((tls_model("initial-exec")));

enum limit_refusal { LIMIT_NOT, LIMIT_HARD, LIMIT_NOMEM };

/* What this thread is to tell. A refusal by the process concerns the heap too:
 * what it takes spans from has none. */
static _Thread_local struct {
    struct mni_limit *heap;
    enum limit_refusal by_process;
    enum limit_refusal by_heap;
    bool passed_process;
    struct mni_limit *passed_heap;
    bool asking;
} limit_notes __attribute__((tls_model("initial-exec")));

void mni_limit_begin(void)
{
    mni_limit_process.set.hard = (size_t)mni_option(MNI_OPTION_LIMIT) << 20;
}

void mni_limit_cancel(void)
{
    mni_limit_process.set.hard = 0;
}

/* ---- counting ---- */

static bool limit_fits(const struct mni_limit *limit, size_t size)
{
    if (limit == NULL || limit->set.hard == 0)
        return true;
    size_t now = mn_atomic_load_relaxed(&limit->size);
    return now <= limit->set.hard && size <= limit->set.hard - now;
}

static void limit_refuse(struct mni_limit *heap, enum limit_refusal by_process,
                         enum limit_refusal by_heap)
{
    limit_notes.heap = heap;
    limit_notes.by_process = by_process;
    limit_notes.by_heap = heap == NULL ? LIMIT_NOT : by_heap;
    mni_limit_noted = true;
}

bool mni_limit_admits(struct mni_limit *process, struct mni_limit *heap,
                      size_t size)
{
    limit_notes.by_process = limit_notes.by_heap = LIMIT_NOT;
    if (!limit_fits(heap, size))
        limit_refuse(heap, LIMIT_NOT, LIMIT_HARD);
    else if (!limit_fits(process, size))
        limit_refuse(heap, LIMIT_HARD, LIMIT_NOMEM);
    else
        return true;
    return false;
}

void mni_limit_no_memory(struct mni_limit *process, struct mni_limit *heap)
{
    limit_refuse(heap, process == NULL ? LIMIT_NOT : LIMIT_NOMEM, LIMIT_NOMEM);
}

bool mni_limit_by_heap(void)
{
    return limit_notes.by_heap == LIMIT_HARD;
}

void mni_limit_add(struct mni_limit *limit, size_t size)
{
    if (limit == NULL)
        return;
    size_t before = mn_atomic_add_relaxed(&limit->size, size);
    size_t soft = limit->set.soft;
    if (soft == 0 || before > soft || before + size <= soft)
        return;
    if (limit->heap == NULL)
        limit_notes.passed_process = true;
    else
        limit_notes.passed_heap = limit;
    mni_limit_noted = true;
}

void mni_limit_sub(struct mni_limit *limit, size_t size)
{
    if (limit != NULL)
        (void)mn_atomic_add_relaxed(&limit->size, 0 - size);
}

/* ---- telling ---- */

/* Call the program's function. What it allocates is not told to it again. */
static bool limit_call(struct mni_limit *limit, enum mn_limit_event event,
                       size_t size)
{
    int error = errno;

    if (!mni_stock_lock(limit->stock))
        return false;
    struct mn_heap_limits set = limit->set;
    mni_stock_unlock(limit->stock);
    if (set.call == NULL)
        return false;
    limit_notes.asking = true;
    bool again = set.call(limit->heap, event, size, set.context);
    limit_notes.asking = false;
    errno = error;
    return again;
}

static bool limit_ask(struct mni_limit *limit, enum limit_refusal refusal,
                      size_t size)
{
    return refusal != LIMIT_NOT
           && limit_call(limit,
                         refusal == LIMIT_HARD ? MN_LIMIT_HARD : MN_LIMIT_NOMEM,
                         size);
}

bool mni_limit_tell(const void *block, size_t size)
{
    struct mni_limit *heap = limit_notes.heap;
    enum limit_refusal by_process = limit_notes.by_process;
    enum limit_refusal by_heap = limit_notes.by_heap;
    bool passed_process = limit_notes.passed_process;
    struct mni_limit *passed_heap = limit_notes.passed_heap;

    limit_notes.by_process = limit_notes.by_heap = LIMIT_NOT;
    limit_notes.passed_process = false;
    limit_notes.passed_heap = NULL;
    mni_limit_noted = false;
    /* Nothing is told in the program's function, nor in a signal handler that
     * interrupted an allocation; the heap of no thread is always busy. */
    bool busy =
        mni_heap_self != &mni_heap_none && mni_heap_is_busy(mni_heap_self);
    if (busy || limit_notes.asking)
        return false;
    if (passed_process)
        (void)limit_call(&mni_limit_process, MN_LIMIT_SOFT, size);
    if (passed_heap != NULL)
        (void)limit_call(passed_heap, MN_LIMIT_SOFT, size);
    return block == NULL
           && (limit_ask(&mni_limit_process, by_process, size)
               || limit_ask(heap, by_heap, size));
}

/* ---- the public interface ---- */

static struct mni_limit *limit_of(struct mn_heap *heap)
{
    return heap == NULL ? &mni_limit_process : &heap->limit;
}

bool mn_heap_limit(struct mn_heap *heap, const struct mn_heap_limits *limits)
{
    struct mni_limit *limit = limit_of(heap);

    if (!mni_stock_lock(limit->stock))
        return false;
    limit->set = *limits;
    mni_stock_unlock(limit->stock);
    return true;
}

size_t mn_heap_limit_size(const struct mn_heap *heap)
{
    return mn_atomic_load_relaxed(heap == NULL ? &mni_limit_process.size
                                               : &heap->limit.size);
}
