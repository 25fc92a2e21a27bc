/* SPDX-License-Identifier: MIT */
/* mn/heap.h -- general-purpose heaps.
 *
 * Every thread has a heap of its own, which the plain functions use; malloc
 * and its relatives are these under other names. A first-class heap is one
 * that the program makes, fills and destroys as a whole.
 *
 * Blocks are aligned to 16 bytes at least. Running out of memory is NULL and
 * leaves everything as it was. Releasing what is not the start of a block
 * that is out stops the program with one line that names the address, what it
 * is, and the block it lies in. Design: docs/design/heap.md
 *
 * In a signal handler: these functions may be called, also when the handler
 * interrupted one of them in the same thread. An allocation that would have to
 * wait for what the interrupted call holds returns NULL.
 * In the child of a fork, also in such a handler, unless it interrupted a
 * shared heap: everything goes on, whatever the other threads were doing; what
 * only they could reach is lost, as with every fork.
 */
#ifndef MN_HEAP_H
#define MN_HEAP_H

#include <mn/block.h>
#include <mn/guard.h> /* enum mn_limit_event */

MN_BEGIN

enum { MN_HEAP_ALIGN = 16 };

struct mn_heap; /* a heap; NULL stands for the calling thread's own */

/* Give `block` back, from whatever thread, to whatever heap it came from. NULL
 * is ignored. errno is kept. */
MN_API void mn_free(void *block) MN_TAKES(mn_heap, 1);

/* The same for a block whose size the caller knows: as it was asked for, or
 * any size up to what mn_usable_size said. Another one stops the program. */
MN_API void mn_free_sized(void *block, size_t size) MN_TAKES(mn_heap, 1);

/* Return a block of at least `size` bytes, or NULL. A size of 0 gives the
 * smallest block, unlike any other. Sizes above PTRDIFF_MAX are refused. */
MN_API void *mn_alloc(size_t size) MN_MUST_USE MN_GIVES(mn_heap)
MN_UNALIASED MN_FREED_BY(mn_free, 1) MN_FREED_BY(mn_free_sized, 1);

/* The same, filled with zero. */
MN_API void *mn_alloc_zero(size_t size) MN_MUST_USE MN_GIVES(mn_heap)
MN_UNALIASED MN_FREED_BY(mn_free, 1) MN_FREED_BY(mn_free_sized, 1);

/* The same, at a multiple of `align`; NULL if that is no power of two. */
MN_API void *mn_alloc_aligned(size_t size, size_t align) MN_MUST_USE
    MN_GIVES(mn_heap)
MN_UNALIASED MN_ALIGNED_BY(2) MN_FREED_BY(mn_free, 1)
    MN_FREED_BY(mn_free_sized, 1);

/* Return a block of at least `size` bytes with the content of `block` as far
 * as both reach; `block` is released, or is the result. On NULL nothing
 * changed. With NULL for `block` this is mn_alloc. */
MN_API void *mn_realloc(void *block, size_t size) MN_MUST_USE
    MN_FREED_BY(mn_free, 1) MN_FREED_BY(mn_free_sized, 1);

/* Change the size of `block` without moving it; false if that cannot be. */
MN_API bool mn_resize(void *block, size_t size) MN_MUST_USE;

/* The bytes of `block` that may be used, at least what was asked for; 0 for
 * NULL. What is not the start of a block that is out stops the program. */
MN_API size_t mn_usable_size(const void *block);

/* ---- first-class heaps ---- */

/* Asked before an allocation of `size` bytes is refused: release something and
 * return true, and it is tried again; false if nothing is left to release.
 * MN_LIMIT_NOMEM: no limit of this heap refused it, but the process's, the
 * system or the given memory. At MN_LIMIT_SOFT, told once each time that the
 * soft limit is passed, the answer is ignored. It runs in the thread that
 * allocates, several at a time if several do, and no lock is held: it may
 * release, allocate, and mn_trim, but must return. What is refused to it in
 * turn is NULL; so is, unasked, what is refused in a signal handler that
 * interrupted an allocation. `heap` is NULL for the limit of the process. */
typedef bool (*mn_heap_limit_fn)(struct mn_heap *heap,
                                 enum mn_limit_event event, size_t size,
                                 void *context);

struct mn_heap_limits { /* in bytes of spans, see mn_heap_limit_size */
    size_t soft;        /* 0 for none */
    size_t hard;
    mn_heap_limit_fn call; /* or NULL */
    void *context;
};

