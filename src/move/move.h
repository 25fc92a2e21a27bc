/* SPDX-License-Identifier: MIT */
/* move.h -- a mover's records, for the files of this layer.
 *
 * The memory is tiled, as a region is, by tlsf; the same proved text cuts
 * and merges blocks. Three tables lie beside it. An entry is what a handle
 * leads to: it stays where it is as long as the mover lives, and is small. A
 * record is a block's or a hole's, and an owner is what a block's record says
 * besides. When a block slides, hole and block exchange their records, so that
 * nothing has to be linked anew.
 *
 * Invariants: an entry whose word is its handle has a record that is USED, of
 * the same start, whose owner names the entry; every other USED record is held
 * by a plan, and its owner is MNI_MOVE_HELD.
 */
#ifndef MNI_MOVE_H
#define MNI_MOVE_H

#include <mn/move.h>

#include "base/assert.h"
#include "base/bits.h"

/* Holes are cut from the low end: the last one stays whole. */
#define MNI_TILE_BITS 32
#define MNI_TILES_LOW
#include "region/tiles_tlsf.h"

#include "region/tiles_core.h"
#include "region/tiles_index.h"

enum {
    MNI_MOVE_INDEX_SHIFT = 6, /* granules for each entry of the index */
    MNI_MOVE_RECORDS_MIN = 3, /* the sink, a block and a hole */
};
#define MNI_MOVE_HELD UINT32_C(0xffffffff)

struct mni_mover_owner {
    const struct mn_type *type;
    uint32_t entry;      /* its number, or MNI_MOVE_HELD */
    uint32_t slack : 8;  /* bytes of the block that nobody asked for */
    uint32_t points : 1; /* may have pointers to follow */
};

/* The window that the cheapest moves are searched with: docs/design/move.md */
struct mni_mover_search {
    uint32_t changes; /* of the mover, when it was begun */
    uint32_t need;    /* granules of the hole that is sought; 0: none is */
    uint32_t low;     /* the window, in granules */
    uint32_t high;
    uint32_t free; /* granules in it */
    uint32_t best_low;
    uint32_t best_high;
    uint32_t best_cost; /* granules to be moved; UINT32_MAX: none found */
};

/* Where a mover's tables lie in its control memory, in bytes from its start. */
struct mni_mover_layout {
    size_t entries;
    size_t records;
    size_t owners;
    size_t index;
    size_t search;
    size_t tiles;
    size_t end;
};

/* How a mover that grows gets its memory; see system.c. */
struct mni_mover_room {
    bool (*entry)(struct mn_mover *mover, size_t count);
    void (*spare)(struct mn_mover *mover);
    bool (*memory)(struct mn_mover *mover, size_t size);
    /* Give some memory back. Whether there is more to give. */
    bool (*shrink)(struct mn_mover *mover);
    void (*finish)(struct mn_mover *mover);
};

/* What a mover of many threads does differently; see threads_pin.c. */
struct mni_mover_threads {
    /* Have no thread pin the block, unless one has. */
    bool (*claim)(struct mn_mover_entry *entry, bool overlaps);
    /* A claimed block is at `place`, where it may be pinned. False if a thread
     * has pinned it where it was, which then stays so. */
    bool (*settle)(struct mn_mover_entry *entry, uint32_t place);
    /* Set the place of an entry without a block, and the word. */
    void (*place)(struct mn_mover_entry *entry, uint32_t place);
    void (*word)(struct mn_mover_entry *entry, uintptr_t word);
    uint32_t (*pins)(const struct mn_mover_entry *entry);
    uint32_t (*where)(const struct mn_mover_entry *entry);
};

/* ---- entries ---- */

static inline uint32_t mni_mover_number(uintptr_t bits)
{
    return (uint32_t)(bits / MNI_HANDLE_UNIT);
}

static inline struct mn_mover_entry *
mni_mover_entry(const struct mn_mover *mover, uint32_t number)
{
    return &mover->entries[number];
}

/* Whether the entry is that of a block: its word is then its handle. */
static inline bool mni_mover_is_live(const struct mn_mover *mover,
                                     uint32_t number)
{
    uintptr_t word = mover->entries[number].word;

    return word > mover->mask && mni_mover_number(word & mover->mask) == number;
}

static inline uint32_t mni_mover_pins(const struct mn_mover *mover,
                                      const struct mn_mover_entry *entry)
{
    return mover->threads != NULL ? mover->threads->pins(entry) : entry->pins;
}

static inline void mni_mover_set_word(const struct mn_mover *mover,
                                      struct mn_mover_entry *entry,
                                      uintptr_t word)
{
    if (mover->threads != NULL)
        mover->threads->word(entry, word);
    else
        entry->word = word;
}

/* Before and after a block is copied to `place`. False if it is pinned: then it
 * stays where it was. */
static inline bool mni_mover_claim(const struct mn_mover *mover,
                                   struct mn_mover_entry *entry, bool overlaps)
{
    return mover->threads != NULL ? mover->threads->claim(entry, overlaps)
                                  : entry->pins == 0;
}

