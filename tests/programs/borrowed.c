/* SPDX-License-Identifier: MIT */
/* borrowed.c -- a program whose first spans a child by vfork takes, which has
 * the program's memory and none of its threads. Ends when its input does. */
#define _DEFAULT_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static char *volatile blocks[32];

static void take(size_t first, size_t end)
{
    for (size_t i = first; i < end; i++) {
        blocks[i] = malloc(100 * 1000);
        if (blocks[i] == NULL)
            _exit(2);
        blocks[i][0] = 1;
    }
}

int main(void)
{
    int status;
    pid_t child = vfork();

    if (child == 0) {
        take(0, 16);
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        return 1;
    take(16, 32);
    while (getchar() != EOF)
        continue;
    return 0;
}
