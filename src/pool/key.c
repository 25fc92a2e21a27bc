/* SPDX-License-Identifier: MIT */
/* key.c -- tables of objects that are found by keys.
 *
 * Each slot has one word. While its object is there, that is the key itself, so
 * that one comparison tells whether a key is right. In a free slot it is what
 * the next key will have above the number, and in the place of the number a
 * link to the next free slot, which is never the slot itself. A slot whose last
 * key was used retires: it has no link and is on no list, so that no key is
 * ever given twice.
 *
 * Segments never move; where they are, an array tells, which grows.
 */
#include <mn/key.h>

#include "base/assert.h"
#include "base/bits.h"
#include "base/watch.h"

enum { KEYS_ROOM = 8 }; /* segments that the first array has room for */

/* A number of ones is no slot's. */
static const uintptr_t keys_most = ((uintptr_t)1 << MN_KEYS_INDEX_BITS) - 1;

static size_t keys_smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* What objects of a segment are aligned to, and so the words before them. */
static size_t keys_align(const struct mn_type *type)
{
    return type->align < sizeof(uintptr_t) ? sizeof(uintptr_t) : type->align;
}

static bool keys_is_live(const struct mn_keys *keys, uintptr_t index,
                         uintptr_t word)
{
    return (word & keys->mask) == index;
}

/* The first key of slot 0, and the step from one key of a slot to the next. */
static uintptr_t keys_step(const struct mn_keys *keys)
{
    return keys->mask + 1;
}

/* The first slot of those that are free again, or the mask. */
static uintptr_t keys_first_free(const struct mn_keys *keys)
{
    return keys->tool == MNI_TOOL_NONE ? keys->free : keys->waiting;
}

static void *keys_object(const struct mn_keys *keys, struct mn_keys_place place)
{
    return place.base + place.index * keys->type->size;
}

/* ---- segments ---- */

static size_t keys_segments(size_t count)
{
    return count / MN_KEYS_SEGMENT + (count % MN_KEYS_SEGMENT != 0);
}

/* Bytes before the objects of a segment, for the words of `count`. */
static size_t keys_before(const struct mn_type *type, size_t count)
{
    return mni_round_up(count * sizeof(uintptr_t), keys_align(type));
}

/* The most objects of a type for which no size overflows. */
static size_t keys_count_limit(const struct mn_type *type)
{
    size_t each;

    return mni_add(type->size, type->align + 4 * sizeof(uintptr_t), &each)
               ? keys_smaller(PTRDIFF_MAX / each, keys_most)
               : 0;
}

/* How many of at most `count` objects have room from `at` on, as one segment;
 * *base is where. */
static size_t keys_fit_segment(const struct mn_type *type, uintptr_t at,
                               uintptr_t end, size_t count, uintptr_t *base)
{
    if (at >= end)
        return 0;
    count = keys_smaller(count, (end - at) / (type->size + sizeof at));
    /* What is left out for alignment is less than two objects and words. */
    for (; count > 0; count--) {
        *base = mni_round_up(at + count * sizeof at, keys_align(type));
        if (*base <= end && (end - *base) / type->size >= count)
            break;
    }
    return count;
}

/* Divide the memory, first an array of segments: the objects that fit, at most
 * `count`. Segments are placed if `keys` is not NULL. */
static size_t keys_fit(const struct mn_keys_options *options, size_t count,
                       struct mn_keys *keys)
{
    const struct mn_type *type = options->type;
    uintptr_t start = (uintptr_t)options->memory;
    uintptr_t end = start + options->memory_size;
    uintptr_t at = mni_round_up(start, sizeof(uintptr_t));
    size_t fit = 0;
    size_t part = MN_KEYS_SEGMENT;

