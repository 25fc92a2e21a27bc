/* SPDX-License-Identifier: MIT */
/* map.c -- `mneme map`: maps of movers, drawn in a terminal or as SVG.
 *
 * A file has one map or several, as mn_mover_write_map writes them. Each is
 * drawn below the one before: so a compaction shows as before and after.
 */
#include <argp.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

enum {
    MAP_COLUMNS = 64, /* cells of a row */
    MAP_CELLS_MAX = 4096,
    MAP_LINE = MAP_CELLS_MAX + 16,
    MAP_NAME = 64, /* of which 63 are shown */
    MAP_MAPS = 16,
    MAP_TENTHS = 10,
    MAP_PIXELS = 10, /* of a cell */
    MAP_TEXT = 40,   /* pixels above a picture */
    MAP_MARGIN = 16
};

struct map {
    char name[MAP_NAME];
    uint64_t size;
    uint64_t blocks;
    uint64_t live;
    uint64_t holes;
    uint64_t free;
    uint64_t largest;
    uint64_t pinned;
    uint64_t moved;
    uint64_t cells;
    char cell[MAP_CELLS_MAX];
};

struct map_command {
    const char *svg;
    const char *path;
};

static const char map_doc[] =
    "Draw the maps in FILE, which a program has written with "
    "mn_mover_write_map.\vA full cell is in blocks, a pale one partly, and a "
    "point is free; with colours, what has to do with pinned blocks is red, "
    "and "
    "without it is a letter or @.\n";

/* ---- reading ---- */

struct map_field {
    const char *name;
    size_t offset;
};
static const struct map_field map_fields[] = {
    {"size", offsetof(struct map, size)},
    {"blocks", offsetof(struct map, blocks)},
    {"live", offsetof(struct map, live)},
    {"holes", offsetof(struct map, holes)},
    {"free", offsetof(struct map, free)},
    {"largest", offsetof(struct map, largest)},
    {"pinned", offsetof(struct map, pinned)},
    {"moved", offsetof(struct map, moved)},
    {"cells", offsetof(struct map, cells)},
};

static bool map_read_line(FILE *file, char *line)
{
    if (fgets(line, MAP_LINE, file) == NULL)
        return false;
    line[strcspn(line, "\n")] = '\0';
    return true;
}

static bool map_read_field(const char *line, const struct map_field *field,
                           struct map *map)
{
    size_t length = strlen(field->name);
    char *end = NULL;

    if (strncmp(line, field->name, length) != 0 || line[length] != ' '
        || !isdigit((unsigned char)line[length + 1]))
        return false;
    uint64_t number = strtoull(line + length + 1, &end, 10);
    memcpy((char *)map + field->offset, &number, sizeof number);
    return *end == '\0';
}

static bool map_is_cell(char cell)
{
    return cell != '\0' && strchr(".123456789#abcdefghi@", cell) != NULL;
}

/* The map whose first line was read. False if it is none. */
static bool map_read(FILE *file, const char *first, struct map *map)
{
    static const char title[] = "mneme map ";
    static char line[MAP_LINE];

    *map = (struct map){.size = 0};
    if (strncmp(first, title, sizeof title - 1) != 0)
        return false;
    (void)snprintf(map->name, sizeof map->name, "%.63s",
                   first + sizeof title - 1);
    for (size_t i = 0; i < sizeof map_fields / sizeof map_fields[0]; i++)
        if (!map_read_line(file, line)
            || !map_read_field(line, &map_fields[i], map))
            return false;
    if (map->cells == 0 || map->cells > MAP_CELLS_MAX
        || !map_read_line(file, line) || strlen(line) != map->cells)
        return false;
    for (size_t i = 0; i < map->cells; i++)
        if (!map_is_cell(line[i]))
            return false;
    memcpy(map->cell, line, map->cells);
    return true;
}

static size_t map_read_all(const char *path, struct map *maps)
{
    static char line[MAP_LINE];
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    size_t count = 0;

    if (file == NULL)
        tool_fail(TOOL_FAILED, "%s cannot be read", path);
    while (map_read_line(file, line)) {
        if (count == MAP_MAPS)
            tool_fail(TOOL_FAILED, "%s has more than %d maps", path, MAP_MAPS);
        if (!map_read(file, line, &maps[count]))
            tool_fail(TOOL_FAILED, "%s is no map, or damaged: map %zu", path,
                      count + 1);
        count++;
    }
    if (count == 0)
        tool_fail(TOOL_FAILED, "%s has no map", path);
    (void)fclose(file);
    return count;
}

/* ---- drawing ---- */

static double map_percent(uint64_t part, uint64_t whole)
{
    return whole == 0 ? 0 : 100.0 * (double)part / (double)whole;
}

/* What the picture does not say. */
static void map_describe(FILE *file, const struct map *map)
{
    (void)fprintf(file,
                  "%" PRIu64 " blocks, %s live; %" PRIu64
                  " holes; largest %s, %.1f %% of what is free; %" PRIu64
                  " pinned; %s moved",
                  map->blocks, tool_size(map->live), map->holes,
                  tool_size(map->largest), map_percent(map->largest, map->free),
                  map->pinned, tool_size(map->moved));
}

