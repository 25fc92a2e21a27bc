/* SPDX-License-Identifier: MIT */
/* A pointer to an ephemeron is described as one to another type.
 * gcc: error
 * clang: error
 */
#include <mn/ephemeron.h>

MN_TYPE_DECLARE(gc_entry);
struct gc_entry {
    struct gc_entry *next;
    struct mn_gc_ephemeron *pair;
};
#if MISUSE
MN_TYPE(gc_entry, MN_REFERENCES(MN_MEMBER_IS(GC, gc_entry, next, gc_entry),
                                MN_MEMBER_IS(GC, gc_entry, pair, gc_entry)));
#else
MN_TYPE(gc_entry,
        MN_REFERENCES(MN_MEMBER_IS(GC, gc_entry, next, gc_entry),
                      MN_MEMBER_IS(GC, gc_entry, pair, mn_gc_ephemeron)));
#endif
