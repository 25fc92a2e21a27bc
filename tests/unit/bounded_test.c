/* SPDX-License-Identifier: MIT */
/* Each promise of mn/bounded.h at its boundary, then a seeded random run
 * against an array of flags. Pools of few words, and of so many that there is a
 * second level. Runs on bare processors, too. */
#include <mn/bounded.h>

#include "test.h"

enum { SIZE = 8, FEW = 70, MANY = 64 * 32 + 33, SEED = 20240229, STEPS = 6000 };

static _Alignas(16) unsigned char memory[SIZE * (MANY + 2)];
static unsigned char *const slots = memory + SIZE; /* one to spare around */
static uint32_t control[MN_BOUNDED_CONTROL(MANY) + 1];
static struct mn_bounded pool;
static bool out[MANY];
static unsigned masked;
static unsigned masks;

/* A processor without atomic operations needs these; others may have them. */
static uintptr_t mask(void)
{
    masks++;
    return masked++;
}

static void unmask(uintptr_t before)
{
    EXPECT(masked == before + 1);
    masked = (unsigned)before;
}

static struct mn_bounded_place place_of(size_t count)
{
    return (struct mn_bounded_place){.memory = slots,
                                     .slot_size = SIZE,
                                     .slot_count = count,
                                     .control = control,
                                     .mask = mask,
                                     .unmask = unmask};
}

static void setup(size_t count)
{
    struct mn_bounded_place place = place_of(count);

    EXPECT(mn_bounded_init(&pool, &place) == MN_OK);
    EXPECT(mn_bounded_check(&pool));
}

static void refuse(struct mn_bounded_place place)
{
    EXPECT(mn_bounded_init(&pool, &place) == MN_ERR_INVALID);
}

TEST(init_refuses_what_cannot_be)
{
    struct mn_bounded_place place = place_of(1);

    place.memory = NULL;
    refuse(place);
    place = place_of(1);
    place.control = NULL;
    refuse(place);
    place = place_of(0);
    refuse(place);
    place = place_of(1);
    place.slot_size = 0;
    refuse(place);
    place = place_of(1);
    place.slot_count = SIZE_MAX / SIZE + 1;
    refuse(place);
    place = place_of(1);
    place.unmask = NULL;
    refuse(place);
}

TEST(without_a_mask_atomic_operations_are_needed)
{
    struct mn_bounded_place place = place_of(FEW);
    bool atomic = __atomic_always_lock_free(sizeof(int), 0);

    place.mask = NULL;
    place.unmask = NULL;
    EXPECT(mn_bounded_init(&pool, &place)
           == (atomic ? MN_OK : MN_ERR_UNSUPPORTED));
}

static void fill(size_t count)
{
    setup(count);
    for (size_t i = 0; i < count; i++)
        out[i] = false;
    for (size_t i = 0; i < count; i++) {
        unsigned char *slot = mn_bounded_alloc(&pool);
        EXPECT(slot >= slots && slot < slots + SIZE * count);
        size_t index = (size_t)(slot - slots) / SIZE;
        EXPECT(slot == slots + SIZE * index);
        EXPECT(!out[index]);
        out[index] = true;
        EXPECT(mn_bounded_count_free(&pool) == count - i - 1);
    }
    EXPECT(mn_bounded_alloc(&pool) == NULL);
    EXPECT(mn_bounded_check(&pool));
}

TEST(alloc_hands_out_each_slot_once_then_fails)
{
    static const size_t counts[] = {1, 31, 32, 33, FEW, 64 * 32, MANY};

    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        fill(counts[i]);
    EXPECT(masks > 0 && masked == 0);
}

TEST(what_was_released_last_is_handed_out_next)
{
    fill(MANY);
    mn_bounded_release(&pool, slots + SIZE * 2000);
    mn_bounded_release(&pool, slots + SIZE * 7);
    EXPECT(mn_bounded_alloc(&pool) == slots + SIZE * 7);
    EXPECT(mn_bounded_alloc(&pool) == slots + SIZE * 2000);
    EXPECT(mn_bounded_alloc(&pool) == NULL);
}

TEST(memory_beside_the_words_is_left_alone)
{
    control[MN_BOUNDED_CONTROL(MANY)] = UINT32_C(0xdeadbeef);
    fill(MANY);
    EXPECT(control[MN_BOUNDED_CONTROL(MANY)] == UINT32_C(0xdeadbeef));
    for (size_t i = 0; i < sizeof memory; i++)
        EXPECT(memory[i] == 0);
}

