/* SPDX-License-Identifier: MIT */
/* map.c -- the flat map, reserved once, writable piece by piece. */
#include "space/map.h"

#include "base/bits.h"
#include "os/lock.h"
#include "os/os.h"
#include "space/meta.h"

struct mni_map mni_map;

/* The map's pieces become writable in units of MAP_PIECE bytes. */
enum { MAP_PIECE = MNI_CELL_SIZE, MAP_ENTRY = sizeof(uintptr_t) };

static const size_t map_window_min = (size_t)1 << 32;

/* Two for each arena, of which there are few, and two more. */
enum { MAP_RANGES = 64, MAP_TRIES = 1000 };

static struct map_range {
    _Atomic uintptr_t start;
    _Atomic size_t size; /* 0 while the owner has no range */
    struct mn_owner *owner;
} map_ranges[MAP_RANGES];
static _Atomic size_t map_range_count;

static struct mni_lock map_lock = {.order = MNI_LOCK_SPACE};
static _Atomic size_t map_committed; /* changes under the lock */

bool mni_space_lock(void)
{
    return mni_lock_enter(&map_lock);
}

void mni_space_unlock(void)
{
    mni_lock_leave(&map_lock);
}

static bool map_block_at(const struct mn_owner *owner, const void *address,
                         struct mn_block *block);

static struct mn_owner map_owner_of_map = {.block_at = map_block_at};

static size_t map_bytes(size_t count)
{
    return mni_round_up(sizeof(struct mni_map_table) + count * MAP_ENTRY,
                        MAP_PIECE);
}

static bool map_reserve(uintptr_t first, size_t count)
{
    size_t bytes = map_bytes(count);
    void *table = mni_os_reserve(bytes, MAP_PIECE, MN_PERM_READ);

    if (table == NULL)
        return false;
    mni_os_name(table, bytes, "mneme map");
    mni_map.table = table;
    mni_map.first = first;
    mni_map.count = count;
    return mni_map_set_range(table, bytes, &map_owner_of_map);
}

/* A window that is centred where the system now puts mappings. */
static bool map_reserve_window(size_t window)
{
    void *probe = mni_os_reserve(MAP_PIECE, MAP_PIECE, MN_PERM_NONE);
    uintptr_t middle = (uintptr_t)probe;
    uintptr_t first = middle > window / 2 ? middle - window / 2 : 0;

    if (probe == NULL)
        return false;
    mni_os_release(probe, MAP_PIECE);
    return map_reserve(first >> MN_CELL_SHIFT, window >> MN_CELL_SHIFT);
}

/* Reserve the map: for all addresses, or for a window that costs at most one
 * part in 64 of the address space that this process may use. */
bool mni_map_begin(void)
{
    if (mni_map.count != 0)
        return true;

    size_t limit;
    size_t all = mni_os_addresses(&limit) >> MN_CELL_SHIFT;
    size_t window = (size_t)1 << 40;

    if (limit == SIZE_MAX && map_reserve(0, all))
        return true;
    while (window > map_window_min
           && (window >> MN_CELL_SHIFT) * MAP_ENTRY > limit / 64)
        window /= 2;
    while (!map_reserve_window(window)) {
        if (window <= map_window_min)
            return false;
        window /= 2;
    }
    return true;
}

/* Which pieces of the map are writable: one bit each. */
static uint64_t *map_pieces;

static bool map_pieces_begin(void)
{
    size_t pieces = map_bytes(mni_map.count) / MAP_PIECE;

    map_pieces = mni_meta_alloc((pieces / 64 + 1) * sizeof *map_pieces);
    return map_pieces != NULL;
}

static void *map_piece(size_t piece)
{
    return (unsigned char *)mni_map.table + piece * MAP_PIECE;
}

/* The piece in which the entry of a cell lies. */
static size_t map_piece_of(uintptr_t cell)
{
    return (sizeof(struct mni_map_table) + cell * MAP_ENTRY) / MAP_PIECE;
}

static bool map_cover_piece(size_t piece)
{
    void *start = map_piece(piece);

    if (map_pieces[piece / 64] >> piece % 64 & 1)
        return true;
    if (!mni_os_protect(start, MAP_PIECE, MN_PERM_RW))
        return false;
    map_pieces[piece / 64] |= UINT64_C(1) << piece % 64;
    (void)mn_atomic_add_relaxed(&map_committed, MAP_PIECE);
    return true;
}

bool mni_map_cover(const void *start, size_t size)
{
    if (!mni_map_begin())
        return false;
    if (map_pieces == NULL && !map_pieces_begin())
        return false;

    uintptr_t first = ((uintptr_t)start >> MN_CELL_SHIFT) - mni_map.first;
    uintptr_t last =
        (((uintptr_t)start + size - 1) >> MN_CELL_SHIFT) - mni_map.first;
    if (first >= mni_map.count || last >= mni_map.count)
        return false;
    for (size_t piece = map_piece_of(first); piece <= map_piece_of(last);
         piece++)
        if (!map_cover_piece(piece))
            return false;
    return true;
}

