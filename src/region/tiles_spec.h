/* SPDX-License-Identifier: MIT */
/* tiles_spec.h -- the invariant of struct mni_tiles, in ACSL for the prover.
 *
 * Nothing here is compiled. Every clause is local: it speaks of one record and
 * those it links to, never of what can be reached; that is what lets an
 * automatic prover finish. docs/design/region.md says it in words.
 *
 * What a strategy keeps in order is `strategy`, which its own header defines;
 * nothing in the bookkeeping depends on what it says.
 */
#ifndef MNI_TILES_SPEC_H
#define MNI_TILES_SPEC_H

/*@ // ---- states
    predicate spare(struct mni_tiles t, integer i) =
      1 <= i < t.count && t.record[i].list == MNI_TILES_SPARE;
    predicate live(struct mni_tiles t, integer i) =
      1 <= i < t.count && t.record[i].list != MNI_TILES_SPARE;
    predicate isfree(struct mni_tiles t, integer i) =
      1 <= i < t.count && t.record[i].list < MNI_TILES_SPARE;
    predicate isused(struct mni_tiles t, integer i) =
      1 <= i < t.count && t.record[i].list == MNI_TILES_USED;

    // ---- unused records: one list, whose links have inverses
    predicate spare_range(struct mni_tiles t) =
      2 <= t.count <= MNI_TILES_MAX
      && \forall integer i; spare(t, i) ==>
           t.record[i].next < t.count && t.record[i].prev < t.count;
    predicate spare_next(struct mni_tiles t) =
      \forall integer i; spare(t, i) && t.record[i].next != 0 ==>
        spare(t, t.record[i].next)
        && t.record[t.record[i].next].prev == i;
    predicate spare_prev(struct mni_tiles t) =
      \forall integer i; spare(t, i) && t.record[i].prev != 0 ==>
        spare(t, t.record[i].prev)
        && t.record[t.record[i].prev].next == i;
    predicate spare_first(struct mni_tiles t) =
      \forall integer i; spare(t, i) && t.record[i].prev == 0 ==>
        t.spare == i;
    predicate spare_head(struct mni_tiles t) =
      t.spare < t.count
      && (t.spare != 0 ==> spare(t, t.spare) && t.record[t.spare].prev == 0);
    predicate spares(struct mni_tiles t) =
      spare_range(t) && spare_next(t) && spare_prev(t) && spare_first(t)
      && spare_head(t);

    // ---- blocks: they touch, end at the ends, and never overlap
    predicate block_range(struct mni_tiles t) =
      0 < t.capacity <= MNI_TILES_CAPACITY_MAX
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
    predicate coalesced(struct mni_tiles t) =
      \forall integer i; isfree(t, i) && t.record[i].right != 0 ==>
        !isfree(t, t.record[i].right);
    predicate sink(struct mni_tiles t) =
      t.record[0].list == MNI_TILES_USED && t.record[0].size == 0;

    predicate core(struct mni_tiles t) =
      spares(t) && blocks(t) && coalesced(t) && sink(t);

    // ---- what a step leaves alone
    predicate same_shape(struct mni_tiles a, struct mni_tiles b) =
      a.capacity == b.capacity && a.count == b.count && a.origin == b.origin;
    predicate same_place(struct mni_tiles a, struct mni_tiles b, integer j) =
      b.record[j].start == a.record[j].start
      && b.record[j].size == a.record[j].size
      && b.record[j].right == a.record[j].right
      && b.record[j].left == a.record[j].left;
    predicate same_places(struct mni_tiles a, struct mni_tiles b) =
      \forall integer j; 0 <= j < a.count ==> same_place(a, b, j);
    // All records but i keep their state; a strategy may number free blocks
    // anew.
    predicate same_states(struct mni_tiles a, struct mni_tiles b, integer i) =
      (\forall integer j; 0 <= j < a.count && j != i
         && a.record[j].list >= MNI_TILES_SPARE ==>
         b.record[j].list == a.record[j].list)
      && (\forall integer j; 0 <= j < a.count && j != i
            && a.record[j].list < MNI_TILES_SPARE ==>
            b.record[j].list < MNI_TILES_SPARE);
    predicate same_links(struct mni_tiles a, struct mni_tiles b) =
      b.spare == a.spare
      && \forall integer j; 0 <= j < a.count ==>
           b.record[j].list == a.record[j].list
           && b.record[j].next == a.record[j].next
           && b.record[j].prev == a.record[j].prev;
    predicate same_spares(struct mni_tiles a, struct mni_tiles b) =
      b.spare == a.spare
      && \forall integer j; spare(a, j) ==>
           b.record[j].next == a.record[j].next
           && b.record[j].prev == a.record[j].prev;
    // What a strategy may rely on: free blocks, and all that it keeps.
    predicate same_free(struct mni_tiles a, struct mni_tiles b) =
      (\forall integer j; isfree(a, j) <==> isfree(b, j))
      && (\forall integer j; isfree(a, j) ==>
            b.record[j].start == a.record[j].start
            && b.record[j].size == a.record[j].size
            && b.record[j].list == a.record[j].list
            && b.record[j].next == a.record[j].next
            && b.record[j].prev == a.record[j].prev)
      && b.summary == a.summary
      && (\forall integer w; 0 <= w < MNI_TILES_WORDS ==>
            b.words[w] == a.words[w])
      && (\forall integer c; 0 <= c < MNI_TILES_HEADS ==>
            b.head[c] == a.head[c]);
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

    // Every block of b was a block of a, with the same start, but for the free
    // neighbours of block i on the sides that may be new, and on the left i.
    predicate began(struct mni_tiles a, struct mni_tiles b, integer j) =
      live(a, j) && b.record[j].start == a.record[j].start;
    predicate new_right(struct mni_tiles a, struct mni_tiles b, integer i) =
      \forall integer j; live(b, j)
        && !(j == b.record[i].right && isfree(b, j)) ==> began(a, b, j);
    predicate new_sides(struct mni_tiles a, struct mni_tiles b, integer i) =
      \forall integer j; live(b, j)
        && !(j == b.record[i].right && isfree(b, j))
        && !(j == i && isfree(b, b.record[i].left)) ==> began(a, b, j);
    predicate none_new(struct mni_tiles a, struct mni_tiles b) =
      \forall integer j; live(b, j) ==> began(a, b, j);

    // ---- free granules: those from `from` to before `to` are free in b and
    // not in a, and no other differs
    predicate over(struct mni_tiles t, integer i, integer g) =
      t.record[i].start <= g < t.record[i].start + t.record[i].size;
    inductive free_at(struct mni_tiles t, integer g) {
      case free_over: \forall struct mni_tiles t, integer i, g;
        isfree(t, i) && over(t, i, g) ==> free_at(t, g);
    }
    predicate same_granules(struct mni_tiles a, struct mni_tiles b) =
      \forall integer g; free_at(b, g) <==> free_at(a, g);
    predicate freed(struct mni_tiles a, struct mni_tiles b, integer from,
                    integer to) =
      (\forall integer g; from <= g < to ==> free_at(b, g) && !free_at(a, g))
      && (\forall integer g; g < from || to <= g ==>
            (free_at(b, g) <==> free_at(a, g)));
*/

#endif