static inline bool mni_mover_settle(const struct mn_mover *mover,
                                    struct mn_mover_entry *entry,
                                    uint32_t place)
{
    if (mover->threads != NULL)
        return mover->threads->settle(entry, place);
    entry->place = place;
    return true;
}

/* The handle of the entry's block leads to nothing any more. Its word has
 * `link`, another entry's number. */
void mni_mover_unname(struct mn_mover *mover, uint32_t number, uintptr_t link);

/* Give back the block of such an entry, which may have another one then. */
void mni_mover_release(struct mn_mover *mover, uint32_t number);

/* The number of the entry of `handle`, which must lead to a block. */
uint32_t mni_mover_expect(const struct mn_mover *mover,
                          struct mn_handle handle);

/* ---- blocks ---- */

static inline struct mni_tile_index
mni_mover_index(const struct mn_mover *mover)
{
    return (struct mni_tile_index){mover->index, MNI_MOVE_INDEX_SHIFT};
}

static inline struct mni_tile *mni_mover_tile(const struct mn_mover *mover,
                                              uint32_t record)
{
    struct mni_tiles *tiles = mover->tiles;

    return &tiles->record[record];
}

/* The lowest block or hole that ends behind `granule`. Requires: it is inside.
 */
static inline uint32_t mni_mover_over(const struct mn_mover *mover,
                                      uint32_t granule)
{
    return mni_tile_index_at(mni_mover_index(mover), mover->tiles, granule);
}

/* Requires: size > 0, and as large as memory can be. */
static inline uint32_t mni_mover_granules(size_t size)
{
    return (uint32_t)((size - 1) / MN_MOVER_GRANULE) + 1;
}

static inline size_t mni_mover_bytes(uint32_t granules)
{
    return (size_t)granules * MN_MOVER_GRANULE;
}

/* A hole than which none is larger by more than a sixteenth, 0 without any. */
static inline uint32_t mni_mover_largest(const struct mn_mover *mover)
{
    const struct mni_tiles *tiles = mover->tiles;

    if (tiles->summary == 0)
        return 0;
    unsigned w = mni_highest_bit(tiles->summary);
    unsigned c = 32 * w + mni_highest_bit(tiles->words[w]);
    return tiles->record[tiles->head[c]].size;
}

static inline uint32_t mni_mover_free(const struct mn_mover *mover)
{
    return (uint32_t)(mover->size / MN_MOVER_GRANULE - mover->used);
}

/* The index knows record `i`, which begins or ends elsewhere than before, and
 * what follows it. */
static inline void mni_mover_note(const struct mn_mover *mover, uint32_t i)
{
    uint32_t right = mni_mover_tile(mover, i)->right;

    mni_tile_index_start(mni_mover_index(mover), mover->tiles, i);
    mni_tile_index_pivot(mni_mover_index(mover), mover->tiles, i);
    if (right != 0)
        mni_tile_index_start(mni_mover_index(mover), mover->tiles, right);
}

/* Stop unless the mover may be changed. */
static inline void mni_mover_enter(struct mn_mover *mover)
{
    MN_CHECK(!mover->busy, "a mover is changed by its own callback");
}

struct mni_mover_layout mni_mover_layout(size_t granules, size_t count,
                                         size_t unit);

/* Have the tables be at `control`, all zeros as far as they are there, with
 * `records` records. */
void mni_mover_begin(struct mn_mover *mover,
                     const struct mn_mover_options *options,
                     unsigned char *control,
                     const struct mni_mover_layout *layout, uint32_t records);

/* Whether the options can be, but for what they say of memory. */
bool mni_mover_is_possible(size_t memory_size, size_t count_max);

/* ---- moving ---- */

/* Exchange the hole `hole`, which is in hand, and the block to its right, which
 * is then at the hole's start. The hole's record. */
uint32_t mni_mover_exchange(struct mn_mover *mover, uint32_t hole);

/* Take a hole in hand: no block is cut from it. */
void mni_mover_hold(struct mn_mover *mover, uint32_t hole);

/* Give it back. The record of the hole that results. */
uint32_t mni_mover_let_go(struct mn_mover *mover, uint32_t hole);

/* Each block that slid in a step, by rising address: many that slid as far are
 * one. */
enum { MNI_MOVE_RUNS = 32 };
struct mni_mover_run {
    uintptr_t from;
    size_t size;
    size_t distance;
};
struct mni_mover_runs {
    size_t count;
    struct mni_mover_run run[MNI_MOVE_RUNS];
};

/* Let each pointer into what has moved follow. */
void mni_mover_follow(struct mn_mover *mover,
                      const struct mni_mover_runs *runs);

/* Search on, with *looks blocks to look at; what is left of them. When it is
 * found, the window is from the cursor to the limit. */
enum mni_mover_found { MNI_MOVER_NONE, MNI_MOVER_FOUND, MNI_MOVER_NOT_YET };
enum mni_mover_found mni_mover_seek(struct mn_mover *mover, uint32_t need,
                                    size_t *looks);

#endif
