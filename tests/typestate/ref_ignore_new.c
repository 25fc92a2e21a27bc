/* SPDX-License-Identifier: MIT */
/* A new object is ignored.
 * gcc: unused-result
 * clang: unused-result
 */
#include <mn/ref.h>

MN_TYPE_DECLARE(ref_ignore_new_node);
MN_REFS(ref_ignore_new_node);
struct ref_ignore_new_node {
    int value;
};
MN_REF_FUNCTIONS(ref_ignore_new_node)
MN_TYPE(ref_ignore_new_node, .drop = NULL);

int program(void);
int program(void)
{
#if MISUSE
    ref_ignore_new_node_ref_new();
#else
    struct ref_ignore_new_node_ref node = ref_ignore_new_node_ref_new();
    ref_ignore_new_node_ref_drop(&node);
#endif
    return 0;
}
