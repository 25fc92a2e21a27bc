/* SPDX-License-Identifier: MIT */
/* slab.h -- a span cut into equal slots, one bit for each, in its record.
 *
 * A set bit is a free slot. The owner takes and returns slots by changing
 * `bits`; other threads return them by setting bits of a second array, which
 * the owner moves over when it needs slots. So a slot is free if and only if
 * one of its two bits is set, any thread can tell at any time, a slot that is
 * returned twice is always seen, and nothing is ever written to a slot.
 *
 * Which slot an address is in is found by multiplying with the reciprocal of
 * the slot size; the low half of the product tells whether it is the start of
 * the slot. Source: Lemire, Kaser, Kurz, "Faster remainder by direct
 * computation", Software: Practice and Experience 49 (2019).
 */
#ifndef MNI_SLAB_H
#define MNI_SLAB_H

#include "base/atomic.h"
#include "slab/class.h"
#include "slab/slots.h"
#include "space/span.h"

struct mni_heap;

/* No more words than this hold the bits of a slab. */
enum { MNI_SLAB_WORDS = 1 << (MN_CELL_SHIFT - 10) };

enum mni_slab_place {
    MNI_SLAB_CURRENT, /* or in its owner's hand, from one place to another */
    MNI_SLAB_LISTED,
    MNI_SLAB_FULL,
    MNI_SLAB_GONE /* has no span any more */
};

/* What the word `place` consists of, from the lowest bit on. */
enum {
    MNI_SLAB_PLACE_BITS = 2,   /* an enum mni_slab_place */
    MNI_SLAB_CLAIMED = 1 << 2, /* its span was given back: gone.c */
    MNI_SLAB_KNOWN_SHIFT = 3   /* while listed, the slots that were free when
                                  it was looked at */
}; /* and in the upper half how often it was given a place */

struct mni_slab {
    struct mni_span span;
    uint64_t reciprocal; /* of the slot size, as a fraction of 2^64 */
    uint64_t trigger;    /* a word above this empties the slab, or is wrong */

    uint32_t slot_size;
    uint32_t slot_count;
    uint32_t word_count;
    uint32_t class;
    /* The owner changes it, but for the claim, which any thread may make while
     * the slab is listed or full. */
    _Atomic uint64_t place;
    struct mni_heap *_Atomic heap;
    struct mni_slab *next; /* in the owner's list of its class */
    struct mni_slab *prev;
    struct mni_slab *pending_next;
    _Atomic uint32_t pending; /* 1 while in some heap's pending stack */

    /* Whoever makes a remote word other than zero tells the heap, and counts
     * that as its very last access. The owner counts the words it found so.
     * While the counts differ, somebody is on the way and the record must
     * stay. */
    _Atomic uint32_t told;
    uint32_t owed;

    /* Next to the words, which free reads with it. */
    uint32_t words_total;

    /* words_total words of the owner, then as many of all other threads. Of
     * the owner's, those from word_count on are all ones: the tail's. */
#ifdef __FRAMAC__ /* which knows no array without a size */
    uint64_t bits[2 * MNI_SLAB_WORDS];
#else
    _Atomic uint64_t bits[];
#endif
};

#include "slab/slab_spec.h"

/* Requires: the owner of a cell of a slab. */
static inline struct mni_slab *mni_slab_cast(struct mn_owner *owner)
{
    return (struct mni_slab *)(void *)owner;
}

/* A slot as computed from an address. */
struct mni_slot {
    uint64_t index;
    uint64_t fraction; /* below the reciprocal at the start of a slot */
};

/* The slot at `offset` in the span. */
/*@ requires \valid_read(slab) && shaped(*slab) && offset < slab->span.size;
    assigns \nothing;
    ensures slot: \result.index == offset / slab->slot_size;
    ensures start: \result.fraction < slab->reciprocal <==>
      offset % slab->slot_size == 0;
*/
static inline struct mni_slot mni_slab_slot_at(const struct mni_slab *slab,
                                               uint64_t offset);

#ifndef __FRAMAC__
static inline struct mni_slot mni_slab_slot_at(const struct mni_slab *slab,
                                               uint64_t offset)
{
    uint64_t fraction = offset;
    uint64_t index = mni_word_multiply(&fraction, &slab->reciprocal);

    return (struct mni_slot){index, fraction};
}
#endif

static inline struct mni_slot mni_slab_slot(const struct mni_slab *slab,
                                            const void *address)
{
    return mni_slab_slot_at(slab,
                            (uintptr_t)address - (uintptr_t)slab->span.start);
}

/*@ requires \valid(slab) && shaped(*slab) && index < 64 * slab->words_total;
    assigns \nothing;
    ensures \result == &slab->bits[index / 64];
*/
static inline _Atomic uint64_t *mni_slab_word(struct mni_slab *slab,
                                              uint64_t index)
{
    return &slab->bits[index / 64];
}

/*@ requires \valid(slab) && shaped(*slab) && index < 64 * slab->words_total;
    assigns \nothing;
    ensures \result == &slab->bits[slab->words_total + index / 64];
*/
static inline _Atomic uint64_t *mni_slab_remote(struct mni_slab *slab,
                                                uint64_t index)
{
    return &slab->bits[slab->words_total + index / 64];
}

