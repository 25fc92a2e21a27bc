/* SPDX-License-Identifier: MIT */
/* A block of the heap is never freed.
 * gcc-analyzer: malloc-leak
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
    int result = block[0];
#if !MISUSE
    mn_free(block);
#endif
    return result;
}
