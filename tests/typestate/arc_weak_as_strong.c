/* SPDX-License-Identifier: MIT */
/* A weak shared reference is followed as if it kept its object.
 * gcc: error
 * clang: error
 */
#include <mn/arc.h>

MN_TYPE_DECLARE(arc_bird);
MN_ARCS(arc_bird);
MN_ARC_FUNCTIONS(arc_bird)
struct arc_bird *program(struct arc_bird_arc_weak weak,
                         struct arc_bird_arc arc);
struct arc_bird *program(struct arc_bird_arc_weak weak, struct arc_bird_arc arc)
{
#if MISUSE
    (void)arc;
    return arc_bird_arc_get(weak);
#else
    (void)weak;
    return arc_bird_arc_get(arc);
#endif
}