/* The word that a slab of up to 64 slots has when all are free; all ones for
 * larger ones. */
/*@ requires \valid_read(slab) && shaped(*slab);
    assigns \nothing;
    ensures \result == all_slots(slab->slot_count);
*/
static inline uint64_t mni_slab_full_word(const struct mni_slab *slab)
{
    return mni_slots_all(slab->slot_count);
}

/* Bytes of the record of a slab of this layout. */
size_t mni_slab_record_size(const struct mni_layout *layout);

/* Make a new span a slab with all slots free. Its record is zero but for what
 * the span holds. */
/*@ requires \valid(slab) && \valid_read(layout) && \separated(slab, layout);
    requires class < MNI_CLASS_COUNT && slab->span.size == span_size_of(class);
    requires layout->slot_size == slot_size_of(class)
      && layout->slot_count == slot_count_of(class)
      && layout->word_count == word_count_of(class)
      && layout->words_total == words_total_of(class);
    requires zero: \forall integer w; 0 <= w < 2 * MNI_SLAB_WORDS ==>
      slab->bits[w] == 0;
    assigns *slab;
    ensures shaped: shaped(*slab);
    ensures once: once(*slab);
    ensures beyond: beyond(*slab);
    ensures tail: tail(*slab);
    ensures all: \forall integer i; 0 <= i < slab->slot_count ==>
      owned(*slab, i);
*/
void mni_slab_init(struct mni_slab *slab, const struct mni_layout *layout,
                   unsigned class);

/* Owner: move what other threads returned to the owner's bits. False if there
 * was nothing. */
/*@ requires \valid(slab) && inv(*slab);
    assigns slab->bits[0 .. 2 * MNI_SLAB_WORDS - 1], slab->owed;
    ensures shaped: shaped(*slab);
    ensures once: once(*slab);
    ensures beyond: beyond(*slab);
    ensures tail: tail(*slab);
    ensures same: same_but(\old(*slab), *slab, -1);
    ensures moved: \forall integer i; 0 <= i < slab->slot_count ==>
      !returned(*slab, i);
    ensures none: \result == \false ==> same_bits(\old(*slab), *slab);
*/
bool mni_slab_drain_owner(struct mni_slab *slab);

/* Owner: the first word from `from` on with a free slot, or word_count if there
 * is none. */
/*@ requires \valid_read(slab) && inv(*slab) && from <= slab->word_count;
    assigns \nothing;
    ensures range: from <= \result <= slab->word_count;
    ensures found: \result < slab->word_count ==> slab->bits[\result] != 0;
    ensures first: \forall integer i; 64 * from <= i < 64 * \result ==>
      !owned(*slab, i);
*/
uint32_t mni_slab_find_owner(const struct mni_slab *slab, uint32_t from);

/* Owner: return a slot that is out; *next is its word then. False if it is free
 * already; nothing has changed then. Beyond the slots, where there are 64 or
 * more, all bits are set; where there are fewer, *next is above the full word.
 */
/*@ requires \valid(slab) && \valid(next) && \separated(slab, next);
    requires inv(*slab) && index < 64 * slab->words_total;
    assigns slab->bits[index / 64], *next;
    ensures refused: \result == \false ==> *slab == \old(*slab);
    ensures twice: isfree(\old(*slab), index) ==> \result == \false;
    ensures freed: \result == \true ==> owned(*slab, index);
    ensures next: \result == \true ==> *next == slab->bits[index / 64];
    ensures shaped: shaped(*slab);
    ensures once: once(*slab);
    ensures beyond: index < slab->slot_count ==> beyond(*slab);
    ensures tail: tail(*slab);
    ensures same: same_but(\old(*slab), *slab, index);
    ensures many: slab->slot_count <= index && 64 <= slab->slot_count ==>
      \result == \false;
    ensures few: slab->slot_count <= index && \result == \true ==>
      *next >= 1 << slab->slot_count;
*/
static inline __attribute__((always_inline)) bool
mni_slab_return_owner(struct mni_slab *slab, uint64_t index, uint64_t *next)
{
    _Atomic uint64_t *word = mni_slab_word(slab, index);

    /*@ assert few: slab->slot_count < 64 ==> slab->words_total == 1
          && index / 64 == 0 && index % 64 == index; */
    /*@ assert tail: 64 <= slab->slot_count <= index ==> owned(*slab, index); */
    /*@ assert others: \forall integer j; 0 <= j && j != index
          && j / 64 == index / 64 ==> j % 64 != index % 64; */
    /*@ assert inside: \forall integer j; 0 <= j < 64 * slab->words_total ==>
          0 <= j / 64 < slab->words_total && 0 <= j % 64 < 64; */
    if (mni_word_test(mn_atomic_load_relaxed(word + slab->words_total), index))
        return false;
    bool done = mni_slots_return(word, index, next);
    /*@ assert words: \forall integer w; slab->words_total <= w
          < 2 * slab->words_total ==>
          slab->bits[w] == \at(slab->bits[w], Pre); */
    /*@ assert returned: same_returned(\at(*slab, Pre), *slab, -1); */
    /*@ assert owned: same_owned(\at(*slab, Pre), *slab, index); */
    /*@ assert beyond: index < slab->slot_count ==>
          \forall integer k; slab->slot_count <= k < 64
            && clear(\at(*slab, Pre), k) ==> clear(*slab, k); */
    return done;
}

