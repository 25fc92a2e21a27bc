/* SPDX-License-Identifier: MIT */
/* Tests of mn/move.h and mn/pin.h in a buffer: handles, pins, types, and what a
 * step may do. */
#include <mn/move.h>
#include <string.h>

#include "test.h"

enum { SIZE = 4096, COUNT = 60, BLOCK = 64 };

static _Alignas(16) unsigned char around[16 + SIZE + 16];
static unsigned char *const memory = around + 16;
static _Alignas(16) unsigned char control[1 << 16];
static struct mn_mover mover;

static struct mn_mover_options fixed(void)
{
    return (struct mn_mover_options){.memory = memory,
                                     .memory_size = SIZE,
                                     .control = control,
                                     .control_size = sizeof control,
                                     .count_max = COUNT};
}

static void setup(void)
{
    struct mn_mover_options options = fixed();

    EXPECT(mn_mover_init(&mover, &options) == MN_OK);
    EXPECT(mn_mover_check(&mover));
}

/* A block that is filled with its number. */
static struct mn_handle filled(size_t size, int with)
{
    struct mn_handle handle = mn_mover_alloc(&mover, size, NULL);

    EXPECT(handle.bits != 0);
    MN_PIN(pin, &mover, handle);
    memset(pin.at, with, size);
    return handle;
}

static bool is_filled(struct mn_handle handle, int with)
{
    size_t size = mn_mover_size(&mover, handle);
    MN_PIN(pin, &mover, handle);
    const unsigned char *at = pin.at;

    for (size_t i = 0; i < size; i++)
        if (at[i] != with)
            return false;
    return size > 0;
}

static size_t start_of(struct mn_handle handle)
{
    MN_PIN(pin, &mover, handle);
    return (size_t)((unsigned char *)pin.at - memory);
}

static void compact(void)
{
    while (mn_mover_step(&mover, NULL, 1))
        EXPECT(mn_mover_check(&mover));
    EXPECT(mn_mover_check(&mover));
}

TEST(init_refuses_what_cannot_be)
{
    struct mn_mover_options good = fixed();
    struct mn_mover_options bad = good;
    size_t size = mn_mover_control_size(SIZE, COUNT);

    EXPECT(size > 0 && size <= sizeof control);
    bad.control_size = size - 1;
    EXPECT(mn_mover_init(&mover, &bad) == MN_ERR_NOMEM);
    bad.control_size = size;
    EXPECT(mn_mover_init(&mover, &bad) == MN_OK);
    bad = good;
    bad.memory = memory + 8;
    EXPECT(mn_mover_init(&mover, &bad) == MN_ERR_INVALID);
    bad = good;
    bad.memory_size = SIZE - 8;
    EXPECT(mn_mover_init(&mover, &bad) == MN_ERR_INVALID);
    bad = good;
    bad.memory = NULL;
    EXPECT(mn_mover_init(&mover, &bad) == MN_ERR_INVALID);
    bad = good;
    bad.control = NULL;
    EXPECT(mn_mover_init(&mover, &bad) == MN_ERR_INVALID);
    bad = good;
    bad.count_max = 0;
    EXPECT(mn_mover_init(&mover, &bad) == MN_ERR_INVALID);
    EXPECT(mn_mover_control_size(SIZE, 0) == 0);
    EXPECT(mn_mover_control_size(0, COUNT) == 0);
    EXPECT(mn_mover_control_size(SIZE + 1, COUNT) == 0);
    EXPECT(mn_mover_control_size(SIZE, (size_t)MN_MOVER_COUNT_MAX + 1) == 0);
}

TEST(memory_and_records_come_from_a_region)
{
    static _Alignas(16) unsigned char all[1 << 16];
    struct mn_bump bump;
    struct mn_mover_options options = {
        .memory_size = SIZE, .count_max = COUNT, .region = &bump.region};

    EXPECT(mn_bump_init(&bump, all, sizeof all) == MN_OK);
    EXPECT(mn_mover_init(&mover, &options) == MN_OK);
    struct mn_handle handle = filled(BLOCK, 1);
    mn_mover_free(&mover, handle);
    mn_mover_finish(&mover);
    EXPECT(bump.live == 0);
    EXPECT(mn_bump_init(&bump, all, SIZE) == MN_OK);
    EXPECT(mn_mover_init(&mover, &options) == MN_ERR_NOMEM);
    EXPECT(bump.live == 0);
    EXPECT(mn_bump_init(&bump, all, mn_mover_control_size(SIZE, COUNT) + 16)
           == MN_OK);
    EXPECT(mn_mover_init(&mover, &options) == MN_ERR_NOMEM);
    EXPECT(bump.live == 0);
}

