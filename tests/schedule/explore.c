/* SPDX-License-Identifier: MIT */
/* explore.c -- choices, coroutines, and memory that is put back.
 *
 * A schedule is the list of the choices that it made. The next one is the
 * same up to the last choice that has an alternative left (depth first), and
 * is run from the beginning.
 */
#include "run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct run *run;

/* Thread-local variables of the library are compiled into this section. */
extern unsigned char __start_explore_local[];
extern unsigned char __stop_explore_local[];

/* All variables of the program, from the linker. */
extern unsigned char __data_start[];
extern unsigned char _end[];

/* There is always one. */
__attribute__((section("explore_local"), used)) static uint64_t explore_always;

/* ---- choices ---- */

unsigned run_choose(unsigned width)
{
    unsigned depth = run->depth;

    if (width < 2)
        return 0;
    if (depth == RUN_DEPTH)
        explore_fail("a schedule does not end");
    run->depth++;
    if (depth >= run->length) {
        run->choice[depth] = 0;
        run->length = depth + 1;
    } else if (run->width[depth] != width) {
        explore_fail("the same choices led elsewhere");
    }
    run->width[depth] = (unsigned char)width;
    return run->choice[depth];
}

/* Turn the list of choices into the next one. False if there is none. */
static bool explore_next(void)
{
    run->length = run->depth;
    while (run->length > 0
           && run->choice[run->length - 1] + 1 == run->width[run->length - 1])
        run->length--;
    if (run->length == 0)
        return false;
    run->choice[run->length - 1]++;
    return true;
}

/* ---- threads ---- */

int explore_self(void)
{
    return run->self;
}

static size_t explore_local_size(void)
{
    return (size_t)(__stop_explore_local - __start_explore_local);
}

void explore_as(int thread)
{
    memcpy(run_self()->local, __start_explore_local, explore_local_size());
    run->self = thread;
    memcpy(__start_explore_local, run_self()->local, explore_local_size());
}

void explore_thread_begins(void)
{
    memcpy(__start_explore_local, run->local, explore_local_size());
}

bool run_can(int thread)
{
    const struct run_thread *other = &run->threads[thread];

    return !other->done && (other->ready == NULL || other->ready(other->word));
}

static void explore_thread(void);

/* Go to the thread for good; who comes back does so by a jump. */
static _Noreturn void explore_go(int thread)
{
    explore_as(thread);
    struct run_thread *self = run_self();
    self->ready = NULL;
    if (self->started)
        _longjmp(self->where, 1);
    self->started = true;
    (void)getcontext(&self->first);
    self->first.uc_stack.ss_sp = self->stack;
    self->first.uc_stack.ss_size = sizeof self->stack;
    self->first.uc_link = NULL;
    makecontext(&self->first, explore_thread, 0);
    (void)setcontext(&self->first);
    abort();
}

void run_switch(int thread)
{
    if (thread == run->self) {
        run_self()->ready = NULL;
        return;
    }
    if (_setjmp(run_self()->where) == 0)
        explore_go(thread);
}

/* A thread that can go on, as chosen; -1 if there is none. */
static int explore_pick(void)
{
    int able[EXPLORE_THREADS];
    unsigned count = 0;

    for (int i = 0; i < run->scenario->threads; i++)
        if (run_can(i))
            able[count++] = i;
    return count == 0 ? -1 : able[run_choose(count)];
}

static void explore_thread(void)
{
    run->scenario->body(run->self);
    run_flush(run_self());
    run_self()->done = true;
    int next = explore_pick();
    if (next >= 0)
        explore_go(next);
    for (int i = 0; i < run->scenario->threads; i++)
        if (!run->threads[i].done)
            explore_fail("threads wait for each other");
    _longjmp(run->end, 1);
}

void explore_wait(bool (*ready)(const void *word), const void *word)
{
    if (!run->active)
        explore_fail("a wait outside of all threads");
    run_flush(run_self());
    while (!ready(word)) {
        run_self()->ready = ready;
        run_self()->word = word;
        int next = explore_pick();
        if (next < 0)
            explore_fail("threads wait for each other");
        run_switch(next);
    }
}

void explore_fail(const char *what)
{
    run->failed = what;
    if (run->active)
        _longjmp(run->end, 1);
    printf("FAILED: %s\n%s\n", run->scenario->name, what);
    run_print_trace();
    exit(1);
}

void explore_expected(const char *what, int line)
{
    static char text[200];

    snprintf(text, sizeof text, "line %d: expected: %s", line, what);
    explore_fail(text);
}

/* ---- memory ---- */

static size_t explore_image_size(void)
{
    return (size_t)(_end - __data_start);
}

void explore_memory(void *start, size_t size)
{
    if (run->range_count == RUN_RANGES)
        explore_fail("too many ranges of memory");
    run->ranges[run->range_count++] = (struct run_range){start, size, NULL};
}

