/* SPDX-License-Identifier: MIT */
/* Tests of mn/mover_map.h: cells against a count of each byte, and the text. */
#include <mn/mover_map.h>
#include <string.h>

#include "test.h"

enum { SIZE = 4096, COUNT = 60 };

static _Alignas(16) unsigned char memory[SIZE];
static _Alignas(16) unsigned char control[1 << 16];
static struct mn_mover mover;
static char text[8192];
static size_t length;

static void setup(void)
{
    struct mn_mover_options options = {.memory = memory,
                                       .memory_size = SIZE,
                                       .control = control,
                                       .control_size = sizeof control,
                                       .count_max = COUNT};

    EXPECT(mn_mover_init(&mover, &options) == MN_OK);
}

static void add_text(const char *more, size_t size, void *context)
{
    EXPECT(context == &text && length + size < sizeof text);
    memcpy(text + length, more, size);
    length += size;
}

TEST(cells_are_tenths_of_what_is_in_blocks)
{
    char cells[4];

    setup();
    mn_mover_draw(&mover, 0, cells, 4);
    EXPECT(memcmp(cells, "....", 4) == 0);
    struct mn_handle low = mn_mover_alloc(&mover, SIZE / 4, NULL);
    struct mn_handle half = mn_mover_alloc(&mover, SIZE / 8, NULL);
    mn_mover_draw(&mover, 0, cells, 4);
    EXPECT(memcmp(cells, "#4..", 4) == 0);
    struct mn_pin pin = mn_mover_pin(&mover, half);
    struct mn_pin other = mn_mover_pin(&mover, low);
    mn_mover_draw(&mover, SIZE / 2, cells, 2);
    EXPECT(memcmp(cells, "@d", 2) == 0);
    mn_unpin(&pin);
    mn_unpin(&other);
    mn_mover_free(&mover, low);
    mn_mover_draw(&mover, 0, cells, 4);
    EXPECT(memcmp(cells, ".4..", 4) == 0);
    mn_mover_free(&mover, half);
    EXPECT(mn_mover_alloc(&mover, 1, NULL).bits != 0);
    mn_mover_draw(&mover, 0, cells, 1);
    EXPECT(cells[0] == '1');
}

TEST(every_number_of_cells_agrees_with_a_count_of_bytes)
{
    static bool used[SIZE];
    static char cells[SIZE + 8];
    uint64_t state = 4;

    setup();
    for (int i = 0; i < COUNT; i++) {
        struct mn_handle handle =
            mn_mover_alloc(&mover, 16 * (1 + test_random(&state) % 6), NULL);
        if (i % 2 == 0)
            continue;
        MN_PIN(pin, &mover, handle);
        size_t start = (size_t)((unsigned char *)pin.at - memory);
        memset(used + start, true,
               (mn_mover_size(&mover, handle) + 15) / 16 * 16);
    }
    for (uintptr_t at = 0; at < SIZE; at += 16)
        if (!used[at] && mn_mover_at(&mover, memory + at).bits != 0)
            mn_mover_free(&mover, mn_mover_at(&mover, memory + at));
    for (size_t count = 1; count <= SIZE + 8; count += 1 + count / 9) {
        size_t at = 0;
        mn_mover_draw(&mover, 0, cells, count);
        for (size_t cell = 0; cell < count; cell++) {
            size_t parts = count < SIZE ? count : SIZE;
            size_t whole =
                cell >= parts ? 0 : SIZE / parts + (cell < SIZE % parts);
            size_t in = 0;
            for (size_t i = 0; i < whole; i++)
                in += used[at++];
            EXPECT((cells[cell] == '.') == (in == 0));
            EXPECT((cells[cell] == '#') == (in > 0 && in == whole));
        }
        EXPECT(at == SIZE);
    }
}

TEST(a_map_is_text_that_tells_what_it_shows)
{
    struct mn_mover_map map = {"before", SIZE / 2, 2};

    setup();
    EXPECT(mn_mover_alloc(&mover, SIZE / 4, NULL).bits != 0);
    mn_mover_write_map(&mover, &map, add_text, &text);
    static const char expected[] =
        "mneme map before\nsize 2048\nblocks 1\nlive 1024\nholes 0\nfree 3072\n"
        "largest 3072\npinned 0\nmoved 0\ncells 2\n#.\n";
    EXPECT(length == sizeof expected - 1);
    EXPECT(memcmp(text, expected, length) == 0);
    map.count = 0;
    EXPECT_STOPS(mn_mover_write_map(&mover, &map, add_text, &text),
                 "too many cells");
    map.count = MN_MOVER_CELLS_MAX + 1;
    EXPECT_STOPS(mn_mover_write_map(&mover, &map, add_text, &text),
                 "too many cells");
}
