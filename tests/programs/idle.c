/* SPDX-License-Identifier: MIT */
/* idle.c -- a program that needs much, frees it, and then only sleeps.
 *
 * idle back LIMIT SECONDS: ends as soon as no more than LIMIT KiB are resident;
 * with status 1 if that is not so after SECONDS. idle stay LIMIT SECONDS: the
 * opposite. Nothing is allocated while it sleeps.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BLOCKS = 256 * 1024, BLOCK = 1000 };

static void *blocks[BLOCKS];

static long resident(void)
{
    char text[128] = "";
    int file = open("/proc/self/statm", O_RDONLY);
    long size = 0;
    long pages = 0;

    if (file < 0 || read(file, text, sizeof text - 1) <= 0
        || sscanf(text, "%ld %ld", &size, &pages) != 2)
        abort();
    close(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

int main(int count, char **arguments)
{
    if (count != 4)
        return 2;
    long limit = atol(arguments[2]);
    long tenths = 10 * atol(arguments[3]);
    const struct timespec tenth = {0, 100000000};

    for (int i = 0; i < BLOCKS; i++)
        blocks[i] = memset(malloc(BLOCK), 1, BLOCK);
    for (int i = 0; i < BLOCKS; i++)
        free(blocks[(i * 7919L) % BLOCKS]);
    while (resident() > limit && tenths-- > 0)
        nanosleep(&tenth, NULL);
    int back = resident() <= limit;
    printf("%s\n", back ? "back" : "stays");
    return back == (strcmp(arguments[1], "back") == 0) ? 0 : 1;
}
