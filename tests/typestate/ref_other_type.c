/* SPDX-License-Identifier: MIT */
/* A reference to an object of one type is kept as one of another type.
 * gcc: error
 * clang: error
 */
#include <mn/ref.h>

MN_TYPE_DECLARE(ref_cat);
MN_REFS(ref_cat);
struct ref_cat {
    int lives;
};
MN_REF_FUNCTIONS(ref_cat)
MN_TYPE(ref_cat, .drop = NULL);

MN_TYPE_DECLARE(ref_dog);
MN_REFS(ref_dog);
struct ref_dog {
    struct ref_cat_ref friend;
    struct ref_dog_ref next;
};
MN_REF_CYCLE_FUNCTIONS(ref_dog)
MN_TYPE(ref_dog, MN_REFERENCES(MN_MEMBER_IS(REF, ref_dog, friend, ref_cat),
                               MN_MEMBER_IS(REF, ref_dog, next, ref_dog)));

void program(struct ref_dog_ref dog, struct ref_cat_ref cat);
void program(struct ref_dog_ref dog, struct ref_cat_ref cat)
{
#if MISUSE
    ref_dog_ref_set(&dog.at->next, ref_cat_ref_clone(cat));
#else
    ref_cat_ref_set(&dog.at->friend, ref_cat_ref_clone(cat));
#endif
}
