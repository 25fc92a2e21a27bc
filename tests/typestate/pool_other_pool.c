/* SPDX-License-Identifier: MIT */
/* A pool of one type is used as one of another.
 * gcc: incompatible-pointer-types
 * clang: incompatible-pointer-types
 */
#include <mn/pool.h>

MN_TYPE_DECLARE(pool_cup);
struct pool_cup {
    long value;
};
MN_TYPE_DECLARE(pool_plate);
struct pool_plate {
    long value;
};
MN_POOL(pool_cup);
MN_POOL(pool_plate);
void pool_lay(struct pool_cup_pool *cups, struct pool_plate_pool *plates);

void pool_lay(struct pool_cup_pool *cups, struct pool_plate_pool *plates)
{
    struct pool_cup *cup = pool_cup_pool_alloc(cups);

#if MISUSE
    pool_plate_pool_finish(cups);
#else
    pool_plate_pool_finish(plates);
#endif
    (void)plates;
    if (cup != NULL)
        pool_cup_pool_release(cups, cup);
}
