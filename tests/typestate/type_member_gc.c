/* SPDX-License-Identifier: MIT */
/* A pointer to another struct is described as one that a collector follows.
 * gcc: error
 * clang: error
 */
#include <mn/type.h>

MN_TYPE_DECLARE(gc_leaf);
struct gc_leaf {
    long value;
};
MN_TYPE_DECLARE(gc_branch);
struct gc_branch {
    struct gc_branch *next;
    struct gc_leaf *leaf;
};
#if MISUSE
MN_TYPE(gc_branch, MN_REFERENCES(MN_MEMBER_IS(GC, gc_branch, next, gc_branch),
                                 MN_MEMBER_IS(GC, gc_branch, leaf, gc_branch)));
#else
MN_TYPE(gc_branch,
        MN_REFERENCES(MN_MEMBER_IS(GC, gc_branch, next, gc_branch),
                      MN_MEMBER_IS(GC_WEAK, gc_branch, leaf, gc_leaf)));
#endif
