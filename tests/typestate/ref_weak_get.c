/* SPDX-License-Identifier: MIT */
/* A weak reference is used as if it kept the object.
 * gcc: error
 * clang: error
 */
#include <mn/ref.h>

MN_TYPE_DECLARE(ref_weak_get_node);
MN_REFS(ref_weak_get_node);
struct ref_weak_get_node {
    int value;
};
MN_REF_FUNCTIONS(ref_weak_get_node)
MN_TYPE(ref_weak_get_node, .drop = NULL);

int program(struct ref_weak_get_node_weak weak);
int program(struct ref_weak_get_node_weak weak)
{
#if MISUSE
    return ref_weak_get_node_ref_get(weak)->value;
#else
    struct ref_weak_get_node_ref found = ref_weak_get_node_weak_upgrade(weak);
    int value = found.at == NULL ? 0 : ref_weak_get_node_ref_get(found)->value;
    ref_weak_get_node_ref_drop(&found);
    return value;
#endif
}
