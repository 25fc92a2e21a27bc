/* SPDX-License-Identifier: MIT */
/* A shared reference is dropped as one of another type.
 * gcc: incompatible-pointer-types
 * clang: incompatible-pointer-types
 */
#include <mn/arc.h>

MN_TYPE_DECLARE(arc_cat);
MN_ARCS(arc_cat);
MN_ARC_FUNCTIONS(arc_cat)
MN_TYPE_DECLARE(arc_dog);
MN_ARCS(arc_dog);
MN_ARC_FUNCTIONS(arc_dog)
void program(struct arc_cat_arc *cat);
void program(struct arc_cat_arc *cat)
{
#if MISUSE
    arc_dog_arc_drop(cat);
#else
    arc_cat_arc_drop(cat);
#endif
}
