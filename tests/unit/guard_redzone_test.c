/* SPDX-License-Identifier: MIT */
/* Tests of mn_redzone: every byte of both zones is watched, and sizes that
 * cannot be are refused. */
#include <string.h>

#include "unit/guard_setup.h"

enum { WIDTH = 24, BLOCKS = 8, LINE_SIZE = 128 };

static struct mn_redzone redzone;
static struct mn_region *const region = &redzone.region;
static _Alignas(8) unsigned char control[1024];

static void setup(size_t width)
{
    size_t size = mn_guard_control_size(BLOCKS);

    EXPECT(size > 0 && size <= sizeof control);
    EXPECT(mn_redzone_init(&redzone, setup_tiled(), width, control, size)
           == MN_OK);
}

TEST(init_refuses_what_cannot_be)
{
    struct mn_region *parent = setup_tiled();
    size_t one = mn_guard_control_size(1);

    EXPECT(mn_guard_control_size(0) == 0);
    EXPECT(mn_guard_control_size(SIZE_MAX) == 0);
    EXPECT(mn_guard_control_size(UINT32_MAX) == 0);
    EXPECT(mn_redzone_init(&redzone, parent, 0, control, one)
           == MN_ERR_INVALID);
    EXPECT(
        mn_redzone_init(&redzone, parent, (size_t)PTRDIFF_MAX + 1, control, one)
        == MN_ERR_INVALID);
    EXPECT(mn_redzone_init(&redzone, parent, 1, control, one - 1)
           == MN_ERR_INVALID);
    EXPECT(mn_redzone_init(&redzone, parent, 1, control + 1, one)
           == MN_ERR_INVALID);
    EXPECT(mn_redzone_init(&redzone, parent, 1, NULL, one) == MN_ERR_INVALID);
    EXPECT(mn_redzone_init(&redzone, parent, 1, control, one) == MN_OK);
}

TEST(control_memory_is_for_so_many_blocks)
{
    void *blocks[BLOCKS];

    setup(WIDTH);
    for (unsigned i = 0; i < BLOCKS; i++) {
        blocks[i] = mn_region_alloc(region, 1, 1);
        EXPECT(blocks[i] != NULL);
    }
    EXPECT(mn_region_alloc(region, 1, 1) == NULL);
    EXPECT(mn_region_check(region));
    mn_region_free(region, blocks[3]);
    EXPECT(mn_region_alloc(region, 1, 1) != NULL);
    EXPECT(mn_region_alloc(region, 1, 1) == NULL);
}

TEST(a_block_is_as_large_and_aligned_as_asked)
{
    struct mn_block block;

    for (size_t align = 1; align <= SETUP_SIZE / 2; align *= 2) {
        setup(WIDTH);
        unsigned char *start = mn_region_alloc(region, 37, align);
        if (align > SETUP_SIZE / 4 && start == NULL)
            continue; /* the front zone is a multiple of the alignment */
        EXPECT(start != NULL && (uintptr_t)start % align == 0);
        memset(start, 0, 37);
        EXPECT(mn_region_check(region));
        EXPECT(mn_region_block_at(region, start + 36, &block));
        EXPECT(block.start == start && block.size == 37);
        mn_region_free(region, start);
        EXPECT(setup_is_free());
    }
}

TEST(sizes_that_would_wrap_are_refused)
{
    setup(WIDTH);
    EXPECT(mn_region_alloc(region, PTRDIFF_MAX, 1) == NULL);
    EXPECT(mn_region_alloc(region, PTRDIFF_MAX, SIZE_MAX / 2 + 1) == NULL);
    EXPECT(mn_region_alloc(region, 1, SIZE_MAX / 2 + 1) == NULL);
    EXPECT(mn_region_alloc(region, PTRDIFF_MAX - 2 * WIDTH + 1, 1) == NULL);
    void *block = mn_region_alloc(region, 1, 1);
    EXPECT(!mn_region_resize(region, block, PTRDIFF_MAX));
    mn_region_free(region, block);
    setup(PTRDIFF_MAX);
    EXPECT(mn_region_alloc(region, 1, 1) == NULL);
    EXPECT(mn_region_alloc(region, 3, 1) == NULL); /* in all 1, if it wraps */
    EXPECT(mn_region_alloc(region, 3, 16) == NULL);
    EXPECT(mn_region_alloc(region, 3, SIZE_MAX / 2 + 1) == NULL);
    EXPECT(setup_is_free() && mn_region_check(region));
}

