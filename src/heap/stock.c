/* SPDX-License-Identifier: MIT */
/* stock.c -- arenas behind one lock, each twice as large as the one before. */
#include "heap/stock.h"

#include <string.h>

#include "base/assert.h"
#include "base/bits.h"
#include "heap/arena.h"
#include "heap/cache.h"
#include "heap/cells.h"
#include "heap/options.h"
#include "heap/purge.h"
#include "heap/report.h"
#include "os/os.h"
#include "space/meta.h"

struct mni_stock mni_stock = {.lock = {.order = MNI_LOCK_STOCK}};

enum {
    STOCK_MEBIBYTE = 1024 * 1024,
    STOCK_ROOM = 4, /* times its size is the place of a block that grows */
    STOCK_ROOM_MAX = 64 * STOCK_MEBIBYTE, /* larger ones take any place */
    STOCK_APART_MIN = STOCK_MEBIBYTE / 2,
    STOCK_NEAR = 4096 /* cells that a walk looks at in one go */
};

/* Arenas grow to this size; larger blocks get one as large as they need. */
static const size_t stock_arena_most = (size_t)1 << 36;

bool mni_stock_lock(struct mni_stock *stock)
{
    if (!mni_lock_enter(&stock->lock))
        return false;
    (void)mn_atomic_add_relaxed(&stock->changes, 1);
    return true;
}

bool mni_stock_lock_to_fork(struct mni_stock *stock, uint32_t orders)
{
    if (!mni_lock_enter_to_fork(&stock->lock, orders))
        return false;
    if (mni_lock_is_by_fork(&stock->lock) && stock->lock.forks == 1)
        (void)mn_atomic_add_relaxed(&stock->changes, 1);
    return true;
}

void mni_stock_unlock(struct mni_stock *stock)
{
    (void)mn_atomic_add_relaxed(&stock->changes, 1);
    mni_lock_leave(&stock->lock);
}

void mni_stock_unlock_after_fork(struct mni_stock *stock)
{
    if (mni_lock_ends_fork(&stock->lock))
        mni_stock_unlock(stock);
}

void mni_stock_after_fork(struct mni_stock *stock)
{
    if (mni_lock_after_fork(&stock->lock))
        (void)mn_atomic_add_relaxed(&stock->changes, 1);
}

static struct mni_arena *stock_arena_of(struct mni_stock *stock,
                                        const void *address)
{
    uint32_t count = mn_atomic_load_relaxed(&stock->arena_count);

    for (uint32_t i = 0; i < count; i++)
        if ((uintptr_t)address - (uintptr_t)stock->arenas[i]->start
            < stock->arenas[i]->size)
            return stock->arenas[i];
    mni_stop("a span of no arena");
}

/* Note how much is committed, after each change. True if the caller must call
 * mni_purge_start when it has left the lock. */
static bool stock_note(struct mni_stock *stock)
{
    size_t records = mni_map_committed() + mni_meta_committed();
    size_t committed = records;

    for (uint32_t i = 0; i < mn_atomic_load_relaxed(&stock->arena_count); i++)
        committed +=
            stock->arenas[i]->committed + stock->arenas[i]->control_committed;
    if (committed > stock->committed_peak)
        stock->committed_peak = committed;
    mn_atomic_store_relaxed(&mni_report_window.records, records);
    mn_atomic_store_relaxed(&mni_report_window.reserved,
                            mni_map_reserved() + mni_meta_reserved());
    return mni_purge_wants_start(committed);
}

/* ---- growing ---- */

/* How large an arena to try for. Where addresses are limited, arenas are an
 * eighth of the limit each. */
static size_t stock_arena_size(struct mni_stock *stock)
{
    size_t size = stock->next_size;
    size_t limit;

    (void)mni_os_addresses(&limit);
    if (size == 0)
        size = (size_t)mni_option(MNI_OPTION_RESERVE) * STOCK_MEBIBYTE;
    if (size > limit / 8)
        size = limit / 8;
    return mni_round_up(size, MNI_CELL_SIZE);
}

