/* SPDX-License-Identifier: MIT */
/* A first-class heap is destroyed twice.
 * gcc: use-after-free
 * gcc-analyzer: double-free
 * clang-analyzer: unix.Malloc
 */
#include <mn/heap.h>
int program(void);
int program(void)
{
    struct mn_heap *heap = mn_heap_create(NULL);

    if (heap == NULL)
        return 1;
    mn_heap_destroy(heap);
#if MISUSE
    mn_heap_destroy(heap);
#endif
    return 0;
}
