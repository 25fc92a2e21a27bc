/* SPDX-License-Identifier: MIT */
/* collect.c -- one collection from end to end, and when there is to be one. */
#include "gc/gc.h"

#include <mn/gc_threads.h>

enum { COLLECT_PURGE_AGE = 2 }; /* full collections that a page stays free */

static uint64_t collect_now(const struct mni_gc *gc)
{
    return gc->system == NULL ? 0 : gc->system->now();
}

static void collect_tell(struct mni_gc *gc, enum mn_gc_phase phase)
{
    if (gc->options.phase != NULL)
        gc->options.phase(&gc->front, phase, gc->options.context);
}

/* No object is marked any more. */
static void collect_forget(struct mni_gc *gc)
{
    unsigned char old = gc->epoch;

    gc->epoch = (unsigned char)(MNI_GC_EPOCH - old);
    gc->alive = (unsigned char)((gc->alive & MNI_GC_LOG) | gc->epoch);
    for (uint32_t page = 0; page < gc->page_end; page++)
        gc->pages[page].live = gc->pages[page].counted = 0;
    gc->live = 0;
    gc->live_count = 0;
    mni_gc_forget_log(gc);
}

static void collect_mark(struct mni_gc *gc, bool full)
{
    if (full)
        collect_forget(gc);
    else
        mni_gc_follow_log(gc);
    mni_gc_mark_roots(gc);
    mni_gc_drain(gc);
    if (!full && gc->options.verify)
        mni_gc_verify(gc);
}

/* When to collect next. */
static void collect_plan(struct mni_gc *gc, bool full)
{
    size_t growth = gc->live / 100 * gc->options.growth;

    if (growth < gc->options.reserve)
        growth = gc->options.reserve;
    if (full)
        gc->full_at = gc->live + growth;
    gc->budget = gc->options.generational ? gc->options.nursery : growth;
    gc->want_full = !gc->options.generational || gc->live >= gc->full_at;
    gc->fresh = 0;
    for (struct mni_gc_thread *thread = gc->threads; thread != NULL;
         thread = thread->next)
        thread->fresh = 0;
}

static void collect_count(struct mni_gc *gc, bool full)
{
    uint64_t pause = collect_now(gc) - gc->began;

    gc->pause_last = pause;
    gc->pause_sum += pause;
    if (pause > gc->pause_max)
        gc->pause_max = pause;
    if (full)
        gc->full_count++;
    else
        gc->minor_count++;
}

void mni_gc_collect(struct mni_gc_thread *self, bool full)
{
    struct mni_gc *gc = self->gc;

    if (gc->beside != NULL && !gc->beside->allows(gc))
        return;
    full = full || !gc->options.generational || gc->log_lost;
    gc->busy = true;
    gc->full = full;
    gc->self = self;
    gc->began = collect_now(gc);
    collect_tell(gc, MN_GC_BEGIN);
    mni_gc_close_log(gc);
    collect_mark(gc, full);
    if (gc->beside != NULL)
        gc->beside->marked(gc);
    mni_gc_clear_weak(gc, full);
    /* What is kept for its drop must not refer to the dead either. */
    if (mni_gc_queue_dead(gc, full))
        mni_gc_clear_weak(gc, full);
    collect_tell(gc, MN_GC_MARKED);
    mni_gc_retire_runs(gc);
    mni_gc_sweep(gc, full);
    if (full)
        mni_gc_purge(gc, COLLECT_PURGE_AGE);
    gc->log_count = 0;
    gc->log_lost = false;
    collect_plan(gc, full);
    collect_count(gc, full);
    collect_tell(gc, MN_GC_ENDED);
    gc->busy = false;
}

void mn_gc_poll_slow(struct mn_gc *front)
{
    struct mni_gc *gc = mni_gc(front);

    if (gc->system != NULL)
        gc->system->pause(front->self);
}

void mn_gc_collect(struct mn_gc *front, bool full)
{
    struct mni_gc *gc = mni_gc(front);

    MN_CHECK(!gc->busy, "the collector is used while it collects");
    mni_gc_stop(front->self);
    mni_gc_collect(front->self, full);
    mni_gc_resume(front->self);
}