    count = keys_smaller(count, options->memory_size
                                    / (type->size + sizeof(uintptr_t)));
    if (keys != NULL) {
        keys->room = keys_segments(count);
        keys->at = (void *)((unsigned char *)options->memory + (at - start));
    }
    at += keys_segments(count) * sizeof(unsigned char *);
    while (part == MN_KEYS_SEGMENT && fit < count) {
        uintptr_t base = 0;
        part = keys_fit_segment(
            type, at, end, keys_smaller(count - fit, MN_KEYS_SEGMENT), &base);
        if (part > 0 && keys != NULL)
            keys->at[fit / MN_KEYS_SEGMENT] =
                (unsigned char *)options->memory + (base - start);
        at = base + part * type->size;
        fit += part;
    }
    return fit;
}

size_t mn_keys_fixed_size(const struct mn_type *type, size_t count)
{
    if (!mn_type_check(type) || count == 0 || count > keys_count_limit(type))
        return 0;
    /* As if each segment began one behind a right address. */
    return count * (type->size + sizeof(uintptr_t)) + sizeof(uintptr_t) - 1
           + keys_segments(count) * (sizeof(uintptr_t) + keys_align(type) - 1);
}

/* Room in the array for one segment more. */
static bool keys_provide_entry(struct mn_keys *keys)
{
    size_t used = keys_segments(keys->capacity);
    size_t room = used == 0 ? KEYS_ROOM : 2 * used;

    if (used < keys->room)
        return true;
    room = keys_smaller(room, keys_segments(keys->count_max));
    unsigned char **at =
        mn_region_alloc(keys->region, room * sizeof *at, _Alignof(void *));
    if (at == NULL)
        return false;
    for (size_t i = 0; i < used; i++)
        at[i] = keys->at[i];
    mn_region_free(keys->region, keys->at);
    keys->size += (room - keys->room) * sizeof *at;
    keys->at = at;
    keys->room = room;
    return true;
}

/* Objects of segment `s`: all but the last one are full. */
static size_t keys_segment_count(const struct mn_keys *keys, size_t s)
{
    return keys_smaller(keys->capacity - s * MN_KEYS_SEGMENT, MN_KEYS_SEGMENT);
}

/* ---- for a tool that watches ---- */

static struct mni_watched keys_watched(const struct mn_keys *keys)
{
    return (struct mni_watched){
        .tool = (enum mni_tool)keys->tool,
        .size = keys->type->size,
        .stride = keys->type->size,
    };
}

/* The stacks of the segment of a slot. */
static struct mni_stacks *keys_stacks(const struct mn_keys *keys,
                                      uintptr_t index)
{
    return keys->stacks != NULL ? keys->stacks[index / MN_KEYS_SEGMENT] : NULL;
}

/* Segment `s` has come: nobody is to touch its objects. */
static void keys_watch(struct mn_keys *keys, size_t s)
{
    const struct mni_watched watched = keys_watched(keys);
    size_t count = keys_segment_count(keys, s);

    if (watched.tool == MNI_TOOL_NONE)
        return;
    mni_watch_close(watched.tool, keys->at[s], count * watched.size);
    keys->stacks = mni_stacks_append(
        keys->stacks, s, mni_stacks_new(&watched, keys->at[s], count));
}

/* All are about to go. */
static void keys_unwatch(struct mn_keys *keys)
{
    size_t segments = keys_segments(keys->capacity);

    for (size_t s = 0; s < segments; s++)
        mni_watch_open((enum mni_tool)keys->tool, keys->at[s],
                       keys_segment_count(keys, s) * keys->type->size);
    mni_stacks_end_row(keys->stacks, segments);
    keys->stacks = NULL;
}

static void *keys_tell_alloc(const struct mn_keys *keys, uintptr_t index,
                             void *object)
{
    const struct mni_watched watched = keys_watched(keys);

    if (watched.tool != MNI_TOOL_NONE)
        mni_watch_alloc(&watched, keys_stacks(keys, index), object);
    return object;
}

static void keys_tell_free(const struct mn_keys *keys, uintptr_t index,
                           void *object)
{
    const struct mni_watched watched = keys_watched(keys);

    if (watched.tool != MNI_TOOL_NONE)
        mni_watch_free(&watched, keys_stacks(keys, index), object);
}

