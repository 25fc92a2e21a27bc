/* SPDX-License-Identifier: MIT */
/* Tests of what the proof of the slabs trusts: the axioms of slab_spec.h about
 * the layouts, for every class; slots from offsets, for every offset of every
 * class; and the contracts of slots.h about words.
 *
 * There are too many words of 64 bits to try. The lowest bit is tried for each
 * lower half, with some upper half, and for each upper half over a lower one
 * of 0. Tests of single bits take words with none, one, all but one and all
 * bits set, and random ones. */
#include "slab/slab.h"

#include <stdlib.h>

#include "test.h"

/* Debug builds and those under sanitizers, which are slow, take a sample. */
enum { STEP = MN_DEBUG ? 251 : 1, RANDOM_WORDS = 1000, SEED = 20240229 };

/* Whether the lowest bit of a word is found and removed. */
static bool lowest_is_right(uint64_t word)
{
    uint64_t k = mni_word_lowest(word);
    uint64_t rest = mni_slots_rest(word);

    return k < 64 && word << (63 - k) == UINT64_C(1) << 63
           && rest == word - (UINT64_C(1) << k);
}

TEST(lowest_bit_is_found_and_removed_in_each_half)
{
    uint32_t wrong = 0;

    for (uint64_t half = 1; half <= UINT32_MAX; half += STEP) {
        wrong += !lowest_is_right(half << 32);
        wrong +=
            !lowest_is_right(half | half * UINT64_C(0x9e3779b97f4a7c15) << 32);
    }
    EXPECT(wrong == 0);
}

static bool has(uint64_t word, unsigned k)
{
    return (word & UINT64_C(1) << k) != 0;
}

static void expect_bits(uint64_t word)
{
    unsigned count = 0;

    for (unsigned i = 0; i < 64; i++) {
        /* Any index, of which only the remainder counts. */
        uint64_t index = i + 64 * (word % 1000);
        uint64_t with = 0;

        EXPECT(mni_word_test(word, index) == has(word, i));
        EXPECT(mni_word_has(word, index, &with) == has(word, i));
        for (unsigned k = 0; k < 64; k++)
            EXPECT(has(with, k) == (k == i || has(word, k)));
        EXPECT(with >> i != 0); /* so it is no less than 1 << i */
        count += has(word, i);
    }
    EXPECT(mni_count_bits(word) == count);
}

TEST(single_bits_are_tested_set_and_counted)
{
    uint64_t random = SEED;

    expect_bits(0);
    expect_bits(UINT64_MAX);
    for (unsigned k = 0; k < 64; k++) {
        expect_bits(UINT64_C(1) << k);
        expect_bits(~(UINT64_C(1) << k));
    }
    for (int i = 0; i < RANDOM_WORDS; i++)
        expect_bits(test_random(&random));
}

TEST(atomic_operations_return_the_word_before)
{
    uint64_t random = SEED;

    for (int i = 0; i < RANDOM_WORDS; i++) {
        uint64_t before = test_random(&random);
        uint64_t value = test_random(&random);
        _Atomic uint64_t word = before;

        EXPECT(mn_atomic_or_acq_rel(&word, value) == before);
        EXPECT(mn_atomic_exchange_acq_rel(&word, value) == (before | value));
        EXPECT(mn_atomic_load_relaxed(&word) == value);
        EXPECT(mn_atomic_load_acquire(&word) == value);
    }
}

static void expect_all(uint32_t count)
{
    uint64_t all = mni_slots_all(count);

    for (unsigned k = 0; k < 64; k++)
        EXPECT(has(all, k) == (k < count));
    EXPECT(count >= 64 ? all == UINT64_MAX : all < UINT64_C(1) << count);
}

TEST(full_words_have_a_bit_for_each_slot)
{
    for (uint32_t count = 1; count <= 64 * MNI_SLAB_WORDS; count++)
        expect_all(count);
    expect_all(UINT32_MAX);
}

TEST(layouts_are_what_the_proof_takes_them_for)
{
    for (unsigned class = 0; class < MNI_CLASS_COUNT; class ++) {
        struct mni_layout layout = mni_class_layout(class);
        uint32_t count = layout.slot_count;

        EXPECT(layout.slot_size >= MNI_SLOT_UNIT);
        EXPECT(layout.slot_size <= MNI_SLOT_MAX);
        EXPECT(layout.span_size > 0 && layout.span_size <= 16777216);
        EXPECT(1 <= layout.word_count);
        EXPECT(layout.word_count <= layout.words_total);
        EXPECT(layout.words_total <= MNI_SLAB_WORDS);
        if (count < 64)
            EXPECT(count >= 1 && layout.words_total == 1);
        else
            EXPECT(count == 64 * layout.word_count);
        /* The last offset, and so each, is in a slot that has bits. */
        EXPECT((layout.span_size - 1) / layout.slot_size
               < 64 * (size_t)layout.words_total);
    }
}

TEST(each_offset_of_each_class_leads_to_its_slot)
{
    for (unsigned class = 0; class < MNI_CLASS_COUNT; class ++) {
        struct mni_layout layout = mni_class_layout(class);
        struct mni_slab *slab = calloc(1, mni_slab_record_size(&layout));
        size_t index = 0;
        size_t within = 0;
        uint32_t wrong = 0;

        EXPECT(slab != NULL);
        slab->span.size = layout.span_size;
        mni_slab_init(slab, &layout, class);
        for (size_t offset = 0; offset < layout.span_size; offset++) {
            struct mni_slot slot = mni_slab_slot_at(slab, offset);
            wrong += slot.index != index;
            wrong += (slot.fraction < slab->reciprocal) != (within == 0);
            if (++within == layout.slot_size) {
                within = 0;
                index++;
            }
        }
        EXPECT(wrong == 0);
        free(slab);
    }
}
