/* SPDX-License-Identifier: MIT */
/* report.c -- a snapshot now and then, and writing the largest at the end.
 *
 * Nothing says when memory is at its peak, so we look again and again, and
 * keep the look at which most of it was in use. Looking costs time for
 * each span; so it waits until the program took an eighth as many spans as
 * there are. The peak is found up to that eighth, at a constant cost for each
 * span that the program takes.
 */
#include "heap/report.h"

#include <errno.h>
#include <mn/stats.h>
#include <string.h>

#include "base/atomic.h"
#include "base/text.h"
#include "heap/demand.h"
#include "heap/leaks.h"
#include "heap/options.h"
#include "os/os.h"
#include "space/meta.h"

enum {
    REPORT_TICKS_MIN = 4,
    REPORT_PART = 8,        /* of the spans, new ones between two snapshots */
    REPORT_PATH_SIZE = 600, /* of the longest value of an option, and more */
    REPORT_LINE_SIZE = 128,
    REPORT_STDERR = 2
};

/* The C library's: how this program was called. */
extern char *program_invocation_short_name;

struct mni_report_window mni_report_window = {
    .magic = MNI_REPORT_MAGIC,
    .self = &mni_report_window,
    .size = sizeof mni_report_window,
    .layout = MNI_REPORT_LAYOUT,
    .stock = &mni_stock,
    .map = &mni_map,
};

static bool report_on;
static bool report_cancelled;
static _Atomic uint32_t report_ended;
/* The process in which a thread takes a snapshot, or 0. The child of a fork
 * may find its parent here, whose thread it has not got. */
static _Atomic uint64_t report_busy;
static _Atomic int64_t report_rest; /* ticks until the next one */
static struct mn_stats report_peak;

struct report_field {
    const char *name;
    size_t offset;
};

/* The causes come before these, under their own names. */
static const struct report_field report_fields[] = {
    {"reserved", offsetof(struct mn_stats, reserved)},
    {"committed_peak", offsetof(struct mn_stats, committed_peak)},
    {"block_count", offsetof(struct mn_stats, block_count)},
    {"span_count", offsetof(struct mn_stats, span_count)},
    {"heap_count", offsetof(struct mn_stats, heap_count)},
};
enum { REPORT_FIELDS = sizeof report_fields / sizeof report_fields[0] };

/* The path must end in this process's number: the variable that names it is
 * inherited by processes that the command does not wait for. */
static void report_announce(const char *path)
{
    char buffer[32];
    struct mni_text text;

    mni_text_init(&text, buffer, sizeof buffer);
    mni_text_put(&text, ".");
    mni_text_put_count(&text, mni_os_process());
    size_t size = strlen(path);
    if (size < text.used || strcmp(path + size - text.used, buffer) != 0)
        return;
    int file = mni_os_open(path);
    if (file >= 0)
        mni_os_close(file);
}

void mni_report_begin(void)
{
    const char *path = mni_option_text(MNI_OPTION_ANNOUNCE);

    if (path[0] != '\0')
        report_announce(path);
    report_on = mni_option_text(MNI_OPTION_REPORT)[0] != '\0';
}

void mni_report_cancel(void)
{
    report_cancelled = true;
    report_on = false;
}

static size_t report_in_use(const struct mn_stats *stats)
{
    return stats->payload + stats->rounding;
}

static void report_look(void)
{
    uint64_t process = mni_os_process();
    uint64_t busy = mn_atomic_load_relaxed(&report_busy);
    struct mn_stats stats = {0};

    /* Acquire, and release below: one look follows the other. */
    if (busy == process
        || !mn_atomic_cas_strong_acquire(&report_busy, &busy, process))
        return;
    if (mn_stats(&stats)
        && report_in_use(&stats) >= report_in_use(&report_peak))
        report_peak = stats;
    mn_atomic_store_relaxed(&report_rest,
                            REPORT_TICKS_MIN
                                + (int64_t)(stats.span_count / REPORT_PART));
    mn_atomic_store_release(&report_busy, 0);
}

void mni_report_tick(void)
{
    mni_demand_tick();
    /* Relaxed: it only counts. */
    if (report_on && mn_atomic_add_relaxed(&report_rest, -1) <= 0)
        report_look();
}

/* ---- writing ---- */

static void report_line(int file, const char *when, const char *name,
                        size_t value)
{
    char buffer[REPORT_LINE_SIZE];
    struct mni_text text;

    mni_text_init(&text, buffer, sizeof buffer);
    mni_text_put(&text, when);
    mni_text_put(&text, ".");
    mni_text_put(&text, name);
    mni_text_put(&text, "=");
    mni_text_put_count(&text, value);
    mni_text_put(&text, "\n");
    mni_os_write(file, buffer, text.used);
}

static void report_stats(int file, const char *when,
                         const struct mn_stats *stats)
{
    report_line(file, when, "committed", stats->committed);
    for (unsigned i = 0; i < mn_stats_cause_count(); i++)
        report_line(file, when, mn_stats_cause_name(i),
                    mn_stats_cause(stats, i));
    for (unsigned i = 0; i < REPORT_FIELDS; i++) {
        const char *field = (const char *)stats + report_fields[i].offset;
        size_t value;
        memcpy(&value, field, sizeof value);
        report_line(file, when, report_fields[i].name, value);
    }
}