TEST(free_stops_on_misuse)
{
    setup(FEW);
    unsigned char *slot = mn_bounded_alloc(&pool);
    mn_bounded_release(&pool, NULL);
    EXPECT_STOPS(mn_bounded_release(&pool, slot + 1), "pointer into a block");
    EXPECT_STOPS(mn_bounded_release(&pool, slots - 1), "foreign address");
    EXPECT_STOPS(mn_bounded_release(&pool, slots + SIZE * FEW),
                 "foreign address");
    EXPECT_STOPS(mn_bounded_release(&pool, slots + SIZE * (FEW - 1)),
                 "block is already free");
    mn_bounded_release(&pool, slot);
    EXPECT_STOPS(mn_bounded_release(&pool, slot), "block is already free");
}

TEST(an_address_tells_its_slot)
{
    struct mn_block block = {.size = 1};

    setup(FEW);
    unsigned char *slot = mn_bounded_alloc(&pool);
    EXPECT(mn_bounded_block_at(&pool, slot + SIZE - 1, &block));
    EXPECT(block.start == slot && block.size == SIZE);
    EXPECT(block.perm == MN_PERM_RW && block.state == MN_ALLOCATED);
    mn_bounded_release(&pool, slot);
    EXPECT(mn_bounded_block_at(&pool, slot, &block));
    EXPECT(block.state == MN_FREE);
    EXPECT(!mn_bounded_block_at(&pool, slots - 1, &block));
    EXPECT(!mn_bounded_block_at(&pool, slots + SIZE * FEW, &block));
    EXPECT(block.start == slot);
}

static bool count_out(const struct mn_block *block, void *context)
{
    size_t *count = context;

    if (block->state == MN_ALLOCATED)
        ++*count;
    return *count < 2;
}

TEST(a_walk_visits_every_slot_until_told_to_end)
{
    size_t count = 0;

    setup(FEW);
    EXPECT(mn_bounded_alloc(&pool) != NULL);
    EXPECT(mn_bounded_walk(&pool, count_out, &count) && count == 1);
    EXPECT(mn_bounded_alloc(&pool) != NULL);
    count = 0;
    EXPECT(!mn_bounded_walk(&pool, count_out, &count) && count == 2);
}

TEST(check_sees_damage)
{
    setup(FEW);
    control[FEW / 32] = UINT32_MAX;
    EXPECT(!mn_bounded_check(&pool));
    setup(MANY);
    control[MN_BOUNDED_CONTROL(MANY) - 2] = 0;
    EXPECT(!mn_bounded_check(&pool));
    setup(FEW);
    pool.hint = FEW;
    EXPECT(!mn_bounded_check(&pool));
}

static void run_random(size_t count)
{
    uint64_t random = SEED;
    size_t live = count;

    fill(count);
    for (int step = 0; step < STEPS; step++) {
        size_t index = (size_t)(test_random(&random) % count);
        if (out[index]) {
            mn_bounded_release(&pool, slots + SIZE * index);
            live--;
        } else {
            unsigned char *slot = mn_bounded_alloc(&pool);
            EXPECT(slot != NULL);
            index = (size_t)(slot - slots) / SIZE;
            EXPECT(!out[index]);
            live++;
        }
        out[index] = !out[index];
    }
    EXPECT(mn_bounded_count_free(&pool) == count - live);
    EXPECT(mn_bounded_check(&pool));
}

TEST(a_random_run_agrees_with_the_model)
{
    run_random(FEW);
    run_random(MANY);
}

struct packet {
    uint32_t words[3];
};
MN_BOUNDED(packet, 40);
static struct packet_bounded packets;

TEST(typed_pools_hold_objects_of_one_type)
{
    EXPECT(packet_bounded_init(&packets, mask, unmask) == MN_OK);
    struct packet *first = packet_bounded_alloc(&packets);
    struct packet *second = packet_bounded_alloc(&packets);
    EXPECT(first == &packets.memory[0] && second == &packets.memory[1]);
    packet_bounded_release(&packets, first);
    packet_bounded_release(&packets, second);
    EXPECT(mn_bounded_count_free(&packets.pool) == 40);
}