/* How many tenths of a cell are in blocks, and whether some are pinned. */
static unsigned map_tenths(char cell, bool *pinned)
{
    *pinned = cell == '@' || isalpha((unsigned char)cell);
    if (cell == '.')
        return 0;
    if (cell == '#' || cell == '@')
        return MAP_TENTHS;
    return (unsigned)(cell - (*pinned ? 'a' : '1') + 1);
}

static void map_show(const struct map *map, bool colour)
{
    (void)printf("%s: ", map->name);
    map_describe(stdout, map);
    for (size_t i = 0; i < map->cells; i++) {
        bool pinned = false;
        unsigned tenths = map_tenths(map->cell[i], &pinned);
        if (i % MAP_COLUMNS == 0)
            (void)fputs("\n  ", stdout);
        if (colour && tenths > 0)
            (void)printf("\033[38;5;%dm%c\033[0m",
                         pinned                 ? 196
                         : tenths == MAP_TENTHS ? 33
                                                : 80,
                         map->cell[i]);
        else
            (void)putchar(map->cell[i]);
    }
    (void)puts("\n");
}

static unsigned map_rows(const struct map *map)
{
    return (unsigned)((map->cells + MAP_COLUMNS - 1) / MAP_COLUMNS);
}

/* Text that is safe in SVG. */
static void map_escape(FILE *file, const char *text)
{
    for (; *text != '\0'; text++)
        if (*text == '<' || *text == '>' || *text == '&')
            (void)fprintf(file, "&#%d;", *text);
        else if ((unsigned char)*text >= ' ')
            (void)fputc(*text, file);
}

static void map_svg(FILE *file, const struct map *map, unsigned top)
{
    (void)fprintf(file, "<text x=\"%d\" y=\"%u\"><tspan font-weight=\"bold\">",
                  MAP_MARGIN, top + MAP_TEXT - 16);
    map_escape(file, map->name);
    (void)fputs("</tspan> ", file);
    map_describe(file, map);
    (void)fputs("</text>\n", file);
    for (size_t i = 0; i < map->cells; i++) {
        bool pinned = false;
        unsigned tenths = map_tenths(map->cell[i], &pinned);
        (void)fprintf(file,
                      "<rect x=\"%zu\" y=\"%zu\" width=\"%d\" height=\"%d\" "
                      "fill=\"%s\" fill-opacity=\"%.1f\"/>\n",
                      MAP_MARGIN + i % MAP_COLUMNS * MAP_PIXELS,
                      top + MAP_TEXT + i / MAP_COLUMNS * MAP_PIXELS,
                      MAP_PIXELS - 1, MAP_PIXELS - 1,
                      tenths == 0 ? "#ddd"
                      : pinned    ? "#c0392b"
                                  : "#2471a3",
                      tenths == 0 ? 1.0 : 0.2 + 0.08 * tenths);
    }
}

static void map_write_svg(const char *path, const struct map *maps,
                          size_t count)
{
    FILE *file = fopen(path, "w");
    unsigned height = 2 * MAP_MARGIN;
    unsigned top = 0;

    if (file == NULL)
        tool_fail(TOOL_FAILED, "%s cannot be written", path);
    for (size_t i = 0; i < count; i++)
        height += MAP_TEXT + map_rows(&maps[i]) * MAP_PIXELS;
    (void)fprintf(file,
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
                  "height=\"%u\" font-family=\"sans-serif\" font-size=\"11\">\n"
                  "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
                  MAP_COLUMNS * MAP_PIXELS + 2 * MAP_MARGIN, height);
    for (size_t i = 0; i < count; i++) {
        map_svg(file, &maps[i], top);
        top += MAP_TEXT + map_rows(&maps[i]) * MAP_PIXELS;
    }
    (void)fputs("</svg>\n", file);
    if (ferror(file) | fclose(file))
        tool_fail(TOOL_FAILED, "%s cannot be written", path);
}

static error_t map_option(int key, char *value, struct argp_state *state)
{
    struct map_command *command = state->input;

    if (key == 's')
        command->svg = value;
    else if (key == ARGP_KEY_ARG && command->path == NULL)
        command->path = value;
    else if (key == ARGP_KEY_ARG || key == ARGP_KEY_NO_ARGS)
        argp_usage(state);
    else
        return ARGP_ERR_UNKNOWN;
    return 0;
}

int map_main(int count, char **arguments)
{
    static const struct argp_option options[] = {
        {"svg", 's', "FILE", 0, "write the picture to FILE, too", 0}, {0}};
    static const struct argp argp = {options, map_option, "FILE", map_doc,
                                     NULL,    NULL,       NULL};
    static struct map maps[MAP_MAPS];
    struct map_command command = {NULL, NULL};

    if (argp_parse(&argp, count, arguments, 0, NULL, &command) != 0)
        return TOOL_FAILED;
    size_t found = map_read_all(command.path, maps);
    bool colour = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL;
    for (size_t i = 0; i < found; i++)
        map_show(&maps[i], colour);
    if (command.svg != NULL)
        map_write_svg(command.svg, maps, found);
    return EXIT_SUCCESS;
}