/* Write the byte at `offset` of `block`, see it noticed everywhere, and mend
 * it. */
static void see_damage(unsigned char *block, ptrdiff_t offset)
{
    unsigned char was = block[offset];

    EXPECT(mn_region_check(region));
    block[offset] = (unsigned char)~was;
    EXPECT(!mn_region_check(region));
    EXPECT(mn_region_examine(region, block) == MN_ERR_CORRUPTED);
    EXPECT(mn_region_deallocate(region, block) == MN_ERR_CORRUPTED);
    block[offset] = was;
    EXPECT(mn_region_examine(region, block) == MN_OK);
}

TEST(every_byte_of_both_zones_is_watched)
{
    for (size_t align = 1; align <= 64; align *= 8) {
        for (size_t size = 1; size < 40; size += 13) {
            setup(WIDTH);
            ptrdiff_t front = align == 64 ? 64 : WIDTH;
            unsigned char *block = mn_region_alloc(region, size, align);
            for (ptrdiff_t i = 1; i <= front; i++)
                see_damage(block, -i);
            for (ptrdiff_t i = 0; i < WIDTH; i++)
                see_damage(block, (ptrdiff_t)size + i);
            EXPECT(mn_region_deallocate(region, block) == MN_OK);
        }
    }
}

TEST(common_overruns_are_seen_for_certain)
{
    static const unsigned char values[] = {0, 255, ' ', 'A', 'z', 1, 127};

    setup(WIDTH);
    for (unsigned i = 0; i < 500; i++) {
        unsigned char *block = mn_region_alloc(region, 1 + i % 100, 1);
        unsigned char *end = block + 1 + i % 100;
        unsigned char was = *end;
        *end = values[i % sizeof values];
        EXPECT(mn_region_examine(region, block) == MN_ERR_CORRUPTED);
        *end = was;
        mn_region_free(region, block);
    }
}

TEST(bytes_copied_from_another_zone_do_not_pass)
{
    setup(WIDTH);
    unsigned char *first = mn_region_alloc(region, 8, 1);
    unsigned char *second = mn_region_alloc(region, 8, 1);
    memcpy(second + 8, first + 8, WIDTH);
    EXPECT(mn_region_examine(region, first) == MN_OK);
    EXPECT(mn_region_examine(region, second) == MN_ERR_CORRUPTED);
}

TEST(damage_stops_with_the_first_offset)
{
    setup(WIDTH);
    unsigned char *block = mn_region_alloc(region, 40, 8);
    memset(block, 0, 41);
    EXPECT_STOPS(mn_region_free(region, block),
                 "red zone was written at offset 40; it lies in block 0x");
    EXPECT_STOPS(mn_region_free(region, block), " of 40 bytes, allocated");
    EXPECT_STOPS(mn_region_resize(region, block, 50), "resize of 0x");
    block = mn_region_alloc(region, 40, 8);
    block[40 + WIDTH - 1] = 0;
    EXPECT_STOPS(mn_region_free(region, block), "at offset 63;");
    block[-1] = 0;
    EXPECT_STOPS(mn_region_free(region, block), "at offset -1;");
    block[-WIDTH] = 0;
    EXPECT_STOPS(mn_region_free(region, block), "at offset -24;");
}

