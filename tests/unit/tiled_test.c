/* SPDX-License-Identifier: MIT */
/* Tests of the tiled region: each promise of mn/region.h at its boundary, then
 * seeded random runs against the simplest model, the owner of each granule. */
#include <mn/region.h>
#include <mn/strategy.h>

#include "region/tiled.h"
#include "test.h"

#include <string.h>
#include <sys/mman.h>

enum {
    MNI_TILES_HEADS = 224, /* of tlsf with narrow links */
    GRANULE = 16,
    COUNT = 64, /* granules: 1 KiB */
    SIZE = GRANULE * COUNT,
    RECORDS = COUNT + 1,
    ROOM = 8192 /* of control memory, more than any test needs */
};

static _Alignas(4096) unsigned char buffer[3 * SIZE];
static unsigned char *const memory = buffer + SIZE;
static _Alignas(8) unsigned char control[ROOM];
static struct mn_tiled tiled;
static struct mn_region *const region = &tiled.region;

static enum mn_status init(void *start, size_t size, size_t granule,
                           void *records, size_t records_size)
{
    return mn_tiled_init(&tiled,
                         &(struct mn_tiled_place){.memory = start,
                                                  .memory_size = size,
                                                  .granule = granule,
                                                  .control = records,
                                                  .control_size = records_size,
                                                  .strategy = &mn_tlsf});
}

static size_t control_size(size_t size, size_t granule, size_t block_count)
{
    return mn_tiled_control_size(&(struct mn_tiled_place){.memory_size = size,
                                                          .granule = granule,
                                                          .strategy = &mn_tlsf},
                                 block_count);
}

static void setup(size_t block_count)
{
    size_t size = control_size(SIZE, GRANULE, block_count);

    EXPECT(size > 0 && size <= sizeof control);
    memset(control, 0xa5, sizeof control);
    EXPECT(init(memory, SIZE, GRANULE, control, size) == MN_OK);
    EXPECT(mn_region_check(region));
}

static void *alloc(size_t size, size_t align)
{
    void *block = mn_region_alloc(region, size, align);

    EXPECT(mn_region_check(region));
    return block;
}

TEST(init_refuses_bad_geometry)
{
    size_t size = sizeof control;

    EXPECT(init(memory, SIZE, 0, control, size) == MN_ERR_INVALID);
    EXPECT(init(memory, SIZE, 4, control, size) == MN_ERR_INVALID);
    EXPECT(init(memory, 48, 24, control, size) == MN_ERR_INVALID);
    EXPECT(init(memory, 0, GRANULE, control, size) == MN_ERR_INVALID);
    EXPECT(init(memory, SIZE - 1, GRANULE, control, size) == MN_ERR_INVALID);
    EXPECT(init(memory + 8, SIZE, GRANULE, control, size) == MN_ERR_INVALID);
    EXPECT(init(NULL, SIZE, GRANULE, control, size) == MN_ERR_INVALID);
    EXPECT(init(memory, SIZE, GRANULE, control + 4, size - 4)
           == MN_ERR_INVALID);
    EXPECT(init(memory, SIZE, GRANULE, NULL, size) == MN_ERR_INVALID);
}

TEST(init_refuses_too_little_control_memory)
{
    size_t size = control_size(SIZE, GRANULE, 2);

    EXPECT(init(memory, SIZE, GRANULE, control, size - 1) == MN_ERR_INVALID);
    EXPECT(init(memory, SIZE, GRANULE, control, size) == MN_OK);
    EXPECT(mni_tiled_count(&tiled) == 3);
}

TEST(init_stays_inside_the_control_size_asked_for)
{
    size_t size = control_size(SIZE, GRANULE, 7);

    memset(control, 0xa5, sizeof control);
    EXPECT(init(memory, SIZE, GRANULE, control, size) == MN_OK);
    for (size_t i = size; i < sizeof control; i++)
        EXPECT(control[i] == 0xa5);
    EXPECT(mni_tiled_count(&tiled) == 8);
}

