/* SPDX-License-Identifier: MIT */
/* by_hand_tlsf.h -- a tiled region by tlsf, as one would write it for itself.
 *
 * The same algorithm as region/tiled_tlsf_16.c, in the same steps and with
 * the same checks, but written straight down: no strategy is told anything,
 * nothing is generic, there is no table. Records, lists, the bitmap of the
 * lists, and the index from granules to records are those of that kind, so
 * that answers are the same for ever. What mn/fixed.h costs is compared with
 * this. Arguments are not checked: size > 0, align is a power of two.
 *
 * That a request is refused is told by a link of 0, as there. With returns at
 * each place instead, a refusal took 11 instructions less, an exact fit up to
 * 2 less, and other requests up to 6 more: the compiler saves registers at
 * other places.
 */
#ifndef MN_BY_HAND_TLSF_H
#define MN_BY_HAND_TLSF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    HAND_CLASSES = 224,
    HAND_WORDS = HAND_CLASSES / 32 + 1, /* the last stays 0 */
    HAND_UNIT = 7,                      /* a link counts words of 16 bits */
    HAND_RECORDS = 4096,
    HAND_SPARE = 448,
    HAND_USED = 449
};

/* As everywhere here: where one is at hand, it is inlined. */
#define HAND_INLINE static inline __attribute__((always_inline))

struct hand_record {
    uint16_t start, size, left, right, prev, next, state;
};

/* The control memory, whose records are as many as there is memory for. */
struct hand_tiles {
    uint32_t capacity, count, origin, spare;
    uint32_t summary;
    uint32_t words[HAND_WORDS];
    uint16_t head[HAND_CLASSES];
    struct hand_record record[HAND_RECORDS];
};

struct hand {
    unsigned char *base;
    size_t size;
    struct hand_tiles *tiles;
    uint16_t *index;
    unsigned char granule_shift, step_shift;
};

HAND_INLINE struct hand_record *hand_at(const struct hand_tiles *tiles,
                                        uint32_t link)
{
    return (struct hand_record *)((uintptr_t)tiles->record
                                  + link * sizeof(uint16_t));
}

HAND_INLINE uint32_t hand_class(uint32_t size)
{
    uint32_t shift = (31u ^ (uint32_t)__builtin_clz(size | 16)) - 4;

    return (shift << 4) + (size >> shift);
}

/* ---- lists and their bitmap ---- */

HAND_INLINE void hand_push(struct hand_tiles *tiles, uint32_t i)
{
    struct hand_record *record = hand_at(tiles, i);
    uint32_t c = hand_class(record->size);
    uint32_t first = tiles->head[c];

    record->next = (uint16_t)first;
    record->prev = 0;
    hand_at(tiles, first)->prev = (uint16_t)i;
    tiles->head[c] = (uint16_t)i;
    record->state = (uint16_t)c;
    tiles->words[c / 32] |= 1u << c % 32;
    tiles->summary |= 1u << c / 32;
}

HAND_INLINE void hand_unlink(struct hand_tiles *tiles, uint32_t i)
{
    struct hand_record *record = hand_at(tiles, i);
    uint32_t c = record->state;
    uint32_t prev = record->prev;
    uint32_t next = record->next;

    if (prev != 0)
        hand_at(tiles, prev)->next = (uint16_t)next;
    else
        tiles->head[c] = (uint16_t)next;
    hand_at(tiles, next)->prev = (uint16_t)prev;
    record->state = HAND_USED;
    if (tiles->head[c] == 0) {
        tiles->words[c / 32] &= ~(1u << c % 32);
        if (tiles->words[c / 32] == 0)
            tiles->summary &= ~(1u << c / 32);
    }
}

/* A free block of at least `size` granules, or 0. */
HAND_INLINE uint32_t hand_find(const struct hand_tiles *tiles, uint32_t size)
{
    uint32_t c = hand_class(size);
    uint32_t first = tiles->head[c];

    if (hand_at(tiles, first)->size >= size)
        return first;
    c++;
    uint32_t w = c / 32;
    uint32_t word = tiles->words[w] >> c % 32 << c % 32;
    if (word == 0) {
        uint32_t later = tiles->summary >> (w + 1) << (w + 1);
        if (later == 0)
            return 0;
        w = (uint32_t)__builtin_ctz(later);
        word = tiles->words[w];
    }
    return tiles->head[32 * w + (uint32_t)__builtin_ctz(word)];
}

