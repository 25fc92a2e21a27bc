/* SPDX-License-Identifier: MIT */
/* system.c -- movers in memory of the system, which comes and goes.
 *
 * One space has the memory of the blocks, another one the tables, each from a
 * cell of its own on. Memory is committed as far as blocks need it, and tables
 * as far as they are used; entries never move, so that theirs stays. What was
 * not committed reads zero: a forged handle leads to an entry of nothing.
 *
 * When a compaction is done the records move, too: those with the highest
 * numbers take the place of spare ones, and what is behind is given back.
 */
#include <mn/space.h>

#include "move/move.h"
#include "os/os.h"
#include "space/meta.h"

enum {
    SYSTEM_STEP = 64 << 10,   /* bytes of a step that is bounded by time */
    SYSTEM_RECORDS = 1 << 10, /* that are made at a time */
    /* What a step gives back at most, and the records that it moves. */
    SYSTEM_SHRINK = 2 << 20,
    SYSTEM_LOOKS = 4096
};

/* Bytes that are committed from the start of each. */
struct system {
    struct mn_space memory;
    struct mn_space tables;
    struct mni_mover_layout layout;
    size_t memory_size;
    size_t touched; /* beyond, no page of the memory is resident */
    size_t entries;
    size_t numbers;
    size_t owners;
    size_t tiles;
    uint32_t records_max;
    bool trims; /* records are moving */
};

/* Have [at, at + size) of the space be committed; *done bytes are. */
static bool system_commit(struct mn_space *space, size_t at, size_t size,
                          size_t *done)
{
    size_t wanted = mni_round_up(size, mn_space_cell());

    if (wanted <= *done)
        return true;
    if (mn_space_commit(space, at + *done, wanted - *done, MN_PERM_RW) != MN_OK)
        return false;
    *done = wanted;
    return true;
}

/* Give the pages of [from, to) of the tables back, which then read zero; if the
 * system refuses, nothing is changed. */
static void system_purge(struct mn_mover *mover, size_t from, size_t to)
{
    struct system *system = mover->system;
    unsigned char *start = mn_space_start(&system->tables);

    from = mni_round_up(from, mni_os_page_size());
    to = mni_round_down(to, mni_os_page_size());
    if (from < to)
        (void)mni_os_purge(start + from, to - from, true);
}

static void system_measure(struct mn_mover *mover)
{
    const struct system *system = mover->system;
    const struct mni_mover_layout *layout = &system->layout;

    mover->record_size = system->entries + system->numbers + system->owners
                         + system->tiles + (layout->owners - layout->search)
                         + sizeof(*system);
}

/* ---- growth ---- */

static bool system_entry(struct mn_mover *mover, size_t count)
{
    struct system *system = mover->system;
    bool done =
        system_commit(&system->tables, system->layout.entries,
                      count * sizeof(struct mn_mover_entry), &system->entries)
        && system_commit(&system->tables, system->layout.records,
                         count * sizeof(uint32_t), &system->numbers);

    system_measure(mover);
    return done;
}

/* Have `count` records. False, and there are as many as before. */
static bool system_records(struct mn_mover *mover, uint32_t count)
{
    struct system *system = mover->system;

    return system_commit(&system->tables, system->layout.owners,
                         count * sizeof(struct mni_mover_owner),
                         &system->owners)
           && system_commit(&system->tables, system->layout.tiles,
                            mni_tiles_bytes(count), &system->tiles);
}

static void system_spare(struct mn_mover *mover)
{
    struct system *system = mover->system;
    struct mni_tiles *tiles = mover->tiles;
    uint32_t count = tiles->count + SYSTEM_RECORDS;

    if (count > system->records_max)
        count = system->records_max;
    if (system_records(mover, count))
        mni_tiles_grow(tiles, count);
    system_measure(mover);
}

static bool system_memory(struct mn_mover *mover, size_t size)
{
    struct system *system = mover->system;

    if (!system_commit(&system->memory, 0, size, &system->memory_size))
        return false;
    if (size > system->touched)
        system->touched = size;
    return true;
}

/* ---- shrinking ---- */

/* Take record `i` out of the spare ones. */
static void system_unlink(struct mni_tiles *tiles, uint32_t i)
{
    const struct mni_tile *tile = &tiles->record[i];

    if (tile->prev != 0)
        tiles->record[tile->prev].next = tile->next;
    else
        tiles->spare = tile->next;
    tiles->record[tile->next].prev = tile->prev;
}

/* Have the block or hole of record `from` be that of a spare one. */
static void system_renumber(struct mn_mover *mover, uint32_t from)
{
    struct mni_tiles *tiles = mover->tiles;
    uint32_t to = mni_tile_take(tiles);
    bool is_free = mni_tiles_is_free(tiles, from);

    MN_ASSERT(to < from);
    if (is_free)
        tiles_withdraw(tiles, from);
    tiles->record[to] = tiles->record[from];
    mover->owners[to] = mover->owners[from];
    tiles->record[tiles->record[to].left].right = to;
    tiles->record[tiles->record[to].right].left = to;
    if (is_free)
        tiles_offer(tiles, to);
    else
        mover->records[mover->owners[to].entry] = to;
    mni_mover_note(mover, to);
}

/* Do without the records from `count` on, as far as some are spare below, and
 * *looks allow. */
static void system_trim(struct mn_mover *mover, uint32_t count, size_t *looks)
{
    struct mni_tiles *tiles = mover->tiles;

    for (; tiles->count > count && tiles->spare != 0 && *looks > 0; --*looks) {
        uint32_t last = tiles->count - 1;
        if (tiles->record[last].list == MNI_TILES_SPARE)
            system_unlink(tiles, last);
        else if (mover->owners[last].entry == MNI_MOVE_HELD
                 && !mni_tiles_is_free(tiles, last))
            break;
        else
            system_renumber(mover, last);
        tiles->count = last;
    }
}