/* ---- the life of a table ---- */

/* One segment more, from the region. */
static bool keys_grow(struct mn_keys *keys)
{
    const struct mn_type *type = keys->type;
    size_t most = keys_smaller(keys->count_max, keys_count_limit(type));

    if (keys->region == NULL || keys->capacity >= most
        || !keys_provide_entry(keys))
        return false;
    size_t count = keys_smaller(most - keys->capacity, MN_KEYS_SEGMENT);
    size_t before = keys_before(type, count);
    size_t size = before + count * type->size;
    unsigned char *block =
        mn_region_alloc(keys->region, size, keys_align(type));
    if (block == NULL)
        return false;
    keys->at[keys->capacity / MN_KEYS_SEGMENT] = block + before;
    keys->capacity += count;
    keys->size += size;
    keys_watch(keys, (keys->capacity - 1) / MN_KEYS_SEGMENT);
    return true;
}

enum mn_status mn_keys_init(struct mn_keys *keys,
                            const struct mn_keys_options *options)
{
    const struct mn_type *type = options->type;
    size_t count = options->count_max;

    if (type == NULL || !mn_type_check(type)
        || (options->memory == NULL) == (options->region == NULL)
        || count > keys_most || (options->drop && type->drop == NULL))
        return MN_ERR_INVALID;
    if (count == 0)
        count = keys_most;
    if (options->memory != NULL) {
        count = keys_fit(options, keys_smaller(count, keys_count_limit(type)),
                         NULL);
        if (count == 0 || count < options->count_max)
            return MN_ERR_NOMEM;
    }
    unsigned bits = mni_highest_bit(count) + 1;
    *keys = (struct mn_keys){
        .mask = ((uintptr_t)1 << bits) - 1,
        .free = ((uintptr_t)1 << bits) - 1,
        .last = UINTPTR_MAX << bits,
        .count_max = count,
        .type = type,
        .region = options->region,
        .bits = bits,
        .drop = options->drop,
        .tool = options->unwatched ? MNI_TOOL_NONE
                                   : (unsigned char)mni_watch_tool(),
    };
    keys->waiting = keys->mask;
    keys->special = keys->drop || keys->tool != MNI_TOOL_NONE;
    if (options->uses_max != 0 && options->uses_max < keys->last >> bits)
        keys->last = options->uses_max << bits;
    if (options->memory != NULL) {
        keys->capacity = keys_fit(options, count, keys);
        keys->size = options->memory_size;
    }
    for (size_t s = 0; s < keys_segments(keys->capacity); s++)
        keys_watch(keys, s);
    MN_ASSERT(mn_keys_check(keys));
    return MN_OK;
}

enum mn_status mn_keys_reserve(struct mn_keys *keys, size_t count)
{
    size_t live = keys->count + keys->retired;
    bool done = count <= keys->count_max;

    while (done && keys->capacity - live < count)
        done = keys_grow(keys);
    return done ? MN_OK : MN_ERR_NOMEM;
}

/* ---- objects ---- */

/* Take a slot of the list; *next is the one behind it. */
static inline void *keys_take(struct mn_keys *keys, uintptr_t index,
                              struct mn_key *key, uintptr_t *next)
{
    uintptr_t mask = keys->mask;

    MN_CHECK(index < keys->fresh, "the records of a table are damaged");
    struct mn_keys_place place = mn_keys_place(keys, index);
    uintptr_t word = *mn_keys_word(place);
    *next = word & mask;
    key->bits = (word & ~mask) | index;
    *mn_keys_word(place) = key->bits;
    keys->count++;
    return keys_object(keys, place);
}

/* A slot that was never used; or one that waited longest, if a tool watches
 * and there are no others without growing. */
static __attribute__((noinline)) void *keys_begin(struct mn_keys *keys,
                                                  struct mn_key *key)
{
    uintptr_t index = keys->waiting;

