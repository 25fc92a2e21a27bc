/* SPDX-License-Identifier: MIT */
/* system.c -- collectors in addresses that the system reserves.
 *
 * All tables have their final place from the start, and become memory as they
 * grow: so nothing is ever copied, and a mark is found by adding to a base.
 */
#include "gc/gc.h"
#include "gc/team.h"
#include "gc/world.h"

#include "os/os.h"
#include "space/map.h"
#include "space/meta.h"

enum {
    SYSTEM_PAGE_SHIFT = 14,
    SYSTEM_RECORDS_FIRST = 64, /* blocks of the region */
    SYSTEM_KINDS = 16 << 20,   /* bytes for kinds of objects, or less: */
    SYSTEM_KINDS_PART = 64,    /* that part of the heap */
    SYSTEM_STACK_PART = 4,     /* of the heap, for what is to be marked */
    SYSTEM_LOG_PART = 16,      /* for changed objects */
    SYSTEM_LIMIT_PART = 2,     /* of the addresses that there may be */
    SYSTEM_TABLES = 8
};

static const size_t system_heap_most = (size_t)1 << (sizeof(size_t) * 5 - 4);
static const size_t system_heap_least = (size_t)1 << 20;

/* Answers for addresses. It outlives the collector, because others may still
 * hold it and there can be few, and serves the next one. */
struct system_owner {
    struct mn_owner owner;
    struct mni_gc *gc;
    void *start; /* of all tables */
    size_t size;
    struct system_owner *idle;
};

static struct system_owner *system_idle; /* under the space lock */

static bool system_block_at(const struct mn_owner *owner, const void *address,
                            struct mn_block *block)
{
    const struct mni_gc *gc = ((const struct system_owner *)owner)->gc;

    return gc != NULL && mn_gc_block_at(&gc->front, address, block);
}

static bool system_commit(void *start, size_t size)
{
    return mni_os_protect(start, size, MN_PERM_RW);
}

static bool system_purge(void *start, size_t size)
{
    return mni_os_purge(start, size, true);
}

static void system_destroy(struct mni_gc *gc);

/* ---- layout ---- */

/* How large the tables for a heap of that size are, in their order. */
static size_t system_sizes(size_t heap, size_t sizes[SYSTEM_TABLES])
{
    uint32_t pages = (uint32_t)(heap >> SYSTEM_PAGE_SHIFT);
    size_t all = 0;

    sizes[0] = heap;
    sizes[1] = heap / SYSTEM_KINDS_PART < SYSTEM_KINDS
                   ? heap / SYSTEM_KINDS_PART
                   : SYSTEM_KINDS;
    sizes[2] = heap / MN_GC_GRANULE;
    sizes[3] = pages * sizeof(struct mni_gc_page);
    sizes[4] = mni_tiled_layout_bytes(pages, pages + 1);
    sizes[5] = heap / SYSTEM_STACK_PART;
    sizes[6] = heap / SYSTEM_LOG_PART;
    sizes[7] = (size_t)MNI_GC_MARKERS * MNI_GC_MARKER_BYTES;
    for (size_t i = 0; i < SYSTEM_TABLES; i++) {
        sizes[i] = mni_round_up(sizes[i], MNI_CELL_SIZE);
        all += sizes[i];
    }
    return all;
}

/* Bytes of the range for objects to begin with. */
static size_t system_heap_size(size_t limit)
{
    size_t most = system_heap_most;
    size_t addresses;

    (void)mni_os_addresses(&addresses);
    /* More than the limit, as large objects need pages in a row. */
    if (limit != 0 && limit < most / 2)
        most = mni_round_up(2 * limit, MNI_CELL_SIZE);
    if (addresses != SIZE_MAX && most > addresses / SYSTEM_LIMIT_PART)
        most = addresses / SYSTEM_LIMIT_PART;
    if (most < system_heap_least)
        most = system_heap_least;
    return mni_round_up(most, MNI_CELL_SIZE);
}

/* Reserve all tables, as large as the system has room for. */
static unsigned char *system_reserve(size_t *heap, size_t sizes[SYSTEM_TABLES])
{
    for (;; *heap = mni_round_up(*heap / 2, MNI_CELL_SIZE)) {
        unsigned char *start = mni_os_reserve(system_sizes(*heap, sizes),
                                              MNI_CELL_SIZE, MN_PERM_NONE);
        if (start != NULL || *heap <= system_heap_least)
            return start;
    }
}