/* ---- records ---- */

/* Cut block `i` after `size` granules. The right part, used. */
HAND_INLINE uint32_t hand_split(struct hand_tiles *tiles, uint32_t i,
                                uint32_t size)
{
    struct hand_record *record = hand_at(tiles, i);
    uint32_t rest = tiles->spare;
    struct hand_record *part = hand_at(tiles, rest);
    uint32_t right = record->right;

    tiles->spare = part->next;
    hand_at(tiles, part->next)->prev = 0;
    part->state = HAND_USED;
    part->start = (uint16_t)(record->start + size);
    part->size = (uint16_t)(record->size - size);
    part->right = (uint16_t)right;
    part->left = (uint16_t)i;
    hand_at(tiles, right)->left = (uint16_t)rest;
    record->right = (uint16_t)rest;
    record->size = (uint16_t)size;
    return rest;
}

/* Join used block `i` and its used right neighbour. */
HAND_INLINE void hand_merge(struct hand_tiles *tiles, uint32_t i)
{
    struct hand_record *record = hand_at(tiles, i);
    uint32_t gone = record->right;
    struct hand_record *other = hand_at(tiles, gone);

    record->size = (uint16_t)(record->size + other->size);
    record->right = other->right;
    hand_at(tiles, other->right)->left = (uint16_t)i;
    other->next = (uint16_t)tiles->spare;
    other->prev = 0;
    hand_at(tiles, tiles->spare)->prev = (uint16_t)gone;
    tiles->spare = gone;
    other->state = HAND_SPARE;
}

/* ---- the index: region/tiles_index.h says what it holds ---- */

HAND_INLINE void hand_index_start(struct hand *hand, unsigned shift, uint32_t i)
{
    const struct hand_record *record = hand_at(hand->tiles, i);
    uint32_t chunk = (uint32_t)record->start >> shift;

    if (shift == 0 || record->left == 0
        || (uint32_t)hand_at(hand->tiles, record->left)->start >> shift
               != chunk)
        hand->index[chunk] = (uint16_t)i;
}

HAND_INLINE void hand_index_pivot(struct hand *hand, unsigned shift, uint32_t i)
{
    const struct hand_record *record = hand_at(hand->tiles, i);
    uint32_t first = (record->start + (1u << shift) - 1) >> shift;
    uint32_t end = ((uint32_t)record->start + record->size) >> shift;

    if (first < end) {
        uint32_t zeros = 31u ^ (uint32_t)__builtin_clz((first - 1) ^ (end - 1));
        hand->index[(end - 1) >> zeros << zeros] = (uint16_t)i;
    }
}

/* Block `i` was handed out: note it, and what was left over of a free one. */
HAND_INLINE void hand_index_taken(struct hand *hand, unsigned shift, uint32_t i)
{
    uint32_t left = hand_at(hand->tiles, i)->left;
    uint32_t right = hand_at(hand->tiles, i)->right;

    hand_index_pivot(hand, shift, i);
    if (hand_at(hand->tiles, right)->state < HAND_SPARE) {
        hand_index_start(hand, shift, right);
        hand_index_pivot(hand, shift, right);
    }
    if (hand_at(hand->tiles, left)->state < HAND_SPARE) {
        hand_index_pivot(hand, shift, left);
        hand_index_start(hand, shift, i);
    }
}

HAND_INLINE void hand_index_freed(struct hand *hand, unsigned shift, uint32_t i)
{
    uint32_t right = hand_at(hand->tiles, i)->right;

    hand_index_pivot(hand, shift, i);
    if (right != 0)
        hand_index_start(hand, shift, right);
}

/* The block that begins at `granule`, or 0. */
static inline uint32_t hand_search(const struct hand *hand, uint32_t granule)
{
    unsigned shift = hand->step_shift;
    uint32_t i = hand->index[granule >> shift];

    if (hand_at(hand->tiles, i)->state == HAND_SPARE
        || (uint32_t)hand_at(hand->tiles, i)->start >> shift
               != granule >> shift)
        return 0;
    while (hand_at(hand->tiles, i)->start < granule && i != 0)
        i = hand_at(hand->tiles, i)->right;
    return hand_at(hand->tiles, i)->start == granule ? i : 0;
}

