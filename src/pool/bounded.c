/* SPDX-License-Identifier: MIT */
/* bounded.c -- a bit for each slot, which whoever changes it first has.
 *
 * A slot is taken by clearing its bit, and released by setting it, each with
 * one atomic operation whose result is the word before: who cleared a set bit
 * has the slot, and who sets a set bit releases twice. No slot is linked to
 * another, so there is nothing that could have changed and changed back.
 *
 * Where to look is a hint: the word of the last release, and where there are
 * many words a second level with a bit for each that may not be empty. A hint
 * may be wrong, so NULL is answered only after a look at all words, during
 * which no release was missed: releases that find somebody searching count
 * themselves, and the search begins again when they did.
 *
 * A tool that watches is told what is free. AddressSanitizer gets no call
 * stacks: they take its malloc, which handlers must not use.
 */
#include <mn/bounded.h>

#include "base/assert.h"
#include "base/atomic_word.h"
#include "base/bits.h"
#include "base/watch.h"

enum {
    BOUNDED_BITS = 32,
    BOUNDED_FLAT = 64 /* so many words are looked at one after the other */
};

static const uint32_t bounded_none = UINT32_MAX;

/* ---- words ---- */

/* Begin a critical section, where one is needed. */
static uintptr_t bounded_enter(const struct mn_bounded *pool)
{
    return __builtin_expect(pool->mask == NULL, 1) ? 0 : pool->mask();
}

static void bounded_leave(const struct mn_bounded *pool, uintptr_t before)
{
    if (__builtin_expect(pool->mask != NULL, 0))
        pool->unmask(before);
}

/* One order for all: see bounded_search. Release, too: pairs with the acquire
 * in bounded_and, so that what was done to the slot is over. */
static uint32_t bounded_or(struct mn_bounded *pool, uint32_t *word,
                           uint32_t bits)
{
    uintptr_t masked = bounded_enter(pool);
    uint32_t before = mni_word_or(word, bits);

    bounded_leave(pool, masked);
    return before;
}

/* Acquire: pairs with the release in bounded_or. */
static uint32_t bounded_and(struct mn_bounded *pool, uint32_t *word,
                            uint32_t bits)
{
    uintptr_t masked = bounded_enter(pool);
    uint32_t before = mni_word_and(word, bits);

    bounded_leave(pool, masked);
    return before;
}

/* One order for all: see bounded_search. */
static void bounded_add(struct mn_bounded *pool, uint32_t *word, uint32_t value)
{
    uintptr_t masked = bounded_enter(pool);

    (void)mni_word_add(word, value);
    bounded_leave(pool, masked);
}

static uint32_t bounded_bit(uint32_t index)
{
    return UINT32_C(1) << index % BOUNDED_BITS;
}

/* The bits of word `at` that stand for slots. */
static uint32_t bounded_all(const struct mn_bounded *pool, uint32_t at)
{
    uint32_t count = pool->slot_count - at * BOUNDED_BITS;

    return UINT32_MAX >> (count < BOUNDED_BITS ? BOUNDED_BITS - count : 0);
}

/* ---- for a tool that watches ---- */

static struct mni_watched bounded_watched(const struct mn_bounded *pool)
{
    return (struct mni_watched){
        .tool = (enum mni_tool)pool->tool,
        .size = pool->slot_size,
        .stride = pool->slot_size,
    };
}

static __attribute__((noinline)) void
bounded_tell_alloc(const struct mn_bounded *pool, void *block)
{
    const struct mni_watched watched = bounded_watched(pool);

    mni_watch_alloc(&watched, NULL, block);
}

/* ---- the life of a pool ---- */

static uint32_t bounded_words(uint32_t count)
{
    return (count + (BOUNDED_BITS - 1)) / BOUNDED_BITS;
}

enum mn_status mn_bounded_init(struct mn_bounded *pool,
                               const struct mn_bounded_place *place)
{
    size_t size;

    if (place->memory == NULL || place->control == NULL || place->slot_size == 0
        || place->slot_count == 0
        || !mni_multiply(place->slot_size, place->slot_count, &size)
        || size > UINT32_MAX
        || (place->mask == NULL) != (place->unmask == NULL))
        return MN_ERR_INVALID;
    if (place->mask == NULL && !MNI_WORDS_ARE_ATOMIC)
        return MN_ERR_UNSUPPORTED;

    uint32_t count = (uint32_t)place->slot_count;
    uint32_t words = bounded_words(count);
    *pool = (struct mn_bounded){
        .start = place->memory,
        .words = place->control,
        .tops = words > BOUNDED_FLAT ? place->control + words : NULL,
        .slot_size = (uint32_t)place->slot_size,
        .slot_count = count,
        .word_count = words,
        .mask = place->mask,
        .unmask = place->unmask,
        .tool =
            place->unwatched ? MNI_TOOL_NONE : (unsigned char)mni_watch_tool(),
    };
    mni_watch_close((enum mni_tool)pool->tool, pool->start, size);
    for (uint32_t at = 0; at < words; at++)
        mni_word_store(&pool->words[at], bounded_all(pool, at));
    for (uint32_t at = 0; pool->tops != NULL && at < bounded_words(words); at++)
        mni_word_store(&pool->tops[at], UINT32_MAX);
    return MN_OK;
}

