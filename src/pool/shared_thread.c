/* SPDX-License-Identifier: MIT */
/* shared_thread.c -- how a thread finds its local; its end; forks.
 *
 * Each thread has a table of its locals by the index of their pool. Indices are
 * used again, serials never: an entry of a pool that is finished is not looked
 * into. Which pools there are stands in one list under a lock, the outermost,
 * so that a pool may be finished while a thread that used it ends.
 */
#include "base/assert.h"
#include "base/bits.h"
#include "os/os.h"
#include "pool/shared.h"
#include "space/meta.h"

enum { THREAD_FIRST = 16 }; /* entries of the first table */

/* Flexible arrays in initializers are an extension of GCC and Clang. */
__extension__ static struct mni_table thread_no_table = {
    .mask = 0,
    .entries = {{.serial = 0, .local = &mni_local_none}},
};

_Thread_local struct mni_table *mni_shared_self
    __attribute__((tls_model("initial-exec"))) = &thread_no_table;

/* The thread is over, or about to change its table: a signal handler that finds
 * no local must make none. */
static _Thread_local bool thread_closed
    __attribute__((tls_model("initial-exec")));

/* ---- all pools ---- */

struct thread_pool {
    uint64_t serial; /* 0: none */
    struct mni_shared *shared;
    size_t next_free; /* one more than the index; 0: no other */
};

static struct mni_lock thread_lock = {.order = MNI_LOCK_POOLS};
static struct thread_pool *thread_pools;
static size_t thread_pool_count; /* there is room for */
static size_t thread_pool_free;  /* as next_free */
static uint64_t thread_serial;

static size_t thread_table_size(size_t count)
{
    return sizeof(struct mni_table) + count * sizeof(struct mni_entry);
}

static bool thread_more_pools(void)
{
    size_t before = thread_pool_count;
    size_t count = before == 0 ? THREAD_FIRST : 2 * before;
    struct thread_pool *pools = mni_meta_new(count * sizeof *pools);

    if (pools == NULL)
        return false;
    for (size_t i = 0; i < before; i++)
        pools[i] = thread_pools[i];
    for (size_t i = count; i-- > before;) {
        pools[i].next_free = thread_pool_free;
        thread_pool_free = i + 1;
    }
    if (before != 0)
        mni_meta_delete(thread_pools, before * sizeof *pools);
    thread_pools = pools;
    thread_pool_count = count;
    return true;
}

static void thread_fork_begin(void);

bool mni_shared_enter(struct mn_shared_pool *pool)
{
    thread_fork_begin();
    if (!mni_lock_enter(&thread_lock))
        return false;
    bool room = thread_pool_free != 0 || thread_more_pools();
    if (room) {
        pool->index = thread_pool_free - 1;
        pool->serial = ++thread_serial;
        pool->state->serial = pool->serial;
        struct thread_pool *entry = &thread_pools[pool->index];
        thread_pool_free = entry->next_free;
        *entry = (struct thread_pool){pool->serial, pool->state, 0};
    }
    mni_lock_leave(&thread_lock);
    return room;
}

void mni_shared_leave(struct mn_shared_pool *pool)
{
    MN_CHECK(mni_lock_enter(&thread_lock),
             "a pool is finished in a handler that interrupted one");
    thread_pools[pool->index] =
        (struct thread_pool){.next_free = thread_pool_free};
    thread_pool_free = pool->index + 1;
    mni_lock_leave(&thread_lock);
}

/* ---- the end of a thread ---- */

/* Move a local's chunks to the common one. Requires: the pool's lock. */
static void thread_hand_over(struct mni_local *local)
{
    struct mni_local *common = &local->shared->common;
    struct mni_chunk *chunk;

    mni_local_collect(local);
    for (int i = 0; i < MNI_CHUNK_LISTS; i++)
        while ((chunk = local->lists[i].first) != NULL) {
            mni_chunk_unlist(local, chunk);
            mni_chunk_give(common, chunk);
        }
}

static void thread_leave(struct mni_local *local)
{
    struct mni_shared *shared = local->shared;

    if (!mni_shared_lock(shared))
        return; /* the thread ends inside a handler: the local is lost */
    thread_hand_over(local);
    /* Release: pairs with the acquire of who looks what it is. */
    mn_atomic_store_release(&local->kind, MNI_LOCAL_IDLE);
    /* Pairs with the fence in mni_chunk_tell. */
    mn_atomic_fence();
    mni_local_drain(local);
    local->next_idle = shared->idle;
    shared->idle = local;
    mni_shared_unlock(shared);
}

/* The pool of an entry, or NULL if it is finished. Requires: the lock. */
static const struct thread_pool *thread_pool_of(const struct mni_entry *entry,
                                                size_t index)
{
    return entry->serial != 0 && thread_pools[index].serial == entry->serial
               ? &thread_pools[index]
               : NULL;
}

static void thread_ended(void *context)
{
    struct mni_table *table = mni_shared_self;

    (void)context;
    thread_closed = true;
    mni_shared_self = &thread_no_table;
    mn_atomic_signal_fence();
    if (table == &thread_no_table || !mni_lock_enter(&thread_lock))
        return;
    for (size_t i = 0; i <= table->mask; i++)
        if (thread_pool_of(&table->entries[i], i) != NULL)
            thread_leave(table->entries[i].local);
    mni_lock_leave(&thread_lock);
    mni_meta_delete(table, thread_table_size(table->mask + 1));
}

/* ---- its beginning ---- */

