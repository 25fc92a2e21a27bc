/* SPDX-License-Identifier: MIT */
/* defrag.c -- nine blocks in ten are freed at random; the others are moved, as
 * far as the heap says that it helps, and memory goes back to the system.
 */
#include <mn/heap.h>
#include <stdio.h>
#include <string.h>

enum { COUNT = 400000, PASSES = 3, PAGE_KIB = 4, SLACK_KIB = 4096 };

static void *block[COUNT];

static size_t next(void)
{
    static uint64_t state = UINT64_C(88172645463325252);

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (size_t)(state >> 32);
}

static size_t resident_kib(void)
{
    unsigned long size = 0;
    unsigned long resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    if (file != NULL) {
        if (fscanf(file, "%lu %lu", &size, &resident) != 2)
            resident = 0;
        (void)fclose(file);
    }
    return resident * PAGE_KIB;
}

/* Move what is better moved. How many blocks that were. */
static size_t move(void)
{
    size_t count = 0;

    for (size_t i = 0; i < COUNT; i++) {
        if (!mn_should_move(block[i]))
            continue;
        size_t size = mn_usable_size(block[i]);
        void *moved = mn_alloc(size);
        if (moved == NULL)
            continue;
        memcpy(moved, block[i], size);
        mn_free(block[i]);
        block[i] = moved;
        count++;
    }
    return count;
}

int main(void)
{
    size_t floor = resident_kib();
    size_t live = 0;
    size_t moved = 0;

    for (size_t i = 0; i < COUNT; i++) {
        size_t size = 16 + next() % 500;
        block[i] = mn_alloc(size);
        if (block[i] == NULL)
            return 1;
        memset(block[i], (int)i, size);
    }
    size_t full = resident_kib() - floor;
    for (size_t i = 0; i < COUNT; i++) {
        if (next() % 10 != 0) {
            mn_free(block[i]);
            block[i] = NULL;
        }
        live += mn_usable_size(block[i]);
    }
    (void)mn_trim();
    size_t before = resident_kib() - floor;
    for (int i = 0; i < PASSES; i++)
        moved += move();
    (void)mn_trim();
    size_t after = resident_kib() - floor;
    live /= 1024;
    printf("full %zu KiB; live %zu KiB; resident before %zu KiB, after moving "
           "%zu blocks %zu KiB\n",
           full, live, before, moved, after);
    return after <= live + live / 2 + SLACK_KIB ? 0 : 1;
}
