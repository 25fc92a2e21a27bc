/* SPDX-License-Identifier: MIT */
/* A block of the heap is used after it was freed.
 * gcc: use-after-free
 * gcc-analyzer: use-after-free
 * clang-analyzer: unix.Malloc
 */
#include <mn/heap.h>
int program(void);
int program(void)
{
    char *block = mn_alloc(40);

    if (block == NULL)
        return 1;
    block[0] = 1;
#if MISUSE
    mn_free_sized(block, 40);
    return block[0];
#else
    int result = block[0];
    mn_free_sized(block, 40);
    return result;
#endif
}