TEST(control_size_is_zero_for_what_init_refuses)
{
    EXPECT(control_size(SIZE, GRANULE, 0) == 0);
    EXPECT(control_size(SIZE, GRANULE, 1) == 0);
    EXPECT(control_size(SIZE, 4, 8) == 0);
    EXPECT(control_size(SIZE, 24, 8) == 0);
    EXPECT(control_size(SIZE + 1, GRANULE, 8) == 0);
    EXPECT(control_size(0, GRANULE, 8) == 0);
    EXPECT(control_size((size_t)1 << 35, GRANULE, 8) == 0);
    EXPECT(control_size(((size_t)1 << 35) - GRANULE, GRANULE, 8) > 0);
    EXPECT(control_size(SIZE, GRANULE, SIZE_MAX)
           == control_size(SIZE, GRANULE, COUNT));
}

TEST(alloc_refuses_what_cannot_be)
{
    setup(COUNT);
    EXPECT(alloc(0, 1) == NULL);
    EXPECT(alloc(16, 0) == NULL);
    EXPECT(alloc(16, 3) == NULL);
    EXPECT(alloc(SIZE + 1, 1) == NULL);
    EXPECT(alloc(SIZE_MAX, 1) == NULL);
    EXPECT(alloc(PTRDIFF_MAX, 1) == NULL);
    EXPECT(alloc(16, (size_t)1 << 63) == NULL);
}

TEST(alloc_hands_out_the_whole_region_at_once)
{
    setup(COUNT);
    EXPECT(alloc(SIZE, GRANULE) == memory);
    EXPECT(alloc(1, 1) == NULL);
    mn_region_free(region, memory);
    EXPECT(alloc(SIZE - GRANULE + 1, 1) == memory);
    EXPECT(alloc(1, 1) == NULL);
}

TEST(alloc_fills_every_granule_then_fails)
{
    setup(COUNT);
    for (size_t i = 0; i < COUNT; i++)
        EXPECT(alloc(1 + i % GRANULE, 1) == memory + i * GRANULE);
    EXPECT(alloc(1, 1) == NULL);
    for (size_t i = 0; i < COUNT; i += 2)
        mn_region_free(region, memory + i * GRANULE);
    EXPECT(alloc(GRANULE + 1, 1) == NULL);
    for (size_t i = 1; i < COUNT; i += 2)
        mn_region_free(region, memory + i * GRANULE);
    EXPECT(mn_region_check(region));
    EXPECT(alloc(SIZE, 1) == memory);
}

TEST(alloc_aligns_the_address)
{
    setup(COUNT);
    for (size_t align = 1; align <= SIZE; align *= 2) {
        unsigned char *first = alloc(1, 1);
        unsigned char *block = alloc(24, align);
        bool is_there = first == memory && block != NULL;
        EXPECT(align < 1024 ? is_there : block == NULL);
        EXPECT((uintptr_t)block % align == 0);
        mn_region_free(region, first);
        mn_region_free(region, block);
        EXPECT(mn_region_check(region));
    }
}

TEST(alloc_aligns_the_address_not_the_offset)
{
    size_t size = control_size(SIZE, GRANULE, COUNT);
    unsigned char *start = memory + GRANULE;

    EXPECT(init(start, SIZE, GRANULE, control, size) == MN_OK);
    EXPECT(alloc(GRANULE, 256) == memory + 256);
    EXPECT(alloc(GRANULE, 512) == memory + 512);
    EXPECT(alloc(15 * GRANULE, 1) == memory + 272); /* newest first */
    EXPECT(alloc(15 * GRANULE, 1) == start);
}

TEST(alloc_takes_back_an_aligned_block_of_just_the_size)
{
    unsigned char *block[COUNT / 4];

    setup(COUNT);
    for (int i = 0; i < COUNT / 4; i++)
        block[i] = alloc(4 * GRANULE, 4 * GRANULE);
    for (int i = 0; i < COUNT / 4; i += 2)
        mn_region_free(region, block[i]);
    for (int i = 0; i < COUNT / 4; i += 2)
        EXPECT(alloc(4 * GRANULE, 4 * GRANULE) != NULL);
}

TEST(a_block_is_handed_out_whole_when_records_run_out)
{
    struct mn_block block;

    setup(2);
    EXPECT(alloc(GRANULE, 1) == memory);
    EXPECT(alloc(GRANULE, 1) == memory + GRANULE);
    EXPECT(mn_region_block_at(region, memory + GRANULE, &block));
    EXPECT(block.size == SIZE - GRANULE && block.state == MN_ALLOCATED);
    mn_region_free(region, memory);
    EXPECT(alloc(GRANULE, 1) == memory);
    mn_region_free(region, memory + GRANULE);
    mn_region_free(region, memory);
    EXPECT(mn_region_check(region));
    EXPECT(alloc(SIZE, 1) == memory);
}

