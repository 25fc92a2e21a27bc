/* SPDX-License-Identifier: MIT */
/* shared_lists.c -- which chunk is where, and what other threads returned.
 *
 * A chunk trusts its owner while it is current or listed, so that releases take
 * the fast path. A full one trusts nobody: the first release lists it again.
 *
 * Whoever makes a remote word other than zero puts the chunk on its owner's
 * pending stack, unless it is on one. The owner takes such chunks in when its
 * list is empty. Nobody drains an idle local, or the common one, unless asked
 * to: so who pushes there looks afterwards what it is, and a local that becomes
 * idle looks afterwards what was pushed. One of them sees the other.
 */
#include "base/assert.h"
#include "pool/shared.h"

static _Atomic uint64_t lists_no_word;

struct mni_local mni_local_none = {
    .word = &lists_no_word,
    .busy = true, /* for ever, so that nobody writes to it */
};

void mni_local_init(struct mni_local *local, struct mni_shared *shared)
{
    local->word = &lists_no_word;
    local->base = NULL;
    local->slot_size = shared->layout.slot_size;
    local->busy = false;
    local->hot = NULL;
    local->current = NULL;
    for (int i = 0; i < MNI_CHUNK_LISTS; i++)
        local->lists[i] = (struct mni_chunk_list){0};
    mn_atomic_store_relaxed(&local->pending, NULL);
    local->shared = shared;
}

static enum mni_local_kind lists_kind(const struct mni_local *local)
{
    /* Acquire: pairs with the release of who made it a thread's or idle. */
    return (enum mni_local_kind)mn_atomic_load_acquire(&local->kind);
}

/* ---- lists ---- */

static void lists_place(struct mni_chunk *chunk, enum mni_chunk_place place,
                        struct mni_local *trusted, uint64_t trigger)
{
    mn_atomic_store_relaxed(&chunk->place, (uint32_t)place);
    chunk->trigger = trigger;
    mn_atomic_store_plain(&chunk->owner.trusted, trusted);
}

static void lists_count_common(struct mni_local *local,
                               enum mni_chunk_place place, uint32_t change)
{
    if (local == &local->shared->common && place == MNI_CHUNK_LISTED)
        (void)mn_atomic_add_relaxed(&local->shared->common_listed, change);
}

/* Put a chunk at the end of a list. */
static void lists_append(struct mni_local *local, struct mni_chunk *chunk,
                         enum mni_chunk_place place)
{
    struct mni_chunk_list *list = &local->lists[place];

    chunk->next = NULL;
    chunk->prev = list->last;
    if (chunk->prev != NULL)
        chunk->prev->next = chunk;
    else
        list->first = chunk;
    list->last = chunk;
    list->count++;
    lists_count_common(local, place, 1);
    if (place == MNI_CHUNK_FULL)
        lists_place(chunk, place, NULL, 0);
    else
        lists_place(chunk, place, local, mni_chunk_full_word(chunk) - 1);
}

void mni_chunk_unlist(struct mni_local *local, struct mni_chunk *chunk)
{
    enum mni_chunk_place place = mni_chunk_place(chunk);

    MN_ASSERT(place < MNI_CHUNK_LISTS);
    struct mni_chunk_list *list = &local->lists[place];
    if (chunk->prev != NULL)
        chunk->prev->next = chunk->next;
    else
        list->first = chunk->next;
    if (chunk->next != NULL)
        chunk->next->prev = chunk->prev;
    else
        list->last = chunk->prev;
    list->count--;
    local->hot = NULL; /* it may be in this chunk */
    lists_count_common(local, place, UINT32_MAX);
}

/* The owner's first word from `from` on with a free slot, or word_count. */
static uint32_t lists_find(const struct mni_chunk *chunk, uint32_t from)
{
    while (from < chunk->word_count
           && mn_atomic_load_relaxed(&chunk->bits[from]) == 0)
        from++;
    return from;
}

void mni_chunk_settle(struct mni_local *local, struct mni_chunk *chunk)
{
    lists_append(local, chunk,
                 lists_find(chunk, 0) == chunk->word_count ? MNI_CHUNK_FULL
                                                           : MNI_CHUNK_LISTED);
}

void mni_chunk_give(struct mni_local *local, struct mni_chunk *chunk)
{
    /* Release: pairs with the acquires of those who look whose it is. */
    mn_atomic_store_release(&chunk->local, local);
    mni_chunk_settle(local, chunk);
}

/* Allocate from a chunk that is on no list, from its word `from` on. False if
 * there is no free slot there. */
static bool lists_use(struct mni_local *local, struct mni_chunk *chunk,
                      uint32_t from)
{
    uint32_t word = lists_find(chunk, from);

    if (word == chunk->word_count)
        return false;
    local->word = &chunk->bits[word];
    local->base = chunk->start + (size_t)word * 64 * chunk->slot_size;
    local->current = chunk;
    lists_place(chunk, MNI_CHUNK_CURRENT, local, UINT64_MAX);
    return true;
}