/* Owner: whether all slots are free by the owner's bits. */
/*@ requires \valid_read(slab) && inv(*slab);
    assigns \nothing;
    ensures all: \result == \true <==>
      \forall integer i; 0 <= i < slab->slot_count ==> owned(*slab, i);
*/
bool mni_slab_is_empty_owner(const struct mni_slab *slab);

/* Owner: whether no other thread will touch the record of an empty slab. */
bool mni_slab_is_quiet_owner(const struct mni_slab *slab);

enum mni_returned {
    MNI_RETURNED_TWICE, /* the slot is free already, and nothing changed */
    MNI_RETURNED,       /* and the record must not be touched any more */
    MNI_RETURNED_FIRST  /* and the caller must tell the heap */
};

/* Any thread: return a slot; *seen are the free slots of its word then, as far
 * as they were seen. Requires: index < slot_count. */
/*@ requires \valid(slab) && inv(*slab) && index < slab->slot_count;
    requires \valid(seen) && \separated(slab, seen);
    assigns slab->bits[slab->words_total + index / 64], *seen;
    behavior twice:
      assumes isfree(*slab, index);
      ensures said: \result == MNI_RETURNED_TWICE;
      ensures none: *slab == \old(*slab);
    behavior freed:
      assumes !isfree(*slab, index);
      ensures said: \result != MNI_RETURNED_TWICE;
      ensures first: \result == MNI_RETURNED_FIRST <==>
        \old(slab->bits[slab->words_total + index / 64]) == 0;
      ensures inv: inv(*slab);
      ensures freed: returned(*slab, index);
      ensures same: same_but(\old(*slab), *slab, index);
    complete behaviors; disjoint behaviors;
*/
static inline enum mni_returned
mni_slab_return_any(struct mni_slab *slab, uint64_t index, uint64_t *seen)
{
    uint64_t bit = UINT64_C(1) << index % 64;
    uint64_t own = mn_atomic_load_relaxed(mni_slab_word(slab, index));

    /*@ assert bit: \forall integer k; 0 <= k < 64 ==>
          (bit(bit, k) <==> k == index % 64); */
    /*@ assert others: \forall integer j; 0 <= j && j != index
          && j / 64 == index / 64 ==> j % 64 != index % 64; */
    if (mni_word_test(own, index))
        return MNI_RETURNED_TWICE;
    /* Release: pairs with the acquire in slab_drain_word. */
    uint64_t before = mn_atomic_or_acq_rel(mni_slab_remote(slab, index), bit);
    *seen = own | before | bit;
    if (mni_word_test(before, index))
        return MNI_RETURNED_TWICE;
    return before == 0 ? MNI_RETURNED_FIRST : MNI_RETURNED;
}

/* What slabs answer for addresses with. */
bool mni_slab_block_at(const struct mn_owner *owner, const void *address,
                       struct mn_block *block);

/* The slab if `owner` is one, or NULL. */
static inline struct mni_slab *mni_slab_from(struct mn_owner *owner)
{
    return owner != NULL && owner->block_at == mni_slab_block_at
               ? mni_slab_cast(owner)
               : NULL;
}

/* Any thread: the free slots of word `i`, by both arrays. While the owner moves
 * a slot from one to the other it looks taken for a moment. */
/*@ requires \valid_read(slab) && shaped(*slab) && i < slab->word_count;
    assigns \nothing;
    ensures \result == (slab->bits[i] | slab->bits[slab->words_total + i]);
*/
static inline uint64_t mni_slab_free_word_any(const struct mni_slab *slab,
                                              uint32_t i)
{
    /* Acquire: pairs with the release by which a drain empties the word, and
     * keeps the second load after the first. */
    uint64_t remote =
        mn_atomic_load_acquire(&slab->bits[slab->words_total + i]);

    return remote | mn_atomic_load_relaxed(&slab->bits[i]);
}

/* Any thread: whether the slot is free. Requires: index < slot_count. */
/*@ requires \valid_read(slab) && inv(*slab) && index < slab->slot_count;
    assigns \nothing;
    ensures \result == \true <==> isfree(*slab, index);
*/
bool mni_slab_is_free_any(const struct mni_slab *slab, uint64_t index);

/* Any thread: how many slots are free. */
/*@ requires \valid_read(slab) && inv(*slab);
    assigns \nothing;
    ensures \result == free_below(*slab, slab->word_count);
*/
uint32_t mni_slab_free_count_any(const struct mni_slab *slab);

/* Whether the record's own invariants hold. */
bool mni_slab_check(const struct mni_slab *slab);

#endif
