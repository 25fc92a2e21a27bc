/* SPDX-License-Identifier: MIT */
/* returned.c -- the pages of slots that wait for an owner who sleeps.
 *
 * What other threads return to a slab is out of reach for them, and its owner
 * takes it in when it next needs it: perhaps never. We take such slots as the
 * owner would, by one exchange for a word of them, purge the pages that lie
 * wholly within, and return them as any thread returns a slot. While we have
 * them they are out: nobody hands them out, and their slab cannot go. So the
 * owner may allocate at any moment, and knows nothing of us.
 *
 * Statistics look under the stock's lock, which we hold all that time.
 */
#include "heap/returned.h"

#include "base/assert.h"
#include "base/bits.h"
#include "heap/stats.h"
#include "os/os.h"

enum {
    RETURNED_DUE = 3,    /* looks at which a heap was told nothing new */
    RETURNED_STEP = 1000 /* spans looked at before others have the lock */
};

/* ---- which heaps ---- */

struct mni_sleepers mni_returned_look(void)
{
    struct mni_sleepers found = {false, false};

    for (struct mni_heap *heap = mni_thread_heaps(); heap != NULL;
         heap = heap->next) {
        struct mni_slab *told = mn_atomic_load_relaxed(&heap->pending);
        if (told == NULL || told != heap->told)
            heap->told_looks = 0;
        heap->told = told;
        if (told == NULL)
            continue;
        if (heap->told_looks <= RETURNED_DUE)
            heap->told_looks++;
        found.due |= heap->told_looks == RETURNED_DUE;
        found.waiting |= heap->told_looks < RETURNED_DUE;
    }
    return found;
}

bool mni_returned_news(void)
{
    for (struct mni_heap *heap = mni_thread_heaps(); heap != NULL;
         heap = heap->next) {
        const struct mni_slab *told = mn_atomic_load_relaxed(&heap->pending);
        if (told != NULL && told != heap->told)
            return true;
    }
    return false;
}

/* ---- one slab ---- */

/* Some slots of a slab, a bit for each, and its pages. */
struct returned_slots {
    struct mni_slab *slab;
    struct mni_pages pages;
    uint64_t words[MNI_SLAB_WORDS];
    unsigned char resident[MNI_SLAB_PAGES_MAX];
};

static bool returned_has(const struct returned_slots *slots, uint32_t index)
{
    return slots->words[index / 64] >> index % 64 & 1;
}

/* Whether one of the pages has memory. */
static bool returned_resident(const struct returned_slots *slots, size_t from,
                              size_t to)
{
    for (size_t at = from; at < to; at += slots->pages.page_size)
        if (slots->pages.resident == NULL
            || (slots->pages.resident[at / slots->pages.page_size] & 1) != 0)
            return true;
    return false;
}

/* Find the next slots in a row from `*index` on, and the pages that lie wholly
 * within them; the tail belongs to the last slot. False if there are none. */
static bool returned_next(const struct returned_slots *slots, uint32_t *index,
                          size_t *from, size_t *to)
{
    const struct mni_slab *slab = slots->slab;
    size_t page = slots->pages.page_size;
    uint32_t first = *index;

    while (first < slab->slot_count && !returned_has(slots, first))
        first++;
    uint32_t end = first;
    while (end < slab->slot_count && returned_has(slots, end))
        end++;
    *index = end;
    *from = mni_round_up((size_t)first * slab->slot_size, page);
    *to = end == slab->slot_count
              ? slab->span.size
              : mni_round_down((size_t)end * slab->slot_size, page);
    return first < end;
}

/* Purge the pages of the slots, or just tell whether there are any to purge. */
static bool returned_pages(const struct returned_slots *slots, bool purge,
                           bool now)
{
    uint32_t index = 0;
    bool any = false;
    size_t from;
    size_t to;

    while (returned_next(slots, &index, &from, &to))
        if (from < to && returned_resident(slots, from, to))
            any |=
                !purge
                || mni_os_purge(slots->slab->span.start + from, to - from, now);
    return any;
}

