/* SPDX-License-Identifier: MIT */
/* A limit is described that lets nothing pass.
 * gcc: error
 * clang: error
 */
#include <mn/build.h>
#if MISUSE
#define ALLOCATOR mn_build(.size = 4096, .limit = 8)
#else
#define ALLOCATOR mn_build(.size = 4096, .limit = 16)
#endif

size_t program(void);
size_t program(void)
{
    return mn_build_control_size(ALLOCATOR, 100);
}
