/* SPDX-License-Identifier: MIT */
/* debug.c -- the names that programs compiled for debugging use.
 *
 * Where an object was made is not noted, and nothing lies around it. */
#include "front/front.h"

GC_API void *GC_debug_malloc(size_t size, const char *file, int line);
GC_API void *GC_debug_malloc_atomic(size_t size, const char *file, int line);
GC_API void *GC_debug_malloc_uncollectable(size_t size, const char *file,
                                           int line);
GC_API void *GC_debug_malloc_ignore_off_page(size_t size, const char *file,
                                             int line);
GC_API void *GC_debug_malloc_atomic_ignore_off_page(size_t size,
                                                    const char *file, int line);
GC_API void *GC_debug_realloc(void *object, size_t size, const char *file,
                              int line);
GC_API void GC_debug_free(void *object);
GC_API char *GC_debug_strdup(const char *text, const char *file, int line);
GC_API char *GC_debug_strndup(const char *text, size_t size, const char *file,
                              int line);
GC_API void GC_debug_register_displacement(size_t offset);
GC_API size_t GC_get_debug_header_size(void);

#define DEBUG_ALLOC(name)                                                      \
    void *GC_debug_##name(size_t size, const char *file, int line)             \
    {                                                                          \
        (void)file;                                                            \
        (void)line;                                                            \
        return GC_##name(size);                                                \
    }

DEBUG_ALLOC(malloc)
DEBUG_ALLOC(malloc_atomic)
DEBUG_ALLOC(malloc_uncollectable)
DEBUG_ALLOC(malloc_ignore_off_page)
DEBUG_ALLOC(malloc_atomic_ignore_off_page)

void *GC_debug_realloc(void *object, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return GC_realloc(object, size);
}

void GC_debug_free(void *object)
{
    GC_free(object);
}

char *GC_debug_strdup(const char *text, const char *file, int line)
{
    (void)file;
    (void)line;
    return GC_strdup(text);
}

char *GC_debug_strndup(const char *text, size_t size, const char *file,
                       int line)
{
    (void)file;
    (void)line;
    return GC_strndup(text, size);
}

void GC_debug_register_displacement(size_t offset)
{
    GC_register_displacement(offset);
}

size_t GC_get_debug_header_size(void)
{
    return 0;
}

#define DEBUG_FINALIZER(name)                                                  \
    GC_API void GC_debug_register_finalizer##name(                             \
        void *object, GC_finalization_proc function, void *data,               \
        GC_finalization_proc *old, void **old_data);                           \
    void GC_debug_register_finalizer##name(                                    \
        void *object, GC_finalization_proc function, void *data,               \
        GC_finalization_proc *old, void **old_data)                            \
    {                                                                          \
        GC_register_finalizer##name(object, function, data, old, old_data);    \
    }

DEBUG_FINALIZER()
DEBUG_FINALIZER(_ignore_self)
DEBUG_FINALIZER(_no_order)
DEBUG_FINALIZER(_unreachable)
