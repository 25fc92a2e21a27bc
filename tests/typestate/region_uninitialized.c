/* SPDX-License-Identifier: MIT */
/* A block is read before anything was written to it.
 * clang-analyzer: uninit|UndefReturn|undef
 */
#include <mn/region.h>
int program(struct mn_region *region);
int program(struct mn_region *region)
{
    char *block = mn_region_alloc(region, 40, 16);

    if (block == NULL)
        return 1;
#if !MISUSE
    block[0] = 1;
#endif
    int result = block[0];
    mn_region_free(region, block);
    return result;
}
