/* SPDX-License-Identifier: MIT */
/* guard_table.h -- the blocks of a guard by address, in control memory.
 *
 * A treap: a search tree by the start of a block in which each record also
 * comes before those under it by a hash of its start. So its shape depends on
 * the blocks that are in it and not on the order they came in, and its depth
 * is a small multiple of the logarithm, expected.
 */
#ifndef MNI_GUARD_TABLE_H
#define MNI_GUARD_TABLE_H

#include <mn/guard.h>

struct mni_guard_record {
    uintptr_t start;
    size_t size;
    size_t note;   /* for the guard */
    uint32_t left; /* lower starts; or the next spare record */
    uint32_t right;
};

/* False if `control` is not aligned or not for one record besides record 0. */
bool mni_guard_table_init(struct mn_guard_table *table, void *control,
                          size_t control_size);

bool mni_guard_table_check(const struct mn_guard_table *table);

static inline bool mni_guard_table_full(const struct mn_guard_table *table)
{
    return table->count == table->capacity;
}

/* Records are numbers; 0 is none. */
static inline struct mni_guard_record *
mni_guard_record(const struct mn_guard_table *table, uint32_t i)
{
    return &table->record[i];
}

/* Requires: not full; the block overlaps none that is in the table. */
uint32_t mni_guard_insert(struct mn_guard_table *table, const void *start,
                          size_t size, size_t note);

/* Requires: record `i` is in the table. */
void mni_guard_remove(struct mn_guard_table *table, uint32_t i);

/* The block that starts there. */
uint32_t mni_guard_find(const struct mn_guard_table *table, const void *start);

/* The block that starts last at or before `address`, or first after it. */
uint32_t mni_guard_before(const struct mn_guard_table *table,
                          uintptr_t address);
uint32_t mni_guard_after(const struct mn_guard_table *table, uintptr_t address);

/* Of the parent's block *block, keep the part that `address` is in: one of our
 * blocks, whose record is returned, or what lies between them, reserved. What
 * the parent does not have out is left as it is. */
uint32_t mni_guard_part(const struct mn_guard_table *table, const void *address,
                        struct mn_block *block);

/* Walk the parent's blocks with `show` called on each part, to change what
 * the user is to see of it. */
struct mni_guard_walk {
    const struct mn_guard_table *table;
    void (*show)(const struct mni_guard_record *record, struct mn_block *part);
    mn_block_fn visit;
    void *context;
};
bool mni_guard_walk(const struct mni_guard_walk *walk,
                    const struct mn_region *parent);

#endif
