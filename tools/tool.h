/* SPDX-License-Identifier: MIT */
/* tool.h -- what the subcommands of `mneme` share. */
#ifndef TOOL_H
#define TOOL_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit statuses of our own, as env and nice have them. */
enum {
    TOOL_LOST = 123,
    TOOL_DAMAGED = 124,
    TOOL_FAILED = 125,
    TOOL_NOT_EXECUTABLE = 126,
    TOOL_NOT_FOUND = 127
};

struct tool_command {
    const char *name;
    const char *summary;
    /* Arguments as of main; arguments[0] is "mneme NAME". */
    int (*main)(int count, char **arguments);
};

int run_main(int count, char **arguments);
int stat_main(int count, char **arguments);
int check_main(int count, char **arguments);
int leaks_main(int count, char **arguments);
int compare_main(int count, char **arguments);
int map_main(int count, char **arguments);
int options_main(int count, char **arguments);

/* "mneme run", for messages. */
extern const char *tool_name;

/* Print "mneme run: ..." as one line on standard error. */
void tool_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same, and exit. */
_Noreturn void tool_fail(int status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Fill `text` with a printf result that must fit; fails otherwise. */
void tool_print(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Check a list of options; fails naming `source` if one is not valid. */
void tool_check_options(const char *source, const char *list);

/* The same for what follows -o, and add it to a list of options; fails if there
 * is no room. */
void tool_add_option(char *list, size_t size, const char *item);

/* A folder for files of this run, removed with its files when the tool exits.
 * Its path has no character that is special in a list of options. */
const char *tool_folder(void);

/* "12.3 MiB"; the result lives until some calls later. */
const char *tool_size(uint64_t bytes);

/* 1234567 as "1,234,567"; likewise. */
const char *tool_count(uint64_t count);

/* Whether the standard output can show more than ASCII. */
bool tool_is_utf8(void);

/* Columns of the standard output. */
unsigned tool_columns(void);

#endif
