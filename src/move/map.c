/* SPDX-License-Identifier: MIT */
/* map.c -- a mover's memory as characters.
 *
 * Blocks rise with the cells, so that one walk fills them: a block adds to each
 * cell that it touches. Nothing is kept but the sums of the cell at hand.
 */
#include <mn/mover_map.h>

#include "base/text.h"
#include "move/move.h"

enum { MAP_LINE = 256, MAP_TENTHS = 10 };

struct map_pen {
    char *cells;
    size_t count;
    size_t size; /* bytes that the cells stand for */
    size_t cell; /* the one at hand, */
    size_t used; /* and what of it is in blocks */
    bool pinned;
};

/* The first byte of a cell. */
static size_t map_start(const struct map_pen *pen, size_t cell)
{
    size_t each = pen->size / pen->count;
    size_t rest = pen->size % pen->count;

    return each * cell + (cell < rest ? cell : rest);
}

/* Draw the cell at hand, and go to the next. */
static void map_next(struct map_pen *pen)
{
    size_t whole = map_start(pen, pen->cell + 1) - map_start(pen, pen->cell);
    size_t tenths = whole == 0 ? 0 : pen->used / ((whole - 1) / MAP_TENTHS + 1);
    char cell = '.';

    if (tenths == 0)
        tenths = 1;
    if (tenths >= MAP_TENTHS)
        tenths = MAP_TENTHS - 1;
    if (pen->used > 0 && pen->used == whole)
        cell = pen->pinned ? '@' : '#';
    else if (pen->used > 0)
        cell = (char)((pen->pinned ? 'a' : '1') + (int)tenths - 1);
    pen->cells[pen->cell++] = cell;
    pen->used = 0;
    pen->pinned = false;
}

static bool map_block(const struct mn_mover_block *block, void *context)
{
    struct map_pen *pen = context;
    size_t start = block->start;
    size_t end = start + block->size;
    bool is_used = block->handle.bits != 0 || block->pins != 0;

    while (start < end && pen->cell < pen->count) {
        size_t next = map_start(pen, pen->cell + 1);
        size_t to = end < next ? end : next;
        if (is_used) {
            pen->used += to - start;
            pen->pinned = pen->pinned || block->pins != 0;
        }
        start = to;
        if (to == next)
            map_next(pen);
    }
    return pen->cell < pen->count;
}

void mn_mover_draw(const struct mn_mover *mover, size_t size, char *cells,
                   size_t count)
{
    struct map_pen pen = {.cells = cells, .count = count, .size = size};

    if (size == 0 || size > mover->size)
        pen.size = mover->size;
    /* Cells of no bytes are of nothing. */
    while (pen.count > pen.size)
        cells[--pen.count] = '.';
    if (pen.count > 0)
        (void)mn_mover_walk(mover, map_block, &pen);
    while (pen.cell < pen.count)
        map_next(&pen);
}

static void map_line(struct mni_text *text, const char *name, size_t number)
{
    mni_text_put(text, name);
    mni_text_put(text, " ");
    mni_text_put_count(text, number);
    mni_text_put(text, "\n");
}

void mn_mover_write_map(const struct mn_mover *mover,
                        const struct mn_mover_map *map, mn_write_fn write,
                        void *context)
{
    char line[MAP_LINE];
    char cells[MN_MOVER_CELLS_MAX];
    struct mni_text text;
    struct mn_mover_stats stats;
    size_t size =
        map->size == 0 || map->size > mover->size ? mover->size : map->size;

    MN_CHECK(map->count > 0 && map->count <= MN_MOVER_CELLS_MAX,
             "a map of a mover has too many cells, or none");
    mn_mover_read_stats(mover, &stats);
    mn_mover_draw(mover, size, cells, map->count);
    mni_text_init(&text, line, sizeof(line));
    mni_text_put(&text, "mneme map ");
    mni_text_put(&text, map->name);
    write(line, text.used, context);
    mni_text_init(&text, line, sizeof(line));
    mni_text_put(&text, "\n");
    map_line(&text, "size", size);
    map_line(&text, "blocks", stats.live);
    map_line(&text, "live", stats.live_size);
    map_line(&text, "holes", stats.holes);
    map_line(&text, "free", stats.free_size + stats.rest);
    map_line(&text, "largest", stats.largest);
    map_line(&text, "pinned", stats.pinned);
    map_line(&text, "moved", stats.moved);
    map_line(&text, "cells", map->count);
    write(line, text.used, context);
    write(cells, map->count, context);
    write("\n", 1, context);
}
