/* SPDX-License-Identifier: MIT */
/* stops: pointer into a block */
/* The same for a large block. */
#include <stdlib.h>

int main(void)
{
    char *block = malloc(5000000);

    free(block + 65536);
    return 0;
}
