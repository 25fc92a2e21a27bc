/* SPDX-License-Identifier: MIT */
/* shared_look.c -- what chunks answer, statistics, walks and checks.
 *
 * All chunks are looked at under the lock of the source, with which no chunk
 * comes or goes. Their bits change meanwhile, and can be read at any moment.
 */
#include "base/assert.h"
#include "pool/shared.h"

bool mni_chunk_block_at(const struct mn_owner *owner, const void *address,
                        struct mn_block *block)
{
    const struct mni_chunk *chunk =
        (const struct mni_chunk *)(const void *)owner;
    uint64_t index = mni_chunk_slot(chunk, address).index;

    block->perm = MN_PERM_RW;
    if (index < chunk->slot_count) {
        uint64_t word = mni_chunk_free_word(chunk, (uint32_t)(index / 64));
        block->start = chunk->start + index * chunk->slot_size;
        block->size = chunk->slot_size;
        block->state = word >> index % 64 & 1 ? MN_FREE : MN_ALLOCATED;
    } else {
        size_t used = (size_t)chunk->slot_count * chunk->slot_size;
        block->start = chunk->start + used;
        block->size = chunk->size - used;
        block->state = MN_RESERVED;
    }
    return true;
}

static struct mni_shared *look_enter(struct mn_shared_pool *pool)
{
    MN_CHECK(pool->state != NULL, "a pool is used that is finished");
    MN_CHECK(mni_lock_enter(&pool->state->source_lock),
             "a pool is looked at in a handler that interrupted it");
    return pool->state;
}

static uint32_t look_count_free(const struct mni_chunk *chunk)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < chunk->word_count; i++)
        count += mni_count_bits(mni_chunk_free_word(chunk, i));
    return count;
}

static void look_add(const struct mni_chunk *chunk,
                     struct mn_shared_pool_stats *stats)
{
    size_t used = (size_t)chunk->slot_count * chunk->slot_size;

    if (mni_chunk_place(chunk) == MNI_CHUNK_BARE)
        return;
    stats->chunks++;
    stats->size += chunk->size;
    if (mni_chunk_place(chunk) == MNI_CHUNK_KEPT) {
        stats->kept_size += chunk->size;
        return;
    }
    size_t free_size = (size_t)look_count_free(chunk) * chunk->slot_size;
    stats->free_size += free_size;
    stats->live_size += used - free_size;
    stats->live += (used - free_size) / chunk->slot_size;
    stats->gap_size += chunk->size - used;
}

void mn_shared_pool_read_stats(struct mn_shared_pool *pool,
                               struct mn_shared_pool_stats *stats)
{
    struct mni_shared *shared = look_enter(pool);

    *stats = (struct mn_shared_pool_stats){.record_size = shared->record_size};
    for (const struct mni_chunk *chunk = shared->all; chunk != NULL;
         chunk = chunk->next_of_all)
        look_add(chunk, stats);
    mni_lock_leave(&shared->source_lock);
}

static bool look_walk_chunk(struct mni_chunk *chunk,
                            bool (*visit)(void *object, void *context),
                            void *context)
{
    for (uint32_t i = 0; i < chunk->word_count; i++) {
        uint64_t out =
            mni_chunk_full_word(chunk) & ~mni_chunk_free_word(chunk, i);
        for (; out != 0; out &= out - 1) {
            size_t index = (size_t)i * 64 + mni_lowest_bit(out);
            if (!visit(chunk->start + index * chunk->slot_size, context))
                return false;
        }
    }
    return true;
}

bool mn_shared_pool_walk(struct mn_shared_pool *pool,
                         bool (*visit)(void *object, void *context),
                         void *context)
{
    struct mni_shared *shared = look_enter(pool);
    bool whole = true;

    for (struct mni_chunk *chunk = shared->all; whole && chunk != NULL;
         chunk = chunk->next_of_all)
        if (mni_chunk_place(chunk) != MNI_CHUNK_BARE)
            whole = look_walk_chunk(chunk, visit, context);
    mni_lock_leave(&shared->source_lock);
    return whole;
}

/* ---- checks ---- */

