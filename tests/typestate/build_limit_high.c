/* SPDX-License-Identifier: MIT */
/* A limit is described that can never be reached.
 * gcc: error
 * clang: error
 */
#include <mn/build.h>
#if MISUSE
#define ALLOCATOR mn_build(.size = 4096, .limit = 8192)
#else
#define ALLOCATOR mn_build(.size = 4096, .limit = 4096)
#endif

size_t program(void);
size_t program(void)
{
    return mn_build_control_size(ALLOCATOR, 100);
}
