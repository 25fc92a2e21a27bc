/* SPDX-License-Identifier: MIT */
/* pthread.c -- making threads that take part, and what waits for them. */
#include "front/front.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>

#include "os/os.h"

/* What a new thread has to know; on the stack of the one that makes it. */
struct pthread_begin {
    void *(*start)(void *);
    void *data;
    bool detached;
    _Atomic uint32_t began; /* 1; 2 if there is no memory */
};

static void pthread_end(void *context)
{
    (void)context;
    if (mni_front_is_known())
        (void)GC_unregister_my_thread();
}

static void *pthread_run(void *context)
{
    struct pthread_begin *begin = context;
    void *(*start)(void *) = begin->start;
    void *data = begin->data;
    void *result;

    bool joined = mni_front_join_new(begin->detached);
    /* Release: whoever waits frees what `begin` leads to. */
    mn_atomic_store_release(&begin->began, joined ? 1 : 2);
    mni_os_wake(&begin->began);
    if (!joined)
        return NULL;
    pthread_cleanup_push(pthread_end, NULL);
    result = start(data);
    mni_front_set_result(result);
    pthread_cleanup_pop(1);
    return result;
}

static bool pthread_is_detached(const pthread_attr_t *attributes)
{
    int state = PTHREAD_CREATE_JOINABLE;

    return attributes != NULL
           && pthread_attr_getdetachstate(attributes, &state) == 0
           && state == PTHREAD_CREATE_DETACHED;
}

int GC_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                      void *(*start)(void *), void *data)
{
    struct pthread_begin begin = {
        .start = start,
        .data = data,
        .detached = pthread_is_detached(attributes),
    };

    GC_init();
    int status = pthread_create(thread, attributes, pthread_run, &begin);
    if (status != 0)
        return status;
    while (mn_atomic_load_acquire(&begin.began) == 0)
        mni_os_wait(&begin.began, 0, MNI_OS_FOREVER);
    MN_CHECK(mn_atomic_load_relaxed(&begin.began) == 1,
             "no memory for a thread of libgc");
    return 0;
}

int GC_pthread_join(pthread_t thread, void **result)
{
    int status = pthread_join(thread, result);

    if (status == 0)
        mni_front_forget_thread(thread, true);
    return status;
}

int GC_pthread_detach(pthread_t thread)
{
    int status = pthread_detach(thread);

    if (status == 0)
        mni_front_forget_thread(thread, false);
    return status;
}

int GC_pthread_cancel(pthread_t thread)
{
    return pthread_cancel(thread);
}

void GC_pthread_exit(void *result)
{
    mni_front_set_result(result);
    /* Of a thread that was not made here, as the first one: what has ended
     * cannot be stopped. */
    if (mni_front_is_known() && !mni_os_at_thread_end(pthread_end, NULL))
        pthread_end(NULL);
    pthread_exit(result);
}

/* The signal by which a thread is stopped stays open. */
int GC_pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
    sigset_t open;

    if (set != NULL && how != SIG_UNBLOCK) {
        open = *set;
        sigdelset(&open, GC_get_suspend_signal());
        set = &open;
    }
    return pthread_sigmask(how, set, old);
}

void *GC_dlopen(const char *path, int mode)
{
    return dlopen(path, mode);
}
