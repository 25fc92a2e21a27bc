/* SPDX-License-Identifier: MIT */
/* mn/compat/gc_typed.h -- objects with a map of where their pointers are. */
#ifndef MN_COMPAT_GC_TYPED_H
#define MN_COMPAT_GC_TYPED_H

#include "gc.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef GC_word *GC_bitmap;
typedef GC_word GC_descr;

#define GC_WORDSZ (8 * sizeof(GC_word))
#define GC_get_bit(map, index)                                                 \
    ((map)[(index) / GC_WORDSZ] >> ((index) % GC_WORDSZ) & 1)
#define GC_set_bit(map, index)                                                 \
    ((map)[(index) / GC_WORDSZ] |= (GC_word)1 << ((index) % GC_WORDSZ))
#define GC_WORD_OFFSET(type, member) (offsetof(type, member) / sizeof(GC_word))
#define GC_WORD_LEN(type) (sizeof(type) / sizeof(GC_word))

/* A map of more than one word, or for several objects in one, says only whether
 * there are any pointers. */
GC_API GC_descr GC_make_descriptor(const GC_word *map, size_t words);
GC_API void *GC_malloc_explicitly_typed(size_t size, GC_descr descriptor);
GC_API void *GC_malloc_explicitly_typed_ignore_off_page(size_t size,
                                                        GC_descr descriptor);
GC_API void *GC_calloc_explicitly_typed(size_t count, size_t size,
                                        GC_descr descriptor);

#define GC_MALLOC_EXPLICITLY_TYPED(size, descriptor)                           \
    GC_malloc_explicitly_typed(size, descriptor)
#define GC_CALLOC_EXPLICITLY_TYPED(count, size, descriptor)                    \
    GC_calloc_explicitly_typed(count, size, descriptor)

#ifdef __cplusplus
}
#endif

#endif
