/* SPDX-License-Identifier: MIT */
/* roots.c -- from where marking begins, and which object an address is in. */
#include "gc/gc.h"

#include "gc/peek.h"

/* ---- from an address to its object ---- */

/* Whether the slot at that offset in a page of slots is an object. */
static bool roots_is_object(const struct mni_gc *gc, uint32_t index,
                            const unsigned char *slot)
{
    const struct mni_gc_page *page = &gc->pages[index];
    const struct mni_gc_run *run = page->run;
    size_t offset = (size_t)(slot - mni_gc_page_start(gc, index));

    /* Of either epoch: while a full collection marks, both are there. */
    if (mni_byte_load(mni_gc_mark(gc, (uintptr_t)slot)) & MNI_GC_EPOCH)
        return true;
    if (offset / MN_GC_GRANULE >= page->scan)
        return false;
    /* All of what was scanned is handed out, but for the rest of the run. */
    return run == NULL || slot < run->front.next || slot >= run->end;
}

uintptr_t mni_gc_resolve(const struct mni_gc *gc, uintptr_t address,
                         bool interior)
{
    if (!mni_gc_holds(gc, address))
        return 0;
    size_t offset = address - gc->front.base;
    uint32_t index = (uint32_t)(offset >> gc->page_shift);
    if (index >= gc->page_end)
        return 0;
    offset &= mni_gc_page_size(gc) - 1;
    const struct mni_gc_page *page = &gc->pages[index];
    index -= page->head;
    offset += (size_t)page->head << gc->page_shift;
    page = &gc->pages[index];
    if (page->kind == NULL)
        return 0;
    uintptr_t start = gc->front.base + ((size_t)index << gc->page_shift);
    if (page->bytes != 0)
        return offset == 0 || (interior && offset < page->bytes) ? start : 0;
    size_t slot = (size_t)((uint64_t)offset * page->kind->reciprocal >> 32);
    size_t at = slot * page->kind->size;
    if (slot >= page->kind->slots || (at != offset && !interior)
        || !roots_is_object(
            gc, index, gc->heap.start + ((size_t)index << gc->page_shift) + at))
        return 0;
    return start + at;
}

/* ---- roots ---- */

static void roots_mark_exact(struct mni_gc *gc, void *const *start,
                             size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uintptr_t address = (uintptr_t)start[i];
        if (!mni_gc_holds(gc, address))
            continue;
        if (mni_gc_resolve(gc, address, false) == 0)
            mni_stop_at("mark", start[i], "a root leads to no object", NULL);
        mni_gc_push(gc, address);
    }
}

MNI_GC_PEEKS void mni_gc_mark_ambiguous(struct mni_gc *gc, const void *start,
                                        size_t count)
{
    const uintptr_t *words = start;

    for (size_t i = 0; i < count; i++) {
        uintptr_t object = mni_gc_resolve(gc, words[i], true);
        if (object != 0)
            mni_gc_push(gc, object);
    }
}

static void roots_mark_thread(struct mni_gc *gc,
                              const struct mni_gc_thread *thread)
{
    const struct mn_gc_frame *frame = thread->front->frames;

    for (; frame != NULL; frame = frame->up)
        roots_mark_exact(gc, (void *const *)(const void *)(frame + 1),
                         frame->count);
    if (thread->stack != NULL)
        mni_gc_mark_stack(gc, thread);
}

void mni_gc_mark_roots(struct mni_gc *gc)
{
    for (struct mn_gc_root *root = gc->roots; root != NULL; root = root->next)
        if (root->kind == MN_GC_EXACT)
            roots_mark_exact(gc, root->start, root->count);
        else if (root->kind == MN_GC_AMBIGUOUS)
            mni_gc_mark_ambiguous(gc, root->start, root->count);
    const struct mni_gc_thread *thread = gc->threads;
    for (; thread != NULL; thread = thread->next)
        if (thread->attached)
            roots_mark_thread(gc, thread);
    if (gc->beside != NULL)
        gc->beside->roots(gc);
    if (gc->full && gc->due_count != 0)
        mni_gc_mark_queued(gc);
}

void mn_gc_root_begin(struct mn_gc *front, struct mn_gc_root *root,
                      enum mn_gc_root_kind kind, void *start, size_t count)
{
    struct mni_gc *gc = mni_gc(front);

    MN_CHECK(!gc->busy, "the collector is used while it collects");
    MN_CHECK((uintptr_t)start % sizeof(void *) == 0,
             "roots that are not aligned");
    mni_gc_lock(gc);
    *root = (struct mn_gc_root){gc->roots, &gc->roots, start, count, kind, gc};
    if (gc->roots != NULL)
        gc->roots->link = &root->next;
    gc->roots = root;
    mni_gc_unlock(gc);
}

void mn_gc_root_end(struct mn_gc_root *root)
{
    struct mni_gc *gc = root->gc;

    MN_CHECK(root->link != NULL, "the end of a root that has not begun");
    mni_gc_lock(gc);
    MN_CHECK(*root->link == root, "the end of a root that has not begun");
    *root->link = root->next;
    if (root->next != NULL)
        root->next->link = root->link;
    root->link = NULL;
    mni_gc_unlock(gc);
}

void mn_gc_stack(struct mn_gc *gc, const void *stack)
{
    gc->self->stack = stack;
}

void mn_gc_frame_bad(void)
{
    mni_stop("the end of a frame that is not the innermost");
}
