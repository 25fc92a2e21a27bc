/* SPDX-License-Identifier: MIT */
/* stops: foreign address; it lies in no block */
/* An array on the stack is released. */
#include <stdlib.h>

int main(void)
{
    char array[100];

    free(malloc(1));
    free(array);
    return 0;
}
