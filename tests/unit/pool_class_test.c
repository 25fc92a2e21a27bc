/* SPDX-License-Identifier: MIT */
/* Tests of pools of several sizes: which class a size is of, release with a
 * size and without, misuse, limits, refusal, and a seeded random run. */
#include <mn/class_pool.h>
#include <string.h>

#include "guard_setup.h"
#include "pool/pool.h"
#include "test.h"

static struct mn_class_pool pool;

static void setup(struct mn_class_pool_options options)
{
    options.region = setup_tiled();
    EXPECT(mn_class_pool_init(&pool, &options) == MN_OK);
    EXPECT(mn_class_pool_check(&pool));
}

static unsigned char *take(size_t size)
{
    unsigned char *object = mn_class_pool_alloc(&pool, size);

    EXPECT(object != NULL);
    memset(object, (int)size, size);
    return object;
}

static size_t class_of(size_t size)
{
    const struct mn_pool *of = mn_class_pool_of(&pool, size);

    EXPECT(of != NULL);
    return of->options.type->size;
}

TEST(sizes_are_of_the_smallest_class_that_holds_them)
{
    size_t before = 0;

    setup((struct mn_class_pool_options){.size_max = 0});
    EXPECT(class_of(1) == 8 && class_of(8) == 8 && class_of(9) == 16);
    EXPECT(class_of(1024) == 1024 && class_of(1000) == 1024);
    for (size_t size = 1; size <= 1024; size++) {
        EXPECT(class_of(size) >= size && class_of(size) >= before);
        EXPECT(size <= 64 || (class_of(size) - size) * 5 <= class_of(size));
        before = class_of(size);
    }
    EXPECT(mn_class_pool_of(&pool, 0) == NULL);
    EXPECT(mn_class_pool_of(&pool, 1025) == NULL);
    EXPECT(mn_class_pool_of(&pool, SIZE_MAX) == NULL);
    EXPECT(mn_class_pool_alloc(&pool, 0) == NULL);
    EXPECT(mn_class_pool_alloc(&pool, 1025) == NULL);
    EXPECT(mn_class_pool_alloc(&pool, SIZE_MAX) == NULL);
    mn_class_pool_finish(&pool);
    EXPECT(setup_is_free());
}

TEST(objects_are_aligned_as_their_class_says)
{
    setup((struct mn_class_pool_options){.size_max = 0});
    for (size_t size = 8; size <= 1024; size += 8) {
        size_t align = class_of(size) & (0 - class_of(size));
        align = align < 64 ? align : 64;
        unsigned char *objects[3];
        for (int i = 0; i < 3; i++) {
            objects[i] = take(size);
            EXPECT((uintptr_t)objects[i] % align == 0);
        }
        for (int i = 0; i < 3; i++)
            mn_class_pool_release(&pool, objects[i], size);
        (void)mn_class_pool_shrink(&pool);
    }
    EXPECT(mn_class_pool_check(&pool));
    mn_class_pool_finish(&pool);
    EXPECT(setup_is_free());
}

TEST(own_table_of_classes)
{
    static const size_t sizes[] = {24, 40, 1024};
    static const size_t falling[] = {24, 24};
    static const size_t odd[] = {20};
    static const size_t large[] = {1032};
    struct mn_class_pool_options options = {.sizes = sizes, .size_count = 3};

    EXPECT(mn_class_pool_init(&pool, &options) == MN_ERR_INVALID);
    setup(options);
    EXPECT(class_of(1) == 24 && class_of(25) == 40 && class_of(41) == 1024);
    options.region = setup_tiled();
    options.size_count = 0;
    EXPECT(mn_class_pool_init(&pool, &options) == MN_ERR_INVALID);
    options.size_count = 2;
    EXPECT(mn_class_pool_init(&pool, &options) == MN_OK);
    EXPECT(mn_class_pool_of(&pool, 41) == NULL && class_of(40) == 40);
    options.sizes = falling;
    EXPECT(mn_class_pool_init(&pool, &options) == MN_ERR_INVALID);
    options.size_count = 1;
    options.sizes = odd;
    EXPECT(mn_class_pool_init(&pool, &options) == MN_ERR_INVALID);
    options.sizes = large;
    EXPECT(mn_class_pool_init(&pool, &options) == MN_ERR_INVALID);
}

