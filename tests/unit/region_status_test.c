/* SPDX-License-Identifier: MIT */
/* Tests of the mn_region_ functions that answer with a status: each status at
 * its boundary, over tiled and bump, and that no error changes anything. */
#include <mn/region.h>
#include <mn/strategy.h>

#include <string.h>

#include "test.h"

enum { SIZE = 4096, GRANULE = 16, ALIGN = 4096, CONTROL = 32 << 10 };

static _Alignas(ALIGN) unsigned char buffer[ALIGN + SIZE + ALIGN];
static unsigned char *const memory = buffer + ALIGN;
static _Alignas(8) unsigned char control[CONTROL];
static struct mn_tiled tiled;
static struct mn_bump bump;
static int outside;

static struct mn_region *setup_tiled(void)
{
    EXPECT(mn_tiled_init(&tiled,
                         &(struct mn_tiled_place){
                             .memory = memory,
                             .memory_size = SIZE,
                             .granule = GRANULE,
                             .strategy = &mn_tlsf,
                             .control = control,
                             .control_size = CONTROL,
                         })
           == MN_OK);
    return &tiled.region;
}

static struct mn_region *setup_bump(void)
{
    EXPECT(mn_bump_init(&bump, memory, SIZE) == MN_OK);
    return &bump.region;
}

static unsigned char *take(struct mn_region *region, size_t size)
{
    unsigned char *block = mn_region_alloc(region, size, GRANULE);

    EXPECT(block != NULL);
    for (size_t i = 0; i < size; i++)
        block[i] = (unsigned char)(i * 7 + 1);
    return block;
}

static bool has_content(const unsigned char *block, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (block[i] != (unsigned char)(i * 7 + 1))
            return false;
    return true;
}

static size_t size_at(const struct mn_region *region, const void *start)
{
    struct mn_block block;

    EXPECT(mn_region_block_at(region, start, &block));
    return block.start == start && block.state == MN_ALLOCATED ? block.size : 0;
}

/* ---- allocate ---- */

static void expect_allocate_errors(struct mn_region *region)
{
    void *block = &outside;

    EXPECT(mn_region_allocate(region, 0, 1, &block) == MN_ERR_SIZE);
    EXPECT(mn_region_allocate(region, 0, 3, &block) == MN_ERR_SIZE);
    EXPECT(mn_region_allocate(region, (size_t)PTRDIFF_MAX + 1, 1, &block)
           == MN_ERR_SIZE);
    EXPECT(mn_region_allocate(region, SIZE_MAX, 1, &block) == MN_ERR_SIZE);
    EXPECT(mn_region_allocate(region, PTRDIFF_MAX, 1, &block) == MN_ERR_NOMEM);
    EXPECT(mn_region_allocate(region, 1, 0, &block) == MN_ERR_ALIGN);
    EXPECT(mn_region_allocate(region, 1, 3, &block) == MN_ERR_ALIGN);
    EXPECT(mn_region_allocate(region, 1, SIZE_MAX, &block) == MN_ERR_ALIGN);
    EXPECT(mn_region_allocate(region, SIZE + 1, 1, &block) == MN_ERR_NOMEM);
    EXPECT(block == &outside && mn_region_check(region));
    EXPECT(mn_region_allocate(region, SIZE, ALIGN, &block) == MN_OK);
    EXPECT(block == memory);
    block = &outside;
    EXPECT(mn_region_allocate(region, 1, 1, &block) == MN_ERR_NOMEM);
    EXPECT(block == &outside && mn_region_check(region));
}

TEST(allocate_names_what_is_wrong)
{
    expect_allocate_errors(setup_tiled());
    expect_allocate_errors(setup_bump());
}

/* ---- examine, deallocate ---- */

static void expect_null_is_ignored(struct mn_region *region)
{
    EXPECT(mn_region_deallocate(region, NULL) == MN_OK);
    EXPECT(mn_region_examine(region, NULL) == MN_ERR_ADDRESS);
}

TEST(deallocate_ignores_null)
{
    expect_null_is_ignored(setup_tiled());
    expect_null_is_ignored(setup_bump());
}