static void system_place(struct mni_gc *gc, unsigned char *start,
                         const size_t sizes[SYSTEM_TABLES])
{
    struct mni_gc_table *tables[SYSTEM_TABLES] = {
        &gc->heap,    &gc->kind_table,  &gc->mark_table, &gc->page_table,
        &gc->control, &gc->stack_table, &gc->log_table,  &gc->marker_table,
    };

    for (size_t i = 0; i < SYSTEM_TABLES; i++) {
        *tables[i] = (struct mni_gc_table){start, sizes[i], 0};
        start += sizes[i];
    }
}

static bool system_begin_region(struct mni_gc *gc)
{
    uint32_t pages = (uint32_t)(gc->heap.size >> gc->page_shift);
    struct mn_tiled_place place = {
        .memory = gc->heap.start,
        .memory_size = gc->heap.size,
        .granule = mni_gc_page_size(gc),
        .control = gc->control.start,
        .control_size = gc->control.size,
    };

    return mni_gc_grow(gc, &gc->control,
                       mni_tiled_layout_bytes(pages, SYSTEM_RECORDS_FIRST))
           && mni_tiled_init_growing(&gc->tiled, &place, SYSTEM_RECORDS_FIRST)
                  == MN_OK;
}

/* ---- the map ---- */

static struct system_owner *system_owner_take(void)
{
    struct system_owner *owner = NULL;

    if (!mni_space_lock())
        return NULL;
    owner = system_idle;
    if (owner != NULL)
        system_idle = owner->idle;
    else if (mni_map_begin())
        owner = mni_meta_alloc(sizeof *owner);
    mni_space_unlock();
    return owner;
}

static void system_owner_return(struct system_owner *owner)
{
    if (!mni_space_lock())
        mni_stop("a collector ends in a signal handler that interrupted Mneme");
    /* A range of nothing, if it had one. */
    if (owner->owner.block_at != NULL)
        (void)mni_map_set_range(owner->start, 0, &owner->owner);
    owner->gc = NULL;
    owner->idle = system_idle;
    system_idle = owner;
    mni_space_unlock();
}

/* Have mn_block_at ask the collector for its range. */
static bool system_enter(struct mni_gc *gc, struct system_owner *owner)
{
    if (!mni_space_lock())
        return false;
    owner->gc = gc;
    owner->owner.block_at = system_block_at;
    bool entered =
        mni_map_set_range(gc->heap.start, gc->heap.size, &owner->owner);
    if (!entered)
        owner->owner.block_at = NULL;
    mni_space_unlock();
    return entered;
}

struct mn_gc *mn_gc_create(const struct mn_gc_options *options)
{
    static const struct mni_gc_system system = {
        .commit = system_commit,
        .purge = system_purge,
        .now = mni_os_now,
        .destroy = system_destroy,
        .lock = mni_gc_world_lock,
        .stop = mni_gc_world_stop,
        .resume = mni_gc_world_resume,
        .pause = mni_gc_world_pause,
        .mark = mni_gc_team_mark,
        .give = mni_gc_team_give,
        .is_asked_for = mni_gc_team_is_asked_for,
        .unit = MNI_CELL_SIZE,
    };
    size_t sizes[SYSTEM_TABLES];
    size_t heap = system_heap_size(options == NULL ? 0 : options->limit);

    struct mni_gc_world *world = mni_meta_new(sizeof *world);
    if (world == NULL)
        return NULL;
    struct mni_gc *gc = &world->gc;
    struct system_owner *owner = system_owner_take();
    if (owner == NULL)
        goto no_owner;
    owner->start = system_reserve(&heap, sizes);
    if (owner->start == NULL)
        goto no_tables;
    owner->size = system_sizes(heap, sizes);
    gc->page_shift = SYSTEM_PAGE_SHIFT;
    gc->system = &system;
    gc->system_context = owner;
    system_place(gc, owner->start, sizes);
    if (!mni_gc_grow(gc, &gc->stack_table, MNI_CELL_SIZE)
        || !system_begin_region(gc) || !system_enter(gc, owner))
        goto no_region;
    mni_os_name(owner->start, owner->size, "mneme gc");
    (void)mni_gc_begin(gc, options);
    mni_gc_world_begin(world);
    return &gc->front;

no_region:
    mni_os_release(owner->start, owner->size);
no_tables:
    system_owner_return(owner);
no_owner:
    mni_meta_delete(world, sizeof *world);
    return NULL;
}

static void system_destroy(struct mni_gc *gc)
{
    struct system_owner *owner = gc->system_context;
    struct mni_gc_world *world = mni_gc_world(gc);
    void *start = owner->start;
    size_t size = owner->size;

    mni_gc_world_end(world);
    system_owner_return(owner);
    mni_os_release(start, size);
    mni_meta_delete(world, sizeof *world);
}
