/* SPDX-License-Identifier: MIT */
/* The strategy is of the wrong type.
 * gcc: incompatible-pointer-types
 * clang: incompatible-pointer-types
 */
#include <mn/build.h>
#if MISUSE
#define ALLOCATOR mn_build(.size = 4096, .strategy = "tlsf")
#else
#define ALLOCATOR mn_build(.size = 4096, .strategy = &mn_tlsf)
#endif

size_t program(void);
size_t program(void)
{
    return mn_build_control_size(ALLOCATOR, 100);
}
