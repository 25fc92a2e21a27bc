/* SPDX-License-Identifier: MIT */
/* A weak member is described as one that keeps alive.
 * gcc: error
 * clang: error
 */
#include <mn/type.h>

struct kind_node_ref {
    struct kind_node *at;
};
struct kind_node_weak {
    struct kind_node *at;
};
struct kind_node {
    struct kind_node_ref next;
    struct kind_node_weak parent;
};
MN_TYPE_DECLARE(kind_node);
#if MISUSE
MN_TYPE(kind_node,
        MN_REFERENCES(MN_MEMBER_IS(REF, kind_node, next, kind_node),
                      MN_MEMBER_IS(REF, kind_node, parent, kind_node)));
#else
MN_TYPE(kind_node,
        MN_REFERENCES(MN_MEMBER_IS(REF, kind_node, next, kind_node),
                      MN_MEMBER_IS(WEAK, kind_node, parent, kind_node)));
#endif