void mni_map_set(const void *start, size_t size, struct mn_owner *owner)
{
    uintptr_t first = ((uintptr_t)start >> MN_CELL_SHIFT) - mni_map.first;
    size_t count = size >> MN_CELL_SHIFT;
    struct mni_map_table *table = mni_map.table;
    uintptr_t entry = owner == NULL ? 0 : (uintptr_t)owner - (uintptr_t)table;

    MN_ASSERT(first + count <= mni_map.count);
    for (size_t i = 0; i < count; i++)
        /* Release: pairs with the acquire in mni_map_get. */
        mn_atomic_store_release(&table->cells[first + i], entry);
}

size_t mni_map_committed(void)
{
    return mn_atomic_load_relaxed(&map_committed);
}

size_t mni_map_reserved(void)
{
    return map_bytes(mni_map.count);
}

/* The entry of the owner, or a new one, or NULL. */
static struct map_range *map_range_of(struct mn_owner *owner)
{
    size_t count = mn_atomic_load_relaxed(&map_range_count);

    for (size_t i = 0; i < count; i++)
        if (map_ranges[i].owner == owner)
            return &map_ranges[i];
    if (count == MAP_RANGES)
        return NULL;
    map_ranges[count].owner = owner;
    /* Release: pairs with the acquire in mni_map_range. */
    mn_atomic_store_release(&map_range_count, count + 1);
    return &map_ranges[count];
}

bool mni_map_set_range(void *start, size_t size, struct mn_owner *owner)
{
    struct map_range *range = map_range_of(owner);

    if (range == NULL)
        return false;
    /* A reader that mixes old and new asks the right owner all the same. */
    mn_atomic_store_relaxed(&range->size, 0);
    mn_atomic_store_relaxed(&range->start, (uintptr_t)start);
    /* Release: pairs with the acquire in mni_map_range. */
    mn_atomic_store_release(&range->size, size);
    return true;
}

struct mn_owner *mni_map_range(const void *address)
{
    /* Acquire, twice: pairs with the releases in mni_map_set_range. */
    size_t count = mn_atomic_load_acquire(&map_range_count);

    for (size_t i = 0; i < count; i++) {
        size_t size = mn_atomic_load_acquire(&map_ranges[i].size);
        uintptr_t start = mn_atomic_load_relaxed(&map_ranges[i].start);
        if ((uintptr_t)address - start < size)
            return map_ranges[i].owner;
    }
    return NULL;
}

bool mni_map_records_at(unsigned char *start, size_t committed, size_t reserved,
                        const void *address, struct mn_block *block)
{
    uintptr_t offset = (uintptr_t)address - (uintptr_t)start;

    if (offset >= reserved)
        return false;
    bool there = offset < committed;
    block->start = there ? start : start + committed;
    block->size = there ? committed : reserved - committed;
    block->perm = there ? MN_PERM_RW : MN_PERM_NONE;
    block->state = MN_RESERVED;
    return true;
}

/* The map itself: a piece is a block. */
static bool map_block_at(const struct mn_owner *owner, const void *address,
                         struct mn_block *block)
{
    uintptr_t offset = (uintptr_t)address - (uintptr_t)map_piece(0);
    size_t piece = offset / MAP_PIECE;

    (void)owner;
    if (offset >= mni_map_reserved())
        return false;
    bool writable =
        map_pieces != NULL && (map_pieces[piece / 64] >> piece % 64 & 1);
    block->start = map_piece(piece);
    block->size = MAP_PIECE;
    block->perm = writable ? MN_PERM_RW : MN_PERM_READ;
    block->state = MN_RESERVED;
    return true;
}

static const struct mn_owner *map_owner(const void *address)
{
    const struct mn_owner *owner = mni_map_get(address);

    return owner != NULL ? owner : mni_map_range(address);
}

/* Ask once. False if the owner may have changed while it answered: its record
 * is then empty or another's, but it is a record still. */
static bool map_ask(const struct mn_owner *owner, const void *address,
                    struct mn_block *found, bool *known)
{
    bool (*block_at)(const struct mn_owner *, const void *, struct mn_block *) =
        mn_atomic_load_plain(&owner->block_at);

    if (block_at == NULL)
        return false;
    *known = block_at(owner, address, found);
    mn_atomic_fence();
    return map_owner(address) == owner
           && (!*known
               || (uintptr_t)address - (uintptr_t)found->start < found->size);
}

bool mn_block_at(const void *address, struct mn_block *block)
{
    const struct mn_owner *owner = map_owner(address);
    struct mn_block found = {0};
    bool known = false;

    /* An owner of the user's might never answer for the address. */
    for (int i = 0; i < MAP_TRIES && owner != NULL; i++) {
        if (map_ask(owner, address, &found, &known)) {
            if (known)
                *block = found;
            return known;
        }
        owner = map_owner(address);
    }
    return false;
}
