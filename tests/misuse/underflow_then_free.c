/* SPDX-License-Identifier: MIT */
/* runs */
/* Bytes before a block are overwritten; no record of ours is there. */
#include <stdlib.h>
#include <string.h>

int main(void)
{
    char *before = malloc(100);
    char *block = malloc(100);
    char *after = malloc(100);

    memset(block - 16, 0xff, 16);
    memset(block + 100, 0xff, 16);
    free(after);
    free(block);
    free(before);
    for (int i = 0; i < 1000; i++)
        free(malloc(100));
    return 0;
}