/* Make an arena of exactly this size, from one that was given up if that can
 * be. */
static struct mni_arena *stock_try_arena(struct mni_stock *stock, size_t size)
{
    uint32_t count = mn_atomic_load_relaxed(&stock->arena_count);

    for (uint32_t i = 0; i < count; i++)
        if (mni_arena_renew(stock->arenas[i], size))
            return stock->arenas[i];
    if (count == MNI_ARENAS_MAX)
        return NULL;
    struct mni_arena *arena = mni_arena_create(stock, size);
    if (arena == NULL)
        return NULL;
    stock->arenas[count] = arena;
    /* Release: pairs with the acquire of those that look without the lock. */
    mn_atomic_store_release(&stock->arena_count, count + 1);
    return arena;
}

/* The same for the size that is wanted, or half of it, and so on. */
static struct mni_arena *stock_try_arenas(struct mni_stock *stock,
                                          size_t wanted, size_t least)
{
    struct mni_arena *arena = stock_try_arena(stock, wanted);

    while (arena == NULL && wanted > least) {
        wanted /= 2;
        wanted = wanted > least ? mni_round_up(wanted, MNI_CELL_SIZE) : least;
        arena = stock_try_arena(stock, wanted);
    }
    return arena;
}

/* Where addresses are scarce, those of arenas that are free as a whole are of
 * more use elsewhere. */
static bool stock_give_up_arenas(struct mni_stock *stock)
{
    uint32_t count = mn_atomic_load_relaxed(&stock->arena_count);
    bool any = false;

    for (uint32_t i = 0; i < count; i++)
        any |= mni_arena_give_up(stock->arenas[i]);
    return any;
}

static struct mni_arena *stock_add_arena(struct mni_stock *stock, size_t least)
{
    size_t wanted = stock_arena_size(stock);

    if (stock->fixed)
        return NULL;
    if (wanted < least)
        wanted = least;
    struct mni_arena *arena = stock_try_arenas(stock, wanted, least);
    if (arena == NULL && stock_give_up_arenas(stock))
        arena = stock_try_arenas(stock, wanted, least);
    if (arena != NULL && arena->size < stock_arena_most)
        stock->next_size = 2 * arena->size;
    return arena;
}

static void *stock_take_cells(struct mni_stock *stock, size_t size,
                              size_t align, bool *zero)
{
    uint32_t count = mn_atomic_load_relaxed(&stock->arena_count);
    size_t padded;

    for (uint32_t i = 0; i < count; i++) {
        if (stock->arenas[i]->size < size)
            continue;
        void *start = mni_arena_take(stock->arenas[i], size, align, zero);
        if (start != NULL)
            return start;
    }
    if (!mni_add(size, align > MNI_CELL_SIZE ? align : 0, &padded))
        return NULL;
    /* A search by class may miss a block that just fits, so ask for more. */
    if (!mni_add(padded, padded / 16 + MNI_CELL_SIZE, &padded))
        return NULL;
    struct mni_arena *arena =
        stock_add_arena(stock, mni_round_up(padded, MNI_CELL_SIZE));
    return arena == NULL ? NULL : mni_arena_take(arena, size, align, zero);
}

/* Cells with room behind them, which stays free. Large blocks that grow keep
 * their distance from each other, by an alignment; small ones would spread
 * over more memory than they need, and are soon copied. */
static void *stock_take_roomy(struct mni_stock *stock, size_t size, bool *zero)
{
    uint32_t count = mn_atomic_load_relaxed(&stock->arena_count);
    size_t room = MNI_CELL_SIZE;

    if (size > STOCK_ROOM_MAX)
        return NULL;
    while (room < STOCK_ROOM * size)
        room *= 2;
    size_t align = size < STOCK_APART_MIN ? MNI_CELL_SIZE : room;
    for (uint32_t i = 0; i < count; i++) {
        void *start =
            mni_arena_take_roomy(stock->arenas[i], size, align, room, zero);
        if (start != NULL)
            return start;
    }
    return NULL;
}

/* ---- records of spans ---- */

