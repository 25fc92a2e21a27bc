/* SPDX-License-Identifier: MIT */
/* tiles_spec.h -- the invariant of struct mni_tiles, in ACSL for the prover.
 *
 * Nothing here is compiled. Every clause is local: it speaks of one record and
 * those it links to, never of what can be reached; that is what lets an
 * automatic prover finish. docs/design/region.md says it in words.
 */
#ifndef MNI_TILES_SPEC_H
#define MNI_TILES_SPEC_H

/*@ // ---- words of bits
    predicate bit(integer word, integer k) = (word & (1 << k)) != 0;
    lemma bit_zero: \forall integer k; 0 <= k < 32 ==> !bit(0, k);
    predicate power(integer a) = \exists integer k; 0 <= k < 32 && a == 1 << k;

    // ---- lists: a record is on at most one, and links have inverses
    predicate on_list(struct mni_tiles t, integer i) =
      1 <= i < t.count && t.record[i].list <= MNI_TILES_SPARE;
    predicate list_range(struct mni_tiles t) =
      2 <= t.count <= MNI_TILES_MAX
      && \forall integer i; on_list(t, i) ==>
           t.record[i].next < t.count && t.record[i].prev < t.count;
    predicate list_next(struct mni_tiles t) =
      \forall integer i; on_list(t, i) && t.record[i].next != 0 ==>
        t.record[t.record[i].next].list == t.record[i].list
        && t.record[t.record[i].next].prev == i;
    predicate list_prev(struct mni_tiles t) =
      \forall integer i; on_list(t, i) && t.record[i].prev != 0 ==>
        t.record[t.record[i].prev].list == t.record[i].list
        && t.record[t.record[i].prev].next == i;
    predicate list_first(struct mni_tiles t) =
      \forall integer i; on_list(t, i) && t.record[i].prev == 0 ==>
        t.head[t.record[i].list] == i;
    predicate list_head(struct mni_tiles t) =
      \forall integer c; 0 <= c <= MNI_TILES_SPARE ==>
        t.head[c] < t.count
        && (t.head[c] != 0 ==> t.record[t.head[c]].list == c
                               && t.record[t.head[c]].prev == 0);
    predicate lists(struct mni_tiles t) =
      list_range(t) && list_next(t) && list_prev(t) && list_first(t)
      && list_head(t);

    // ---- blocks: they touch, end at the ends, and never overlap
    predicate live(struct mni_tiles t, integer i) =
      1 <= i < t.count && t.record[i].list != MNI_TILES_SPARE;
    predicate isfree(struct mni_tiles t, integer i) =
      1 <= i < t.count && t.record[i].list < MNI_TILES_CLASSES;
    predicate isused(struct mni_tiles t, integer i) =
      1 <= i < t.count && t.record[i].list == MNI_TILES_USED;
    predicate block_range(struct mni_tiles t) =
      0 < t.capacity <= 0x7fffffff
      && \forall integer i; live(t, i) ==>
           0 < t.record[i].size
           && t.record[i].start + t.record[i].size <= t.capacity
           && t.record[i].left < t.count && t.record[i].right < t.count
           && t.record[i].list <= MNI_TILES_USED;
    predicate block_right(struct mni_tiles t) =
      \forall integer i; live(t, i) && t.record[i].right != 0 ==>
        live(t, t.record[i].right)
        && t.record[t.record[i].right].left == i
        && t.record[t.record[i].right].start
             == t.record[i].start + t.record[i].size;
    predicate block_left(struct mni_tiles t) =
      \forall integer i; live(t, i) && t.record[i].left != 0 ==>
        live(t, t.record[i].left) && t.record[t.record[i].left].right == i;
    predicate block_ends(struct mni_tiles t) =
      \forall integer i; live(t, i) ==>
        (t.record[i].right == 0 ==>
           t.record[i].start + t.record[i].size == t.capacity)
        && (t.record[i].left == 0 ==> t.record[i].start == 0);
    predicate apart(struct mni_tiles t, integer i, integer j) =
      t.record[i].start + t.record[i].size <= t.record[j].start
      || t.record[j].start + t.record[j].size <= t.record[i].start;
    predicate block_apart(struct mni_tiles t) =
      \forall integer i, j; live(t, i) && live(t, j) && i != j ==>
        apart(t, i, j);
    predicate block_first(struct mni_tiles t) =
      t.record[1].list != MNI_TILES_SPARE && t.record[1].start == 0;
    predicate blocks(struct mni_tiles t) =
      block_range(t) && block_right(t) && block_left(t) && block_ends(t)
      && block_apart(t) && block_first(t);

    // ---- size classes: least(c) is the smallest size in class c
    axiomatic Class {
      logic integer class_of(integer size);
      logic integer least(integer c);
      axiom class_range: \forall integer s; 0 < s <= 0x7fffffff ==>
        0 <= class_of(s) < MNI_TILES_CLASSES;
      axiom class_size: \forall integer s; 0 < s <= 0x7fffffff ==>
        least(class_of(s)) <= s < least(class_of(s) + 1);
      axiom class_order: \forall integer c, d;
        0 <= c <= d <= MNI_TILES_CLASSES ==> least(c) <= least(d);
    }
    predicate coalesced(struct mni_tiles t) =
      \forall integer i; isfree(t, i) && t.record[i].right != 0 ==>
        !isfree(t, t.record[i].right);
    predicate classed(struct mni_tiles t) =
      \forall integer i; isfree(t, i) ==>
        t.record[i].list == class_of(t.record[i].size);
    predicate sink(struct mni_tiles t) =
      t.record[0].list == MNI_TILES_USED && t.record[0].size == 0;

    // ---- bitmap: two levels
    predicate bit_head(struct mni_tiles t) =
      \forall integer c; 0 <= c < MNI_TILES_CLASSES ==>
        (bit(t.words[c / 32], c % 32) <==> t.head[c] != 0);
    predicate bit_summary(struct mni_tiles t) =
      t.words[MNI_TILES_WORDS - 1] == 0
      && \forall integer w; 0 <= w < 32 ==>
           (bit(t.summary, w) <==> w < MNI_TILES_WORDS && t.words[w] != 0);
    predicate bitmap(struct mni_tiles t) = bit_head(t) && bit_summary(t);

    predicate core(struct mni_tiles t) =
      lists(t) && blocks(t) && coalesced(t) && classed(t) && sink(t);
    predicate inv(struct mni_tiles t) = core(t) && bitmap(t);

    // ---- what a step leaves alone
    predicate same_shape(struct mni_tiles a, struct mni_tiles b) =
      a.capacity == b.capacity && a.count == b.count && a.origin == b.origin;
    predicate same_bits(struct mni_tiles a, struct mni_tiles b) =
      a.summary == b.summary
      && \forall integer w; 0 <= w < MNI_TILES_WORDS ==>
           b.words[w] == a.words[w];
    predicate same_place(struct mni_tiles a, struct mni_tiles b, integer j) =
      b.record[j].start == a.record[j].start
      && b.record[j].size == a.record[j].size
      && b.record[j].right == a.record[j].right
      && b.record[j].left == a.record[j].left;
    predicate same_places(struct mni_tiles a, struct mni_tiles b) =
      \forall integer j; 0 <= j < a.count ==> same_place(a, b, j);
    predicate same_links(struct mni_tiles a, struct mni_tiles b) =
      (\forall integer j; 0 <= j < a.count ==>
         b.record[j].list == a.record[j].list
         && b.record[j].next == a.record[j].next
         && b.record[j].prev == a.record[j].prev)
      && \forall integer c; 0 <= c <= MNI_TILES_SPARE ==>
           b.head[c] == a.head[c];
    predicate same_heads(struct mni_tiles a, struct mni_tiles b) =
      \forall integer c; 0 <= c < MNI_TILES_CLASSES ==>
        b.head[c] == a.head[c];
    // All records but x and y keep state and place (the sink's links vary).
    predicate same_but(struct mni_tiles a, struct mni_tiles b, integer x,
                       integer y) =
      \forall integer j; 0 <= j < a.count && j != x && j != y ==>
        b.record[j].list == a.record[j].list
        && b.record[j].start == a.record[j].start
        && b.record[j].size == a.record[j].size
        && (j != 0 ==> b.record[j].right == a.record[j].right);
    // Every block that was out, but x, is out with the same start and size.
    predicate kept(struct mni_tiles a, struct mni_tiles b, integer x) =
      \forall integer j; 1 <= j < a.count && j != x
        && a.record[j].list >= MNI_TILES_USED ==>
        b.record[j].list == a.record[j].list
        && b.record[j].start == a.record[j].start
        && b.record[j].size == a.record[j].size;
    predicate same_blocks(struct mni_tiles a, struct mni_tiles b) =
      \forall integer j; live(a, j) ==>
        live(b, j) && b.record[j].list == a.record[j].list
        && same_place(a, b, j);
*/

#endif