struct mn_heap_options {
    void *memory;       /* NULL: take memory from the system */
    size_t memory_size; /* bytes of `memory`; the heap never leaves them */
    bool shared;        /* several threads may allocate at a time */
    struct mn_heap_limits limits;
    uint16_t nodes; /* NUMA nodes as bits: pages come from one of these */
};

/* The least `memory_size` that mn_heap_create accepts. */
MN_API size_t mn_heap_memory_min(void);

/* Release all blocks of the heap, and the heap, at once. Requires: no thread
 * uses the heap or any of its blocks any more. NULL is ignored. */
MN_API void mn_heap_destroy(struct mn_heap *heap) MN_TAKES(mn_heap_create, 1);

/* Make a heap; `options` may be NULL for a heap in the system's memory that one
 * thread at a time allocates from. NULL if there is no memory, or if `memory`
 * is too small. Given memory is borrowed until mn_heap_destroy; the heap and
 * its records lie wholly inside it, and some 7 % of it is spent on them.
 * With `nodes` its whole pages are bound to these until then, and where no
 * `memory` is given, `memory_size` bytes of addresses are the heap's. NULL also
 * if the system refuses, which has no such node or lets nobody choose. */
MN_API struct mn_heap *
mn_heap_create(const struct mn_heap_options *options) MN_MUST_USE
    MN_GIVES(mn_heap_create) MN_FREED_BY(mn_heap_destroy, 1);

/* As the functions above, from `heap`. Blocks may be released by mn_free in
 * any thread, and by mn_heap_free, which stops the program if the block is
 * of another heap. */
MN_API void *mn_heap_alloc(struct mn_heap *heap, size_t size) MN_MUST_USE;
MN_API void *mn_heap_alloc_zero(struct mn_heap *heap, size_t size) MN_MUST_USE;
MN_API void *mn_heap_alloc_aligned(struct mn_heap *heap, size_t size,
                                   size_t align) MN_MUST_USE MN_ALIGNED_BY(3);
MN_API void *mn_heap_realloc(struct mn_heap *heap, void *block,
                             size_t size) MN_MUST_USE;
MN_API void mn_heap_free(struct mn_heap *heap, void *block);

/* Set the limits of `heap`, or with NULL those of the process, instead of the
 * option `limit`; what is in use stays. A refused allocation is NULL, and
 * ENOMEM in malloc. False, and nothing changed, in a signal handler that
 * interrupted what this needs. */
MN_API bool mn_heap_limit(struct mn_heap *heap,
                          const struct mn_heap_limits *limits) MN_MUST_USE;

/* What limits count: bytes of the spans in use, of `heap`, or with NULL of all
 * heaps in the system's memory. A span is in use from when it is taken for
 * blocks of one size, or for a large block, until the last block in it is
 * given back; spans have whole cells of 64 KiB. Large spans that threads keep
 * for their next blocks count, and are given up before anything is refused.
 * Free spans that the system has not got back yet, and Mneme's records, do not
 * count. Any thread. */
MN_API size_t mn_heap_limit_size(const struct mn_heap *heap);

/* True if every invariant holds: of `heap`, which no other thread uses now, or
 * with NULL of all, while any threads go on; left out then are the lists of
 * other threads' heaps and of unshared heaps, and heaps in given memory. Reads
 * all records. False also in a signal handler that interrupted what it needs.
 */
MN_API bool mn_heap_check(const struct mn_heap *heap) MN_MUST_USE;

/* Visit each block that is out, of `heap`, or with NULL of all heaps in the
 * system's memory, while any threads go on: a block that is out all the time is
 * visited once; one that is allocated or released meanwhile, once or not at
 * all; nothing else is. No lock is held while `visit` runs: it may allocate and
 * release, also the block that it is given, but not destroy `heap`. True if all
 * were visited; false if `visit` said so, or in a signal handler that
 * interrupted what this needs. Linear in the spans. */
MN_API bool mn_heap_walk(const struct mn_heap *heap, mn_block_fn visit,
                         void *context) MN_MUST_USE;

/* Give back to the system the spans that are free, and the pages of blocks that
 * wait for the thread that allocated them. True if there were any. */
MN_API bool mn_trim(void);

/* True if moving `block` to a new allocation of its size would help to empty
 * the span it lies in: if of that span less is out than on average of the spans
 * of this size and heap, and allocations do not come from it now. The block
 * must be of a heap that the calling thread may allocate from; false for those
 * of other threads, for large blocks and for NULL. O(1); changes nothing but
 * the order in which spans are taken up. */
MN_API bool mn_should_move(const void *block) MN_MUST_USE;

MN_END

#endif
