/* SPDX-License-Identifier: MIT */
/* remote.c -- reading the memory of another process, which goes on.
 *
 * Mneme keeps a window in its writable data. It is found by its first bytes
 * and by the pointer to itself, so no symbols are needed, and it does not
 * matter whether Mneme is a library or part of the program.
 */
#include "remote.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "tool.h"

enum {
    REMOTE_LINE_SIZE = PATH_MAX + 128,
    REMOTE_CHUNK = 1 << 20, /* of data that is searched at a time */
    REMOTE_PAGES = 512,
    REMOTE_PAUSE_NS = 20000000, /* between two looks for an answer */
    REMOTE_PAUSES = 1500
};

void remote_fail(const struct remote *remote, int error)
{
    long process = (long)remote->process;

    if (error == ESRCH || error == ENOENT)
        tool_fail(TOOL_FAILED, "no process %ld", process);
    if (error == EPERM || error == EACCES)
        tool_fail(TOOL_FAILED,
                  "process %ld may not be read: only its user may where the "
                  "system allows it (kernel.yama.ptrace_scope), or root",
                  process);
    tool_fail(TOOL_FAILED, "process %ld cannot be read: %s", process,
              strerror(error));
}

bool remote_read(const struct remote *remote, const void *address, void *data,
                 size_t size)
{
    struct iovec here = {data, size};
    struct iovec there = {(void *)(uintptr_t)address, size};
    ssize_t got = process_vm_readv(remote->process, &here, 1, &there, 1, 0);

    if (got < 0 && (errno == ESRCH || errno == EPERM))
        remote_fail(remote, errno);
    return got == (ssize_t)size;
}

bool remote_resident(const struct remote *remote, const void *start,
                     size_t count, unsigned char *resident)
{
    uint64_t entries[REMOTE_PAGES];
    size_t page = (uintptr_t)start / (size_t)sysconf(_SC_PAGESIZE);
    size_t bytes = count * sizeof entries[0];

    if (remote->pages < 0 || count > REMOTE_PAGES
        || pread(remote->pages, entries, bytes,
                 (off_t)(page * sizeof entries[0]))
               != (ssize_t)bytes)
        return false;
    for (size_t i = 0; i < count; i++)
        resident[i] = (entries[i] >> 62) != 0; /* present, or swapped out */
    return true;
}

static bool remote_write(const struct remote *remote, const void *address,
                         void *data, size_t size)
{
    struct iovec here = {data, size};
    struct iovec there = {(void *)(uintptr_t)address, size};

    return process_vm_writev(remote->process, &here, 1, &there, 1, 0)
           == (ssize_t)size;
}

/* ---- the window ---- */

static bool remote_window_at(struct remote *remote, uintptr_t address)
{
    struct mni_report_window *window = &remote->window;

    return remote_read(remote, (const void *)address, window, sizeof *window)
           && (uintptr_t)window->self == address;
}

/* Search the mapping for a window; *found tells that there is one, also if it
 * is of another version. */
static bool remote_search(struct remote *remote, uintptr_t start, uintptr_t end,
                          bool *found)
{
    static const char magic[sizeof remote->window.magic] = MNI_REPORT_MAGIC;
    static _Alignas(16) char chunk[REMOTE_CHUNK];
    uintptr_t self;

    for (; start < end; start += sizeof chunk) {
        size_t size = end - start < sizeof chunk ? end - start : sizeof chunk;
        if (!remote_read(remote, (const void *)start, chunk, size))
            return false;
        for (size_t i = 0; i + sizeof magic + sizeof self <= size;
             i += sizeof(void *)) {
            if (memcmp(chunk + i, magic, sizeof magic) != 0)
                continue;
            memcpy(&self, chunk + i + sizeof magic, sizeof self);
            if (self != start + i)
                continue;
            *found = true;
            /* A process can have several; the one in use serves it. */
            if (remote_window_at(remote, self)
                && remote->window.size == sizeof remote->window
                && remote->window.layout == MNI_REPORT_LAYOUT
                && remote->window.heaps != NULL)
                return true;
        }
    }
    return false;
}

