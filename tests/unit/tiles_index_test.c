/* SPDX-License-Identifier: MIT */
/* Tests of the one function of the index that its proof trusts: the pivot of
 * a range of chunks lies in it, and rounding the number of any chunk of the
 * range, down or up, to the pivot's power of two leads there. */
#include "region/tiles_tlsf.h"

#include "region/tiles_index.h"

#include "test.h"

enum { SMALL = 1024 };

static bool pivot_lies_inside(uint32_t first, uint32_t last)
{
    uint32_t pivot = tile_index_pivot(first, last);

    return first <= pivot && pivot <= last;
}

/* Whether mni_tile_index_at would look at the pivot, from `chunk`. */
static bool pivot_is_met(uint32_t pivot, uint32_t chunk)
{
    for (unsigned k = 0; k < 32; k++) {
        if (chunk >> k << k == pivot
            || (((uint64_t)(chunk >> k) + 1) << k) == pivot)
            return true;
    }
    return false;
}

TEST(the_pivot_lies_in_its_range)
{
    for (uint32_t first = 0; first < 4 * SMALL; first++) {
        for (uint32_t last = first; last < 4 * SMALL; last++)
            EXPECT(pivot_lies_inside(first, last));
    }
}

TEST(the_pivot_lies_in_its_range_around_each_power_of_two)
{
    for (unsigned a = 0; a < 31; a++) {
        for (unsigned b = a; b < 31; b++) {
            for (uint32_t i = 0; i < 5; i++) {
                uint32_t first = (1u << a) + i;
                uint32_t last = (1u << b) + 4;
                EXPECT(first > last || pivot_lies_inside(first, last));
                EXPECT(pivot_lies_inside(first - i, last - i));
            }
        }
    }
    EXPECT(pivot_lies_inside(0, 0x7ffffffe));
    EXPECT(pivot_lies_inside(0x7ffffffe, 0x7ffffffe));
}

TEST(every_chunk_of_a_range_leads_to_the_pivot)
{
    for (uint32_t first = 0; first < SMALL; first += 3) {
        for (uint32_t last = first; last < SMALL; last += 7) {
            uint32_t pivot = tile_index_pivot(first, last);
            for (uint32_t chunk = first; chunk <= last; chunk += 5)
                EXPECT(pivot_is_met(pivot, chunk));
        }
    }
}
