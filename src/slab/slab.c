/* SPDX-License-Identifier: MIT */
/* slab.c -- the parts of slabs that are not on a fast path. */
#include "slab/slab.h"

#include "base/assert.h"

size_t mni_slab_record_size(const struct mni_layout *layout)
{
    return offsetof(struct mni_slab, bits)
           + 2 * sizeof(uint64_t) * (size_t)layout->words_total;
}

bool mni_slab_block_at(const struct mn_owner *owner, const void *address,
                       struct mn_block *block)
{
    const struct mni_slab *slab = (const struct mni_slab *)(const void *)owner;
    uint64_t index = mni_slab_slot(slab, address).index;

    block->perm = MN_PERM_RW;
    if (index < slab->slot_count) {
        block->start = slab->span.start + index * slab->slot_size;
        block->size = slab->slot_size;
        block->state =
            mni_slab_is_free_any(slab, index) ? MN_FREE : MN_ALLOCATED;
    } else {
        size_t used = (size_t)slab->slot_count * slab->slot_size;
        block->start = slab->span.start + used;
        block->size = slab->span.size - used;
        block->state = MN_RESERVED;
    }
    return true;
}

void mni_slab_init(struct mni_slab *slab, const struct mni_layout *layout,
                   unsigned class)
{
    slab->span.owner.block_at = mni_slab_block_at;
    slab->reciprocal = UINT64_MAX / layout->slot_size + 1;
    slab->slot_size = layout->slot_size;
    slab->slot_count = layout->slot_count;
    slab->word_count = layout->word_count;
    slab->words_total = layout->words_total;
    slab->class = class;
    /*@ loop invariant 0 <= i <= slab->words_total;
        loop invariant ones: \forall integer w; 0 <= w < i ==>
          slab->bits[w] == all_slots(64);
        loop invariant zero: \forall integer w; i <= w < 2 * MNI_SLAB_WORDS ==>
          slab->bits[w] == 0;
        loop assigns i, slab->bits[0 .. MNI_SLAB_WORDS - 1];
        loop variant slab->words_total - i;
    */
    for (uint32_t i = 0; i < layout->words_total; i++)
        mn_atomic_store_relaxed(&slab->bits[i], UINT64_MAX);
    if (layout->slot_count < 64)
        mn_atomic_store_relaxed(&slab->bits[0], mni_slab_full_word(slab));
    /* Release: pairs with the acquire of whoever looks at the kind, so that
     * the fields above are seen. */
    mn_atomic_store_release(&slab->span.kind, MNI_SPAN_SLAB);
}

/* Move what other threads returned of word `i`. */
/*@ requires \valid(slab) && shaped(*slab) && i < slab->word_count;
    assigns slab->bits[i], slab->bits[slab->words_total + i], slab->owed;
    ensures moved: \forall integer k; 0 <= k < 64 ==>
      !bit(slab->bits[slab->words_total + i], k);
    ensures here: \forall integer k; 0 <= k < 64 ==>
      (bit(slab->bits[i], k) <==> bit(\old(slab->bits[i]), k)
         || bit(\old(slab->bits[slab->words_total + i]), k));
    ensures same: same_but(\old(*slab), *slab, -1);
    ensures none: \result == \false ==>
      slab->bits[i] == \old(slab->bits[i])
      && slab->bits[slab->words_total + i]
           == \old(slab->bits[slab->words_total + i]);
*/
static bool slab_drain_word(struct mni_slab *slab, uint32_t i)
{
    _Atomic uint64_t *remote = &slab->bits[slab->words_total + i];

    if (mn_atomic_load_relaxed(remote) == 0)
        return false;
    /* Acquire: pairs with the release in mni_slab_return_any, so that what the
     * other thread did to the slot is over. */
    uint64_t returned = mn_atomic_exchange_acq_rel(remote, 0);
    if (returned == 0)
        return false; /* another thread has them, to purge their pages */
    MN_CHECK((mn_atomic_load_relaxed(&slab->bits[i]) & returned) == 0,
             "a block was released twice");
    mni_slots_add(&slab->bits[i], returned);
    slab->owed++;
    /*@ assert inside: \forall integer j; 0 <= j < slab->slot_count ==>
          0 <= j / 64 < slab->words_total && 0 <= j % 64 < 64; */
    /*@ assert word: \forall integer k; 0 <= k < 64 ==>
          (bit(slab->bits[i], k)
           <==> bit(\at(slab->bits[i], Pre), k)
                || bit(\at(slab->bits[slab->words_total + i], Pre), k)); */
    /*@ assert now: \forall integer j; 0 <= j < slab->slot_count
          && j / 64 == i ==> !returned(*slab, j)
          && (owned(*slab, j) <==> bit(slab->bits[i], j % 64)); */
    /*@ assert before: \forall integer j; 0 <= j < slab->slot_count
          && j / 64 == i ==>
          (isfree(\at(*slab, Pre), j)
           <==> bit(\at(slab->bits[i], Pre), j % 64)
                || bit(\at(slab->bits[slab->words_total + i], Pre), j % 64));
     */
    /*@ assert mine: \forall integer j; 0 <= j < slab->slot_count
          && j / 64 == i ==>
          (isfree(*slab, j) <==> isfree(\at(*slab, Pre), j)); */
    /*@ assert others: \forall integer j; 0 <= j < slab->slot_count
          && j / 64 != i ==>
          (isfree(*slab, j) <==> isfree(\at(*slab, Pre), j)); */
    return true;
}

