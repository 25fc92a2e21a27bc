/* SPDX-License-Identifier: MIT */
/* The function that ends an object is for objects of another type.
 * gcc: incompatible-pointer-types
 * clang: incompatible-function-pointer-types
 */
#include <mn/type.h>

MN_TYPE_DECLARE(drop_file);
struct drop_file {
    int descriptor;
};
struct drop_tree {
    struct drop_tree *next;
};
void drop_file_close(struct drop_file *object);
void drop_tree_close(struct drop_tree *drop_tree);
#if MISUSE
MN_DROP(drop_file, drop_tree_close)
#else
MN_DROP(drop_file, drop_file_close)
#endif
MN_TYPE(drop_file, .drop = drop_file_drop);
