/* SPDX-License-Identifier: MIT */
/* remote.h -- reading the memory of another process, which goes on. */
#ifndef REMOTE_H
#define REMOTE_H

#include <limits.h>
#include <sys/types.h>

#include "heap/report.h"

struct remote {
    pid_t process;
    char name[64];
    int pages; /* its page map, or -1 */
    struct mni_report_window window;
};

/* Find Mneme in the process. Fails with the reason if that cannot be. */
void remote_open(struct remote *remote, pid_t process);

/* Read the window again, which changes. */
void remote_renew(struct remote *remote);

/* Copy memory of the process; false if it is not all there. */
bool remote_read(const struct remote *remote, const void *address, void *data,
                 size_t size);

/* Ask for a check of its heap, which a thread in the process makes, and wait
 * for what is found, one line. Fails where there is no such thread. */
void remote_check(struct remote *remote, char *line, size_t size);

/* Which of `count` pages have physical memory: bit 0 of each byte. False if
 * the system does not tell. */
bool remote_resident(const struct remote *remote, const void *start,
                     size_t count, unsigned char *resident);

/* Fail because of `error`, which reading the process gave. */
_Noreturn void remote_fail(const struct remote *remote, int error);

#endif