/* ---- taking ---- */

/* Word `at` has just become empty. Who has set its top again since set a bit
 * in it before: that is seen here, and the top stays or is set. */
static void bounded_emptied(struct mn_bounded *pool, uint32_t at)
{
    uint32_t *top = &pool->tops[at / BOUNDED_BITS];

    (void)bounded_and(pool, top, ~bounded_bit(at));
    if (mni_word_load(&pool->words[at]) != 0)
        (void)bounded_or(pool, top, bounded_bit(at));
}

/* Take a slot whose bit is in word `at`, or none. */
static uint32_t bounded_take(struct mn_bounded *pool, uint32_t at)
{
    uint32_t seen = mni_word_load(&pool->words[at]);

    while (seen != 0) {
        uint32_t index = at * BOUNDED_BITS + (uint32_t)__builtin_ctz(seen);
        uint32_t bit = bounded_bit(index);
        seen = bounded_and(pool, &pool->words[at], ~bit);
        if ((seen & bit) == 0)
            continue; /* another call was faster */
        if (seen == bit && pool->tops != NULL)
            bounded_emptied(pool, at);
        return index;
    }
    return bounded_none;
}

/* Take a slot of a word that the second level tells of, or none. */
static uint32_t bounded_take_by_tops(struct mn_bounded *pool)
{
    uint32_t count = bounded_words(pool->word_count);

    for (uint32_t i = 0; i < count; i++) {
        uint32_t seen = mni_word_load(&pool->tops[i]);
        for (; seen != 0; seen &= seen - 1) {
            uint32_t at = i * BOUNDED_BITS + (uint32_t)__builtin_ctz(seen);
            uint32_t index =
                at < pool->word_count ? bounded_take(pool, at) : bounded_none;
            if (index != bounded_none)
                return index;
        }
    }
    return bounded_none;
}

static uint32_t bounded_take_any(struct mn_bounded *pool)
{
    for (uint32_t at = 0; at < pool->word_count; at++) {
        uint32_t index = mni_word_load_in_order(&pool->words[at]) == 0
                             ? bounded_none
                             : bounded_take(pool, at);
        if (index != bounded_none)
            return index;
    }
    return bounded_none;
}

/* Take a slot, or be certain that there is none. In the one order of what is
 * marked so, a release sets its bit and then looks for searchers, and a search
 * counts itself as one and then looks for bits: one of them sees the other. A
 * slot that is free when the search ends, and whose word it saw empty, was
 * released during it, and that was counted before the release returned. */
static __attribute__((noinline)) uint32_t
bounded_search(struct mn_bounded *pool)
{
    uint32_t index;
    uint32_t moved;

    bounded_add(pool, &pool->searchers, 1);
    do {
        moved = mni_word_load_in_order(&pool->moved);
        index = bounded_take_any(pool);
    } while (index == bounded_none
             && mni_word_load_in_order(&pool->moved) != moved);
    bounded_add(pool, &pool->searchers, UINT32_MAX);
    return index;
}

/* Written only when it changes: it is read by everybody. */
static void bounded_look_first(struct mn_bounded *pool, uint32_t at)
{
    if (mni_word_load(&pool->hint) != at)
        mni_word_store(&pool->hint, at);
}

void *mn_bounded_alloc(struct mn_bounded *pool)
{
    uint32_t index = bounded_take(pool, mni_word_load(&pool->hint));

    if (__builtin_expect(index == bounded_none, 0)) {
        if (pool->tops != NULL)
            index = bounded_take_by_tops(pool);
        if (index == bounded_none)
            index = bounded_search(pool);
        if (index == bounded_none)
            return NULL;
        bounded_look_first(pool, index / BOUNDED_BITS);
    }
    void *block = pool->start + (size_t)index * pool->slot_size;
    if (__builtin_expect(pool->tool != MNI_TOOL_NONE, 0))
        bounded_tell_alloc(pool, block);
    return block;
}

/* ---- releasing ---- */

/* The number of the slot that begins at `block`, if any, out or not. */
static bool bounded_index(const struct mn_bounded *pool, const void *block,
                          uint32_t *index)
{
    uintptr_t offset = (uintptr_t)block - (uintptr_t)pool->start;

    if (offset >= (uintptr_t)pool->slot_count * pool->slot_size)
        return false;
    *index = (uint32_t)offset / pool->slot_size;
    return (uint32_t)offset % pool->slot_size == 0;
}

