/* SPDX-License-Identifier: MIT */
/* tiles_list.h -- free blocks in lists by class, and a bitmap of the lists.
 *
 * A bit for each class tells which lists hold something, and a bit for each
 * word of those which words do: the lowest class from any on that has a block
 * is found without a loop. For strategies; the classes are theirs, and each is
 * below MNI_TILES_HEADS, a multiple of 32. The number in a free record is its
 * class.
 */
#ifndef MNI_TILES_LIST_H
#define MNI_TILES_LIST_H

#include "region/tiles.h"
#include "region/tiles_leaf.h"

/*@ // ---- lists: each free block is on the list of its class, and links have
    // inverses
    predicate list_range(struct mni_tiles t) =
      2 <= t.count <= MNI_TILES_MAX
      && \forall integer i; isfree(t, i) ==>
           t.record[i].next < t.count && t.record[i].prev < t.count
           && t.record[i].list < MNI_TILES_HEADS;
    predicate list_next(struct mni_tiles t) =
      \forall integer i; isfree(t, i) && t.record[i].next != 0 ==>
        t.record[t.record[i].next].list == t.record[i].list
        && t.record[t.record[i].next].prev == i;
    predicate list_prev(struct mni_tiles t) =
      \forall integer i; isfree(t, i) && t.record[i].prev != 0 ==>
        t.record[t.record[i].prev].list == t.record[i].list
        && t.record[t.record[i].prev].next == i;
    predicate list_first(struct mni_tiles t) =
      \forall integer i; isfree(t, i) && t.record[i].prev == 0 ==>
        t.head[t.record[i].list] == i;
    predicate list_head(struct mni_tiles t) =
      \forall integer c; 0 <= c < MNI_TILES_HEADS ==>
        t.head[c] < t.count
        && (t.head[c] != 0 ==> t.record[t.head[c]].list == c
                               && t.record[t.head[c]].prev == 0);
    // No list is a circle: each free block can have a number below `now`
    // that grows from a block to the one before it, as the times would at
    // which they were put on the list.
    axiomatic Times {
      type times;
      logic integer time_of(times s, integer i);
      logic times with(times s, integer i, integer now);
      logic times no_times;
      axiom time_with: \forall times s, integer i, j, now;
        time_of(with(s, i, now), j) == (j == i ? now : time_of(s, j));
    }
    predicate timed(struct mni_tiles t, times s, integer now) =
      0 <= now && \forall integer i; isfree(t, i) ==>
        0 <= time_of(s, i) < now
        && (t.record[i].next != 0 ==>
              time_of(s, t.record[i].next) < time_of(s, i));
    predicate list_order(struct mni_tiles t) =
      \exists times s, integer now; timed(t, s, now);
    predicate lists(struct mni_tiles t) =
      list_range(t) && list_next(t) && list_prev(t) && list_first(t)
      && list_head(t) && list_order(t);
    lemma timed_frame: \forall struct mni_tiles a, b, times s, integer now;
      a.count <= b.count && same_free(a, b) && timed(a, s, now) ==>
      timed(b, s, now);

    // ---- bitmap: two levels
    predicate bit_head(struct mni_tiles t) =
      \forall integer c; 0 <= c < MNI_TILES_HEADS ==>
        (bit(t.words[c / 32], c % 32) <==> t.head[c] != 0);
    predicate bit_summary(struct mni_tiles t) =
      t.words[MNI_TILES_WORDS - 1] == 0
      && \forall integer w; 0 <= w < 32 ==>
           (bit(t.summary, w) <==> w < MNI_TILES_WORDS && t.words[w] != 0);
    predicate bitmap(struct mni_tiles t) = bit_head(t) && bit_summary(t);
*/

/*@ requires k < 32;
    assigns \nothing;
    ensures \forall integer j; 0 <= j < 32 ==>
      (bit(\result, j) <==> j == k || bit(word, j));
*/
static inline uint32_t tile_bit_set(uint32_t word, uint32_t k)
{
    return word | (1u << k);
}

/*@ requires k < 32;
    assigns \nothing;
    ensures \forall integer j; 0 <= j < 32 ==>
      (bit(\result, j) <==> j != k && bit(word, j));
    ensures word == 0 ==> \result == 0;
*/
static inline uint32_t tile_bit_clear(uint32_t word, uint32_t k)
{
    return word & ~(1u << k);
}

/*@ requires k < 32;
    assigns \nothing;
    ensures \forall integer j; 0 <= j < 32 ==>
      (bit(\result, j) <==> j >= k && bit(word, j));
*/
static inline uint32_t tile_bits_from(uint32_t word, uint32_t k)
{
    return (word >> k) << k;
}

