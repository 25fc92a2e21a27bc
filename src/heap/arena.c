/* SPDX-License-Identifier: MIT */
/* arena.c -- one range of addresses, divided by a tiled region.
 *
 * The region never looks at the memory, so it may cover addresses that are not
 * memory yet. Its records grow as blocks become more, at the end of a
 * reservation of their own.
 */
#include <mn/strategy.h>
#include "heap/arena.h"

#include <string.h>

#include "base/assert.h"
#include "heap/cells.h"
#include "os/os.h"
#include "region/tiled.h"

enum {
    ARENA_COMMIT_MIN = 4 * 1024 * 1024, /* bytes made memory at a time */
    ARENA_RECORDS_FIRST = 64            /* records of blocks at the start */
};

/* ---- answering for addresses ---- */

static bool arena_block_at(const struct mn_owner *owner, const void *address,
                           struct mn_block *block)
{
    struct mni_arena *arena = (struct mni_arena *)(uintptr_t)owner;

    if (!mni_stock_lock(arena->stock))
        return false;
    struct mn_block found;
    bool known = mn_region_block_at(&arena->tiled.region, address, &found);
    unsigned char *frontier = arena->start + arena->committed;
    mni_stock_unlock(arena->stock);
    if (!known)
        return false;
    /* A free block that is not all memory yet is two blocks. */
    unsigned char *start = found.start;
    unsigned char *end = start + found.size;
    if ((uintptr_t)address >= (uintptr_t)frontier) {
        start = start < frontier ? frontier : start;
        found.state = MN_RESERVED;
        found.perm = MN_PERM_NONE;
    } else if (end > frontier) {
        end = frontier;
    }
    found.start = start;
    found.size = (size_t)(end - start);
    *block = found;
    return true;
}

static bool arena_control_at(const struct mn_owner *owner, const void *address,
                             struct mn_block *block)
{
    const struct mni_arena *arena =
        (const void *)((const char *)owner
                       - offsetof(struct mni_arena, control_owner));

    if (!mni_stock_lock(arena->stock))
        return false;
    bool known = mni_map_records_at(arena->control, arena->control_committed,
                                    arena->control_size, address, block);
    mni_stock_unlock(arena->stock);
    return known;
}

/* ---- making arenas ---- */

/* The bits for the cells of `size` bytes, in bytes. */
static size_t arena_bits_size(size_t size)
{
    return mni_round_up(size / MNI_CELL_SIZE / 8 + 1, 64);
}

static size_t arena_head_size(size_t size)
{
    return mni_round_up(sizeof(struct mni_arena), 64)
           + 4 * arena_bits_size(size);
}

/* Lay the record and the bits out at the start of `control`, all zero. */
static struct mni_arena *arena_place(struct mni_stock *stock, void *control,
                                     void *start, size_t size)
{
    struct mni_arena *arena = control;
    unsigned char *bits =
        (unsigned char *)control + mni_round_up(sizeof *arena, 64);

    arena->owner.block_at = arena_block_at;
    arena->control_owner.block_at = arena_control_at;
    arena->stock = stock;
    arena->start = start;
    arena->size = size;
    arena->control = control;
    arena->dirty = (uint64_t *)(void *)bits;
    arena->aged = (uint64_t *)(void *)(bits + arena_bits_size(size));
    arena->old = (uint64_t *)(void *)(bits + 2 * arena_bits_size(size));
    arena->slots = (uint64_t *)(void *)(bits + 3 * arena_bits_size(size));
    return arena;
}

/* Have the map answer for the range, which must be inside the map. Its cells
 * are covered as they become memory. */
static bool arena_enter(struct mni_arena *arena)
{
    const unsigned char *last = arena->start + arena->size - 1;

    if (!mni_space_lock())
        return false;
    bool entered =
        mni_map_cover(arena->start, 1) && mni_map_cover(last, 1)
        && mni_map_set_range(arena->control, arena->control_size,
                             &arena->control_owner)
        && mni_map_set_range(arena->start, arena->size, &arena->owner);
    mni_space_unlock();
    return entered;
}

/* Make the records writable up to `end` bytes. */
static bool arena_commit_control(struct mni_arena *arena, size_t end)
{
    size_t to = mni_round_up(end, MNI_CELL_SIZE);
    unsigned char *from = arena->control + arena->control_committed;

    if (to <= arena->control_committed)
        return true;
    if (to > arena->control_size
        || !mni_os_protect(from, to - arena->control_committed, MN_PERM_RW))
        return false;
    arena->control_committed = to;
    return true;
}

/* The control memory that an arena of `size` bytes may come to need. */
static size_t arena_control_size(size_t size)
{
    uint32_t cells = (uint32_t)(size / MNI_CELL_SIZE);

    return mni_round_up(arena_head_size(size)
                            + mni_tiled_layout_bytes(cells, cells + 1),
                        MNI_CELL_SIZE);
}

