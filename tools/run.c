/* SPDX-License-Identifier: MIT */
/* run.c -- `mneme run`: a program on Mneme's malloc. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heap/options.h"
#include "partition.h"
#include "preload.h"
#include "tool.h"

enum { RUN_STATS = PRELOAD_KEYS, RUN_REPORT, RUN_TIME };

struct run {
    struct preload preload; /* first: preload_parse fills it */
    const char *report;     /* a file, or NULL */
    enum mni_option_stats stats;
    bool time;
};

static const struct argp_option run_options[] = {
    PRELOAD_OPTION_SET,
    {"stats", RUN_STATS, "text|json", OPTION_ARG_OPTIONAL,
     "When the program ends, show where its memory was, on standard error", 0},
    {"report", RUN_REPORT, "FILE", 0,
     "When the program ends, write the same to FILE, to be read by machines",
     0},
    {"time", RUN_TIME, NULL, 0,
     "When the program ends, show its time and memory, on standard error", 0},
    PRELOAD_OPTION_LIB,
    {0},
};

static const char run_doc[] =
    "Run PROGRAM, unchanged, with Mneme in the place of malloc."
    "\vThe exit status is that of the program, and 128 + N if signal N ended "
    "it; 127 if there is no such program, 126 if it cannot be run, and 125 if "
    "Mneme cannot serve it.\n";

static error_t run_parse(int key, char *value, struct argp_state *state)
{
    struct run *run = state->input;

    switch (key) {
    case RUN_STATS:
        if (value == NULL || strcmp(value, "text") == 0)
            run->stats = MNI_OPTION_STATS_TEXT;
        else if (strcmp(value, "json") == 0)
            run->stats = MNI_OPTION_STATS_JSON;
        else
            argp_error(state, "--stats=%s: expected text or json", value);
        return 0;
    case RUN_REPORT:
        run->report = value;
        return 0;
    case RUN_TIME:
        run->time = true;
        return 0;
    default:
        return preload_parse(key, value, state);
    }
}

/* ---- what the program left ---- */

/* The value of the last item report=... of a list, if there is one. */
static void run_find_report(const char *list, char path[PATH_MAX])
{
    while (list != NULL && list[0] != '\0') {
        size_t size = strcspn(list, ",");
        if (strncmp(list, "report=", 7) == 0)
            tool_print(path, PATH_MAX, "%.*s", (int)size - 7, list + 7);
        list += size + (list[size] == ',');
    }
}

/* Have the program leave a report; `path` is where, without its number. */
static void run_ask_report(struct run *run, char path[PATH_MAX])
{
    char item[PATH_MAX + 16];

    path[0] = '\0';
    run_find_report(getenv("MNEME"), path);
    run_find_report(run->preload.options, path);
    if (path[0] != '\0')
        return;
    tool_print(path, PATH_MAX, "%s/report", tool_folder());
    tool_print(item, sizeof item, "report=%s", path);
    tool_add_option(run->preload.options, sizeof run->preload.options, item);
}

static void run_copy(const char *from, const char *to)
{
    char buffer[BUFSIZ];
    size_t got;
    FILE *source = fopen(from, "re");
    FILE *target = source == NULL ? NULL : fopen(to, "we");

    if (target == NULL)
        tool_fail(TOOL_FAILED, "%s: %s", source == NULL ? from : to,
                  strerror(errno));
    while ((got = fread(buffer, 1, sizeof buffer, source)) > 0)
        if (fwrite(buffer, 1, got, target) != got)
            break;
    (void)fclose(source);
    if (ferror(target) != 0 || fclose(target) != 0)
        tool_fail(TOOL_FAILED, "%s: %s", to, strerror(errno));
}

static void run_show_report(const struct run *run, const char *prefix,
                            const struct launch_result *result)
{
    struct partition partition;
    char path[PATH_MAX];

    tool_print(path, sizeof path, "%s.%ld", prefix, (long)result->process);
    if (!partition_read(path, &partition)) {
        tool_say("the program left no statistics: it did not end by exit, but "
                 "by a signal, _exit or exec");
        return;
    }
    if (run->report != NULL)
        run_copy(path, run->report);
    if (run->stats == MNI_OPTION_STATS_TEXT)
        partition_write_text(stderr, &partition);
    if (run->stats == MNI_OPTION_STATS_JSON)
        partition_write_json(stderr, &partition);
}

static void run_show_time(const struct launch_result *result)
{
    (void)fprintf(stderr,
                  "\nwall time      %10.3f s\n"
                  "CPU time       %10.3f s  of the program\n"
                  "               %10.3f s  with all that it waited for\n"
                  "peak resident  %12s  of the largest of these processes\n",
                  result->wall, result->cpu, result->cpu_tree,
                  tool_size(result->peak_bytes));
}

static int run_program(struct run *run)
{
    struct preload_paths paths;
    char report[PATH_MAX];
    struct launch_result result;
    bool reporting = run->report != NULL || run->stats != MNI_OPTION_STATS_OFF;

    preload_find(&run->preload, &paths);
    if (reporting)
        run_ask_report(run, report);
    preload_run(&run->preload, &paths, &result);
    if (reporting)
        run_show_report(run, report, &result);
    if (run->time)
        run_show_time(&result);
    return result.status;
}

int run_main(int count, char **arguments)
{
    static const struct argp argp = {.options = run_options,
                                     .parser = run_parse,
                                     .args_doc = "[--] PROGRAM [ARGUMENT...]",
                                     .doc = run_doc};
    struct run run = {0};

    if (argp_parse(&argp, count, arguments, ARGP_IN_ORDER, NULL, &run) != 0)
        return TOOL_FAILED;
    return run_program(&run);
}
