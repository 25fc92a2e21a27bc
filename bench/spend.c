/* SPDX-License-Identifier: MIT */
/* spend.c -- what a program and its children spend.
 *
 *   spend [--preload LIBRARY] RESULT PROGRAM [ARGUMENT...]
 *
 * Writes user and system time in microseconds, the peak of resident memory in
 * KiB, and the page faults, to the file RESULT. The peak of a process counts
 * from before its exec, so a small program must be the one that forks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SPEND_FAILED = 2 };

static _Noreturn void spend_fail(const char *what)
{
    perror(what);
    exit(SPEND_FAILED);
}

static long long spend_microseconds(struct timeval time)
{
    return (long long)time.tv_sec * 1000000 + time.tv_usec;
}

static void spend_write(const char *path, const struct rusage *usage)
{
    FILE *file = fopen(path, "w");

    if (file == NULL
        || fprintf(file, "%lld %ld %ld\n",
                   spend_microseconds(usage->ru_utime)
                       + spend_microseconds(usage->ru_stime),
                   usage->ru_maxrss, usage->ru_minflt + usage->ru_majflt)
               < 0
        || fclose(file) != 0)
        spend_fail(path);
}

int main(int count, char **arguments)
{
    const char *library = NULL;
    struct rusage usage;
    int status;

    if (count > 2 && strcmp(arguments[1], "--preload") == 0) {
        library = arguments[2];
        arguments += 2;
        count -= 2;
    }
    if (count < 3) {
        (void)fputs("usage: spend [--preload LIBRARY] RESULT PROGRAM "
                    "[ARGUMENT...]\n",
                    stderr);
        return SPEND_FAILED;
    }
    pid_t program = fork();
    if (program == -1)
        spend_fail("fork");
    if (program == 0) {
        if (library != NULL && setenv("LD_PRELOAD", library, 1) != 0)
            spend_fail("setenv");
        execvp(arguments[2], arguments + 2);
        spend_fail(arguments[2]);
    }
    if (wait4(program, &status, 0, &usage) == -1)
        spend_fail("wait4");
    spend_write(arguments[1], &usage);
    return WIFEXITED(status) ? WEXITSTATUS(status) : SPEND_FAILED;
}
