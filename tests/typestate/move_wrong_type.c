/* SPDX-License-Identifier: MIT */
/* A handle is pinned as one of another type.
 * gcc: error
 * clang: error
 */
#include <mn/move.h>

MN_TYPE_DECLARE(move_cat);
MN_HANDLE(move_cat);
struct move_cat {
    int lives;
};
MN_TYPE(move_cat, .drop = NULL);
MN_HANDLES(move_cat);
MN_TYPE_DECLARE(move_dog);
MN_HANDLE(move_dog);
struct move_dog {
    int bones;
};
MN_TYPE(move_dog, .drop = NULL);
MN_HANDLES(move_dog);
int move_pin(struct mn_mover *mover, struct move_cat_handle cat);
int move_pin(struct mn_mover *mover, struct move_cat_handle cat)
{
#if MISUSE
    MN_PINNED(move_dog, pin, mover, cat);
    return pin.at->bones;
#else
    MN_PINNED(move_cat, pin, mover, cat);
    return pin.at->lives;
#endif
}
