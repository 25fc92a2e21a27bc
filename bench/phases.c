/* SPDX-License-Identifier: MIT */
/* phases.c -- what stays resident when a program changes what it needs.
 *
 * Phase 1 fills 64 MiB with small blocks; phase 2 frees nine in ten of them,
 * at random; phase 3 refills with blocks of other sizes; at the end all are
 * freed. After a pause that is longer than any peer's delay by default, and a
 * little more work, each phase prints the resident memory in KiB.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PHASES_BYTES = 64 << 20,
    PHASES_BLOCKS = 1 << 20,
    PHASES_KIB = 1024,
    PHASES_WORK = 1000
};

static void *phases_block[PHASES_BLOCKS];
static unsigned phases_count;
static uint64_t phases_random = UINT64_C(88172645463325252);

static size_t phases_next(void)
{
    uint64_t x = phases_random;

    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    phases_random = x;
    return (size_t)(x >> 32);
}

static long phases_resident(void)
{
    long size = 0;
    long resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    if (file == NULL || fscanf(file, "%ld %ld", &size, &resident) != 2)
        abort();
    (void)fclose(file);
    return resident * (sysconf(_SC_PAGESIZE) / PHASES_KIB);
}

/* Let time pass, and use the allocator a little, as a program does. */
static void phases_tell(const char *name)
{
    for (int i = 0; i < 4; i++) {
        (void)usleep(600000);
        for (int j = 0; j < PHASES_WORK; j++) {
            void *block = malloc(300000);
            if (block != NULL)
                *(volatile char *)block = 1;
            free(block);
        }
    }
    (void)printf("%s\t%ld\n", name, phases_resident());
}

static void phases_fill(size_t least, size_t most, size_t bytes)
{
    size_t used = 0;

    while (used < bytes && phases_count < PHASES_BLOCKS) {
        size_t size = least + phases_next() % (most - least + 1);
        void *block = malloc(size);
        if (block == NULL)
            abort();
        (void)memset(block, 1, size);
        phases_block[phases_count++] = block;
        used += size;
    }
}

/* Free all but one in `kept`, or all for 0, in random order. */
static void phases_free(unsigned kept)
{
    for (unsigned i = phases_count; i > 1; i--) {
        size_t at = phases_next() % i;
        void *block = phases_block[at];
        phases_block[at] = phases_block[i - 1];
        phases_block[i - 1] = block;
    }
    unsigned least = kept == 0 ? 0 : phases_count / kept;
    while (phases_count > least)
        free(phases_block[--phases_count]);
}

int main(void)
{
    phases_fill(16, 256, PHASES_BYTES);
    phases_tell("full");
    phases_free(10);
    phases_tell("nine in ten freed");
    phases_fill(300, 1000, PHASES_BYTES - PHASES_BYTES / 10);
    phases_tell("refilled");
    phases_free(0);
    phases_tell("all freed");
    return 0;
}
