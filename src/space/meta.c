/* SPDX-License-Identifier: MIT */
/* meta.c -- one reservation, committed from its start on, with a free list
 * for each size of record.
 */
#include "space/meta.h"

#include <string.h>

#include "base/bits.h"
#include "os/os.h"

enum {
    META_UNIT = 64,
    META_SHARE = 16,          /* of scarce addresses, one part is for records */
    META_LISTS = 256,         /* sizes up to 16 KiB are recycled */
    META_STEP = MNI_CELL_SIZE /* bytes committed at a time */
};

static const size_t meta_reserve_max = (size_t)1 << 34;
static const size_t meta_reserve_min = (size_t)1 << 20;

/* The link is not at the start of a free record, where mn_block_at, if it is
 * late, looks for who answers for it. */
struct meta_free {
    void *left_alone;
    struct meta_free *next;
};

static struct {
    struct mn_owner owner; /* answers for all of it */
    unsigned char *start;
    _Atomic size_t reserved;
    _Atomic size_t committed; /* changes under the lock */
    size_t used;
    _Atomic size_t
        outside; /* bytes of records that have mappings of their own */
    struct meta_free *free[META_LISTS];
} meta;

static size_t meta_committed(void)
{
    return mn_atomic_load_relaxed(&meta.committed);
}

static size_t meta_reserved(void)
{
    return mn_atomic_load_relaxed(&meta.reserved);
}

static bool meta_block_at(const struct mn_owner *owner, const void *address,
                          struct mn_block *block)
{
    (void)owner;
    return mni_map_records_at(meta.start, meta_committed(), meta_reserved(),
                              address, block);
}

/* Reserve `size` bytes, or less: no more than the part `share` of what the
 * system still has. */
static bool meta_reserve(size_t size, size_t share)
{
    while (
        (meta.start = mni_os_reserve(size * share, MNI_CELL_SIZE, MN_PERM_NONE))
        == NULL) {
        size /= 2;
        if (size < meta_reserve_min)
            return false;
    }
    if (share > 1)
        mni_os_release(meta.start + size, size * (share - 1));
    mn_atomic_store_relaxed(&meta.reserved, size);
    return true;
}

/* Records take at most 2 % of what they describe. A limit that came late has
 * only a part of itself to give. */
static bool meta_begin(void)
{
    size_t size = meta_reserve_max;
    size_t limit;

    (void)mni_os_addresses(&limit);
    while (size > meta_reserve_min && size > limit / 32)
        size /= 2;
    meta.owner.block_at = meta_block_at;
    /* The first of all ranges: there is room. */
    return meta_reserve(size, limit == SIZE_MAX ? 1 : META_SHARE)
           && mni_map_set_range(meta.start, meta_reserved(), &meta.owner);
}

static bool meta_commit(size_t end)
{
    size_t more = mni_round_up(end, META_STEP) - meta_committed();
    unsigned char *start = meta.start + meta_committed();

    if (meta_reserved() - meta_committed() < more
        || !mni_os_protect(start, more, MN_PERM_RW))
        return false;
    mni_os_name(start, more, "mneme records");
    (void)mn_atomic_add_relaxed(&meta.committed, more);
    return true;
}

void *mni_meta_alloc(size_t size)
{
    size_t rounded = mni_round_up(size, META_UNIT);
    size_t list = rounded / META_UNIT;

    if (list < META_LISTS && meta.free[list] != NULL) {
        struct meta_free *record = meta.free[list];
        meta.free[list] = record->next;
        memset(record, 0, rounded);
        return record;
    }
    if (meta.start == NULL && !meta_begin())
        return NULL;
    if (rounded > meta_reserved() - meta.used)
        return NULL;
    if (meta.used + rounded > meta_committed()
        && !meta_commit(meta.used + rounded))
        return NULL;
    void *record = meta.start + meta.used;
    meta.used += rounded;
    return record;
}

void mni_meta_free(void *record, size_t size)
{
    size_t list = mni_round_up(size, META_UNIT) / META_UNIT;
    struct meta_free *entry = record;

    /* Larger ones are made a few times in a process, and stay. */
    if (list >= META_LISTS)
        return;
    entry->next = meta.free[list];
    meta.free[list] = entry;
}

void *mni_meta_new(size_t size)
{
    if (!mni_space_lock())
        return NULL;
    void *record = mni_meta_alloc(size);
    mni_space_unlock();
    return record;
}

void mni_meta_delete(void *record, size_t size)
{
    if (!mni_space_lock())
        return;
    mni_meta_free(record, size);
    mni_space_unlock();
}

void mni_meta_note(size_t change)
{
    (void)mn_atomic_add_relaxed(&meta.outside, change);
}

size_t mni_meta_committed(void)
{
    return meta_committed() + mn_atomic_load_relaxed(&meta.outside);
}

size_t mni_meta_reserved(void)
{
    return meta_reserved() + mn_atomic_load_relaxed(&meta.outside);
}

void mni_meta_each(mni_mapping_fn visit, void *context)
{
    if (meta_committed() != 0)
        visit(meta.start, meta_committed(), context);
}
