/* SPDX-License-Identifier: MIT */
/* stops: foreign address; it lies in no block */
/* A static array is released. */
#include <stdlib.h>

static char array[100];

int main(void)
{
    free(array);
    return 0;
}