/*@ requires \valid(tiles) && lists(*tiles);
    requires list < MNI_TILES_HEADS && 1 <= i < tiles->count;
    requires tiles->record[i].list == MNI_TILES_USED;
    requires tiles->record[0].list == MNI_TILES_USED;
    assigns tiles->head[list], tiles->record[i].next, tiles->record[i].prev,
            tiles->record[i].list, tiles->record[tiles->head[list]].prev;
    ensures l1: list_range(*tiles);
    ensures l2: list_next(*tiles);
    ensures l3: list_prev(*tiles);
    ensures l4: list_first(*tiles);
    ensures l5: list_head(*tiles);
    ensures l6: list_order(*tiles);
    ensures on: tiles->record[i].list == list && tiles->head[list] == i;
*/
static inline void tile_list_push(struct mni_tiles *tiles, uint32_t list,
                                  uint32_t i)
{
    uint32_t first = tiles->head[list];

    //@ assert in: first < tiles->count;
    MNI_TILE(tiles, i).next = (MNI_TILE_LINK)first;
    MNI_TILE(tiles, i).prev = 0;
    MNI_TILE(tiles, first).prev = (MNI_TILE_LINK)i;
    tiles->head[list] = (MNI_TILE_LINK)i;
    MNI_TILE(tiles, i).list = (MNI_TILE_LINK)list;
    /*@ assert timed: \forall times s, integer now;
          timed(\at(*tiles, Pre), s, now) ==>
          timed(*tiles, with(s, i, now), now + 1); */
}

/*@ requires \valid(tiles) && lists(*tiles) && isfree(*tiles, i);
    requires tiles->record[0].list == MNI_TILES_USED;
    assigns tiles->head[tiles->record[i].list], tiles->record[i].list,
            tiles->record[tiles->record[i].prev].next,
            tiles->record[tiles->record[i].next].prev;
    ensures l1: list_range(*tiles);
    ensures l2: list_next(*tiles);
    ensures l3: list_prev(*tiles);
    ensures l4: list_first(*tiles);
    ensures l5: list_head(*tiles);
    ensures l6: list_order(*tiles);
    ensures off: tiles->record[i].list == MNI_TILES_USED;
    ensures head: tiles->head[\old(tiles->record[i].list)]
      == (\old(tiles->record[i].prev) == 0
            ? \old(tiles->record[i].next)
            : \old(tiles->head[tiles->record[i].list]));
*/
static inline void tile_list_unlink(struct mni_tiles *tiles, uint32_t i)
{
    uint32_t prev = MNI_TILE(tiles, i).prev;
    uint32_t next = MNI_TILE(tiles, i).next;

    //@ assert in: prev < tiles->count && next < tiles->count;
    if (prev != 0)
        MNI_TILE(tiles, prev).next = (MNI_TILE_LINK)next;
    else
        tiles->head[MNI_TILE(tiles, i).list] = (MNI_TILE_LINK)next;
    MNI_TILE(tiles, next).prev = (MNI_TILE_LINK)prev;
    MNI_TILE(tiles, i).list = MNI_TILES_USED;
    /*@ assert timed: \forall times s, integer now;
          timed(\at(*tiles, Pre), s, now) ==> timed(*tiles, s, now); */
}

/* The first free block of the lowest class from `c` on, or 0. */
/*@ requires \valid_read(tiles) && lists(*tiles) && bitmap(*tiles);
    requires c <= MNI_TILES_HEADS;
    assigns \nothing;
    ensures in: \result < tiles->count;
    ensures found: \result != 0 ==>
      isfree(*tiles, \result) && tiles->record[\result].list >= c;
    ensures none: \result == 0 ==>
      \forall integer d; c <= d < MNI_TILES_HEADS ==> tiles->head[d] == 0;
*/
static inline uint32_t mni_tile_list_first(const struct mni_tiles *tiles,
                                           uint32_t c)
{
    uint32_t w = c / 32;
    uint32_t word = tile_bits_from(tiles->words[w], c % 32);

    if (word == 0) {
        /*@ assert z0: \forall integer d; c <= d < 32 * w + 32 ==>
              d / 32 == w && c % 32 <= d % 32 < 32; */
        /*@ assert z1: \forall integer k; c % 32 <= k < 32 ==>
              !bit(tiles->words[w], k); */
        /*@ assert z2: \forall integer d; c <= d < 32 * w + 32
              && d < MNI_TILES_HEADS ==> tiles->head[d] == 0; */
        uint32_t later = tile_bits_from(tiles->summary, w + 1);
        if (later == 0) {
            /*@ assert z3: \forall integer v; w < v < MNI_TILES_WORDS ==>
                  !bit(tiles->summary, v) && tiles->words[v] == 0; */
            /*@ assert z4: \forall integer d;
                  32 * w + 32 <= d < MNI_TILES_HEADS ==>
                  w < d / 32 < MNI_TILES_WORDS && tiles->words[d / 32] == 0; */
            /*@ assert z5: \forall integer d;
                  32 * w + 32 <= d < MNI_TILES_HEADS ==>
                  tiles->head[d] == 0; */
            return 0;
        }
        w = mni_tile_lowest_bit(later);
        word = tiles->words[w];
        /*@ assert y1: c < 32 * w && w < MNI_TILES_WORDS - 1
              && word != 0; */
    }
    uint32_t k = mni_tile_lowest_bit(word);
    //@ assert x0: (32 * w + k) / 32 == w && (32 * w + k) % 32 == k;
    //@ assert x1: c <= 32 * w + k < MNI_TILES_HEADS;
    //@ assert x2: bit(tiles->words[w], k) && tiles->head[32 * w + k] != 0;
    return tiles->head[32 * w + k];
}