/* The part of it that is needed at once. */
static size_t arena_control_first(size_t size)
{
    size_t granules = size / MNI_CELL_SIZE;

    return mni_round_up(
        arena_head_size(size)
            + mni_tiled_layout_bytes((uint32_t)granules, ARENA_RECORDS_FIRST),
        MNI_CELL_SIZE);
}

/* Make an arena of reserved addresses. Requires: the control memory is
 * committed as far as is needed at once, and zero but for its own size. */
static bool arena_begin(struct mni_arena *arena, struct mni_stock *stock,
                        void *start, size_t size)
{
    size_t head = arena_head_size(size);
    struct mn_tiled_place place = {
        .memory = start,
        .memory_size = size,
        .granule = MNI_CELL_SIZE,
        .control = (unsigned char *)arena + head,
        .control_size = arena->control_size - head,
    };

    (void)arena_place(stock, arena, start, size);
    arena->committed = 0;
    if (mni_tiled_init_growing(&arena->tiled, &place, ARENA_RECORDS_FIRST)
            == MN_OK
        && arena_enter(arena))
        return true;
    arena->size = 0;
    return false;
}

struct mni_arena *mni_arena_create(struct mni_stock *stock, size_t size)
{
    size_t control_size = arena_control_size(size);
    size_t first = arena_control_first(size);
    void *start = mni_os_reserve(size, MNI_CELL_SIZE, MN_PERM_NONE);
    if (start == NULL)
        return NULL;
    struct mni_arena *arena =
        mni_os_reserve(control_size, MNI_CELL_SIZE, MN_PERM_NONE);
    if (arena == NULL)
        goto no_control;
    if (!mni_os_protect(arena, first, MN_PERM_RW))
        goto no_arena;
    mni_os_name(arena, first, "mneme records");
    arena->control_size = control_size;
    arena->control_committed = first;
    if (!arena_begin(arena, stock, start, size))
        goto no_arena;
    return arena;

no_arena:
    mni_os_release(arena, control_size);
no_control:
    mni_os_release(start, size);
    return NULL;
}

bool mni_arena_give_up(struct mni_arena *arena)
{
    struct mn_block block;

    if (arena->size == 0 || arena->records != NULL
        || !mn_region_block_at(&arena->tiled.region, arena->start, &block)
        || block.state != MN_FREE || block.size != arena->size
        || !mni_space_lock())
        return false;
    bool forgotten = mni_map_set_range(arena->start, 0, &arena->owner);
    mni_space_unlock();
    MN_ASSERT(forgotten);
    if (!forgotten)
        return false;
    mni_os_release(arena->start, arena->size);
    arena->size = 0;
    arena->committed = 0;
    arena->huge_size = 0;
    return true;
}

bool mni_arena_renew(struct mni_arena *arena, size_t size)
{
    if (arena->size != 0 || arena->control_size < arena_control_size(size)
        || !arena_commit_control(arena, arena_control_first(size)))
        return false;
    void *start = mni_os_reserve(size, MNI_CELL_SIZE, MN_PERM_NONE);
    if (start == NULL)
        return false;
    /* All but the record: others may be about to ask it, and wait for the
     * lock. */
    size_t record = mni_round_up(sizeof *arena, 64);
    memset((unsigned char *)arena + record, 0,
           arena->control_committed - record);
    if (arena_begin(arena, arena->stock, start, size))
        return true;
    mni_os_release(start, size);
    return false;
}

/* How many cells fit behind their records in `size` bytes. */
static size_t arena_fixed_cells(size_t size)
{
    size_t cells = size / MNI_CELL_SIZE;
    size_t need;

    do {
        if (cells == 0)
            return 0;
        need =
            arena_head_size(cells * MNI_CELL_SIZE)
            + mn_tiled_control_size(
                &(struct mn_tiled_place){.strategy = &mni_spans,
                                         .memory_size = cells * MNI_CELL_SIZE,
                                         .granule = MNI_CELL_SIZE},
                cells + 2)
            + (cells + 1) * MNI_ARENA_RECORD + 2 * MNI_CELL_SIZE;
    } while (need + cells * MNI_CELL_SIZE > size && cells-- > 0);
    return cells;
}

