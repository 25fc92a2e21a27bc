/* SPDX-License-Identifier: MIT */
/* runs */
/* A block is written after its release; no record of ours is there. */
#include <stdlib.h>
#include <string.h>

int main(void)
{
    char *blocks[100];

    for (int i = 0; i < 100; i++)
        blocks[i] = malloc(64);
    for (int i = 0; i < 100; i++) {
        free(blocks[i]);
        memset(blocks[i], 0xff, 64);
    }
    for (int i = 0; i < 1000; i++)
        if (malloc(64) == NULL)
            return 1;
    return 0;
}
