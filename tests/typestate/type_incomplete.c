/* SPDX-License-Identifier: MIT */
/* A type is described whose struct is nowhere to be seen.
 * gcc: error
 * clang: error
 */
#include <mn/type.h>

MN_TYPE_DECLARE(type_unknown);
#if !MISUSE
struct type_unknown {
    int value;
};
#endif
MN_TYPE(type_unknown, .drop = NULL);