    key->bits = 0;
    if (keys->fresh == keys->capacity && index != keys->mask)
        return keys_tell_alloc(keys, index,
                               keys_take(keys, index, key, &keys->waiting));
    if (keys->fresh == keys->capacity && !keys_grow(keys))
        return NULL;
    index = keys->fresh++;
    key->bits = keys_step(keys) | index;
    struct mn_keys_place place = mn_keys_place(keys, index);
    *mn_keys_word(place) = key->bits;
    keys->count++;
    return keys_tell_alloc(keys, index, keys_object(keys, place));
}

void *mn_keys_alloc(struct mn_keys *keys, struct mn_key *key)
{
    uintptr_t index = keys->free;

    if (__builtin_expect(index == keys->mask, 0))
        return keys_begin(keys, key);
    return keys_take(keys, index, key, &keys->free);
}

/* Make the slot, whose object is gone, the first of the list. */
static void keys_link(struct mn_keys *keys, uintptr_t *word, struct mn_key key)
{
    *word = ((key.bits | keys->mask) + 1) | keys->free;
    keys->free = key.bits & keys->mask;
}

/* Make it the last of those that wait. */
static void keys_append(struct mn_keys *keys, uintptr_t *word,
                        struct mn_key key)
{
    uintptr_t index = key.bits & keys->mask;

    *word = ((key.bits | keys->mask) + 1) | keys->mask;
    if (keys->waiting == keys->mask) {
        keys->waiting = index;
    } else {
        uintptr_t *last = mn_keys_word(mn_keys_place(keys, keys->waiting_last));
        *last = (*last & ~keys->mask) | index;
    }
    keys->waiting_last = index;
}

/* Remove an object with drop, under a tool, or one whose slot retires. It is on
 * no list while drop runs: what that inserts is put elsewhere. */
static __attribute__((noinline)) void
keys_end(struct mn_keys *keys, struct mn_keys_place place, struct mn_key key)
{
    uintptr_t *word = mn_keys_word(place);
    bool retires = key.bits >= keys->last;

    *word = keys->mask;
    keys->retired += retires;
    void *object = keys_object(keys, place);
    if (keys->drop)
        keys->type->drop(object);
    keys_tell_free(keys, key.bits & keys->mask, object);
    if (!retires && keys->tool == MNI_TOOL_NONE)
        keys_link(keys, word, key);
    else if (!retires)
        keys_append(keys, word, key);
}

bool mn_keys_remove(struct mn_keys *keys, struct mn_key key)
{
    uintptr_t index = key.bits & keys->mask;

    if (index >= keys->fresh)
        return false;
    struct mn_keys_place place = mn_keys_place(keys, index);
    if (*mn_keys_word(place) != key.bits)
        return false;
    keys->count--;
    if (__builtin_expect(keys->special || key.bits >= keys->last, 0))
        keys_end(keys, place, key);
    else
        keys_link(keys, mn_keys_word(place), key);
    return true;
}

void mn_keys_clear(struct mn_keys *keys)
{
    for (uintptr_t index = 0; index < keys->fresh; index++) {
        uintptr_t word = *mn_keys_word(mn_keys_place(keys, index));
        if (keys_is_live(keys, index, word))
            (void)mn_keys_remove(keys, (struct mn_key){word});
    }
    MN_CHECK(keys->count == 0, "drop has inserted into a table that ends");
}

void mn_keys_finish(struct mn_keys *keys)
{
    const struct mn_type *type = keys->type;

    if (keys->special)
        mn_keys_clear(keys);
    keys_unwatch(keys);
    if (keys->region != NULL) {
        for (size_t s = 0; s < keys_segments(keys->capacity); s++)
            mn_region_free(
                keys->region,
                keys->at[s] - keys_before(type, keys_segment_count(keys, s)));
        mn_region_free(keys->region, keys->at);
    }
    *keys = (struct mn_keys){.mask = keys->mask,
                             .free = keys->mask,
                             .waiting = keys->mask,
                             .last = keys->last,
                             .type = type,
                             .bits = keys->bits};
}

/* ---- looking ---- */

