/* SPDX-License-Identifier: MIT */
/* An object of a pool is taken for one of another type.
 * gcc: incompatible-pointer-types
 * clang: incompatible-pointer-types
 */
#include <mn/pool.h>

MN_TYPE_DECLARE(pool_bird);
struct pool_bird {
    long value;
};
struct pool_fish {
    long value;
};
MN_POOL(pool_bird);
long pool_get(struct pool_bird_pool *pool);

long pool_get(struct pool_bird_pool *pool)
{
#if MISUSE
    struct pool_fish *object = pool_bird_pool_alloc(pool);
#else
    struct pool_bird *object = pool_bird_pool_alloc(pool);
#endif
    return object != NULL ? (object->value = 1) : 0;
}
