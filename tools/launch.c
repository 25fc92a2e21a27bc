/* SPDX-License-Identifier: MIT */
/* launch.c -- running a program, on Mneme or as it is, until it ends.
 *
 * That a library is named in LD_PRELOAD proves nothing. So Mneme announces
 * itself from inside the process, by making a file whose name ends in the
 * number of the process; nothing that the program could notice is left open,
 * and its children, which have other numbers, make none.
 */
#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tool.h"

enum { LAUNCH_OPTIONS_SIZE = 4096, LAUNCH_PRELOAD_SIZE = 2 * PATH_MAX };

static const int launch_signals[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGTERM,
                                     SIGUSR1, SIGUSR2, SIGWINCH};
enum { LAUNCH_SIGNALS = sizeof launch_signals / sizeof launch_signals[0] };

static volatile sig_atomic_t launch_child;

/* Terminals signal the program themselves; what others send goes on. */
static void launch_forward(int number, siginfo_t *info, void *context)
{
    int error = errno;

    (void)context;
    if (info->si_code <= 0 && info->si_pid != launch_child && launch_child != 0)
        (void)kill((pid_t)launch_child, number);
    errno = error;
}

static void launch_catch(struct sigaction old[LAUNCH_SIGNALS])
{
    struct sigaction action = {.sa_sigaction = launch_forward,
                               .sa_flags = SA_SIGINFO | SA_RESTART};

    for (unsigned i = 0; i < LAUNCH_SIGNALS; i++) {
        (void)sigaction(launch_signals[i], NULL, &old[i]);
        /* What nohup had us ignore, the program ignores too. */
        if (old[i].sa_handler != SIG_IGN)
            (void)sigaction(launch_signals[i], &action, NULL);
    }
}

static void launch_release(const struct sigaction old[LAUNCH_SIGNALS])
{
    for (unsigned i = 0; i < LAUNCH_SIGNALS; i++)
        (void)sigaction(launch_signals[i], &old[i], NULL);
}

static void launch_announced(pid_t process, char path[PATH_MAX])
{
    tool_print(path, PATH_MAX, "%s/serves.%ld", tool_folder(), (long)process);
}

/* ---- in the child ---- */

static void launch_environment(const struct launch *launch)
{
    char options[LAUNCH_OPTIONS_SIZE];
    char preload[LAUNCH_PRELOAD_SIZE];
    char announced[PATH_MAX];
    const char *old = getenv("LD_PRELOAD");
    const char *mneme = getenv("MNEME");

    launch_announced(getpid(), announced);
    tool_print(options, sizeof options, "%s%s%s%sannounce=%s",
               mneme == NULL ? "" : mneme, mneme == NULL ? "" : ",",
               launch->options, launch->options[0] == '\0' ? "" : ",",
               announced);
    tool_print(preload, sizeof preload, "%s%s%s", launch->library,
               old == NULL || old[0] == '\0' ? "" : ":",
               old == NULL ? "" : old);
    if (setenv("MNEME", options, 1) != 0
        || setenv("LD_PRELOAD", preload, 1) != 0)
        _exit(TOOL_FAILED);
}

/* What has no #! is for the shell. */
static void launch_shell(const struct launch *launch)
{
    size_t count = 0;
    static char shell[] = "/bin/sh";

    while (launch->arguments[count] != NULL)
        count++;
    char **arguments = calloc(count + 2, sizeof *arguments);
    if (arguments == NULL)
        return;
    arguments[0] = shell;
    arguments[1] = strdup(launch->path);
    if (count > 1)
        memcpy(arguments + 2, launch->arguments + 1,
               (count - 1) * sizeof *arguments);
    (void)execve(shell, arguments, environ);
    free(arguments[1]);
    free(arguments);
}