static void returned_find_pages(struct returned_slots *slots)
{
    struct mni_slab *slab = slots->slab;

    slots->pages.page_size = mni_os_page_size();
    slots->pages.resident = slots->resident;
    size_t count = slab->span.size / slots->pages.page_size;
    if (count > MNI_SLAB_PAGES_MAX
        || !mni_os_resident(slab->span.start, count, slots->resident))
        slots->pages.resident = NULL;
    for (uint32_t i = 0; i < slab->word_count; i++)
        slots->words[i] =
            mn_atomic_load_relaxed(mni_slab_remote(slab, (uint64_t)i * 64));
}

static void returned_take(struct returned_slots *slots)
{
    struct mni_slab *slab = slots->slab;
    uint32_t count = 0;

    for (uint32_t i = 0; i < slab->word_count; i++) {
        _Atomic uint64_t *remote = mni_slab_remote(slab, (uint64_t)i * 64);
        /* Acquire: pairs with the release in mni_slab_return_any. */
        slots->words[i] = mn_atomic_load_relaxed(remote) == 0
                              ? 0
                              : mn_atomic_exchange_acq_rel(remote, 0);
        count += slots->words[i] != 0;
    }
    /* The owner will not find these words, so nobody has told of them. */
    (void)mn_atomic_add_relaxed(&slab->told, 0 - count);
}

/* How often the slab's heap must be told. If never, the slab may be gone. */
static uint32_t returned_give_back(const struct returned_slots *slots)
{
    struct mni_slab *slab = slots->slab;
    uint32_t count = slab->word_count;
    uint32_t tells = 0;

    for (uint32_t i = 0; i < count; i++) {
        uint64_t word = slots->words[i];
        if (word == 0)
            continue;
        /* Release: pairs with the acquire in slab_drain_word, so that what was
         * purged is purged before the owner writes to it. */
        uint64_t before =
            mn_atomic_or_acq_rel(mni_slab_remote(slab, (uint64_t)i * 64), word);
        MN_CHECK((before & word) == 0, "a block was released twice");
        tells += before == 0;
    }
    return tells;
}

/* ---- all of them ---- */

struct returned_visit {
    bool everything;
    bool now;
    bool any;
    struct mni_stock_place place;
    struct mni_slab *slab;
    uint32_t tells;
};

static bool returned_is_due(const struct returned_visit *visit,
                            struct mni_slab *slab)
{
    if (mn_atomic_load_relaxed(&slab->pending) == 0)
        return false;
    const struct mni_heap *heap = mn_atomic_load_acquire(&slab->heap);
    /* Slabs of first-class heaps are returned whoever is on the way. */
    return mn_atomic_load_relaxed(&heap->kind) == MNI_HEAP_THREAD
           && (visit->everything || heap->told_looks == RETURNED_DUE);
}

static void returned_visit(struct returned_visit *visit, struct mni_span *span)
{
    struct returned_slots slots;

    slots.slab = mni_slab_from(&span->owner);
    if (slots.slab == NULL || !returned_is_due(visit, slots.slab))
        return;
    returned_find_pages(&slots);
    if (!returned_pages(&slots, false, visit->now))
        return;
    mni_note_threads();
    returned_take(&slots);
    mni_stock_loosen(&mni_stock, span);
    visit->any |= returned_pages(&slots, true, visit->now);
    visit->slab = slots.slab;
    visit->tells = returned_give_back(&slots);
}

/* Go on until a heap is to be told, or others are to have a turn. Requires: the
 * lock. */
static void returned_step(struct returned_visit *visit)
{
    for (int left = RETURNED_STEP; left > 0 && visit->tells == 0; left--) {
        struct mni_span *span = mni_stock_next(&mni_stock, &visit->place);
        if (span == NULL)
            return;
        visit->place.offset += span->size;
        returned_visit(visit, span);
    }
}

bool mni_returned_purge(bool everything, bool now)
{
    struct returned_visit visit = {.everything = everything, .now = now};

    while (!visit.place.end) {
        if (!mni_stock_lock(&mni_stock))
            return visit.any;
        returned_step(&visit);
        mni_stock_unlock(&mni_stock);
        for (; visit.tells > 0; visit.tells--)
            mni_slab_tell(visit.slab);
    }
    return visit.any;
}
