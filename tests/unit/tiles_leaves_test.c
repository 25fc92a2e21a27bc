/* SPDX-License-Identifier: MIT */
/* Tests of what the proof of the tiles trusts: the compiled leaves keep the
 * contracts of tiles_leaf.h, for every argument there is (the gap, for every
 * start at five alignments and for a sample at each).
 *
 * The axioms about size classes in tiles_leaf.h speak of the least size of
 * each class; here that function is written down and they are verified. */
#include "base/config.h"
#include "region/tiles_leaf.h"

#include "test.h"

/* The smallest size in class c; for c = MNI_TILE_CLASSES, 2^31. */
static uint32_t least(uint32_t c)
{
    if (c < 16)
        return c;
    return (16 + (c & 15)) << (c / 16 - 1);
}

/* Debug builds and those under sanitizers, which are slow, take a sample. */
enum { STEP = MN_DEBUG ? 251 : 1, SPARSE_STEP = 251 };

TEST(lowest_bit_is_right_for_every_word)
{
    uint32_t wrong = 0;

    for (uint64_t i = 1; i <= UINT32_MAX; i += STEP) {
        uint32_t word = (uint32_t)i;
        uint32_t k = mni_tile_lowest_bit(word);
        wrong += k > 31 || word << (31 - k) != UINT32_C(1) << 31;
    }
    EXPECT(wrong == 0);
}

TEST(the_least_sizes_of_the_classes_rise)
{
    for (uint32_t c = 0; c < MNI_TILE_CLASSES; c++)
        EXPECT(least(c) < least(c + 1));
    EXPECT(least(MNI_TILE_CLASSES) == MNI_TILE_SIZE_MAX + 1);
}

TEST(class_is_right_for_every_size)
{
    uint32_t wrong = 0;

    for (uint32_t size = 1; size <= MNI_TILE_SIZE_MAX; size += STEP) {
        uint32_t c = mni_tile_class(size);
        wrong +=
            c >= MNI_TILE_CLASSES || size < least(c) || size >= least(c + 1);
    }
    EXPECT(wrong == 0);
}

/* Those of half fit, where class k begins at 2^k: the axioms about half_least
 * are that no class is above 31, that powers rise, and what is compared here.
 */
TEST(half_class_and_half_from_are_right_for_every_size)
{
    uint32_t wrong = 0;

    for (uint32_t size = 1; size <= MNI_TILE_SIZE_MAX; size += STEP) {
        uint32_t down = mni_tile_half_class(size);
        uint32_t up = mni_tile_half_from(size);
        if (down > 31 || up > 31) {
            wrong++;
            continue;
        }
        uint32_t power = UINT32_C(1) << up;
        wrong += size < UINT32_C(1) << down || size > power
                 || (down < 31 && size >= UINT32_C(2) << down)
                 || (up > 0 && size <= power / 2);
    }
    EXPECT(wrong == 0);
}

/* origin + start wraps to one word, and align divides 2^32: so every sum once
 * is every argument. */
static uint32_t gap_wrong(unsigned shift, uint32_t step)
{
    uint32_t align = UINT32_C(1) << shift;
    uint32_t wrong = 0;

    for (uint64_t i = 0; i <= UINT32_MAX; i += step) {
        uint32_t gap = mni_tile_gap(0, (uint32_t)i, align);
        wrong += gap >= align || gap > INT32_MAX
                 || (((uint32_t)i + gap) & (align - 1)) != 0;
    }
    return wrong;
}

TEST(gap_is_right_for_every_start_at_some_alignments)
{
    for (unsigned shift = 0; shift < 32; shift += 8)
        EXPECT(gap_wrong(shift, STEP) == 0);
    EXPECT(gap_wrong(31, STEP) == 0);
}

TEST(gap_is_right_at_every_alignment)
{
    for (unsigned shift = 0; shift < 32; shift++)
        EXPECT(gap_wrong(shift, SPARSE_STEP) == 0);
}

TEST(gap_counts_from_the_origin)
{
    uint64_t random = 20240229;

    for (int i = 0; i < 1000000; i++) {
        uint32_t origin = (uint32_t)test_random(&random);
        uint32_t start = (uint32_t)test_random(&random) >> 1;
        uint32_t align = UINT32_C(1) << test_random(&random) % 32;
        uint64_t gap = mni_tile_gap(origin, start, align);
        EXPECT(gap < align);
        EXPECT(((uint64_t)origin + start + gap) % align == 0);
    }
}
