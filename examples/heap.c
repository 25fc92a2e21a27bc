/* SPDX-License-Identifier: MIT */
/* heap.c -- a heap of its own in a buffer, thrown away as a whole. */
#include <mn/heap.h>
#include <stdio.h>

static unsigned char memory[1 << 20];

int main(void)
{
    struct mn_heap_options options = {.memory = memory,
                                      .memory_size = sizeof memory};
    struct mn_heap *heap = mn_heap_create(&options);
    size_t count = 0;

    if (heap == NULL)
        return 1;
    while (mn_heap_alloc(heap, 100) != NULL)
        count++;
    printf("%zu blocks of 100 bytes in 1 MiB\n", count);
    mn_heap_destroy(heap);
    return 0;
}
