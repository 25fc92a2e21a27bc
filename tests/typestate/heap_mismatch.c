/* SPDX-License-Identifier: MIT */
/* A block of the heap is released by the C library.
 * gcc: mismatched-dealloc
 * gcc-analyzer: mismatching-deallocation
 * clang22-analyzer: MismatchedDeallocator
 */
#include <mn/heap.h>
#include <stdlib.h>
int program(void);
int program(void)
{
    char *block = mn_alloc(40);

    if (block == NULL)
        return 1;
    block[0] = 1;
#if MISUSE
    free(block);
#else
    mn_free(block);
#endif
    return 0;
}
