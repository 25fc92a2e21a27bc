/* SPDX-License-Identifier: MIT */
/* Fuzz target: a pool against the owner of each object.
 *
 * The first bytes choose what the pool is made of; then each operation takes
 * two. No byte is ever in two objects, the objects keep their content, and the
 * invariant and the counts hold after every step. */
#include <mn/pool.h>
#include <mn/strategy.h>

#include "base/assert.h"

#include <string.h>

#define EXPECT(cond) MN_CHECK(cond, "expected: " #cond)

enum { LIVE = 256, ROOM = 1 << 16, OPERATIONS = 8 };

static _Alignas(16) unsigned char memory[ROOM];
static _Alignas(8) unsigned char control[ROOM];
static unsigned char fixed[4096 + 16];
static struct mn_tiled tiled;
static struct mn_pool pool;
static unsigned char *held[LIVE];
static size_t live, object_size;

static void fuzz_alloc(unsigned n)
{
    held[n] = mn_pool_alloc(&pool);
    if (held[n] == NULL)
        return;
    memset(held[n], (int)n, object_size);
    live++;
}

static void fuzz_release(unsigned n)
{
    for (size_t i = 0; i < object_size; i++)
        EXPECT(held[n][i] == n);
    mn_pool_release(&pool, held[n]);
    held[n] = NULL;
    live--;
}

static bool fuzz_visit(void *object, void *context)
{
    EXPECT(held[*(unsigned char *)object] == object);
    ++*(size_t *)context;
    return true;
}

static void fuzz_compare(void)
{
    struct mn_pool_stats stats;
    size_t met = 0;

    EXPECT(mn_pool_check(&pool));
    mn_pool_read_stats(&pool, &stats);
    EXPECT(stats.live == live && stats.peak >= live);
    EXPECT(mn_pool_walk(&pool, fuzz_visit, &met) && met == live);
}

static void fuzz_step(const uint8_t *data)
{
    unsigned n = data[1];

    switch (data[0] % OPERATIONS) {
    case 0:
        (void)mn_pool_shrink(&pool);
        break;
    case 1:
        if (mn_pool_reserve(&pool, n) == MN_OK)
            EXPECT(pool.capacity >= live + n);
        break;
    case 2:
        if (n == 0) {
            mn_pool_clear(&pool);
            memset(held, 0, sizeof held);
            live = 0;
        }
        break;
    default:
        if (held[n] == NULL)
            fuzz_alloc(n);
        else
            fuzz_release(n);
    }
    fuzz_compare();
}

static struct mn_pool_options fuzz_options(const uint8_t *data)
{
    struct mn_pool_options options = {.count = data[2] % 16,
                                      .unwatched = data[0] & 1};

    if (data[0] & 2) {
        options.memory = fixed + data[3] % 16;
        options.memory_size = 4096;
        options.count = 0;
        return options;
    }
    options.region = &tiled.region;
    options.record_region = data[0] & 4 ? &tiled.region : NULL;
    options.count_max = data[0] & 8 ? 1 + data[3] : 0;
    options.size_max = data[0] & 16 ? (size_t)data[3] << 5 : 0;
    return options;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mn_block all;

    if (size < 4)
        return 0;
    struct mn_tiled_place place = {
        .memory = memory,
        .memory_size = ROOM,
        .granule = 16,
        .control = control,
        .control_size = sizeof control,
        .strategy = &mn_tlsf,
    };
    struct mn_type type = {.name = "object", .align = (size_t)1 << data[1] % 6};
    struct mn_pool_options options = fuzz_options(data);

    EXPECT(mn_tiled_init(&tiled, &place) == MN_OK);
    type.size = type.align * (1 + data[1] / 6 % 8);
    object_size = type.size;
    options.type = &type;
    memset(held, 0, sizeof held);
    live = 0;
    if (mn_pool_init(&pool, &options) != MN_OK)
        return 0;
    for (size_t i = 4; i + 2 <= size; i += 2)
        fuzz_step(data + i);
    mn_pool_finish(&pool);
    EXPECT(mn_region_block_at(&tiled.region, memory, &all));
    EXPECT(all.state == MN_FREE && all.size == ROOM);
    return 0;
}
