/* SPDX-License-Identifier: MIT */
/* stops: block is already free */
/* The neighbour of a block, which nobody asked for, is released. */
#include <malloc.h>
#include <stdlib.h>

int main(void)
{
    char *block = malloc(100);

    free(block + malloc_usable_size(block));
    return 0;
}
