/* SPDX-License-Identifier: MIT */
/* Tests of the tiles, the records under a tiled region: what their contracts
 * say at the boundaries, where no memory is large enough to try it. */
#include "region/tiles_tlsf.h"

#include "region/tiles_check.h"
#include "region/tiles_core.h"

#include "test.h"

#include <stdlib.h>
#include <string.h>

enum { RECORDS = 66, STEPS = 50000 };

static struct mni_tiles *tiles;

/* Not seen through: the struct has room for more records than there are. */
static void *(*volatile room)(size_t) = malloc;

static void setup(uint32_t capacity, uint32_t count, uint32_t origin)
{
    tiles = room(mni_tiles_bytes(RECORDS));
    EXPECT(tiles != NULL);
    memset(tiles, 0xa5, mni_tiles_bytes(RECORDS));
    mni_tiles_init(tiles, capacity, count, origin);
    EXPECT(mni_tiles_check(tiles));
}

static uint32_t alloc(uint32_t size, uint32_t align)
{
    uint32_t i = mni_tiles_alloc(tiles, size, align);

    EXPECT(mni_tiles_check(tiles));
    EXPECT(i < tiles->count);
    EXPECT(i == 0 || tiles->record[i].list == MNI_TILES_USED);
    EXPECT(i == 0 || tiles->record[i].size >= size);
    return i;
}

TEST(the_largest_capacity_is_served_whole)
{
    setup(MNI_TILES_CAPACITY_MAX, RECORDS, 0);
    EXPECT(alloc(MNI_TILES_CAPACITY_MAX, 1) == MNI_TILES_FIRST);
    EXPECT(alloc(1, 1) == 0);
    EXPECT(mni_tiles_free(tiles, MNI_TILES_FIRST));
    EXPECT(alloc(MNI_TILES_CAPACITY_MAX + 1, 1) == 0);
    EXPECT(alloc(UINT32_MAX, 1) == 0);
    EXPECT(alloc(0, 1) == 0);
}

TEST(the_largest_alignment_counts_from_the_origin)
{
    uint32_t origin = UINT32_C(0x80000000) - 5;

    setup(MNI_TILES_CAPACITY_MAX, RECORDS, origin);
    uint32_t i = alloc(7, UINT32_C(1) << 31);
    EXPECT(i != 0 && tiles->record[i].start == 5);
    EXPECT(alloc(7, UINT32_C(1) << 31) == 0);
    EXPECT(alloc(5, 1) == MNI_TILES_FIRST);
}

TEST(an_origin_that_wraps_keeps_alignments)
{
    setup(1000, RECORDS, UINT32_MAX - 99);
    uint32_t i = alloc(10, 256);
    EXPECT(i != 0 && tiles->record[i].start == 100);
    i = alloc(10, 256);
    EXPECT(i != 0 && tiles->record[i].start == 356);
}

TEST(every_size_is_found_again_when_it_alone_is_free)
{
    for (uint32_t size = 1; size < 5000; size++) {
        setup(size, RECORDS, 0);
        EXPECT(alloc(size, 1) == MNI_TILES_FIRST);
        free(tiles);
    }
}

TEST(a_block_of_the_next_class_is_found_for_every_size)
{
    for (uint32_t size = 1; size < 5000; size++) {
        setup(size + size / 16 + 1, RECORDS, 0);
        EXPECT(alloc(size, 1) == MNI_TILES_FIRST);
        EXPECT(tiles->record[MNI_TILES_FIRST].size == size);
        free(tiles);
    }
}

TEST(free_refuses_what_is_not_out)
{
    setup(1000, RECORDS, 0);
    uint32_t i = alloc(10, 1);
    EXPECT(!mni_tiles_free(tiles, 0));
    EXPECT(!mni_tiles_free(tiles, RECORDS));
    EXPECT(!mni_tiles_free(tiles, UINT32_MAX));
    EXPECT(!mni_tiles_free(tiles, tiles->record[i].right));
    EXPECT(!mni_tiles_free(tiles, tiles->spare));
    EXPECT(mni_tiles_free(tiles, i));
    EXPECT(!mni_tiles_free(tiles, i));
    EXPECT(mni_tiles_check(tiles));
}

TEST(resize_refuses_what_is_not_out)
{
    setup(1000, RECORDS, 0);
    uint32_t i = alloc(10, 1);
    EXPECT(!mni_tiles_resize(tiles, 0, 5));
    EXPECT(!mni_tiles_resize(tiles, RECORDS, 5));
    EXPECT(!mni_tiles_resize(tiles, tiles->record[i].right, 5));
    EXPECT(!mni_tiles_resize(tiles, tiles->spare, 5));
    EXPECT(!mni_tiles_resize(tiles, i, 0));
    EXPECT(!mni_tiles_resize(tiles, i, 1001));
    EXPECT(mni_tiles_resize(tiles, i, 1000));
    EXPECT(mni_tiles_check(tiles));
}

TEST(free_merges_with_both_neighbours)
{
    uint32_t i[4];

    setup(1000, RECORDS, 0);
    for (int k = 0; k < 4; k++)
        i[k] = alloc(10, 1);
    EXPECT(mni_tiles_free(tiles, i[0]));
    EXPECT(mni_tiles_free(tiles, i[2]));
    EXPECT(mni_tiles_free(tiles, i[1]));
    EXPECT(mni_tiles_check(tiles));
    EXPECT(tiles->record[i[0]].size == 30);
    EXPECT(mni_tiles_is_free(tiles, i[0]));
    EXPECT(tiles->record[i[0]].right == i[3]);
}

TEST(grow_touches_only_the_records_it_adds)
{
    setup(1000, 2, 0);
    EXPECT(!mni_tiles_has_spare(tiles));
    mni_tiles_grow(tiles, 3);
    EXPECT(!mni_tiles_has_spare(tiles));
    mni_tiles_grow(tiles, 4);
    EXPECT(mni_tiles_has_spare(tiles));
    mni_tiles_grow(tiles, 2);
    EXPECT(tiles->count == 4 && mni_tiles_check(tiles));
    const unsigned char *bytes = (const unsigned char *)tiles;
    for (size_t b = mni_tiles_bytes(4); b < mni_tiles_bytes(RECORDS); b++)
        EXPECT(bytes[b] == 0xa5);
}

TEST(random_steps_keep_the_invariant_while_records_are_added)
{
    uint64_t random = 20240229;
    uint32_t out[RECORDS] = {0};

    setup(100000, 4, 12345);
    for (int step = 0; step < STEPS; step++) {
        uint32_t n = (uint32_t)(test_random(&random) % RECORDS);
        uint32_t size = 1u << test_random(&random) % 17;
        size += (uint32_t)test_random(&random) % size;
        if (out[n] == 0) {
            out[n] = alloc(size, 1u << test_random(&random) % 12);
        } else if (test_random(&random) % 4 == 0) {
            (void)mni_tiles_resize(tiles, out[n], size);
        } else {
            EXPECT(mni_tiles_free(tiles, out[n]));
            out[n] = 0;
        }
        EXPECT(mni_tiles_check(tiles));
        if (step % 500 == 0 && tiles->count < RECORDS)
            mni_tiles_grow(tiles, tiles->count + 1);
    }
}
