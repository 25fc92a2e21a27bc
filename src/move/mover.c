/* SPDX-License-Identifier: MIT */
/* mover.c -- movers: their memory, handles, and the blocks of these.
 *
 * A handle is the number of an entry and, above it, how often that was used.
 * The entry's word is the handle itself while its block is there, and otherwise
 * has another entry's number, so that one comparison tells. An entry whose
 * numbers are used up retires.
 */
#include "move/move.h"

_Static_assert(sizeof(struct mn_mover_entry) % MNI_HANDLE_UNIT == 0,
               "entries are found by their number");
_Static_assert(2 * (MN_MOVER_COUNT_MAX + 1) <= MNI_TILES_MAX,
               "each block may have a hole beside it");

/* Fewest bits of a handle that tell the blocks of an entry apart. */
enum { MOVER_USE_BITS = 8, MOVER_ALIGN = 8 };

/* ---- layout ---- */

static unsigned mover_bits(size_t count)
{
    return mni_highest_bit(count) + 1;
}

static uint32_t mover_records(size_t count)
{
    return (uint32_t)(2 * count + 1) + 1;
}

bool mni_mover_is_possible(size_t memory_size, size_t count_max)
{
    return memory_size > 0 && memory_size % MN_MOVER_GRANULE == 0
           && memory_size / MN_MOVER_GRANULE <= INT32_MAX && count_max > 0
           && count_max <= MN_MOVER_COUNT_MAX
           && mover_bits(count_max) + MOVER_USE_BITS < 8 * sizeof(uintptr_t);
}

/* The next table, of `count` things of `size` bytes. Sizes are bounded by what
 * is possible; on 32 bits they may wrap, and `end` is then below. */
static size_t mover_lay(struct mni_mover_layout *layout, size_t count,
                        size_t size, size_t unit)
{
    size_t at = layout->end;
    size_t bytes = 0;

    if (at == SIZE_MAX || !mni_multiply(count, size, &bytes)
        || !mni_add(at, bytes, &layout->end)
        || layout->end > SIZE_MAX - (unit - 1))
        layout->end = SIZE_MAX;
    else
        layout->end = mni_round_up(layout->end, unit);
    return at;
}

struct mni_mover_layout mni_mover_layout(size_t granules, size_t count,
                                         size_t unit)
{
    struct mni_mover_layout layout = {.end = 0};
    size_t records = mover_records(count);

    layout.entries = mover_lay(&layout, (size_t)1 << mover_bits(count),
                               sizeof(struct mn_mover_entry), unit);
    layout.records = mover_lay(&layout, count, sizeof(uint32_t), unit);
    layout.search =
        mover_lay(&layout, 1, sizeof(struct mni_mover_search), unit);
    layout.index = mover_lay(
        &layout, mni_tile_chunks((uint32_t)granules, MNI_MOVE_INDEX_SHIFT),
        sizeof(uint32_t), unit);
    layout.owners =
        mover_lay(&layout, records, sizeof(struct mni_mover_owner), unit);
    layout.tiles =
        mover_lay(&layout, mni_tiles_bytes((uint32_t)records), 1, unit);
    return layout;
}

size_t mn_mover_control_size(size_t memory_size, size_t count_max)
{
    if (!mni_mover_is_possible(memory_size, count_max))
        return 0;
    size_t end =
        mni_mover_layout(memory_size / MN_MOVER_GRANULE, count_max, MOVER_ALIGN)
            .end;
    return end == SIZE_MAX ? 0 : end;
}

/* ---- begin and end ---- */

