/* SPDX-License-Identifier: MIT */
/* stats_write.c -- the causes by name, and statistics as text. */
#include <mn/stats.h>

#include "base/text.h"

static const struct stats_field {
    const char *name;
    size_t offset;
} stats_causes[] = {
    {"payload", offsetof(struct mn_stats, payload)},
    {"rounding", offsetof(struct mn_stats, rounding)},
    {"in_hand", offsetof(struct mn_stats, in_hand)},
    {"in_spans", offsetof(struct mn_stats, in_spans)},
    {"spans", offsetof(struct mn_stats, spans)},
    {"purgeable", offsetof(struct mn_stats, purgeable)},
    {"untouched", offsetof(struct mn_stats, untouched)},
    {"metadata", offsetof(struct mn_stats, metadata)},
};

static const struct stats_field stats_others[] = {
    {"reserved", offsetof(struct mn_stats, reserved)},
    {"committed_peak", offsetof(struct mn_stats, committed_peak)},
    {"block_count", offsetof(struct mn_stats, block_count)},
    {"span_count", offsetof(struct mn_stats, span_count)},
    {"heap_count", offsetof(struct mn_stats, heap_count)},
};

enum {
    STATS_CAUSES = sizeof stats_causes / sizeof *stats_causes,
    STATS_OTHERS = sizeof stats_others / sizeof *stats_others,
    STATS_TEXT_SIZE = 1024,
    STATS_NAME_WIDTH = 16,
    STATS_NUMBER_WIDTH = 16
};

unsigned mn_stats_cause_count(void)
{
    return STATS_CAUSES;
}

const char *mn_stats_cause_name(unsigned cause)
{
    return cause < STATS_CAUSES ? stats_causes[cause].name : NULL;
}

static size_t stats_value(const struct mn_stats *stats,
                          const struct stats_field *field)
{
    return *(const size_t *)(const void *)((const char *)stats + field->offset);
}

size_t mn_stats_cause(const struct mn_stats *stats, unsigned cause)
{
    return cause < STATS_CAUSES ? stats_value(stats, &stats_causes[cause]) : 0;
}

static unsigned stats_digits(uint64_t number)
{
    unsigned digits = 1;

    while (number >= 10) {
        number /= 10;
        digits++;
    }
    return digits;
}

static void stats_pad(struct mni_text *text, size_t used, size_t width)
{
    for (; used < width; used++)
        mni_text_put(text, " ");
}

/* One row: name, number, and its share of `whole` in percent if that is not
 * 0. */
static void stats_row(struct mni_text *text, const char *name, size_t value,
                      size_t whole)
{
    size_t before = text->used;

    mni_text_put(text, name);
    stats_pad(text, text->used - before, STATS_NAME_WIDTH);
    stats_pad(text, stats_digits(value), STATS_NUMBER_WIDTH);
    mni_text_put_count(text, value);
    if (whole != 0) {
        uint64_t tenths = (uint64_t)((double)value * 1000 / (double)whole);
        stats_pad(text, stats_digits(tenths / 10), 6);
        mni_text_put_count(text, tenths / 10);
        mni_text_put(text, ".");
        mni_text_put_count(text, tenths % 10);
        mni_text_put(text, " %");
    }
    mni_text_put(text, "\n");
}

static void stats_table(struct mni_text *text, const struct mn_stats *stats)
{
    size_t whole = stats->committed == 0 ? 1 : stats->committed;

    for (unsigned i = 0; i < STATS_CAUSES; i++)
        stats_row(text, stats_causes[i].name,
                  stats_value(stats, &stats_causes[i]), whole);
    stats_row(text, "committed", stats->committed, whole);
    for (unsigned i = 0; i < STATS_OTHERS; i++)
        stats_row(text, stats_others[i].name,
                  stats_value(stats, &stats_others[i]), 0);
}

static void stats_json_field(struct mni_text *text, const char *name,
                             size_t value)
{
    mni_text_put(text, "\"");
    mni_text_put(text, name);
    mni_text_put(text, "\": ");
    mni_text_put_count(text, value);
}

static void stats_json(struct mni_text *text, const struct mn_stats *stats)
{
    mni_text_put(text, "{");
    stats_json_field(text, "committed", stats->committed);
    mni_text_put(text, ", \"causes\": {");
    for (unsigned i = 0; i < STATS_CAUSES; i++) {
        mni_text_put(text, i == 0 ? "" : ", ");
        stats_json_field(text, stats_causes[i].name,
                         stats_value(stats, &stats_causes[i]));
    }
    mni_text_put(text, "}");
    for (unsigned i = 0; i < STATS_OTHERS; i++) {
        mni_text_put(text, ", ");
        stats_json_field(text, stats_others[i].name,
                         stats_value(stats, &stats_others[i]));
    }
    mni_text_put(text, "}\n");
}

void mn_stats_write(const struct mn_stats *stats, bool json, mn_write_fn write,
                    void *context)
{
    char buffer[STATS_TEXT_SIZE];
    struct mni_text text;

    mni_text_init(&text, buffer, sizeof buffer);
    if (json)
        stats_json(&text, stats);
    else
        stats_table(&text, stats);
    write(text.start, text.used, context);
}