TEST(blocks_are_aligned_and_keep_what_they_hold)
{
    setup();
    for (int i = 1; i < 10; i++) {
        struct mn_handle handle = filled((size_t)i * 7, i);
        EXPECT(mn_mover_size(&mover, handle) == (size_t)i * 7);
        EXPECT(start_of(handle) % MN_MOVER_GRANULE == 0);
        EXPECT(is_filled(handle, i));
    }
    EXPECT(mn_mover_check(&mover));
}

TEST(alloc_refuses_what_there_is_no_room_for)
{
    setup();
    EXPECT(mn_mover_alloc(&mover, 0, NULL).bits == 0);
    EXPECT(mn_mover_alloc(&mover, SIZE + 1, NULL).bits == 0);
    EXPECT(mn_mover_alloc(&mover, SIZE_MAX, NULL).bits == 0);
    struct mn_handle all = mn_mover_alloc(&mover, SIZE, NULL);
    EXPECT(all.bits != 0);
    EXPECT(mn_mover_alloc(&mover, 1, NULL).bits == 0);
    mn_mover_free(&mover, all);
    for (int i = 0; i < COUNT; i++)
        EXPECT(mn_mover_alloc(&mover, 1, NULL).bits != 0);
    EXPECT(mn_mover_alloc(&mover, 1, NULL).bits == 0);
    EXPECT(mn_mover_check(&mover));
}

TEST(a_handle_leads_to_nothing_once_its_block_is_freed)
{
    setup();
    struct mn_handle old = filled(BLOCK, 1);
    mn_mover_free(&mover, old);
    struct mn_handle now = filled(BLOCK, 2);
    EXPECT(now.bits != old.bits);
    EXPECT(!mn_mover_has(&mover, old) && mn_mover_has(&mover, now));
    EXPECT(mn_mover_try_pin(&mover, old).entry == NULL);
    EXPECT(mn_mover_size(&mover, old) == 0);
    EXPECT_STOPS(mn_mover_pin(&mover, old), "its block was freed");
    EXPECT_STOPS(mn_mover_free(&mover, old), "its block was freed");
    EXPECT_STOPS(mn_mover_resize(&mover, old, 1), "its block was freed");
}

TEST(a_forged_handle_leads_to_nothing)
{
    setup();
    struct mn_handle real = filled(BLOCK, 1);
    struct mn_handle other = filled(BLOCK, 1);

    mn_mover_free(&mover, other);
    for (unsigned bit = 0; bit < 8 * sizeof(uintptr_t); bit++) {
        struct mn_handle forged = {real.bits ^ (uintptr_t)1 << bit};
        EXPECT(!mn_mover_has(&mover, forged));
        forged.bits = (uintptr_t)1 << bit;
        EXPECT(!mn_mover_has(&mover, forged) || forged.bits == real.bits);
    }
    struct mn_handle none = {0};
    EXPECT(!mn_mover_has(&mover, none));
    EXPECT(!mn_mover_has(&mover, (struct mn_handle){UINTPTR_MAX}));
    EXPECT(!mn_mover_has(&mover, (struct mn_handle){mover.mask}));
    EXPECT_STOPS(mn_mover_pin(&mover, none), "a handle of nothing");
    EXPECT_STOPS(mn_mover_pin(&mover, (struct mn_handle){UINTPTR_MAX}),
                 "never given");
    mn_mover_free(&mover, none);
}

