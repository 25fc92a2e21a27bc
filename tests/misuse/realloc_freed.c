/* SPDX-License-Identifier: MIT */
/* stops: realloc of 0x */
/* A block is given to realloc after its release. */
#include <stdlib.h>

int main(void)
{
    char *kept = malloc(100);
    char *block = malloc(100);

    free(block);
    return realloc(block, 200) == kept;
}