void mni_mover_begin(struct mn_mover *mover,
                     const struct mn_mover_options *options,
                     unsigned char *control,
                     const struct mni_mover_layout *layout, uint32_t records)
{
    unsigned bits = mover_bits(options->count_max);
    uintptr_t numbers = ((uintptr_t)1 << bits) * MNI_HANDLE_UNIT;

    *mover = (struct mn_mover){
        .mask = numbers - MNI_HANDLE_UNIT,
        .entries = (void *)(control + layout->entries),
        .base = options->memory,
        .free = numbers - MNI_HANDLE_UNIT,
        .last = 0u - numbers,
        .count_max = options->count_max,
        .size = options->memory_size,
        .records = (void *)(control + layout->records),
        .owners = (void *)(control + layout->owners),
        .tiles = control + layout->tiles,
        .index = (void *)(control + layout->index),
        .search = (void *)(control + layout->search),
        .moved_fn = options->moved,
        .context = options->context,
        .bits = mni_highest_bit(numbers),
        .untouched = options->untouched,
    };
    mover->limit = (uint32_t)(mover->size / MN_MOVER_GRANULE);
    /* A handle of nothing leads here. */
    mover->entries[0].word = mover->mask;
    mni_tiles_init(mover->tiles, mover->limit, records, 0);
    mni_mover_note(mover, MNI_TILES_FIRST);
}

/* What the region is to give, or what is given; false if it has not. */
static bool mover_take(struct mn_mover_options *own, size_t control_size,
                       void *taken[2])
{
    if (own->control == NULL) {
        own->control = mn_region_alloc(own->region, control_size, MOVER_ALIGN);
        taken[0] = own->control;
        own->control_size = control_size;
    }
    if (own->control != NULL && own->memory == NULL && !own->untouched) {
        own->memory =
            mn_region_alloc(own->region, own->memory_size, MN_MOVER_GRANULE);
        taken[1] = own->memory;
    }
    if (own->control != NULL && (own->memory != NULL || own->untouched))
        return true;
    mn_region_free(own->region, taken[0]);
    return false;
}

static bool mover_is_valid(const struct mn_mover_options *options)
{
    return mni_mover_is_possible(options->memory_size, options->count_max)
           && (uintptr_t)options->memory % MN_MOVER_GRANULE == 0
           && (uintptr_t)options->control % MOVER_ALIGN == 0
           && options->memory_size <= UINTPTR_MAX - (uintptr_t)options->memory
           && (options->control != NULL || options->region != NULL)
           && (options->memory != NULL || options->untouched
               || options->region != NULL);
}

enum mn_status mn_mover_init(struct mn_mover *mover,
                             const struct mn_mover_options *options)
{
    struct mn_mover_options own = *options;
    void *taken[2] = {NULL, NULL};

    if (!mover_is_valid(options))
        return MN_ERR_INVALID;
    size_t size = mn_mover_control_size(own.memory_size, own.count_max);
    if (size == 0 || (own.control != NULL && own.control_size < size)
        || !mover_take(&own, size, taken))
        return MN_ERR_NOMEM;
    struct mni_mover_layout layout = mni_mover_layout(
        own.memory_size / MN_MOVER_GRANULE, own.count_max, MOVER_ALIGN);
    __builtin_memset(own.control, 0, size);
    mni_mover_begin(mover, &own, own.control, &layout,
                    mover_records(own.count_max));
    mover->region = own.region;
    mover->taken[0] = taken[0];
    mover->taken[1] = taken[1];
    mover->record_size = size;
    MN_ASSERT(mn_mover_check(mover));
    return MN_OK;
}

/* The entries of a mover that has ended: neither word is of its number, so that
 * every handle leads to nothing. Nobody writes here. */
static struct mn_mover_entry mover_none[2] = {{MNI_HANDLE_UNIT, 0, 0},
                                              {0, 0, 0}};

void mn_mover_finish(struct mn_mover *mover)
{
    mni_mover_enter(mover);
    for (uint32_t n = 0; n < mni_mover_number(mover->fresh); n++)
        MN_CHECK(mni_mover_pins(mover, mni_mover_entry(mover, n)) == 0,
                 "a mover ends with a pin");
    if (mover->room != NULL)
        mover->room->finish(mover);
    if (mover->region != NULL) {
        mn_region_free(mover->region, mover->taken[1]);
        mn_region_free(mover->region, mover->taken[0]);
    }
    *mover = (struct mn_mover){
        .mask = MNI_HANDLE_UNIT, .entries = mover_none, .busy = true};
}

/* ---- entries ---- */

/* An entry for a block, whose next handle is in *bits; false if there is none.
 * It is on the list still. */