TEST(an_entry_whose_handles_are_used_up_retires)
{
    setup();
    mover.last = 3 * (mover.mask + MNI_HANDLE_UNIT);
    struct mn_handle first = {0};
    for (int i = 0; i < 3; i++) {
        struct mn_handle handle = filled(BLOCK, 1);
        if (i == 0)
            first = handle;
        EXPECT(((handle.bits ^ first.bits) & mover.mask) == 0);
        mn_mover_free(&mover, handle);
    }
    EXPECT(mover.retired == 1);
    struct mn_handle next = filled(BLOCK, 1);
    EXPECT(((next.bits ^ first.bits) & mover.mask) != 0);
    EXPECT(mn_mover_check(&mover));
    EXPECT_STOPS(mn_mover_pin(&mover, first), "its block was freed");
}

TEST(handles_of_a_mover_that_has_ended_lead_to_nothing)
{
    setup();
    struct mn_handle handle = filled(BLOCK, 1);
    struct mn_pin pin = mn_mover_pin(&mover, handle);
    EXPECT_STOPS(mn_mover_finish(&mover), "ends with a pin");
    mn_unpin(&pin);
    mn_mover_finish(&mover);
    EXPECT(!mn_mover_has(&mover, handle));
    EXPECT(!mn_mover_has(&mover, (struct mn_handle){0}));
    for (uintptr_t bits = 0; bits < 100; bits++)
        EXPECT(!mn_mover_has(&mover, (struct mn_handle){bits}));
}

TEST(blocks_slide_to_the_low_end_in_their_order)
{
    struct mn_handle block[20];

    setup();
    for (int i = 0; i < 20; i++)
        block[i] = filled(16 + (size_t)i * 5, i);
    for (int i = 0; i < 20; i += 2)
        mn_mover_free(&mover, block[i]);
    compact();
    size_t end = 0;
    for (int i = 1; i < 20; i += 2) {
        EXPECT(start_of(block[i]) == end);
        EXPECT(is_filled(block[i], i));
        end += (mn_mover_size(&mover, block[i]) + 15) / 16 * 16;
    }
    struct mn_mover_stats stats;
    mn_mover_read_stats(&mover, &stats);
    EXPECT(stats.live == 10 && stats.holes == 0 && stats.free_size == 0);
    EXPECT(stats.size == end && stats.rest == SIZE - end);
    EXPECT(stats.largest == stats.rest);
    EXPECT(stats.size == stats.live_size + stats.gap_size + stats.free_size);
}

TEST(a_pinned_block_stays_and_others_move_up_to_it)
{
    struct mn_handle block[5];

    setup();
    for (int i = 0; i < 5; i++)
        block[i] = filled(BLOCK, i);
    mn_mover_free(&mover, block[0]);
    mn_mover_free(&mover, block[3]);
    struct mn_pin pin = mn_mover_pin(&mover, block[2]);
    struct mn_pin again = mn_mover_pin(&mover, block[2]);
    compact();
    EXPECT(start_of(block[1]) == 0);
    EXPECT((unsigned char *)pin.at == memory + 2 * BLOCK);
    EXPECT(start_of(block[2]) == 2 * BLOCK);
    EXPECT(start_of(block[4]) == 3 * BLOCK);
    struct mn_mover_stats stats;
    mn_mover_read_stats(&mover, &stats);
    EXPECT(stats.pinned == 1 && stats.pinned_size == BLOCK);
    EXPECT(stats.holes == 1 && stats.free_size == BLOCK);
    mn_unpin(&pin);
    mn_unpin(&pin);
    compact();
    EXPECT(start_of(block[2]) == 2 * BLOCK);
    mn_unpin(&again);
    compact();
    EXPECT(start_of(block[2]) == BLOCK && start_of(block[4]) == 2 * BLOCK);
    for (int i = 1; i < 5; i++)
        EXPECT(i == 3 || is_filled(block[i], i));
}

TEST(misuse_of_pins_stops)
{
    setup();
    struct mn_handle handle = filled(BLOCK, 1);
    struct mn_pin pin = mn_mover_pin(&mover, handle);
    struct mn_pin copy = pin;
    EXPECT_STOPS(mn_mover_free(&mover, handle), "free of a pinned block");
    EXPECT(mn_mover_resize(&mover, handle, SIZE + 1) == MN_ERR_SIZE);
    mn_unpin(&pin);
    EXPECT_STOPS(mn_unpin(&copy), "unpinned more often");
    pin = mn_mover_pin(&mover, handle);
    pin.entry->pins = INT32_MAX;
    EXPECT_STOPS(mn_mover_pin(&mover, handle), "pinned too often");
}

