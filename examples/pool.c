/* SPDX-License-Identifier: MIT */
/* pool.c -- a pool of integers in a static buffer, and one that grows. */
#include <mn/pool.h>
#include <stdio.h>

MN_TYPE_DECLARE(integer);
struct integer {
    int value;
};
MN_TYPE(integer, .drop = NULL);
MN_POOL(integer);

enum { COUNT = 100 };
static unsigned char memory[4096];
static unsigned char more[65536];

static bool add(void *object, void *context)
{
    *(int *)context += ((struct integer *)object)->value;
    return true;
}

static void show(struct integer_pool *pool, const char *name)
{
    struct mn_pool_stats stats;
    int sum = 0;

    mn_pool_walk(&pool->pool, add, &sum);
    mn_pool_read_stats(&pool->pool, &stats);
    printf("%s: %zu of %zu integers in %zu chunks, their sum is %d\n", name,
           stats.live, stats.capacity, stats.chunks, sum);
}

/* The numbers from 1 to COUNT, without every third. */
static int fill(struct integer_pool *pool, const char *name)
{
    for (int i = 1; i <= COUNT; i++) {
        struct integer *integer = integer_pool_alloc(pool);
        if (integer == NULL)
            return 1;
        integer->value = i;
        if (i % 3 == 0)
            integer_pool_release(pool, integer);
    }
    show(pool, name);
    integer_pool_finish(pool);
    return 0;
}

int main(void)
{
    struct integer_pool pool;
    struct mn_bump bump;

    if (integer_pool_init(&pool, &(struct mn_pool_options){
                                     .memory = memory,
                                     .memory_size = sizeof memory,
                                     .count = COUNT,
                                 })
            != MN_OK
        || fill(&pool, "fixed") != 0)
        return 1;
    if (mn_bump_init(&bump, more, sizeof more) != MN_OK
        || integer_pool_init(&pool, &(struct mn_pool_options){
                                        .region = &bump.region,
                                        .count = 10,
                                    })
               != MN_OK)
        return 1;
    return fill(&pool, "growing");
}
