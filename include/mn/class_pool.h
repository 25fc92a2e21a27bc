/* SPDX-License-Identifier: MIT */
/* mn/class_pool.h -- pools of several sizes of objects over one region.
 *
 * A class is a pool of objects of one size; an object is of the smallest class
 * that holds it. Otherwise as mn/pool.h: growth by doubling, misuse that stops
 * the program, one thread at a time.
 *
 * When to use it: docs/manual/pool.md
 */
#ifndef MN_CLASS_POOL_H
#define MN_CLASS_POOL_H

#include <mn/pool.h>

MN_BEGIN

enum {
    MN_CLASS_POOL_MAX = 32,       /* classes */
    MN_CLASS_POOL_SIZE_MAX = 1024 /* bytes of the largest */
};

/* What it is made of; fields not named are 0 or NULL. */
struct mn_class_pool_options {
    struct mn_region *region;
    struct mn_region *record_region; /* as of struct mn_pool_options */
    /* Bytes of each class: rising multiples of 8 up to MN_CLASS_POOL_SIZE_MAX.
     * NULL: 22 classes from 8 to 1024, which waste a fifth at most above 64. */
    const size_t *sizes;
    size_t size_count;
    size_t size_max; /* most bytes that all take, with records; 0: no limit */
    bool unwatched;
};

struct mn_class_pool { /* fields are private; stays in its place */
    struct mn_pool pools[MN_CLASS_POOL_MAX];
    struct mn_type types[MN_CLASS_POOL_MAX];
    unsigned char
        of[MN_CLASS_POOL_SIZE_MAX / 8 + 1]; /* by size, in units of 8 */
    struct mn_pool_table table;
    size_t count;
};

/* Takes nothing from the region yet. MN_ERR_INVALID if there is no region, or
 * the sizes are not as they should be. */
MN_API enum mn_status
mn_class_pool_init(struct mn_class_pool *pool,
                   const struct mn_class_pool_options *options) MN_MUST_USE
    MN_NONNULL(1, 2);

/* Give all memory back, with objects that are still out; or release them. */
MN_API void mn_class_pool_finish(struct mn_class_pool *pool) MN_NONNULL(1);
MN_API void mn_class_pool_clear(struct mn_class_pool *pool) MN_NONNULL(1);

/* As mn_pool_shrink, of all classes. */
MN_API size_t mn_class_pool_shrink(struct mn_class_pool *pool) MN_NONNULL(1);

/* Take back an object whose size is not known; NULL is ignored. O(log chunks),
 * those of all classes. */
MN_API void mn_class_pool_release_any(struct mn_class_pool *pool, void *object)
    MN_NONNULL(1);

/* What mn_class_pool_release does, as a call. */
MN_API void mn_class_pool_release_call(struct mn_class_pool *pool, void *object,
                                       size_t size) MN_NONNULL(1);

/* The pool of the objects of `size` bytes, for what mn/pool.h tells of one; or
 * NULL if `size` is 0 or above the largest class. */
static inline struct mn_pool *mn_class_pool_of(struct mn_class_pool *pool,
                                               size_t size)
{
    if (size - 1 >= MN_CLASS_POOL_SIZE_MAX)
        return NULL;
    size_t i = pool->of[(size + 7) / 8];
    return i < pool->count ? &pool->pools[i] : NULL;
}

/* An object of at least `size` bytes, at a multiple of the largest power of two
 * that divides its class, up to 64; or NULL as mn_pool_alloc, or if `size` is 0
 * or above the largest class. */
MN_MUST_USE MN_ALWAYS_INLINE void *
mn_class_pool_alloc(struct mn_class_pool *pool, size_t size)
{
    struct mn_pool *of = mn_class_pool_of(pool, size);

    return of != NULL ? mn_pool_alloc(of) : NULL;
}

/* Take back an object that was allocated with a size of the same class; another
 * size stops the program, as misuse does. NULL is ignored. */
MN_ALWAYS_INLINE void mn_class_pool_release(struct mn_class_pool *pool,
                                            void *object, size_t size)
{
    struct mn_pool *of = mn_class_pool_of(pool, size);

    if (of != NULL)
        mn_pool_release(of, object);
    else
        mn_class_pool_release_call(pool, object, size);
}

/* Sums over the classes, `peak` too: each class's own. Sizes are those of the
 * classes, whatever was asked for. */
MN_API void mn_class_pool_read_stats(const struct mn_class_pool *pool,
                                     struct mn_pool_stats *stats)
    MN_NONNULL(1, 2);

/* True if every invariant holds. O(objects). */
MN_API bool mn_class_pool_check(const struct mn_class_pool *pool) MN_MUST_USE
    MN_NONNULL(1);

/* As mn_pool_block_at. */
MN_API bool mn_class_pool_block_at(const struct mn_class_pool *pool,
                                   const void *address,
                                   struct mn_block *block) MN_MUST_USE
    MN_NONNULL(1, 3);

MN_END

#endif
