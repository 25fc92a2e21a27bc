/* SPDX-License-Identifier: MIT */
/* An object of another type is released to a bounded pool.
 * gcc: incompatible-pointer-types
 * clang: incompatible-pointer-types
 */
#include <mn/bounded.h>

struct bounded_leaf {
    long value;
};
MN_BOUNDED(bounded_leaf, 8);
struct bounded_root {
    long value;
};
void program(struct bounded_leaf_bounded *pool, struct bounded_leaf *leaf,
             struct bounded_root *root);
void program(struct bounded_leaf_bounded *pool, struct bounded_leaf *leaf,
             struct bounded_root *root)
{
#if MISUSE
    (void)leaf;
    bounded_leaf_bounded_release(pool, root);
#else
    (void)root;
    bounded_leaf_bounded_release(pool, leaf);
#endif
}