TEST(a_step_is_bounded_by_bytes_and_one_block)
{
    struct mn_handle block[8];

    setup();
    for (int i = 0; i < 8; i++)
        block[i] = filled(256, i);
    mn_mover_free(&mover, block[0]);
    for (int i = 1; i < 8; i++) {
        size_t before = mover.moved;
        bool more = mn_mover_step(&mover, NULL, 1);
        EXPECT(mover.moved == before + 256);
        EXPECT(more == (i < 7));
        EXPECT(mn_mover_check(&mover));
    }
    struct mn_handle low = block[1];
    mn_mover_free(&mover, low);
    EXPECT(mn_mover_step(&mover, NULL, 3 * 256));
    EXPECT(mover.moved <= 7 * 256 + 4 * 256);
    for (int i = 2; i < 8; i++)
        EXPECT(is_filled(block[i], i));
}

static int calls;
static struct mn_handle call_handle;

static void note_move(struct mn_handle handle, size_t from, size_t to,
                      size_t size, void *context)
{
    EXPECT(context == &calls && to < from && size == BLOCK);
    EXPECT(handle.bits == call_handle.bits);
    EXPECT(start_of(handle) == to);
    calls++;
}

static void misuse_move(struct mn_handle handle, size_t from, size_t to,
                        size_t size, void *context)
{
    (void)from, (void)to, (void)size, (void)context;
    mn_mover_free(&mover, handle);
}

TEST(each_move_is_told)
{
    struct mn_mover_options options = fixed();

    options.moved = note_move;
    options.context = &calls;
    EXPECT(mn_mover_init(&mover, &options) == MN_OK);
    struct mn_handle low = filled(BLOCK, 1);
    call_handle = filled(BLOCK, 2);
    mn_mover_free(&mover, low);
    compact();
    EXPECT(calls == 1 && mover.moves == 1 && mover.moved == BLOCK);

    options.moved = misuse_move;
    EXPECT(mn_mover_init(&mover, &options) == MN_OK);
    low = filled(BLOCK, 1);
    call_handle = filled(BLOCK, 2);
    mn_mover_free(&mover, low);
    EXPECT_STOPS(compact(), "by its own callback");
}

TEST(resize_keeps_the_handle_and_the_content)
{
    setup();
    struct mn_handle a = filled(BLOCK, 1);
    struct mn_handle b = filled(BLOCK, 2);
    EXPECT(mn_mover_resize(&mover, b, 4 * BLOCK) == MN_OK);
    EXPECT(start_of(b) == BLOCK && mn_mover_size(&mover, b) == 4 * BLOCK);
    EXPECT(mn_mover_resize(&mover, a, 2 * BLOCK) == MN_OK);
    EXPECT(start_of(a) == 5 * BLOCK && mn_mover_size(&mover, a) == 2 * BLOCK);
    EXPECT(mn_mover_resize(&mover, a, BLOCK) == MN_OK);
    EXPECT(mn_mover_resize(&mover, b, BLOCK - 3) == MN_OK);
    EXPECT(is_filled(a, 1) && is_filled(b, 2));
    EXPECT(mn_mover_resize(&mover, a, 0) == MN_ERR_SIZE);
    EXPECT(mn_mover_resize(&mover, a, SIZE + 1) == MN_ERR_SIZE);
    struct mn_handle c = filled(BLOCK, 3);
    struct mn_handle wall = filled(BLOCK, 4);
    EXPECT(start_of(c) == 0);
    {
        MN_PIN(pin, &mover, c);
        EXPECT(mn_mover_resize(&mover, c, 2 * BLOCK) == MN_ERR_NOMEM);
    }
    EXPECT(mn_mover_resize(&mover, c, SIZE) == MN_ERR_NOMEM);
    EXPECT(is_filled(a, 1) && is_filled(b, 2) && is_filled(c, 3)
           && is_filled(wall, 4));
    EXPECT(mn_mover_check(&mover));
}

