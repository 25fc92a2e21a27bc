/* SPDX-License-Identifier: MIT */
/* ended.h -- running a program for what its report says when it has ended:
 * what `mneme check` and `mneme leaks` share. */
#ifndef ENDED_H
#define ENDED_H

#include <argp.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "preload.h"

enum { ENDED_LINE = 256 };

struct ended {
    struct preload preload; /* first: preload_parse fills it */
    char report[PATH_MAX];  /* its path, after ended_run */
};

extern const struct argp_option ended_options[];

/* Run it with the options `items` besides. */
void ended_run(struct ended *ended, const char *items,
               struct launch_result *result);

/* Call `tell` with the rest of each line of the report that begins with `word`
 * and a space; how many there were. */
size_t ended_read(const struct ended *ended, const char *word,
                  void (*tell)(const char *line, void *context), void *context);

#endif
