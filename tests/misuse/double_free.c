/* SPDX-License-Identifier: MIT */
/* stops: block is already free */
/* A block is released twice in a row. */
#include <stdlib.h>

int main(void)
{
    char *block = malloc(100);

    free(block);
    free(block);
    return 0;
}
