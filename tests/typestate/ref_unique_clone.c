/* SPDX-License-Identifier: MIT */
/* A unique object is cloned.
 * gcc: error
 * clang: error
 */
#include <mn/ref.h>

MN_TYPE_DECLARE(ref_unique_clone_node);
MN_REFS(ref_unique_clone_node);
struct ref_unique_clone_node {
    int value;
};
MN_REF_FUNCTIONS(ref_unique_clone_node)
MN_TYPE(ref_unique_clone_node, .drop = NULL);

int program(struct ref_unique_clone_node_unique *node);
int program(struct ref_unique_clone_node_unique *node)
{
#if MISUSE
    struct ref_unique_clone_node_ref other =
        ref_unique_clone_node_ref_clone(*node);
#else
    struct ref_unique_clone_node_ref other =
        ref_unique_clone_node_unique_share(node);
#endif
    int value = other.at->value;
    ref_unique_clone_node_ref_drop(&other);
    return value;
}