/* A block of class `c` has left its list: clear bits that say there are any.
 */
/*@ requires \valid(tiles) && c < MNI_TILES_HEADS;
    requires \forall integer d; 0 <= d < MNI_TILES_HEADS && d != c ==>
      (bit(tiles->words[d / 32], d % 32) <==> tiles->head[d] != 0);
    requires tiles->head[c] != 0 ==> bit(tiles->words[c / 32], c % 32);
    requires bit_summary(*tiles);
    assigns tiles->words[c / 32], tiles->summary;
    ensures bm1: bit_head(*tiles);
    ensures bm2: bit_summary(*tiles);
*/
static inline void tile_list_note_removal(struct mni_tiles *tiles, uint32_t c)
{
    uint32_t w = c / 32;
    uint32_t k = c % 32;

    /*@ assert word: 0 <= w < MNI_TILES_WORDS - 1 && c == 32 * w + k
          && k < 32; */
    /*@ assert only: \forall integer d; 0 <= d < MNI_TILES_HEADS
          && d / 32 == w && d % 32 == k ==> d == c; */
    if (tiles->head[c] == 0) {
        uint32_t word = tile_bit_clear(tiles->words[w], k);
        tiles->words[w] = word;
        /*@ assert beside: \forall integer d; 0 <= d < MNI_TILES_HEADS
              && d / 32 == w && d != c ==>
              d % 32 != k && (bit(word, d % 32) <==> tiles->head[d] != 0); */
        /*@ assert away: \forall integer d; 0 <= d < MNI_TILES_HEADS
              && d / 32 != w ==>
              (bit(tiles->words[d / 32], d % 32) <==> tiles->head[d] != 0); */
        /*@ assert here: \forall integer d; 0 <= d < MNI_TILES_HEADS
              && d / 32 == w ==>
              (bit(word, d % 32) <==> tiles->head[d] != 0); */
        //@ assert all: bit_head(*tiles);
        if (word == 0)
            tiles->summary = tile_bit_clear(tiles->summary, w);
    }
}

/* Take free block `i` off its list; it becomes USED. */
/*@ requires \valid(tiles) && lists(*tiles) && bitmap(*tiles);
    requires isfree(*tiles, i);
    requires tiles->record[0].list == MNI_TILES_USED;
    assigns *tiles;
    ensures l1: list_range(*tiles);
    ensures l2: list_next(*tiles);
    ensures l3: list_prev(*tiles);
    ensures l4: list_first(*tiles);
    ensures l5: list_head(*tiles);
    ensures l6: list_order(*tiles);
    ensures bm1: bit_head(*tiles);
    ensures bm2: bit_summary(*tiles);
    ensures used: tiles->record[i].list == MNI_TILES_USED;
    ensures others: \forall integer j; 0 <= j < tiles->count && j != i ==>
      tiles->record[j].list == \old(*tiles).record[j].list;
    ensures places: same_places(\old(*tiles), *tiles);
    ensures shape: same_shape(\old(*tiles), *tiles);
    ensures spares: same_spares(\old(*tiles), *tiles);
*/
static inline void mni_tile_list_remove(struct mni_tiles *tiles, uint32_t i)
{
    uint32_t c = MNI_TILE(tiles, i).list;

    tile_list_unlink(tiles, i);
    //@ assert lists: lists(*tiles);
    //@ ghost Unlinked: ;
    tile_list_note_removal(tiles, c);
    /*@ assert timed: \forall times s, integer now;
          timed(\at(*tiles, Unlinked), s, now) ==> timed(*tiles, s, now); */
    //@ assert places: same_places(\at(*tiles, Pre), *tiles);
}

