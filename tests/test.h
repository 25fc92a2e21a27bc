/* SPDX-License-Identifier: MIT */
/* test.h -- the whole harness, thin over the Check library.
 *
 * A test file is a list of TESTs; test.c is its main. Each test runs in a
 * process of its own, so it may leave any state behind. A test program takes
 * parts of test names as arguments and then runs only those tests; CK_FORK=no
 * in the environment keeps them in one process, for a debugger.
 */
#ifndef MN_TEST_H
#define MN_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct test {
    const char *name;
    void (*run)(void);
    struct test *next;
};

/* Define a test; its name is the promise that it verifies. */
#define TEST(promise)                                                          \
    static void promise(void);                                                 \
    __attribute__((constructor)) static void promise##_register(void)          \
    {                                                                          \
        static struct test test = {#promise, promise, NULL};                   \
        test_register(&test);                                                  \
    }                                                                          \
    static void promise(void)

/* End the test as failed unless the condition holds. Any thread. */
#define EXPECT(cond) ((cond) ? (void)0 : test_fail(__FILE__, __LINE__, #cond))

/* Expect that running the expression aborts the program, after writing a line
 * that contains `words` to standard error. It runs in a child process: what
 * it changes is not seen afterwards. */
#define EXPECT_STOPS(expression, words)                                        \
    do {                                                                       \
        if (test_stop_begin()) {                                               \
            TEST_IGNORE_RESULT(expression);                                    \
            test_stop_survived();                                              \
        }                                                                      \
        test_stop_end(__FILE__, __LINE__, #expression, words);                 \
    } while (0)

/* clang-format off */
#define TEST_IGNORE_RESULT(expression)                                         \
    _Pragma("GCC diagnostic push")                                             \
    _Pragma("GCC diagnostic ignored \"-Wunused-result\"")                      \
    _Pragma("GCC diagnostic ignored \"-Wunused-value\"")                       \
    (void)(expression);                                                        \
    _Pragma("GCC diagnostic pop")
/* clang-format on */

/* The next number of a sequence that its first *state fixes (splitmix64). */
uint64_t test_random(uint64_t *state);

/* Behind the macros. */
void test_register(struct test *test);
_Noreturn void test_fail(const char *file, int line, const char *what);
bool test_stop_begin(void);
_Noreturn void test_stop_survived(void);
void test_stop_end(const char *file, int line, const char *what,
                   const char *words);

#endif
