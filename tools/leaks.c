/* SPDX-License-Identifier: MIT */
/* leaks.c -- `mneme leaks`: which blocks a program has lost when it ends. */
#include <string.h>

#include "ended.h"
#include "tool.h"

static const char leaks_doc[] =
    "Run PROGRAM, unchanged, with Mneme in the place of malloc, and when it "
    "ends look for blocks that nothing in it leads to: no variable, no stack "
    "or register of a thread, and no block that is led to."
    "\vSizes are with rounding. The exit status is that of the program, as "
    "with "
    "`mneme run`; but 123 if blocks are lost, and 125 if it ended with 0 and "
    "was not looked through.\n";

/* What the lines say in the end. */
struct leaks_told {
    bool looked;
    bool lost;
};

static void leaks_tell(const char *line, void *context)
{
    struct leaks_told *told = context;

    tool_say("%s", line);
    told->looked = strncmp(line, "leaks were not", 14) != 0;
    told->lost = told->lost || strncmp(line, "lost: ", 6) == 0;
}

int leaks_main(int count, char **arguments)
{
    static const struct argp argp = {.options = ended_options,
                                     .parser = preload_parse,
                                     .args_doc = "[--] PROGRAM [ARGUMENT...]",
                                     .doc = leaks_doc};
    struct ended leaks = {0};
    struct launch_result result;
    struct leaks_told told = {0};

    if (argp_parse(&argp, count, arguments, ARGP_IN_ORDER, NULL, &leaks) != 0)
        return TOOL_FAILED;
    ended_run(&leaks, "leaks=report", &result);
    if (ended_read(&leaks, "leaks", leaks_tell, &told) == 0)
        tool_say("leaks were not looked for: the program did not end by exit, "
                 "but by a signal, _exit or exec");
    if (!told.looked)
        return result.status == 0 ? TOOL_FAILED : result.status;
    return told.lost ? TOOL_LOST : result.status;
}
