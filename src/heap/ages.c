/* SPDX-License-Identifier: MIT */
/* ages.c -- the pages of slots that nobody takes, in partly used slabs.
 *
 * Slots are handed out of current slabs only. While a slab is not current its
 * slots can but become free, whoever releases them, by whichever of its two
 * arrays of bits. So what was free at one look and is free at the next was free
 * all the time, and its pages can be purged without changing a bit: it is
 * enough that the owner does not make the slab current meanwhile. For that the
 * owner and we exchange one word; who finds the other there waits for the
 * stock's lock, under which we look. No owner need be awake.
 */
#include "heap/ages.h"

#include "base/bits.h"
#include "heap/purge.h"
#include "heap/stats.h"
#include "os/os.h"

enum {
    AGES_UNITS = 64,       /* of a slab, a bit for each */
    AGES_DUE = 3,          /* looks at which a unit was free */
    AGES_STEP = 1000,      /* spans looked at before others have the lock */
    AGES_STEP_PURGED = 16, /* slabs of which something was purged likewise */
    AGES_MANY = 16384 /* slabs, for each of which so often a look is left out */
};

_Atomic uint32_t mni_ages_looks;

/* Set without a lock, and forgotten when a look begins. */
static _Atomic bool ages_noted;

/* Looks that are to follow what was noted, with the stock's lock. */
static uint32_t ages_follow;

/* Looks to leave out, likewise: many slabs must not keep a processor busy. */
static uint32_t ages_pause;

size_t mni_ages_record_size(const struct mni_layout *layout)
{
    size_t size = mni_slab_record_size(layout);

    return layout->slot_size < MNI_AGES_SLOT_MIN
               ? size
               : size + sizeof(struct mni_ages);
}

/* ---- owners ---- */

bool mni_ages_take_slow(struct mni_ages *ages)
{
    uint32_t idle = MNI_AGES_IDLE;

    do {
        /* In use already: a heap was lost with its thread, or a fork. */
        if (idle == MNI_AGES_USED)
            return true;
        if (!mni_stock_lock(&mni_stock))
            return false;
        mni_stock_unlock(&mni_stock);
        idle = MNI_AGES_IDLE;
        /* Acquire: as in mni_ages_take. */
    } while (!mn_atomic_cas_strong_acquire(&ages->state, &idle, MNI_AGES_USED));
    return true;
}

void mni_ages_news_now(void)
{
    if (mn_atomic_load_relaxed(&ages_noted))
        return;
    mn_atomic_store_relaxed(&ages_noted, true);
    mni_purge_told();
}

void mni_ages_retire_idle(struct mni_heap *heap, unsigned class)
{
    heap->looked = mn_atomic_load_relaxed(&mni_ages_looks);
    for (unsigned other = mni_class_of(MNI_AGES_SLOT_MIN);
         other < MNI_CLASS_COUNT; other++) {
        struct mni_bin *bin = &heap->bins[other];
        struct mni_slab *slab = bin->current;
        if (slab == NULL || other == class || mni_ages_of(slab)->current++ == 0)
            continue;
        mni_bin_retire(heap, bin);
        mni_slab_release_if_empty(heap, slab);
    }
}

/* ---- one slab ---- */

/* Some pages, so that there are not more units than bits. */
static size_t ages_unit(const struct mni_slab *slab)
{
    size_t unit = mni_os_page_size();

    while (slab->span.size / unit > AGES_UNITS)
        unit *= 2;
    return unit;
}

/* The units that lie wholly between two offsets. */
static uint64_t ages_units(size_t from, size_t to, size_t unit)
{
    size_t first = mni_round_up(from, unit) / unit;
    size_t end = to / unit;

    if (first >= end)
        return 0;
    return UINT64_MAX >> (AGES_UNITS - (end - first)) << first;
}

/* The first slot from `index` on that is free, or that is not; slot_count if
 * there is none. */
static uint32_t ages_find(const struct mni_slab *slab, uint32_t index,
                          bool is_free)
{
    for (; index < slab->slot_count; index = (index / 64 + 1) * 64) {
        uint64_t word = mni_slab_free_word_any(slab, index / 64);
        word = (is_free ? word : ~word) >> index % 64;
        if (word != 0) {
            index += mni_lowest_bit(word);
            break;
        }
    }
    return index < slab->slot_count ? index : slab->slot_count;
}

/* The units in free slots that follow each other; the tail is as free as the
 * last slot. */
