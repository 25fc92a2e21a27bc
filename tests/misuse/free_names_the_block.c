/* SPDX-License-Identifier: MIT */
/* stops: of 112 bytes, allocated */
/* The line says in which block the address lies, and its state. */
#include <stdlib.h>

int main(void)
{
    char *block = malloc(100);

    free(block + 99);
    return 0;
}