static void lists_retire(struct mni_local *local)
{
    struct mni_chunk *chunk = local->current;

    if (chunk == NULL)
        return;
    local->word = &lists_no_word;
    local->current = NULL;
    mni_chunk_settle(local, chunk);
}

static bool lists_is_empty(const struct mni_chunk *chunk)
{
    uint64_t full = mni_chunk_full_word(chunk);

    for (uint32_t i = 0; i < chunk->word_count; i++)
        if (mn_atomic_load_relaxed(&chunk->bits[i]) != full)
            return false;
    return true;
}

/* Whether no other thread is about to use the record of an empty chunk. */
static bool lists_is_quiet(const struct mni_chunk *chunk)
{
    /* Acquire: pairs with the release with which others count their last
     * access. */
    return mn_atomic_load_acquire(&chunk->told) == chunk->owed
           && mn_atomic_load_relaxed(&chunk->pending) == 0;
}

/* Let others have a listed chunk if it is empty. */
static void lists_give_up(struct mni_local *local, struct mni_chunk *chunk)
{
    if (!lists_is_empty(chunk) || !lists_is_quiet(chunk))
        return;
    mni_chunk_unlist(local, chunk);
    if (!mni_chunk_keep(chunk))
        mni_chunk_settle(local, chunk);
}

/* One is left to its thread, which else would take a lock for each pair. */
static void lists_emptied(struct mni_local *local, struct mni_chunk *chunk)
{
    if (mni_chunk_place(chunk) == MNI_CHUNK_LISTED
        && (local->lists[MNI_CHUNK_LISTED].count > 1
            || lists_kind(local) == MNI_LOCAL_COMMON))
        lists_give_up(local, chunk);
}

void mni_chunk_returned(struct mni_local *local, struct mni_chunk *chunk)
{
    if (mni_chunk_place(chunk) == MNI_CHUNK_FULL) {
        mni_chunk_unlist(local, chunk);
        mni_chunk_settle(local, chunk);
    }
    lists_emptied(local, chunk);
}

/* ---- what other threads returned ---- */

static void lists_push(struct mni_local *local, struct mni_chunk *chunk)
{
    struct mni_chunk *first = mn_atomic_load_relaxed(&local->pending);

    do
        chunk->pending_next = first;
    /* Release: pairs with the acquire of who takes the stack. */
    while (!mn_atomic_cas_release(&local->pending, &first, chunk));
}

static struct mni_chunk *lists_take_pending(struct mni_local *local)
{
    if (mn_atomic_load_relaxed(&local->pending) == NULL)
        return NULL;
    /* Acquire: pairs with the release in lists_push. */
    return mn_atomic_exchange_acquire(&local->pending, NULL);
}

/* Requires: this very thread holds the pool's lock, and so drains the common
 * local before it leaves it. */
static void lists_pass_to_common(struct mni_local *idle)
{
    struct mni_chunk *chunk = lists_take_pending(idle);

    while (chunk != NULL) {
        struct mni_chunk *next = chunk->pending_next;
        lists_push(&idle->shared->common, chunk);
        chunk = next;
    }
}

/* Something was pushed to the local: drain it if nobody else will. */
static void lists_help(struct mni_local *local)
{
    if (lists_kind(local) == MNI_LOCAL_LIVING)
        return;
    if (!mni_shared_lock(local->shared)) {
        /* A signal handler, which must not wait. Either the holder comes to
         * look after this, or it has left the lock by now. */
        if (lists_kind(local) == MNI_LOCAL_IDLE)
            lists_pass_to_common(local);
        mn_atomic_fence();
        if (!mni_shared_lock(local->shared))
            return;
    }
    if (lists_kind(local) != MNI_LOCAL_LIVING)
        mni_local_drain(local);
    mni_shared_unlock(local->shared);
}

void mni_chunk_tell(struct mni_chunk *chunk)
{
    /* Acquire: pairs with the release of who gave the chunk a local. */
    struct mni_local *local = mn_atomic_load_acquire(&chunk->local);
    bool pushed = mn_atomic_exchange_acq_rel(&chunk->pending, 1) == 0;

    if (pushed)
        lists_push(local, chunk);
    /* Release: pairs with the acquire in lists_is_quiet. It is the last access
     * to the chunk. */
    (void)mn_atomic_add_release(&chunk->told, 1);
    /* Pairs with the fence in thread_leave. */
    mn_atomic_fence();
    if (pushed)
        lists_help(local);
}

bool mni_chunk_drain(struct mni_chunk *chunk)
{
    bool any = false;

    for (uint32_t i = 0; i < chunk->word_count; i++) {
        _Atomic uint64_t *remote = &chunk->bits[chunk->word_count + i];
        if (mn_atomic_load_relaxed(remote) == 0)
            continue;
        /* Acquire: pairs with the release of who set the bits, so that what
         * was done to the slots is over. */
        uint64_t returned = mn_atomic_exchange_acq_rel(remote, 0);
        MN_CHECK((mn_atomic_load_relaxed(&chunk->bits[i]) & returned) == 0,
                 "an object was released twice");
        mni_slots_add(&chunk->bits[i], returned);
        chunk->owed++;
        any = true;
    }
    return any;
}

