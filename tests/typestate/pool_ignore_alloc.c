/* SPDX-License-Identifier: MIT */
/* The object that a pool hands out is ignored.
 * gcc: unused-result
 * clang: unused-result
 */
#include <mn/pool.h>

MN_TYPE_DECLARE(pool_coin);
struct pool_coin {
    long value;
};
MN_POOL(pool_coin);
void pool_drop(struct pool_coin_pool *pool);

void pool_drop(struct pool_coin_pool *pool)
{
#if MISUSE
    pool_coin_pool_alloc(pool);
#else
    struct pool_coin *coin = pool_coin_pool_alloc(pool);
    pool_coin_pool_release(pool, coin);
#endif
}
