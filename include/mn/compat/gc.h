/* SPDX-License-Identifier: MIT */
/* mn/compat/gc.h -- for programs written for the Boehm-Demers-Weiser collector.
 *
 * The functions that such programs use, by the names, types and values that
 * they are known by, on a collector of mn/gc.h; binaries made with either
 * header run with either library. Compile with -I of this folder; link with, or
 * start with, the libgc.so.1 that is installed with Mneme. What differs:
 * docs/manual/compat.md
 */
#ifndef MN_COMPAT_GC_H
#define MN_COMPAT_GC_H

#include <stddef.h>
#include <stdint.h>
#include <wchar.h>

#define GC_VERSION_MAJOR 8
#define GC_VERSION_MINOR 2
#define GC_VERSION_MICRO 2
#define GC_API extern __attribute__((visibility("default")))
#define GC_CALL
#define GC_CALLBACK

#ifdef __cplusplus
extern "C" {
#endif

typedef uintptr_t GC_word;
typedef intptr_t GC_signed_word;
typedef void *GC_PTR;

enum {
    GC_SUCCESS,
    GC_DUPLICATE,
    GC_NO_MEMORY,
    GC_NO_THREADS = GC_NO_MEMORY,
    GC_UNIMPLEMENTED,
    GC_NOT_FOUND
};
enum { GC_TIME_UNLIMITED = 999999 };

typedef enum {
    GC_EVENT_START,
    GC_EVENT_MARK_START,
    GC_EVENT_MARK_END,
    GC_EVENT_RECLAIM_START,
    GC_EVENT_RECLAIM_END,
    GC_EVENT_END,
    GC_EVENT_PRE_STOP_WORLD,
    GC_EVENT_POST_STOP_WORLD,
    GC_EVENT_PRE_START_WORLD,
    GC_EVENT_POST_START_WORLD,
    GC_EVENT_THREAD_SUSPENDED,
    GC_EVENT_THREAD_UNSUSPENDED
} GC_EventType;

typedef void *(*GC_fn_type)(void *data);
typedef void *(*GC_oom_func)(size_t size);
typedef void (*GC_warn_proc)(char *words, GC_word value);
typedef void (*GC_abort_func)(const char *words);
typedef int (*GC_stop_func)(void);
typedef void (*GC_start_callback_proc)(void);
typedef void (*GC_finalization_proc)(void *object, void *data);
typedef void (*GC_finalizer_notifier_proc)(void);
typedef void (*GC_on_heap_resize_proc)(GC_word size);
typedef void (*GC_on_collection_event_proc)(GC_EventType event);
typedef void (*GC_push_other_roots_proc)(void);

/* ---- objects ---- */

GC_API void GC_init(void);
GC_API int GC_is_init_called(void);
GC_API void *GC_malloc(size_t size);
GC_API void *GC_malloc_atomic(size_t size);
GC_API void *GC_malloc_uncollectable(size_t size);
GC_API void *GC_malloc_atomic_uncollectable(size_t size);
GC_API void *GC_malloc_stubborn(size_t size);
GC_API void *GC_malloc_ignore_off_page(size_t size);
GC_API void *GC_malloc_atomic_ignore_off_page(size_t size);
GC_API void *GC_malloc_many(size_t size); /* linked by their first words */
GC_API void *GC_memalign(size_t align, size_t size);
GC_API int GC_posix_memalign(void **result, size_t align, size_t size);
GC_API void *GC_realloc(void *object, size_t size);
GC_API void GC_free(void *object);
GC_API char *GC_strdup(const char *text);
GC_API char *GC_strndup(const char *text, size_t size);
GC_API wchar_t *GC_wcsdup(const wchar_t *text);

GC_API void *GC_base(void *address);
GC_API size_t GC_size(const void *object);
GC_API int GC_is_heap_ptr(const void *address);
GC_API void *GC_is_visible(void *address);
GC_API void *GC_is_valid_displacement(void *address);
GC_API void *GC_same_obj(void *address, void *other);
GC_API void *GC_pre_incr(void **pointer, ptrdiff_t change);
GC_API void *GC_post_incr(void **pointer, ptrdiff_t change);
GC_API void GC_register_displacement(size_t offset);

/* ---- finalizers, and links that become NULL ---- */

GC_API void GC_register_finalizer(void *object, GC_finalization_proc function,
                                  void *data, GC_finalization_proc *old,
                                  void **old_data);
GC_API void GC_register_finalizer_ignore_self(void *object,
                                              GC_finalization_proc function,
                                              void *data,
                                              GC_finalization_proc *old,
                                              void **old_data);
GC_API void GC_register_finalizer_no_order(void *object,
                                           GC_finalization_proc function,
                                           void *data,
                                           GC_finalization_proc *old,
                                           void **old_data);
GC_API void GC_register_finalizer_unreachable(void *object,
                                              GC_finalization_proc function,
                                              void *data,
                                              GC_finalization_proc *old,
                                              void **old_data);
GC_API int GC_should_invoke_finalizers(void);
GC_API int GC_invoke_finalizers(void);
GC_API void GC_finalize_all(void);

GC_API int GC_register_disappearing_link(void **link);
GC_API int GC_general_register_disappearing_link(void **link,
                                                 const void *object);
GC_API int GC_move_disappearing_link(void **link, void **to);
GC_API int GC_unregister_disappearing_link(void **link);
GC_API int GC_register_long_link(void **link, const void *object);
GC_API int GC_move_long_link(void **link, void **to);
GC_API int GC_unregister_long_link(void **link);

typedef GC_word GC_hidden_pointer;
#define GC_HIDE_POINTER(p) (~(GC_hidden_pointer)(p))
#define GC_REVEAL_POINTER(p) ((void *)GC_HIDE_POINTER(p))
#define GC_reachable_here(p) __asm__ volatile("" : : "X"(p) : "memory")

/* ---- collections ---- */

GC_API void GC_gcollect(void);
GC_API void GC_gcollect_and_unmap(void);
GC_API int GC_try_to_collect(GC_stop_func stop);
GC_API int GC_collect_a_little(void);
GC_API void GC_enable(void);
GC_API void GC_disable(void);
GC_API int GC_is_disabled(void);
GC_API void GC_enable_incremental(void); /* has no effect */
GC_API int GC_is_incremental_mode(void);
GC_API void *GC_call_with_alloc_lock(GC_fn_type function, void *data);
GC_API void GC_alloc_lock(void);
GC_API void GC_alloc_unlock(void);
GC_API int GC_expand_hp(size_t size);

GC_API void GC_add_roots(void *start, void *end);
GC_API void GC_remove_roots(void *start, void *end);
GC_API void GC_exclude_static_roots(void *start, void *end);
GC_API void GC_clear_roots(void);

#ifdef __cplusplus
}
#endif

