/* SPDX-License-Identifier: MIT */
/* log.c -- what was changed since the last collection.
 *
 * An object is in the log once: its mark tells. Large arrays are in it by
 * parts, each of which has a mark byte that is used for nothing else.
 */
#include "gc/gc.h"

enum {
    LOG_PART = 1,   /* a bit: the entry is a part of a large object */
    LOG_CHUNK = 64, /* entries that a thread takes at a time */
    LOG_AHEAD = 16  /* entries that are fetched meanwhile */
};

/* Another part of the log for the thread. */
static bool log_extend(struct mni_gc_thread *self)
{
    struct mni_gc *gc = self->gc;
    size_t end = gc->log_count + LOG_CHUNK;

    if (end > gc->log_capacity
        && mni_gc_grow(gc, &gc->log_table, end * sizeof *gc->log))
        gc->log_capacity = gc->log_table.committed / sizeof *gc->log;
    if (end > gc->log_capacity)
        end = gc->log_capacity;
    self->log_next = gc->log + gc->log_count;
    self->log_end = gc->log + end;
    gc->log_count = end;
    gc->log_lost = gc->log_lost || self->log_next == self->log_end;
    return self->log_next != self->log_end;
}

static bool log_put(struct mni_gc_thread *self, uintptr_t entry)
{
    if (self->log_next == self->log_end) {
        mni_gc_lock(self->gc);
        bool extended = log_extend(self);
        mni_gc_unlock(self->gc);
        if (!extended)
            return false;
    }
    *self->log_next++ = entry;
    return true;
}

/* What the threads have not used of their parts is no entry. */
void mni_gc_close_log(struct mni_gc *gc)
{
    struct mni_gc_thread *thread = gc->threads;

    for (; thread != NULL; thread = thread->next) {
        while (thread->log_next != thread->log_end)
            *thread->log_next++ = 0;
        thread->log_next = thread->log_end = NULL;
    }
}

void mn_gc_note(struct mn_gc *front, void *holder, const void *field)
{
    struct mni_gc *gc = mni_gc(front);
    const struct mni_gc_page *page = mni_gc_page_of(gc, (uintptr_t)holder);
    size_t offset = (uintptr_t)field - (uintptr_t)holder;

    if (field == NULL || offset >= page->bytes
        || page->kind->shape == MNI_GC_OBJECT) {
        mni_byte_and(mni_gc_mark(gc, (uintptr_t)holder),
                     (unsigned char)~MNI_GC_LOG);
        (void)log_put(front->self, (uintptr_t)holder);
        return;
    }
    uintptr_t part = (uintptr_t)holder + mni_round_down(offset, MNI_GC_PART);
    unsigned char *mark = mni_gc_mark(gc, part);
    if ((mni_byte_load(mark) & MNI_GC_CARD) == 0
        && log_put(front->self, part | LOG_PART))
        mni_byte_or(mark, MNI_GC_CARD);
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
        if (entry == 0)
            continue;
        if (i + LOG_AHEAD < gc->log_count) {
            uintptr_t next = gc->log[i + LOG_AHEAD];
            __builtin_prefetch((const void *)next);
            if (next != 0)
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