_Noreturn static void launch_become(const struct launch *launch, int failure)
{
    if (launch->library != NULL)
        launch_environment(launch);
    if (launch->output >= 0
        && (dup2(launch->output, STDOUT_FILENO) < 0
            || dup2(launch->output, STDERR_FILENO) < 0))
        _exit(TOOL_FAILED);
    (void)execve(launch->path, launch->arguments, environ);
    if (errno == ENOEXEC)
        launch_shell(launch);
    int error = errno;
    (void)!write(failure, &error, sizeof error);
    _exit(TOOL_FAILED);
}

/* ---- in the parent ---- */

static double launch_seconds(clockid_t clock)
{
    struct timespec time = {0};

    (void)clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double launch_interval(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static void launch_wait(pid_t process, struct launch_result *result)
{
    struct rusage usage;
    siginfo_t info;
    clockid_t clock;
    int status;

    /* A zombie still knows the time that it used itself. */
    while (waitid(P_PID, (id_t)process, &info, WEXITED | WNOWAIT) != 0
           && errno == EINTR)
        continue;
    launch_child = 0; /* what is signalled now comes too late */
    if (clock_getcpuclockid(process, &clock) == 0)
        result->cpu = launch_seconds(clock);
    while (wait4(process, &status, 0, &usage) < 0)
        if (errno != EINTR)
            tool_fail(TOOL_FAILED, "cannot wait: %s", strerror(errno));
    result->process = process;
    result->status =
        WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    result->cpu_tree =
        launch_interval(usage.ru_utime) + launch_interval(usage.ru_stime);
    result->peak_bytes = (size_t)usage.ru_maxrss * 1024;
}

/* Fails if the child could not become the program. */
static void launch_started(const struct launch *launch, int failure)
{
    int error = 0;
    ssize_t got;

    do
        got = read(failure, &error, sizeof error);
    while (got < 0 && errno == EINTR);
    (void)close(failure);
    if (got == (ssize_t)sizeof error)
        tool_fail(error == ENOENT ? TOOL_NOT_FOUND : TOOL_NOT_EXECUTABLE,
                  "%s: cannot be run: %s", launch->path, strerror(error));
}

void launch_run(const struct launch *launch, struct launch_result *result)
{
    struct sigaction old[LAUNCH_SIGNALS];
    struct sigaction wait = {.sa_handler = SIG_DFL};
    struct sigaction old_wait;
    char announced[PATH_MAX];
    sigset_t all;
    sigset_t mask;
    int failure[2];

    (void)tool_folder();
    (void)fflush(NULL);
    if (pipe2(failure, O_CLOEXEC) != 0)
        tool_fail(TOOL_FAILED, "cannot make a pipe: %s", strerror(errno));
    *result = (struct launch_result){0};
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_BLOCK, &all, &mask);
    /* Where it is ignored, nothing can be waited for. */
    (void)sigaction(SIGCHLD, &wait, &old_wait);
    double began = launch_seconds(CLOCK_MONOTONIC);
    pid_t process = fork();
    if (process == 0) {
        (void)sigaction(SIGCHLD, &old_wait, NULL);
        (void)sigprocmask(SIG_SETMASK, &mask, NULL);
        launch_become(launch, failure[1]);
    }
    launch_child = process < 0 ? 0 : process;
    launch_catch(old);
    (void)sigprocmask(SIG_SETMASK, &mask, NULL);
    (void)close(failure[1]);
    if (process < 0)
        tool_fail(TOOL_FAILED, "cannot start a process: %s", strerror(errno));
    launch_started(launch, failure[0]);
    launch_wait(process, result);
    result->wall = launch_seconds(CLOCK_MONOTONIC) - began;
    launch_release(old);
    launch_announced(process, announced);
    result->served = access(announced, F_OK) == 0;
}

void launch_check(const struct launch *launch,
                  const struct launch_result *result)
{
    if (launch->library == NULL || result->served)
        return;
    tool_fail(TOOL_FAILED,
              "%s ran WITHOUT Mneme, and ended with status %d: the dynamic "
              "linker did not load %s, or the program ended before that",
              launch->path, result->status, launch->library);
}
