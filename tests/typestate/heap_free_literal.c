/* SPDX-License-Identifier: MIT */
/* A string literal is freed.
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
    static char text[] = "not of the heap";
#if MISUSE
    mn_free(text);
#endif
    block[0] = text[0];
    mn_free(block);
    return 0;
}
