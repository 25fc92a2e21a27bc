/* SPDX-License-Identifier: MIT */
/* stops: block is already free */
/* A large block is released twice. */
#include <stdlib.h>

int main(void)
{
    char *block = malloc(5000000);

    block[0] = 1;
    free(block);
    free(block);
    return 0;
}
