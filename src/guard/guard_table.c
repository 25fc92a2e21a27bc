/* SPDX-License-Identifier: MIT */
/* guard_table.c -- a treap of blocks, without recursion. */
#include "guard/guard_table.h"

#include "base/assert.h"
#include "base/bits.h"

enum { TABLE_CONTROL_ALIGN = 8, TABLE_DEBUG_BLOCKS = 64 };

_Static_assert(_Alignof(struct mni_guard_record) <= TABLE_CONTROL_ALIGN,
               "control memory holds records");

/* Who is above whom. All bits of the address count, as blocks lie at strides
 * that a weaker hash would line up. A bijection, so no two blocks are equal. */
static uint64_t table_rank(const struct mni_guard_record *record)
{
    uint64_t hash = record->start;

    hash = (hash ^ hash >> 33) * UINT64_C(0xff51afd7ed558ccd);
    hash = (hash ^ hash >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return hash ^ hash >> 33;
}

size_t mn_guard_control_size(size_t block_count)
{
    size_t size;

    if (block_count == 0 || block_count >= UINT32_MAX
        || !mni_multiply(block_count + 1, sizeof(struct mni_guard_record),
                         &size))
        return 0;
    return size;
}

bool mni_guard_table_init(struct mn_guard_table *table, void *control,
                          size_t control_size)
{
    size_t count = control_size / sizeof(struct mni_guard_record);

    if (control == NULL || (uintptr_t)control % TABLE_CONTROL_ALIGN != 0
        || count < 2)
        return false;
    if (count > UINT32_MAX)
        count = UINT32_MAX;
    *table = (struct mn_guard_table){
        .record = control,
        .capacity = (uint32_t)(count - 1),
        .fresh = 1,
    };
    return true;
}

uint32_t mni_guard_before(const struct mn_guard_table *table, uintptr_t address)
{
    uint32_t found = 0;
    uint32_t i = table->root;

    while (i != 0) {
        const struct mni_guard_record *record = &table->record[i];
        bool fits = record->start <= address;
        found = fits ? i : found;
        i = fits ? record->right : record->left;
    }
    return found;
}

uint32_t mni_guard_after(const struct mn_guard_table *table, uintptr_t address)
{
    uint32_t found = 0;
    uint32_t i = table->root;

    while (i != 0) {
        const struct mni_guard_record *record = &table->record[i];
        bool fits = record->start > address;
        found = fits ? i : found;
        i = fits ? record->left : record->right;
    }
    return found;
}

uint32_t mni_guard_find(const struct mn_guard_table *table, const void *start)
{
    uint32_t i = mni_guard_before(table, (uintptr_t)start);

    return i != 0 && table->record[i].start == (uintptr_t)start ? i : 0;
}

/* For debug builds: larger tables would make a program too slow. */
static bool table_check_small(const struct mn_guard_table *table)
{
    return table->count > TABLE_DEBUG_BLOCKS || mni_guard_table_check(table);
}

/* Divide the tree `i` into what starts below `start`, and the rest. */
static void table_split(struct mn_guard_table *table, uint32_t i,
                        struct mni_guard_record *top)
{
    uint32_t *low = &top->left;
    uint32_t *high = &top->right;

    while (i != 0) {
        struct mni_guard_record *record = &table->record[i];
        if (record->start < top->start) {
            *low = i;
            low = &record->right;
        } else {
            *high = i;
            high = &record->left;
        }
        i = record->start < top->start ? record->right : record->left;
    }
    *low = 0;
    *high = 0;
}

uint32_t mni_guard_insert(struct mn_guard_table *table, const void *start,
                          size_t size, size_t note)
{
    uint32_t i = table->spare;
    uint32_t *link = &table->root;

    MN_ASSERT(!mni_guard_table_full(table));
    if (i != 0)
        table->spare = table->record[i].left;
    else
        i = table->fresh++;
    struct mni_guard_record *record = &table->record[i];
    record->start = (uintptr_t)start;
    record->size = size;
    record->note = note;
    while (*link != 0
           && table_rank(&table->record[*link]) > table_rank(record)) {
        struct mni_guard_record *above = &table->record[*link];
        link = record->start < above->start ? &above->left : &above->right;
    }
    table_split(table, *link, record);
    *link = i;
    table->count++;
    MN_ASSERT(table_check_small(table));
    return i;
}

void mni_guard_remove(struct mn_guard_table *table, uint32_t i)
{
    struct mni_guard_record *record = &table->record[i];
    uint32_t low = record->left;
    uint32_t high = record->right;
    uint32_t *link = &table->root;

    while (*link != i) {
        MN_CHECK(*link != 0, "record of a guarded block is damaged");
        struct mni_guard_record *above = &table->record[*link];
        link = record->start < above->start ? &above->left : &above->right;
    }
    while (low != 0 && high != 0) {
        struct mni_guard_record *lower = &table->record[low];
        struct mni_guard_record *higher = &table->record[high];
        if (table_rank(lower) > table_rank(higher)) {
            *link = low;
            link = &lower->right;
            low = *link;
        } else {
            *link = high;
            link = &higher->left;
            high = *link;
        }
    }
    *link = low != 0 ? low : high;
    record->left = table->spare;
    table->spare = i;
    table->count--;
    MN_ASSERT(table_check_small(table));
}

/* The children of a record are under it in both orders. */
static bool table_check_record(const struct mn_guard_table *table, uint32_t i)
{
    const struct mni_guard_record *record = &table->record[i];
    const struct mni_guard_record *left = &table->record[record->left];
    const struct mni_guard_record *right = &table->record[record->right];

    if (record->left >= table->fresh || record->right >= table->fresh)
        return false;
    return (record->left == 0
            || (left->start < record->start
                && table_rank(left) < table_rank(record)))
           && (record->right == 0
               || (right->start > record->start
                   && table_rank(right) < table_rank(record)));
}

bool mni_guard_table_check(const struct mn_guard_table *table)
{
    uintptr_t end = 0;
    uint32_t count = 0;

    if (table->count > table->capacity || table->fresh > table->capacity + 1
        || table->root >= table->fresh || table->spare >= table->fresh)
        return false;
    uint32_t i = mni_guard_after(table, 0);
    for (; i != 0 && count <= table->count; count++) {
        const struct mni_guard_record *record = &table->record[i];
        if (record->start < end || record->size == 0
            || record->size > UINTPTR_MAX - record->start
            || !table_check_record(table, i))
            return false;
        end = record->start + record->size;
        i = mni_guard_after(table, record->start);
    }
    return count == table->count;
}

uint32_t mni_guard_part(const struct mn_guard_table *table, const void *address,
                        struct mn_block *block)
{
    uintptr_t at = (uintptr_t)address;
    uintptr_t start = (uintptr_t)block->start;
    uintptr_t end = start + block->size;

    if (block->state != MN_ALLOCATED)
        return 0;
    uint32_t i = mni_guard_before(table, at);
    uint32_t next = mni_guard_after(table, at);
    const struct mni_guard_record *record = &table->record[i];
    bool inside = i != 0 && at - record->start < record->size;
    if (inside) {
        start = record->start;
        end = start + record->size;
    } else {
        if (i != 0 && record->start + record->size > start)
            start = record->start + record->size;
        if (next != 0 && table->record[next].start < end)
            end = table->record[next].start;
        block->state = MN_RESERVED;
    }
    block->start =
        (unsigned char *)block->start + (start - (uintptr_t)block->start);
    block->size = end - start;
    return inside ? i : 0;
}

static bool table_visit(const struct mn_block *block, void *context)
{
    const struct mni_guard_walk *walk = context;
    const unsigned char *start = block->start;

    for (size_t offset = 0; offset < block->size;) {
        struct mn_block part = *block;
        uint32_t i = mni_guard_part(walk->table, start + offset, &part);
        if (i != 0 && walk->show != NULL)
            walk->show(&walk->table->record[i], &part);
        if (!walk->visit(&part, walk->context))
            return false;
        offset += part.size;
    }
    return true;
}

bool mni_guard_walk(const struct mni_guard_walk *walk,
                    const struct mn_region *parent)
{
    struct mni_guard_walk inner = *walk;

    return mn_region_walk(parent, table_visit, &inner);
}
