/* SPDX-License-Identifier: MIT */
/* limit.h -- how many bytes of spans may be in use, and who is asked before an
 * allocation fails.
 *
 * Spans are counted and refused where they are taken, under the lock of their
 * stock. There nobody can be asked: locks are held and lists half changed. So
 * it is noted in the thread, and whoever allocates looks at the notes when it
 * holds nothing any more.
 */
#ifndef MNI_LIMIT_H
#define MNI_LIMIT_H

#include <mn/heap.h>

#include "base/atomic.h"

struct mni_stock;

struct mni_limit {
    struct mn_heap_limits set; /* changes under the lock of the stock */
    struct mn_heap *heap;      /* whose it is; NULL for the process */
    struct mni_stock *stock;   /* whose lock that is */
    _Atomic size_t size;       /* of spans in use; grows under the same lock */
};

extern struct mni_limit mni_limit_process;

/* When the process starts, after mni_options_load. */
void mni_limit_begin(void);

/* The option is not for this process. */
void mni_limit_cancel(void);

/* ---- for stocks; any limit may be NULL ---- */

/* Whether spans of `size` more bytes may be taken; notes by what they may not.
 * Requires: the lock of the stock. */
bool mni_limit_admits(struct mni_limit *process, struct mni_limit *heap,
                      size_t size);

/* Note that the system, or the given memory, has no more. */
void mni_limit_no_memory(struct mni_limit *process, struct mni_limit *heap);

/* Whether what was refused last in this thread was by the heap's limit. */
bool mni_limit_by_heap(void);

/* Count a span that was taken, and note if it passed the soft limit.
 * Requires: the lock. */
void mni_limit_add(struct mni_limit *limit, size_t size);

/* A span that was given back. Any thread. */
void mni_limit_sub(struct mni_limit *limit, size_t size);

/* ---- for those who allocate and hold nothing ---- */

/* Whether this thread has notes. */
extern _Thread_local bool mni_limit_noted
    __attribute__((tls_model("initial-exec")));

/* Tell the program what was noted, while `block` of `size` bytes was allocated;
 * NULL if that failed. True if it is worth trying again. */
bool mni_limit_tell(const void *block, size_t size);

static inline bool mni_limit_again(const void *block, size_t size)
{
    return __builtin_expect(mni_limit_noted, 0) && mni_limit_tell(block, size);
}

#endif
