/* SPDX-License-Identifier: MIT */
/* preload.h -- a program that is run on Mneme's malloc, as the command line
 * tells it: what `mneme run`, `check` and `leaks` have in common. */
#ifndef PRELOAD_H
#define PRELOAD_H

#include <argp.h>
#include <limits.h>

#include "launch.h"

enum { PRELOAD_OPTIONS_SIZE = 2048 };
enum { PRELOAD_LIB = 256, PRELOAD_KEYS /* the first for others */ };

struct preload {
    const char *library; /* to preload, or NULL for that of this command */
    char **program;      /* and its arguments, up to NULL */
    char options[PRELOAD_OPTIONS_SIZE];
};

/* What stands in a command's table of options. */
#define PRELOAD_OPTION_SET                                                     \
    {                                                                          \
        NULL, 'o', "NAME=VALUE", 0,                                            \
            "Set an option; `mneme options` lists them", 0                     \
    }
#define PRELOAD_OPTION_LIB                                                     \
    {                                                                          \
        "lib", PRELOAD_LIB, "PATH", 0,                                         \
            "The library to preload, instead of the one that came with this "  \
            "command",                                                         \
            0                                                                  \
    }

/* Of a command whose input begins with a struct preload. */
error_t preload_parse(int key, char *value, struct argp_state *state);

struct preload_paths {
    char program[PATH_MAX];
    char library[PATH_MAX];
};

/* Find both. Ends the tool where one is not there, they do not fit, or the
 * environment sets options that are wrong. */
void preload_find(const struct preload *preload, struct preload_paths *paths);

/* Run it to its end. */
void preload_run(const struct preload *preload,
                 const struct preload_paths *paths,
                 struct launch_result *result);

#endif