static _Noreturn __attribute__((noinline, cold)) void
bounded_stop(const struct mn_bounded *pool, const void *block)
{
    const struct mni_watched watched = bounded_watched(pool);
    struct mn_block found;

    mni_watch_refuse(&watched, NULL, block);
    if (!mn_bounded_block_at(pool, block, &found))
        mni_stop_at("release", block, "foreign address", NULL);
    mni_stop_at("release", block,
                found.start != block ? "pointer into a block"
                                     : "block is already free",
                &found);
}

/* Before others may have it. */
static __attribute__((noinline)) void
bounded_tell_free(const struct mn_bounded *pool, void *block, uint32_t index)
{
    const struct mni_watched watched = bounded_watched(pool);
    uint32_t word = mni_word_load(&pool->words[index / BOUNDED_BITS]);

    if ((word & bounded_bit(index)) != 0)
        bounded_stop(pool, block);
    mni_watch_free(&watched, NULL, block);
}

void mn_bounded_release(struct mn_bounded *pool, void *block)
{
    uint32_t index;

    if (block == NULL)
        return;
    if (!bounded_index(pool, block, &index))
        bounded_stop(pool, block);
    if (__builtin_expect(pool->tool != MNI_TOOL_NONE, 0))
        bounded_tell_free(pool, block, index);
    uint32_t at = index / BOUNDED_BITS;
    uint32_t before = bounded_or(pool, &pool->words[at], bounded_bit(index));
    if ((before & bounded_bit(index)) != 0)
        bounded_stop(pool, block);
    if (before == 0 && pool->tops != NULL)
        (void)bounded_or(pool, &pool->tops[at / BOUNDED_BITS], bounded_bit(at));
    bounded_look_first(pool, at);
    if (__builtin_expect(mni_word_load_in_order(&pool->searchers) != 0, 0))
        bounded_add(pool, &pool->moved, 1);
}

static bool bounded_end_slot(const struct mn_block *block, void *context)
{
    const struct mni_watched *watched = context;

    if (block->state == MN_ALLOCATED)
        mni_watch_free(watched, NULL, block->start);
    return true;
}

void mn_bounded_finish(struct mn_bounded *pool)
{
    struct mni_watched watched = bounded_watched(pool);

    if (watched.tool != MNI_TOOL_NONE) {
        (void)mn_bounded_walk(pool, bounded_end_slot, &watched);
        mni_watch_open(watched.tool, pool->start,
                       (size_t)pool->slot_count * pool->slot_size);
    }
    *pool = (struct mn_bounded){0};
}

/* ---- looking ---- */

size_t mn_bounded_count_free(const struct mn_bounded *pool)
{
    size_t count = 0;

    for (uint32_t at = 0; at < pool->word_count; at++)
        count += mni_count_bits(mni_word_load(&pool->words[at]));
    return count;
}

static struct mn_block bounded_slot(const struct mn_bounded *pool,
                                    uint32_t index)
{
    uint32_t word = mni_word_load(&pool->words[index / BOUNDED_BITS]);

    return (struct mn_block){
        .start = pool->start + (size_t)index * pool->slot_size,
        .size = pool->slot_size,
        .perm = MN_PERM_RW,
        .state = (word & bounded_bit(index)) != 0 ? MN_FREE : MN_ALLOCATED,
    };
}

bool mn_bounded_block_at(const void *pool, const void *address,
                         struct mn_block *block)
{
    const struct mn_bounded *bounded = pool;
    uintptr_t offset = (uintptr_t)address - (uintptr_t)bounded->start;

    if (offset >= (uintptr_t)bounded->slot_count * bounded->slot_size)
        return false;
    *block = bounded_slot(bounded, (uint32_t)offset / bounded->slot_size);
    return true;
}

bool mn_bounded_walk(const struct mn_bounded *pool, mn_block_fn visit,
                     void *context)
{
    for (uint32_t index = 0; index < pool->slot_count; index++) {
        struct mn_block block = bounded_slot(pool, index);
        if (!visit(&block, context))
            return false;
    }
    return true;
}

/* Whether the second level knows of each word that is not empty. */
static bool bounded_check_top(const struct mn_bounded *pool, uint32_t at)
{
    uint32_t top = mni_word_load(&pool->tops[at / BOUNDED_BITS]);

    return mni_word_load(&pool->words[at]) == 0 || (top & bounded_bit(at)) != 0;
}

bool mn_bounded_check(const struct mn_bounded *pool)
{
    if (pool->slot_size == 0 || pool->slot_count == 0
        || pool->word_count != bounded_words(pool->slot_count)
        || mni_word_load(&pool->hint) >= pool->word_count
        || mni_word_load(&pool->searchers) != 0)
        return false;
    for (uint32_t at = 0; at < pool->word_count; at++) {
        uint32_t word = mni_word_load(&pool->words[at]);
        if ((word & ~bounded_all(pool, at)) != 0
            || (pool->tops != NULL && !bounded_check_top(pool, at)))
            return false;
    }
    return true;
}