struct mni_arena *mni_arena_create_fixed(struct mni_stock *stock, void *memory,
                                         size_t size)
{
    size_t cells = arena_fixed_cells(size);
    size_t bytes = cells * MNI_CELL_SIZE;

    if (cells == 0)
        return NULL;
    unsigned char *from = memory;
    size_t head = arena_head_size(bytes);
    size_t region =
        mni_round_up(mn_tiled_control_size(
                         &(struct mn_tiled_place){.strategy = &mni_spans,
                                                  .memory_size = bytes,
                                                  .granule = MNI_CELL_SIZE},
                         cells + 2),
                     64);
    uintptr_t end = (uintptr_t)from + size;
    unsigned char *start =
        from + (mni_round_down(end, MNI_CELL_SIZE) - bytes - (uintptr_t)from);

    memset(from, 0, head);
    struct mni_arena *arena = arena_place(stock, from, start, bytes);
    arena->committed = bytes;
    arena->records = from + head + region;
    MN_ASSERT(arena->records + cells * MNI_ARENA_RECORD <= start);
    mni_cells_set(arena->dirty, 0, cells);
    if (mn_tiled_init(&arena->tiled,
                      &(struct mn_tiled_place){.strategy = &mni_spans,
                                               .memory = start,
                                               .memory_size = bytes,
                                               .granule = MNI_CELL_SIZE,
                                               .control = from + head,
                                               .control_size = region})
        != MN_OK)
        return NULL;
    if (!mni_space_lock())
        return NULL;
    bool covered = mni_map_cover(start, bytes);
    mni_space_unlock();
    if (!covered)
        return NULL;
    arena->below = mni_map_get(start);
    mni_map_set(start, bytes, &arena->owner);
    return arena;
}

/* ---- taking and returning cells ---- */

/* Who the map leads to for cells that are in no span. */
static struct mn_owner *arena_default(struct mni_arena *arena)
{
    return arena->records != NULL ? &arena->owner : NULL;
}

static size_t arena_cell(const struct mni_arena *arena, const void *address)
{
    return ((uintptr_t)address - (uintptr_t)arena->start) / MNI_CELL_SIZE;
}

/* Make sure that splitting a block does not run out of records. */
static bool arena_provide_records(struct mni_arena *arena)
{
    if (mni_tiled_spare(&arena->tiled))
        return true;
    if (arena->records != NULL)
        return false;
    uint32_t count = mni_tiled_count(&arena->tiled);
    uint32_t most = mni_tiled_count_most(&arena->tiled);
    uint32_t more = count > most / 2 ? most : 2 * count;
    if (more <= count)
        return true;
    size_t head = arena_head_size(arena->size);
    if (!arena_commit_control(
            arena, head + mni_tiled_control_bytes(&arena->tiled, more)))
        return false;
    mni_tiled_grow(&arena->tiled, more);
    return true;
}

/* Make memory of the cells from the committed ones up to byte `to`. */
static bool arena_commit_to(struct mni_arena *arena, size_t to)
{
    unsigned char *from = arena->start + arena->committed;
    size_t size = to - arena->committed;

    if (!mni_space_lock())
        return false;
    bool covered = mni_map_cover(from, size);
    mni_space_unlock();
    if (!covered || !mni_os_protect(from, size, MN_PERM_RW))
        return false;
    mni_os_name(from, size, "mneme heap");
    arena->committed = to;
    return true;
}

static size_t arena_step(const struct mni_arena *arena)
{
    return arena->committed / 8 > ARENA_COMMIT_MIN ? arena->committed / 8
                                                   : ARENA_COMMIT_MIN;
}

/* Where to commit to, such that huge pages can follow. */
static size_t arena_ample(const struct mni_arena *arena, size_t step)
{
    uintptr_t start = (uintptr_t)arena->start;
    size_t ample =
        mni_round_up(start + arena->committed + step, MNI_ARENA_HUGE) - start;

    return ample < arena->size ? ample : arena->size;
}

/* Make memory of the cells of a block, and some more while at it. */
static bool arena_commit(struct mni_arena *arena,
                         const struct mni_arena_block *block)
{
    size_t from = arena->committed;
    size_t step = arena_step(arena);
    size_t ample = arena_ample(arena, step);
    size_t end = block->end * MNI_CELL_SIZE;

    if (end <= from)
        return true;
    bool done = (ample > end && arena_commit_to(arena, ample))
                || arena_commit_to(arena, end);
    if (done)
        mni_arena_prefer_huge(arena, block, from, step);
    return done;
}

/* Cells are free no longer, so they have no age. True if they read as zero. */
static bool arena_in_use(struct mni_arena *arena, size_t first, size_t end)
{
    uint64_t dirty = 0;

    for (; first < end; first = mni_cells_next(first)) {
        uint64_t mask = mni_cells_mask(first, end);
        size_t word = first / 64;
        if ((arena->dirty[word] & mask) == 0)
            continue; /* and so are its other bits */
        dirty |= arena->dirty[word] & mask;
        arena->dirty[word] &= ~mask;
        arena->aged[word] &= ~mask;
        arena->old[word] &= ~mask;
    }
    return dirty == 0;
}

