/* SPDX-License-Identifier: MIT */
/* finalize.c -- objects whose type has a drop.
 *
 * The mark byte of such an object says from its allocation on that the drop is
 * due. When it has died it is kept, with all that it leads to, and its byte
 * says that it waits. So the queue takes no memory: it is those bytes.
 */
#include "gc/gc.h"

/* The slots of a page, or its large object. */
static size_t finalize_slots(const struct mni_gc_page *page)
{
    return page->bytes != 0 ? 1 : page->kind->slots;
}

static void finalize_queue(struct mni_gc *gc, uint32_t index)
{
    struct mni_gc_page *page = &gc->pages[index];
    uintptr_t object = (uintptr_t)mni_gc_page_start(gc, index);

    if (page->kind->type == NULL || page->kind->type->drop == NULL)
        return;
    size_t slots = finalize_slots(page);
    for (size_t i = 0; i < slots; i++, object += page->kind->size) {
        unsigned char *mark = mni_gc_mark(gc, object);
        if ((*mark & MNI_GC_DUE) == 0 || (*mark & MNI_GC_EPOCH) == gc->epoch)
            continue;
        *mark = (unsigned char)((*mark & ~MNI_GC_DUE) | MNI_GC_QUEUED);
        page->queued++;
        gc->due_count++;
    }
}

/* Queue what died, and keep it. Whether there was anything. */
bool mni_gc_queue_dead(struct mni_gc *gc, bool full)
{
    uint64_t before = gc->due_count;

    mni_gc_each_page(gc, full, finalize_queue);
    if (gc->due_count == before)
        return false;
    mni_gc_mark_queued(gc);
    mni_gc_drain(gc);
    return true;
}

/* The next object of the page from slot *slot on that waits, or NULL. */
static unsigned char *finalize_waits(struct mni_gc *gc, uint32_t index,
                                     size_t *slot)
{
    struct mni_gc_page *page = &gc->pages[index];
    size_t slots = finalize_slots(page);

    for (; *slot < slots; ++*slot) {
        unsigned char *object =
            mni_gc_page_start(gc, index) + *slot * page->kind->size;
        if (mni_byte_load(mni_gc_mark(gc, (uintptr_t)object)) & MNI_GC_QUEUED)
            return object;
    }
    return NULL;
}

void mni_gc_mark_queued(struct mni_gc *gc)
{
    for (uint32_t index = 0; index < gc->page_end; index++) {
        if (gc->pages[index].queued == 0)
            continue;
        const unsigned char *object;
        for (size_t slot = 0;
             (object = finalize_waits(gc, index, &slot)) != NULL; slot++)
            mni_gc_push(gc, (uintptr_t)object);
    }
}

/* Take what waits first in or behind the page of the last time, round to it;
 * NULL if nothing does. Requires: the lock. */
static unsigned char *finalize_take(struct mni_gc *gc)
{
    while (gc->due_count != 0) {
        if (gc->due_page >= gc->page_end)
            gc->due_page = 0;
        struct mni_gc_page *page = &gc->pages[gc->due_page];
        unsigned char *object = NULL;
        if (page->queued != 0)
            object = finalize_waits(gc, gc->due_page, &gc->due_slot);
        if (object != NULL) {
            mni_byte_and(mni_gc_mark(gc, (uintptr_t)object),
                         (unsigned char)~MNI_GC_QUEUED);
            page->queued--;
            gc->due_count--;
            return object;
        }
        /* A collection may have queued more before that slot. */
        gc->due_slot = 0;
        gc->due_page += page->queued == 0;
    }
    return NULL;
}

/* Call a drop that is due; false if none is. */
static bool finalize_one(struct mn_gc *front)
{
    struct mni_gc *gc = mni_gc(front);
    /* The drop may collect. */
    MN_GC_FRAME(front, my, void *object;);

    mni_gc_lock(gc);
    my.object = finalize_take(gc);
    mni_gc_unlock(gc);
    if (my.object != NULL)
        mni_gc_page_of(gc, (uintptr_t)my.object)->kind->type->drop(my.object);
    return my.object != NULL;
}

size_t mn_gc_finalize(struct mn_gc *front, size_t most)
{
    size_t count = 0;

    MN_CHECK(!mni_gc(front)->busy, "the collector is used while it collects");
    while (count < most && finalize_one(front))
        count++;
    return count;
}
