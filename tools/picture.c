/* SPDX-License-Identifier: MIT */
/* picture.c -- where the memory is, drawn with characters. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "partition.h"
#include "tool.h"

enum {
    PICTURE_CAUSES_MAX = 8,
    PICTURE_UNTOUCHED = 6, /* the cause that costs nothing */
    PICTURE_FIXED = 57,    /* columns of a row besides its bar */
    PICTURE_BAR_MIN = 10,
    PICTURE_BAR_MAX = 40,
    PICTURE_WIDTH_MAX = 96,
    PICTURE_PARTS = 8 /* of a column, with block characters */
};

static const struct picture_style {
    const char *fill;
    const char *ascii;
    const char *colour;
} picture_styles[PICTURE_CAUSES_MAX] = {
    {"█", "#", "\033[38;5;33m"},  {"▓", "%", "\033[38;5;80m"},
    {"▒", "=", "\033[38;5;114m"}, {"░", "-", "\033[38;5;186m"},
    {"▚", "o", "\033[38;5;215m"}, {"▞", "x", "\033[38;5;209m"},
    {"·", ".", "\033[38;5;243m"}, {"■", "M", "\033[38;5;141m"},
};

_Static_assert(offsetof(struct mn_stats, untouched)
                   == (PICTURE_UNTOUCHED + 1) * sizeof(size_t),
               "the causes follow the first field");

struct picture {
    FILE *file;
    const struct mn_stats *stats;
    bool utf8;
    bool colour;
    unsigned width; /* of the whole */
};

static void picture_style(const struct picture *picture, unsigned cause)
{
    if (picture->colour)
        (void)fputs(picture_styles[cause].colour, picture->file);
}

static void picture_plain(const struct picture *picture)
{
    if (picture->colour)
        (void)fputs("\033[0m", picture->file);
}

static void picture_repeat(const struct picture *picture, const char *text,
                           unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        (void)fputs(text, picture->file);
}

static const char *picture_fill(const struct picture *picture, unsigned cause)
{
    return picture->utf8 ? picture_styles[cause].fill
                         : picture_styles[cause].ascii;
}

/* The part of a cause in what has been touched. */
static double picture_share(const struct picture *picture, unsigned cause)
{
    size_t whole = picture->stats->committed - picture->stats->untouched;

    return whole == 0 || cause == PICTURE_UNTOUCHED
               ? 0
               : (double)mn_stats_cause(picture->stats, cause) / (double)whole;
}

/* All causes that cost memory in one bar. Each cause ends where the sum so far
 * ends, rounded, so that the whole is as wide as it should be. */
static void picture_stack(const struct picture *picture)
{
    unsigned width = picture->width - 4;
    unsigned drawn = 0;
    double sum = 0;

    (void)fputs("  ", picture->file);
    for (unsigned i = 0; i < mn_stats_cause_count(); i++) {
        sum += picture_share(picture, i);
        unsigned end = (unsigned)(sum * width + 0.5);
        picture_style(picture, i);
        picture_repeat(picture, picture_fill(picture, i),
                       end > drawn ? end - drawn : 0);
        drawn = end > drawn ? end : drawn;
    }
    picture_plain(picture);
    (void)fputs("\n\n", picture->file);
}

/* A bar of at most `width` columns, in eighths of a column where that can be
 * drawn. */
static void picture_bar(const struct picture *picture, double share,
                        unsigned width)
{
    static const char *const parts[PICTURE_PARTS] = {"",  "▏", "▎", "▍",
                                                     "▌", "▋", "▊", "▉"};
    unsigned steps = picture->utf8 ? PICTURE_PARTS : 1;
    unsigned filled = (unsigned)(share * width * steps + 0.5);

    if (filled == 0 && share > 0 && picture->utf8)
        filled = 1;
    picture_repeat(picture, picture->utf8 ? "█" : "#", filled / steps);
    (void)fputs(parts[filled % steps], picture->file);
    picture_repeat(picture, " ", width - filled / steps - (filled % steps > 0));
}

static void picture_row(const struct picture *picture, unsigned cause,
                        unsigned width)
{
    double share = picture_share(picture, cause);

    (void)fputs("  ", picture->file);
    picture_style(picture, cause);
    (void)fputs(picture_fill(picture, cause), picture->file);
    picture_plain(picture);
    (void)fprintf(picture->file, " %-10s ", mn_stats_cause_name(cause));
    picture_style(picture, cause);
    picture_bar(picture, share, width);
    picture_plain(picture);
    (void)fprintf(picture->file, " %10s %5.1f %%  %s\n",
                  tool_size(mn_stats_cause(picture->stats, cause)), 100 * share,
                  partition_meaning(cause));
}

void picture_write(FILE *file, const char *title, const struct mn_stats *stats)
{
    struct picture picture = {
        .file = file,
        .stats = stats,
        .utf8 = tool_is_utf8(),
        .colour = isatty(fileno(file)) == 1 && getenv("NO_COLOR") == NULL,
        .width = tool_columns(),
    };
    unsigned width = PICTURE_BAR_MIN;

    if (picture.width > PICTURE_WIDTH_MAX)
        picture.width = PICTURE_WIDTH_MAX;
    if (picture.width < PICTURE_FIXED + PICTURE_BAR_MIN)
        picture.width = PICTURE_FIXED + PICTURE_BAR_MIN;
    width = picture.width - PICTURE_FIXED;
    if (width > PICTURE_BAR_MAX)
        width = PICTURE_BAR_MAX;
    (void)fprintf(file, "%s\n\n", title);
    picture_stack(&picture);
    for (unsigned i = 0; i < mn_stats_cause_count(); i++)
        if (i != PICTURE_UNTOUCHED)
            picture_row(&picture, i, width);
    (void)fprintf(file, "  %*s %10s  %s blocks, %s spans\n", (int)(12 + width),
                  "touched", tool_size(stats->committed - stats->untouched),
                  tool_count(stats->block_count),
                  tool_count(stats->span_count));
    (void)fprintf(file, "  %*s %10s  %s\n", (int)(12 + width), "untouched",
                  tool_size(stats->untouched),
                  partition_meaning(PICTURE_UNTOUCHED));
}
