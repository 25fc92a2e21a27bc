/* SPDX-License-Identifier: MIT */
/* step.c -- how many instructions a program executes between two marks.
 *
 *   step [--preload LIBRARY] PROGRAM [ARGUMENT...]
 *
 * The program is run one instruction at a time between a breakpoint that
 * begins a measurement and the one that ends it (bench/mark.h). Each line of
 * output has the name of the measurement, its operations and its instructions.
 * The count is exact and repeats; what else runs on the machine does not
 * matter. Only the thread that executes the marks is counted, and only outside
 * the kernel. For x86-64 and Linux.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STEP_NAME_SIZE = 64, STEP_FAILED = 2 };

struct step {
    pid_t program;
    int inside; /* between the marks */
    char name[STEP_NAME_SIZE];
    unsigned long operations;
    unsigned long instructions;
};

static _Noreturn void step_fail(const char *what)
{
    (void)fprintf(stderr, "step: %s: %s\n", what, strerror(errno));
    exit(STEP_FAILED);
}

static _Noreturn void step_start(const char *library, char **arguments)
{
    /* The same addresses each time, so that the count is the same. */
    if (personality(ADDR_NO_RANDOMIZE) == -1)
        step_fail("personality");
    if (library != NULL && setenv("LD_PRELOAD", library, 1) != 0)
        step_fail("setenv");
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == -1)
        step_fail("ptrace");
    execvp(arguments[0], arguments);
    step_fail(arguments[0]);
}

/* The text at `address` in the program. */
static void step_read_name(struct step *step, unsigned long address)
{
    for (size_t i = 0; i + 1 < STEP_NAME_SIZE; i++) {
        errno = 0;
        long word = ptrace(PTRACE_PEEKDATA, step->program, address + i, NULL);
        if (errno != 0)
            step_fail("reading a name");
        step->name[i] = (char)word;
        if (step->name[i] == '\0')
            return;
    }
    step->name[STEP_NAME_SIZE - 1] = '\0';
}

static void step_mark(struct step *step)
{
    struct user_regs_struct registers;

    if (step->inside) {
        (void)printf("%s\t%lu\t%lu\n", step->name, step->operations,
                     step->instructions);
        step->inside = 0;
        return;
    }
    if (ptrace(PTRACE_GETREGS, step->program, NULL, &registers) == -1)
        step_fail("reading registers");
    step_read_name(step, registers.rdi);
    step->operations = registers.rsi;
    step->instructions = 0;
    step->inside = 1;
}

/* The signal to go on with, after the program stopped by `signal`. */
static int step_stopped(struct step *step, int signal)
{
    siginfo_t info;

    if (signal != SIGTRAP)
        return signal;
    if (ptrace(PTRACE_GETSIGINFO, step->program, NULL, &info) == -1)
        step_fail("reading a signal");
    if (info.si_code == SI_KERNEL) /* a breakpoint instruction */
        step_mark(step);
    else if (step->inside)
        step->instructions++;
    return 0;
}

/* The exit status of the program, when it has ended. */
static int step_run(struct step *step)
{
    int signal = 0;
    int status;

    if (waitpid(step->program, &status, __WALL) == -1)
        step_fail("waiting");
    while (!WIFEXITED(status) && !WIFSIGNALED(status)) {
        if (ptrace(step->inside ? PTRACE_SINGLESTEP : PTRACE_CONT,
                   step->program, NULL, signal)
            == -1)
            step_fail("going on");
        if (waitpid(step->program, &status, __WALL) == -1)
            step_fail("waiting");
        if (WIFSTOPPED(status))
            signal = step_stopped(step, WSTOPSIG(status));
    }
    if (WIFSIGNALED(status)) {
        (void)fprintf(stderr, "step: the program was ended by signal %d\n",
                      WTERMSIG(status));
        return STEP_FAILED;
    }
    return WEXITSTATUS(status);
}

int main(int count, char **arguments)
{
    struct step step = {0};
    const char *library = NULL;
    int first = 1;

    if (count > 2 && strcmp(arguments[1], "--preload") == 0) {
        library = arguments[2];
        first = 3;
    }
    if (first >= count) {
        (void)fputs("usage: step [--preload LIBRARY] PROGRAM [ARGUMENT...]\n",
                    stderr);
        return STEP_FAILED;
    }
    step.program = fork();
    if (step.program == -1)
        step_fail("fork");
    if (step.program == 0)
        step_start(library, arguments + first);
    return step_run(&step);
}
