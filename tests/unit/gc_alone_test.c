/* SPDX-License-Identifier: MIT */
/* A process ends with the last of its own threads, whatever helps to mark. Not
 * under the thread sanitizer, which has a thread that never ends. */
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "gc_items.h"

enum { ITEMS = 3000 };

/* Whether the process ends within ten seconds; if not, it is ended. */
static bool ends(pid_t process)
{
    const struct timespec nap = {.tv_nsec = 10000000};
    int status;

    for (int i = 0; i < 1000; i++) {
        if (waitpid(process, &status, WNOHANG) == process)
            return WIFEXITED(status);
        (void)nanosleep(&nap, NULL);
    }
    (void)kill(process, SIGKILL);
    (void)waitpid(process, &status, 0);
    return false;
}

TEST(helpers_do_not_keep_a_process_alive)
{
    pid_t process = fork();

    EXPECT(process >= 0);
    if (process == 0) {
        struct mn_gc *gc = created((struct mn_gc_options){.markers = 4});
        MN_GC_FRAME(gc, my, struct item * list;);
        for (int i = 0; i < ITEMS; i++)
            my.list = linked(gc, my.list);
        mn_gc_collect(gc, true);
        pthread_exit(NULL);
    }
    EXPECT(ends(process));
}