#include "gc_options.h"
#include "gc_threads.h"

/* ---- the names that programs use ---- */

#define GC_INIT() GC_init()
#define GC_MALLOC(size) GC_malloc(size)
#define GC_MALLOC_ATOMIC(size) GC_malloc_atomic(size)
#define GC_MALLOC_UNCOLLECTABLE(size) GC_malloc_uncollectable(size)
#define GC_MALLOC_ATOMIC_UNCOLLECTABLE(size)                                   \
    GC_malloc_atomic_uncollectable(size)
#define GC_MALLOC_STUBBORN(size) GC_malloc(size)
#define GC_MALLOC_IGNORE_OFF_PAGE(size) GC_malloc_ignore_off_page(size)
#define GC_MALLOC_ATOMIC_IGNORE_OFF_PAGE(size)                                 \
    GC_malloc_atomic_ignore_off_page(size)
#define GC_REALLOC(object, size) GC_realloc(object, size)
#define GC_FREE(object) GC_free(object)
#define GC_STRDUP(text) GC_strdup(text)
#define GC_STRNDUP(text, size) GC_strndup(text, size)
#define GC_WCSDUP(text) GC_wcsdup(text)
#define GC_NEW(type) ((type *)GC_MALLOC(sizeof(type)))
#define GC_NEW_ATOMIC(type) ((type *)GC_MALLOC_ATOMIC(sizeof(type)))
#define GC_NEW_UNCOLLECTABLE(type)                                             \
    ((type *)GC_MALLOC_UNCOLLECTABLE(sizeof(type)))
#define GC_NEXT(object) (*(void **)(object))
#define GC_REGISTER_FINALIZER GC_register_finalizer
#define GC_REGISTER_FINALIZER_IGNORE_SELF GC_register_finalizer_ignore_self
#define GC_REGISTER_FINALIZER_NO_ORDER GC_register_finalizer_no_order
#define GC_REGISTER_FINALIZER_UNREACHABLE GC_register_finalizer_unreachable
#define GC_PTR_ADD(pointer, count) ((pointer) + (count))

#endif
