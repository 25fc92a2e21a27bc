/* SPDX-License-Identifier: MIT */
/* A key of another type is given to a table.
 * gcc: error
 * clang: error
 */
#include <mn/key.h>

MN_TYPE_DECLARE(key_leaf);
struct key_leaf {
    long value;
};
MN_TYPE(key_leaf, .drop = NULL);
MN_KEY(key_leaf);
MN_KEYS(key_leaf);
MN_TYPE_DECLARE(key_root);
struct key_root {
    long value;
};
MN_TYPE(key_root, .drop = NULL);
MN_KEY(key_root);
MN_KEYS(key_root);
bool program(struct key_leaf_keys *leaves, struct key_leaf_key leaf,
             struct key_root_key root);
bool program(struct key_leaf_keys *leaves, struct key_leaf_key leaf,
             struct key_root_key root)
{
#if MISUSE
    (void)leaf;
    return key_leaf_keys_remove(leaves, root);
#else
    (void)root;
    return key_leaf_keys_remove(leaves, leaf);
#endif
}
