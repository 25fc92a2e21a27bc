/* SPDX-License-Identifier: MIT */
/* compare.c -- `mneme compare`: a command with Mneme and without.
 *
 * Runs alternate, so that what else the machine does falls on both alike. The
 * first two warm the caches and are not counted; the one on Mneme leaves the
 * report that is drawn, so that the counted runs write none.
 */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launch.h"
#include "partition.h"
#include "program.h"
#include "tool.h"

enum { COMPARE_RUNS = 3, COMPARE_RUNS_MAX = 99, COMPARE_OUTPUT_MAX = 65536 };
enum { COMPARE_LIB = 256 };

/* The same command in two ways. */
enum compare_side { COMPARE_MNEME, COMPARE_OWN, COMPARE_SIDES };

struct compare {
    const char *library;
    unsigned runs;
    bool show_output;
    char **program;
    char path[PATH_MAX];
    char library_path[PATH_MAX];
    char report_option[PATH_MAX + 16];
    int output[COMPARE_SIDES]; /* files, of the first run each */
    int other_output;          /* of the other runs */
    struct launch_result first[COMPARE_SIDES];
    struct launch_result results[COMPARE_SIDES][COMPARE_RUNS_MAX];
};

static const struct argp_option compare_options[] = {
    {"runs", 'n', "COUNT", 0, "Count COUNT runs of each kind, 3 by default", 0},
    {"output", 'v', NULL, 0, "Show what the first run prints", 0},
    {"lib", COMPARE_LIB, "PATH", 0,
     "The library to preload, instead of the one that came with this command",
     0},
    {0},
};

static const char compare_doc[] =
    "Run COMMAND with Mneme and without, in turn, and show time, memory, and "
    "where the memory of its largest process was on Mneme."
    "\vThe exit status is 0 if all runs of the command ended alike.\n";

