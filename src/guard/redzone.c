/* SPDX-License-Identifier: MIT */
/* redzone.c -- a region whose blocks lie between bytes that nobody may write.
 *
 * The parent's block is: front zone, the user's block, back zone. The front
 * zone is as wide as the alignment requires. Sizes are in the table, apart from
 * the memory, so no write past a block can hide itself by changing them.
 */
#include "base/assert.h"
#include "base/bits.h"
#include "base/text.h"
#include "guard/guard.h"
#include "guard/guard_pattern.h"
#include "guard/guard_table.h"

_Static_assert(offsetof(struct mn_redzone, region) == 0, "kinds are cast");

enum { REDZONE_LINE_SIZE = 64 };

static size_t redzone_front(const struct mni_guard_record *record)
{
    return record->note;
}

static unsigned char *redzone_start(const struct mni_guard_record *record)
{
    return (unsigned char *)record->start;
}

/* Where the parent's block begins. */
static unsigned char *redzone_outer(const struct mni_guard_record *record)
{
    return redzone_start(record) - redzone_front(record);
}

/* Bytes of the parent's block; false if there cannot be so many. */
static bool redzone_outer_size(const struct mn_redzone *redzone, size_t front,
                               size_t size, size_t *outer_size)
{
    return mni_add(size, front, outer_size)
           && mni_add(*outer_size, redzone->width, outer_size);
}

/* True if both zones are as they were filled; else *offset is the distance
 * from the block's start to the first byte that is not, modulo 2^n. */
static bool redzone_intact(const struct mn_redzone *redzone,
                           const struct mni_guard_record *record,
                           size_t *offset)
{
    size_t front = redzone_front(record);
    size_t damage =
        mni_guard_damage(redzone_outer(record), front, MNI_GUARD_ZONE);

    *offset = damage - front;
    if (damage < front)
        return false;
    damage = mni_guard_damage(redzone_start(record) + record->size,
                              redzone->width, MNI_GUARD_ZONE);
    *offset = record->size + damage;
    return damage == redzone->width;
}

static void redzone_fill_back(const struct mn_redzone *redzone,
                              const struct mni_guard_record *record)
{
    mni_guard_fill(redzone_start(record) + record->size, redzone->width,
                   MNI_GUARD_ZONE);
}

static _Noreturn __attribute__((cold)) void
redzone_stop(const struct mni_guard_record *record, const char *operation,
             size_t offset)
{
    char line[REDZONE_LINE_SIZE];
    struct mni_text text;
    struct mn_block block = {
        .start = redzone_start(record),
        .size = record->size,
        .perm = MN_PERM_RW,
        .state = MN_ALLOCATED,
    };

    mni_text_init(&text, line, sizeof line);
    mni_text_put(&text, "red zone was written at offset ");
    mni_text_put(&text, offset > PTRDIFF_MAX ? "-" : "");
    mni_text_put_count(&text, offset > PTRDIFF_MAX ? 0 - offset : offset);
    mni_stop_at(operation, block.start, line, &block);
}

/* The record of `block`, which is out with its zones intact, or stop. */
static uint32_t redzone_record(const struct mn_redzone *redzone,
                               const char *operation, const void *block)
{
    uint32_t i = mni_guard_find(&redzone->table, block);
    size_t offset;

    if (i == 0)
        mni_guard_stop(&redzone->region, operation, block);
    const struct mni_guard_record *record =
        mni_guard_record(&redzone->table, i);
    if (!redzone_intact(redzone, record, &offset))
        redzone_stop(record, operation, offset);
    return i;
}

static void *redzone_alloc(struct mn_region *region, size_t size, size_t align)
{
    struct mn_redzone *redzone = (struct mn_redzone *)region;
    /* No overflow: both are at most half of what there is. */
    size_t front = mni_round_up(redzone->width, align);
    size_t outer_size;

    if (mni_guard_table_full(&redzone->table))
        return NULL;
    if (!redzone_outer_size(redzone, front, size, &outer_size))
        return NULL;
    unsigned char *outer = mn_region_alloc(redzone->parent, outer_size, align);
    if (outer == NULL)
        return NULL;
    if (mni_guard_table_full(&redzone->table)) { /* by a callback below */
        mn_region_free(redzone->parent, outer);
        return NULL;
    }
    uint32_t i = mni_guard_insert(&redzone->table, outer + front, size, front);
    mni_guard_fill(outer, front, MNI_GUARD_ZONE);
    redzone_fill_back(redzone, mni_guard_record(&redzone->table, i));
    return outer + front;
}

