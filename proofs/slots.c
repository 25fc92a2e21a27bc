/* SPDX-License-Identifier: MIT */
/* slots.c -- what follows for slots: one goes out, one comes back.
 *
 * Only the prover reads this. The functions put the steps together that a heap
 * takes apart: it finds a word now and takes slots from it later.
 */
#include "slab/slab.h"

enum { SLOTS_NONE = 64 * MNI_SLAB_WORDS };

/* Take a slot. */
/*@ requires \valid(slab) && inv(*slab);
    assigns slab->bits[0 .. MNI_SLAB_WORDS - 1];
    ensures none: \result == SLOTS_NONE ==> *slab == \old(*slab)
      && \forall integer i; 0 <= i < slab->slot_count ==> !owned(*slab, i);
    ensures range: \result != SLOTS_NONE ==> \result < slab->slot_count;
    ensures was: \result != SLOTS_NONE ==> isfree(\old(*slab), \result);
    ensures taken: \result != SLOTS_NONE ==> !isfree(*slab, \result);
    ensures same: same_but(\old(*slab), *slab, \result);
    ensures shaped: shaped(*slab);
    ensures once: once(*slab);
    ensures beyond: beyond(*slab);
    ensures tail: tail(*slab);
*/
uint64_t slots_take(struct mni_slab *slab);

uint64_t slots_take(struct mni_slab *slab)
{
    uint32_t i = mni_slab_find_owner(slab, 0);
    uint64_t seen;

    /*@ assert all: \forall integer j; 0 <= j < slab->slot_count ==>
          0 <= j / 64 < slab->word_count; */
    if (i == slab->word_count)
        return SLOTS_NONE;
    bool took = mni_slots_take(&slab->bits[i], &seen);
    //@ assert took: took == \true;
    uint64_t k = mni_word_lowest(seen);
    uint64_t index = 64 * (uint64_t)i + k;
    /*@ assert at: index / 64 == i && index % 64 == k; */
    /*@ assert others: \forall integer j; 0 <= j && j != index && j / 64 == i
          ==> j % 64 != k; */
    /*@ assert beyond: \forall integer j; slab->slot_count <= j < 64 ==>
          clear(\at(*slab, Pre), j) ==> clear(*slab, j); */
    /*@ assert returned: same_returned(\at(*slab, Pre), *slab, -1); */
    /*@ assert owned: same_owned(\at(*slab, Pre), *slab, index); */
    return index;
}

/* Return what is at `offset` in the span. */
/*@ requires \valid(slab) && inv(*slab) && offset < slab->span.size;
    assigns slab->bits[0 .. MNI_SLAB_WORDS - 1];
    ensures refused: \result == \false ==> *slab == \old(*slab);
    ensures start: \result == \true ==> offset % slab->slot_size == 0;
    ensures slot: \result == \true ==>
      offset / slab->slot_size < slab->slot_count;
    ensures was: \result == \true ==>
      !isfree(\old(*slab), offset / slab->slot_size);
    ensures freed: \result == \true ==>
      isfree(*slab, offset / slab->slot_size);
    ensures same: same_but(\old(*slab), *slab, offset / slab->slot_size);
    ensures shaped: shaped(*slab);
    ensures once: once(*slab);
    ensures beyond: beyond(*slab);
    ensures tail: tail(*slab);
*/
bool slots_return(struct mni_slab *slab, uint64_t offset);

bool slots_return(struct mni_slab *slab, uint64_t offset)
{
    struct mni_slot slot = mni_slab_slot_at(slab, offset);
    uint64_t next;

    return slot.fraction < slab->reciprocal && slot.index < slab->slot_count
           && mni_slab_return_owner(slab, slot.index, &next);
}

/* Take a slot, also one that another thread returned: none is left only if
 * none is free. */
/*@ requires \valid(slab) && inv(*slab);
    assigns slab->bits[0 .. 2 * MNI_SLAB_WORDS - 1], slab->owed;
    ensures none: \result == SLOTS_NONE ==>
      \forall integer i; 0 <= i < slab->slot_count ==>
        !isfree(\old(*slab), i) && !isfree(*slab, i);
    ensures was: \result != SLOTS_NONE ==> \result < slab->slot_count
      && isfree(\old(*slab), \result) && !isfree(*slab, \result);
    ensures same: same_but(\old(*slab), *slab, \result);
    ensures inv: inv(*slab);
*/
uint64_t slots_take_any(struct mni_slab *slab);

uint64_t slots_take_any(struct mni_slab *slab)
{
    (void)mni_slab_drain_owner(slab);
    return slots_take(slab);
}
