/* SPDX-License-Identifier: MIT */
/* A reference is used after it was dropped.
 * gcc-analyzer: null-dereference
 */
#include <mn/ref.h>

MN_TYPE_DECLARE(ref_use_dropped_node);
MN_REFS(ref_use_dropped_node);
struct ref_use_dropped_node {
    int value;
};
MN_REF_FUNCTIONS(ref_use_dropped_node)
MN_TYPE(ref_use_dropped_node, .drop = NULL);

int program(void);
int program(void)
{
    struct ref_use_dropped_node_ref node = ref_use_dropped_node_ref_new();

    if (node.at == NULL)
        return 1;
#if MISUSE
    ref_use_dropped_node_ref_drop(&node);
    return node.at->value;
#else
    int value = node.at->value;
    ref_use_dropped_node_ref_drop(&node);
    return value;
#endif
}
