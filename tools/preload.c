/* SPDX-License-Identifier: MIT */
/* preload.c -- running a program on Mneme's malloc. */
#include <stdlib.h>

#include "preload.h"
#include "program.h"
#include "tool.h"

error_t preload_parse(int key, char *value, struct argp_state *state)
{
    struct preload *preload = state->input;

    switch (key) {
    case 'o':
        tool_add_option(preload->options, sizeof preload->options, value);
        return 0;
    case PRELOAD_LIB:
        preload->library = value;
        return 0;
    case ARGP_KEY_ARGS:
        preload->program = state->argv + state->next;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which program?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

void preload_find(const struct preload *preload, struct preload_paths *paths)
{
    if (getenv("MNEME") != NULL)
        tool_check_options("MNEME", getenv("MNEME"));
    program_library(preload->library, paths->library);
    program_find(preload->program[0], paths->program);
    program_check(paths->program, paths->library);
}

void preload_run(const struct preload *preload,
                 const struct preload_paths *paths,
                 struct launch_result *result)
{
    struct launch launch = {paths->program, preload->program, paths->library,
                            preload->options, -1};

    launch_run(&launch, result);
    launch_check(&launch, result);
}
