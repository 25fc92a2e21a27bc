/* SPDX-License-Identifier: MIT */
/* move.c -- the compactor of the theory: blocks slide to the low end of an
 * arena, in their order, and what was free is one hole. Shown before, in the
 * middle, where everything may be used, and after; one block is pinned.
 *
 * The same maps as a picture:  ./move map.txt && mneme map --svg=map.svg map.txt
 */
#include <mn/mover_map.h>
#include <stdio.h>
#include <string.h>

enum { ARENA = 1 << 16, BLOCKS = 150, PINNED = 40, CELLS = 256 };

static _Alignas(16) unsigned char arena[ARENA];
static _Alignas(16) unsigned char control[1 << 16];
static struct mn_handle block[BLOCKS];

static void write_text(const char *text, size_t size, void *file)
{
    (void)fwrite(text, 1, size, file);
}

static void show(const struct mn_mover *mover, const char *name, FILE *file)
{
    const struct mn_mover_map map = {name, 0, CELLS};

    mn_mover_write_map(mover, &map, write_text, file);
}

/* Every block holds its own number. */
static size_t wrong(struct mn_mover *mover)
{
    size_t count = 0;

    for (size_t i = 0; i < BLOCKS; i++) {
        struct mn_pin pin = mn_mover_try_pin(mover, block[i]);
        count += pin.entry != NULL && memcmp(pin.at, &i, sizeof i) != 0;
        mn_unpin(&pin);
    }
    return count;
}

int main(int count, char **arguments)
{
    struct mn_mover_options options = {.memory = arena,
                                       .memory_size = ARENA,
                                       .control = control,
                                       .control_size = sizeof control,
                                       .count_max = BLOCKS};
    struct mn_mover mover;
    unsigned long next = 1;
    FILE *file = count > 1 ? fopen(arguments[1], "w") : stdout;

    if (file == NULL || mn_mover_init(&mover, &options) != MN_OK)
        return 1;
    for (size_t i = 0; i < BLOCKS; i++) {
        next = (next * 69069 + 1) & 0xffffffff;
        block[i] = mn_mover_alloc(&mover, 16 + next / 65536 % 700, NULL);
        if (block[i].bits == 0)
            return 1;
        MN_PIN(pin, &mover, block[i]);
        memcpy(pin.at, &i, sizeof i);
    }
    for (size_t i = 0; i < BLOCKS; i++)
        if (i % 3 != 1)
            mn_mover_free(&mover, block[i]);
    show(&mover, "before", file);
    {
        MN_PIN(pin, &mover, block[PINNED]);
        (void)mn_mover_step(&mover, NULL, 4000);
        show(&mover, "after one step, with a pinned block", file);
        while (mn_mover_step(&mover, NULL, 4000))
            ;
        show(&mover, "after all steps, with a pinned block", file);
    }
    while (mn_mover_step(&mover, NULL, 4000))
        ;
    show(&mover, "after", file);
    size_t errors = wrong(&mover);
    mn_mover_finish(&mover);
    return errors == 0 && fflush(file) == 0 ? 0 : 1;
}