/* Make memory of cells that the region handed out, or give them back. */
static void *arena_enter_cells(struct mni_arena *arena, void *start,
                               size_t size, bool *zero)
{
    size_t first = arena_cell(arena, start);
    size_t end = first + size / MNI_CELL_SIZE;
    if (!arena_commit(arena, &(struct mni_arena_block){first, end})) {
        mn_region_free(&arena->tiled.region, start);
        return NULL;
    }
    *zero = arena_in_use(arena, first, end);
    return start;
}

void *mni_arena_take(struct mni_arena *arena, size_t size, size_t align,
                     bool *zero)
{
    if (!arena_provide_records(arena))
        return NULL;
    void *start = mn_region_alloc(&arena->tiled.region, size, align);
    return start == NULL ? NULL : arena_enter_cells(arena, start, size, zero);
}

void *mni_arena_take_roomy(struct mni_arena *arena, size_t size, size_t align,
                           size_t room, bool *zero)
{
    struct mn_region *region = &arena->tiled.region;

    if (arena->size < room || !arena_provide_records(arena))
        return NULL;
    void *start = mn_region_alloc(region, room, align);
    if (start == NULL)
        return NULL;
    if (arena_provide_records(arena) && mn_region_resize(region, start, size))
        return arena_enter_cells(arena, start, size, zero);
    mn_region_free(region, start);
    return NULL;
}

void mni_arena_note_slots(struct mni_arena *arena, const void *start)
{
    size_t first = arena_cell(arena, start);

    mni_cells_set(arena->slots, first, first + 1);
}

void mni_arena_return(struct mni_arena *arena, void *start, size_t size)
{
    size_t first = arena_cell(arena, start);

    mni_map_set(start, size, arena_default(arena));
    mn_region_free(&arena->tiled.region, start);
    arena->slots[first / 64] &= ~(UINT64_C(1) << first % 64);
    mni_cells_set(arena->dirty, first, first + size / MNI_CELL_SIZE);
}

bool mni_arena_resize(struct mni_arena *arena, void *start, size_t old_size,
                      size_t size)
{
    struct mn_region *region = &arena->tiled.region;
    size_t first = arena_cell(arena, start);

    if (!arena_provide_records(arena) || !mn_region_resize(region, start, size))
        return false;
    size_t old_end = first + old_size / MNI_CELL_SIZE;
    size_t end = first + size / MNI_CELL_SIZE;
    if (!arena_commit(arena, &(struct mni_arena_block){old_end, end})) {
        bool undone = mn_region_resize(region, start, old_size);
        MN_CHECK(undone, "a block did not shrink back");
        return false;
    }
    if (end > old_end) {
        (void)arena_in_use(arena, old_end, end);
    } else {
        mni_map_set(arena->start + end * MNI_CELL_SIZE,
                    (old_end - end) * MNI_CELL_SIZE, arena_default(arena));
        mni_cells_set(arena->dirty, end, old_end);
    }
    return true;
}

/* ---- purge ---- */

/* Purge the cells of a word whose bits are set in `due`. Returns those of them
 * that the system took. */
static uint64_t arena_purge_cells(struct mni_arena *arena, size_t word,
                                  uint64_t due, bool now)
{
    uint64_t taken = 0;

    if (due != 0)
        mni_arena_loosen(arena);
    while (due != 0) {
        unsigned first = mni_lowest_bit(due);
        uint64_t beyond = due + (UINT64_C(1) << first); /* 0 at the end */
        unsigned end = beyond == 0 ? 64 : mni_lowest_bit(beyond);
        uint64_t run = mni_cells_mask(first, end);
        if (mni_os_purge(arena->start + (word * 64 + first) * MNI_CELL_SIZE,
                         (size_t)(end - first) * MNI_CELL_SIZE, now))
            taken |= run;
        due &= ~run;
    }
    return taken;
}

bool mni_arena_look(struct mni_arena *arena, struct mni_look *look)
{
    size_t word = look->word++;

    if (arena->records != NULL || word * 64 * MNI_CELL_SIZE >= arena->committed)
        return false;
    uint64_t dirty = arena->dirty[word];
    uint64_t aged = arena->aged[word];
    uint64_t old = arena->old[word];
    if (dirty == 0)
        return true;
    uint64_t due = look->everything ? dirty : old & aged;
    uint64_t taken = arena_purge_cells(arena, word, due, !look->lazy);
    uint64_t clean = look->lazy ? 0 : taken;
    uint64_t given = ((old & ~aged) | due) & ~clean;
    arena->dirty[word] = dirty & ~clean;
    arena->aged[word] = dirty & ~due & ~given;
    arena->old[word] = (aged & ~due) | given;
    look->purged += (size_t)mni_count_bits(taken);
    look->waiting |= arena->aged[word] != 0;
    return true;
}