TEST(an_aligned_block_that_needs_a_record_is_refused_without_one)
{
    setup(2);
    EXPECT(alloc(GRANULE, 1) == memory);
    EXPECT(alloc(GRANULE, 512) == NULL);
    EXPECT(alloc(GRANULE, GRANULE) == memory + GRANULE);
}

TEST(resize_shrinks_and_grows_in_place)
{
    setup(COUNT);
    unsigned char *block = alloc(4 * GRANULE, 1);
    unsigned char *next = alloc(GRANULE, 1);
    EXPECT(mn_region_resize(region, block, 2 * GRANULE));
    EXPECT(mn_region_check(region));
    EXPECT(alloc(2 * GRANULE, 1) == block + 2 * GRANULE);
    EXPECT(!mn_region_resize(region, block, 3 * GRANULE));
    mn_region_free(region, block + 2 * GRANULE);
    EXPECT(mn_region_resize(region, block, 3 * GRANULE));
    EXPECT(mn_region_resize(region, block, 4 * GRANULE));
    EXPECT(!mn_region_resize(region, block, 4 * GRANULE + 1));
    EXPECT(mn_region_resize(region, next, SIZE - 4 * GRANULE));
    EXPECT(!mn_region_resize(region, next, SIZE - 4 * GRANULE + 1));
    EXPECT(!mn_region_resize(region, next, 0));
    EXPECT(!mn_region_resize(region, next, SIZE_MAX));
    EXPECT(mn_region_check(region));
}

TEST(resize_without_a_spare_record_keeps_the_block_whole)
{
    struct mn_block block;

    setup(2);
    EXPECT(alloc(2 * GRANULE, 1) == memory);
    EXPECT(alloc(SIZE - 2 * GRANULE, 1) == memory + 2 * GRANULE);
    EXPECT(mn_region_resize(region, memory, GRANULE));
    EXPECT(mn_region_block_at(region, memory, &block));
    EXPECT(block.size == 2 * GRANULE);
    EXPECT(mn_region_check(region));
}

TEST(free_stops_on_misuse)
{
    setup(COUNT);
    unsigned char *block = alloc(3 * GRANULE, 1);
    mn_region_free(region, NULL);
    EXPECT_STOPS(mn_region_free(region, block + 1), "pointer into a block");
    EXPECT_STOPS(mn_region_free(region, block + GRANULE),
                 "pointer into a block; it lies in block 0x");
    EXPECT_STOPS(mn_region_free(region, memory - 1), "foreign address");
    EXPECT_STOPS(mn_region_free(region, memory + SIZE), "foreign address");
    EXPECT_STOPS(mn_region_free(region, memory + 3 * GRANULE), "already free");
    EXPECT_STOPS(mn_region_free(region, memory + SIZE - 1), "already free");
    mn_region_free(region, block);
    EXPECT_STOPS(mn_region_free(region, block), "free of 0x");
    EXPECT_STOPS(mn_region_free(region, block), "block is already free");
}

TEST(free_of_a_block_that_was_merged_says_that_it_is_free)
{
    setup(COUNT);
    unsigned char *first = alloc(GRANULE, 1);
    unsigned char *second = alloc(GRANULE, 1);
    mn_region_free(region, first);
    mn_region_free(region, second);
    EXPECT_STOPS(mn_region_free(region, second), "block is already free");
}

TEST(resize_stops_on_misuse)
{
    setup(COUNT);
    unsigned char *block = alloc(3 * GRANULE, 1);
    EXPECT_STOPS(mn_region_resize(region, NULL, 1), "foreign address");
    EXPECT_STOPS(mn_region_resize(region, block + 1, 1), "resize of 0x");
    EXPECT_STOPS(mn_region_resize(region, block + 1, 1), "into a block");
    EXPECT_STOPS(mn_region_resize(region, memory - 1, 1), "foreign address");
    mn_region_free(region, block);
    EXPECT_STOPS(mn_region_resize(region, block, 1), "block is already free");
}

