/* SPDX-License-Identifier: MIT */
/* A block of the C library is released by the heap.
 * gcc: mismatched-dealloc
 * gcc-analyzer: mismatching-deallocation
 */
#include <mn/heap.h>
#include <stdlib.h>
int program(void);
int program(void)
{
    char *block = malloc(40);

    if (block == NULL)
        return 1;
    block[0] = 1;
#if MISUSE
    mn_free(block);
#else
    free(block);
#endif
    return 0;
}
