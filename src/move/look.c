/* SPDX-License-Identifier: MIT */
/* look.c -- what a mover has: walks, measures, and whether it is sound. */
#include "move/move.h"

#include "region/tiles_check.h"

bool mn_mover_walk(const struct mn_mover *mover, mn_mover_fn visit,
                   void *context)
{
    for (uint32_t i = MNI_TILES_FIRST; i != 0;
         i = mni_mover_tile(mover, i)->right) {
        const struct mni_tile *tile = mni_mover_tile(mover, i);
        const struct mni_mover_owner *owner = &mover->owners[i];
        struct mn_mover_block block = {
            .start = mni_mover_bytes(tile->start),
            .size = mni_mover_bytes(tile->size),
        };
        if (!mni_tiles_is_free(mover->tiles, i)
            && owner->entry != MNI_MOVE_HELD) {
            const struct mn_mover_entry *entry =
                mni_mover_entry(mover, owner->entry);
            if (mni_mover_is_live(mover, owner->entry))
                block.handle.bits = entry->word;
            block.pins = mni_mover_pins(mover, entry);
            block.type = owner->type;
        }
        if (!visit(&block, context))
            return false;
    }
    return true;
}

/* Count one hole; what is behind the last block is apart. */
static void look_hole(struct mn_mover_stats *stats, const struct mni_tile *tile)
{
    size_t size = mni_mover_bytes(tile->size);

    if (size > stats->largest)
        stats->largest = size;
    if (tile->right == 0) {
        stats->rest = size;
    } else {
        stats->holes++;
        stats->free_size += size;
    }
}

void mn_mover_read_stats(const struct mn_mover *mover,
                         struct mn_mover_stats *stats)
{
    *stats = (struct mn_mover_stats){
        .live = mover->count,
        .record_size = mover->record_size,
        .moved = mover->moved,
        .moves = mover->moves,
    };
    for (uint32_t i = MNI_TILES_FIRST; i != 0;
         i = mni_mover_tile(mover, i)->right) {
        const struct mni_tile *tile = mni_mover_tile(mover, i);
        const struct mni_mover_owner *owner = &mover->owners[i];
        size_t size = mni_mover_bytes(tile->size);
        if (mni_tiles_is_free(mover->tiles, i)
            || owner->entry == MNI_MOVE_HELD) {
            look_hole(stats, tile);
            continue;
        }
        stats->live_size += size - owner->slack;
        stats->gap_size += owner->slack;
        if (mni_mover_pins(mover, mni_mover_entry(mover, owner->entry)) != 0) {
            stats->pinned++;
            stats->pinned_size += size;
        }
    }
    stats->size = stats->live_size + stats->gap_size + stats->free_size;
}

/* ---- check ---- */

/* The list of entries that were used has `count` of them. */
static bool look_list(const struct mn_mover *mover, size_t count)
{
    uintptr_t at = mover->free;

    for (size_t i = 0; i < count; i++) {
        if (at >= mover->fresh || at % MNI_HANDLE_UNIT != 0
            || mni_mover_is_live(mover, mni_mover_number(at)))
            return false;
        at = mover->entries[mni_mover_number(at)].word & mover->mask;
    }
    return at == mover->mask;
}

static uint32_t look_where(const struct mn_mover *mover,
                           const struct mn_mover_entry *entry)
{
    return mover->threads != NULL ? mover->threads->where(entry) : entry->place;
}

/* Each entry is live, retired, or free; the live ones have their block. */
static bool look_entries(const struct mn_mover *mover)
{
    const struct mni_tiles *tiles = mover->tiles;
    uint32_t used = mni_mover_number(mover->fresh);
    size_t live = 0;

    if (used > mover->count_max)
        return false;
    for (uint32_t n = 0; n < used; n++) {
        const struct mn_mover_entry *entry = mni_mover_entry(mover, n);
        if (!mni_mover_is_live(mover, n))
            continue;
        uint32_t i = mover->records[n];
        if (i >= tiles->count || tiles->record[i].list != MNI_TILES_USED
            || mover->owners[i].entry != n
            || tiles->record[i].start != look_where(mover, entry))
            return false;
        live++;
    }
    return live == mover->count
           && look_list(mover, used - live - mover->retired - mover->leaving);
}

/* Each block has its entry, and is found by its address. */
static bool look_blocks(const struct mn_mover *mover)
{
    const struct mni_tiles *tiles = mover->tiles;
    size_t live = 0;
    size_t used = 0;
    size_t pointing = 0;

    for (uint32_t i = MNI_TILES_FIRST; i != 0; i = tiles->record[i].right) {
        const struct mni_tile *tile = &tiles->record[i];
        if (mni_mover_over(mover, tile->start) != i
            || mni_mover_over(mover, tile->start + tile->size - 1) != i)
            return false;
        if (mni_tiles_is_free(tiles, i)
            || mover->owners[i].entry == MNI_MOVE_HELD)
            continue;
        if (mover->owners[i].entry >= mover->count_max)
            return false;
        live++;
        used += tile->size;
        pointing += mover->owners[i].points;
    }
    return live == mover->count + mover->leaving && used == mover->used
           && pointing == mover->pointing;
}

bool mn_mover_check(const struct mn_mover *mover)
{
    const struct mni_tiles *tiles = mover->tiles;

    return tiles != NULL && mni_tiles_check(tiles)
           && mni_mover_bytes(tiles->capacity) == mover->size
           && look_entries(mover) && look_blocks(mover);
}
