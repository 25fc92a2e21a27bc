/* SPDX-License-Identifier: MIT */
/* world.c -- threads by a signal, memory by what the system lists.
 *
 * The list of threads is read again until no new one is found: a thread that is
 * not stopped yet may have made one. Of mappings, pages that were never touched
 * are left out, or else reading them would make them.
 */
#include "os/world.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/atomic.h"
#include "base/bits.h"
#include "os/os.h"

enum {
    WORLD_THREADS = 1024,   /* more go on */
    WORLD_WAIT = 200000000, /* nanoseconds for all of them to stop */
    WORLD_BUFFER = 4096,    /* bytes of a listing */
    WORLD_LINE = 256,       /* of a line in it, the rest is not needed */
    WORLD_PAGES = 512       /* looked up at a time */
};

/* Larger mappings are addresses set aside, as sanitizers do: to look up each
 * page of them takes minutes. */
static const uint64_t world_mapping_most = UINT64_C(1) << 36;
static const uint64_t world_has_content = UINT64_C(3) << 62;

/* A thread's variables lie above its stack, where the C library made both. */
static _Thread_local char world_mark __attribute__((tls_model("initial-exec")));

static struct {
    pid_t threads[WORLD_THREADS];
    uintptr_t _Atomic marks[WORLD_THREADS];
    uintptr_t _Atomic tops[WORLD_THREADS]; /* 0: it has not stopped */
    unsigned count;
    _Atomic uint32_t stopped;
    _Atomic uint32_t standing; /* 1 while they are to stand still */
    struct sigaction before;
} world;

/* ---- threads ---- */

static void world_stand(int number)
{
    int saved = errno;
    pid_t self = gettid();

    (void)number;
    for (unsigned i = 0; i < world.count; i++)
        if (world.threads[i] == self) {
            mn_atomic_store_relaxed(&world.marks[i], (uintptr_t)&world_mark);
            mn_atomic_store_relaxed(&world.tops[i],
                                    (uintptr_t)__builtin_frame_address(0));
        }
    /* Release: pairs with the acquire in mni_world_stop. */
    (void)mn_atomic_add_release(&world.stopped, 1);
    mni_os_wake(&world.stopped);
    while (mn_atomic_load_acquire(&world.standing) != 0)
        mni_os_wait(&world.standing, 1, MNI_OS_FOREVER);
    errno = saved;
}

static bool world_is_known(pid_t thread)
{
    for (unsigned i = 0; i < world.count; i++)
        if (world.threads[i] == thread)
            return true;
    return thread == gettid();
}

/* Send the signal to a thread that did not have it. Whether there was one. */
static bool world_signal(const char *name)
{
    pid_t thread = atoi(name);

    if (thread <= 0 || world.count == WORLD_THREADS || world_is_known(thread))
        return false;
    unsigned index = world.count;
    world.threads[index] = thread;
    mn_atomic_store_relaxed(&world.tops[index], 0);
    /* Before the handler looks for its place. */
    mn_atomic_signal_fence();
    world.count = index + 1;
    if (syscall(SYS_tgkill, getpid(), thread, SIGPWR) == 0)
        return true;
    world.count = index;
    return false;
}

/* Whether there were threads that were not known. */
static bool world_signal_all(int folder)
{
    /* As the system lays them out: two numbers of 8 bytes, the size of the
     * record, a byte, the name. */
    enum { SIZE_AT = 16, NAME_AT = 19 };
    char records[WORLD_BUFFER];
    bool found = false;
    long size;

    (void)lseek(folder, 0, SEEK_SET);
    while ((size = syscall(SYS_getdents64, folder, records, sizeof records))
           > 0)
        for (long at = 0; at < size;) {
            uint16_t length;
            memcpy(&length, records + at + SIZE_AT, sizeof length);
            found = world_signal(records + at + NAME_AT) || found;
            at += length;
        }
    return found;
}

static void world_wait(void)
{
    uint64_t end = mni_os_now() + WORLD_WAIT;
    uint32_t seen;

    while ((seen = mn_atomic_load_acquire(&world.stopped)) < world.count) {
        uint64_t now = mni_os_now();
        if (now >= end)
            return;
        mni_os_wait(&world.stopped, seen, end - now);
    }
}

void mni_world_stop(void)
{
    struct sigaction action = {.sa_handler = world_stand,
                               .sa_flags = SA_RESTART};
    int folder = open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    world.count = 0;
    mn_atomic_store_relaxed(&world.stopped, 0);
    if (folder < 0)
        return;
    mn_atomic_store_release(&world.standing, 1);
    sigfillset(&action.sa_mask);
    (void)sigaction(SIGPWR, &action, &world.before);
    while (world_signal_all(folder))
        world_wait();
    close(folder);
}

