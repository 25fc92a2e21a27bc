/* SPDX-License-Identifier: MIT */
/* An object is used after the only reference was dropped.
 * gcc-analyzer: use-after-free
 * clang-analyzer: unix.Malloc
 */
#include <mn/ref.h>

MN_TYPE_DECLARE(ref_use_after_drop_node);
MN_REFS(ref_use_after_drop_node);
struct ref_use_after_drop_node {
    int value;
};
MN_REF_FUNCTIONS(ref_use_after_drop_node)
MN_TYPE(ref_use_after_drop_node, .drop = NULL);

int program(void);
int program(void)
{
    struct ref_use_after_drop_node_ref node = ref_use_after_drop_node_ref_new();

    if (node.at == NULL)
        return 1;
    struct ref_use_after_drop_node *object = node.at;
#if MISUSE
    ref_use_after_drop_node_ref_drop(&node);
    return object->value;
#else
    int value = object->value;
    ref_use_after_drop_node_ref_drop(&node);
    return value;
#endif
}