/* Put block `i`, so far USED, on the list of class `c`. */
/*@ requires \valid(tiles) && lists(*tiles) && bitmap(*tiles);
    requires isused(*tiles, i) && c < MNI_TILES_HEADS;
    requires tiles->record[0].list == MNI_TILES_USED;
    assigns *tiles;
    ensures l1: list_range(*tiles);
    ensures l2: list_next(*tiles);
    ensures l3: list_prev(*tiles);
    ensures l4: list_first(*tiles);
    ensures l5: list_head(*tiles);
    ensures l6: list_order(*tiles);
    ensures bm1: bit_head(*tiles);
    ensures bm2: bit_summary(*tiles);
    ensures free: tiles->record[i].list == c;
    ensures others: \forall integer j; 0 <= j < tiles->count && j != i ==>
      tiles->record[j].list == \old(*tiles).record[j].list;
    ensures places: same_places(\old(*tiles), *tiles);
    ensures shape: same_shape(\old(*tiles), *tiles);
    ensures spares: same_spares(\old(*tiles), *tiles);
*/
static inline void mni_tile_list_add(struct mni_tiles *tiles, uint32_t i,
                                     uint32_t c)
{
    uint32_t w = c / 32;
    uint32_t k = c % 32;

    //@ assert word: 0 <= w < MNI_TILES_WORDS - 1 && c == 32 * w + k && k < 32;
    /*@ assert only: \forall integer d; 0 <= d < MNI_TILES_HEADS
          && d / 32 == w && d % 32 == k ==> d == c; */
    tile_list_push(tiles, c, i);
    //@ ghost Pushed: ;
    tiles->words[w] = tile_bit_set(tiles->words[w], k);
    tiles->summary = tile_bit_set(tiles->summary, w);
    /*@ assert timed: \forall times s, integer now;
          timed(\at(*tiles, Pushed), s, now) ==> timed(*tiles, s, now); */
    //@ assert places: same_places(\at(*tiles, Pre), *tiles);
}

/* No list holds anything. */
/*@ requires \valid(tiles) && 2 <= tiles->count <= MNI_TILES_MAX;
    requires none: \forall integer j; !isfree(*tiles, j);
    assigns tiles->summary, tiles->words[0 .. MNI_TILES_WORDS - 1],
            tiles->head[0 .. MNI_TILES_HEADS - 1];
    ensures l1: list_range(*tiles);
    ensures l2: list_next(*tiles);
    ensures l3: list_prev(*tiles);
    ensures l4: list_first(*tiles);
    ensures l5: list_head(*tiles);
    ensures l6: list_order(*tiles);
    ensures bm1: bit_head(*tiles);
    ensures bm2: bit_summary(*tiles);
*/
static inline void mni_tile_list_begin(struct mni_tiles *tiles)
{
    tiles->summary = 0;
    /*@ loop invariant 0 <= w <= MNI_TILES_WORDS;
        loop invariant \forall integer v; 0 <= v < w ==> tiles->words[v] == 0;
        loop assigns w, tiles->words[0 .. MNI_TILES_WORDS - 1];
        loop variant MNI_TILES_WORDS - w;
    */
    for (uint32_t w = 0; w < MNI_TILES_WORDS; w++)
        tiles->words[w] = 0;
    /*@ loop invariant 0 <= c <= MNI_TILES_HEADS;
        loop invariant \forall integer d; 0 <= d < c ==> tiles->head[d] == 0;
        loop assigns c, tiles->head[0 .. MNI_TILES_HEADS - 1];
        loop variant MNI_TILES_HEADS - c;
    */
    for (uint32_t c = 0; c < MNI_TILES_HEADS; c++)
        tiles->head[c] = 0;
    //@ assert timed: timed(*tiles, no_times, 0);
}

#ifndef __FRAMAC__
/* The lists hold `free_count` blocks, each free and in the list of its class.
 */
static inline bool tile_list_check_links(const struct mni_tiles *tiles,
                                         uint32_t free_count)
{
    for (uint32_t list = 0; list < MNI_TILES_HEADS; list++) {
        uint32_t prev = 0;
        for (uint32_t i = tiles->head[list]; i != 0; free_count--) {
            if (i >= tiles->count || i % MNI_TILE_UNIT != 0 || free_count == 0
                || MNI_TILE(tiles, i).list != list
                || MNI_TILE(tiles, i).prev != prev)
                return false;
            prev = i;
            i = MNI_TILE(tiles, i).next;
        }
    }
    return free_count == 0;
}

/* True if lists and bitmap are right and hold `free_count` blocks. */
static inline bool mni_tile_list_check(const struct mni_tiles *tiles,
                                       uint32_t free_count)
{
    uint32_t summary = 0;

    for (uint32_t w = 0; w < MNI_TILES_WORDS; w++) {
        uint32_t word = 0;
        for (uint32_t k = 0; k < 32 && 32 * w + k < MNI_TILES_HEADS; k++)
            word |= (uint32_t)(tiles->head[32 * w + k] != 0) << k;
        if (tiles->words[w] != word)
            return false;
        summary |= (uint32_t)(word != 0) << w;
    }
    return tiles->summary == summary
           && tile_list_check_links(tiles, free_count);
}
#endif

#endif
