/* SPDX-License-Identifier: MIT */
/* mn/compat/gc_mark.h -- for language run times: roots that a program pushes
 * itself, and kinds of objects with procedures that tell where they lead. */
#ifndef MN_COMPAT_GC_MARK_H
#define MN_COMPAT_GC_MARK_H

#include "gc.h"

#ifdef __cplusplus
extern "C" {
#endif

struct GC_ms_entry;
typedef struct GC_ms_entry *(*GC_mark_proc)(GC_word *object,
                                            struct GC_ms_entry *top,
                                            struct GC_ms_entry *limit,
                                            GC_word environment);

enum { GC_LOG_MAX_MARK_PROCS = 6, GC_MAX_MARK_PROCS = 64 };
enum { GC_DS_TAG_BITS = 2, GC_DS_TAGS = 3 };
enum { GC_DS_LENGTH, GC_DS_BITMAP, GC_DS_PROC, GC_DS_PER_OBJECT };
#define GC_MAKE_PROC(number, environment)                                      \
    ((((GC_word)(environment) << GC_LOG_MAX_MARK_PROCS | (number))             \
      << GC_DS_TAG_BITS)                                                       \
     | GC_DS_PROC)

GC_API void *GC_least_plausible_heap_addr;
GC_API void *GC_greatest_plausible_heap_addr;

GC_API void **GC_new_free_list(void);
GC_API unsigned GC_new_kind(void **list, GC_word descriptor, int adjust,
                            int clear);
GC_API unsigned GC_new_proc(GC_mark_proc function);
GC_API void *GC_generic_malloc(size_t size, int kind);
GC_API void *GC_generic_malloc_ignore_off_page(size_t size, int kind);
GC_API void GC_generic_malloc_many(size_t size, int kind, void **result);
GC_API void *GC_malloc_kind(size_t size, int kind);
GC_API void *GC_malloc_kind_global(size_t size, int kind);
GC_API struct GC_ms_entry *GC_mark_and_push(void *object,
                                            struct GC_ms_entry *top,
                                            struct GC_ms_entry *limit,
                                            void **from);

#define GC_MARK_AND_PUSH(object, top, limit, from)                             \
    GC_mark_and_push((object), (top), (limit), (from))

/* While roots are pushed. */
GC_API void GC_push_all(void *start, void *end);
GC_API void GC_push_all_eager(void *start, void *end);
GC_API void GC_push_conditional(void *start, void *end, int all);
GC_API void GC_set_mark_bit(const void *object);
GC_API int GC_is_marked(const void *object);

#ifdef __cplusplus
}
#endif

#endif
