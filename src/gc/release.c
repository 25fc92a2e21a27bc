/* SPDX-License-Identifier: MIT */
/* release.c -- objects that the program says are dead.
 *
 * What the last collection found and counted is taken out of the sums, and its
 * place is free as if that collection had not found it. What is younger stays
 * until the next one, which is not far: its place counts as handed out.
 */
#include "gc/gc.h"

/* A large object that is the youngest of all pages. */
static void release_young(struct mni_gc *gc, uint32_t index)
{
    struct mni_gc_page *page = &gc->pages[index];

    if (page->bytes == 0 || gc->young != index)
        return;
    gc->young = page->young;
    /* What is not in the sum yet is the thread's. */
    gc->fresh += gc->front.self->fresh;
    gc->front.self->fresh = 0;
    gc->fresh -= page->bytes;
    mni_gc_page_free(gc, index);
}

void mni_gc_release(struct mni_gc *gc, uintptr_t object)
{
    struct mni_gc_page *page = mni_gc_page_of(gc, object);
    unsigned char *mark = mni_gc_mark(gc, object);
    uint32_t index = (uint32_t)(page - gc->pages);

    MN_ASSERT(!gc->busy && !gc->options.generational);
    if (page->is_young) {
        release_young(gc, index);
        return;
    }
    MN_ASSERT(*mark & MNI_GC_EPOCH);
    *mark = 0;
    page->live--;
    page->counted--;
    gc->live -= mni_gc_bytes(page);
    gc->live_count--;
    if (page->live == 0 && !page->is_queued)
        mni_gc_page_free(gc, index);
}