static bool look_check_bits(const struct mni_chunk *chunk)
{
    uint32_t count = chunk->word_count;
    uint32_t undrained = 0;

    for (uint32_t i = 0; i < count; i++) {
        uint64_t own = mn_atomic_load_relaxed(&chunk->bits[i]);
        uint64_t remote = mn_atomic_load_relaxed(&chunk->bits[count + i]);
        if ((own & remote) != 0
            || ((own | remote) & ~mni_chunk_full_word(chunk)) != 0)
            return false;
        undrained += remote != 0;
    }
    return mn_atomic_load_relaxed(&chunk->told) == chunk->owed + undrained
           && (undrained == 0 || mn_atomic_load_relaxed(&chunk->pending) == 1);
}

static bool look_check_chunk(const struct mni_chunk *chunk)
{
    const struct mni_local *local = mn_atomic_load_relaxed(&chunk->local);
    const void *trusted = chunk->owner.trusted;
    bool some = false;

    for (uint32_t i = 0; i < chunk->word_count; i++)
        some |= mn_atomic_load_relaxed(&chunk->bits[i]) != 0;
    switch (mni_chunk_place(chunk)) {
    case MNI_CHUNK_LISTED:
        return local != NULL && trusted == local;
    case MNI_CHUNK_FULL:
        return !some && local != NULL && trusted == NULL;
    case MNI_CHUNK_CURRENT:
        return local != NULL && local->current == chunk && trusted == local;
    case MNI_CHUNK_KEPT:
        return local == NULL && trusted == NULL
               && look_count_free(chunk) == chunk->slot_count;
    default:
        return false;
    }
}

/* How many chunks the local has, or SIZE_MAX if a list is broken. */
static size_t look_count(const struct mni_local *local)
{
    size_t count = local->current != NULL;

    for (unsigned i = 0; i < MNI_CHUNK_LISTS; i++) {
        const struct mni_chunk *before = NULL;
        size_t listed = 0;
        for (const struct mni_chunk *chunk = local->lists[i].first;
             chunk != NULL; chunk = chunk->next) {
            if (chunk->prev != before || mni_chunk_place(chunk) != i
                || mn_atomic_load_relaxed(&chunk->local) != local)
                return SIZE_MAX;
            before = chunk;
            listed++;
        }
        if (local->lists[i].last != before || local->lists[i].count != listed)
            return SIZE_MAX;
        count += listed;
    }
    return count;
}

static bool look_check_local(const struct mni_local *local, size_t *owned)
{
    size_t count = look_count(local);
    bool living = mn_atomic_load_relaxed(&local->kind) == MNI_LOCAL_LIVING;
    bool idle = mn_atomic_load_relaxed(&local->kind) == MNI_LOCAL_IDLE;

    *owned += count;
    return count != SIZE_MAX && (!idle || count == 0)
           && (living || mn_atomic_load_relaxed(&local->pending) == NULL);
}

static bool look_check(struct mni_shared *shared)
{
    size_t owned = 0;
    size_t counted = 0;
    size_t size = 0;

    if (!look_check_local(&shared->common, &owned)
        || mn_atomic_load_relaxed(&shared->common_listed)
               != shared->common.lists[MNI_CHUNK_LISTED].count)
        return false;
    for (struct mni_local *local = shared->locals; local != NULL;
         local = local->next)
        if (!look_check_local(local, &owned))
            return false;
    for (struct mni_chunk *chunk = shared->all; chunk != NULL;
         chunk = chunk->next_of_all) {
        if (mni_chunk_place(chunk) == MNI_CHUNK_BARE)
            continue;
        if (!look_check_chunk(chunk) || !look_check_bits(chunk))
            return false;
        counted += mn_atomic_load_relaxed(&chunk->local) != NULL;
        size += chunk->size;
    }
    return counted == owned && size == shared->size && size <= shared->size_max;
}

bool mn_shared_pool_check(struct mn_shared_pool *pool)
{
    struct mni_shared *shared = look_enter(pool);
    bool right = look_check(shared);

    mni_lock_leave(&shared->source_lock);
    return right;
}
