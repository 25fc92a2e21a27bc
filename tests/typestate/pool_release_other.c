/* SPDX-License-Identifier: MIT */
/* An object is released to a pool of another type.
 * gcc: incompatible-pointer-types
 * clang: incompatible-pointer-types
 */
#include <mn/pool.h>

MN_TYPE_DECLARE(pool_leaf);
struct pool_leaf {
    long value;
};
struct pool_twig {
    long value;
};
MN_POOL(pool_leaf);
void pool_put(struct pool_leaf_pool *pool, struct pool_leaf *leaf,
              struct pool_twig *twig);

void pool_put(struct pool_leaf_pool *pool, struct pool_leaf *leaf,
              struct pool_twig *twig)
{
#if MISUSE
    (void)leaf;
    pool_leaf_pool_release(pool, twig);
#else
    (void)twig;
    pool_leaf_pool_release(pool, leaf);
#endif
}