static void report_refused(const char *path)
{
    char buffer[REPORT_PATH_SIZE + REPORT_LINE_SIZE];
    struct mni_text text;

    mni_text_init(&text, buffer, sizeof buffer);
    mni_text_put(&text, "mneme: cannot write the report ");
    mni_text_put(&text, path);
    mni_text_put(&text, "\n");
    mni_os_write(REPORT_STDERR, buffer, text.used);
}

/* ---- checking ---- */

void mni_report_put_check(struct mni_text *text, const struct mn_stats *end,
                          const char *wrong)
{
    if (wrong != NULL) {
        mni_text_put(text, "damaged: ");
        mni_text_put(text, wrong);
    } else {
        mni_text_put(text, "right: ");
        mni_text_put_count(text, end->block_count);
        mni_text_put(text, " blocks out, in ");
        mni_text_put_count(text, end->span_count);
        mni_text_put(text, " spans");
    }
    mni_text_put(text, "\n");
}

static void report_check(int file, const char *before,
                         const struct mn_stats *end, const char *wrong)
{
    char buffer[REPORT_LINE_SIZE];
    struct mni_text text;

    mni_text_init(&text, buffer, sizeof buffer);
    mni_text_put(&text, before);
    mni_report_put_check(&text, end, wrong);
    mni_os_write(file, buffer, text.used);
}

/* How the heap is checked at the end. */
static uint64_t report_checks(void)
{
    uint64_t check = mni_option(MNI_OPTION_CHECK);

    return check == MNI_OPTION_CHECK_DEMAND ? MNI_OPTION_CHECK_OFF : check;
}

/* ---- leaks ---- */

static struct mni_leaks report_leaks; /* too large for a stack */

static void report_to_file(const char *text, size_t size, void *context)
{
    mni_os_write(*(const int *)context, text, size);
}

static void report_write_leaks(int file, const char *before, bool found)
{
    static const char none[] = "leaks were not looked for\n";

    if (found) {
        mni_leaks_write(&report_leaks, before, report_to_file, &file);
    } else {
        mni_os_write(file, before, strlen(before));
        mni_os_write(file, none, sizeof none - 1);
    }
}

/* ---- at the end ---- */

/* What was found, besides the statistics. */
struct report_found {
    const char *wrong; /* in the heap, or NULL */
    bool leaks;        /* they were looked for */
};

static void report_file(const struct mn_stats *end, struct report_found found)
{
    char buffer[REPORT_PATH_SIZE];
    struct mni_text text;

    mni_text_init(&text, buffer, sizeof buffer);
    mni_text_put(&text, mni_option_text(MNI_OPTION_REPORT));
    mni_text_put(&text, ".");
    mni_text_put_count(&text, mni_os_process());
    int file = mni_os_open(buffer);
    if (file < 0) {
        report_refused(buffer);
        return;
    }
    mni_text_init(&text, buffer, sizeof buffer);
    mni_text_put(&text, "mneme-report 1\nprogram ");
    mni_text_put(&text, program_invocation_short_name);
    mni_text_put(&text, "\nprocess ");
    mni_text_put_count(&text, mni_os_process());
    mni_text_put(&text, "\n");
    mni_os_write(file, buffer, text.used);
    report_stats(
        file, "peak",
        report_in_use(end) > report_in_use(&report_peak) ? end : &report_peak);
    report_stats(file, "end", end);
    if (report_checks() != MNI_OPTION_CHECK_OFF)
        report_check(file, "check ", end, found.wrong);
    if (mni_option(MNI_OPTION_LEAKS) != MNI_OPTION_CHECK_OFF)
        report_write_leaks(file, "leaks ", found.leaks);
    mni_os_close(file);
}

static void report_print(const char *text, size_t size, void *context)
{
    (void)context;
    mni_os_write(REPORT_STDERR, text, size);
}

void mni_report_end(void)
{
    uint64_t shown = mni_option(MNI_OPTION_STATS);
    uint64_t check = report_checks();
    uint64_t leaks = mni_option(MNI_OPTION_LEAKS);
    struct report_found found = {0};
    struct mn_stats stats;

    if (report_cancelled
        || (!report_on && shown == MNI_OPTION_STATS_OFF
            && check == MNI_OPTION_CHECK_OFF && leaks == MNI_OPTION_CHECK_OFF))
        return;
    /* Relaxed: it only counts; the process has one end. */
    if (mn_atomic_exchange_relaxed(&report_ended, 1) != 0)
        return;
    /* First: what is damaged may mislead the statistics. */
    if (check != MNI_OPTION_CHECK_OFF)
        found.wrong = mni_check_all();
    if (leaks != MNI_OPTION_CHECK_OFF)
        found.leaks = found.wrong == NULL && mni_leaks_find(&report_leaks);
    if (!mn_stats(&stats))
        return;
    if (check == MNI_OPTION_CHECK_EXIT)
        report_check(REPORT_STDERR, "mneme: at exit the heap is ", &stats,
                     found.wrong);
    if (leaks == MNI_OPTION_CHECK_EXIT)
        report_write_leaks(REPORT_STDERR, "mneme: ", found.leaks);
    if (report_on)
        report_file(&stats, found);
    if (shown != MNI_OPTION_STATS_OFF)
        mn_stats_write(&stats, shown == MNI_OPTION_STATS_JSON, report_print,
                       NULL);
}