/* Do without what the index says of chunks behind the last block. */
static void system_trim_index(struct mn_mover *mover, uint32_t last)
{
    struct system *system = mover->system;
    size_t chunk = mni_mover_tile(mover, last)->start >> MNI_MOVE_INDEX_SHIFT;

    system_purge(mover, system->layout.index + (chunk + 1) * sizeof(uint32_t),
                 system->layout.owners);
    mni_mover_note(mover, last);
}

/* Have no more records than blocks need. True if there is more to do. */
static bool system_trim_records(struct mn_mover *mover)
{
    struct system *system = mover->system;
    const struct mni_tiles *tiles = mover->tiles;
    size_t wanted = mover->count + mover->count / 4 + SYSTEM_RECORDS;
    size_t looks = SYSTEM_LOOKS;

    if (!system->trims && wanted >= tiles->count / 2)
        return false;
    system_trim(mover, (uint32_t)wanted, &looks);
    system->trims = looks == 0;
    if (system->trims)
        return true;
    system_purge(mover,
                 system->layout.owners
                     + tiles->count * sizeof(struct mni_mover_owner),
                 system->layout.owners + system->owners);
    system_purge(mover, system->layout.tiles + mni_tiles_bytes(tiles->count),
                 system->layout.tiles + system->tiles);
    return false;
}

static bool system_shrink(struct mn_mover *mover)
{
    struct system *system = mover->system;
    const struct mni_tiles *tiles = mover->tiles;
    uint32_t last = mni_mover_over(mover, tiles->capacity - 1);
    size_t touched = mni_round_up(system->touched, mni_os_page_size());
    size_t end = mover->size;

    if (mni_tiles_is_free(tiles, last))
        end = mni_round_up(mni_mover_bytes(tiles->record[last].start),
                           mni_os_page_size());
    if (end >= touched)
        return system->trims && system_trim_records(mover);
    size_t size = touched - end < SYSTEM_SHRINK ? touched - end : SYSTEM_SHRINK;
    /* Not decommitted: a system that is short of memory may refuse to split a
     * mapping, and then again to undo what it did. */
    if (!mni_os_purge(mover->base + touched - size, size, true))
        return false;
    system->touched = touched - size;
    if (end < system->touched)
        return true;
    system_trim_index(mover, last);
    return system_trim_records(mover);
}

/* ---- begin and end ---- */

static void system_finish(struct mn_mover *mover)
{
    struct system *system = mover->system;

    mn_space_destroy(&system->memory);
    mn_space_destroy(&system->tables);
    mni_meta_delete(system, sizeof(*system));
}

static const struct mni_mover_room system_room = {
    .entry = system_entry,
    .spare = system_spare,
    .memory = system_memory,
    .shrink = system_shrink,
    .finish = system_finish,
};

/* Reserve, and commit what is needed from the start. False, and all is given
 * back, if the system refuses. */
static bool system_reserve(struct system *system, size_t memory_size)
{
    const struct mni_mover_layout *layout = &system->layout;
    struct mn_space *tables = &system->tables;
    size_t cell = mn_space_cell();
    size_t index = 0;

    if (mn_space_create(&system->memory, memory_size, cell) != MN_OK)
        return false;
    if (mn_space_create(tables, layout->end, cell) != MN_OK) {
        mn_space_destroy(&system->memory);
        return false;
    }
    /* Entries that no block had are read when handles are forged, and records
     * when the index is old. */
    if (mn_space_commit(tables, 0, layout->search, MN_PERM_READ) == MN_OK
        && mn_space_commit(tables, layout->owners,
                           mn_space_size(tables) - layout->owners, MN_PERM_READ)
               == MN_OK
        && system_commit(tables, layout->search,
                         layout->owners - layout->search, &index)
        && system_commit(tables, layout->entries, 1, &system->entries)
        && system_commit(tables, layout->owners, 1, &system->owners)
        && system_commit(tables, layout->tiles, 1, &system->tiles))
        return true;
    mn_space_destroy(&system->memory);
    mn_space_destroy(tables);
    return false;
}

enum mn_status mn_mover_create(struct mn_mover *mover,
                               const struct mn_mover_options *options)
{
    struct mn_mover_options own = *options;

    if (!mni_mover_is_possible(own.memory_size, own.count_max) || own.untouched)
        return MN_ERR_INVALID;
    struct system *system = mni_meta_new(sizeof(*system));
    if (system == NULL)
        return MN_ERR_NOMEM;
    *system = (struct system){
        .layout = mni_mover_layout(own.memory_size / MN_MOVER_GRANULE,
                                   own.count_max, mn_space_cell()),
        .records_max = (uint32_t)(2 * own.count_max + 2),
    };
    if (system->layout.end == SIZE_MAX
        || !system_reserve(system, own.memory_size)) {
        mni_meta_delete(system, sizeof(*system));
        return MN_ERR_NOMEM;
    }
    own.memory = mn_space_start(&system->memory);
    mni_mover_begin(mover, &own, mn_space_start(&system->tables),
                    &system->layout, MNI_MOVE_RECORDS_MIN);
    mover->system = system;
    mover->room = &system_room;
    system_measure(mover);
    MN_ASSERT(mn_mover_check(mover));
    return MN_OK;
}

bool mn_mover_step_time(struct mn_mover *mover, const struct mn_move_goal *goal,
                        uint64_t time_ns)
{
    uint64_t start = mni_os_now();
    bool more = true;

    do
        more = mn_mover_step(mover, goal, SYSTEM_STEP);
    while (more && mni_os_now() - start < time_ns);
    return more;
}