TEST(block_at_is_false_outside_and_leaves_the_result)
{
    struct mn_block block = {.size = 42};

    setup(COUNT);
    EXPECT(!mn_region_block_at(region, memory - 1, &block));
    EXPECT(!mn_region_block_at(region, memory + SIZE, &block));
    EXPECT(!mn_region_block_at(region, NULL, &block));
    EXPECT(block.size == 42 && block.start == NULL);
}

TEST(block_at_tells_interior_addresses)
{
    struct mn_block block;

    setup(COUNT);
    EXPECT(alloc(40 * GRANULE, 1) == memory);
    EXPECT(mn_region_block_at(region, memory + 40 * GRANULE - 1, &block));
    EXPECT(block.start == memory && block.size == 40 * GRANULE);
    EXPECT(block.perm == MN_PERM_RW && block.state == MN_ALLOCATED);
    EXPECT(mn_region_block_at(region, memory + SIZE - 1, &block));
    EXPECT(block.start == memory + 40 * GRANULE);
    EXPECT(block.size == 24 * GRANULE && block.state == MN_FREE);
}

static bool count_three(const struct mn_block *block, void *context)
{
    (void)block;
    return ++*(int *)context < 3;
}

TEST(walk_ends_when_the_visitor_says_so)
{
    int visited = 0;

    setup(COUNT);
    for (int i = 0; i < 5; i++)
        EXPECT(alloc(1, 1) != NULL);
    EXPECT(!mn_region_walk(region, count_three, &visited));
    EXPECT(visited == 3);
}

TEST(check_sees_damaged_records)
{
    setup(COUNT);
    unsigned char *block = alloc(GRANULE, 1);
    EXPECT(alloc(GRANULE, 1) != NULL);
    mn_region_free(region, block);
    uint16_t *word = tiled.tiles;
    size_t words = (size_t)(control + control_size(SIZE, GRANULE, COUNT)
                            - (unsigned char *)tiled.tiles)
                   / sizeof *word;
    size_t seen = 0;
    for (size_t i = 0; i < words; i++) {
        word[i] ^= 0x40;
        seen += !mn_region_check(region);
        word[i] ^= 0x40;
        EXPECT(mn_region_check(region));
    }
    /* What a spare record holds besides its links has no meaning, nor have
     * the links of a block that is out. */
    EXPECT(seen > MNI_TILES_HEADS + 3 * (COUNT - 2));
}

TEST(check_sees_a_damaged_index)
{
    setup(COUNT);
    EXPECT(alloc(GRANULE, 1) == memory);
    EXPECT(alloc(GRANULE, 1) == memory + GRANULE);
    uint16_t *entry = tiled.index;
    entry[1]++;
    EXPECT(!mn_region_check(region));
    entry[1]--;
    EXPECT(mn_region_check(region));
    entry[COUNT - 1] = RECORDS;
    EXPECT(!mn_region_check(region));
    entry[COUNT - 1] = 0;
    EXPECT(mn_region_check(region));
}

/* ---- random runs: the model is the owner of every granule ---- */

enum { LIVE = 96, STEPS = 20000, PROBES = 4 };

struct model {
    uint8_t owner[COUNT * 4]; /* 0: free; else 1 + the number of the block */
    unsigned char *start[LIVE];
    size_t granules[LIVE];
    size_t granule_count;
    size_t granule;
};

static struct model model;

static size_t model_offset(const unsigned char *address)
{
    return (size_t)(address - tiled.base) / model.granule;
}

/* Give `granules` of block `n` from one owner to another. */
static void model_set(unsigned n, size_t first, size_t end, uint8_t from,
                      uint8_t to)
{
    size_t offset = model_offset(model.start[n]);

    EXPECT(offset + end <= model.granule_count);
    for (size_t i = first; i < end; i++) {
        EXPECT(model.owner[offset + i] == from);
        model.owner[offset + i] = to;
    }
}

static void model_alloc(unsigned n, uint64_t *random)
{
    size_t size = 1 + (size_t)(test_random(random) % (9 * model.granule));
    size_t align = (size_t)1 << test_random(random) % 9;
    struct mn_block block;

    model.start[n] = mn_region_alloc(region, size, align);
    if (model.start[n] == NULL)
        return;
    EXPECT((uintptr_t)model.start[n] % align == 0);
    EXPECT(mn_region_block_at(region, model.start[n], &block));
    EXPECT(block.start == model.start[n] && block.size >= size);
    EXPECT(block.state == MN_ALLOCATED);
    model.granules[n] = block.size / model.granule;
    model_set(n, 0, model.granules[n], 0, (uint8_t)(n + 1));
}

