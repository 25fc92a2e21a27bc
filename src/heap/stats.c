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
#include "os/os.h"
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

/* Bytes of the range [from, to) of a slab that have no physical memory. */
static size_t stats_absent(struct mni_pages pages, size_t from, size_t to)
{
    size_t bytes = 0;

    while (from < to) {
        size_t page = from / pages.page_size;
        size_t end = (page + 1) * pages.page_size;
        if (end > to)
            end = to;
        if ((pages.resident[page] & 1) == 0)
            bytes += end - from;
        from = end;
    }
    return bytes;
}

/* Bytes of free slots that have no physical memory. */
static size_t stats_absent_free(const struct mni_slab *slab,
                                struct mni_pages pages)
{
    size_t size = slab->slot_size;
    size_t bytes = 0;

    if (pages.resident == NULL)
        return 0;
    for (uint32_t i = 0; i < slab->slot_count; i++)
        if (mni_slab_is_free_any(slab, i))
            bytes += stats_absent(pages, i * size, (i + 1) * size);
    return bytes;
}

void mni_stats_add_slab(struct mn_stats *stats, const struct mni_slab *slab,
                        bool in_hand, struct mni_pages pages)
{
    size_t used_size = (size_t)slab->slot_count * slab->slot_size;
    size_t tail = slab->span.size - used_size;
    size_t absent = stats_absent_free(slab, pages);
    size_t absent_tail = pages.resident == NULL
                             ? 0
                             : stats_absent(pages, used_size, slab->span.size);
    /* Counted last: a slot that was taken meanwhile was not absent. */
    size_t free_size = (size_t)mni_slab_free_count_any(slab) * slab->slot_size;
    size_t used = used_size - free_size;
    size_t payload = stats_payload(slab->class, used);

    if (absent > free_size)
        absent = free_size;
    stats->payload += payload;
    /* The tail is never handed out; an earlier use may have touched it. */
    stats->rounding += used - payload + tail - absent_tail;
    stats->untouched += absent + absent_tail;
    if (in_hand)
        stats->in_hand += free_size - absent;
    else
        stats->in_spans += free_size - absent;
    stats->block_count += used / slab->slot_size;
    stats->span_count++;
}

static void stats_add_slab_here(struct mn_stats *stats,
                                const struct mni_slab *slab)
{
    unsigned char resident[MNI_SLAB_PAGES_MAX];
    struct mni_pages pages = {mni_os_page_size(), resident};
    size_t count = slab->span.size / pages.page_size;

    if (count > MNI_SLAB_PAGES_MAX
        || !mni_os_resident(slab->span.start, count, resident))
        pages.resident = NULL;
    mni_stats_add_slab(stats, slab, mni_slab_place(slab) == MNI_SLAB_CURRENT,
                       pages);
}

static void stats_add_large(struct mn_stats *stats,
                            const struct mni_large *large)
{
    size_t asked = mn_atomic_load_relaxed(&large->asked);

    if (mn_atomic_load_relaxed(&large->span.kind) != MNI_SPAN_LARGE) {
        stats->spans += large->span.size;
        return;
    }
    stats->payload += asked;
    stats->rounding += large->span.size - asked;
    stats->block_count++;
    stats->span_count++;
}

static bool stats_span(struct mni_span *span, void *context)
{
    struct mn_stats *stats = context;
    const struct mni_slab *slab = mni_slab_from(&span->owner);
    const struct mni_large *large = mni_large_from(&span->owner);

    if (slab != NULL) {
        stats_add_slab_here(stats, slab);
    } else if (large != NULL) {
        stats_add_large(stats, large);
    }
    return true;
}

static size_t stats_heap_count(void)
{
    size_t count = 0;

    /* No lock: a heap's own lock may be held here, which comes later. */
    for (struct mni_heap *heap = mni_thread_heaps(); heap != NULL;
         heap = heap->next)
        count += mn_atomic_load_relaxed(&heap->kind) == MNI_HEAP_THREAD;
    return count + mni_heaps_count();
}

bool mn_stats(struct mn_stats *stats)
{
    struct mn_stats sum = {0};
    struct mni_stock_survey survey;

    sum.heap_count = stats_heap_count();
    if (!mni_stock_lock(&mni_stock))
        return false;
    mni_stock_survey(&mni_stock, &survey, stats_span, &sum);
    sum.committed_peak = mni_stock.committed_peak;
    mni_stock_unlock(&mni_stock);

    size_t records = mni_map_committed() + mni_meta_committed();
    sum.spans += survey.spans;
    sum.purgeable = survey.purgeable;
    sum.untouched += survey.untouched;
    sum.metadata = survey.metadata + records;
    sum.committed = survey.committed + records;
    sum.reserved = survey.reserved + mni_map_reserved() + mni_meta_reserved();
    if (sum.committed_peak < sum.committed)
        sum.committed_peak = sum.committed;
    *stats = sum;
    return true;
}
