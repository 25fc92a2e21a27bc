/* SPDX-License-Identifier: MIT */
/* A clone of a shared reference is ignored, and so never dropped.
 * gcc: unused-result
 * clang: unused-result
 */
#include <mn/arc.h>

MN_TYPE_DECLARE(arc_fish);
MN_ARCS(arc_fish);
MN_ARC_FUNCTIONS(arc_fish)
void program(struct arc_fish_arc arc);
void program(struct arc_fish_arc arc)
{
#if MISUSE
    arc_fish_arc_clone(arc);
#else
    struct arc_fish_arc more = arc_fish_arc_clone(arc);
    arc_fish_arc_drop(&more);
#endif
}
