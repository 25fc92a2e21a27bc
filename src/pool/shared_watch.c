/* SPDX-License-Identifier: MIT */
/* shared_watch.c -- pools for many threads while a tool watches; and the end of
 * objects that are out.
 *
 * While AddressSanitizer or Valgrind watches, no thread has a local: all chunks
 * are the common one's, so that every call comes here, under the pool's lock,
 * and the fast paths need not look for a tool. Slots are taken in turn, so that
 * one that was released stays closed for as long as it can.
 */
#include "base/assert.h"
#include "pool/shared.h"

/* ---- an object at a time ---- */

/* A free slot behind the one that was taken last, or of the next word. */
static void *watch_take(struct mni_shared *shared)
{
    struct mni_local *local = &shared->common;
    uint64_t seen = mn_atomic_load_relaxed(local->word);

    if ((seen & shared->watch_rest) == 0) {
        shared->watch_rest = UINT64_MAX;
        if (local->current != NULL)
            local->word++;
        if (!mni_local_refill(local))
            return NULL;
        seen = mn_atomic_load_relaxed(local->word);
    }
    unsigned index = mni_lowest_bit(seen & shared->watch_rest);
    mn_atomic_store_relaxed(local->word, seen & ~(UINT64_C(1) << index));
    shared->watch_rest = UINT64_MAX << index << 1;
    return local->base + index * local->slot_size;
}

void *mni_shared_alloc_watched(struct mni_shared *shared)
{
    if (!mni_shared_lock(shared))
        return NULL;
    void *object = watch_take(shared);
    struct mni_stacks *stacks =
        object != NULL ? shared->common.current->stacks : NULL;
    mni_shared_unlock(shared);
    if (object != NULL)
        mni_watch_alloc(&shared->watched, stacks, object);
    return object;
}

static bool watch_is_live(const struct mni_chunk *chunk, uint64_t index)
{
    uint64_t word = mni_chunk_free_word(chunk, (uint32_t)(index / 64));

    return (word >> index % 64 & 1) == 0;
}

bool mni_shared_release_watched(struct mni_chunk *chunk, uint64_t index,
                                void *object)
{
    struct mni_shared *shared = chunk->shared;
    uint64_t next;
    bool locked = mni_shared_lock(shared);

    if (!watch_is_live(chunk, index)) {
        mni_watch_refuse(&shared->watched, chunk->stacks, object);
        mni_shared_stop(object);
    }
    mni_watch_free(&shared->watched, chunk->stacks, object);
    if (!locked)
        return false;
    (void)mni_slots_return(mni_chunk_word(chunk, index), index, &next);
    mni_chunk_returned(&shared->common, chunk);
    mni_shared_unlock(shared);
    return true;
}

/* ---- chunks ---- */

void mni_chunk_watch(struct mni_chunk *chunk)
{
    const struct mni_watched *watched = &chunk->shared->watched;

    if (watched->tool == MNI_TOOL_NONE)
        return;
    mni_watch_close(watched->tool, chunk->start, chunk->size);
    chunk->stacks = mni_stacks_new(watched, chunk->start, chunk->slot_count);
}

void mni_chunk_unwatch(struct mni_chunk *chunk)
{
    mni_watch_open(chunk->shared->watched.tool, chunk->start, chunk->size);
    mni_stacks_end(chunk->stacks);
    chunk->stacks = NULL;
}

/* ---- all at once ---- */

static void watch_end_object(const struct mni_chunk *chunk, uint64_t index)
{
    const struct mni_shared *shared = chunk->shared;
    void *object = chunk->start + index * chunk->slot_size;

    if (!watch_is_live(chunk, index))
        return;
    if (shared->drop_live)
        shared->type->drop(object);
    if (shared->watched.tool != MNI_TOOL_NONE)
        mni_watch_free(&shared->watched, chunk->stacks, object);
}

void mni_shared_end_objects(struct mni_shared *shared)
{
    if (!shared->drop_live && shared->watched.tool == MNI_TOOL_NONE)
        return;
    shared->dropping = true;
    for (const struct mni_chunk *chunk = shared->all; chunk != NULL;
         chunk = chunk->next_of_all) {
        enum mni_chunk_place place = mni_chunk_place(chunk);
        if (place == MNI_CHUNK_BARE || place == MNI_CHUNK_KEPT)
            continue;
        for (uint64_t i = 0; i < chunk->slot_count; i++)
            watch_end_object(chunk, i);
    }
    shared->dropping = false;
}