/* Search the writable data of all files that the process has mapped. */
static bool remote_find(struct remote *remote, bool *found)
{
    char line[REMOTE_LINE_SIZE];
    FILE *maps;

    tool_print(line, sizeof line, "/proc/%ld/maps", (long)remote->process);
    maps = fopen(line, "re");
    if (maps == NULL)
        remote_fail(remote, errno);
    bool serves = false;
    bool any = false;
    while (!serves && fgets(line, sizeof line, maps) != NULL) {
        uintptr_t start;
        uintptr_t end;
        char perm[5];
        any = true;
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &start, &end, perm)
                == 3
            && strcmp(perm, "rw-p") == 0 && strchr(line, '/') != NULL)
            serves = remote_search(remote, start, end, found);
    }
    if (ferror(maps) != 0)
        remote_fail(remote, errno);
    (void)fclose(maps);
    if (!any)
        tool_fail(TOOL_FAILED,
                  "process %ld has no memory: it has ended, or is part of the "
                  "kernel",
                  (long)remote->process);
    return serves;
}

static void remote_read_name(struct remote *remote)
{
    char path[64];

    tool_print(path, sizeof path, "/proc/%ld/comm", (long)remote->process);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        remote_fail(remote, errno);
    if (fgets(remote->name, sizeof remote->name, file) != NULL)
        remote->name[strcspn(remote->name, "\n")] = '\0';
    (void)fclose(file);
}

void remote_open(struct remote *remote, pid_t process)
{
    char path[64];
    bool found = false;

    *remote = (struct remote){.process = process};
    remote_read_name(remote);
    tool_print(path, sizeof path, "/proc/%ld/pagemap", (long)process);
    remote->pages = open(path, O_RDONLY | O_CLOEXEC);
    if (remote_find(remote, &found))
        return;
    if (!found)
        tool_fail(TOOL_FAILED,
                  "process %ld, %s, does not run on Mneme (`mneme run` starts "
                  "a program that does)",
                  (long)process, remote->name);
    if (remote->window.size != sizeof remote->window
        || remote->window.layout != MNI_REPORT_LAYOUT)
        tool_fail(TOOL_FAILED,
                  "process %ld, %s, runs on another version of Mneme than "
                  "this command belongs to",
                  (long)process, remote->name);
    tool_fail(TOOL_FAILED, "process %ld, %s, has not allocated from Mneme",
              (long)process, remote->name);
}

void remote_renew(struct remote *remote)
{
    if (!remote_window_at(remote, (uintptr_t)remote->window.self))
        tool_fail(TOOL_FAILED, "process %ld now runs another program",
                  (long)remote->process);
}

/* ---- a check ---- */

static bool remote_wait(struct remote *remote, uint32_t number)
{
    struct timespec pause = {0, REMOTE_PAUSE_NS};

    for (int i = 0; i < REMOTE_PAUSES; i++) {
        remote_renew(remote);
        if ((int32_t)(remote->window.answered - number) >= 0)
            return true;
        (void)nanosleep(&pause, NULL);
    }
    return false;
}

void remote_check(struct remote *remote, char *line, size_t size)
{
    struct mni_report_window *at = remote->window.self;
    uint32_t number = remote->window.answered + 1;

    if (remote->window.answers == 0)
        tool_fail(TOOL_FAILED,
                  "process %ld, %s, has no thread for checks: it was not "
                  "started with MNEME=check=demand, or is the child of a "
                  "process with threads",
                  (long)remote->process, remote->name);
    if (!remote_write(remote, &at->asked, &number, sizeof number))
        remote_fail(remote, errno);
    if (!remote_wait(remote, number))
        tool_fail(TOOL_FAILED,
                  "process %ld, %s, does not answer: it is stopped, or one of "
                  "its threads holds a lock for ever",
                  (long)remote->process, remote->name);
    remote_renew(remote);
    remote->window.answer[sizeof remote->window.answer - 1] = '\0';
    tool_print(line, size, "%s", remote->window.answer);
    line[strcspn(line, "\n")] = '\0';
}