/* Have the table reach to this index. */
static bool thread_reach(size_t index)
{
    struct mni_table *old = mni_shared_self;
    size_t before = old == &thread_no_table ? 0 : old->mask + 1;
    size_t count = before == 0 ? THREAD_FIRST : before;

    if (index < before)
        return true;
    while (count <= index)
        count *= 2;
    struct mni_table *table = mni_meta_new(thread_table_size(count));
    if (table == NULL)
        return false;
    table->mask = count - 1;
    for (size_t i = 0; i < count; i++)
        table->entries[i] =
            i < before ? old->entries[i] : thread_no_table.entries[0];
    mn_atomic_signal_fence();
    mni_shared_self = table;
    mn_atomic_signal_fence();
    if (before != 0)
        mni_meta_delete(old, thread_table_size(before));
    /* Where the system refuses, the locals stay with a thread that is gone, and
     * what others return to them waits until their pool is cleared. */
    else
        (void)mni_os_at_thread_end(thread_ended, table);
    return true;
}

/* A local for a living thread, or NULL. */
static struct mni_local *thread_new_local(struct mni_shared *shared)
{
    if (!mni_shared_lock(shared))
        return NULL;
    struct mni_local *local = shared->idle;
    if (local != NULL) {
        shared->idle = local->next_idle;
    } else {
        local = mni_meta_new(sizeof *local);
        if (local != NULL) {
            mni_local_init(local, shared);
            local->next = shared->locals;
            shared->locals = local;
        }
    }
    /* Release: pairs with the acquire of who looks what it is. */
    if (local != NULL)
        mn_atomic_store_release(&local->kind, MNI_LOCAL_LIVING);
    mni_shared_unlock(shared);
    return local;
}

struct mni_local *mni_shared_join(struct mn_shared_pool *pool)
{
    struct mni_local *local = NULL;

    if (thread_closed)
        return &mni_local_none;
    thread_closed = true;
    mn_atomic_signal_fence();
    if (thread_reach(pool->index))
        local = thread_new_local(pool->state);
    if (local != NULL) {
        struct mni_entry *entry = &mni_shared_self->entries[pool->index];
        entry->local = local;
        mn_atomic_signal_fence();
        entry->serial = pool->serial;
    }
    mn_atomic_signal_fence();
    thread_closed = false;
    return local == NULL ? &mni_local_none : local;
}

/* ---- forks ---- */

static void thread_fork_before(void)
{
    uint32_t orders = mni_lock_orders();

    (void)mni_lock_enter_to_fork(&thread_lock, orders);
    for (size_t i = 0; i < thread_pool_count; i++) {
        struct mni_shared *shared = thread_pools[i].shared;
        if (thread_pools[i].serial == 0)
            continue;
        (void)mni_lock_enter_to_fork(&shared->lock, orders);
        (void)mni_lock_enter_to_fork(&shared->source_lock, orders);
    }
}

static void thread_fork_parent(void)
{
    for (size_t i = 0; i < thread_pool_count; i++) {
        struct mni_shared *shared = thread_pools[i].shared;
        if (thread_pools[i].serial == 0)
            continue;
        mni_lock_leave_after_fork(&shared->source_lock);
        if (mni_lock_ends_fork(&shared->lock))
            mni_shared_unlock(shared);
    }
    mni_lock_leave_after_fork(&thread_lock);
}

/* This thread's local of the pool with this index, or NULL. */
static struct mni_local *thread_own(size_t index)
{
    const struct mni_table *table = mni_shared_self;

    return index <= table->mask
                   && thread_pool_of(&table->entries[index], index) != NULL
               ? table->entries[index].local
               : NULL;
}

/* Other threads may have been anywhere. But the bits of a chunk are right at
 * any moment, so that all lists can be made anew. What a handler that forks
 * interrupted is whole but for what the interrupted call goes on to do. */
static void thread_fork_pool(struct mni_shared *shared, struct mni_local *own)
{
    const struct mni_local *whole = own != NULL && own->busy ? own : NULL;

    (void)mni_lock_after_fork(&shared->lock);
    (void)mni_lock_after_fork(&shared->source_lock);
    for (struct mni_local *local = shared->locals; local != NULL;
         local = local->next) {
        if (local != whole)
            mni_local_init(local, shared);
        if (local == own
            || mn_atomic_load_relaxed(&local->kind) != MNI_LOCAL_LIVING)
            continue;
        mn_atomic_store_relaxed(&local->kind, MNI_LOCAL_IDLE);
        local->next_idle = shared->idle;
        shared->idle = local;
    }
    mni_local_init(&shared->common, shared);
    mn_atomic_store_relaxed(&shared->common_listed, 0);
    for (struct mni_chunk *chunk = shared->all; chunk != NULL;
         chunk = chunk->next_of_all) {
        struct mni_local *local = mn_atomic_load_relaxed(&chunk->local);
        if (local == NULL || local == whole)
            continue;
        mn_atomic_store_relaxed(&chunk->pending, 0);
        (void)mni_chunk_drain(chunk);
        mn_atomic_store_relaxed(&chunk->told, chunk->owed);
        mni_chunk_give(local == own ? own : &shared->common, chunk);
    }
}

static void thread_fork_child(void)
{
    (void)mni_lock_after_fork(&thread_lock);
    for (size_t i = 0; i < thread_pool_count; i++)
        if (thread_pools[i].serial != 0)
            thread_fork_pool(thread_pools[i].shared, thread_own(i));
    thread_fork_parent();
}

/* Later than the heap, if that is there: so these locks are taken before its
 * own, which come after them in the order of all. */
static void thread_fork_begin(void)
{
    static _Atomic uint32_t begun;

    /* Relaxed: who comes second may run before the first has prepared, as he
     * may in any other thread. */
    if (mn_atomic_exchange_relaxed(&begun, 1) == 0)
        (void)mni_os_at_fork(thread_fork_before, thread_fork_parent,
                             thread_fork_child);
}
