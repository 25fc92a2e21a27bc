/* SPDX-License-Identifier: MIT */
/* main.c -- the `mneme` command: which subcommand, and help. */
#include <argp.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heap/limit.h"
#include "heap/options.h"
#include "heap/report.h"
#include "tool.h"

static const struct tool_command main_commands[] = {
    {"run", "run a program on Mneme's malloc", run_main},
    {"compare", "run a command with and without Mneme, and show both",
     compare_main},
    {"stat", "show where the memory of a process is", stat_main},
    {"check", "check the heap of a process, or of a program at its end",
     check_main},
    {"map", "draw where the blocks of a mover are", map_main},
    {"leaks", "run a program, and look for lost blocks when it ends",
     leaks_main},
    {"options", "list the options that MNEME and -o set", options_main},
};
enum { MAIN_COMMANDS = sizeof main_commands / sizeof main_commands[0] };

static const char *main_command_name(unsigned index)
{
    return index < MAIN_COMMANDS    ? main_commands[index].name
           : index == MAIN_COMMANDS ? "help"
                                    : NULL;
}

static void main_help(FILE *file)
{
    (void)fputs("Usage: mneme COMMAND [ARGUMENT...]\n"
                "Mneme manages the memory of programs.\n\n",
                file);
    for (unsigned i = 0; i < MAIN_COMMANDS; i++)
        (void)fprintf(file, "  %-9s %s\n", main_commands[i].name,
                      main_commands[i].summary);
    (void)fputs("  help      explain a command: mneme help run\n\n"
                "The manual: docs/manual/command.md\n",
                file);
}

static int main_run(const struct tool_command *command, int count,
                    char **arguments)
{
    static char name[32];

    tool_print(name, sizeof name, "mneme %s", command->name);
    tool_name = name;
    arguments[0] = name;
    argp_err_exit_status = TOOL_FAILED;
    return command->main(count, arguments);
}

static const struct tool_command *main_find(const char *name)
{
    for (unsigned i = 0; i < MAIN_COMMANDS; i++)
        if (strcmp(name, main_commands[i].name) == 0)
            return &main_commands[i];
    const char *nearest =
        mni_nearest_name(name, strlen(name), main_command_name);
    if (nearest != NULL)
        tool_fail(TOOL_FAILED,
                  "unknown command \"%s\"; did you mean \"%s\"? "
                  "(`mneme help` lists all)",
                  name, nearest);
    tool_fail(TOOL_FAILED, "unknown command \"%s\" (`mneme help` lists all)",
              name);
}

int main(int count, char **arguments)
{
    const char *first = count > 1 ? arguments[1] : "";

    mni_limit_cancel(); /* MNEME is for the program that we run */
    mni_report_cancel();
    (void)setlocale(LC_CTYPE, "");
    if (count < 2) {
        main_help(stderr);
        return TOOL_FAILED;
    }
    if (strcmp(first, "--version") == 0 || strcmp(first, "-V") == 0) {
        (void)puts("mneme " MN_VERSION);
        return EXIT_SUCCESS;
    }
    if (strcmp(first, "help") == 0 && count > 2) {
        static char help[] = "--help";
        char *asked[] = {arguments[0], help, NULL};
        return main_run(main_find(arguments[2]), 2, asked);
    }
    if (strcmp(first, "help") == 0 || strcmp(first, "--help") == 0
        || strcmp(first, "-h") == 0 || strcmp(first, "-?") == 0) {
        main_help(stdout);
        return EXIT_SUCCESS;
    }
    return main_run(main_find(first), count - 1, arguments + 1);
}
