/* SPDX-License-Identifier: MIT */
/* mn/compat/gc_threads.h -- threads that use the collector.
 *
 * With GC_THREADS defined before mn/compat/gc.h is included, the names of
 * pthread functions stand for those that tell the collector.
 */
#ifndef MN_COMPAT_GC_THREADS_H
#define MN_COMPAT_GC_THREADS_H

#include "gc.h"

#ifdef GC_THREADS
#include <pthread.h>
#include <signal.h>
#endif

#ifdef __cplusplus
extern "C" {
#endif

struct GC_stack_base {
    void *mem_base;
};
typedef void *(*GC_stack_base_func)(struct GC_stack_base *base, void *data);

GC_API int GC_get_stack_base(struct GC_stack_base *base);
GC_API void *GC_call_with_stack_base(GC_stack_base_func function, void *data);
GC_API void GC_allow_register_threads(void);
GC_API int GC_register_my_thread(const struct GC_stack_base *base);
GC_API int GC_thread_is_registered(void);
GC_API int GC_unregister_my_thread(void);
/* What function does leads to no objects that only this call's callers know
 * of in registers; collections do not wait for it. */
GC_API void *GC_do_blocking(GC_fn_type function, void *data);
GC_API void *GC_call_with_gc_active(GC_fn_type function, void *data);
GC_API int GC_get_suspend_signal(void);
GC_API int GC_get_thr_restart_signal(void);
GC_API void GC_set_suspend_signal(int number); /* before GC_init */
GC_API void GC_set_thr_restart_signal(int number);
GC_API void GC_start_mark_threads(void);

#ifdef GC_THREADS
GC_API int GC_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
                             void *(*start)(void *), void *data);
GC_API int GC_pthread_join(pthread_t thread, void **result);
GC_API int GC_pthread_detach(pthread_t thread);
GC_API int GC_pthread_cancel(pthread_t thread);
GC_API void GC_pthread_exit(void *result) __attribute__((noreturn));
GC_API int GC_pthread_sigmask(int how, const sigset_t *set, sigset_t *old);
GC_API void *GC_dlopen(const char *path, int mode);
#endif

#ifdef __cplusplus
}
#endif

#if defined(GC_THREADS) && !defined(GC_NO_THREAD_REDIRECTS)
#define pthread_create GC_pthread_create
#define pthread_join GC_pthread_join
#define pthread_detach GC_pthread_detach
#define pthread_cancel GC_pthread_cancel
#define pthread_exit GC_pthread_exit
#define pthread_sigmask GC_pthread_sigmask
#define dlopen GC_dlopen
#endif

#endif
