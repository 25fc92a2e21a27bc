/* SPDX-License-Identifier: MIT */
/* partition.h -- reading reports, and showing where the memory is. */
#ifndef PARTITION_H
#define PARTITION_H

#include <mn/stats.h>

#include <limits.h>
#include <stdio.h>

struct partition {
    char program[64];
    unsigned long process;
    struct mn_stats peak;
    struct mn_stats end;
};

/* Read a report that a process left; false if there is none or it is not
 * whole. */
bool partition_read(const char *path, struct partition *partition);

/* Of the reports in a folder whose names start with `prefix`, read the one
 * with the largest peak. Returns how many there are. */
unsigned partition_read_largest(const char *folder, const char *prefix,
                                struct partition *partition);

/* Two columns, at the peak and at the end. */
void partition_write_text(FILE *file, const struct partition *partition);

/* One JSON object in one line. */
void partition_write_json(FILE *file, const struct partition *partition);

/* One JSON object of some statistics, without a line's end. */
void partition_write_object(FILE *file, const struct mn_stats *stats);

/* A string as JSON has it. */
void partition_write_string(FILE *file, const char *string);

/* What a cause means, in a few words. */
const char *partition_meaning(unsigned cause);

/* A picture of `stats` for the terminal: a bar of all causes, and a row for
 * each. `title` says what it shows. */
void picture_write(FILE *file, const char *title, const struct mn_stats *stats);

#endif
