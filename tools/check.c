/* SPDX-License-Identifier: MIT */
/* check.c -- `mneme check`: a program whose heap is checked when it ends, or a
 * process whose heap is checked now. */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launch.h"
#include "program.h"
#include "remote.h"
#include "tool.h"

enum { CHECK_OPTIONS_SIZE = 2048, CHECK_LINE_SIZE = 256 };
enum { CHECK_LIB = 256 };

struct check {
    const char *library;
    char **program; /* and its arguments, up to NULL */
    pid_t process;  /* or 0 */
    char options[CHECK_OPTIONS_SIZE];
};

static const struct argp_option check_options[] = {
    {NULL, 'o', "NAME=VALUE", 0, "Set an option; `mneme options` lists them",
     0},
    {"lib", CHECK_LIB, "PATH", 0,
     "The library to preload, instead of the one that came with this command",
     0},
    {0},
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

    switch (key) {
    case 'o':
        tool_add_option(check->options, sizeof check->options, value);
        return 0;
    case CHECK_LIB:
        check->library = value;
        return 0;
    case ARGP_KEY_ARGS:
        check->program = state->argv + state->next;
        check->process = check_process(state);
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which program, or process?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* What the program's report says of the check. False if it says nothing. */
static bool check_read(const char *path, char result[CHECK_LINE_SIZE])
{
    char line[CHECK_LINE_SIZE];
    bool found = false;
    FILE *file = fopen(path, "re");

    if (file == NULL)
        return false;
    while (!found && fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        found = strncmp(line, "check ", 6) == 0;
    }
    (void)fclose(file);
    if (found)
        tool_print(result, CHECK_LINE_SIZE, "%s", line + 6);
    return found;
}

static int check_show(const char *prefix, const struct launch_result *result)
{
    char path[PATH_MAX];
    char line[CHECK_LINE_SIZE];

    tool_print(path, sizeof path, "%s.%ld", prefix, (long)result->process);
    if (!check_read(path, line)) {
        tool_say("the heap was not checked: the program did not end by exit, "
                 "but by a signal, _exit or exec");
        return result->status == 0 ? TOOL_FAILED : result->status;
    }
    tool_say("at exit the heap is %s", line);
    return strncmp(line, "damaged", 7) == 0 ? TOOL_DAMAGED : result->status;
}

static int check_program(struct check *check)
{
    char path[PATH_MAX];
    char library[PATH_MAX];
    char prefix[PATH_MAX];
    char item[PATH_MAX + 16];
    struct launch_result result;

    if (getenv("MNEME") != NULL)
        tool_check_options("MNEME", getenv("MNEME"));
    program_library(check->library, library);
    program_find(check->program[0], path);
    program_check(path, library);
    tool_print(prefix, sizeof prefix, "%s/report", tool_folder());
    tool_print(item, sizeof item, "check=report,report=%s", prefix);
    tool_add_option(check->options, sizeof check->options, item);
    struct launch launch = {path, check->program, library, check->options, -1};
    launch_run(&launch, &result);
    launch_check(&launch, &result);
    return check_show(prefix, &result);
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
    static const struct argp argp = {.options = check_options,
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
