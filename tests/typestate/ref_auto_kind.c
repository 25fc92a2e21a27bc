/* SPDX-License-Identifier: MIT */
/* A variable that drops itself gets a reference of another kind.
 * gcc: error
 * clang: error
 */
#include <mn/ref.h>

MN_TYPE_DECLARE(ref_auto_kind_node);
MN_REFS(ref_auto_kind_node);
struct ref_auto_kind_node {
    int value;
};
MN_REF_FUNCTIONS(ref_auto_kind_node)
MN_TYPE(ref_auto_kind_node, .drop = NULL);

int program(struct ref_auto_kind_node_ref *node,
            struct ref_auto_kind_node_weak *weak);
int program(struct ref_auto_kind_node_ref *node,
            struct ref_auto_kind_node_weak *weak)
{
#if MISUSE
    MN_AUTO(ref_auto_kind_node_ref) other = ref_auto_kind_node_weak_take(weak);
#else
    MN_AUTO(ref_auto_kind_node_ref) other = ref_auto_kind_node_ref_take(node);
#endif
    return other.at != NULL && weak->at != NULL;
}
