/* SPDX-License-Identifier: MIT */
/* mn/compat/gc_options.h -- what can be set, and what can be asked. */
#ifndef MN_COMPAT_GC_OPTIONS_H
#define MN_COMPAT_GC_OPTIONS_H

#include "gc.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- variables ---- */

GC_API GC_word GC_gc_no;             /* collections so far */
GC_API int GC_dont_gc;               /* how often GC_disable was called */
GC_API int GC_all_interior_pointers; /* counts before GC_init */
GC_API int GC_finalize_on_demand;
GC_API int GC_java_finalization;
GC_API GC_finalizer_notifier_proc GC_finalizer_notifier;
GC_API GC_oom_func GC_oom_fn;
GC_API int GC_no_dls; /* segments of libraries are no roots */
GC_API GC_word GC_free_space_divisor;
GC_API GC_word GC_non_gc_bytes;
GC_API GC_push_other_roots_proc GC_push_other_roots;
GC_API GC_on_heap_resize_proc GC_on_heap_resize;
/* These are kept, and have no effect. */
GC_API int GC_dont_expand;
GC_API int GC_dont_precollect;
GC_API int GC_find_leak;
GC_API int GC_full_freq;
GC_API GC_word GC_max_retries;
GC_API int GC_parallel;
GC_API unsigned long GC_time_limit;
GC_API char *GC_stackbottom;
GC_API int GC_use_entire_heap;

/* ---- functions for them ---- */

GC_API void GC_set_all_interior_pointers(int value);
GC_API int GC_get_all_interior_pointers(void);
GC_API void GC_set_finalize_on_demand(int value);
GC_API int GC_get_finalize_on_demand(void);
GC_API void GC_set_java_finalization(int value);
GC_API int GC_get_java_finalization(void);
GC_API void GC_set_finalizer_notifier(GC_finalizer_notifier_proc function);
GC_API GC_finalizer_notifier_proc GC_get_finalizer_notifier(void);
GC_API void GC_set_oom_fn(GC_oom_func function);
GC_API GC_oom_func GC_get_oom_fn(void);
GC_API void GC_set_no_dls(int value);
GC_API int GC_get_no_dls(void);
GC_API void GC_set_free_space_divisor(GC_word value);
GC_API GC_word GC_get_free_space_divisor(void);
GC_API void GC_set_non_gc_bytes(GC_word value);
GC_API GC_word GC_get_non_gc_bytes(void);
GC_API void GC_set_push_other_roots(GC_push_other_roots_proc function);
GC_API GC_push_other_roots_proc GC_get_push_other_roots(void);
GC_API void GC_set_on_heap_resize(GC_on_heap_resize_proc function);
GC_API GC_on_heap_resize_proc GC_get_on_heap_resize(void);
GC_API void GC_set_dont_expand(int value);
GC_API int GC_get_dont_expand(void);
GC_API void GC_set_dont_precollect(int value);
GC_API int GC_get_dont_precollect(void);
GC_API void GC_set_find_leak(int value);
GC_API int GC_get_find_leak(void);
GC_API void GC_set_full_freq(int value);
GC_API int GC_get_full_freq(void);
GC_API void GC_set_max_retries(GC_word value);
GC_API GC_word GC_get_max_retries(void);
GC_API void GC_set_time_limit(unsigned long value);
GC_API unsigned long GC_get_time_limit(void);
GC_API int GC_get_parallel(void);
GC_API void GC_set_markers_count(unsigned count);
GC_API void GC_set_warn_proc(GC_warn_proc function);
GC_API GC_warn_proc GC_get_warn_proc(void);
GC_API void GC_ignore_warn_proc(char *words, GC_word value);
GC_API void GC_set_abort_func(GC_abort_func function);
GC_API GC_abort_func GC_get_abort_func(void);
GC_API void GC_abort_on_oom(void);
GC_API void GC_set_start_callback(GC_start_callback_proc function);
GC_API GC_start_callback_proc GC_get_start_callback(void);
GC_API void GC_set_on_collection_event(GC_on_collection_event_proc function);
GC_API GC_on_collection_event_proc GC_get_on_collection_event(void);
GC_API void GC_set_handle_fork(int value); /* forks are always handled */
GC_API void GC_set_max_heap_size(GC_word size);
GC_API void GC_set_rate(int value);
GC_API int GC_get_rate(void);

/* ---- figures ---- */

GC_API unsigned GC_get_version(void);
GC_API GC_word GC_get_gc_no(void);
GC_API size_t GC_get_heap_size(void);
GC_API size_t GC_get_free_bytes(void);
GC_API size_t GC_get_unmapped_bytes(void);
GC_API size_t GC_get_bytes_since_gc(void);
GC_API size_t GC_get_expl_freed_bytes_since_gc(void);
GC_API size_t GC_get_total_bytes(void);
GC_API size_t GC_get_obtained_from_os_bytes(void);
GC_API size_t GC_get_memory_use(void);
GC_API unsigned long GC_get_full_gc_total_time(void); /* milliseconds */
GC_API void GC_get_heap_usage_safe(GC_word *heap, GC_word *free,
                                   GC_word *unmapped, GC_word *since_gc,
                                   GC_word *total);

struct GC_prof_stats_s {
    GC_word heapsize_full, free_bytes_full, unmapped_bytes;
    GC_word bytes_allocd_since_gc, allocd_bytes_before_gc;
    GC_word non_gc_bytes, gc_no, markers_m1;
    GC_word bytes_reclaimed_since_gc, reclaimed_bytes_before_gc; /* 0 */
    GC_word expl_freed_bytes_since_gc, obtained_from_os_bytes;
};
/* Fill in as much of the structure as `size` says; bytes filled in. */
GC_API size_t GC_get_prof_stats(struct GC_prof_stats_s *stats, size_t size);
GC_API void GC_dump(void);
GC_API void GC_dump_named(const char *name);

#ifdef __cplusplus
}
#endif

#endif
