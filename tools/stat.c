/* SPDX-License-Identifier: MIT */
/* stat.c -- `mneme stat`: where the memory of a process is.
 *
 * Mneme's records in the process are copied and counted here; the process goes
 * on and does nothing for it. If the stock did not change meanwhile, by its
 * count of changes, the numbers are of one moment. Otherwise we try again, and
 * in the end are content with each span as it was at some moment: the causes
 * add up all the same, because each cell is counted once.
 */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "heap/cells.h"
#include "heap/stats.h"
#include "partition.h"
#include "remote.h"
#include "tool.h"

enum {
    STAT_TRIES = 20,
    STAT_RECORD_MAX = 1 << 16,
    STAT_OWNERS_MAX = 8, /* published regions, one in the other */
    STAT_HEAPS_MAX = 1 << 20
};

struct stat_count {
    struct remote *remote;
    struct mn_stats stats;
    struct mni_map map;
    bool torn; /* some record was not as it should be */
};

/* What is copied of an arena. */
struct stat_arena {
    struct mni_arena record;
    const struct mni_arena *address; /* of the record, there */
    struct mn_owner **owners;        /* of each cell */
    uint64_t *dirty;
    uint64_t *aged;
    uint64_t *old;
    size_t cell_count;
};

union stat_record {
    struct mni_span span;
    struct mni_slab slab;
    struct mni_large large;
    struct mn_publication publication;
    unsigned char bytes[STAT_RECORD_MAX];
};

/* ---- one span ---- */

static bool stat_is_slab(const struct mni_slab *slab)
{
    size_t bits = slab->span.record_size - offsetof(struct mni_slab, bits);

    return slab->span.kind == MNI_SPAN_SLAB
           && slab->span.record_size >= sizeof *slab
           && slab->class < MNI_CLASS_COUNT && slab->slot_size > 0
           && (size_t)slab->slot_size * slab->slot_count <= slab->span.size
           && slab->word_count <= slab->words_total
           && (size_t)slab->words_total * 2 * sizeof(uint64_t) <= bits
           && slab->slot_count <= (size_t)slab->word_count * 64;
}

/* Divide the bytes in use by what the process samples, not we. */
static void stat_divide(struct stat_count *count, unsigned class, size_t used)
{
    uint64_t samples = count->remote->window.sampled[class];
    uint64_t bytes = count->remote->window.sampled_bytes[class];
    uint64_t slots = samples * mni_class_size(class);
    size_t payload = used;

    if (slots != 0 && bytes < slots)
        payload = (size_t)((double)used * ((double)bytes / (double)slots));
    count->stats.payload += payload;
    count->stats.rounding += used - payload;
}

static void stat_add_slab(struct stat_count *count, const struct mni_slab *slab)
{
    unsigned char resident[MNI_SLAB_PAGES_MAX];
    struct mni_pages pages = {(size_t)sysconf(_SC_PAGESIZE), resident};
    size_t page_count = slab->span.size / pages.page_size;
    struct mn_stats part = {0};

    if (page_count > MNI_SLAB_PAGES_MAX
        || !remote_resident(count->remote, slab->span.start, page_count,
                            resident))
        pages.resident = NULL;
    mni_stats_add_slab(&part, slab, mni_slab_place(slab) == MNI_SLAB_CURRENT,
                       pages);
    stat_divide(count, slab->class, part.payload + part.rounding);
    count->stats.in_hand += part.in_hand;
    count->stats.in_spans += part.in_spans;
    count->stats.untouched += part.untouched;
    count->stats.block_count += part.block_count;
    count->stats.span_count++;
}

/* Count the span. False if the record is not one of a span that starts at
 * `start` and fits into `room` bytes. */
static bool stat_add_span(struct stat_count *count, union stat_record *record,
                          const unsigned char *start, size_t room)
{
    const struct mni_span *span = &record->span;

    if (span->start != start || span->size == 0 || span->size > room
        || span->size % MNI_CELL_SIZE != 0
        || span->source != count->remote->window.stock)
        return false;
    if (stat_is_slab(&record->slab)) {
        stat_add_slab(count, &record->slab);
    } else if (span->kind == MNI_SPAN_LARGE
               && record->large.asked <= span->size) {
        count->stats.payload += record->large.asked;
        count->stats.rounding += span->size - record->large.asked;
        count->stats.block_count++;
        count->stats.span_count++;
    } else if (span->kind == MNI_SPAN_CACHED) {
        count->stats.spans += span->size;
    } else {
        return false;
    }
    return true;
}

/* Copy the record that `owner` is the start of; what lies behind it may not
 * be memory any more. */
static bool stat_read_record(const struct stat_count *count,
                             const struct mn_owner *owner,
                             union stat_record *record)
{
    size_t size = sizeof record->slab > sizeof record->large
                      ? sizeof record->slab
                      : sizeof record->large;

    memset(record, 0, size);
    if (!remote_read(count->remote, owner, record, sizeof record->span))
        return false;
    size = record->span.record_size;
    /* A publication has no size there, and is larger than a span. */
    if (size < sizeof record->publication || size > sizeof *record)
        size = sizeof record->publication;
    return remote_read(count->remote, owner, record, size);
}