TEST(an_address_leads_to_its_handle)
{
    setup();
    struct mn_handle a = filled(700, 1);
    struct mn_handle b = filled(3, 2);
    EXPECT(mn_mover_at(&mover, memory).bits == a.bits);
    EXPECT(mn_mover_at(&mover, memory + 699).bits == a.bits);
    EXPECT(mn_mover_at(&mover, memory + 704).bits == b.bits);
    EXPECT(mn_mover_at(&mover, memory + 720).bits == 0);
    EXPECT(mn_mover_at(&mover, memory + SIZE).bits == 0);
    EXPECT(mn_mover_at(&mover, memory - 1).bits == 0);
    EXPECT(mn_mover_at(&mover, NULL).bits == 0);
}

/* ---- policies ---- */

/* Four holes of a block each, of which the last two have a small block between
 * them. */
static void setup_holes(struct mn_handle block[12])
{
    setup();
    for (int i = 0; i < 12; i++)
        block[i] = filled(i == 7 ? 16 : BLOCK, i);
    filled(SIZE - 11 * BLOCK - 16, 99);
    mn_mover_free(&mover, block[1]);
    mn_mover_free(&mover, block[3]);
    mn_mover_free(&mover, block[6]);
    mn_mover_free(&mover, block[8]);
}

TEST(the_cheapest_moves_come_first)
{
    struct mn_handle block[12];
    struct mn_move_goal goal = {MN_MOVE_CHEAPEST, 2 * BLOCK, 0};

    setup_holes(block);
    while (mn_mover_step(&mover, &goal, 64))
        EXPECT(mn_mover_check(&mover));
    EXPECT(mover.moved == 16);
    EXPECT(start_of(block[7]) == 6 * BLOCK);
    struct mn_mover_stats stats;
    mn_mover_read_stats(&mover, &stats);
    EXPECT(stats.largest == 2 * BLOCK);
    EXPECT(!mn_mover_step(&mover, &goal, 64));
    EXPECT(mover.moved == 16);
}

TEST(the_cheapest_moves_go_around_pins)
{
    struct mn_handle block[12];
    struct mn_move_goal goal = {MN_MOVE_CHEAPEST, 2 * BLOCK, 0};

    setup_holes(block);
    MN_PIN(pin, &mover, block[7]);
    while (mn_mover_step(&mover, &goal, 1 << 20))
        EXPECT(mn_mover_check(&mover));
    EXPECT(mover.moved == BLOCK && start_of(block[2]) == BLOCK);
    goal.hole = 4 * BLOCK;
    EXPECT(!mn_mover_step(&mover, &goal, 1 << 20));
    EXPECT(mover.moved == BLOCK);
}

TEST(compaction_stops_at_a_fragmentation)
{
    struct mn_handle block[32];
    struct mn_move_goal goal = {MN_MOVE_CHEAPEST, 0, 500};
    struct mn_mover_stats stats;

    setup();
    for (int i = 0; i < 32; i++)
        block[i] = filled(SIZE / 32, i);
    for (int i = 0; i < 32; i += 2)
        mn_mover_free(&mover, block[i]);
    while (mn_mover_step(&mover, &goal, 64))
        EXPECT(mn_mover_check(&mover));
    mn_mover_read_stats(&mover, &stats);
    EXPECT(stats.largest == SIZE / 4);
    EXPECT(mover.moved == 7 * SIZE / 32);
    goal.fragmentation = 0;
    while (mn_mover_step(&mover, &goal, 64))
        EXPECT(mn_mover_check(&mover));
    mn_mover_read_stats(&mover, &stats);
    EXPECT(stats.largest == SIZE / 2);
    for (int i = 1; i < 32; i += 2)
        EXPECT(is_filled(block[i], i));
}

/* ---- types ---- */

MN_TYPE_DECLARE(node);
MN_HANDLE(node);
struct node {
    struct node *next;
    struct node_handle other;
    int value;
};
MN_TYPE(node, MN_REFERENCES(MN_MEMBER_IS(MOVABLE, node, next, node)));
MN_HANDLES(node);

