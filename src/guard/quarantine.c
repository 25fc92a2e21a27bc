/* SPDX-License-Identifier: MIT */
/* quarantine.c -- a region whose freed blocks wait before they are reused.
 *
 * The table has a record of each block that is out or waits. Those that wait
 * are linked, the oldest first, and are filled with a pattern: if that has
 * changed when a block leaves, somebody still had a pointer to it.
 */
#include "base/assert.h"
#include "base/text.h"
#include "guard/guard.h"
#include "guard/guard_pattern.h"
#include "guard/guard_table.h"

_Static_assert(offsetof(struct mn_quarantine, region) == 0, "kinds are cast");

/* The note of a record: 0 while the block is out; else 1 more than the record
 * that leaves next after it. */
enum { QUARANTINE_OUT = 0, QUARANTINE_LAST = 1, QUARANTINE_LINE_SIZE = 64 };

static struct mni_guard_record *
quarantine_record(const struct mn_quarantine *quarantine, uint32_t i)
{
    return mni_guard_record(&quarantine->table, i);
}

static uint32_t quarantine_next(const struct mn_quarantine *quarantine,
                                uint32_t i)
{
    return (uint32_t)(quarantine_record(quarantine, i)->note - QUARANTINE_LAST);
}

static size_t quarantine_damage(const struct mni_guard_record *record)
{
    return mni_guard_damage((const unsigned char *)record->start, record->size,
                            MNI_GUARD_WAITING);
}

/* As the user is to see it. */
static void quarantine_show(const struct mni_guard_record *record,
                            struct mn_block *block)
{
    if (record->note != QUARANTINE_OUT)
        block->state = MN_FREE;
}

static _Noreturn __attribute__((cold)) void
quarantine_stop(const struct mni_guard_record *record, size_t offset)
{
    char line[QUARANTINE_LINE_SIZE];
    struct mni_text text;
    struct mn_block block = {
        .start = (void *)record->start,
        .size = record->size,
        .perm = MN_PERM_RW,
        .state = MN_FREE,
    };

    mni_text_init(&text, line, sizeof line);
    mni_text_put(&text, "written after free at offset ");
    mni_text_put_count(&text, offset);
    mni_stop_at("reuse", block.start, line, &block);
}

/* The block that waits longest goes back to the parent. */
static void quarantine_leave(struct mn_quarantine *quarantine)
{
    uint32_t i = quarantine->first;
    const struct mni_guard_record *record = quarantine_record(quarantine, i);
    void *block = (void *)record->start;
    size_t offset = quarantine_damage(record);

    if (offset < record->size)
        quarantine_stop(record, offset);
    quarantine->first = quarantine_next(quarantine, i);
    if (quarantine->first == 0)
        quarantine->last = 0;
    quarantine->waiting.size -= record->size;
    quarantine->waiting.block_count--;
    mni_guard_remove(&quarantine->table, i);
    mn_region_free(quarantine->parent, block);
}

static void quarantine_enter(struct mn_quarantine *quarantine, uint32_t i)
{
    struct mni_guard_record *record = quarantine_record(quarantine, i);

    mni_guard_fill((unsigned char *)record->start, record->size,
                   MNI_GUARD_WAITING);
    record->note = QUARANTINE_LAST;
    if (quarantine->last != 0)
        quarantine_record(quarantine, quarantine->last)->note =
            QUARANTINE_LAST + i;
    else
        quarantine->first = i;
    quarantine->last = i;
    quarantine->waiting.size += record->size;
    quarantine->waiting.block_count++;
}

/* Let blocks leave until no more wait than may. */
static void quarantine_settle(struct mn_quarantine *quarantine)
{
    while (quarantine->waiting.size > quarantine->size_max
           || quarantine->waiting.block_count > quarantine->count_max)
        quarantine_leave(quarantine);
}

/* The bytes of `block` that the user may use, so that all are filled. */
static size_t quarantine_size(const struct mn_quarantine *quarantine,
                              const void *block, size_t size)
{
    size_t whole = mni_guard_size(quarantine->parent, block);

    return whole > size ? whole : size;
}

static void *quarantine_alloc(struct mn_region *region, size_t size,
                              size_t align)
{
    struct mn_quarantine *quarantine = (struct mn_quarantine *)region;
    struct mn_guard_table *table = &quarantine->table;

    if (mni_guard_table_full(table)) {
        if (quarantine->first == 0)
            return NULL;
        quarantine_leave(quarantine);
    }
    void *block = mn_region_alloc(quarantine->parent, size, align);
    if (block == NULL && quarantine->first != 0) {
        mn_quarantine_flush(quarantine);
        block = mn_region_alloc(quarantine->parent, size, align);
    }
    if (block == NULL)
        return NULL;
    if (mni_guard_table_full(table)) { /* by a callback below */
        mn_region_free(quarantine->parent, block);
        return NULL;
    }
    (void)mni_guard_insert(
        table, block, quarantine_size(quarantine, block, size), QUARANTINE_OUT);
    return block;
}

