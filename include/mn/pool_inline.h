/* SPDX-License-Identifier: MIT */
/* mn/pool_inline.h -- the two operations of a pool, and pools by type.
 *
 * What is not usual is left to the library: no free object in the chunk at
 * hand, an object of another chunk, misuse, and everything while a sanitizer or
 * Valgrind watches. Part of mn/pool.h.
 */
#ifndef MN_POOL_INLINE_H
#define MN_POOL_INLINE_H

#include <mn/pool.h>

MN_BEGIN

MN_ALWAYS_INLINE struct mn_pool_link *
mn_pool_links(const struct mn_pool_chunk *chunk)
{
    return (struct mn_pool_link *)(uintptr_t)(chunk + 1);
}

/* Bytes from one object to the next, where nothing lies between them. */
MN_ALWAYS_INLINE size_t mn_pool_stride(size_t size)
{
    return size + (size == 1); /* whose reciprocal would be 2^64 */
}

/* Requires: stride > 1. */
MN_ALWAYS_INLINE uint64_t mn_pool_reciprocal(size_t stride)
{
    return UINT64_MAX / stride + 1;
}

/* *index = offset / stride; true if there is no remainder. Requires: offset *
 * stride < 2^64, and the reciprocal of the stride. */
MN_ALWAYS_INLINE bool mn_pool_index(size_t offset, size_t stride,
                                    uint64_t reciprocal, size_t *index)
{
#ifdef __SIZEOF_INT128__
    __extension__ unsigned __int128 product =
        (unsigned __int128)offset * reciprocal;

    (void)stride;
    *index = (size_t)(product >> 64);
    return (uint64_t)product < reciprocal;
#else
    (void)reciprocal;
    *index = offset / stride;
    return offset % stride == 0;
#endif
}

/* Places for chunks, by address; and which one an address belongs to. */
enum { MN_POOL_NEAR = sizeof(void *) < 8 ? 32 : 128 };

MN_ALWAYS_INLINE uintptr_t mn_pool_place(const struct mn_pool *pool,
                                         const void *address)
{
    return (uintptr_t)address >> pool->near_shift & (MN_POOL_NEAR - 1);
}

/* Where the chunk of an address is looked for. A branch, since with one chunk
 * nothing has to wait for the address then. */
MN_ALWAYS_INLINE struct mn_pool_chunk *mn_pool_near(const struct mn_pool *pool,
                                                    const void *address)
{
    if (pool->near == NULL)
        return pool->to;
    return pool->near[mn_pool_place(pool, address)];
}

MN_MUST_USE MN_ALWAYS_INLINE void *mn_pool_take(struct mn_pool *pool,
                                                size_t stride)
{
    struct mn_pool_chunk *chunk = pool->from;
    struct mn_pool_link index = chunk->first;

    if (__builtin_expect(index.at == MN_POOL_NONE, 0))
        return mn_pool_alloc_call(pool);
    chunk->first = mn_pool_links(chunk)[index.at];
    mn_pool_links(chunk)[index.at].at = MN_POOL_OUT;
    return chunk->base + index.at * stride;
}

MN_ALWAYS_INLINE void mn_pool_put(struct mn_pool *pool, void *object,
                                  size_t stride, uint64_t reciprocal)
{
    struct mn_pool_chunk *chunk = mn_pool_near(pool, object);
    /* Wraps for an address below base, so one comparison bounds both ends. */
    size_t offset = (uintptr_t)object - (uintptr_t)chunk->base;
    struct mn_pool_link first;
    struct mn_pool_link *link;
    size_t index;

    if (__builtin_expect(offset >= chunk->used, 0)
        || __builtin_expect(!mn_pool_index(offset, stride, reciprocal, &index),
                            0)) {
        mn_pool_release_call(pool, object);
        return;
    }
    link = mn_pool_links(chunk) + index;
    if (__builtin_expect(link->at != MN_POOL_OUT, 0)) {
        mn_pool_release_call(pool, object);
        return;
    }
    first = chunk->first;
    if (first.at == MN_POOL_NONE) {
        if (__builtin_expect(pool->from->first.at != MN_POOL_NONE, 0)) {
            mn_pool_release_call(pool, object);
            return;
        }
        pool->from = chunk;
    }
    *link = first;
    chunk->first.at = (__typeof__(first.at))index;
}

/* An object at a multiple of its type's alignment, or NULL if there is no
 * memory, or a limit is reached. Its content is undefined, or with `construct`
 * what it was. O(1), but where the pool grows. */
MN_MUST_USE MN_ALWAYS_INLINE void *mn_pool_alloc(struct mn_pool *pool)
{
    return mn_pool_take(pool, pool->stride);
}

/* Take `object` back; NULL is ignored. Anything that is not a live object of
 * this pool stops the program, in every build, with one line that names the
 * address, what it is, and the object it lies in. O(1); O(log chunks) unless it
 * is in the same chunk as the last one. */
MN_ALWAYS_INLINE void mn_pool_release(struct mn_pool *pool, void *object)
{
    mn_pool_put(pool, object, pool->stride, pool->reciprocal);
}

MN_END

#ifndef __cplusplus
/* Define struct `tag`_pool, whose member `pool` is for the functions of
 * mn/pool.h, and `tag`_pool_init, _finish, _alloc and _release, which hand out
 * and take nothing but a struct `tag`. Requires: MN_TYPE_DECLARE(tag), and the
 * struct complete. */
/* clang-format off */
#define MN_POOL(tag)                                                           \
    struct tag##_pool {                                                        \
        struct mn_pool pool;                                                   \
    };                                                                         \
    MN_MUST_USE MNI_POOL_INLINE enum mn_status tag##_pool_init(                \
        struct tag##_pool *self, const struct mn_pool_options *options)        \
    {                                                                          \
        struct mn_pool_options own = *options;                                 \
                                                                               \
        own.type = &tag##_type;                                                \
        return mn_pool_init(&self->pool, &own);                                \
    }                                                                          \
    MNI_POOL_INLINE void tag##_pool_finish(struct tag##_pool *self)            \
    {                                                                          \
        mn_pool_finish(&self->pool);                                           \
    }                                                                          \
    MN_MUST_USE MNI_POOL_INLINE struct tag *tag##_pool_alloc(                  \
        struct tag##_pool *self)                                               \
    {                                                                          \
        return (struct tag *)mn_pool_take(                                     \
            &self->pool, mn_pool_stride(sizeof(struct tag)));                  \
    }                                                                          \
    MNI_POOL_INLINE void tag##_pool_release(struct tag##_pool *self,           \
                                          struct tag *object)                  \
    {                                                                          \
        const size_t stride = mn_pool_stride(sizeof(struct tag));              \
                                                                               \
        mn_pool_put(&self->pool, object, stride, mn_pool_reciprocal(stride));  \
    }                                                                          \
    struct tag##_pool /* so that a semicolon follows */
/* Nobody needs all of them. */
#define MNI_POOL_INLINE MN_ATTRIBUTE(unused) static inline
/* clang-format on */
#endif
#endif
