/* SPDX-License-Identifier: MIT */
/* The size of an allocator is no multiple of 16.
 * gcc: error
 * clang: error
 */
#include <mn/build.h>
#if MISUSE
#define ALLOCATOR mn_build(.size = 4100)
#else
#define ALLOCATOR mn_build(.size = 4096)
#endif

size_t program(void);
size_t program(void)
{
    return mn_build_control_size(ALLOCATOR, 100);
}