/* The record of `block`, which is out, or stop. */
static uint32_t quarantine_find(const struct mn_quarantine *quarantine,
                                const char *operation, const void *block)
{
    uint32_t i = mni_guard_find(&quarantine->table, block);

    if (i == 0 || quarantine_record(quarantine, i)->note != QUARANTINE_OUT)
        mni_guard_stop(&quarantine->region, operation, block);
    return i;
}

static bool quarantine_resize(struct mn_region *region, void *block,
                              size_t size)
{
    struct mn_quarantine *quarantine = (struct mn_quarantine *)region;
    uint32_t i = quarantine_find(quarantine, "resize", block);

    if (!mn_region_resize(quarantine->parent, block, size))
        return false;
    quarantine_record(quarantine, i)->size =
        quarantine_size(quarantine, block, size);
    return true;
}

static void quarantine_free(struct mn_region *region, void *block)
{
    struct mn_quarantine *quarantine = (struct mn_quarantine *)region;
    uint32_t i = quarantine_find(quarantine, "free", block);
    enum mn_status status = mni_guard_below(quarantine->parent, block);

    /* What the parent finds wrong it says best itself. */
    if (status != MN_OK
        || quarantine_record(quarantine, i)->size > quarantine->size_max) {
        mni_guard_remove(&quarantine->table, i);
        mn_region_free(quarantine->parent, block);
        return;
    }
    quarantine_enter(quarantine, i);
    quarantine_settle(quarantine);
}

static bool quarantine_check_waiting(const struct mn_quarantine *quarantine)
{
    struct mn_guard_tally waiting = {.size = 0};
    uint32_t last = 0;

    for (uint32_t i = quarantine->first; i != 0;
         i = quarantine_next(quarantine, i)) {
        const struct mni_guard_record *record =
            quarantine_record(quarantine, i);
        if (i >= quarantine->table.fresh || record->note == QUARANTINE_OUT
            || quarantine_damage(record) < record->size
            || waiting.block_count++ >= quarantine->waiting.block_count)
            return false;
        waiting.size += record->size;
        last = i;
    }
    return last == quarantine->last && waiting.size == quarantine->waiting.size
           && waiting.block_count == quarantine->waiting.block_count
           && waiting.block_count <= quarantine->table.count
           && waiting.size <= quarantine->size_max
           && waiting.block_count <= quarantine->count_max;
}

static bool quarantine_check(const struct mn_region *region)
{
    const struct mn_quarantine *quarantine =
        (const struct mn_quarantine *)region;

    return mni_guard_table_check(&quarantine->table)
           && quarantine_check_waiting(quarantine)
           && mn_region_check(quarantine->parent);
}

static bool quarantine_block_at(const struct mn_region *region,
                                const void *address, struct mn_block *block)
{
    const struct mn_quarantine *quarantine =
        (const struct mn_quarantine *)region;

    if (!mn_region_block_at(quarantine->parent, address, block))
        return false;
    uint32_t i = mni_guard_part(&quarantine->table, address, block);
    if (i != 0)
        quarantine_show(quarantine_record(quarantine, i), block);
    return true;
}

static bool quarantine_walk(const struct mn_region *region, mn_block_fn visit,
                            void *context)
{
    const struct mn_quarantine *quarantine =
        (const struct mn_quarantine *)region;
    const struct mni_guard_walk walk = {
        .table = &quarantine->table,
        .show = quarantine_show,
        .visit = visit,
        .context = context,
    };

    return mni_guard_walk(&walk, quarantine->parent);
}

static enum mn_status quarantine_examine(const struct mn_region *region,
                                         const void *block)
{
    const struct mn_quarantine *quarantine =
        (const struct mn_quarantine *)region;
    uint32_t i = mni_guard_find(&quarantine->table, block);

    if (i == 0 || quarantine_record(quarantine, i)->note != QUARANTINE_OUT)
        return mni_guard_status(region, block);
    return mni_guard_below(quarantine->parent, block);
}

static const struct mn_region_ops quarantine_ops = {
    .name = "quarantine",
    .alloc = quarantine_alloc,
    .resize = quarantine_resize,
    .free = quarantine_free,
    .check = quarantine_check,
    .block_at = quarantine_block_at,
    .walk = quarantine_walk,
    .examine = quarantine_examine,
};

enum mn_status mn_quarantine_init(struct mn_quarantine *quarantine,
                                  struct mn_region *parent, size_t size_max,
                                  void *control, size_t control_size)
{
    struct mn_guard_table table;

    if (!mni_guard_table_init(&table, control, control_size))
        return MN_ERR_INVALID;
    *quarantine = (struct mn_quarantine){
        .region.ops = &quarantine_ops,
        .parent = parent,
        .table = table,
        .size_max = size_max,
        .count_max = SIZE_MAX,
    };
    return MN_OK;
}

void mn_quarantine_flush(struct mn_quarantine *quarantine)
{
    while (quarantine->first != 0)
        quarantine_leave(quarantine);
}

void mn_quarantine_change(struct mn_quarantine *quarantine, size_t size_max,
                          size_t count_max)
{
    quarantine->size_max = size_max;
    quarantine->count_max = count_max;
    quarantine_settle(quarantine);
}
