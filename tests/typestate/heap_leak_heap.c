/* SPDX-License-Identifier: MIT */
/* A first-class heap is never destroyed.
 * gcc-analyzer: malloc-leak
 * clang-analyzer: unix.Malloc
 */
#include <mn/heap.h>
int program(void);
int program(void)
{
    struct mn_heap *heap = mn_heap_create(NULL);

    if (heap == NULL)
        return 1;
    int result = mn_heap_check(heap);
#if !MISUSE
    mn_heap_destroy(heap);
#endif
    return result;
}
