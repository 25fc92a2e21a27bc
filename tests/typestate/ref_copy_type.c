/* SPDX-License-Identifier: MIT */
/* The function that copies is for objects of another type.
 * gcc: incompatible-pointer-types
 * clang: incompatible-(function-)?pointer-types
 */
#include <mn/ref.h>

MN_TYPE_DECLARE(ref_copy_type_node);
MN_REFS(ref_copy_type_node);
struct ref_copy_type_node {
    int value;
};
MN_REF_FUNCTIONS(ref_copy_type_node)
MN_TYPE(ref_copy_type_node, .drop = NULL);

#if MISUSE
static bool copy_value(int *to, const int *from)
{
    *to = *from;
    return true;
}
#else
static bool copy_value(struct ref_copy_type_node *to,
                       const struct ref_copy_type_node *from)
{
    to->value = from->value;
    return true;
}
#endif
MN_COPY(ref_copy_type_node, copy_value)

int program(struct ref_copy_type_node_ref *node);
int program(struct ref_copy_type_node_ref *node)
{
    return ref_copy_type_node_ref_make_mut_by(node, ref_copy_type_node_copy)
           == NULL;
}
