/* SPDX-License-Identifier: MIT */
/* A weak shared member is described as one that keeps alive.
 * gcc: error
 * clang: error
 */
#include <mn/arc.h>

MN_TYPE_DECLARE(arc_node);
MN_ARCS(arc_node);
MN_ARC_FUNCTIONS(arc_node)
struct arc_node {
    struct arc_node_arc next;
    struct arc_node_arc_weak up;
};
#if MISUSE
MN_TYPE(arc_node, MN_REFERENCES(MN_MEMBER_IS(ARC, arc_node, next, arc_node),
                                MN_MEMBER_IS(ARC, arc_node, up, arc_node)));
#else
MN_TYPE(arc_node,
        MN_REFERENCES(MN_MEMBER_IS(ARC, arc_node, next, arc_node),
                      MN_MEMBER_IS(ARC_WEAK, arc_node, up, arc_node)));
#endif
