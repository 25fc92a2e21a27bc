/* SPDX-License-Identifier: MIT */
/* exhaust.c -- ask for memory until there is none, in several sizes; then
 * release it and ask again. What is got must be usable. With an argument: one
 * block after the other, each larger, up to so many MiB. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXHAUST_BLOCKS = 1 << 20 };

static void *exhaust_blocks[EXHAUST_BLOCKS];

/* Bytes got, in blocks of `size`, before there was no more. */
static size_t exhaust_fill(size_t size)
{
    size_t count = 0;

    while (count < EXHAUST_BLOCKS) {
        errno = 0;
        void *block = malloc(size);
        if (block == NULL && errno != ENOMEM) {
            (void)printf("errno is %d\n", errno);
            exit(1);
        }
        if (block == NULL)
            break;
        memset(block, (int)count, size);
        exhaust_blocks[count++] = block;
    }
    for (size_t i = 0; i < count; i++) {
        unsigned char *bytes = exhaust_blocks[i];
        if (bytes[0] != (i & 255) || bytes[size - 1] != (i & 255)) {
            (void)printf("block %zu of %zu bytes was overwritten\n", i, size);
            exit(1);
        }
        free(bytes);
    }
    return count * size;
}

static int exhaust_rising(size_t mebibytes_max)
{
    for (size_t mebibytes = 100; mebibytes <= mebibytes_max; mebibytes += 100) {
        size_t size = mebibytes << 20;
        unsigned char *volatile block = malloc(size);
        if (block == NULL) {
            (void)printf("no block of %zu MiB\n", mebibytes);
            return 1;
        }
        block[0] = block[size - 1] = 1;
        free(block);
    }
    (void)printf("blocks of up to %zu MiB, one after the other\n",
                 mebibytes_max);
    return 0;
}

int main(int count, char **arguments)
{
    static const size_t sizes[] = {4096, 100000, 3000000, 300, 70000};
    size_t least = (size_t)-1;

    if (count > 1)
        return exhaust_rising(strtoul(arguments[1], NULL, 10));
    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t got = exhaust_fill(sizes[i]);
        if (got < least)
            least = got;
    }
    if (least < (size_t)60 << 20) {
        (void)printf("only %zu bytes in one of the rounds\n", least);
        return 1;
    }
    (void)printf("memory runs out and comes back, at least %zu MiB each time\n",
                 least >> 20);
    return 0;
}