/* `newest` is the last block that was handed out. */
static void expect_examined(struct mn_region *region, unsigned char *newest,
                            size_t size)
{
    unsigned char *wrong[] = {
        newest + 1,    newest + size - 1,         memory - 1,
        memory + SIZE, (unsigned char *)&outside,
    };

    EXPECT(mn_region_examine(region, newest) == MN_OK);
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        EXPECT(mn_region_examine(region, wrong[i]) == MN_ERR_ADDRESS);
        EXPECT(mn_region_deallocate(region, wrong[i]) == MN_ERR_ADDRESS);
    }
    EXPECT(mn_region_examine(region, memory + SIZE - 1) == MN_ERR_DOUBLE_FREE);
    EXPECT(mn_region_check(region)
           && mn_region_examine(region, newest) == MN_OK);
    EXPECT(mn_region_deallocate(region, newest) == MN_OK);
    EXPECT(mn_region_examine(region, newest) == MN_ERR_DOUBLE_FREE);
    EXPECT(mn_region_deallocate(region, newest) == MN_ERR_DOUBLE_FREE);
    EXPECT(mn_region_deallocate(region, newest + 1) == MN_ERR_DOUBLE_FREE);
    EXPECT(mn_region_check(region));
}

TEST(deallocate_names_what_is_wrong)
{
    struct mn_region *region = setup_tiled();
    (void)take(region, 100);
    expect_examined(region, take(region, 64), 64);
    region = setup_bump();
    (void)take(region, 100);
    expect_examined(region, take(region, 64), 64);
}

TEST(deallocate_gives_back_in_any_order)
{
    struct mn_region *region = setup_tiled();
    unsigned char *blocks[8];

    for (unsigned i = 0; i < 8; i++)
        blocks[i] = take(region, SIZE / 8);
    for (unsigned i = 0; i < 8; i++)
        EXPECT(mn_region_deallocate(region, blocks[i * 3 % 8]) == MN_OK);
    for (unsigned i = 0; i < 8; i++)
        EXPECT(mn_region_deallocate(region, blocks[i]) == MN_ERR_DOUBLE_FREE);
    EXPECT(mn_region_alloc(region, SIZE, 1) == memory);
}

/* A kind of region that knows more than where blocks are. */
static enum mn_status damaged(const struct mn_region *region, const void *block)
{
    EXPECT(region == &tiled.region && block == memory);
    return MN_ERR_CORRUPTED;
}

TEST(what_a_kind_of_region_finds_is_passed_on)
{
    struct mn_region *region = setup_tiled();
    void *block = take(region, 100);
    struct mn_region_ops ops = *region->ops;

    ops.examine = damaged;
    region->ops = &ops;
    EXPECT(mn_region_examine(region, block) == MN_ERR_CORRUPTED);
    EXPECT(mn_region_deallocate(region, block) == MN_ERR_CORRUPTED);
    EXPECT(mn_region_reallocate(region, &block, 10, 1) == MN_ERR_CORRUPTED);
    EXPECT(block == memory && size_at(region, block) == 112);
}

/* ---- reallocate ---- */

static void expect_reallocate_errors(struct mn_region *region)
{
    unsigned char *kept = take(region, 256);
    void *block = kept;

    EXPECT(mn_region_reallocate(region, &block, 0, 1) == MN_ERR_SIZE);
    EXPECT(mn_region_reallocate(region, &block, (size_t)PTRDIFF_MAX + 1, 1)
           == MN_ERR_SIZE);
    EXPECT(mn_region_reallocate(region, &block, 1, 0) == MN_ERR_ALIGN);
    EXPECT(mn_region_reallocate(region, &block, 1, 12) == MN_ERR_ALIGN);
    EXPECT(mn_region_reallocate(region, &block, SIZE + 1, 1) == MN_ERR_NOMEM);
    EXPECT(mn_region_reallocate(region, &block, PTRDIFF_MAX, 1)
           == MN_ERR_NOMEM);
    EXPECT(block == kept && size_at(region, kept) == 256);
    EXPECT(has_content(kept, 256) && mn_region_check(region));
    block = kept + 1;
    EXPECT(mn_region_reallocate(region, &block, 10, 1) == MN_ERR_ADDRESS);
    block = &outside;
    EXPECT(mn_region_reallocate(region, &block, 10, 1) == MN_ERR_ADDRESS);
    EXPECT(block == &outside);
    mn_region_free(region, kept);
    block = kept;
    EXPECT(mn_region_reallocate(region, &block, 10, 1) == MN_ERR_DOUBLE_FREE);
    EXPECT(block == kept && mn_region_check(region));
}

TEST(reallocate_names_what_is_wrong)
{
    expect_reallocate_errors(setup_tiled());
    expect_reallocate_errors(setup_bump());
}

static void expect_null_allocates(struct mn_region *region)
{
    void *block = NULL;

    EXPECT(mn_region_reallocate(region, &block, 0, 1) == MN_ERR_SIZE);
    EXPECT(mn_region_reallocate(region, &block, 1, 3) == MN_ERR_ALIGN);
    EXPECT(mn_region_reallocate(region, &block, SIZE + 1, 1) == MN_ERR_NOMEM);
    EXPECT(block == NULL);
    EXPECT(mn_region_reallocate(region, &block, 10, 64) == MN_OK);
    EXPECT(block == memory && mn_region_examine(region, block) == MN_OK);
}

