/* SPDX-License-Identifier: MIT */
/* weak.c -- clearing references to what died.
 *
 * In a minor collection only what was made since the last one can have died,
 * and only objects that are as young, or were changed, can refer to it.
 */
#include "gc/gc.h"

static void weak_clear(struct mni_gc *gc, void *slot)
{
    uintptr_t value;

    __builtin_memcpy(&value, slot, sizeof value);
    if (mni_gc_holds(gc, value) && !mni_gc_is_marked(gc, value))
        __builtin_memset(slot, 0, sizeof value);
}

static void weak_visited(void *slot, const struct mn_member *member,
                         void *context)
{
    if (member->kind == MN_MEMBER_GC_WEAK)
        weak_clear(context, slot);
}

/* The elements from number `from` to before `to`. */
static void weak_elements(struct mni_gc *gc, const struct mni_gc_kind *kind,
                          unsigned char *object, size_t from, size_t to)
{
    const uint32_t *offsets = kind->offsets + kind->strong_count;

    for (; from < to; from++)
        for (uint32_t k = 0; k < kind->weak_count; k++)
            weak_clear(gc, object + from * kind->type->size + offsets[k]);
}

static void weak_object(struct mni_gc *gc, struct mni_gc_page *page,
                        unsigned char *object, void *context)
{
    const struct mni_gc_kind *kind = page->kind;

    (void)context;
    if (kind->weak_count != 0)
        weak_elements(gc, kind, object, 0, mni_gc_elements(page));
    if (kind->visited)
        kind->type->visit(object, weak_visited, gc);
}

static void weak_page(struct mni_gc *gc, uint32_t page)
{
    const struct mni_gc_kind *kind = gc->pages[page].kind;

    if (kind->weak_count != 0 || kind->visited)
        mni_gc_each_marked(gc, page, weak_object, NULL);
}

static void weak_roots(struct mni_gc *gc)
{
    for (struct mn_gc_root *root = gc->roots; root != NULL; root = root->next)
        for (size_t i = 0; root->kind == MN_GC_WEAK && i < root->count; i++)
            weak_clear(gc, (char *)root->start + i * sizeof(void *));
}

/* What the log names: an object, or a part of one. */
static void weak_logged(struct mni_gc *gc, uintptr_t entry)
{
    struct mni_gc_part at = mni_gc_part_at(gc, mni_round_down(entry, 2));
    const struct mni_gc_kind *kind = at.page->kind;

    if (entry % 2 == 0) {
        weak_object(gc, mni_gc_page_of(gc, entry),
                    gc->heap.start + (entry - gc->front.base), NULL);
    } else if (kind->weak_count != 0) {
        size_t size = kind->type->size;
        weak_elements(gc, kind, at.object, at.from / size,
                      (at.to + size - 1) / size);
    }
}

void mni_gc_clear_weak(struct mni_gc *gc, bool full)
{
    weak_roots(gc);
    mni_gc_each_page(gc, full, weak_page);
    for (size_t i = 0; !full && i < gc->log_count; i++)
        if (gc->log[i] != 0)
            weak_logged(gc, gc->log[i]);
    if (gc->paired)
        mni_gc_clear_ephemerons(gc);
}