TEST(release_stops_on_another_size_and_on_misuse)
{
    setup((struct mn_class_pool_options){.size_max = 0});
    unsigned char *object = take(40);
    unsigned char *other = take(100);

    mn_class_pool_release(&pool, NULL, 40);
    mn_class_pool_release(&pool, NULL, 4000);
    mn_class_pool_release_any(&pool, NULL);
    EXPECT_STOPS(mn_class_pool_release(&pool, object, 32),
                 "object of another size; it lies in block 0x");
    EXPECT_STOPS(mn_class_pool_release(&pool, object, 1024), "of another size");
    EXPECT_STOPS(mn_class_pool_release(&pool, object, 1025),
                 "no object has the given size");
    EXPECT_STOPS(mn_class_pool_release(&pool, object, 0), "the given size");
    EXPECT_STOPS(mn_class_pool_release_any(&pool, object + 8),
                 "into an object");
    EXPECT_STOPS(mn_class_pool_release_any(&pool, (unsigned char *)&pool),
                 "not an object of this pool");
    mn_class_pool_release(&pool, object, 33);
    EXPECT_STOPS(mn_class_pool_release(&pool, object, 40), "already free");
    EXPECT_STOPS(mn_class_pool_release_any(&pool, object), "already free");
    mn_class_pool_release_any(&pool, other);
    EXPECT_STOPS(mn_class_pool_release_any(&pool, other), "already free");
    EXPECT(mn_class_pool_check(&pool));
}

TEST(limit_is_of_all_classes_together)
{
    struct mn_pool_stats stats;

    setup((struct mn_class_pool_options){.size_max = 20000});
    for (size_t size = 8; size <= 1024; size += 8)
        while (mn_class_pool_alloc(&pool, size) != NULL)
            continue;
    mn_class_pool_read_stats(&pool, &stats);
    EXPECT(stats.size <= 20000 && stats.size > 19000);
    EXPECT(stats.size
           == stats.live_size + stats.free_size + stats.gap_size
                  + stats.record_size);
    EXPECT(mn_class_pool_check(&pool));
    mn_class_pool_clear(&pool);
    EXPECT(mn_class_pool_shrink(&pool) > 18000 && mn_class_pool_check(&pool));
    mn_class_pool_finish(&pool);
    EXPECT(setup_is_free());
}

enum { LIVE = 300, STEPS = 40000 };

static struct {
    unsigned char *start;
    size_t size;
} held[LIVE];

static void drop(size_t n, bool sized)
{
    struct mn_block block;
    unsigned char *object = held[n].start;

    EXPECT(object[0] == (unsigned char)held[n].size);
    EXPECT(object[held[n].size - 1] == (unsigned char)held[n].size);
    EXPECT(mn_class_pool_block_at(&pool, object + held[n].size - 1, &block));
    EXPECT(block.start == object && block.state == MN_ALLOCATED);
    if (sized)
        mn_class_pool_release(&pool, object, held[n].size);
    else
        mn_class_pool_release_any(&pool, object);
    held[n].start = NULL;
}

TEST(random_run_agrees_with_model)
{
    struct mn_pool_stats stats;
    uint64_t state = 20261125;

    setup((struct mn_class_pool_options){.size_max = 60000});
    for (int step = 0; step < STEPS; step++) {
        size_t n = (size_t)(test_random(&state) % LIVE);
        if (held[n].start != NULL) {
            drop(n, step % 2 == 0);
        } else {
            held[n].size = 1
                           + (size_t)(test_random(&state) % 1024)
                                 / (1 + (size_t)(test_random(&state) % 16));
            held[n].start = mn_class_pool_alloc(&pool, held[n].size);
            if (held[n].start != NULL)
                memset(held[n].start, (int)held[n].size, held[n].size);
        }
        if (step % 256 == 0)
            EXPECT(mn_class_pool_check(&pool));
        if (step % 1024 == 0)
            (void)mn_class_pool_shrink(&pool);
    }
    size_t live = 0;
    for (size_t n = 0; n < LIVE; n++)
        live += held[n].start != NULL;
    mn_class_pool_read_stats(&pool, &stats);
    EXPECT(stats.live == live && stats.size <= 60000);
    mn_class_pool_finish(&pool);
    EXPECT(setup_is_free());
}
