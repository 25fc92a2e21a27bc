/* SPDX-License-Identifier: MIT */
/* Pools on a bare processor: in a buffer, and over a region. */
#include <mn/pool.h>

#include "arena.h"
#include "test.h"

MN_TYPE_DECLARE(message);
struct message {
    uint32_t number;
    unsigned char text[20];
};
MN_TYPE(message, .drop = NULL);
MN_POOL(message);

enum { COUNT = 40, STEPS = 2000 };

static struct message_pool messages;
static struct message *held[COUNT];

static void fill(struct message *message, uint32_t number)
{
    message->number = number;
    __builtin_memset(message->text, (int)number, sizeof message->text);
}

static bool is_filled(const struct message *message, uint32_t number)
{
    for (size_t i = 0; i < sizeof message->text; i++)
        if (message->text[i] != number)
            return false;
    return message->number == number;
}

/* Seeded, against the simplest model. */
static void run_at_random(void)
{
    uint64_t state = 7;
    size_t live = 0;

    for (size_t n = 0; n < COUNT; n++)
        held[n] = NULL;
    for (int step = 0; step < STEPS; step++) {
        uint32_t n = (uint32_t)test_random(&state) % COUNT;
        if (held[n] != NULL) {
            EXPECT(is_filled(held[n], n));
            message_pool_release(&messages, held[n]);
            held[n] = NULL;
            live--;
        } else {
            held[n] = message_pool_alloc(&messages);
            EXPECT(held[n] != NULL);
            fill(held[n], n);
            live++;
        }
        if (step % 16 == 0)
            EXPECT(mn_pool_check(&messages.pool));
    }
    struct mn_pool_stats stats;
    mn_pool_read_stats(&messages.pool, &stats);
    EXPECT(stats.live == live && stats.peak <= COUNT);
    EXPECT(stats.size
           == stats.live_size + stats.free_size + stats.gap_size
                  + stats.record_size);
}

static void begin_fixed(void)
{
    size_t size = mn_pool_fixed_size(&message_type, COUNT);

    EXPECT(size > 0 && size <= ARENA_SIZE);
    EXPECT(message_pool_init(&messages,
                             &(struct mn_pool_options){
                                 .memory = arena_bytes + 1,
                                 .memory_size = size,
                                 .count = COUNT,
                             })
           == MN_OK);
}

TEST(fixed_pool_in_a_buffer_that_is_not_aligned)
{
    begin_fixed();
    run_at_random();
    mn_pool_clear(&messages.pool);
    for (int i = 0; i < COUNT; i++)
        EXPECT(message_pool_alloc(&messages) != NULL);
    EXPECT(message_pool_alloc(&messages) == NULL);
    message_pool_finish(&messages);
}

TEST(growing_pool_over_a_region_gives_all_of_it_back)
{
    struct arena arena;

    EXPECT(arena_tiled(&arena, ARENA_SIZE, mn_strategy_at(0), 1));
    EXPECT(message_pool_init(
               &messages,
               &(struct mn_pool_options){.region = arena.region, .count = 3})
           == MN_OK);
    run_at_random();
    message_pool_finish(&messages);
    EXPECT(arena_block_count(&arena) == 1);
}

TEST(release_stops_on_misuse_of_a_pool)
{
    begin_fixed();
    struct message *message = message_pool_alloc(&messages);
    struct message *other = message_pool_alloc(&messages);
    EXPECT(message != NULL && other != NULL);
    struct message *inside = (void *)(message->text + 4);

    message_pool_release(&messages, NULL);
    EXPECT_STOPS(message_pool_release(&messages, inside),
                 "pointer into an object");
    EXPECT_STOPS(message_pool_release(&messages, message - 1000),
                 "not an object of this pool");
    message_pool_release(&messages, message);
    EXPECT_STOPS(message_pool_release(&messages, message),
                 "object is already free");
    message_pool_release(&messages, other);
}
