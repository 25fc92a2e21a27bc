/* SPDX-License-Identifier: MIT */
/* log.c -- what was changed since the last collection.
 *
 * An object is in the log once: its mark tells. Large arrays are in it by
 * parts, each of which has a mark byte that is used for nothing else.
 */
#include "gc/gc.h"

enum {
    LOG_PART = 1,  /* a bit: the entry is a part of a large object */
    LOG_AHEAD = 16 /* entries that are fetched meanwhile */
};

static bool log_put(struct mni_gc *gc, uintptr_t entry)
{
    if (gc->log_count == gc->log_capacity) {
        if (!mni_gc_grow(gc, &gc->log_table,
                         (gc->log_count + 1) * sizeof *gc->log)) {
            gc->log_lost = true;
            return false;
        }
        gc->log_capacity = gc->log_table.committed / sizeof *gc->log;
    }
    gc->log[gc->log_count++] = entry;
    return true;
}

void mn_gc_note(struct mn_gc *front, void *holder, const void *field)
{
    struct mni_gc *gc = mni_gc(front);
    const struct mni_gc_page *page = mni_gc_page_of(gc, (uintptr_t)holder);
    size_t offset = (uintptr_t)field - (uintptr_t)holder;

    if (field == NULL || offset >= page->bytes
        || page->kind->shape == MNI_GC_OBJECT) {
        *mni_gc_mark(gc, (uintptr_t)holder) &= (unsigned char)~MNI_GC_LOG;
        (void)log_put(gc, (uintptr_t)holder);
        return;
    }
    uintptr_t part = (uintptr_t)holder + mni_round_down(offset, MNI_GC_PART);
    unsigned char *mark = mni_gc_mark(gc, part);
    if ((*mark & MNI_GC_CARD) == 0 && log_put(gc, part | LOG_PART))
        *mark |= MNI_GC_CARD;
}

struct mni_gc_part mni_gc_part_at(const struct mni_gc *gc, uintptr_t part)
{
    struct mni_gc_page *page = mni_gc_page_of(gc, part);

    page -= page->head;
    unsigned char *object = mni_gc_page_start(gc, (uint32_t)(page - gc->pages));
    size_t from = part - (uintptr_t)object;
    size_t to = from + MNI_GC_PART;
    return (struct mni_gc_part){page, object, from,
                                to < page->bytes ? to : page->bytes};
}

/* Old objects that changed may lead to young ones. */
void mni_gc_follow_log(struct mni_gc *gc)
{
    for (size_t i = 0; i < gc->log_count; i++) {
        uintptr_t entry = gc->log[i];
        if (i + LOG_AHEAD < gc->log_count) {
            uintptr_t next = gc->log[i + LOG_AHEAD];
            __builtin_prefetch((const void *)next);
            __builtin_prefetch(mni_gc_mark(gc, next), 1);
        }
        if (entry & LOG_PART) {
            *mni_gc_mark(gc, entry) &= (unsigned char)~MNI_GC_CARD;
            mni_gc_rescan_part(gc, entry - LOG_PART);
        } else {
            *mni_gc_mark(gc, entry) |= MNI_GC_LOG;
            mni_gc_rescan(gc, entry);
        }
    }
}

void mni_gc_forget_log(struct mni_gc *gc)
{
    for (size_t i = 0; i < gc->log_count; i++)
        if (gc->log[i] & LOG_PART)
            *mni_gc_mark(gc, gc->log[i]) &= (unsigned char)~MNI_GC_CARD;
    gc->log_count = 0;
}