bool mni_slab_drain_owner(struct mni_slab *slab)
{
    bool any = false;

    /*@ loop invariant range: 0 <= i <= slab->word_count;
        loop invariant same: same_but(\at(*slab, Pre), *slab, -1);
        loop invariant once: once(*slab);
        loop invariant beyond: beyond(*slab);
        loop invariant tail: tail(*slab);
        loop invariant moved: \forall integer j; 0 <= j < 64 * i ==>
          !returned(*slab, j);
        loop invariant none: any == \false ==>
          same_bits(\at(*slab, Pre), *slab);
        loop assigns i, any, slab->owed,
                     slab->bits[0 .. 2 * MNI_SLAB_WORDS - 1];
        loop variant slab->word_count - i;
    */
    for (uint32_t i = 0; i < slab->word_count; i++)
        any |= slab_drain_word(slab, i);
    return any;
}

uint32_t mni_slab_find_owner(const struct mni_slab *slab, uint32_t from)
{
    /*@ loop invariant range: \at(from, Pre) <= from <= slab->word_count;
        loop invariant first: \forall integer w; \at(from, Pre) <= w < from ==>
          slab->bits[w] == 0;
        loop assigns from;
        loop variant slab->word_count - from;
    */
    while (from < slab->word_count
           && mn_atomic_load_relaxed(&slab->bits[from]) == 0)
        from++;
    return from;
}

bool mni_slab_is_empty_owner(const struct mni_slab *slab)
{
    uint64_t full = mni_slab_full_word(slab);

    /*@ loop invariant range: 0 <= i <= slab->word_count;
        loop invariant full: \forall integer w; 0 <= w < i ==>
          slab->bits[w] == full;
        loop assigns i;
        loop variant slab->word_count - i;
    */
    for (uint32_t i = 0; i < slab->word_count; i++) {
        /*@ assert few: \forall integer k; 0 <= k < 64 && bit(slab->bits[i], k)
              ==> k < slab->slot_count; */
        /*@ assert differs: is_all(slab->bits[i], slab->slot_count)
              || \exists integer k; 0 <= k < 64 && k < slab->slot_count
                   && !bit(slab->bits[i], k); */
        /*@ assert mine: \forall integer k; 0 <= k < 64 ==>
              (owned(*slab, 64 * i + k) <==> bit(slab->bits[i], k)); */
        /*@ assert in: \forall integer k; 0 <= k < 64 && k < slab->slot_count
              ==> 0 <= 64 * i + k < slab->slot_count; */
        /*@ assert out: is_all(slab->bits[i], slab->slot_count)
              || \exists integer j; 0 <= j < slab->slot_count
                   && !owned(*slab, j); */
        if (mn_atomic_load_relaxed(&slab->bits[i]) != full)
            return false;
    }
    /*@ assert all: \forall integer i; 0 <= i < slab->slot_count ==>
          0 <= i / 64 < slab->word_count; */
    return true;
}

bool mni_slab_is_quiet_owner(const struct mni_slab *slab)
{
    /* Acquire: pairs with the release with which others count their last
     * access. */
    return mn_atomic_load_acquire(&slab->told) == slab->owed
           && mn_atomic_load_relaxed(&slab->pending) == 0;
}

bool mni_slab_is_free_any(const struct mni_slab *slab, uint64_t index)
{
    return mni_slab_free_word_any(slab, (uint32_t)(index / 64)) >> index % 64
           & 1;
}

uint32_t mni_slab_free_count_any(const struct mni_slab *slab)
{
    uint32_t count = 0;

    /*@ loop invariant range: 0 <= i <= slab->word_count;
        loop invariant bound: 0 <= count <= 64 * i;
        loop invariant count == free_below(*slab, i);
        loop assigns i, count;
        loop variant slab->word_count - i;
    */
    for (uint32_t i = 0; i < slab->word_count; i++)
        count += mni_count_bits(mni_slab_free_word_any(slab, i));
    return count;
}

bool mni_slab_check(const struct mni_slab *slab)
{
    struct mni_layout layout = mni_class_layout(slab->class);
    uint64_t full = mni_slab_full_word(slab);

    if (slab->slot_size != layout.slot_size
        || slab->slot_count != layout.slot_count
        || slab->word_count != layout.word_count
        || slab->words_total != layout.words_total
        || slab->span.size != layout.span_size)
        return false;
    for (uint32_t i = 0; i < slab->word_count; i++)
        if ((mni_slab_free_word_any(slab, i) & ~full) != 0)
            return false;
    for (uint32_t i = slab->word_count; i < slab->words_total; i++)
        if (mn_atomic_load_relaxed(&slab->bits[i]) != UINT64_MAX)
            return false;
    return true;
}
