/* SPDX-License-Identifier: MIT */
/* partition.c -- reading reports, and statistics as text. */
#include "partition.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

static const char *const partition_others[] = {
    "reserved", "committed_peak", "block_count", "span_count", "heap_count",
};
enum {
    PARTITION_OTHERS = sizeof partition_others / sizeof *partition_others,
    PARTITION_FIELDS = sizeof(struct mn_stats) / sizeof(size_t),
    PARTITION_LINE_SIZE = 256
};
_Static_assert(offsetof(struct mn_stats, reserved)
                   == (PARTITION_FIELDS - PARTITION_OTHERS) * sizeof(size_t),
               "committed, the causes, the others");

const char *partition_meaning(unsigned cause)
{
    static const char *const meanings[] = {
        "asked for, in use",   "rest of its blocks", "free, next in turn",
        "free, in used spans", "free spans, fresh",  "free spans, aging",
        "no memory behind it", "records of Mneme",
    };

    return cause < sizeof meanings / sizeof *meanings ? meanings[cause] : "";
}

/* The fields of struct mn_stats, in its order. */
static const char *partition_name(unsigned field)
{
    unsigned causes = mn_stats_cause_count();

    return field == 0        ? "committed"
           : field <= causes ? mn_stats_cause_name(field - 1)
                             : partition_others[field - causes - 1];
}

static void partition_set(struct mn_stats *stats, unsigned field, size_t value)
{
    memcpy((char *)stats + field * sizeof value, &value, sizeof value);
}

/* ---- reading ---- */

/* Take in "peak.NAME=VALUE" or "end.NAME=VALUE". True if it was one. */
static bool partition_field(struct partition *partition, const char *line)
{
    struct mn_stats *stats = strncmp(line, "peak.", 5) == 0  ? &partition->peak
                             : strncmp(line, "end.", 4) == 0 ? &partition->end
                                                             : NULL;
    const char *name = strchr(line, '.');
    const char *equals = strchr(line, '=');

    if (stats == NULL || equals == NULL)
        return false;
    size_t size = (size_t)(equals - ++name);
    for (unsigned i = 0; i < PARTITION_FIELDS; i++)
        if (strlen(partition_name(i)) == size
            && memcmp(partition_name(i), name, size) == 0) {
            partition_set(stats, i, strtoull(equals + 1, NULL, 10));
            return true;
        }
    return false;
}

bool partition_read(const char *path, struct partition *partition)
{
    char line[PARTITION_LINE_SIZE];
    unsigned fields = 0;
    FILE *file = fopen(path, "re");

    if (file == NULL)
        return false;
    *partition = (struct partition){0};
    bool valid = fgets(line, sizeof line, file) != NULL
                 && strcmp(line, "mneme-report 1\n") == 0;
    while (valid && fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "program ", 8) == 0)
            (void)snprintf(partition->program, sizeof partition->program,
                           "%.63s", line + 8);
        else if (strncmp(line, "process ", 8) == 0)
            partition->process = strtoul(line + 8, NULL, 10);
        else
            fields += partition_field(partition, line);
    }
    (void)fclose(file);
    return valid && fields == 2 * PARTITION_FIELDS;
}

static size_t partition_weight(const struct partition *partition)
{
    return partition->peak.committed - partition->peak.untouched;
}

unsigned partition_read_largest(const char *folder, const char *prefix,
                                struct partition *partition)
{
    DIR *entries = opendir(folder);
    unsigned count = 0;

    if (entries == NULL)
        return 0;
    for (struct dirent *e = readdir(entries); e != NULL; e = readdir(entries)) {
        struct partition found;
        char path[PATH_MAX];
        tool_print(path, sizeof path, "%s/%s", folder, e->d_name);
        if (strncmp(e->d_name, prefix, strlen(prefix)) != 0
            || !partition_read(path, &found))
            continue;
        if (count == 0
            || partition_weight(&found) > partition_weight(partition))
            *partition = found;
        count++;
    }
    (void)closedir(entries);
    return count;
}

/* ---- writing ---- */

static double partition_percent(size_t part, size_t whole)
{
    return whole == 0 ? 0 : 100.0 * (double)part / (double)whole;
}

void partition_write_text(FILE *file, const struct partition *partition)
{
    const struct mn_stats *peak = &partition->peak;
    const struct mn_stats *end = &partition->end;

    (void)fprintf(file, "\nMemory of %s, process %lu, on Mneme\n\n",
                  partition->program, partition->process);
    (void)fprintf(file, "%-10s %19s %19s\n", "", "at its peak  ",
                  "at its end  ");
    for (unsigned i = 0; i < mn_stats_cause_count(); i++) {
        size_t at_peak = mn_stats_cause(peak, i);
        size_t at_end = mn_stats_cause(end, i);
        (void)fprintf(
            file, "%-10s %11s %5.1f %% %11s %5.1f %%  %s\n",
            mn_stats_cause_name(i), tool_size(at_peak),
            partition_percent(at_peak, peak->committed), tool_size(at_end),
            partition_percent(at_end, end->committed), partition_meaning(i));
    }
    (void)fprintf(file, "%-10s %11s %7s %11s %7s  the sum of these\n",
                  "committed", tool_size(peak->committed), "",
                  tool_size(end->committed), "");
    (void)fprintf(file, "%-10s %11s %7s %11s\n", "blocks",
                  tool_count(peak->block_count), "",
                  tool_count(end->block_count));
    (void)fprintf(file, "%-10s %11s %7s %11s\n", "spans",
                  tool_count(peak->span_count), "",
                  tool_count(end->span_count));
}

static void partition_put(const char *text, size_t size, void *context)
{
    while (size > 0 && text[size - 1] == '\n')
        size--;
    (void)fwrite(text, 1, size, context);
}

void partition_write_object(FILE *file, const struct mn_stats *stats)
{
    mn_stats_write(stats, true, partition_put, file);
}

void partition_write_string(FILE *file, const char *string)
{
    (void)fputc('"', file);
    for (; *string != '\0'; string++) {
        unsigned char c = (unsigned char)*string;
        if (c < ' ' || c >= 127)
            (void)fprintf(file, "\\u%04x", c); /* names are not always text */
        else if (c == '"' || c == '\\')
            (void)fprintf(file, "\\%c", c);
        else
            (void)fputc(c, file);
    }
    (void)fputc('"', file);
}

void partition_write_json(FILE *file, const struct partition *partition)
{
    (void)fputs("{\"program\": ", file);
    partition_write_string(file, partition->program);
    (void)fprintf(file, ", \"process\": %lu, \"peak\": ", partition->process);
    partition_write_object(file, &partition->peak);
    (void)fputs(", \"end\": ", file);
    partition_write_object(file, &partition->end);
    (void)fputs("}\n", file);
}
