/* SPDX-License-Identifier: MIT */
/* An object of another type is released to a pool for many threads.
 * gcc: incompatible-pointer-types
 * clang: incompatible-pointer-types
 */
#include <mn/shared_pool.h>

MN_TYPE_DECLARE(shared_leaf);
struct shared_leaf {
    long value;
};
MN_SHARED_POOL(shared_leaf);
struct shared_root {
    long value;
};
void program(struct shared_leaf_shared_pool *pool, struct shared_leaf *leaf,
             struct shared_root *root);
void program(struct shared_leaf_shared_pool *pool, struct shared_leaf *leaf,
             struct shared_root *root)
{
#if MISUSE
    (void)leaf;
    shared_leaf_shared_pool_release(pool, root);
#else
    (void)root;
    shared_leaf_shared_pool_release(pool, leaf);
#endif
}
