/* SPDX-License-Identifier: MIT */
/* mn/guard.h -- regions around a region, which limit, count, check or lock it.
 *
 * A guard is a region that passes on what it is asked to its parent, so guards
 * stack in any order. It lies in the caller's memory and stays in its place.
 * The parent is borrowed and must outlive it. A block goes back through the
 * guard that it came from. One thread at a time uses a guard, but for mn_lock.
 *
 * Which to use, and in which order: docs/manual/guard.md
 */
#ifndef MN_GUARD_H
#define MN_GUARD_H

#include <mn/region.h>

MN_BEGIN

/* What is out by way of a guard, in the sizes that mn_region_block_at tells. */
struct mn_guard_tally {
    size_t size; /* bytes */
    size_t block_count;
};

/* ---- limit: so many bytes out and no more ---- */

enum mn_limit_event {
    MN_LIMIT_SOFT, /* more than `soft` bytes are out now, and were not before */
    MN_LIMIT_HARD, /* more than `hard` bytes would be out */
    MN_LIMIT_NOMEM /* the parent has no block to give */
};

struct mn_limit;

/* Before a block of `size` bytes is refused: release something and return true,
 * and it is tried again; false if nothing is left to release. At MN_LIMIT_SOFT
 * the answer is ignored. The function may use the limit and its parent; what
 * fails or passes a limit meanwhile is not told to it again. */
typedef bool (*mn_limit_fn)(struct mn_limit *limit, enum mn_limit_event event,
                            size_t size, void *context);

struct mn_limit { /* fields are private */
    struct mn_region region;
    struct mn_region *parent;
    struct mn_guard_tally out;
    size_t soft;
    size_t hard;
    mn_limit_fn call;
    void *context;
    bool above;  /* the soft limit has been passed, and this was told */
    bool asking; /* `call` is running */
};

/* At most `hard` bytes out, a warning above `soft`; SIZE_MAX is no limit. What
 * the parent adds to a size counts. A parent that does not give memory back
 * (bump, but for the newest block) has it out until the last block is freed. */
MN_API void mn_limit_init(struct mn_limit *limit, struct mn_region *parent,
                          size_t soft, size_t hard);

/* Have `call` called, or nothing if it is NULL. */
MN_API void mn_limit_watch(struct mn_limit *limit, mn_limit_fn call,
                           void *context);

/* Other limits from now on; blocks that are out stay. The bytes now out. */
MN_API void mn_limit_change(struct mn_limit *limit, size_t soft, size_t hard);
MN_API size_t mn_limit_size(const struct mn_limit *limit);

/* ---- count: what is asked for and what is out ---- */

struct mn_count { /* may be read at any time */
    struct mn_region region;
    struct mn_region *parent;
    struct mn_guard_tally out;     /* now */
    struct mn_guard_tally out_max; /* the most of each that ever was */
    size_t alloc_count;            /* calls, those that failed too */
    size_t resize_count;
    size_t free_count;
    size_t failure_count; /* of alloc and resize */
};

MN_API void mn_count_init(struct mn_count *count, struct mn_region *parent);

/* ---- lock: a region for many threads ---- */

typedef void (*mn_lock_fn)(void *context);

struct MN_CAPABILITY("mutex") mn_lock { /* fields are private */
    struct mn_region region;
    struct mn_region *parent;
    mn_lock_fn acquire;
    mn_lock_fn release;
    void *context;
    uint32_t ticket[2]; /* the next to be drawn, and the one that is served */
};

/* Each operation, a whole walk too, holds the lock. `acquire` and `release` are
 * called with `context`; if both are NULL it is a lock of our own that serves
 * threads in the order they come, and waits without giving up the processor:
 * for threads that do not share one; MN_ERR_UNSUPPORTED where there are no
 * atomic operations. What is called with the lock held must not use `lock`.
 * MN_ERR_INVALID if only one of the two is NULL. */
MN_API enum mn_status mn_lock_init(struct mn_lock *lock,
                                   struct mn_region *parent, mn_lock_fn acquire,
                                   mn_lock_fn release,
                                   void *context) MN_MUST_USE;