static bool mover_next_entry(struct mn_mover *mover, uintptr_t *bits)
{
    uintptr_t step = mover->mask + MNI_HANDLE_UNIT;

    if (mover->free != mover->mask) {
        uintptr_t word = mover->entries[mni_mover_number(mover->free)].word;
        *bits = (word & ~mover->mask) | mover->free;
        return true;
    }
    size_t number = mni_mover_number(mover->fresh);
    if (number == mover->count_max
        || (mover->room != NULL && !mover->room->entry(mover, number + 1)))
        return false;
    *bits = step | mover->fresh;
    return true;
}

/* Have the entry be that of the block of `record`. */
static void mover_use_entry(struct mn_mover *mover, uintptr_t bits,
                            uint32_t record)
{
    uint32_t number = mni_mover_number(bits & mover->mask);
    struct mn_mover_entry *entry = mni_mover_entry(mover, number);
    uint32_t place = mni_mover_tile(mover, record)->start;

    if (mover->free != mover->mask)
        mover->free = entry->word & mover->mask;
    else
        mover->fresh += MNI_HANDLE_UNIT;
    mover->records[number] = record;
    if (mover->threads != NULL)
        mover->threads->place(entry, place);
    else
        entry->place = place;
    mni_mover_set_word(mover, entry, bits);
    mover->count++;
}

void mni_mover_unname(struct mn_mover *mover, uint32_t number, uintptr_t link)
{
    struct mn_mover_entry *entry = mni_mover_entry(mover, number);
    uintptr_t use = 0; /* there is no other one */

    if (entry->word < mover->last)
        use = (entry->word | mover->mask) + MNI_HANDLE_UNIT;
    mover->count--;
    mni_mover_set_word(mover, entry, use | link);
}

/* The entry, which has no block, may have another one, or retires. */
static void mover_end_entry(struct mn_mover *mover, uint32_t number)
{
    struct mn_mover_entry *entry = mni_mover_entry(mover, number);
    uintptr_t use = entry->word & ~mover->mask;

    if (use == 0) {
        mni_mover_set_word(mover, entry, mover->mask);
        mover->retired++;
        return;
    }
    mni_mover_set_word(mover, entry, use | mover->free);
    mover->free = (uintptr_t)number * MNI_HANDLE_UNIT;
}

uint32_t mni_mover_expect(const struct mn_mover *mover, struct mn_handle handle)
{
    if (mn_mover_entry(mover, handle)->word != handle.bits)
        mn_mover_stop(mover, handle);
    return mni_mover_number(handle.bits & mover->mask);
}

/* ---- blocks ---- */

static bool mover_points(const struct mn_type *type)
{
    bool points = type->visit != NULL;

    for (size_t i = 0; i < type->member_count; i++)
        points = points || type->members[i].kind == MN_MEMBER_MOVABLE;
    return points;
}

static bool mover_is_size(const struct mn_mover *mover, size_t size,
                          const struct mn_type *type)
{
    return size > 0 && size <= mover->size
           && (type == NULL || (size % type->size == 0 && !mover->untouched));
}

static bool mover_is_type(const struct mn_mover *mover,
                          const struct mn_type *type)
{
    return type == NULL
           || (mn_type_check(type) && type->align <= MN_MOVER_GRANULE
               && !(mover->threads != NULL && mover_points(type)));
}

/* Cut a block, of which all memory is there; 0 if there is none. */
static uint32_t mover_cut(struct mn_mover *mover, size_t size)
{
    struct mni_tiles *tiles = mover->tiles;
    uint32_t granules = mni_mover_granules(size);

    if (mover->room != NULL && !mni_tiles_has_spare(tiles))
        mover->room->spare(mover);
    uint32_t i = mni_tiles_alloc(tiles, granules, 1);
    /* Without a spare record the hole is handed out whole. */
    if (i == 0)
        return 0;
    const struct mni_tile *tile = mni_mover_tile(mover, i);
    if (tile->size != granules
        || (mover->room != NULL
            && !mover->room->memory(
                mover, mni_mover_bytes(tile->start + tile->size)))) {
        mni_mover_note(mover, mni_tiles_release(tiles, i));
        return 0;
    }
    mni_tile_index_taken(mni_mover_index(mover), tiles, i);
    mover->used += granules;
    return i;
}

