/* SPDX-License-Identifier: MIT */
/* test.c -- main of every test program: its TESTs as one suite of Check. */
#include "test.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    TEST_SECONDS_MAX = 300, /* ends a test that hangs; it measures nothing */
    TEST_SURVIVED = 70,     /* exit status of an expression that did not stop */
    TEST_OUTPUT_SIZE = 4096
};

static struct test *test_first;
static struct test **test_last = &test_first;

static pid_t test_child;
static int test_child_output;

void test_register(struct test *test)
{
    *test_last = test;
    test_last = &test->next;
}

void test_fail(const char *file, int line, const char *what)
{
    ck_abort_msg("%s:%d: expected: %s", file, line, what);
}

uint64_t test_random(uint64_t *state)
{
    uint64_t mixed = *state += UINT64_C(0x9e3779b97f4a7c15);

    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ mixed >> 31;
}

/* Fork; true in the child, whose standard error the parent will read. */
bool test_stop_begin(void)
{
    int ends[2];

    ck_assert(pipe(ends) == 0);
    test_child = fork();
    ck_assert(test_child >= 0);
    if (test_child != 0) {
        close(ends[1]);
        test_child_output = ends[0];
        return false;
    }
    struct rlimit no_core = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &no_core);
    (void)prctl(PR_SET_DUMPABLE, 0); /* a core may go to a pipe, unlimited */
    (void)signal(SIGABRT, SIG_DFL);
    (void)dup2(ends[1], STDERR_FILENO);
    return true;
}

void test_stop_survived(void)
{
    _exit(TEST_SURVIVED);
}

static void test_stop_read(char output[TEST_OUTPUT_SIZE])
{
    size_t used = 0;
    ssize_t got = 1;

    while (got > 0 && used < TEST_OUTPUT_SIZE - 1) {
        got =
            read(test_child_output, output + used, TEST_OUTPUT_SIZE - 1 - used);
        used += got > 0 ? (size_t)got : 0;
    }
    output[used] = '\0';
    close(test_child_output);
}

void test_stop_end(const char *file, int line, const char *what,
                   const char *words)
{
    char output[TEST_OUTPUT_SIZE];
    int status = 0;

    test_stop_read(output);
    ck_assert(waitpid(test_child, &status, 0) == test_child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == TEST_SURVIVED)
        ck_abort_msg("%s:%d: did not stop: %s", file, line, what);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT)
        ck_abort_msg("%s:%d: not stopped by an abort, but status %#x: %s\n%s",
                     file, line, (unsigned)status, what, output);
    if (strstr(output, words) == NULL)
        ck_abort_msg("%s:%d: stopped without the words \"%s\": %s\n%s", file,
                     line, words, what, output);
}

/* Check knows one test function, which runs the test of this index. */
START_TEST(run)
{
    struct test *test = test_first;

    for (int i = 0; i < _i; i++)
        test = test->next;
    test->run();
}
END_TEST

static bool test_is_wanted(const struct test *test, int count, char **parts)
{
    for (int i = 0; i < count; i++)
        if (strstr(test->name, parts[i]) != NULL)
            return true;
    return count == 0;
}

/* A suite of the wanted tests; *wanted is how many. */
static Suite *test_suite(const char *name, int count, char **parts, int *wanted)
{
    Suite *suite = suite_create(name);
    int index = 0;

    *wanted = 0;
    for (struct test *test = test_first; test != NULL; test = test->next) {
        if (test_is_wanted(test, count, parts)) {
            TCase *tcase = tcase_create(test->name);
            tcase_set_timeout(tcase, TEST_SECONDS_MAX);
            tcase_add_loop_test(tcase, run, index, index + 1);
            suite_add_tcase(suite, tcase);
            ++*wanted;
        }
        index++;
    }
    return suite;
}

int main(int count, char **arguments)
{
    int wanted;
    SRunner *runner = srunner_create(
        test_suite(arguments[0], count - 1, arguments + 1, &wanted));

    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    /* A program may have no tests for this processor. */
    bool ran = wanted > 0 || test_first == NULL;
    return failed == 0 && ran ? EXIT_SUCCESS : EXIT_FAILURE;
}
