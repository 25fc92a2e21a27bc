/* SPDX-License-Identifier: MIT */
/* A clone is never dropped.
 * gcc-analyzer: malloc-leak
 * clang-analyzer: unix.Malloc
 */
#include <mn/ref.h>

MN_TYPE_DECLARE(ref_leak_clone_node);
MN_REFS(ref_leak_clone_node);
struct ref_leak_clone_node {
    int value;
};
MN_REF_FUNCTIONS(ref_leak_clone_node)
MN_TYPE(ref_leak_clone_node, .drop = NULL);

int program(void);
int program(void)
{
    struct ref_leak_clone_node_ref node = ref_leak_clone_node_ref_new();

    if (node.at == NULL)
        return 1;
    struct ref_leak_clone_node_ref other = ref_leak_clone_node_ref_clone(node);
    int value = other.at == node.at;
#if !MISUSE
    ref_leak_clone_node_ref_drop(&other);
#endif
    ref_leak_clone_node_ref_drop(&node);
    return value;
}
