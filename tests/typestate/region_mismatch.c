/* SPDX-License-Identifier: MIT */
/* A block of a region is released by the heap.
 * gcc: mismatched-dealloc
 * gcc-analyzer: mismatching-deallocation
 * clang22-analyzer: MismatchedDeallocator
 */
#include <mn/heap.h>
#include <mn/region.h>
int program(struct mn_region *region);
int program(struct mn_region *region)
{
    char *block = mn_region_alloc(region, 40, 16);

    if (block == NULL)
        return 1;
    block[0] = 1;
#if MISUSE
    mn_free(block);
#else
    mn_region_free(region, block);
#endif
    return 0;
}
