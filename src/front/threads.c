/* SPDX-License-Identifier: MIT */
/* threads.c -- who takes part, and how the others are stopped.
 *
 * A collection sends each other thread a signal, whose handler notes where the
 * stack ends and sleeps until the collection has marked. The registers lie on
 * the stack by then, where the system put them for the handler.
 */
#include "front/front.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/os.h"
#include "space/meta.h"

struct threads_member {
    struct threads_member *next;
    pthread_t thread;
    pid_t number;            /* the system's */
    const void *base;        /* where the stack begins */
    const void *_Atomic top; /* where it ends, of one that is stopped */
    bool blocked;            /* it need not be stopped, and top is kept */
    bool ended;              /* it waits to be joined, and has only `result` */
    bool detached;
    bool made; /* by GC_pthread_create */
    void *result;
};

static struct threads_member *threads_list; /* under the lock */
static _Thread_local struct threads_member *threads_self;
static int threads_suspend = SIGPWR, threads_restart = SIGXCPU;
static bool threads_handled; /* the handler is there */

/* Collections have begun to stop threads: odd until they go on. */
static _Atomic uint32_t threads_stops;
static _Atomic uint32_t threads_stopped;

/* ---- stopping ---- */

static void threads_handle(int number)
{
    struct threads_member *self = threads_self;
    uint32_t stops = mn_atomic_load_acquire(&threads_stops);
    int saved = errno;

    (void)number;
    if (self == NULL || stops % 2 == 0)
        return;
    /* Release: pairs with the acquire in mni_front_stop_others. */
    mn_atomic_store_release(&self->top, __builtin_frame_address(0));
    mn_atomic_add_release(&threads_stopped, 1);
    mni_os_wake(&threads_stopped);
    /* Acquire: pairs with the release in mni_front_start_others. */
    while (mn_atomic_load_acquire(&threads_stops) == stops)
        mni_os_wait(&threads_stops, stops, MNI_OS_FOREVER);
    errno = saved;
}

static bool threads_handle_signal(void)
{
    struct sigaction action = {.sa_handler = threads_handle,
                               .sa_flags = SA_RESTART};

    if (threads_handled)
        return true;
    /* No other handler runs in a thread that is to stand still. */
    sigfillset(&action.sa_mask);
    threads_handled = sigaction(threads_suspend, &action, NULL) == 0;
    return threads_handled;
}

static void threads_let_signal_in(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, threads_suspend);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static bool threads_signal(pid_t number)
{
    int saved = errno;
    bool sent = syscall(SYS_tgkill, getpid(), number, threads_suspend) == 0;

    errno = saved;
    return sent;
}

void mni_front_stop_others(void)
{
    uint32_t count = 0;

    mn_atomic_store_relaxed(&threads_stopped, 0);
    mn_atomic_add_release(&threads_stops, 1);
    for (struct threads_member *member = threads_list; member != NULL;
         member = member->next) {
        if (member == threads_self || member->blocked || member->ended)
            continue;
        MN_CHECK(threads_signal(member->number),
                 "a thread has ended that libgc was not told of");
        count++;
    }
    for (uint32_t seen;
         (seen = mn_atomic_load_acquire(&threads_stopped)) != count;)
        mni_os_wait(&threads_stopped, seen, MNI_OS_FOREVER);
}

void mni_front_start_others(void)
{
    uint32_t count = mn_atomic_load_relaxed(&threads_stopped);

    mn_atomic_add_release(&threads_stops, 1);
    for (uint32_t i = 0; i < count; i++)
        mni_os_wake(&threads_stops);
}

static void threads_push(struct mni_gc *gc, const void *from, const void *to)
{
    uintptr_t start = mni_round_down((uintptr_t)from, sizeof(void *));

    if (start < (uintptr_t)to)
        mni_gc_mark_ambiguous(gc, (const void *)start,
                              ((uintptr_t)to - start) / sizeof(void *));
}

/* From the end of this stack on. */
static __attribute__((noinline)) void threads_push_here(struct mni_gc *gc,
                                                        const void *base)
{
    threads_push(gc, __builtin_frame_address(0), base);
}

static void threads_push_own(struct mni_gc *gc, const void *base)
{
    volatile char here = 0;

    /* Registers that are the callers' go to this frame, which has to be there
     * until the end: the last line reads it. */
    __builtin_unwind_init();
    threads_push_here(gc, base);
    (void)here;
}

void mni_front_push_stacks(struct mni_gc *gc)
{
    for (struct threads_member *member = threads_list; member != NULL;
         member = member->next) {
        mni_gc_mark_ambiguous(gc, &member->result, 1);
        if (member == threads_self)
            threads_push_own(gc, member->base);
        else if (!member->ended)
            threads_push(gc, mn_atomic_load_relaxed(&member->top),
                         member->base);
    }
}

/* ---- taking part ---- */

void *mni_front_stack_base(void)
{
    pthread_attr_t attributes;
    void *low;
    size_t size;

    if (pthread_getattr_np(pthread_self(), &attributes) != 0)
        mni_stop("the system does not tell where a stack is");
    bool known = pthread_attr_getstack(&attributes, &low, &size) == 0;
    pthread_attr_destroy(&attributes);
    MN_CHECK(known, "the system does not tell where a stack is");
    return (char *)low + size;
}

bool mni_front_is_known(void)
{
    return threads_self != NULL;
}

/* Requires: the lock, or that nobody else is there. */
static struct threads_member *threads_add(const void *base)
{
    struct threads_member *member = mni_meta_new(sizeof *member);

