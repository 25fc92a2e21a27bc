/* SPDX-License-Identifier: MIT */
/* stops: pointer into a block */
/* A pointer into a block is given to realloc. */
#include <stdlib.h>

int main(void)
{
    char *block = malloc(100);

    return realloc(block + 1, 200) == NULL;
}
