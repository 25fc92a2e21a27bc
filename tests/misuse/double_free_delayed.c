/* SPDX-License-Identifier: MIT */
/* stops: block is already free */
/* Much is done between the two releases. */
#include <stdlib.h>

int main(void)
{
    char *blocks[1000];

    for (int i = 0; i < 1000; i++)
        blocks[i] = malloc(100);
    free(blocks[500]);
    for (int i = 0; i < 1000; i++)
        free(malloc(i * 20 + 200));
    free(blocks[400]);
    free(blocks[500]);
    return 0;
}
