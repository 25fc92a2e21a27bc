/* SPDX-License-Identifier: MIT */
/* A unique object is never dropped.
 * gcc-analyzer: malloc-leak
 * clang-analyzer: unix.Malloc
 */
#include <mn/ref.h>

MN_TYPE_DECLARE(ref_unique_leak_node);
MN_REFS(ref_unique_leak_node);
struct ref_unique_leak_node {
    int value;
};
MN_REF_FUNCTIONS(ref_unique_leak_node)
MN_TYPE(ref_unique_leak_node, .drop = NULL);

int program(void);
int program(void)
{
    struct ref_unique_leak_node_unique node = ref_unique_leak_node_unique_new();

    if (node.at == NULL)
        return 1;
    node.at->value = 1;
#if !MISUSE
    ref_unique_leak_node_unique_drop(&node);
#endif
    return 0;
}