static _Noreturn __attribute__((cold, noinline)) void
hand_stop(const struct hand *hand, const char *operation, const void *address)
{
    (void)fprintf(stderr, "%s of %p: not a block of %p\n", operation, address,
                  (void *)hand->base);
    abort();
}

/* The block that is out at `address`; anything else stops the program. */
HAND_INLINE uint32_t hand_block(const struct hand *hand, const char *operation,
                                const void *address)
{
    const struct hand_tiles *tiles = hand->tiles;
    uintptr_t offset = (uintptr_t)address - (uintptr_t)hand->base;
    uint32_t granule = (uint32_t)(offset >> hand->granule_shift);

    if (offset >= hand->size
        || (uintptr_t)granule << hand->granule_shift != offset)
        hand_stop(hand, operation, address);
    uint32_t i = hand->index[granule >> hand->step_shift];
    if (hand_at(tiles, i)->start != granule) {
        i = hand_search(hand, granule);
        if (i == 0)
            hand_stop(hand, operation, address);
    }
    if (hand_at(tiles, i)->state != HAND_USED)
        hand_stop(hand, operation, address);
    return i;
}

/* ---- what a program calls ---- */

/* Whether block `i` can be had, and cut after how many granules. */
HAND_INLINE bool hand_fits(const struct hand_tiles *tiles, uint32_t i,
                           uint32_t size, uint32_t align, uint32_t *gap)
{
    const struct hand_record *record = hand_at(tiles, i);

    if (i >= tiles->count || record->state >= HAND_SPARE)
        return false;
    *gap = (0u - (tiles->origin + record->start)) & (align - 1);
    if (*gap + size > record->size || (*gap != 0 && tiles->spare == 0))
        return false;
    /* The rest goes to the side of the smaller neighbour. */
    if (align == 1 && tiles->spare != 0
        && hand_at(tiles, record->right)->size
               > hand_at(tiles, record->left)->size
        && record->size - size > 0)
        *gap = record->size - size;
    return true;
}

/* Cut `size` granules out of free block `i`. The block. */
HAND_INLINE uint32_t hand_cut(struct hand_tiles *tiles, uint32_t i,
                              uint32_t gap, uint32_t size)
{
    hand_unlink(tiles, i);
    if (gap != 0) {
        uint32_t block = hand_split(tiles, i, gap);
        hand_push(tiles, i);
        i = block;
    }
    if (hand_at(tiles, i)->size > size && tiles->spare != 0)
        hand_push(tiles, hand_split(tiles, i, size));
    return i;
}

/* A block of `size` granules, or 0. */
HAND_INLINE uint32_t hand_take(struct hand_tiles *tiles, uint32_t size,
                               uint32_t align)
{
    uint32_t gap = 0;

    if (size == 0 || size > tiles->capacity)
        return 0;
    uint32_t i = hand_find(tiles, size);
    if (!hand_fits(tiles, i, size, align, &gap)) {
        if (align == 1 || align - 1 > tiles->capacity - size)
            return 0;
        i = hand_find(tiles, size + (align - 1));
        if (!hand_fits(tiles, i, size, align, &gap))
            return 0;
    }
    return hand_cut(tiles, i, gap, size);
}

HAND_INLINE void *hand_address(struct hand *hand, uint32_t i)
{
    if (i == 0)
        return NULL;
    if (hand->step_shift == 0)
        hand_index_taken(hand, 0, i);
    else
        hand_index_taken(hand, hand->step_shift, i);
    return hand->base
           + ((size_t)hand_at(hand->tiles, i)->start << hand->granule_shift);
}

HAND_INLINE uint32_t hand_granules(const struct hand *hand, size_t bytes)
{
    return (uint32_t)((bytes - 1) >> hand->granule_shift) + 1;
}