/* ---- an arena ---- */

/* Count the span that begins in this cell. Returns its size in bytes, or 0 if
 * there is none. */
static size_t stat_add_owner(struct stat_count *count,
                             const struct stat_arena *arena, size_t cell)
{
    static _Alignas(64) union stat_record record;
    const unsigned char *start = arena->record.start + cell * MNI_CELL_SIZE;
    size_t room = (arena->cell_count - cell) * MNI_CELL_SIZE;
    const struct mn_owner *owner = arena->owners[cell];

    for (int i = 0; i < STAT_OWNERS_MAX && owner != NULL; i++) {
        if (owner == &arena->address->owner)
            return 0;
        if (!stat_read_record(count, owner, &record))
            break;
        if (stat_add_span(count, &record, start, room))
            return record.span.size;
        owner = record.publication.below;
    }
    count->torn |= arena->owners[cell] != NULL;
    return 0;
}

static void stat_walk(struct stat_count *count, const struct stat_arena *arena)
{
    size_t cell = 0;

    while (cell < arena->cell_count) {
        size_t size = stat_add_owner(count, arena, cell);
        if (size > 0) {
            cell += size / MNI_CELL_SIZE;
            continue;
        }
        if (!mni_cells_get(arena->dirty, cell))
            count->stats.untouched += MNI_CELL_SIZE;
        else if (mni_cells_get(arena->aged, cell)
                 || mni_cells_get(arena->old, cell))
            count->stats.purgeable += MNI_CELL_SIZE;
        else
            count->stats.spans += MNI_CELL_SIZE;
        cell++;
    }
}

/* A copy of remote memory, or NULL. Nothing is NULL too. */
static void *stat_copy(const struct stat_count *count, const void *address,
                       size_t size)
{
    void *copy = size == 0 ? NULL : malloc(size);

    if (copy != NULL && !remote_read(count->remote, address, copy, size)) {
        free(copy);
        copy = NULL;
    }
    return copy;
}

/* The owners of an arena's cells, as addresses there; NULL where the map leads
 * to nobody. */
static struct mn_owner **stat_copy_owners(const struct stat_count *count,
                                          size_t first, size_t cell_count)
{
    const struct mni_map_table *table = count->map.table;
    uintptr_t *entries =
        stat_copy(count, (const void *)(uintptr_t)(table->cells + first),
                  cell_count * sizeof *entries);

    for (size_t i = 0; entries != NULL && i < cell_count; i++)
        entries[i] += entries[i] == 0 ? 0 : (uintptr_t)table;
    return (struct mn_owner **)(void *)entries;
}

static bool stat_add_arena(struct stat_count *count,
                           const struct mni_arena *address)
{
    struct stat_arena arena = {.address = address};
    struct mni_arena *record = &arena.record;

    if (!remote_read(count->remote, address, record, sizeof *record)
        || record->committed > record->size)
        return false;
    arena.cell_count = record->committed / MNI_CELL_SIZE;
    size_t first =
        ((uintptr_t)record->start >> MN_CELL_SHIFT) - count->map.first;
    size_t words = arena.cell_count / 64 + 1;
    bool done = arena.cell_count == 0;
    if (!done && first + arena.cell_count <= count->map.count) {
        arena.owners = stat_copy_owners(count, first, arena.cell_count);
        arena.dirty = stat_copy(count, record->dirty, words * sizeof(uint64_t));
        arena.aged = stat_copy(count, record->aged, words * sizeof(uint64_t));
        arena.old = stat_copy(count, record->old, words * sizeof(uint64_t));
        done = arena.owners != NULL && arena.dirty != NULL && arena.aged != NULL
               && arena.old != NULL;
    }
    if (done)
        stat_walk(count, &arena);
    free(arena.owners);
    free(arena.dirty);
    free(arena.aged);
    free(arena.old);
    count->stats.metadata += record->control_committed;
    count->stats.committed += record->committed + record->control_committed;
    count->stats.reserved += record->size + record->control_size;
    return done;
}

/* ---- the process ---- */

static size_t stat_heap_count(const struct stat_count *count)
{
    const struct mni_heap *heap = count->remote->window.heaps;
    size_t heaps = count->remote->window.own_heaps;

    for (int i = 0; i < STAT_HEAPS_MAX && heap != NULL; i++) {
        uint32_t kind;
        struct mni_heap *next;
        if (!remote_read(count->remote, &heap->kind, &kind, sizeof kind)
            || !remote_read(count->remote, &heap->next, &next, sizeof next))
            break;
        heaps += kind == MNI_HEAP_THREAD;
        heap = next;
    }
    return heaps;
}

