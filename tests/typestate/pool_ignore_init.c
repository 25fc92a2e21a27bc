/* SPDX-License-Identifier: MIT */
/* Whether a pool could be made is ignored.
 * gcc: unused-result
 * clang: unused-result
 */
#include <mn/pool.h>

MN_TYPE_DECLARE(pool_stone);
struct pool_stone {
    long value;
};
MN_POOL(pool_stone);
enum mn_status pool_found(struct pool_stone_pool *pool, void *memory);

enum mn_status pool_found(struct pool_stone_pool *pool, void *memory)
{
    const struct mn_pool_options options = {.memory = memory,
                                            .memory_size = 4096};

#if MISUSE
    pool_stone_pool_init(pool, &options);
    return MN_OK;
#else
    return pool_stone_pool_init(pool, &options);
#endif
}
