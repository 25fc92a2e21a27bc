/* SPDX-License-Identifier: MIT */
/* A pointer into a block of the heap is freed.
 * gcc: free-nonheap-object
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
    mn_free(block + 8 * MISUSE);
    return 0;
}
