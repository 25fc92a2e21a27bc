/* SPDX-License-Identifier: MIT */
/* An allocator of no size is described.
 * gcc: error
 * clang: error
 */
#include <mn/build.h>
#if MISUSE
#define ALLOCATOR mn_build(.align = 16)
#else
#define ALLOCATOR mn_build(.size = 4096)
#endif

size_t program(void);
size_t program(void)
{
    return mn_build_control_size(ALLOCATOR, 100);
}
