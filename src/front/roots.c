/* SPDX-License-Identifier: MIT */
/* roots.c -- what a program refers to: its data segments and those of the
 * libraries that it has loaded, ranges that it named, and its stacks.
 */
#include "front/front.h"

#include <link.h>

#include "gc/peek.h"
#include "space/meta.h"

enum { ROOTS_LEAST = 64 };

static struct mni_front_ranges roots_segments; /* as they were found last */
static struct mni_front_ranges roots_added, roots_excluded;
static bool roots_cleared; /* the program's own segments do not count */

/* ---- lists of ranges ---- */

static void roots_append(struct mni_front_ranges *ranges, uintptr_t start,
                         uintptr_t end)
{
    if (ranges->count == ranges->capacity) {
        size_t capacity =
            ranges->capacity == 0 ? ROOTS_LEAST : 2 * ranges->capacity;
        struct mni_front_range *list = mni_meta_new(capacity * sizeof *list);
        MN_CHECK(list != NULL, "no memory for the list of roots");
        if (ranges->count != 0) {
            __builtin_memcpy(list, ranges->list, ranges->count * sizeof *list);
            mni_meta_delete(ranges->list,
                            ranges->capacity * sizeof *ranges->list);
        }
        ranges->list = list;
        ranges->capacity = capacity;
    }
    ranges->list[ranges->count++] = (struct mni_front_range){start, end};
}

/* Take [start, end) out of the ranges. */
static void roots_subtract(struct mni_front_ranges *ranges, uintptr_t start,
                           uintptr_t end)
{
    size_t count = ranges->count;

    for (size_t i = 0; i < count; i++) {
        struct mni_front_range *range = &ranges->list[i];
        uintptr_t range_end = range->end;
        if (start >= range_end || end <= range->start)
            continue;
        range->end = start > range->start ? start : range->start;
        if (end < range_end)
            roots_append(ranges, end, range_end);
    }
}

static struct mni_front_range roots_aligned(void *start, void *end)
{
    return (struct mni_front_range){
        mni_round_up((uintptr_t)start, sizeof(void *)),
        mni_round_down((uintptr_t)end, sizeof(void *))};
}

/* ---- segments ---- */

static int roots_object(struct dl_phdr_info *info, size_t size, void *context)
{
    bool *is_first = context;

    (void)size;
    bool counts = *is_first ? !(GC_no_dls && roots_cleared) : !GC_no_dls;
    *is_first = false;
    if (!counts)
        return 0;
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + header->p_vaddr;
        if (header->p_type != PT_LOAD || (header->p_flags & PF_W) == 0)
            continue;
        roots_append(&roots_segments, mni_round_up(start, sizeof(void *)),
                     mni_round_down(start + header->p_memsz, sizeof(void *)));
    }
    return 0;
}

void mni_front_begin_roots(void)
{
    /* So that the first collection need not ask for memory. */
    mni_front_gather_roots();
}

void mni_front_gather_roots(void)
{
    bool is_first = true; /* it is the program itself */

    roots_segments.count = 0;
    dl_iterate_phdr(roots_object, &is_first);
    for (size_t i = 0; i < roots_excluded.count; i++)
        roots_subtract(&roots_segments, roots_excluded.list[i].start,
                       roots_excluded.list[i].end);
}

/* ---- pushing ---- */

static void roots_push(struct mni_gc *gc, const struct mni_front_ranges *ranges)
{
    for (size_t i = 0; i < ranges->count; i++) {
        struct mni_front_range range = ranges->list[i];
        if (range.start < range.end)
            mni_gc_mark_ambiguous(gc, (const void *)range.start,
                                  (range.end - range.start) / sizeof(void *));
    }
}

static void roots_push_kept(struct mni_gc *gc)
{
    const struct mni_front_table *kept = &mni_front.kept;

    if (kept->capacity != 0)
        mni_gc_push(gc, (uintptr_t)kept->entries);
    for (size_t i = 0; i < kept->capacity; i++)
        if (kept->entries[i].key != 0)
            mni_gc_push(gc, kept->entries[i].key);
}

void mni_front_push_roots(struct mni_gc *gc)
{
    mni_front.marking = true;
    roots_push_kept(gc);
    mni_front_push_final(gc);
    roots_push(gc, &roots_segments);
    roots_push(gc, &roots_added);
    mni_front_push_stacks(gc);
    if (GC_push_other_roots != NULL)
        GC_push_other_roots();
}

/* ---- what programs say ---- */

void GC_add_roots(void *start, void *end)
{
    struct mni_front_range range = roots_aligned(start, end);

    (void)mni_front_enter();
    if (range.start < range.end)
        roots_append(&roots_added, range.start, range.end);
    mni_front_leave();
}

void GC_remove_roots(void *start, void *end)
{
    struct mni_front_range range = roots_aligned(start, end);

    (void)mni_front_enter();
    roots_subtract(&roots_added, range.start, range.end);
    mni_front_leave();
}

void GC_exclude_static_roots(void *start, void *end)
{
    struct mni_front_range range = roots_aligned(start, end);

    (void)mni_front_enter();
    if (range.start < range.end)
        roots_append(&roots_excluded, range.start, range.end);
    mni_front_leave();
}

void GC_clear_roots(void)
{
    (void)mni_front_enter();
    roots_added.count = 0;
    roots_cleared = true;
    mni_front_leave();
}

MNI_GC_PEEKS void GC_push_all(void *start, void *end)
{
    struct mni_front_range range = roots_aligned(start, end);

    if (range.start < range.end)
        mni_gc_mark_ambiguous(mni_front.gc, (const void *)range.start,
                              (range.end - range.start) / sizeof(void *));
}

void GC_push_all_eager(void *start, void *end)
{
    GC_push_all(start, end);
}

void GC_push_conditional(void *start, void *end, int all)
{
    (void)all;
    GC_push_all(start, end);
}

void GC_set_mark_bit(const void *object)
{
    uintptr_t found =
        mni_front.gc == NULL
            ? 0
            : mni_gc_resolve(mni_front.gc, (uintptr_t)object, true);

    if (found != 0 && mni_front.gc->busy)
        mni_gc_push(mni_front.gc, found);
}
