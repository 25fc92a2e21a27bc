/* SPDX-License-Identifier: MIT */
/* stats.c -- each committed byte under one cause.
 *
 * The stock says what is in no span; each span is then divided by its own
 * record. Nothing is counted while the program runs, so the fast path costs
 * nothing, and the parts add up because they are parts of the same spans.
 */
#include <mn/stats.h>

#include "heap/heap.h"
#include "heap/stats.h"
#include "space/meta.h"

/* What the blocks of one class ask for on average, of `bytes` in all. */
static size_t stats_payload(unsigned class, size_t bytes)
{
    uint64_t count;
    uint64_t asked;

    mni_sample_read(class, &count, &asked);
    uint64_t slots = count * mni_class_size(class);
    if (slots == 0 || asked >= slots)
        return bytes;
    return (size_t)((double)bytes * ((double)asked / (double)slots));
}

void mni_stats_add_slab(struct mn_stats *stats, const struct mni_slab *slab,
                        bool in_hand)
{
    size_t free_bytes = (size_t)mni_slab_free_count_any(slab) * slab->slot_size;
    size_t used_bytes = (size_t)slab->slot_count * slab->slot_size - free_bytes;
    size_t tail = slab->span.size - free_bytes - used_bytes;
    size_t payload = stats_payload(slab->class, used_bytes);

    stats->payload += payload;
    stats->rounding += used_bytes - payload + tail;
    if (in_hand)
        stats->in_hand += free_bytes;
    else
        stats->in_spans += free_bytes;
    stats->block_count += used_bytes / slab->slot_size;
    stats->span_count++;
}

static bool stats_span(struct mni_span *span, void *context)
{
    struct mn_stats *stats = context;
    const struct mni_slab *slab = mni_slab_from(&span->owner);
    const struct mni_large *large = mni_large_from(&span->owner);

    if (slab != NULL) {
        mni_stats_add_slab(stats, slab,
                           mn_atomic_load_relaxed(&slab->place)
                               == MNI_SLAB_CURRENT);
    } else if (large != NULL) {
        stats->payload += large->asked;
        stats->rounding += span->size - large->asked;
        stats->block_count++;
        stats->span_count++;
    }
    return true;
}

static size_t stats_heap_count(void)
{
    size_t count = 0;

    for (struct mni_heap *heap = mni_thread_heaps(); heap != NULL;
         heap = heap->next)
        count += mn_atomic_load_relaxed(&heap->kind) == MNI_HEAP_THREAD;
    if (!mni_heaps_lock())
        return count;
    for (struct mn_heap *heap = mni_heaps_first(); heap != NULL;
         heap = heap->next)
        count++;
    mni_heaps_unlock();
    return count;
}

bool mn_stats(struct mn_stats *stats)
{
    struct mn_stats sum = {0};
    struct mni_stock_survey survey;

    sum.heap_count = stats_heap_count();
    if (!mni_stock_lock(&mni_stock))
        return false;
    mni_stock_survey(&mni_stock, &survey);
    (void)mni_stock_walk(&mni_stock, stats_span, &sum);
    sum.metadata = survey.metadata + mni_map_committed() + mni_meta_committed();
    sum.reserved = survey.reserved + mni_map_reserved() + mni_meta_reserved();
    sum.committed_peak = mni_stock.committed_peak;
    mni_stock_unlock(&mni_stock);

    sum.spans = survey.spans;
    sum.purgeable = survey.purgeable;
    sum.untouched = survey.untouched;
    for (unsigned i = 0; i < mn_stats_cause_count(); i++)
        sum.committed += mn_stats_cause(&sum, i);
    if (sum.committed_peak < sum.committed)
        sum.committed_peak = sum.committed;
    *stats = sum;
    return true;
}
