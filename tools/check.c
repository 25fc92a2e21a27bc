/* SPDX-License-Identifier: MIT */
/* check.c -- `mneme check`: a program whose heap is checked when it ends, or a
 * process whose heap is checked now. */
#include <argp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ended.h"
#include "remote.h"
#include "tool.h"

enum { CHECK_LINE_SIZE = 256 };

struct check {
    struct ended ended; /* first: it parses what the two have in common */
    pid_t process;      /* or 0 */
};

static const char check_doc[] =
    "Run PROGRAM, unchanged, with Mneme in the place of malloc, and when it "
    "ends check all of Mneme's records."
    "\vThe exit status is that of the program, as with `mneme run`; but 124 if "
    "its heap is damaged, and 125 if it ended with 0 and was not checked.\n\n"
    "With PID, check the heap of a process that was started with "
    "MNEME=check=demand; it goes on. The exit status is 0, or 124 if the heap "
    "is damaged.\n";

/* Whether the only argument is a number, which -- has not made a program. */
static pid_t check_process(const struct argp_state *state)
{
    char *end;
    long process = strtol(state->argv[state->next], &end, 10);

    return state->quoted == 0 && state->next + 1 == state->argc && *end == '\0'
                   && process > 0 && process <= INT_MAX
               ? (pid_t)process
               : 0;
}

static error_t check_parse(int key, char *value, struct argp_state *state)
{
    struct check *check = state->input;

    if (key == ARGP_KEY_NO_ARGS)
        argp_error(state, "which program, or process?");
    if (key == ARGP_KEY_ARGS)
        check->process = check_process(state);
    return preload_parse(key, value, state);
}

static void check_tell(const char *line, void *context)
{
    bool *damaged = context;

    tool_say("at exit the heap is %s", line);
    *damaged = strncmp(line, "damaged", 7) == 0;
}

static int check_program(struct check *check)
{
    struct launch_result result;
    bool damaged = false;

    ended_run(&check->ended, "check=report", &result);
    if (ended_read(&check->ended, "check", check_tell, &damaged) == 0) {
        tool_say("the heap was not checked: the program did not end by exit, "
                 "but by a signal, _exit or exec");
        return result.status == 0 ? TOOL_FAILED : result.status;
    }
    return damaged ? TOOL_DAMAGED : result.status;
}

static int check_running(pid_t process)
{
    struct remote remote;
    char line[CHECK_LINE_SIZE];

    remote_open(&remote, process);
    remote_check(&remote, line, sizeof line);
    (void)printf("The heap of %s, process %ld, is %s\n", remote.name,
                 (long)process, line);
    return strncmp(line, "damaged", 7) == 0 ? TOOL_DAMAGED : EXIT_SUCCESS;
}

int check_main(int count, char **arguments)
{
    static const struct argp argp = {.options = ended_options,
                                     .parser = check_parse,
                                     .args_doc =
                                         "PID\n[--] PROGRAM [ARGUMENT...]",
                                     .doc = check_doc};
    struct check check = {0};

    if (argp_parse(&argp, count, arguments, ARGP_IN_ORDER, NULL, &check) != 0)
        return TOOL_FAILED;
    return check.process != 0 ? check_running(check.process)
                              : check_program(&check);
}