void mni_world_go_on(void)
{
    if (mn_atomic_exchange_release(&world.standing, 0) == 0)
        return; /* nobody was to stand */
    for (unsigned i = 0; i < world.count; i++)
        mni_os_wake(&world.standing);
    /* One that holds the signal back gets it later, and goes on at once. */
    if (mn_atomic_load_acquire(&world.stopped) == world.count)
        (void)sigaction(SIGPWR, &world.before, NULL);
}

/* ---- memory ---- */

struct world_walk {
    mni_world_fn visit;
    void *context;
    int pages; /* what the system tells of each page */
    uintptr_t here;
};

static void world_visit(const struct world_walk *walk, uintptr_t start,
                        uintptr_t end)
{
    if (start < end)
        walk->visit((const void *)start, end - start, walk->context);
}

/* Visit the pages that have content. */
static void world_visit_touched(const struct world_walk *walk, uintptr_t start,
                                uintptr_t end)
{
    uint64_t entries[WORLD_PAGES];
    size_t page = mni_os_page_size();

    for (uintptr_t at = start; at < end;) {
        uintptr_t first = mni_round_down(at, page);
        size_t count = (end - first + page - 1) / page;
        if (count > WORLD_PAGES)
            count = WORLD_PAGES;
        ssize_t got = pread(walk->pages, entries, count * sizeof entries[0],
                            (off_t)(first / page * sizeof entries[0]));
        if (got != (ssize_t)(count * sizeof entries[0])) {
            world_visit(walk, at, end);
            return;
        }
        for (size_t i = 0; i < count; i++, first += page, at = first)
            if (entries[i] & world_has_content)
                world_visit(walk, at, first + page < end ? first + page : end);
    }
}

/* A mapping, and the lowest end of a stack in it. */
struct world_mapping {
    uintptr_t start;
    uintptr_t end;
    uintptr_t least;
    bool is_first; /* thread's stack */
};

/* A stack elsewhere, as a coroutine has it, may have data below it. */
static void world_end(struct world_mapping *mapping, uintptr_t top,
                      uintptr_t mark)
{
    uintptr_t start = mapping->start;

    if (top - start < mapping->least - start
        && (mapping->is_first || mark - start < mapping->end - start))
        mapping->least = mni_round_down(top, sizeof(void *));
}

/* What is below the end of a stack is left out. Stacks without a guard between
 * them share a mapping, so that is only known below the lowest end. */
static void world_visit_mapping(const struct world_walk *walk,
                                struct world_mapping *mapping)
{
    world_end(mapping, walk->here, (uintptr_t)&world_mark);
    for (unsigned i = 0; i < world.count; i++)
        world_end(mapping, mn_atomic_load_relaxed(&world.tops[i]),
                  mn_atomic_load_relaxed(&world.marks[i]));
    if (mapping->least == mapping->end)
        mapping->least = mapping->start;
    world_visit_touched(walk, mapping->least, mapping->end);
}

/* A line such as "7f00-7f10 rw-p 0 0:0 0 name". */
static void world_line(const struct world_walk *walk, const char *line)
{
    char *at;
    uintptr_t start = strtoull(line, &at, 16);

    if (*at != '-')
        return;
    uintptr_t end = strtoull(at + 1, &at, 16);
    if (end - start <= world_mapping_most
        && (strncmp(at, " rw-p", 5) == 0 || strncmp(at, " rwxp", 5) == 0))
        world_visit_mapping(
            walk, &(struct world_mapping){start, end, end,
                                          strstr(at, "[stack]") != NULL});
}

static void world_lines(const struct world_walk *walk, int file)
{
    char buffer[WORLD_BUFFER];
    char line[WORLD_LINE];
    size_t used = 0;
    ssize_t size;

    while ((size = read(file, buffer, sizeof buffer)) > 0)
        for (ssize_t i = 0; i < size; i++) {
            if (buffer[i] != '\n') {
                line[used] = buffer[i];
                used += used + 1 < sizeof line;
                continue;
            }
            line[used] = '\0';
            used = 0;
            world_line(walk, line);
        }
}

bool mni_world_each(const void *here, mni_world_fn visit, void *context)
{
    int file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    struct world_walk walk = {visit, context,
                              open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC),
                              mni_round_down((uintptr_t)here, sizeof(void *))};

    if (file < 0) {
        if (walk.pages >= 0)
            close(walk.pages);
        return false;
    }
    world_lines(&walk, file);
    close(file);
    if (walk.pages >= 0)
        close(walk.pages);
    return true;
}
