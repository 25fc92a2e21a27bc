/* SPDX-License-Identifier: MIT */
/* Tests of tiles with a strategy of the user's: one that behaves chooses what
 * the model chooses and hears exactly what happens; one that does not cannot
 * break the tiles, whatever it proposes. */
#include "region/tiles_user.h"

static void user_prepare(struct mni_tiles *tiles);

#define MODEL_PREPARE user_prepare
#include "strategy_model.h"

/* ---- a table that behaves: first fit, by looking at all it was told ---- */

struct heard {
    bool is_free;
    uint32_t start;
    uint32_t size;
};

static struct heard heard[MODEL_MAX];

static uint32_t first_propose(void *state, uint32_t size)
{
    uint32_t found = 0;

    EXPECT(state == heard);
    for (uint32_t i = 1; i < MODEL_MAX; i++) {
        if (heard[i].is_free && heard[i].size >= size
            && (found == 0 || heard[i].start < heard[found].start))
            found = i;
    }
    return found;
}

static void first_added(void *state, uint32_t block, uint32_t start,
                        uint32_t size)
{
    EXPECT(state == heard);
    EXPECT(0 < block && block < MODEL_MAX && size > 0);
    EXPECT(!heard[block].is_free);
    heard[block] = (struct heard){true, start, size};
}

static void first_removed(void *state, uint32_t block, uint32_t start,
                          uint32_t size)
{
    EXPECT(state == heard);
    EXPECT(0 < block && block < MODEL_MAX);
    EXPECT(heard[block].is_free);
    EXPECT(heard[block].start == start && heard[block].size == size);
    heard[block].is_free = false;
}

static const struct mn_strategy first = {
    .name = "first",
    .propose = first_propose,
    .added = first_added,
    .removed = first_removed,
};

static const struct mn_strategy *user = &first;
static void *user_state = heard;

static void user_prepare(struct mni_tiles *prepared)
{
    memset(heard, 0, sizeof heard);
    prepared->user = user;
    prepared->state = user_state;
}

static bool model_suits(const struct model_block *block, uint32_t size)
{
    return block->size >= size;
}

static bool model_prefers(const struct model_block *a,
                          const struct model_block *b)
{
    return a->start < b->start;
}

TEST(what_was_heard_is_what_is_free)
{
    struct model_profile profile = {9000, 400, 3, 8, 9};
    uint64_t random = 7;

    both_begin(profile.capacity, profile.records, profile.origin);
    for (int step = 0; step < 20000; step++) {
        model_step(&profile, &random, step / 500 % 2 == 0 ? 200 : 90);
        for (uint32_t i = MNI_TILES_FIRST; i < tiles->count;
             i += MNI_TILE_UNIT) {
            EXPECT(heard[i].is_free == mni_tiles_is_free(tiles, i));
            EXPECT(!heard[i].is_free
                   || (heard[i].start == MNI_TILE(tiles, i).start
                       && heard[i].size == MNI_TILE(tiles, i).size));
        }
    }
}

TEST(a_free_block_that_the_table_cannot_know_is_seen)
{
    both_begin(100, 4, 0);
    MNI_TILE(tiles, MNI_TILES_FIRST).list = 1;
    EXPECT(!mni_tiles_check(tiles));
    MNI_TILE(tiles, MNI_TILES_FIRST).list = 0;
    EXPECT(mni_tiles_check(tiles));
    tiles->user = NULL;
    EXPECT(!mni_tiles_check(tiles));
}

/* ---- a table that does not behave ---- */

enum { HOSTILE_CAPACITY = 3000, HOSTILE_RECORDS = 300, HOSTILE_STEPS = 200000 };

static struct {
    uint64_t random;
    unsigned long proposed[8];
    unsigned long refused;
} hostile;

/* The owner of each granule, by its record; 0 while it is free. */
static uint32_t owner[HOSTILE_CAPACITY];

static uint32_t hostile_below(uint32_t below)
{
    return (uint32_t)(test_random(&hostile.random) % below);
}

/* A record in state `list`, or 0: from a random one on. */
static uint32_t hostile_in_state(uint32_t list)
{
    uint32_t i = hostile_below(tiles->count);

    for (uint32_t n = 0; n < tiles->count; n++) {
        i = i + 1 < tiles->count ? i + 1 : 1;
        if (MNI_TILE(tiles, i).list == list)
            return i;
    }
    return 0;
}

