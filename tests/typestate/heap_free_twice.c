/* SPDX-License-Identifier: MIT */
/* A block of the heap is freed twice.
 * gcc: use-after-free
 * gcc-analyzer: double-free
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
    mn_free(block);
#if MISUSE
    mn_free(block);
#endif
    return 0;
}
