/* SPDX-License-Identifier: MIT */
/* new.c -- C++ operator new and delete, under their mangled names.
 *
 * Source: ISO C++17 [new.delete]. When memory runs out, new calls the
 * program's new handler until there is memory, or throws. The C++ library is
 * not linked: its functions are found at run time if the program has them.
 */
#include <string.h>

#include "base/assert.h"
#include "heap/fast.h"
#include "override/new.h"

typedef void (*new_handler_fn)(void);

/* std::get_new_handler() and std::__throw_bad_alloc() of libstdc++. */
extern new_handler_fn _ZSt15get_new_handlerv(void) __attribute__((weak));
extern void _ZSt17__throw_bad_allocv(void) __attribute__((weak, noreturn));

/* The C++ library's own function of that name, behind ours. A static program
 * has no dlsym, and none of them. */
extern void *dlsym(void *handle, const char *name) __attribute__((weak));
#define NEW_BEHIND_OURS ((void *)-1L) /* RTLD_NEXT */

static new_handler_fn new_handler(void)
{
    return _ZSt15get_new_handlerv != NULL ? _ZSt15get_new_handlerv() : NULL;
}

/* Call the program's handler until there is memory; NULL if there is none. */
static void *new_retry(size_t size, size_t align)
{
    new_handler_fn handler;
    void *block = NULL;

    while (block == NULL && (handler = new_handler()) != NULL) {
        handler();
        block = mn_alloc_aligned(size, align);
    }
    return block;
}

static __attribute__((cold, noinline)) void *new_failed(size_t size,
                                                        size_t align)
{
    void *block = new_retry(size, align);

    if (block != NULL)
        return block;
    if (_ZSt17__throw_bad_allocv == NULL)
        mni_stop("operator new: out of memory, and nothing to throw it with");
    _ZSt17__throw_bad_allocv();
}

/* What the forms that must not throw do: a handler may throw, and C cannot
 * catch it. The C++ library's forms can; they call ours that throw. */
static __attribute__((cold, noinline)) void *
new_failed_nothrow(size_t size, const void *nothrow, const char *name)
{
    void *(*behind)(size_t, const void *) = NULL;

    if (new_handler() == NULL)
        return NULL;
    if (dlsym != NULL)
        *(void **)(void *)&behind = dlsym(NEW_BEHIND_OURS, name);
    return behind != NULL ? behind(size, nothrow)
                          : new_retry(size, MN_HEAP_ALIGN);
}

static __attribute__((cold, noinline)) void *
new_failed_aligned_nothrow(size_t size, size_t align, const void *nothrow,
                           const char *name)
{
    void *(*behind)(size_t, size_t, const void *) = NULL;

    if (new_handler() == NULL)
        return NULL;
    if (dlsym != NULL)
        *(void **)(void *)&behind = dlsym(NEW_BEHIND_OURS, name);
    return behind != NULL ? behind(size, align, nothrow)
                          : new_retry(size, align);
}

static __attribute__((noinline)) void *new_slow(size_t size)
{
    void *block = mni_alloc_slow(mni_heap_self, size);

    return block != NULL ? block : new_failed(size, MN_HEAP_ALIGN);
}

static inline void *new_plain(size_t size)
{
    void *block = mni_alloc_fast(size);

    return MNI_LIKELY(block != NULL) ? block : new_slow(size);
}

static inline void *new_aligned(size_t size, size_t align)
{
    void *block = mn_alloc_aligned(size, align);

    return MNI_LIKELY(block != NULL) ? block : new_failed(size, align);
}

/* ---- operator new and new[] ---- */

MN_API void *_Znwm(size_t size)
{
    return new_plain(size);
}

MN_API void *_Znam(size_t size)
{
    return new_plain(size);
}

MN_API void *_ZnwmRKSt9nothrow_t(size_t size, const void *nothrow)
{
    void *block = mni_alloc(size);

    return MNI_LIKELY(block != NULL)
               ? block
               : new_failed_nothrow(size, nothrow, "_ZnwmRKSt9nothrow_t");
}

MN_API void *_ZnamRKSt9nothrow_t(size_t size, const void *nothrow)
{
    void *block = mni_alloc(size);

    return MNI_LIKELY(block != NULL)
               ? block
               : new_failed_nothrow(size, nothrow, "_ZnamRKSt9nothrow_t");
}

MN_API void *_ZnwmSt11align_val_t(size_t size, size_t align)
{
    return new_aligned(size, align);
}

MN_API void *_ZnamSt11align_val_t(size_t size, size_t align)
{
    return new_aligned(size, align);
}

MN_API void *_ZnwmSt11align_val_tRKSt9nothrow_t(size_t size, size_t align,
                                                const void *nothrow)
{
    void *block = mn_alloc_aligned(size, align);

    return MNI_LIKELY(block != NULL)
               ? block
               : new_failed_aligned_nothrow(
                   size, align, nothrow, "_ZnwmSt11align_val_tRKSt9nothrow_t");
}

MN_API void *_ZnamSt11align_val_tRKSt9nothrow_t(size_t size, size_t align,
                                                const void *nothrow)
{
    void *block = mn_alloc_aligned(size, align);

    return MNI_LIKELY(block != NULL)
               ? block
               : new_failed_aligned_nothrow(
                   size, align, nothrow, "_ZnamSt11align_val_tRKSt9nothrow_t");
}

/* ---- operator delete and delete[] ---- */

MN_API void _ZdlPv(void *block)
{
    mni_free(block);
}

MN_API void _ZdaPv(void *block)
{
    mni_free(block);
}

MN_API void _ZdlPvRKSt9nothrow_t(void *block, const void *nothrow)
{
    (void)nothrow;
    mni_free(block);
}

MN_API void _ZdaPvRKSt9nothrow_t(void *block, const void *nothrow)
{
    (void)nothrow;
    mni_free(block);
}

MN_API void _ZdlPvm(void *block, size_t size)
{
    (void)size;
    mni_free(block);
}

MN_API void _ZdaPvm(void *block, size_t size)
{
    (void)size;
    mni_free(block);
}

MN_API void _ZdlPvSt11align_val_t(void *block, size_t align)
{
    (void)align;
    mni_free(block);
}

MN_API void _ZdaPvSt11align_val_t(void *block, size_t align)
{
    (void)align;
    mni_free(block);
}

MN_API void _ZdlPvSt11align_val_tRKSt9nothrow_t(void *block, size_t align,
                                                const void *nothrow)
{
    (void)align;
    (void)nothrow;
    mni_free(block);
}

MN_API void _ZdaPvSt11align_val_tRKSt9nothrow_t(void *block, size_t align,
                                                const void *nothrow)
{
    (void)align;
    (void)nothrow;
    mni_free(block);
}

MN_API void _ZdlPvmSt11align_val_t(void *block, size_t size, size_t align)
{
    (void)size;
    (void)align;
    mni_free(block);
}

MN_API void _ZdaPvmSt11align_val_t(void *block, size_t size, size_t align)
{
    (void)size;
    (void)align;
    mni_free(block);
}
