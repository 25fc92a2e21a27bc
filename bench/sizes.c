/* SPDX-License-Identifier: MIT */
/* sizes.c -- blocks of one size: each released at once, or after a thousand.
 *
 *   sizes lifo|batch SIZE COUNT
 */
#include <string.h>

#include "load.h"

enum { SIZES_BATCH = 1000, SIZES_DECIMAL = 10 };

static void sizes_lifo(size_t size, long count)
{
    for (long i = 0; i < count; i++)
        load_drop(load_new(size));
}

static void sizes_batch(size_t size, long count)
{
    static void *blocks[SIZES_BATCH];

    for (long done = 0; done < count; done += SIZES_BATCH) {
        for (int i = 0; i < SIZES_BATCH; i++)
            blocks[i] = load_new(size);
        for (int i = 0; i < SIZES_BATCH; i++)
            load_drop(blocks[i]);
    }
}

int main(int count, char **arguments)
{
    load_expect(count == 4);
    size_t size = strtoul(arguments[2], NULL, SIZES_DECIMAL);
    long blocks = strtol(arguments[3], NULL, SIZES_DECIMAL);

    load_expect(size >= LOAD_LEAST);
    if (strcmp(arguments[1], "lifo") == 0)
        sizes_lifo(size, blocks);
    else
        sizes_batch(size, blocks);
    load_tell("end");
    return 0;
}
