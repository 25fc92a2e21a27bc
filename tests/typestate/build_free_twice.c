/* SPDX-License-Identifier: MIT */
/* A block of a built allocator is freed twice.
 * gcc: use-after-free
 * clang-analyzer: unix.Malloc
 */
#include <mn/build.h>

#define ALLOCATOR mn_build(.size = 4096, .align = 32)
int program(struct mn_built *built);
int program(struct mn_built *built)
{
    char *block = mn_build_alloc(ALLOCATOR, built, 40);

    if (block == NULL)
        return 1;
    block[0] = 1;
    mn_build_free(ALLOCATOR, built, block);
#if MISUSE
    mn_build_free(ALLOCATOR, built, block);
#endif
    return 0;
}