/* A free block that is shorter than `size`, or 0. */
static uint32_t hostile_short(uint32_t size)
{
    for (uint32_t i = MNI_TILES_FIRST; i < tiles->count; i += MNI_TILE_UNIT) {
        if (mni_tiles_is_free(tiles, i) && MNI_TILE(tiles, i).size < size)
            return i;
    }
    return 0;
}

static uint32_t hostile_propose(void *state, uint32_t size)
{
    uint32_t kind = hostile_below(8);

    (void)state;
    hostile.proposed[kind]++;
    switch (kind) {
    case 0: /* the sink */
        return 0;
    case 1: /* just out of range */
        return tiles->count + hostile_below(3);
    case 2: /* far out of range, or anything */
        return (uint32_t)test_random(&hostile.random) | hostile_below(2) << 31;
    case 3:
        return hostile_in_state(MNI_TILES_USED);
    case 4:
        return hostile_in_state(MNI_TILES_SPARE);
    case 5:
        return hostile_short(size);
    case 6: /* some record */
        return hostile_below(tiles->count);
    default: /* one that is free, and may be large enough */
        return hostile_in_state(0);
    }
}

static void hostile_ignore(void *state, uint32_t block, uint32_t start,
                           uint32_t size)
{
    (void)state;
    (void)block;
    (void)start;
    (void)size;
}

static const struct mn_strategy hostile_table = {
    .name = "hostile",
    .propose = hostile_propose,
    .added = hostile_ignore,
    .removed = hostile_ignore,
};

static void hostile_begin(uint32_t origin)
{
    user = &hostile_table;
    user_state = NULL;
    hostile.random = 8;
    both_begin(HOSTILE_CAPACITY, HOSTILE_RECORDS, origin);
}

/* Let `size` granules from `start` on pass from one owner to another. */
static void hostile_own(uint32_t start, uint32_t size, uint32_t from,
                        uint32_t to)
{
    EXPECT(start < HOSTILE_CAPACITY && size <= HOSTILE_CAPACITY - start);
    for (uint32_t g = start; g < start + size; g++) {
        EXPECT(owner[g] == from);
        owner[g] = to;
    }
}

static void hostile_alloc(uint32_t origin)
{
    uint32_t size = model_random_size(&hostile.random, 7);
    uint32_t align = hostile_below(2) == 0 ? 1 : 1u << hostile_below(9);
    uint32_t i = mni_tiles_alloc(tiles, size, align);

    if (i == 0) {
        hostile.refused++;
        return;
    }
    EXPECT(i < tiles->count && MNI_TILE(tiles, i).list == MNI_TILES_USED);
    EXPECT(MNI_TILE(tiles, i).size >= size);
    EXPECT((origin + MNI_TILE(tiles, i).start) % align == 0);
    hostile_own(MNI_TILE(tiles, i).start, MNI_TILE(tiles, i).size, 0, i);
}

static void hostile_resize(uint32_t i)
{
    struct mni_tile was = MNI_TILE(tiles, i);
    uint32_t size = model_random_size(&hostile.random, 7);

    bool done = mni_tiles_resize(tiles, i, size);
    struct mni_tile is = MNI_TILE(tiles, i);
    EXPECT(is.start == was.start && is.list == MNI_TILES_USED);
    EXPECT(done ? is.size >= size : is.size == was.size);
    hostile_own(was.start, was.size, i, 0);
    hostile_own(is.start, is.size, 0, i);
}

static void hostile_free(uint32_t i)
{
    struct mni_tile was = MNI_TILE(tiles, i);

    EXPECT(mni_tiles_free(tiles, i));
    hostile_own(was.start, was.size, i, 0);
}

TEST(no_proposal_breaks_the_tiles_or_lets_blocks_overlap)
{
    uint32_t origin = 1000;
    unsigned long served = 0;

    hostile_begin(origin);
    for (int step = 0; step < HOSTILE_STEPS; step++) {
        uint32_t kind = hostile_below(16);
        uint32_t i = hostile_in_state(MNI_TILES_USED);
        if (kind < 12)
            hostile_alloc(origin);
        else if (i != 0 && kind < 14)
            hostile_resize(i);
        else if (i != 0)
            hostile_free(i);
        served += kind < 12;
        EXPECT(mni_tiles_check(tiles));
    }
    for (int kind = 0; kind < 8; kind++)
        EXPECT(hostile.proposed[kind] > HOSTILE_STEPS / 16);
    EXPECT(hostile.refused > HOSTILE_STEPS / 16);
    EXPECT(served - hostile.refused > HOSTILE_STEPS / 64);
}
