/* SPDX-License-Identifier: MIT */
/* search.c -- which moves make a hole of some size at the least cost.
 *
 * A window of neighbours that nobody has pinned becomes one hole of all the
 * free memory in it when its blocks slide to its low end: that costs the bytes
 * in its blocks. Two ends go through the memory once, by rising address: the
 * high one adds blocks and holes until the holes are large enough together,
 * the low one takes them off for as long as that stays so. Every window that
 * could be the best is seen, so the result is exact. A search that a change
 * of the blocks interrupts takes the best so far.
 */
#include "move/move.h"

static bool search_is_free(const struct mn_mover *mover, uint32_t i)
{
    return mni_tiles_is_free(mover->tiles, i);
}

static bool search_is_pinned(const struct mn_mover *mover, uint32_t i)
{
    uint32_t number = mover->owners[i].entry;

    return number == MNI_MOVE_HELD
           || mni_mover_pins(mover, mni_mover_entry(mover, number)) != 0;
}

static void search_begin(struct mn_mover *mover, uint32_t need)
{
    *mover->search = (struct mni_mover_search){
        .changes = mover->changes,
        .need = need,
        .best_cost = UINT32_MAX,
    };
}

/* The search has ended: what has it found? */
static enum mni_mover_found search_end(struct mn_mover *mover)
{
    struct mni_mover_search *search = mover->search;

    search->need = 0;
    /* At no cost, there is such a hole. */
    if (search->best_cost == UINT32_MAX || search->best_cost == 0)
        return MNI_MOVER_NONE;
    mover->cursor = search->best_low;
    mover->limit = search->best_high;
    return MNI_MOVER_FOUND;
}

/* The high end goes over `i`. */
static void search_add(const struct mn_mover *mover, uint32_t i)
{
    struct mni_mover_search *search = mover->search;
    const struct mni_tile *tile = mni_mover_tile(mover, i);

    search->high = tile->start + tile->size;
    if (search_is_free(mover, i)) {
        search->free += tile->size;
    } else if (search_is_pinned(mover, i)) {
        search->low = search->high;
        search->free = 0;
    }
}

/* The window is one that will do. The low end goes over `i`. */
static void search_take(const struct mn_mover *mover, uint32_t i)
{
    struct mni_mover_search *search = mover->search;
    uint32_t cost = search->high - search->low - search->free;

    if (cost < search->best_cost) {
        search->best_cost = cost;
        search->best_low = search->low;
        search->best_high = search->high;
    }
    search->low += mni_mover_tile(mover, i)->size;
    if (search_is_free(mover, i))
        search->free -= mni_mover_tile(mover, i)->size;
}

/* The block or hole at `granule`, 0 at the end. */
static uint32_t search_at(const struct mn_mover *mover, uint32_t granule)
{
    return mni_mover_bytes(granule) < mover->size
               ? mni_mover_over(mover, granule)
               : 0;
}

enum mni_mover_found mni_mover_seek(struct mn_mover *mover, uint32_t need,
                                    size_t *looks)
{
    struct mni_mover_search *search = mover->search;

    if (search->need != need || search->changes != mover->changes) {
        if (search->need != 0 && search->best_cost != UINT32_MAX)
            return search_end(mover);
        search_begin(mover, need);
    }
    uint32_t low = search_at(mover, search->low);
    uint32_t high = search_at(mover, search->high);
    for (; *looks > 0; --*looks) {
        if (search->free >= need) {
            search_take(mover, low);
            low = mni_mover_tile(mover, low)->right;
        } else if (high != 0) {
            search_add(mover, high);
            bool is_empty = search->low == search->high;
            high = mni_mover_tile(mover, high)->right;
            low = is_empty ? high : low;
        } else {
            return search_end(mover);
        }
    }
    return MNI_MOVER_NOT_YET;
}
