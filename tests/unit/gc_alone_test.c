/* SPDX-License-Identifier: MIT */
/* A process ends with the last of its own threads, whatever helps to mark. Not
 * under the thread sanitizer, which has a thread that never ends. */
#include <mn/root.h>

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "test.h"

enum { ITEMS = 3000 };

MN_TYPE_DECLARE(item);
struct item {
    struct item *next;
};
MN_TYPE(item, MN_REFERENCES(MN_MEMBER_IS(GC, item, next, item)));

static struct item *pushed(struct mn_gc *gc, struct item *list)
{
    MN_GC_FRAME(gc, my, struct item * list;);

    my.list = list;
    struct item *item = mn_gc_new(gc, &item_type);
    EXPECT(item != NULL);
    item->next = my.list;
    return item;
}

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
        struct mn_gc *gc = mn_gc_create(&(struct mn_gc_options){.markers = 4});
        MN_GC_FRAME(gc, my, struct item * list;);
        for (int i = 0; i < ITEMS; i++)
            my.list = pushed(gc, my.list);
        mn_gc_collect(gc, true);
        pthread_exit(NULL);
    }
    EXPECT(ends(process));
}