TEST(typed_handles_lead_to_their_type)
{
    setup();
    struct node_handle handle = node_handle_new(&mover);
    {
        MN_PINNED(node, pin, &mover, handle);
        EXPECT(pin.at->next == NULL && pin.at->value == 0);
        pin.at->value = 7;
        pin.at->other = handle;
    }
    struct node_pin pin = node_handle_try_pin(&mover, handle);
    EXPECT(pin.at != NULL && pin.at->value == 7);
    node_unpin(&pin);
    node_handle_free(&mover, handle);
    EXPECT(node_handle_try_pin(&mover, handle).at == NULL);
}

TEST(plain_pointers_follow_when_blocks_move)
{
    struct node_handle handle[20];
    struct mn_handle gap[20];

    setup();
    for (int i = 0; i < 20; i++) {
        gap[i] = filled(16 + (size_t)i, i);
        handle[i] = node_handle_new(&mover);
        MN_PINNED(node, pin, &mover, handle[i]);
        pin.at->value = i;
    }
    for (int i = 0; i < 20; i++) {
        MN_PINNED(node, pin, &mover, handle[i]);
        MN_PINNED(node, next, &mover, handle[(i + 1) % 20]);
        pin.at->next = next.at;
    }
    for (int i = 0; i < 20; i++)
        mn_mover_free(&mover, gap[i]);
    for (bool more = true; more;) {
        more = mn_mover_step(&mover, NULL, 100);
        for (int i = 0; i < 20; i++) {
            MN_PINNED(node, pin, &mover, handle[i]);
            MN_PINNED(node, next, &mover, handle[(i + 1) % 20]);
            EXPECT(pin.at->value == i && pin.at->next == next.at);
        }
    }
    EXPECT(start_of(handle[19].handle)
           == 19 * ((sizeof(struct node) + 15) / 16 * 16));
    EXPECT(mn_mover_resize(&mover, handle[3].handle, 3 * sizeof(struct node))
           == MN_OK);
    MN_PINNED(node, before, &mover, handle[2]);
    MN_PINNED(node, pin, &mover, handle[3]);
    EXPECT(before.at->next == pin.at && pin.at[2].next == NULL);
}

static void visit_badly(void *object, mn_member_fn fn, void *context)
{
    static const struct mn_member member = {"x", &node_type, 0, 1,
                                            MN_MEMBER_MOVABLE};
    static void *wild[3] = {(void *)1, (void *)UINTPTR_MAX, NULL};

    (void)object;
    for (int i = 0; i < 3; i++)
        fn(&wild[i], &member, context);
    EXPECT(wild[0] == (void *)1 && wild[1] == (void *)UINTPTR_MAX);
    EXPECT(wild[2] == NULL);
}

static void visit_and_free(void *object, mn_member_fn fn, void *context)
{
    (void)object, (void)fn, (void)context;
    mn_mover_free(&mover, mn_mover_alloc(&mover, 1, NULL));
}

TEST(hostile_types_are_refused_or_do_no_harm)
{
    struct mn_type bad = node_type;

    setup();
    bad.size = 0;
    EXPECT(mn_mover_alloc(&mover, BLOCK, &bad).bits == 0);
    bad = node_type;
    bad.align = 2 * MN_MOVER_GRANULE;
    bad.size = 2 * MN_MOVER_GRANULE;
    EXPECT(mn_mover_alloc(&mover, bad.size, &bad).bits == 0);
    bad = node_type;
    struct mn_member member = node_type.members[0];
    bad.members = &member;
    member.offset = (uint32_t)bad.size;
    EXPECT(mn_mover_alloc(&mover, bad.size, &bad).bits == 0);
    member.offset = 0;
    member.count = 1000;
    EXPECT(mn_mover_alloc(&mover, bad.size, &bad).bits == 0);
    EXPECT(mn_mover_alloc(&mover, node_type.size + 1, &node_type).bits == 0);

    bad = node_type;
    bad.visit = visit_badly;
    struct mn_handle low = filled(BLOCK, 1);
    struct mn_handle block = mn_mover_alloc(&mover, 4 * bad.size, &bad);
    EXPECT(block.bits != 0);
    mn_mover_free(&mover, low);
    compact();
    bad.visit = visit_and_free;
    low = filled(BLOCK, 1);
    filled(BLOCK, 1);
    mn_mover_free(&mover, low);
    EXPECT_STOPS(compact(), "by its own callback");
}