/* Count once. True if nothing changed meanwhile. */
static bool stat_try(struct remote *remote, struct mn_stats *stats)
{
    struct stat_count count = {.remote = remote};
    struct mni_stock stock;
    uint32_t changes;

    remote_renew(remote);
    if (!remote_read(remote, remote->window.stock, &stock, sizeof stock)
        || !remote_read(remote, remote->window.map, &count.map,
                        sizeof count.map)
        || stock.arena_count > MNI_ARENAS_MAX)
        return false;
    for (uint32_t i = 0; i < stock.arena_count; i++)
        count.torn |= !stat_add_arena(&count, stock.arenas[i]);
    count.stats.heap_count = stat_heap_count(&count);
    size_t records = remote->window.records;
    count.stats.metadata += records;
    count.stats.committed += records;
    count.stats.reserved += remote->window.reserved;
    count.stats.committed_peak = stock.committed_peak > count.stats.committed
                                     ? stock.committed_peak
                                     : count.stats.committed;
    *stats = count.stats;
    return !count.torn
           && remote_read(remote, &remote->window.stock->changes, &changes,
                          sizeof changes)
           && changes == stock.changes && changes % 2 == 0;
}

/* False if the process never held still. */
static bool stat_count(struct remote *remote, struct mn_stats *stats)
{
    for (int i = 0; i < STAT_TRIES; i++) {
        struct timespec pause = {0, i * 100000};
        if (stat_try(remote, stats))
            return true;
        (void)nanosleep(&pause, NULL);
    }
    return false;
}

static void stat_show(const struct remote *remote, const struct mn_stats *stats,
                      bool still)
{
    char title[128];

    tool_print(title, sizeof title,
               "The heap of %s, process %ld, now:", remote->name,
               (long)remote->process);
    picture_write(stdout, title, stats);
    (void)printf("\n  %s of addresses reserved; %s heap%s; at most %s were "
                 "committed\n",
                 tool_size(stats->reserved), tool_count(stats->heap_count),
                 stats->heap_count == 1 ? "" : "s",
                 tool_size(stats->committed_peak));
    if (!still)
        (void)puts("  The process was busy: its spans were counted one after "
                   "the other.");
}

static void stat_show_json(const struct remote *remote,
                           const struct mn_stats *stats, bool still)
{
    (void)fputs("{\"program\": ", stdout);
    partition_write_string(stdout, remote->name);
    (void)printf(", \"process\": %ld, \"one_moment\": %s, \"now\": ",
                 (long)remote->process, still ? "true" : "false");
    partition_write_object(stdout, stats);
    (void)puts("}");
}

/* ---- arguments ---- */

struct stat_arguments {
    bool json;
    pid_t process; /* or 0 */
    int program;   /* index of a program to run, or 0 */
};

static const struct argp_option stat_options[] = {
    {"json", 'j', NULL, 0, "Write one JSON object", 0},
    {0},
};

static const char stat_doc[] =
    "Show where the memory of a process on Mneme is, from outside; the "
    "process goes on. With PROGRAM, run that on Mneme, and show it when the "
    "program ends, as `mneme run --stats` does.\n";

static error_t stat_parse(int key, char *value, struct argp_state *state)
{
    struct stat_arguments *arguments = state->input;
    char *end;

    switch (key) {
    case 'j':
        arguments->json = true;
        return 0;
    case ARGP_KEY_ARG:
        errno = 0;
        long process = strtol(value, &end, 10);
        if (state->quoted > 0 || end == value || *end != '\0') {
            arguments->program = state->next - 1;
            state->next = state->argc;
            return 0;
        }
        if (arguments->process != 0 || errno != 0 || process <= 0
            || process > INT_MAX)
            argp_error(state, "%s: expected the number of one process", value);
        arguments->process = (pid_t)process;
        return 0;
    case ARGP_KEY_END:
        if ((arguments->process == 0) == (arguments->program == 0))
            argp_error(state, "which process?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* As `mneme run --stats -- PROGRAM ...`. */
static int stat_run(const struct stat_arguments *asked, int count,
                    char **arguments)
{
    static char text[] = "--stats=text";
    static char json[] = "--stats=json";
    static char dashes[] = "--";
    char **run = malloc(((size_t)count + 4) * sizeof *run);

    if (run == NULL)
        tool_fail(TOOL_FAILED, "no memory");
    run[0] = arguments[0];
    run[1] = asked->json ? json : text;
    run[2] = dashes;
    int used = 3;
    for (int i = asked->program; i <= count; i++)
        run[used++] = arguments[i];
    int status = run_main(used - 1, run);
    free(run);
    return status;
}

int stat_main(int count, char **arguments)
{
    static const struct argp argp = {.options = stat_options,
                                     .parser = stat_parse,
                                     .args_doc = "PID\n[--] PROGRAM "
                                                 "[ARGUMENT...]",
                                     .doc = stat_doc};
    struct stat_arguments asked = {0};
    struct remote remote;
    struct mn_stats stats;

    if (argp_parse(&argp, count, arguments, ARGP_IN_ORDER, NULL, &asked) != 0)
        return TOOL_FAILED;
    if (asked.program != 0)
        return stat_run(&asked, count, arguments);
    remote_open(&remote, asked.process);
    bool still = stat_count(&remote, &stats);
    if (asked.json)
        stat_show_json(&remote, &stats, still);
    else
        stat_show(&remote, &stats, still);
    return EXIT_SUCCESS;
}