    if (member == NULL || (threads_list != NULL && !threads_handle_signal()))
        return NULL;
    member->thread = pthread_self();
    member->number = gettid();
    member->base = base;
    member->next = threads_list;
    threads_let_signal_in();
    threads_list = member;
    threads_self = member;
    return member;
}

bool mni_front_join(const void *base)
{
    return threads_add(base) != NULL;
}

bool mni_front_join_new(bool detached)
{
    MN_CHECK(mni_lock_enter(&mni_front.lock), "a thread begins in a handler");
    struct threads_member *member = threads_add(mni_front_stack_base());
    if (member != NULL) {
        member->made = true;
        member->detached = detached;
    }
    mni_front_unlock();
    return member != NULL;
}

void mni_front_set_result(void *result)
{
    if (threads_self != NULL)
        threads_self->result = result;
}

static void threads_remove(struct threads_member *member)
{
    struct threads_member **link = &threads_list;

    while (*link != member)
        link = &(*link)->next;
    *link = member->next;
    mni_meta_delete(member, sizeof *member);
}

void mni_front_after_fork(void)
{
    mni_lock_leave(&mni_front.lock);
    mn_atomic_store_relaxed(&threads_stops, 0);
    for (struct threads_member *member = threads_list, *next; member != NULL;
         member = next) {
        next = member->next;
        if (member != threads_self)
            threads_remove(member);
    }
    if (threads_self != NULL)
        threads_self->number = gettid();
    /* Another thread's call does not go on here. */
    if (!pthread_equal(mni_front.invoker, pthread_self()))
        mni_front.invoking = false;
}

/* The lock of a collector that is there, in a thread that it does not know. */
static void threads_enter(void)
{
    MN_CHECK(mni_front.gc != NULL, "a thread is registered before GC_INIT");
    MN_CHECK(mni_lock_enter(&mni_front.lock),
             "libgc is used while it is in use by the same thread");
}

int GC_get_stack_base(struct GC_stack_base *base)
{
    base->mem_base = mni_front_stack_base();
    return GC_SUCCESS;
}

void *GC_call_with_stack_base(GC_stack_base_func function, void *data)
{
    struct GC_stack_base base = {__builtin_frame_address(0)};

    return function(&base, data);
}

void GC_allow_register_threads(void)
{
}

int GC_register_my_thread(const struct GC_stack_base *base)
{
    if (threads_self != NULL)
        return GC_DUPLICATE;
    threads_enter();
    struct threads_member *member = threads_add(base->mem_base);
    mni_front_unlock();
    return member == NULL ? GC_NO_MEMORY : GC_SUCCESS;
}

int GC_thread_is_registered(void)
{
    return threads_self != NULL;
}

int GC_unregister_my_thread(void)
{
    struct threads_member *self = threads_self;

    (void)mni_front_enter();
    /* A finalizer may end its thread. */
    if (pthread_equal(mni_front.invoker, pthread_self()))
        mni_front.invoking = false;
    threads_self = NULL;
    if (self->made && !self->detached)
        self->ended = true;
    else
        threads_remove(self);
    mni_front_unlock();
    return GC_SUCCESS;
}

/* The thread was joined, or is to end by itself. */
void mni_front_forget_thread(pthread_t thread, bool joined)
{
    (void)mni_front_enter();
    struct threads_member *member = threads_list;
    while (member != NULL
           && !(pthread_equal(member->thread, thread)
                && (member->ended || !joined)))
        member = member->next;
    if (member != NULL && member->ended)
        threads_remove(member);
    else if (member != NULL)
        member->detached = true;
    mni_front_unlock();
}

/* ---- calls that take long ---- */

/* Into `result`, which lies above the end of the stack that is looked at. In a
 * frame of its own, or that end would be above the registers. */
static __attribute__((noinline)) void
threads_block(GC_fn_type function, void *data, void *volatile *result)
{
    struct threads_member *self = threads_self;

    (void)mni_front_enter();
    mn_atomic_store_relaxed(&self->top, __builtin_frame_address(0));
    self->blocked = true;
    mni_front_unlock();
    *result = function(data);
    (void)mni_front_enter(); /* waits for a collection to end */
    self->blocked = false;
    mni_front_unlock();
}

void *GC_do_blocking(GC_fn_type function, void *data)
{
    (void)mni_front_enter();
    mni_front_unlock();
    void *volatile result = NULL;
    /* Registers of the callers go to this frame. */
    __builtin_unwind_init();
    threads_block(function, data, &result);
    return result;
}

void *GC_call_with_gc_active(GC_fn_type function, void *data)
{
    (void)mni_front_enter();
    struct threads_member *self = threads_self;
    bool blocked = self->blocked;
    const void *top = mn_atomic_load_relaxed(&self->top);
    self->blocked = false;
    mni_front_unlock();
    void *result = function(data);
    (void)mni_front_enter();
    mn_atomic_store_relaxed(&self->top, top);
    self->blocked = blocked;
    mni_front_unlock();
    return result;
}

/* ---- signals ---- */

int GC_get_suspend_signal(void)
{
    return threads_suspend;
}

/* Named for programs that leave it alone: nothing is sent by it. */
int GC_get_thr_restart_signal(void)
{
    return threads_restart;
}

void GC_set_suspend_signal(int number)
{
    if (!threads_handled)
        threads_suspend = number;
}

void GC_set_thr_restart_signal(int number)
{
    threads_restart = number;
}

void GC_start_mark_threads(void)
{
}
