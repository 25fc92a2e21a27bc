/* SPDX-License-Identifier: MIT */
/* slab_spec.h -- what slabs keep to, in ACSL for the prover.
 *
 * Nothing here is compiled. docs/design/slab.md says it in words, and
 * tests/unit/slab_leaves_test.c tries the axioms and the contracts below for
 * every class and, where there are not too many, every argument.
 */
#ifndef MNI_SLAB_SPEC_H
#define MNI_SLAB_SPEC_H

/*@ // ---- the geometry of a class: what mni_class_layout tells
    axiomatic Layout {
      logic integer span_size_of(integer c);
      logic integer slot_size_of(integer c);
      logic integer slot_count_of(integer c);
      logic integer word_count_of(integer c);
      logic integer words_total_of(integer c);
      axiom sizes: \forall integer c; 0 <= c < MNI_CLASS_COUNT ==>
        MNI_SLOT_UNIT <= slot_size_of(c) <= MNI_SLOT_MAX
        && 0 < span_size_of(c) <= 16777216;
      axiom words: \forall integer c; 0 <= c < MNI_CLASS_COUNT ==>
        1 <= word_count_of(c) <= words_total_of(c) <= MNI_SLAB_WORDS;
      axiom few: \forall integer c; 0 <= c < MNI_CLASS_COUNT
        && slot_count_of(c) < 64 ==>
        1 <= slot_count_of(c) && words_total_of(c) == 1;
      axiom many: \forall integer c; 0 <= c < MNI_CLASS_COUNT
        && slot_count_of(c) >= 64 ==>
        slot_count_of(c) == 64 * word_count_of(c);
      axiom tail: \forall integer c, offset; 0 <= c < MNI_CLASS_COUNT
        && 0 <= offset < span_size_of(c) ==>
        0 <= offset / slot_size_of(c) < 64 * words_total_of(c);
    }

    // ---- a slab
    lemma apart: \forall integer i, j; 0 <= i && 0 <= j && i / 64 == j / 64
      && i % 64 == j % 64 ==> i == j;
    lemma joined: \forall integer i, k; 0 <= i && 0 <= k < 64 ==>
      (64 * i + k) / 64 == i && (64 * i + k) % 64 == k;
    lemma inside: \forall integer i, n; 0 <= i < 64 * n ==> i / 64 < n;
    predicate shaped(struct mni_slab s) =
      s.class < MNI_CLASS_COUNT
      && s.span.size == span_size_of(s.class)
      && s.slot_size == slot_size_of(s.class)
      && s.slot_count == slot_count_of(s.class)
      && s.word_count == word_count_of(s.class)
      && s.words_total == words_total_of(s.class)
      && s.reciprocal == 0xffffffffffffffff / s.slot_size + 1;
    // The bits of a slot: its owner's, and that of all other threads.
    predicate owned(struct mni_slab s, integer i) =
      bit(s.bits[i / 64], i % 64);
    predicate returned(struct mni_slab s, integer i) =
      bit(s.bits[s.words_total + i / 64], i % 64);
    predicate isfree(struct mni_slab s, integer i) =
      owned(s, i) || returned(s, i);
    // No slot is free twice; where there are few, no bit is set beyond them.
    predicate once(struct mni_slab s) =
      \forall integer i; 0 <= i < s.slot_count ==>
        !(owned(s, i) && returned(s, i));
    predicate clear(struct mni_slab s, integer k) =
      !bit(s.bits[0], k) && !bit(s.bits[1], k);
    predicate beyond(struct mni_slab s) =
      \forall integer k; s.slot_count <= k < 64 ==> clear(s, k);
    // Words of the tail are all ones, so that a release there is a second one.
    predicate tail(struct mni_slab s) =
      \forall integer i; 64 * s.word_count <= i < 64 * s.words_total ==>
        owned(s, i);
    predicate inv(struct mni_slab s) =
      shaped(s) && once(s) && beyond(s) && tail(s);
    // How many slots are free in the first n words.
    logic integer free_below(struct mni_slab s, integer n) =
      n <= 0 ? 0
             : free_below(s, n - 1)
                 + ones(s.bits[n - 1] | s.bits[s.words_total + n - 1]);

    // ---- what a step leaves alone
    predicate same_shape(struct mni_slab a, struct mni_slab b) =
      b.class == a.class && b.span.size == a.span.size
      && b.slot_size == a.slot_size && b.slot_count == a.slot_count
      && b.word_count == a.word_count && b.words_total == a.words_total
      && b.reciprocal == a.reciprocal;
    predicate same_but(struct mni_slab a, struct mni_slab b, integer i) =
      \forall integer j; 0 <= j < a.slot_count && j != i ==>
        (isfree(b, j) <==> isfree(a, j));
    predicate same_owned(struct mni_slab a, struct mni_slab b, integer i) =
      \forall integer j; 0 <= j < 64 * a.words_total && j != i ==>
        (owned(b, j) <==> owned(a, j));
    predicate same_returned(struct mni_slab a, struct mni_slab b, integer i) =
      \forall integer j; 0 <= j < 64 * a.words_total && j != i ==>
        (returned(b, j) <==> returned(a, j));
    predicate same_bits(struct mni_slab a, struct mni_slab b) =
      \forall integer w; 0 <= w < 2 * a.words_total ==>
        b.bits[w] == a.bits[w];
*/

#ifdef __FRAMAC__
/*@ assigns \nothing;
    ensures \false;
*/
_Noreturn void mni_stop(const char *what);
#endif

#endif