/* Hold the lock for several operations on the parent. Not recursive. */
MN_API void mn_lock_acquire(struct mn_lock *lock) MN_ACQUIRE(lock);
MN_API void mn_lock_release(struct mn_lock *lock) MN_RELEASE(lock);

/* ---- trace: a call of yours for each call ---- */

enum mn_trace_op { MN_TRACE_ALLOC, MN_TRACE_RESIZE, MN_TRACE_FREE };

struct mn_trace_event {
    enum mn_trace_op op;
    const void *block; /* what alloc returned, or resize and free were given */
    size_t size;       /* as asked for; 0 for free */
    size_t align;      /* 0 for resize and free */
    bool done;         /* false: alloc and resize failed; always for free */
};

typedef void (*mn_trace_fn)(const struct mn_trace_event *event, void *context);

struct mn_trace { /* fields are private */
    struct mn_region region;
    struct mn_region *parent;
    mn_trace_fn call;
    void *context;
};

/* `call`, which must not use the trace, hears of an alloc and a resize when
 * they are done, and of a free just before, so also of one that is misuse. */
MN_API void mn_trace_init(struct mn_trace *trace, struct mn_region *parent,
                          mn_trace_fn call, void *context);

/* ---- red zones, quarantine: both keep a record of each block, apart ---- */

struct mni_guard_record;

struct mn_guard_table { /* fields are private */
    struct mni_guard_record *record;
    uint32_t capacity; /* records, without record 0, which is none */
    uint32_t count;    /* of these, in use */
    uint32_t fresh;    /* records from this one on have never been used */
    uint32_t spare;    /* first of those that were, and are not in use */
    uint32_t root;
};

/* Bytes of control memory, aligned to 8, for `block_count` blocks at a time;
 * 0 if there cannot be so many. With more blocks an allocation is NULL. */
MN_API size_t mn_guard_control_size(size_t block_count);

struct mn_redzone { /* fields are private */
    struct mn_region region;
    struct mn_region *parent;
    struct mn_guard_table table;
    size_t width;
};

/* Put at least `width` bytes before and behind each block, which has the very
 * size that was asked for. A write there stops the program when the block is
 * freed or resized, with the offset of the first such byte from its start;
 * mn_region_examine answers MN_ERR_CORRUPTED, mn_region_check false. Operations
 * are O(log blocks + width + align). MN_ERR_INVALID if `width` is 0 or above
 * PTRDIFF_MAX, or if `control` is not for one block. */
MN_API enum mn_status mn_redzone_init(struct mn_redzone *redzone,
                                      struct mn_region *parent, size_t width,
                                      void *control,
                                      size_t control_size) MN_MUST_USE;

struct mn_quarantine { /* fields are private */
    struct mn_region region;
    struct mn_region *parent;
    struct mn_guard_table table;
    size_t size_max;
    size_t count_max;
    struct mn_guard_tally waiting;
    uint32_t first; /* the record that waits longest; 0 for none */
    uint32_t last;
};

/* Have freed blocks wait, up to `size_max` bytes of them, before the parent
 * gets them back, the oldest first. They are filled, and a write to one stops
 * the program when it leaves, as does a second release while it waits. Out of
 * memory or of records, those that wait leave; a block above `size_max` does
 * not wait. `control` is for blocks that are out and that wait together.
 * MN_ERR_INVALID if it is not for one. O(log blocks + size) for a free. */
MN_API enum mn_status mn_quarantine_init(struct mn_quarantine *quarantine,
                                         struct mn_region *parent,
                                         size_t size_max, void *control,
                                         size_t control_size) MN_MUST_USE;

/* Have no block wait now; or from now on up to these, SIZE_MAX for no bound. */
MN_API void mn_quarantine_flush(struct mn_quarantine *quarantine);
MN_API void mn_quarantine_change(struct mn_quarantine *quarantine,
                                 size_t size_max, size_t count_max);

MN_END

#endif
