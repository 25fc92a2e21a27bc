/* SPDX-License-Identifier: MIT */
/* A reference that was copied, not cloned, is dropped twice.
 * clang-analyzer: unix.Malloc
 */
#include <mn/ref.h>

MN_TYPE_DECLARE(ref_drop_copy_node);
MN_REFS(ref_drop_copy_node);
struct ref_drop_copy_node {
    int value;
};
MN_REF_FUNCTIONS(ref_drop_copy_node)
MN_TYPE(ref_drop_copy_node, .drop = NULL);

int program(void);
int program(void)
{
    struct ref_drop_copy_node_ref node = ref_drop_copy_node_ref_new();

    if (node.at == NULL)
        return 1;
#if MISUSE
    struct ref_drop_copy_node_ref other = node;
#else
    struct ref_drop_copy_node_ref other = ref_drop_copy_node_ref_clone(node);
#endif
    ref_drop_copy_node_ref_drop(&node);
    ref_drop_copy_node_ref_drop(&other);
    return 0;
}
