/* SPDX-License-Identifier: MIT */
/* stops: block is already free */
/* A thread releases what main has released. */
#include <pthread.h>
#include <stdlib.h>

static void *release(void *block)
{
    free(block);
    return NULL;
}

int main(void)
{
    pthread_t thread;
    char *block = malloc(100);

    free(block);
    pthread_create(&thread, NULL, release, block);
    pthread_join(thread, NULL);
    return 0;
}
