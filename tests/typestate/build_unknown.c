/* SPDX-License-Identifier: MIT */
/* A field is named that there is not.
 * gcc: error
 * clang: error
 */
#include <mn/build.h>
#if MISUSE
#define ALLOCATOR mn_build(.size = 4096, .colour = 7)
#else
#define ALLOCATOR mn_build(.size = 4096, .zero = true)
#endif

size_t program(void);
size_t program(void)
{
    return mn_build_control_size(ALLOCATOR, 100);
}
