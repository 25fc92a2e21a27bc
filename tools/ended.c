/* SPDX-License-Identifier: MIT */
/* ended.c -- running a program for what its report says when it has ended. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ended.h"
#include "program.h"
#include "tool.h"

enum { ENDED_LIB = 256 };

const struct argp_option ended_options[] = {
    {NULL, 'o', "NAME=VALUE", 0, "Set an option; `mneme options` lists them",
     0},
    {"lib", ENDED_LIB, "PATH", 0,
     "The library to preload, instead of the one that came with this command",
     0},
    {0},
};

error_t ended_parse(int key, char *value, struct argp_state *state)
{
    struct ended *ended = state->input;

    switch (key) {
    case 'o':
        tool_add_option(ended->options, sizeof ended->options, value);
        return 0;
    case ENDED_LIB:
        ended->library = value;
        return 0;
    case ARGP_KEY_ARGS:
        ended->program = state->argv + state->next;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which program?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

void ended_run(struct ended *ended, const char *items,
               struct launch_result *result)
{
    char path[PATH_MAX];
    char library[PATH_MAX];
    char prefix[PATH_MAX];
    char item[PATH_MAX + 64];

    if (getenv("MNEME") != NULL)
        tool_check_options("MNEME", getenv("MNEME"));
    program_library(ended->library, library);
    program_find(ended->program[0], path);
    program_check(path, library);
    tool_print(prefix, sizeof prefix, "%s/report", tool_folder());
    tool_print(item, sizeof item, "%s,report=%s", items, prefix);
    tool_add_option(ended->options, sizeof ended->options, item);
    struct launch launch = {path, ended->program, library, ended->options, -1};
    launch_run(&launch, result);
    launch_check(&launch, result);
    tool_print(ended->report, sizeof ended->report, "%s.%ld", prefix,
               (long)result->process);
}

size_t ended_read(const struct ended *ended, const char *word,
                  void (*tell)(const char *line, void *context), void *context)
{
    char line[ENDED_LINE];
    size_t length = strlen(word);
    size_t count = 0;
    FILE *file = fopen(ended->report, "re");

    if (file == NULL)
        return 0;
    while (fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, word, length) != 0 || line[length] != ' ')
            continue;
        tell(line + length + 1, context);
        count++;
    }
    (void)fclose(file);
    return count;
}
