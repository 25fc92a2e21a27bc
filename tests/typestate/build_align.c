/* SPDX-License-Identifier: MIT */
/* An alignment is described that is no power of two.
 * gcc: error
 * clang: error
 */
#include <mn/build.h>
#if MISUSE
#define ALLOCATOR mn_build(.size = 4096, .align = 24)
#else
#define ALLOCATOR mn_build(.size = 4096, .align = 32)
#endif

size_t program(void);
size_t program(void)
{
    return mn_build_control_size(ALLOCATOR, 100);
}
