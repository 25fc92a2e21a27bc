/* SPDX-License-Identifier: MIT */
/* That there was no memory for an object is not seen.
 * gcc-analyzer: null-dereference|possible-null
 */
#include <mn/ref.h>

MN_TYPE_DECLARE(ref_null_node);
MN_REFS(ref_null_node);
struct ref_null_node {
    int value;
};
MN_REF_FUNCTIONS(ref_null_node)
MN_TYPE(ref_null_node, .drop = NULL);

int program(void);
int program(void)
{
    struct ref_null_node_ref node = ref_null_node_ref_new();

#if !MISUSE
    if (node.at == NULL)
        return 1;
#endif
    node.at->value = 1;
    ref_null_node_ref_drop(&node);
    return 0;
}