static __attribute__((noinline)) void *
hand_alloc_aligned(struct hand *hand, size_t bytes, size_t align_granules)
{
    if (align_granules > UINT32_C(1) << 31)
        return NULL;
    return hand_address(hand, hand_take(hand->tiles, hand_granules(hand, bytes),
                                        (uint32_t)align_granules));
}

HAND_INLINE void *hand_alloc(struct hand *hand, size_t bytes, size_t align)
{
    size_t align_granules = align >> hand->granule_shift;

    if (bytes > hand->size)
        return NULL;
    if (align_granules > 1)
        return hand_alloc_aligned(hand, bytes, align_granules);
    return hand_address(hand,
                        hand_take(hand->tiles, hand_granules(hand, bytes), 1));
}

HAND_INLINE void hand_free(struct hand *hand, void *address)
{
    struct hand_tiles *tiles = hand->tiles;
    uint32_t i = hand_block(hand, "free", address);
    uint32_t right = hand_at(tiles, i)->right;

    if (hand_at(tiles, right)->state < HAND_SPARE) {
        hand_unlink(tiles, right);
        hand_merge(tiles, i);
    }
    uint32_t left = hand_at(tiles, i)->left;
    if (hand_at(tiles, left)->state < HAND_SPARE) {
        hand_unlink(tiles, left);
        hand_merge(tiles, left);
        i = left;
    }
    hand_push(tiles, i);
    if (hand->step_shift == 0)
        hand_index_freed(hand, 0, i);
    else
        hand_index_freed(hand, hand->step_shift, i);
}

HAND_INLINE bool hand_resize(struct hand *hand, void *address, size_t bytes)
{
    struct hand_tiles *tiles = hand->tiles;
    uint32_t i = hand_block(hand, "resize", address);
    unsigned shift = hand->step_shift;

    if (bytes > hand->size)
        return false;
    uint32_t size = (uint32_t)((bytes - 1) >> hand->granule_shift) + 1;
    /* Looked at again: what changes records believes no caller. */
    if (i == 0 || i >= tiles->count || hand_at(tiles, i)->state != HAND_USED
        || size == 0)
        return false;
    uint32_t right = hand_at(tiles, i)->right;
    bool is_free = hand_at(tiles, right)->state < HAND_SPARE;
    uint32_t room = hand_at(tiles, i)->size;
    if (is_free)
        room += hand_at(tiles, right)->size;
    if (size > room)
        return false;
    if (is_free) {
        hand_unlink(tiles, right);
        hand_merge(tiles, i);
    }
    if (hand_at(tiles, i)->size > size && tiles->spare != 0)
        hand_push(tiles, hand_split(tiles, i, size));
    right = hand_at(tiles, i)->right;
    hand_index_pivot(hand, shift, i);
    if (right != 0) {
        hand_index_start(hand, shift, right);
        hand_index_pivot(hand, shift, right);
    }
    if (right != 0 && hand_at(tiles, right)->right != 0)
        hand_index_start(hand, shift, hand_at(tiles, right)->right);
    return true;
}

/* One free block over the memory, and `count` records. Requires: all fields of
 * `hand` are set, and the index is zeros. */
static void hand_init(struct hand *hand, uint32_t count)
{
    struct hand_tiles *tiles = hand->tiles;

    __builtin_memset(tiles, 0, sizeof *tiles);
    tiles->capacity = (uint32_t)(hand->size >> hand->granule_shift);
    tiles->origin = (uint32_t)((uintptr_t)hand->base >> hand->granule_shift);
    tiles->count = count * HAND_UNIT;
    tiles->record[0].state = HAND_USED;
    tiles->record[1].size = (uint16_t)tiles->capacity;
    hand_push(tiles, HAND_UNIT);
    hand_index_start(hand, hand->step_shift, HAND_UNIT);
    hand_index_pivot(hand, hand->step_shift, HAND_UNIT);
    for (uint32_t k = 2; k < count; k++) {
        tiles->record[k].state = HAND_SPARE;
        tiles->record[k].next = (uint16_t)tiles->spare;
        hand_at(tiles, tiles->spare)->prev = (uint16_t)(k * HAND_UNIT);
        tiles->spare = k * HAND_UNIT;
    }
    tiles->record[0].prev = 0;
}

#endif