/* Take in a chunk that was pending, for its owner. */
static void lists_take_in(struct mni_local *local, struct mni_chunk *chunk)
{
    /* Acquire and release: bits set before others saw a 1 here are seen below,
     * and later ones are told anew. */
    (void)mn_atomic_exchange_acq_rel(&chunk->pending, 0);
    (void)mni_chunk_drain(chunk);
    mni_chunk_returned(local, chunk);
}

static void lists_receive(struct mni_local *local, struct mni_chunk *chunk)
{
    struct mni_local *owner = mn_atomic_load_acquire(&chunk->local);

    if (owner == local) {
        lists_take_in(local, chunk);
    } else if (owner == &local->shared->common
               && lists_kind(local) == MNI_LOCAL_IDLE) {
        lists_take_in(owner, chunk); /* we hold the lock of both */
    } else {
        /* Whoever told this local did not know that the chunk has moved. */
        lists_push(owner, chunk);
        mn_atomic_fence();
        lists_help(owner);
    }
}

void mni_local_drain(struct mni_local *local)
{
    struct mni_chunk *chunk = lists_take_pending(local);

    while (chunk != NULL) {
        struct mni_chunk *next = chunk->pending_next;
        lists_receive(local, chunk);
        chunk = next;
    }
}

bool mni_shared_lock(struct mni_shared *shared)
{
    return mni_lock_enter(&shared->lock);
}

void mni_shared_unlock(struct mni_shared *shared)
{
    /* What somebody told while we held the lock; and once more if it was a
     * signal handler, between our look and the lock's release. Pairs with the
     * fences before those who tell try the lock. */
    do {
        mni_local_drain(&shared->common);
        mni_lock_leave(&shared->lock);
        mn_atomic_fence();
    } while (mn_atomic_load_relaxed(&shared->common.pending) != NULL
             && mni_lock_enter(&shared->lock));
}

void mni_local_collect(struct mni_local *local)
{
    struct mni_chunk *next;

    mni_local_drain(local);
    if (local->current != NULL)
        (void)mni_chunk_drain(local->current);
    lists_retire(local);
    for (struct mni_chunk *chunk = local->lists[MNI_CHUNK_LISTED].first;
         chunk != NULL; chunk = next) {
        next = chunk->next;
        (void)mni_chunk_drain(chunk);
        lists_give_up(local, chunk);
    }
}

/* ---- what to allocate from next ---- */

/* Go on in the current chunk. False if it has nothing, or so little that
 * another one is the better choice. */
static bool lists_go_on(struct mni_local *local)
{
    struct mni_chunk *chunk = local->current;

    if (chunk == NULL)
        return false;
    if (lists_use(local, chunk, (uint32_t)(local->word - chunk->bits)))
        return true;
    bool drained = mni_chunk_drain(chunk);
    return (drained || local->lists[MNI_CHUNK_LISTED].count == 0)
           && lists_use(local, chunk, 0);
}

static bool lists_use_listed(struct mni_local *local)
{
    struct mni_chunk *chunk;

    while ((chunk = local->lists[MNI_CHUNK_LISTED].first) != NULL) {
        mni_chunk_unlist(local, chunk);
        if (lists_use(local, chunk, 0))
            return true;
        mni_chunk_settle(local, chunk); /* its hot slot was taken again */
    }
    return false;
}

/* Take over a chunk that an ended thread left. */
static bool lists_adopt(struct mni_local *local)
{
    struct mni_shared *shared = local->shared;

    /* The count is a hint; the lock comes next. The common local is asked
     * under that lock, and has looked into its list. */
    if (local == &shared->common
        || mn_atomic_load_relaxed(&shared->common_listed) == 0
        || !mni_shared_lock(shared))
        return false;
    struct mni_chunk *chunk = shared->common.lists[MNI_CHUNK_LISTED].first;
    if (chunk != NULL) {
        mni_chunk_unlist(&shared->common, chunk);
        mni_chunk_give(local, chunk);
    }
    mni_shared_unlock(shared);
    return chunk != NULL && lists_use_listed(local);
}

bool mni_local_refill(struct mni_local *local)
{
    if (lists_go_on(local))
        return true;
    lists_retire(local);
    if (local->lists[MNI_CHUNK_LISTED].count == 0)
        mni_local_drain(local);
    if (lists_use_listed(local) || lists_adopt(local))
        return true;
    struct mni_chunk *chunk = mni_chunk_new(local);
    return chunk != NULL && lists_use(local, chunk, 0);
}

void mni_chunk_emptied(struct mni_local *local, struct mni_chunk *chunk)
{
    mni_chunk_returned(local, chunk);
    mni_local_end_busy(local);
}
