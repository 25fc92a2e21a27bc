/* SPDX-License-Identifier: MIT */
/* stops: pointer into a block */
/* What is released is not the start of the block. */
#include <stdlib.h>

int main(void)
{
    char *block = malloc(100);

    free(block + 16);
    return 0;
}
