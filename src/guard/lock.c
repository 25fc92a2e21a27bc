/* SPDX-License-Identifier: MIT */
/* lock.c -- a region that one thread at a time is in.
 *
 * The lock of our own is two words: a thread draws the next number, and waits
 * until that number is served. So it needs no system, and is fair; but while
 * the thread whose turn it is does not run, nobody else's turn comes.
 */
#include "base/assert.h"
#include "base/atomic.h"
#include "guard/guard.h"

_Static_assert(offsetof(struct mn_lock, region) == 0, "kinds are cast");
_Static_assert(sizeof(_Atomic uint32_t) == sizeof(uint32_t),
               "the words of a public structure, which C++ reads, are plain");

/* A processor without atomic operations, such as Cortex-M0, has one core: there
 * nobody would serve the next while a thread waits, and a pair of functions
 * that mask interrupts is the lock to use. */
#if ATOMIC_INT_LOCK_FREE == 2
enum { LOCK_NEXT, LOCK_SERVED };

static void lock_draw(void *context)
{
    _Atomic uint32_t *ticket = context;
    /* Relaxed: the number orders nothing but the queue. */
    uint32_t mine = mn_atomic_add_relaxed(&ticket[LOCK_NEXT], 1);

    /* Acquire, with the release of the thread before in lock_serve_next. */
    while (mn_atomic_load_acquire(&ticket[LOCK_SERVED]) != mine)
        ;
}

static void lock_serve_next(void *context)
{
    _Atomic uint32_t *ticket = context;
    /* Relaxed: only the thread that is served writes it. */
    uint32_t mine = mn_atomic_load_relaxed(&ticket[LOCK_SERVED]);

    /* Release: pairs with the acquire of the next thread in lock_draw. */
    mn_atomic_store_release(&ticket[LOCK_SERVED], mine + 1);
}
#else
static const mn_lock_fn lock_draw = NULL;
static const mn_lock_fn lock_serve_next = NULL;
#endif

/* Taking the lock changes what `context` leads to, not the guard: so also
 * operations on a const region can. */
static void lock_enter(const struct mn_lock *lock)
{
    lock->acquire(lock->context);
}

static void lock_leave(const struct mn_lock *lock)
{
    lock->release(lock->context);
}

static void *lock_alloc(struct mn_region *region, size_t size, size_t align)
{
    const struct mn_lock *lock = (const struct mn_lock *)region;

    lock_enter(lock);
    void *block = mn_region_alloc(lock->parent, size, align);
    lock_leave(lock);
    return block;
}

static bool lock_resize(struct mn_region *region, void *block, size_t size)
{
    const struct mn_lock *lock = (const struct mn_lock *)region;

    lock_enter(lock);
    bool done = mn_region_resize(lock->parent, block, size);
    lock_leave(lock);
    return done;
}

static void lock_free(struct mn_region *region, void *block)
{
    const struct mn_lock *lock = (const struct mn_lock *)region;

    lock_enter(lock);
    mn_region_free(lock->parent, block);
    lock_leave(lock);
}

static bool lock_check(const struct mn_region *region)
{
    const struct mn_lock *lock = (const struct mn_lock *)region;

    lock_enter(lock);
    bool holds = mn_region_check(lock->parent);
    lock_leave(lock);
    return holds;
}

static bool lock_block_at(const struct mn_region *region, const void *address,
                          struct mn_block *block)
{
    const struct mn_lock *lock = (const struct mn_lock *)region;

    lock_enter(lock);
    bool found = mn_region_block_at(lock->parent, address, block);
    lock_leave(lock);
    return found;
}

static bool lock_walk(const struct mn_region *region, mn_block_fn visit,
                      void *context)
{
    const struct mn_lock *lock = (const struct mn_lock *)region;

    lock_enter(lock);
    bool whole = mn_region_walk(lock->parent, visit, context);
    lock_leave(lock);
    return whole;
}

static enum mn_status lock_examine(const struct mn_region *region,
                                   const void *block)
{
    const struct mn_lock *lock = (const struct mn_lock *)region;

    lock_enter(lock);
    enum mn_status status = mn_region_examine(lock->parent, block);
    lock_leave(lock);
    return status;
}

static const struct mn_region_ops lock_ops = {
    .name = "lock",
    .alloc = lock_alloc,
    .resize = lock_resize,
    .free = lock_free,
    .check = lock_check,
    .block_at = lock_block_at,
    .walk = lock_walk,
    .examine = lock_examine,
};

enum mn_status mn_lock_init(struct mn_lock *lock, struct mn_region *parent,
                            mn_lock_fn acquire, mn_lock_fn release,
                            void *context)
{
    if ((acquire == NULL) != (release == NULL))
        return MN_ERR_INVALID;
    if (acquire == NULL && ATOMIC_INT_LOCK_FREE != 2)
        return MN_ERR_UNSUPPORTED;
    *lock = (struct mn_lock){
        .region.ops = &lock_ops,
        .parent = parent,
        .acquire = acquire == NULL ? lock_draw : acquire,
        .release = release == NULL ? lock_serve_next : release,
        .context = acquire == NULL ? lock->ticket : context,
    };
    return MN_OK;
}

/* What is called is not known to be a lock. */
MN_NO_THREAD_SAFETY void mn_lock_acquire(struct mn_lock *lock)
{
    lock_enter(lock);
}

MN_NO_THREAD_SAFETY void mn_lock_release(struct mn_lock *lock)
{
    lock_leave(lock);
}