static uint64_t ages_free(const struct mni_slab *slab, size_t unit)
{
    uint64_t units = 0;
    uint32_t end = 0;

    while (end < slab->slot_count) {
        uint32_t first = ages_find(slab, end, true);
        end = ages_find(slab, first, false);
        size_t to = end == slab->slot_count ? slab->span.size
                                            : (size_t)end * slab->slot_size;
        if (first < end)
            units |= ages_units((size_t)first * slab->slot_size, to, unit);
    }
    return units;
}

/* Of some units, those that have memory. False if the system does not tell. */
static bool ages_resident(const struct mni_slab *slab, size_t unit,
                          uint64_t *units)
{
    unsigned char pages[MNI_SLAB_PAGES_MAX];
    size_t page = mni_os_page_size();
    size_t count = slab->span.size / page;
    uint64_t due = *units;

    if (count > MNI_SLAB_PAGES_MAX
        || !mni_os_resident(slab->span.start, count, pages))
        return false;
    *units = 0;
    for (; due != 0; due &= due - 1) {
        unsigned i = mni_lowest_bit(due);
        for (size_t at = 0; at < unit / page; at++)
            *units |= (uint64_t)(pages[i * (unit / page) + at] & 1) << i;
    }
    return true;
}

/* Purge units, a run at a time. True if the system took any. */
static bool ages_purge(const struct mni_slab *slab, size_t unit, uint64_t due,
                       bool now)
{
    bool any = false;

    while (due != 0) {
        unsigned first = mni_lowest_bit(due);
        uint64_t above = ~(due >> first);
        unsigned count = above == 0 ? AGES_UNITS : mni_lowest_bit(above);
        any |= mni_os_purge(slab->span.start + first * unit, count * unit, now);
        due &= ~(UINT64_MAX >> (AGES_UNITS - count) << first);
    }
    return any;
}

/* Look at a slab of which nothing is handed out. True if any was purged. */
static bool ages_look(struct mni_ages_look *look, const struct mni_slab *slab,
                      struct mni_ages *ages)
{
    size_t unit = ages_unit(slab);
    uint64_t idle = ages_free(slab, unit);
    uint64_t due = idle;

    if (!look->everything)
        due &= ages->aged & ages->old & ~ages->offered;
    ages->old = idle & ages->aged;
    ages->aged = idle;
    look->waiting |= (idle & ~ages->offered & ~due) != 0;
    if (due == 0)
        return false;
    uint64_t resident = due;
    if (!ages_resident(slab, unit, &resident) && look->everything)
        resident &= ~ages->offered;
    ages->offered |= due;
    if (resident != 0)
        mni_stock_loosen(&mni_stock, &slab->span);
    return ages_purge(slab, unit, resident, !look->lazy);
}

/* ---- all of them ---- */

bool mni_ages_news(void)
{
    return mn_atomic_load_relaxed(&ages_noted);
}

bool mni_ages_begin(struct mni_ages_look *look)
{
    if (!look->everything && ages_pause > 0) {
        ages_pause--;
        look->waiting = true;
        return false;
    }
    if (!look->everything && mn_atomic_load_relaxed(&ages_noted)) {
        mn_atomic_store_relaxed(&ages_noted, false);
        ages_follow = AGES_DUE;
    }
    if (!look->everything && ages_follow == 0)
        return false;
    if (!look->everything)
        ages_follow--;
    (void)mn_atomic_add_relaxed(&mni_ages_looks, 1);
    return true;
}

/* True if any of the slab was purged. */
static bool ages_visit(struct mni_ages_look *look, struct mni_slab *slab)
{
    struct mni_ages *ages = mni_ages_of(slab);
    uint32_t idle = MNI_AGES_IDLE;

    /* Acquire: pairs with the release in mni_ages_leave. */
    if (!mn_atomic_cas_strong_acquire(&ages->state, &idle, MNI_AGES_LOOKED))
        return false;
    bool any = ages_look(look, slab, ages);
    /* Release: pairs with the acquire in mni_ages_take. */
    mn_atomic_store_release(&ages->state, MNI_AGES_IDLE);
    look->any |= any;
    return any;
}

bool mni_ages_go_on(struct mni_ages_look *look)
{
    int purged = 0;

    for (int left = AGES_STEP; left > 0 && purged < AGES_STEP_PURGED; left--) {
        struct mni_span *span = mni_stock_next_slots(&mni_stock, &look->place);
        if (span != NULL) {
            look->place.offset += span->size;
            look->slabs++;
            purged += ages_visit(look, mni_slab_cast(&span->owner));
        } else if (look->place.end) {
            if (look->waiting)
                ages_follow = AGES_DUE;
            look->waiting = ages_follow != 0;
            ages_pause = look->slabs / AGES_MANY;
            return true;
        }
    }
    return false;
}
