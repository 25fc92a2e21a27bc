/* SPDX-License-Identifier: MIT */
/* mn/mover_map.h -- where the blocks of a mover are, as a picture in text.
 *
 * A map is written as a few lines that people can read, and that `mneme map`
 * draws, several of them below each other, in a terminal or as SVG:
 *
 *     mneme map before
 *     size 4096                 bytes that the cells stand for
 *     blocks 7                  and so on, as in mn/move.h
 *     ...
 *     cells 8
 *     #5..b@3.
 *
 * A cell is '.' if nothing of it is in blocks, '1' to '9' by tenths, and '#' if
 * all is; 'a' to 'i' and '@' where it has to do with a pinned block.
 */
#ifndef MN_MOVER_MAP_H
#define MN_MOVER_MAP_H

#include <mn/move.h>
#include <mn/stats.h>

MN_BEGIN

enum { MN_MOVER_CELLS_MAX = 4096 };

/* Fill `cells` with a character for each of `count` equal parts of the first
 * `size` bytes of the memory; 0: of all. O(blocks + count). */
MN_API void mn_mover_draw(const struct mn_mover *mover, size_t size,
                          char *cells, size_t count) MN_NONNULL(1, 3);

/* Write the map of the first `size` bytes, 0: of all, under that name, which
 * has no line's end, in `count` cells, MN_MOVER_CELLS_MAX at most. `write` is
 * called with some text at a time, and must not change the mover. */
struct mn_mover_map {
    const char *name;
    size_t size;
    size_t count;
};
MN_API void mn_mover_write_map(const struct mn_mover *mover,
                               const struct mn_mover_map *map,
                               mn_write_fn write, void *context)
    MN_NONNULL(1, 2, 3);

MN_END

#endif