static error_t compare_parse(int key, char *value, struct argp_state *state)
{
    struct compare *compare = state->input;
    char *end;

    switch (key) {
    case 'n':
        errno = 0;
        unsigned long runs = strtoul(value, &end, 10);
        if (*end != '\0' || errno != 0 || runs < 1 || runs > COMPARE_RUNS_MAX)
            argp_error(state, "--runs=%s: expected 1 to %d", value,
                       COMPARE_RUNS_MAX);
        compare->runs = (unsigned)runs;
        return 0;
    case 'v':
        compare->show_output = true;
        return 0;
    case COMPARE_LIB:
        compare->library = value;
        return 0;
    case ARGP_KEY_ARGS:
        compare->program = state->argv + state->next;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which command?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- running ---- */

static int compare_open(const char *name)
{
    char path[PATH_MAX];

    tool_print(path, sizeof path, "%s/%s", tool_folder(), name);
    int file =
        open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0)
        tool_fail(TOOL_FAILED, "%s: %s", path, strerror(errno));
    return file;
}

static off_t compare_size(int file)
{
    struct stat status;

    return fstat(file, &status) == 0 ? status.st_size : -1;
}

/* Copy the start of what a command printed. */
static void compare_show(int file, FILE *target)
{
    static char text[COMPARE_OUTPUT_MAX];
    ssize_t size = pread(file, text, sizeof text, 0);

    if (size > 0)
        (void)fwrite(text, 1, (size_t)size, target);
    if (compare_size(file) > COMPARE_OUTPUT_MAX)
        (void)fputs("\n...\n", target);
}

static bool compare_same_output(const struct compare *compare)
{
    char texts[COMPARE_SIDES][BUFSIZ];
    off_t offset = 0;

    for (;;) {
        ssize_t size = pread(compare->output[0], texts[0], BUFSIZ, offset);
        if (pread(compare->output[1], texts[1], BUFSIZ, offset) != size)
            return false;
        if (size <= 0)
            return size == 0;
        if (memcmp(texts[0], texts[1], (size_t)size) != 0)
            return false;
        offset += size;
    }
}

static void compare_progress(const struct compare *compare, unsigned run)
{
    if (isatty(STDERR_FILENO) != 1)
        return;
    if (run < 2 * compare->runs + 2)
        (void)fprintf(stderr, "\rrun %u of %u ", run + 1,
                      2 * compare->runs + 2);
    else
        (void)fprintf(stderr, "\r                \r");
}

static void compare_run(const struct compare *compare, enum compare_side side,
                        const char *options, int output,
                        struct launch_result *result)
{
    struct launch launch = {
        .path = compare->path,
        .arguments = compare->program,
        .library = side == COMPARE_MNEME ? compare->library_path : NULL,
        .options = options,
        .output = output,
    };

    (void)!ftruncate(compare->other_output, 0);
    launch_run(&launch, result);
    launch_check(&launch, result);
}

static void compare_run_all(struct compare *compare)
{
    unsigned run = 0;

    for (unsigned side = 0; side < COMPARE_SIDES; side++) {
        compare_progress(compare, run++);
        compare->output[side] = compare_open(side == 0 ? "mneme" : "own");
        compare_run(compare, (enum compare_side)side, compare->report_option,
                    compare->output[side], &compare->first[side]);
    }
    for (unsigned i = 0; i < compare->runs; i++)
        for (unsigned turn = 0; turn < COMPARE_SIDES; turn++) {
            unsigned side = (turn + i) % COMPARE_SIDES;
            compare_progress(compare, run++);
            compare_run(compare, (enum compare_side)side, "",
                        compare->other_output, &compare->results[side][i]);
        }
    compare_progress(compare, run);
}

/* ---- showing ---- */

static double compare_wall(const struct launch_result *result)
{
    return result->wall;
}

static double compare_cpu(const struct launch_result *result)
{
    return result->cpu_tree;
}

static double compare_peak(const struct launch_result *result)
{
    return (double)result->peak_bytes / (1024 * 1024);
}

static int compare_order(const void *a, const void *b)
{
    double first = *(const double *)a;
    double second = *(const double *)b;

    return (first > second) - (first < second);
}

/* The median, and how far the others lie from it at most, as a share. */
static double compare_median(const struct compare *compare, unsigned side,
                             double (*value)(const struct launch_result *),
                             double *spread)
{
    double values[COMPARE_RUNS_MAX];
    unsigned count = compare->runs;

    for (unsigned i = 0; i < count; i++)
        values[i] = value(&compare->results[side][i]);
    qsort(values, count, sizeof values[0], compare_order);
    double median = (values[(count - 1) / 2] + values[count / 2]) / 2;
    double most = values[count - 1] - median > median - values[0]
                      ? values[count - 1] - median
                      : median - values[0];
    double share = median > 0 ? most / median : 0;
    if (share > *spread)
        *spread = share;
    return median;
}

static void compare_row(const struct compare *compare, const char *name,
                        const char *unit,
                        double (*value)(const struct launch_result *))
{
    double spread = 0;
    double mneme = compare_median(compare, COMPARE_MNEME, value, &spread);
    double own = compare_median(compare, COMPARE_OWN, value, &spread);

    (void)printf("  %-14s %10.3f %-3s %10.3f %-3s", name, mneme, unit, own,
                 unit);
    if (own > 0 && mneme > 0)
        (void)printf(" %9.2f   within %.0f %%", mneme / own, 100 * spread);
    (void)putchar('\n');
}

static void compare_table(const struct compare *compare)
{
    (void)printf("  %-14s %14s %14s %9s\n", "", "Mneme   ", "own malloc   ",
                 "ratio");
    compare_row(compare, "wall time", "s", compare_wall);
    compare_row(compare, "CPU time", "s", compare_cpu);
    compare_row(compare, "peak resident", "MiB", compare_peak);
    (void)printf("  %-14s %s\n", "output",
                 compare_same_output(compare) ? "the same" : "NOT the same");
    (void)printf("\n  Medians of %u run%s each, in turn. CPU time is of all "
                 "processes, the peak is\n"
                 "  that of the largest; \"within\" is how far any run lies "
                 "from its median.\n\n",
                 compare->runs, compare->runs == 1 ? "" : "s");
}

static void compare_picture(void)
{
    struct partition partition;
    char title[PATH_MAX];
    unsigned count =
        partition_read_largest(tool_folder(), "report.", &partition);

    if (count == 0) {
        tool_say("no process left statistics: none ended by exit, but by a "
                 "signal, _exit or exec");
        return;
    }
    tool_print(title, sizeof title,
               "The heap of %s at its peak, the largest of %s process%s:",
               partition.program, tool_count(count), count == 1 ? "" : "es");
    picture_write(stdout, title, &partition.peak);
    (void)puts("\n  What else is resident is not malloc's: code, stacks, and "
               "what a program maps.");
}

/* Whether all runs ended alike; if not, say how. */
static bool compare_ended_alike(const struct compare *compare)
{
    int status = compare->first[COMPARE_OWN].status;
    int different = status;

    if (compare->first[COMPARE_MNEME].status != status)
        different = compare->first[COMPARE_MNEME].status;
    for (unsigned side = 0; side < COMPARE_SIDES; side++)
        for (unsigned i = 0; i < compare->runs; i++)
            if (compare->results[side][i].status != status)
                different = compare->results[side][i].status;
    if (status != 0 || different != status)
        tool_say("the command ended with status %d%s", status,
                 different == status ? ", on Mneme too"
                                     : "; other runs ended otherwise");
    if (different != status)
        tool_say("with status %d, for one; on Mneme it first printed:",
                 different);
    if (status != 0 || different != status)
        compare_show(compare->output[COMPARE_MNEME], stderr);
    return different == status;
}

int compare_main(int count, char **arguments)
{
    static const struct argp argp = {.options = compare_options,
                                     .parser = compare_parse,
                                     .args_doc = "[--] COMMAND [ARGUMENT...]",
                                     .doc = compare_doc};
    static struct compare compare = {.runs = COMPARE_RUNS};

    if (argp_parse(&argp, count, arguments, ARGP_IN_ORDER, NULL, &compare) != 0)
        return TOOL_FAILED;
    program_library(compare.library, compare.library_path);
    program_find(compare.program[0], compare.path);
    program_check(compare.path, compare.library_path);
    tool_print(compare.report_option, sizeof compare.report_option,
               "report=%s/report", tool_folder());
    compare.other_output = compare_open("other");
    compare_run_all(&compare);
    if (compare.show_output) {
        compare_show(compare.output[COMPARE_MNEME], stdout);
        (void)putchar('\n');
    }
    bool alike = compare_ended_alike(&compare);
    compare_table(&compare);
    compare_picture();
    return alike ? EXIT_SUCCESS : EXIT_FAILURE;
}
