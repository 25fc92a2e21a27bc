/* SPDX-License-Identifier: MIT */
/* A part is made of something that is not of its type.
 * gcc: incompatible-pointer-types
 * clang: incompatible-pointer-types
 */
#include <mn/ref.h>

MN_TYPE_DECLARE(ref_part_type_node);
MN_REFS(ref_part_type_node);
struct ref_part {
    int number;
};
struct ref_part_type_node {
    struct ref_part part;
};
MN_REF_FUNCTIONS(ref_part_type_node)
MN_TYPE(ref_part_type_node, .drop = NULL);
MN_REF_PART(ref_part_type_node, ref_part)

int program(struct ref_part_type_node_ref node);
int program(struct ref_part_type_node_ref node)
{
#if MISUSE
    struct ref_part_type_node_ref_part part =
        ref_part_type_node_ref_part_of(node, &node.at->part.number);
#else
    struct ref_part_type_node_ref_part part =
        ref_part_type_node_ref_part_of(node, &node.at->part);
#endif
    int number = part.at->number;
    ref_part_type_node_ref_part_drop(&part);
    return number;
}