static void model_resize(unsigned n, uint64_t *random)
{
    size_t size = 1 + (size_t)(test_random(random) % (12 * model.granule));
    uint8_t owner = (uint8_t)(n + 1);
    size_t before = model.granules[n];
    struct mn_block block;

    bool done = mn_region_resize(region, model.start[n], size);
    EXPECT(mn_region_block_at(region, model.start[n], &block));
    EXPECT(block.start == model.start[n]);
    size_t after = block.size / model.granule;
    EXPECT(done ? block.size >= size : after == before);
    EXPECT(done || size > before * model.granule);
    if (after > before)
        model_set(n, before, after, 0, owner);
    else
        model_set(n, after, before, owner, 0);
    model.granules[n] = after;
}

static void model_free(unsigned n)
{
    model_set(n, 0, model.granules[n], (uint8_t)(n + 1), 0);
    mn_region_free(region, model.start[n]);
    model.start[n] = NULL;
}

/* block_at agrees with the model on a random address. */
static void model_probe(uint64_t *random)
{
    size_t offset = (size_t)(test_random(random) % tiled.size);
    uint8_t owner = model.owner[offset / model.granule];
    struct mn_block block;

    EXPECT(mn_region_block_at(region, tiled.base + offset, &block));
    EXPECT((block.state == MN_FREE) == (owner == 0));
    size_t first = model_offset(block.start);
    size_t end = first + block.size / model.granule;
    EXPECT(first <= offset / model.granule && offset / model.granule < end);
    for (size_t i = first; i < end; i++)
        EXPECT(model.owner[i] == owner);
    EXPECT(first == 0 || model.owner[first - 1] != owner);
    EXPECT(end == model.granule_count || model.owner[end] != owner);
}

struct walked {
    unsigned char *next;
    bool was_free;
};

static bool walk_tiles(const struct mn_block *block, void *context)
{
    struct walked *walked = context;
    bool is_free = block->state == MN_FREE;

    EXPECT(block->start == walked->next && block->size > 0);
    EXPECT(!(is_free && walked->was_free));
    walked->next += block->size;
    walked->was_free = is_free;
    return true;
}

static void random_run(uint64_t random)
{
    for (int step = 0; step < STEPS; step++) {
        unsigned n = (unsigned)(test_random(&random) % LIVE);
        if (model.start[n] == NULL)
            model_alloc(n, &random);
        else if (test_random(&random) % 3 == 0)
            model_resize(n, &random);
        else
            model_free(n);
        EXPECT(mn_region_check(region));
        for (int probe = 0; probe < PROBES; probe++)
            model_probe(&random);
    }
    struct walked walked = {tiled.base, false};
    EXPECT(mn_region_walk(region, walk_tiles, &walked));
    EXPECT(walked.next == tiled.base + tiled.size);
}

static void random_setup(unsigned char *start, size_t size, size_t granule,
                         size_t block_count)
{
    size_t need = control_size(size, granule, block_count);

    EXPECT(need > 0 && need <= sizeof control);
    memset(&model, 0, sizeof model);
    memset(control, 0x5a, sizeof control);
    model.granule = granule;
    model.granule_count = size / granule;
    EXPECT(init(start, size, granule, control, need) == MN_OK);
}

TEST(random_run_agrees_with_model)
{
    random_setup(memory, SIZE, GRANULE, COUNT);
    random_run(20240229);
}

TEST(random_run_agrees_with_model_with_few_records)
{
    random_setup(memory, SIZE, GRANULE, 12);
    random_run(7);
}

TEST(random_run_agrees_with_model_at_an_odd_origin)
{
    random_setup(memory + 8 * 13, SIZE + 8 * 9, 8, 200);
    random_run(11);
}

TEST(the_memory_covered_is_never_read_or_written)
{
    void *forbidden = mmap(NULL, SIZE, PROT_NONE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    EXPECT(forbidden != MAP_FAILED);
    random_setup(forbidden, SIZE, GRANULE, COUNT);
    random_run(3);
}
