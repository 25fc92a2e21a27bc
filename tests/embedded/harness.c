/* SPDX-License-Identifier: MIT */
/* harness.c -- tests/test.h on a bare processor.
 *
 * Each test begins with fresh static variables, as if it had a process of its
 * own. A stop brings the program back to where it was expected. */
#include "test.h"

#include "base/assert.h"
#include "machine.h"

enum { HARNESS_LINE_SIZE = 256 };

static struct test *first;
static struct test **last = &first;

static bool stop_came;
static char stop_line[HARNESS_LINE_SIZE];

void test_register(struct test *test)
{
    *last = test;
    last = &test->next;
}

static void harness_say_place(const char *file, int line)
{
    machine_write("FAILED: ");
    machine_write(file);
    machine_write(":");
    machine_write_count((uint32_t)line);
    machine_write(": ");
}

void test_fail(const char *file, int line, const char *what)
{
    harness_say_place(file, line);
    machine_write("expected: ");
    machine_write(what);
    machine_write("\n");
    machine_exit(1);
}

uint64_t test_random(uint64_t *state)
{
    uint64_t mixed = *state += UINT64_C(0x9e3779b97f4a7c15);

    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ mixed >> 31;
}

/* What the freestanding profile asks of a program. */
void mni_os_stop(const char *line, size_t length)
{
    size_t used = 0;

    for (; used < length && used < sizeof stop_line - 1; used++)
        stop_line[used] = line[used];
    stop_line[used] = '\0';
    if (machine_is_marked == 0) {
        machine_write("FAILED: stopped: ");
        machine_write(stop_line);
        machine_exit(1);
    }
    stop_came = true;
    machine_return();
}

void test_stop_survived(void)
{
    machine_return();
}

static bool harness_contains(const char *line, const char *words)
{
    for (; *line != '\0'; line++) {
        size_t same = 0;
        while (words[same] != '\0' && line[same] == words[same])
            same++;
        if (words[same] == '\0')
            return true;
    }
    return false;
}

void test_stop_end(const char *file, int line, const char *what,
                   const char *words)
{
    bool came = stop_came;

    stop_came = false;
    if (came && harness_contains(stop_line, words))
        return;
    harness_say_place(file, line);
    machine_write(what);
    machine_write(came ? ": stopped with: " : ": did not stop");
    machine_write(came ? stop_line : "\n");
    machine_exit(1);
}

static const struct test *harness_test(uint32_t index)
{
    const struct test *test = first;

    while (test != NULL && index-- > 0)
        test = test->next;
    return test;
}

int main(void)
{
    uint32_t ran = 0;

    for (;;) {
        machine_refresh();
        const struct test *test = harness_test(ran);
        if (test == NULL)
            break;
        machine_write("test ");
        machine_write(test->name);
        machine_write("\n");
        test->run();
        ran++;
    }
    machine_write("passed ");
    machine_write_count(ran);
    machine_write("\n");
    return ran == 0;
}
