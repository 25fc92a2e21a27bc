/* SPDX-License-Identifier: MIT */
/* An object is taken from a pool of another type.
 * gcc: incompatible-pointer-types
 * clang: incompatible-pointer-types
 */
#include <mn/shared_pool.h>

MN_TYPE_DECLARE(shared_left);
MN_TYPE_DECLARE(shared_right);
struct shared_left {
    long value;
};
struct shared_right {
    long value;
};
MN_SHARED_POOL(shared_left);
MN_SHARED_POOL(shared_right);
struct shared_left *program(struct shared_left_shared_pool *lefts,
                            struct shared_right_shared_pool *rights);
struct shared_left *program(struct shared_left_shared_pool *lefts,
                            struct shared_right_shared_pool *rights)
{
#if MISUSE
    (void)lefts;
    return shared_left_shared_pool_alloc(rights);
#else
    (void)rights;
    return shared_left_shared_pool_alloc(lefts);
#endif
}