static struct mni_span *stock_new_record(struct mni_stock *stock, void *start,
                                         size_t record_size)
{
    if (!stock->fixed)
        return mni_meta_new(record_size);
    struct mni_arena *arena = stock->arenas[0];
    size_t cell = ((uintptr_t)start - (uintptr_t)arena->start) / MNI_CELL_SIZE;
    unsigned char *record = arena->records + cell * MNI_ARENA_RECORD;
    MN_ASSERT(record_size <= MNI_ARENA_RECORD);
    memset(record, 0, record_size);
    return (struct mni_span *)(void *)record;
}

static void stock_delete_record(struct mni_stock *stock, struct mni_span *span)
{
    if (!stock->fixed)
        mni_meta_delete(span, span->record_size);
}

/* ---- spans ---- */

/* The limit of the process is not about memory that the user gave. */
static struct mni_limit *stock_limit(const struct mni_stock *stock)
{
    return stock->fixed ? NULL : &mni_limit_process;
}

/* As stock_note. */
static bool stock_count(struct mni_stock *stock, struct mni_limit *limit,
                        size_t size)
{
    mni_limit_add(stock_limit(stock), size);
    mni_limit_add(limit, size);
    return stock_note(stock);
}

static void stock_discount(struct mni_stock *stock, struct mni_limit *limit,
                           size_t size)
{
    mni_limit_sub(stock_limit(stock), size);
    mni_limit_sub(limit, size);
}

/* Cells and a record for them. */
static struct mni_span *stock_take_span(struct mni_stock *stock, size_t size,
                                        const struct mni_stock_request *request,
                                        bool *zero)
{
    size_t align = request->align;
    bool roomy = align == MNI_ALIGN_ROOM;
    void *start = roomy ? stock_take_roomy(stock, size, zero) : NULL;

    if (start == NULL)
        start =
            stock_take_cells(stock, size, roomy ? MNI_CELL_SIZE : align, zero);
    if (start == NULL)
        return NULL;
    struct mni_span *span =
        stock_new_record(stock, start, request->record_size);
    if (span == NULL) {
        mni_arena_return(stock_arena_of(stock, start), start, size);
        return NULL;
    }
    span->start = start;
    span->size = size;
    span->source = stock;
    span->record_size = (uint32_t)request->record_size;
    if (request->slots)
        mni_arena_note_slots(stock_arena_of(stock, start), start);
    return span;
}

static struct mni_span *stock_take(struct mni_stock *stock,
                                   const struct mni_stock_request *request,
                                   bool *zero)
{
    struct mni_limit *process = stock_limit(stock);
    struct mni_span *span = NULL;
    bool grown = false;

    if (request->size == 0 || request->size > PTRDIFF_MAX - MNI_CELL_SIZE)
        return NULL;
    size_t size = mni_round_up(request->size, MNI_CELL_SIZE);
    if (!mni_stock_lock(stock))
        return NULL;
    if (mni_limit_admits(process, request->limit, size)) {
        span = stock_take_span(stock, size, request, zero);
        if (span != NULL)
            grown = stock_count(stock, request->limit, size);
        else
            mni_limit_no_memory(process, request->limit);
    }
    mni_stock_unlock(stock);
    if (grown)
        mni_purge_start();
    return span;
}

struct mni_span *mni_stock_take(struct mni_stock *stock,
                                const struct mni_stock_request *request,
                                bool *zero)
{
    struct mni_span *span = stock_take(stock, request, zero);

    /* What threads keep may be just what is wanting; it is never a heap's. */
    if (span == NULL && !stock->fixed && !mni_limit_by_heap()
        && mni_cache_age(true))
        span = stock_take(stock, request, zero);
    return span;
}

void mni_stock_map(struct mni_span *span)
{
    mni_map_set(span->start, span->size, &span->owner);
}

static void stock_return_cells(struct mni_stock *stock, struct mni_span *span,
                               struct mni_limit *limit)
{
    stock_discount(stock, limit, span->size);
    mni_arena_return(stock_arena_of(stock, span->start), span->start,
                     span->size);
    mni_purge_returned(stock);
}