static bool redzone_resize(struct mn_region *region, void *block, size_t size)
{
    struct mn_redzone *redzone = (struct mn_redzone *)region;
    uint32_t i = redzone_record(redzone, "resize", block);
    struct mni_guard_record *record = mni_guard_record(&redzone->table, i);
    size_t outer_size;

    if (!redzone_outer_size(redzone, redzone_front(record), size, &outer_size)
        || !mn_region_resize(redzone->parent, redzone_outer(record),
                             outer_size))
        return false;
    record->size = size;
    redzone_fill_back(redzone, record);
    return true;
}

static void redzone_free(struct mn_region *region, void *block)
{
    struct mn_redzone *redzone = (struct mn_redzone *)region;
    uint32_t i = redzone_record(redzone, "free", block);
    void *outer = redzone_outer(mni_guard_record(&redzone->table, i));

    mni_guard_remove(&redzone->table, i);
    mn_region_free(redzone->parent, outer);
}

static bool redzone_check(const struct mn_region *region)
{
    const struct mn_redzone *redzone = (const struct mn_redzone *)region;
    const struct mn_guard_table *table = &redzone->table;
    size_t offset;

    if (!mni_guard_table_check(table) || !mn_region_check(redzone->parent))
        return false;
    uint32_t i = mni_guard_after(table, 0);
    while (i != 0) {
        const struct mni_guard_record *record = mni_guard_record(table, i);
        if (mni_guard_below(redzone->parent, redzone_outer(record)) != MN_OK
            || !redzone_intact(redzone, record, &offset))
            return false;
        i = mni_guard_after(table, record->start);
    }
    return true;
}

static bool redzone_block_at(const struct mn_region *region,
                             const void *address, struct mn_block *block)
{
    const struct mn_redzone *redzone = (const struct mn_redzone *)region;

    if (!mn_region_block_at(redzone->parent, address, block))
        return false;
    (void)mni_guard_part(&redzone->table, address, block);
    return true;
}

static bool redzone_walk(const struct mn_region *region, mn_block_fn visit,
                         void *context)
{
    const struct mn_redzone *redzone = (const struct mn_redzone *)region;
    const struct mni_guard_walk walk = {
        .table = &redzone->table,
        .visit = visit,
        .context = context,
    };

    return mni_guard_walk(&walk, redzone->parent);
}

static enum mn_status redzone_examine(const struct mn_region *region,
                                      const void *block)
{
    const struct mn_redzone *redzone = (const struct mn_redzone *)region;
    uint32_t i = mni_guard_find(&redzone->table, block);
    size_t offset;

    if (i == 0)
        return mni_guard_status(region, block);
    const struct mni_guard_record *record =
        mni_guard_record(&redzone->table, i);
    if (!redzone_intact(redzone, record, &offset))
        return MN_ERR_CORRUPTED;
    return mni_guard_below(redzone->parent, redzone_outer(record));
}

static const struct mn_region_ops redzone_ops = {
    .name = "redzone",
    .alloc = redzone_alloc,
    .resize = redzone_resize,
    .free = redzone_free,
    .check = redzone_check,
    .block_at = redzone_block_at,
    .walk = redzone_walk,
    .examine = redzone_examine,
};

enum mn_status mn_redzone_init(struct mn_redzone *redzone,
                               struct mn_region *parent, size_t width,
                               void *control, size_t control_size)
{
    struct mn_guard_table table;

    if (width == 0 || width > PTRDIFF_MAX
        || !mni_guard_table_init(&table, control, control_size))
        return MN_ERR_INVALID;
    *redzone = (struct mn_redzone){
        .region.ops = &redzone_ops,
        .parent = parent,
        .table = table,
        .width = width,
    };
    return MN_OK;
}