TEST(reallocate_of_null_allocates)
{
    expect_null_allocates(setup_tiled());
    expect_null_allocates(setup_bump());
}

static void expect_resized_in_place(struct mn_region *region)
{
    void *block = take(region, 128);

    EXPECT(mn_region_reallocate(region, &block, 1024, GRANULE) == MN_OK);
    EXPECT(block == memory && size_at(region, block) == 1024);
    EXPECT(has_content(block, 128));
    EXPECT(mn_region_reallocate(region, &block, 64, GRANULE) == MN_OK);
    EXPECT(block == memory && size_at(region, block) == 64);
    EXPECT(has_content(block, 64) && mn_region_check(region));
}

TEST(reallocate_stays_in_place_where_it_can)
{
    expect_resized_in_place(setup_tiled());
    expect_resized_in_place(setup_bump());
}

/* The block is the oldest of two, and so cannot grow where it is. */
static void expect_moved(struct mn_region *region, size_t size, size_t align)
{
    unsigned char *old = take(region, 128);
    unsigned char *other = take(region, 64);
    void *block = old;

    EXPECT(mn_region_reallocate(region, &block, size, align) == MN_OK);
    EXPECT(block != old && (uintptr_t)block % align == 0);
    EXPECT(size_at(region, block) >= size);
    EXPECT(has_content(block, size < 128 ? size : 128));
    EXPECT(has_content(other, 64) && mn_region_check(region));
    EXPECT(mn_region_deallocate(region, block) == MN_OK);
}

TEST(reallocate_moves_the_content)
{
    expect_moved(setup_tiled(), 1000, 1);
    expect_moved(setup_bump(), 1000, 1);
    expect_moved(setup_tiled(), 129, 1024);
    expect_moved(setup_bump(), 129, 1024);
}

TEST(reallocate_to_a_wider_alignment_moves)
{
    struct mn_region *region = setup_tiled();
    (void)take(region, GRANULE);
    void *block = take(region, 128); /* at 16 */

    EXPECT(mn_region_reallocate(region, &block, 100, 512) == MN_OK);
    EXPECT(block == memory + 512 && has_content(block, 100));
    EXPECT(mn_region_examine(region, memory + GRANULE) == MN_ERR_DOUBLE_FREE);
    EXPECT(mn_region_check(region));
}

static void expect_kept_without_room(struct mn_region *region, bool is_whole)
{
    unsigned char *kept = take(region, 128);
    unsigned char *rest = take(region, SIZE - 128);
    void *block = kept;

    EXPECT(mn_region_reallocate(region, &block, 129 + GRANULE, 1)
           == MN_ERR_NOMEM);
    EXPECT(block == kept && has_content(kept, 128));
    EXPECT(has_content(rest, SIZE - 128) && mn_region_check(region));
    EXPECT(!is_whole || size_at(region, kept) == 128);
    EXPECT(size_at(region, rest) == SIZE - 128);
}

TEST(reallocate_without_room_changes_nothing)
{
    expect_kept_without_room(setup_tiled(), true);
    expect_kept_without_room(setup_bump(), false);
}

TEST(a_random_run_keeps_all_content)
{
    struct mn_region *region = setup_tiled();
    unsigned char *blocks[16] = {NULL};
    size_t sizes[16] = {0};
    uint64_t random = 20261123;

    for (int step = 0; step < 20000; step++) {
        unsigned i = (unsigned)(test_random(&random) % 16);
        size_t size = (size_t)(test_random(&random) % 600);
        size_t align = (size_t)1 << test_random(&random) % 10;
        size_t kept = sizes[i] < size ? sizes[i] : size;
        void *block = blocks[i];
        enum mn_status status =
            mn_region_reallocate(region, &block, size, align);
        EXPECT((status == MN_ERR_SIZE) == (size == 0));
        if (status == MN_OK) {
            EXPECT((uintptr_t)block % align == 0 && has_content(block, kept));
            blocks[i] = block;
            sizes[i] = size;
            for (size_t k = 0; k < size; k++)
                blocks[i][k] = (unsigned char)(k * 7 + 1);
        } else if (status == MN_ERR_NOMEM && step % 2 == 0) {
            EXPECT(block == blocks[i] && has_content(block, sizes[i]));
            EXPECT(mn_region_deallocate(region, blocks[i]) == MN_OK);
            blocks[i] = NULL;
            sizes[i] = 0;
        }
        EXPECT(mn_region_check(region));
    }
}