static void mover_own(struct mn_mover *mover, uint32_t i, uint32_t number,
                      const struct mn_type *type, size_t size)
{
    bool points = type != NULL && mover_points(type);

    mover->owners[i] = (struct mni_mover_owner){
        .type = type,
        .entry = number,
        .slack = (mni_mover_bytes(mni_mover_tile(mover, i)->size) - size)
                 % MN_MOVER_GRANULE,
        .points = points,
    };
    mover->pointing += points;
}

/* Give the block of record `i` back, which an entry has no more. */
static void mover_release(struct mn_mover *mover, uint32_t i)
{
    mover->changes++;
    mover->used -= mni_mover_tile(mover, i)->size;
    mover->pointing -= mover->owners[i].points;
    i = mni_tiles_release(mover->tiles, i);
    mni_mover_note(mover, i);
    /* What has been passed is not done any more. */
    if (!mover->windows && mni_mover_tile(mover, i)->start < mover->cursor)
        mover->cursor = mni_mover_tile(mover, i)->start;
}

void mni_mover_release(struct mn_mover *mover, uint32_t number)
{
    mover_end_entry(mover, number);
    mover_release(mover, mover->records[number]);
}

struct mn_handle mn_mover_alloc(struct mn_mover *mover, size_t size,
                                const struct mn_type *type)
{
    struct mn_handle handle = {0};
    uintptr_t bits = 0;

    mni_mover_enter(mover);
    if (!mover_is_type(mover, type) || !mover_is_size(mover, size, type)
        || !mover_next_entry(mover, &bits))
        return handle;
    uint32_t i = mover_cut(mover, size);
    if (i == 0)
        return handle;
    mover->changes++;
    handle.bits = bits;
    mover_use_entry(mover, bits, i);
    mover_own(mover, i, mni_mover_number(bits & mover->mask), type, size);
    if (type != NULL)
        __builtin_memset(mn_mover_place(mover, mn_mover_entry(mover, handle)),
                         0, size);
    return handle;
}

void mn_mover_free(struct mn_mover *mover, struct mn_handle handle)
{
    mni_mover_enter(mover);
    if (handle.bits == 0)
        return;
    uint32_t number = mni_mover_expect(mover, handle);
    MN_CHECK(mover->entries[number].pins == 0, "free of a pinned block");
    mni_mover_unname(mover, number, mover->mask);
    mni_mover_release(mover, number);
}

size_t mn_mover_size(const struct mn_mover *mover, struct mn_handle handle)
{
    if (!mn_mover_has(mover, handle))
        return 0;
    uint32_t i = mover->records[mni_mover_number(handle.bits & mover->mask)];
    return mni_mover_bytes(mni_mover_tile(mover, i)->size)
           - mover->owners[i].slack;
}

struct mn_handle mn_mover_at(const struct mn_mover *mover, const void *address)
{
    uintptr_t offset = (uintptr_t)address - (uintptr_t)mover->base;
    struct mn_handle handle = {0};

    if (offset >= mover->size)
        return handle;
    uint32_t i = mni_mover_over(mover, (uint32_t)(offset / MN_MOVER_GRANULE));
    if (!mni_tiles_is_free(mover->tiles, i)
        && mover->owners[i].entry != MNI_MOVE_HELD
        && mni_mover_is_live(mover, mover->owners[i].entry))
        handle.bits = mover->entries[mover->owners[i].entry].word;
    return handle;
}

/* ---- resize ---- */

/* Change the block in place, if what follows allows. */
static bool mover_resize_here(struct mn_mover *mover, uint32_t i, size_t size)
{
    struct mni_tiles *tiles = mover->tiles;
    struct mni_tile *tile = mni_mover_tile(mover, i);
    uint32_t granules = mni_mover_granules(size);
    uint32_t before = tile->size;

    if (mover->room != NULL && !mni_tiles_has_spare(tiles))
        mover->room->spare(mover);
    /* Without a record for the rest it would be larger. */
    if ((tiles->spare == 0 && granules != before)
        || (mover->room != NULL && granules > before
            && !mover->room->memory(mover,
                                    mni_mover_bytes(tile->start + granules)))
        || !mni_tiles_resize(tiles, i, granules))
        return false;
    mover->used = mover->used - before + tile->size;
    mni_mover_note(mover, i);
    if (tile->right != 0)
        mni_mover_note(mover, tile->right);
    return true;
}

