/* SPDX-License-Identifier: MIT */
/* malloc.c -- the functions of the C library's malloc in terms of heaps.
 *
 * Sources: ISO C23 7.24.3, POSIX.1-2024, and glibc's manual where it goes
 * beyond them. Out of memory is NULL with ENOMEM. Releases keep errno.
 */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "heap/fast.h"
#include "os/os.h"
#include "override/override.h"

static __attribute__((cold, noinline)) void *malloc_failed(int error)
{
    errno = error;
    return NULL;
}

static __attribute__((noinline)) void *malloc_slow(size_t size)
{
    void *block = mni_alloc_slow(mni_heap_self, size);

    return MNI_LIKELY(block != NULL) ? block : malloc_failed(ENOMEM);
}

MN_API void *malloc(size_t size)
{
    void *block = mni_alloc_fast(size);

    return MNI_LIKELY(block != NULL) ? block : malloc_slow(size);
}

MN_API void free(void *block)
{
    mni_free(block);
}

static __attribute__((noinline)) void *malloc_zero_slow(size_t bytes)
{
    void *block = mn_alloc_zero(bytes);

    return MNI_LIKELY(block != NULL) ? block : malloc_failed(ENOMEM);
}

MN_API void *calloc(size_t count, size_t size)
{
    size_t bytes;

    if (MNI_UNLIKELY(!mni_multiply(count, size, &bytes)))
        return malloc_failed(ENOMEM);
    void *block = mni_alloc_fast(bytes);
    return MNI_LIKELY(block != NULL) ? memset(block, 0, bytes)
                                     : malloc_zero_slow(bytes);
}

MN_API void *realloc(void *block, size_t size)
{
    /* As in glibc: size 0 releases a block, and C23 leaves it undefined. */
    if (MNI_UNLIKELY(size == 0 && block != NULL)) {
        mni_free(block);
        return NULL;
    }
    void *moved = mn_realloc(block, size);
    return MNI_LIKELY(moved != NULL) ? moved : malloc_failed(ENOMEM);
}

MN_API void *reallocarray(void *block, size_t count, size_t size)
{
    size_t bytes;

    if (!mni_multiply(count, size, &bytes))
        return malloc_failed(ENOMEM);
    return realloc(block, bytes);
}

static __attribute__((noinline)) void *malloc_aligned_slow(size_t size,
                                                           size_t align)
{
    void *block = mn_alloc_aligned(size, align);

    return MNI_LIKELY(block != NULL) ? block : malloc_failed(ENOMEM);
}

MN_API void *aligned_alloc(size_t align, size_t size)
{
    if (MNI_UNLIKELY(!mni_is_power_of_two(align)))
        return malloc_failed(EINVAL);
    void *block = mni_alloc_aligned_fast(size, align);
    return MNI_LIKELY(block != NULL) ? block : malloc_aligned_slow(size, align);
}

/* As in glibc: an alignment that is no power of two is rounded up to one. */
MN_API void *memalign(size_t align, size_t size)
{
    if (MNI_UNLIKELY(align > PTRDIFF_MAX))
        return malloc_failed(EINVAL);
    if (MNI_UNLIKELY(!mni_is_power_of_two(align)))
        align = align == 0 ? 1 : (size_t)2 << mni_highest_bit(align);
    return aligned_alloc(align, size);
}

static __attribute__((noinline)) int
malloc_posix_slow(void **result, size_t align, size_t size)
{
    if (!mni_is_power_of_two(align) || align % sizeof(void *) != 0)
        return EINVAL;
    void *block = mn_alloc_aligned(size, align);
    if (block == NULL)
        return ENOMEM;
    *result = block;
    return 0;
}

MN_API int posix_memalign(void **result, size_t align, size_t size)
{
    /* An alignment of 0 passes this one test, and is not fast. */
    if (MNI_UNLIKELY((align & ((align - 1) | (sizeof(void *) - 1))) != 0))
        return EINVAL;
    void *block = mni_alloc_aligned_fast(size, align);
    if (MNI_UNLIKELY(block == NULL))
        return malloc_posix_slow(result, align, size);
    *result = block;
    return 0;
}

MN_API void *valloc(size_t size)
{
    return aligned_alloc(mni_os_page_size(), size);
}

MN_API void *pvalloc(size_t size)
{
    size_t page = mni_os_page_size();

    if (size > PTRDIFF_MAX)
        return malloc_failed(ENOMEM);
    return aligned_alloc(page, mni_round_up(size == 0 ? 1 : size, page));
}

MN_API void free_sized(void *block, size_t size)
{
    mn_free_sized(block, size);
}

MN_API void free_aligned_sized(void *block, size_t align, size_t size)
{
    if (block == NULL)
        return;
    MN_CHECK(mni_is_power_of_two(align)
                 && ((uintptr_t)block & (align - 1)) == 0,
             "free_aligned_sized: the block does not have this alignment");
    mn_free_sized(block, size);
}

MN_API size_t malloc_usable_size(void *block)
{
    return mn_usable_size(block);
}
