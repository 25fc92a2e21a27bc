/* SPDX-License-Identifier: MIT */
/* map.h -- from any address to who answers for it, in constant time.
 *
 * The map is one flat array with an entry for each cell of the address space
 * from `first` on. It is reserved as a whole, reads as "nobody" where nothing
 * was entered, and becomes writable, and thus memory, piece by piece. An entry
 * is how far the owner lies behind the map's start, where an owner of nothing
 * is: that is where an entry of zero leads, so that whoever only asks what an
 * owner says need not ask first whether there is one. Where
 * address space is limited it covers a window around the place where the
 * system puts mappings, and addresses outside it belong to nobody.
 */
#ifndef MNI_MAP_H
#define MNI_MAP_H

#include <mn/space.h>

#include "base/atomic.h"
#include "base/config.h"

enum { MNI_CELL_SIZE = 1 << MN_CELL_SHIFT };

struct mni_map_table {
    struct mn_owner nobody;    /* zero for ever */
    _Atomic uintptr_t cells[]; /* the owner's address less that of `nobody` */
};

struct mni_map {
    struct mni_map_table *table;
    uintptr_t first; /* number of the first cell covered */
    size_t count;    /* of cells covered; 0 before the first use */
};

/* Hidden where it is declared, too, or each use would load its address. */
extern struct mni_map mni_map __attribute__((visibility("hidden")));

/* The entry for `address`, which may be the owner of nothing; NULL for what the
 * map does not cover. */
static inline __attribute__((always_inline)) struct mn_owner *
mni_map_find(const void *address)
{
    uintptr_t cell = ((uintptr_t)address >> MN_CELL_SHIFT) - mni_map.first;

    if (__builtin_expect(cell >= mni_map.count, 0))
        return NULL;
    struct mni_map_table *table = mni_map.table;
    /* Acquire: pairs with the release in mni_map_set, so that the owner's
     * fields are seen. */
    struct mn_owner *owner = (struct mn_owner *)mn_atomic_add_loaded_acquire(
        (uintptr_t)table, &table->cells[cell]);
    if (owner == NULL)
        __builtin_unreachable(); /* so the caller tests once */
    return owner;
}

/* The entry for `address`, NULL for nobody. */
static inline struct mn_owner *mni_map_get(const void *address)
{
    struct mn_owner *owner = mni_map_find(address);

    return owner == NULL || owner == &mni_map.table->nobody ? NULL : owner;
}

/* Reserve the map, if it is not there yet. It is best done before there are
 * threads: readers of the map take no lock. Requires: the space lock. */
bool mni_map_begin(void);

/* Make the map writable for a range, so that mni_map_set cannot fail. False
 * if the range is outside the map or the system has no memory. Calls within
 * one range need the space lock. */
bool mni_map_cover(const void *start, size_t size);

/* Enter `owner` for each cell that begins in the range. Requires: covered. */
void mni_map_set(const void *start, size_t size, struct mn_owner *owner);

/* Have `owner` answer for the addresses of a reserved range that nobody else
 * is entered for, instead of any range it had; a size of 0 is no range. Such
 * owners are few, and their records stay for ever. False if there are too
 * many. Requires: the space lock. */
bool mni_map_set_range(void *start, size_t size, struct mn_owner *owner);

/* Answer for a range of Mneme's own records: one block as far as it is
 * committed, and one that is the rest of it. */
bool mni_map_records_at(unsigned char *start, size_t committed, size_t reserved,
                        const void *address, struct mn_block *block);

/* The owner of the range that holds `address`, or NULL. */
struct mn_owner *mni_map_range(const void *address);

/* Like mni_map_get, and past published regions that lie inside a block. */
struct mn_owner *mni_map_ground(const void *address);

/* Bytes of the map that are writable. */
size_t mni_map_committed(void);

/* Bytes of addresses that the map takes up. */
size_t mni_map_reserved(void);

/* The lock of the map, of metadata and of publications; the innermost lock. */
bool mni_space_lock(void) __attribute__((warn_unused_result));
void mni_space_unlock(void);

/* Called with a writable mapping that Mneme made for itself. */
typedef void (*mni_mapping_fn)(void *start, size_t size, void *context);

#endif