void mni_stock_return_cells(struct mni_span *span)
{
    stock_return_cells(&mni_stock, span, NULL);
}

void mni_stock_delete_record(struct mni_span *span)
{
    stock_delete_record(&mni_stock, span);
}

bool mni_stock_return(struct mni_span *span, struct mni_limit *limit)
{
    struct mni_stock *stock = span->source;

    if (!mni_stock_lock(stock))
        return false;
    stock_return_cells(stock, span, limit);
    stock_delete_record(stock, span);
    uint64_t looked = stock->looked;
    mni_stock_unlock(stock);
    if (!stock->fixed)
        mni_cache_tick(looked);
    return true;
}

bool mni_stock_resize(struct mni_span *span, size_t size,
                      struct mni_limit *limit)
{
    struct mni_stock *stock = span->source;
    size_t before = span->size;

    if (size == 0 || size > PTRDIFF_MAX - MNI_CELL_SIZE)
        return false;
    size = mni_round_up(size, MNI_CELL_SIZE);
    if (size == before)
        return true;
    if (!mni_stock_lock(stock))
        return false;
    bool grown = false;
    bool done = (size < before
                 || mni_limit_admits(stock_limit(stock), limit, size - before))
                && mni_arena_resize(stock_arena_of(stock, span->start),
                                    span->start, before, size);
    if (done && size > before) {
        mni_map_set(span->start + before, size - before, &span->owner);
        grown = stock_count(stock, limit, size - before);
    } else if (done) {
        stock_discount(stock, limit, before - size);
    }
    if (done)
        span->size = size;
    mni_stock_unlock(stock);
    if (grown)
        mni_purge_start();
    return done;
}

/* ---- looking at everything ---- */

/* The span that begins at this cell, or NULL. Spans are mapped without the
 * lock, so a walk may come to the middle of one whose start it saw as free: to
 * go on by the size of that span would pass over the start of the next one. */
static struct mni_span *stock_span_at(const struct mni_arena *arena,
                                      size_t offset)
{
    const unsigned char *cell = arena->start + offset;
    struct mn_owner *owner = mni_map_ground(cell);

    if (owner == NULL || owner == &arena->owner)
        return NULL;
    struct mni_span *span = (struct mni_span *)owner;
    return span->start == cell ? span : NULL;
}

bool mni_stock_walk(struct mni_stock *stock, mni_span_fn visit, void *context)
{
    for (uint32_t i = 0; i < mn_atomic_load_relaxed(&stock->arena_count); i++) {
        struct mni_arena *arena = stock->arenas[i];
        size_t offset = 0;
        while (offset < arena->committed) {
            struct mni_span *span = stock_span_at(arena, offset);
            offset += span == NULL ? MNI_CELL_SIZE : span->size;
            if (span != NULL && !visit(span, context))
                return false;
        }
    }
    return true;
}

struct mni_span *mni_stock_next(struct mni_stock *stock,
                                struct mni_stock_place *place)
{
    uint32_t count = mn_atomic_load_relaxed(&stock->arena_count);

    for (int i = 0; i < STOCK_NEAR && place->arena < count; i++) {
        const struct mni_arena *arena = stock->arenas[place->arena];
        struct mni_span *span = place->offset < arena->committed
                                    ? stock_span_at(arena, place->offset)
                                    : NULL;
        if (span != NULL)
            return span;
        place->offset += MNI_CELL_SIZE;
        if (place->offset >= arena->committed) {
            place->arena++;
            place->offset = 0;
        }
    }
    place->end = place->arena >= count;
    return NULL;
}

void mni_stock_loosen(struct mni_stock *stock, const struct mni_span *span)
{
    mni_arena_loosen(stock_arena_of(stock, span->start));
}

/* Go on to the next cell that is noted in this word of bits, or to the word
 * after it. True if there is such a cell. */