bool mn_keys_walk(struct mn_keys *keys, mn_keys_fn visit, void *context)
{
    for (uintptr_t index = 0; index < keys->fresh; index++) {
        struct mn_keys_place place = mn_keys_place(keys, index);
        struct mn_key key = {*mn_keys_word(place)};
        if (keys_is_live(keys, index, key.bits)
            && !visit(place.base + place.index * keys->type->size, key,
                      context))
            return false;
    }
    return true;
}

void mn_keys_read_stats(const struct mn_keys *keys, struct mn_keys_stats *stats)
{
    size_t each = keys->type->size;

    *stats = (struct mn_keys_stats){
        .live = keys->count,
        .free = keys->capacity - keys->count - keys->retired,
        .retired = keys->retired,
        .capacity = keys->capacity,
        .size = keys->size,
        .record_size = keys->capacity * sizeof(uintptr_t)
                       + keys->room * sizeof(unsigned char *),
    };
    stats->live_size = stats->live * each;
    stats->free_size = stats->free * each;
    stats->retired_size = stats->retired * each;
    stats->gap_size = keys->size - keys->capacity * each - stats->record_size;
}

/* The slots by their words: each is live, free or retired. The free ones, or
 * SIZE_MAX if the words cannot be. */
static size_t keys_check_words(const struct mn_keys *keys)
{
    size_t live = 0;
    size_t retired = 0;

    for (uintptr_t index = 0; index < keys->fresh; index++) {
        uintptr_t word = *mn_keys_word(mn_keys_place(keys, index));
        uintptr_t link = word & keys->mask;
        uintptr_t use = word >> keys->bits;
        bool was_used = use > 1 || (use == 1 && link == index);
        live += link == index;
        retired += word == keys->mask;
        if (word != keys->mask
            && (!was_used || word > keys->last + keys->mask
                || (link >= keys->fresh && link != keys->mask)))
            return SIZE_MAX;
    }
    return live == keys->count && retired == keys->retired
               ? keys->fresh - live - retired
               : SIZE_MAX;
}

/* A list that ends is without a circle, so that it has all free slots if it has
 * as many. */
static bool keys_check_free(const struct mn_keys *keys, size_t count)
{
    uintptr_t index = keys_first_free(keys);

    for (size_t i = 0; i < count; i++) {
        if (index >= keys->fresh)
            return false;
        uintptr_t word = *mn_keys_word(mn_keys_place(keys, index));
        if (keys_is_live(keys, index, word) || word == keys->mask)
            return false;
        index = word & keys->mask;
    }
    return index == keys->mask;
}

bool mn_keys_check(const struct mn_keys *keys)
{
    if (keys->type == NULL || keys->bits > MN_KEYS_INDEX_BITS
        || keys->mask != ((uintptr_t)1 << keys->bits) - 1
        || keys->count_max > keys->mask || keys->capacity > keys->count_max
        || keys->fresh > keys->capacity || keys->last <= keys->mask
        || keys->room < keys_segments(keys->capacity))
        return false;
    for (size_t s = 0; s < keys_segments(keys->capacity); s++)
        if (keys->at[s] == NULL
            || (uintptr_t)keys->at[s] % keys_align(keys->type) != 0)
            return false;
    size_t free_count = keys_check_words(keys);
    return free_count != SIZE_MAX && keys_check_free(keys, free_count);
}

void mn_keys_stop(const struct mn_keys *keys, struct mn_key key)
{
    uintptr_t index = key.bits & keys->mask;
    const char *what = "it was never given by this table";

    if (key.bits == 0) {
        what = "it is a key of nothing";
    } else if (index < keys->fresh) {
        uintptr_t word = *mn_keys_word(mn_keys_place(keys, index));
        if (word == keys->mask || key.bits >> keys->bits < word >> keys->bits)
            what = "its object was removed";
        mni_stacks_describe(keys_stacks(keys, index),
                            keys_object(keys, mn_keys_place(keys, index)));
    }
    mni_stop_at("use of key", (const void *)key.bits, what, NULL);
}
