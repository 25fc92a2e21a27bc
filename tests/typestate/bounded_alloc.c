/* SPDX-License-Identifier: MIT */
/* What a bounded pool hands out is taken for an object of another type.
 * gcc: incompatible-pointer-types
 * clang: incompatible-pointer-types
 */
#include <mn/bounded.h>

struct bounded_frame {
    int bytes[4];
};
struct bounded_other {
    int bytes[4];
};
MN_BOUNDED(bounded_frame, 8);

#if MISUSE
struct bounded_other *bounded_frame_take(struct bounded_frame_bounded *pool);
struct bounded_other *bounded_frame_take(struct bounded_frame_bounded *pool)
#else
struct bounded_frame *bounded_frame_take(struct bounded_frame_bounded *pool);
struct bounded_frame *bounded_frame_take(struct bounded_frame_bounded *pool)
#endif
{
    return bounded_frame_bounded_alloc(pool);
}