TEST(a_wrong_address_is_told_from_a_right_one)
{
    setup(WIDTH);
    unsigned char *block = mn_region_alloc(region, 40, 16);
    EXPECT_STOPS(mn_region_free(region, block + 1), "pointer into a block");
    EXPECT_STOPS(mn_region_free(region, block - 1),
                 "not a block of this guard");
    EXPECT_STOPS(mn_region_resize(region, control, 1), "foreign address");
    EXPECT(mn_region_examine(region, block + 1) == MN_ERR_ADDRESS);
    EXPECT(mn_region_examine(region, block - 1) == MN_ERR_ADDRESS);
    EXPECT(mn_region_examine(region, control) == MN_ERR_ADDRESS);
    mn_region_free(region, block);
    EXPECT_STOPS(mn_region_free(region, block), "block is already free");
    EXPECT(mn_region_examine(region, block) == MN_ERR_DOUBLE_FREE);
}

TEST(resize_moves_the_back_zone)
{
    setup(WIDTH);
    unsigned char *block = mn_region_alloc(region, 10, 1);
    for (size_t size = 200; size > 0; size -= 9) {
        EXPECT(mn_region_resize(region, block, size));
        memset(block, 0xff, size);
        EXPECT(mn_region_check(region));
        EXPECT(mn_region_resize(region, block, size + 5));
        memset(block, 0, size + 5);
        EXPECT(mn_region_check(region));
        see_damage(block, (ptrdiff_t)size + 5);
        if (size < 9)
            break;
    }
    mn_region_free(region, block);
    EXPECT(setup_is_free());
}

TEST(a_resize_that_fails_changes_nothing)
{
    struct mn_block found;

    setup(WIDTH);
    unsigned char *block = mn_region_alloc(region, 10, 1);
    EXPECT(mn_region_alloc(region, 10, 1) != NULL);
    memset(block, 'x', 10);
    EXPECT(!mn_region_resize(region, block, 200));
    EXPECT(mn_region_check(region));
    EXPECT(mn_region_block_at(region, block, &found) && found.size == 10);
    EXPECT(block[0] == 'x' && block[9] == 'x');
}

struct walk {
    struct mn_block blocks[16];
    unsigned count;
};

static bool collect(const struct mn_block *block, void *context)
{
    struct walk *walk = context;

    walk->blocks[walk->count++] = *block;
    return walk->count < 16;
}

TEST(a_walk_shows_blocks_of_the_user_and_zones_apart)
{
    struct walk walk = {.count = 0};

    setup(WIDTH);
    unsigned char *block = mn_region_alloc(region, 40, 1);
    void *other = mn_region_alloc(redzone.parent, 16, 1);
    EXPECT(mn_region_walk(region, collect, &walk));
    EXPECT(walk.count == 5);
    EXPECT(walk.blocks[0].start == setup_memory && walk.blocks[0].size == WIDTH
           && walk.blocks[0].state == MN_RESERVED);
    EXPECT(walk.blocks[1].start == block && walk.blocks[1].size == 40
           && walk.blocks[1].state == MN_ALLOCATED);
    EXPECT(walk.blocks[2].start == block + 40 && walk.blocks[2].size == 32
           && walk.blocks[2].state == MN_RESERVED);
    EXPECT(walk.blocks[3].start == other && walk.blocks[3].size == 16
           && walk.blocks[3].state == MN_RESERVED);
    EXPECT(walk.blocks[4].state == MN_FREE);
}

TEST(a_walk_ends_where_it_is_told_to)
{
    struct walk walk = {.count = 15};

    setup(WIDTH);
    EXPECT(mn_region_alloc(region, 40, 1) != NULL);
    EXPECT(!mn_region_walk(region, collect, &walk) && walk.count == 16);
}

TEST(out_of_memory_leaves_everything_as_it_was)
{
    setup(WIDTH);
    EXPECT(mn_region_alloc(region, SETUP_SIZE - WIDTH, 1) == NULL);
    EXPECT(setup_is_free() && mn_region_check(region));
    unsigned char *block = mn_region_alloc(region, SETUP_SIZE - 2 * WIDTH, 1);
    EXPECT(block == setup_memory + WIDTH);
    mn_region_free(region, block);
    EXPECT(setup_is_free());
}