/* Copy the block of record `from`, which is `number`'s, to record `to`. False
 * if it is pinned. */
static bool mover_copy(struct mn_mover *mover, uint32_t number, uint32_t from,
                       uint32_t to, size_t size)
{
    struct mn_mover_entry *entry = mni_mover_entry(mover, number);
    uint32_t start = mni_mover_tile(mover, from)->start;
    uint32_t place = mni_mover_tile(mover, to)->start;

    if (!mni_mover_claim(mover, entry, false))
        return false;
    __builtin_memcpy(mover->base + mni_mover_bytes(place),
                     mover->base + mni_mover_bytes(start), size);
    return mni_mover_settle(mover, entry, place);
}

/* Move the block of `number` to a new place, larger. */
static bool mover_resize_there(struct mn_mover *mover, uint32_t number,
                               size_t old_size, size_t size)
{
    uint32_t before = mover->records[number];
    const struct mn_type *type = mover->owners[before].type;

    if (mover->untouched)
        return false;
    uint32_t i = mover_cut(mover, size);
    if (i == 0)
        return false;
    mover_own(mover, i, number, type, size);
    if (!mover_copy(mover, number, before, i, old_size)) {
        mover_release(mover, i);
        return false;
    }
    mover->records[number] = i;
    if (mover->pointing > 0) {
        uint32_t from = mni_mover_tile(mover, before)->start;
        uint32_t to = mni_mover_tile(mover, i)->start;
        struct mni_mover_runs runs = {
            .count = 1,
            .run = {{(uintptr_t)mover->base + mni_mover_bytes(from), old_size,
                     mni_mover_bytes(from) - mni_mover_bytes(to)}},
        };
        mni_mover_follow(mover, &runs);
    }
    mover_release(mover, before);
    return true;
}

enum mn_status mn_mover_resize(struct mn_mover *mover, struct mn_handle handle,
                               size_t size)
{
    mni_mover_enter(mover);
    uint32_t number = mni_mover_expect(mover, handle);
    uint32_t i = mover->records[number];
    const struct mn_type *type = mover->owners[i].type;
    size_t before = mn_mover_size(mover, handle);

    if (!mover_is_size(mover, size, type))
        return MN_ERR_SIZE;
    mover->changes++;
    if (mover_resize_here(mover, i, size)) {
        mover->pointing -= mover->owners[i].points;
        mover_own(mover, i, number, type, size);
    } else if (!mover_resize_there(mover, number, before < size ? before : size,
                                   size)) {
        return MN_ERR_NOMEM;
    }
    if (type != NULL && size > before)
        __builtin_memset((unsigned char *)mn_mover_place(
                             mover, mni_mover_entry(mover, number))
                             + before,
                         0, size - before);
    return MN_OK;
}

/* ---- misuse ---- */

void mn_mover_stop(const struct mn_mover *mover, struct mn_handle handle)
{
    uint32_t number = mni_mover_number(handle.bits & mover->mask);
    const char *what = "it was never given by this mover";

    if (handle.bits == 0) {
        what = "it is a handle of nothing";
    } else if (number < mni_mover_number(mover->fresh)
               && handle.bits % MNI_HANDLE_UNIT == 0) {
        uintptr_t word = mover->entries[number].word;
        if (word == mover->mask
            || (handle.bits > mover->mask
                && handle.bits >> mover->bits < word >> mover->bits))
            what = "its block was freed";
    }
    mni_stop_at("use of handle", (const void *)handle.bits, what, NULL);
}

void mn_pin_stop(uint32_t pins)
{
    mni_stop(pins == UINT32_MAX ? "a block is unpinned more often than pinned"
                                : "a block is pinned too often");
}