static bool stock_find_slots(const struct mni_arena *arena,
                             struct mni_stock_place *place)
{
    size_t cell = place->offset / MNI_CELL_SIZE;
    uint64_t word = arena->slots[cell / 64] & UINT64_MAX << cell % 64;
    size_t next = word == 0 ? mni_cells_next(cell)
                            : cell / 64 * 64 + mni_lowest_bit(word);

    place->offset = next * MNI_CELL_SIZE;
    return word != 0;
}

struct mni_span *mni_stock_next_slots(struct mni_stock *stock,
                                      struct mni_stock_place *place)
{
    uint32_t count = mn_atomic_load_relaxed(&stock->arena_count);

    for (int i = 0; i < STOCK_NEAR && place->arena < count; i++) {
        const struct mni_arena *arena = stock->arenas[place->arena];
        if (place->offset >= arena->committed) {
            place->arena++;
            place->offset = 0;
        } else if (stock_find_slots(arena, place)) {
            struct mni_span *span = stock_span_at(arena, place->offset);
            if (span != NULL)
                return span;
            place->offset += MNI_CELL_SIZE; /* taken, and not mapped yet */
        }
    }
    place->end = place->arena >= count;
    return NULL;
}

/* Count a cell that is in no span. */
static void stock_survey_cell(const struct mni_arena *arena, size_t offset,
                              struct mni_stock_survey *survey)
{
    size_t cell = offset / MNI_CELL_SIZE;

    if (!mni_cells_get(arena->dirty, cell))
        survey->untouched += MNI_CELL_SIZE;
    else if (mni_cells_get(arena->aged, cell)
             || mni_cells_get(arena->old, cell))
        survey->purgeable += MNI_CELL_SIZE;
    else
        survey->spans += MNI_CELL_SIZE;
}

void mni_stock_survey(struct mni_stock *stock, struct mni_stock_survey *survey,
                      mni_span_fn visit, void *context)
{
    *survey = (struct mni_stock_survey){0};
    for (uint32_t i = 0; i < mn_atomic_load_relaxed(&stock->arena_count); i++) {
        const struct mni_arena *arena = stock->arenas[i];
        size_t offset = 0;
        survey->committed += arena->committed + arena->control_committed;
        survey->metadata += arena->control_committed;
        survey->reserved += arena->size + arena->control_size;
        while (offset < arena->committed) {
            struct mni_span *span = stock_span_at(arena, offset);
            if (span == NULL)
                stock_survey_cell(arena, offset, survey);
            else
                (void)visit(span, context);
            offset += span == NULL ? MNI_CELL_SIZE : span->size;
        }
    }
}

bool mni_stock_has(struct mni_stock *stock, const struct mni_span *span)
{
    struct mn_block block;

    return span->source == stock
           && mn_region_block_at(
               &stock_arena_of(stock, span->start)->tiled.region, span->start,
               &block)
           && block.start == span->start && block.size == span->size
           && block.state == MN_ALLOCATED;
}

bool mni_stock_check(struct mni_stock *stock)
{
    for (uint32_t i = 0; i < mn_atomic_load_relaxed(&stock->arena_count); i++) {
        const struct mni_arena *arena = stock->arenas[i];
        if (arena->size == 0)
            continue;
        if (arena->committed > arena->size
            || arena->control_committed > arena->control_size
            || !mn_region_check(&arena->tiled.region))
            return false;
    }
    return true;
}

/* ---- in memory of the user ---- */

size_t mni_stock_fixed_min(void)
{
    return 8 * (size_t)MNI_CELL_SIZE;
}

bool mni_stock_init_fixed(struct mni_stock *stock, void *memory, size_t size)
{
    *stock = (struct mni_stock){
        .lock = {.order = MNI_LOCK_STOCK},
        .fixed = true,
    };
    stock->arenas[0] = mni_arena_create_fixed(stock, memory, size);
    if (stock->arenas[0] == NULL)
        return false;
    mn_atomic_store_release(&stock->arena_count, 1);
    return true;
}

void mni_stock_finish_fixed(struct mni_stock *stock)
{
    struct mni_arena *arena = stock->arenas[0];

    mni_map_set(arena->start, arena->size, arena->below);
}
