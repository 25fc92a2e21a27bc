/* SPDX-License-Identifier: MIT */
/* A counted reference is never dropped.
 * gcc-analyzer: malloc-leak
 * clang-analyzer: unix.Malloc
 */
#include <mn/ref.h>

MN_TYPE_DECLARE(ref_leak_node);
MN_REFS(ref_leak_node);
struct ref_leak_node {
    int value;
};
MN_REF_FUNCTIONS(ref_leak_node)
MN_TYPE(ref_leak_node, .drop = NULL);

int program(void);
int program(void)
{
    struct ref_leak_node_ref node = ref_leak_node_ref_new();

    if (node.at == NULL)
        return 1;
    node.at->value = 1;
#if !MISUSE
    ref_leak_node_ref_drop(&node);
#endif
    return 0;
}