void explore_forget_memory(void *start)
{
    size_t last = run->range_count - 1;

    if (run->ranges[last].start == start)
        run->range_count = last;
}

static void explore_save(void)
{
    explore_as(EXPLORE_THREADS);
    run->image = malloc(explore_image_size());
    memcpy(run->image, __data_start, explore_image_size());
    for (size_t i = 0; i < run->range_count; i++) {
        struct run_range *range = &run->ranges[i];
        range->copy = malloc(range->size);
        memcpy(range->copy, range->start, range->size);
    }
    run->range_count_first = run->range_count;
    for (int i = 0; i <= EXPLORE_THREADS; i++)
        memcpy(run->threads[i].local_first, run->threads[i].local, RUN_LOCAL);
}

static void explore_restore(void)
{
    memcpy(__data_start, run->image, explore_image_size());
    for (size_t i = 0; i < run->range_count; i++) {
        const struct run_range *range = &run->ranges[i];
        if (i < run->range_count_first)
            memcpy(range->start, range->copy, range->size);
        else
            memset(range->start, 0, range->size);
    }
    run->range_count = run->range_count_first;
    run->record_count = 0;
    for (int i = 0; i <= EXPLORE_THREADS; i++) {
        struct run_thread *thread = &run->threads[i];
        memcpy(thread->local, thread->local_first, RUN_LOCAL);
        thread->started = thread->done = false;
        thread->tolerates = thread->interrupted = false;
        thread->ready = NULL;
        thread->store_count = 0;
        thread->locks = 0;
    }
    memcpy(__start_explore_local, run->threads[EXPLORE_THREADS].local,
           explore_local_size());
    run->self = EXPLORE_THREADS;
}

/* ---- exploring ---- */

static void explore_once(void)
{
    explore_restore();
    run->depth = 0;
    run->spent = 0;
    run->step_count = 0;
    run->points_here = 0;
    run->steps = 0;
    run->schedules++;
    run->active = true;
    if (_setjmp(run->end) == 0)
        explore_go(explore_pick());
    run->active = false;
    if (run->points_here > run->points)
        run->points = run->points_here;
    if (run->failed != NULL) {
        printf("FAILED: %s\n%s\nin schedule %lu, with %d preemptions and "
               "delays:\n",
               run->scenario->name, run->failed, run->schedules, run->spent);
        run_print_trace();
        exit(1);
    }
    explore_as(EXPLORE_THREADS);
    run->scenario->check();
}

static double explore_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void explore_scenario(const struct explore_scenario *scenario, int more)
{
    size_t local = explore_local_size();

    memcpy(run->local, __start_explore_local, local);
    run->scenario = scenario;
    run->bound = scenario->bound + more;
    if (run->bound < 0)
        run->bound = 0;
    for (int i = 0; i <= EXPLORE_THREADS; i++)
        memcpy(run->threads[i].local, __start_explore_local, local);
    scenario->setup();
    explore_save();
    bool again;
    do {
        run->grown = false;
        explore_once();
        again = run->grown || explore_next();
        if (run->grown)
            run->length = 0;
    } while (again);
    printf("%-40s %8lu schedules, bound %d, %3lu points, %5.1f s\n",
           scenario->name, run->schedules, run->bound, run->points,
           explore_seconds());
}

static void explore_begin(void)
{
    run = mmap(NULL, sizeof *run, PROT_READ | PROT_WRITE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (run == MAP_FAILED || explore_local_size() > RUN_LOCAL)
        abort();
    run->self = EXPLORE_THREADS;
    run->late = true;
}

/* The library may begin before main, and so before this would be called. */
__attribute__((constructor(101))) static void explore_constructor(void)
{
    explore_begin();
}

/* Each scenario in a process of its own. Whether all went well. */
static bool explore_one(const struct explore_scenario *scenario, int more)
{
    int status;

    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        explore_scenario(scenario, more);
        fflush(stdout);
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        abort();
    if (WIFSIGNALED(status))
        printf("FAILED: %s: signal %d\n", scenario->name, WTERMSIG(status));
    return status == 0;
}

int explore_main(int argc, char **argv, const struct explore_scenario *all,
                 size_t count)
{
    int more = 0;
    bool right = true;
    size_t asked = 0;

    for (int i = 1; i < argc; i++)
        if (argv[i][0] == '+' || argv[i][0] == '-')
            more = atoi(argv[i]);
    for (size_t i = 0; i < count; i++) {
        bool wanted = argc == 1 || (argc == 2 && more != 0);
        for (int k = 1; k < argc; k++)
            wanted |= strcmp(argv[k], all[i].name) == 0;
        if (!wanted)
            continue;
        asked++;
        right &= explore_one(&all[i], more);
    }
    if (asked == 0)
        printf("no such scenario\n");
    return right && asked != 0 ? 0 : 1;
}
