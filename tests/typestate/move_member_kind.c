/* SPDX-License-Identifier: MIT */
/* A handle in a block is described as a pointer that follows.
 * gcc: error
 * clang: error
 */
#include <mn/move.h>

MN_TYPE_DECLARE(move_node);
MN_HANDLE(move_node);
struct move_node {
    struct move_node *next;
    struct move_node_handle up;
};
#if MISUSE
MN_TYPE(move_node,
        MN_REFERENCES(MN_MEMBER_IS(MOVABLE, move_node, next, move_node),
                      MN_MEMBER_IS(MOVABLE, move_node, up, move_node)));
#else
MN_TYPE(move_node,
        MN_REFERENCES(MN_MEMBER_IS(MOVABLE, move_node, next, move_node)));
#endif
