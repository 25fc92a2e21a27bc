/* SPDX-License-Identifier: MIT */
/* mn/shared_pool.h -- a pool of one type for many threads, which grows.
 *
 * Each thread allocates from chunks of its own and takes back what is its own
 * by plain loads and stores; an object of another thread goes back by one
 * atomic operation, and its owner takes such objects over many at a time. A
 * lock is taken only for chunks. Threads come and go: others go on with the
 * chunks of one that ended. Records lie apart from the objects.
 *
 *     MN_TYPE_DECLARE(node);
 *     struct node { long value; };
 *     MN_TYPE(node, .drop = NULL);
 *     MN_SHARED_POOL(node);      struct node_shared_pool and its functions
 *
 * Signal handlers may allocate and release, and children of forks go on.
 * How to use it: docs/manual/shared_pool.md
 */
#ifndef MN_SHARED_POOL_H
#define MN_SHARED_POOL_H

#include <mn/source.h>
#include <mn/type.h>

MN_BEGIN

/* What a pool is made of; fields not named are 0 or NULL. */
struct mn_shared_pool_options {
    const struct mn_type *type; /* MN_SHARED_POOL names it by itself */
    /* Where chunks come from, one at a time, at a multiple of mn_space_cell();
     * it needs no lock if nobody else uses it. NULL: the system. */
    struct mn_region *region;
    size_t size_max; /* most bytes of chunks; 0: no limit */
    /* The type's drop is called for live objects by clear and finish. It must
     * not use the pool. */
    bool drop_live;
    bool unwatched; /* sanitizers and Valgrind are told nothing */
};

struct mn_shared_pool { /* fields are private */
    uint64_t serial;    /* never the same for two pools; 0: finished */
    size_t index;       /* of the threads' tables */
    struct mni_shared *state;
};

/* Have `pool` be as `options` say, which need not outlive it; the type and the
 * region must. It takes no chunk yet. One thread, before others use it.
 * MN_ERR_INVALID if the type cannot be, has 256 KiB or more, an alignment above
 * mn_space_cell(), or no drop that is asked for; MN_ERR_NOMEM without memory
 * for the records. */
MN_API enum mn_status
mn_shared_pool_init(struct mn_shared_pool *pool,
                    const struct mn_shared_pool_options *options) MN_MUST_USE
    MN_NONNULL(1, 2);

/* Give all memory back; objects that are still out are gone, and dropped if the
 * options say so. Requires: no thread uses the pool any more. Threads that did
 * may end later, or at this moment. O(chunks), and O(slots) if they drop. */
MN_API void mn_shared_pool_finish(struct mn_shared_pool *pool) MN_NONNULL(1);

/* Take `object` back; NULL is ignored. Anything that is not a live object of
 * this pool stops the program, in every build, with one line that names the
 * address, what it is, and the object it lies in. Any thread. O(1). */
MN_API void mn_shared_pool_release(struct mn_shared_pool *pool, void *object)
    MN_NONNULL(1);

/* An object at a multiple of its type's alignment, or NULL if there is no
 * memory, or the limit is reached. Its content is undefined. Any thread. O(1),
 * but where the thread takes up another chunk. */
MN_API void *mn_shared_pool_alloc(struct mn_shared_pool *pool) MN_MUST_USE
    MN_NONNULL(1);

/* Release all objects at once, and drop them if the options say so; chunks are
 * kept. Requires: no other thread uses the pool meanwhile. As finish. */
MN_API void mn_shared_pool_clear(struct mn_shared_pool *pool) MN_NONNULL(1);

/* Give back the chunks without live objects: those that the pool keeps, that
 * the calling thread has, and that threads left behind. The bytes given back.
 * Any thread. O(its chunks). */
MN_API size_t mn_shared_pool_shrink(struct mn_shared_pool *pool) MN_NONNULL(1);

/* Call `visit` with each live object, until it returns false; it must not use
 * the pool. Objects that are out all the time are visited once; of those that
 * other threads take or release meanwhile, some. True if it never did. A thread
 * that needs another chunk waits. O(slots). */
MN_API bool mn_shared_pool_walk(struct mn_shared_pool *pool,
                                bool (*visit)(void *object, void *context),
                                void *context) MN_NONNULL(1, 2);

/* Where the memory of chunks is, in bytes but for the first two:
 * size == live_size + free_size + kept_size + gap_size. */
struct mn_shared_pool_stats {
    size_t live; /* objects out */
    size_t chunks;
    size_t size;
    size_t live_size;
    size_t free_size;   /* in chunks that threads have, or left behind */
    size_t kept_size;   /* chunks that wait to be taken by any thread */
    size_t gap_size;    /* ends of chunks */
    size_t record_size; /* beside the chunks */
};

/* Exact if no thread uses the pool meanwhile; the sum always is. O(slots). */
MN_API void mn_shared_pool_read_stats(struct mn_shared_pool *pool,
                                      struct mn_shared_pool_stats *stats)
    MN_NONNULL(1, 2);

/* True if every invariant holds. Requires: no thread uses the pool meanwhile.
 * O(slots). */
MN_API bool mn_shared_pool_check(struct mn_shared_pool *pool) MN_MUST_USE
    MN_NONNULL(1);

/* A pool as a source: of blocks up to its objects' size and alignment. Any
 * thread. */
struct mn_shared_pool_source { /* fields are private */
    struct mn_source source;
    struct mn_shared_pool *pool;
};
MN_API void mn_shared_pool_source_init(struct mn_shared_pool_source *source,
                                       struct mn_shared_pool *pool)
    MN_NONNULL(1, 2);

MN_END

#ifndef __cplusplus
/* Define struct `tag`_shared_pool, whose member `pool` is for the functions
 * above, and `tag`_shared_pool_init, _finish, _alloc and _release, which hand
 * out and take nothing but a struct `tag`. Options may be NULL. Requires:
 * MN_TYPE_DECLARE(tag), and the struct complete. */
/* clang-format off */
#define MN_SHARED_POOL(tag)                                                    \
    struct tag##_shared_pool {                                                 \
        struct mn_shared_pool pool;                                            \
    };                                                                         \
    MN_ATTRIBUTE(unused) MN_MUST_USE static inline                             \
        enum mn_status tag##_shared_pool_init(                                 \
        struct tag##_shared_pool *pool,                                        \
        const struct mn_shared_pool_options *options)                          \
    {                                                                          \
        struct mn_shared_pool_options own = {.type = NULL};                    \
                                                                               \
        if (options != NULL)                                                   \
            own = *options;                                                    \
        own.type = &tag##_type;                                                \
        return mn_shared_pool_init(&pool->pool, &own);                         \
    }                                                                          \
    MN_ATTRIBUTE(unused) static inline void tag##_shared_pool_finish(          \
        struct tag##_shared_pool *pool)                                        \
    {                                                                          \
        mn_shared_pool_finish(&pool->pool);                                    \
    }                                                                          \
    MN_ATTRIBUTE(unused) MN_MUST_USE static inline                             \
        struct tag *tag##_shared_pool_alloc(                                   \
        struct tag##_shared_pool *pool)                                        \
    {                                                                          \
        return (struct tag *)mn_shared_pool_alloc(&pool->pool);                \
    }                                                                          \
    MN_ATTRIBUTE(unused) static inline void tag##_shared_pool_release(         \
        struct tag##_shared_pool *pool, struct tag *object)                    \
    {                                                                          \
        mn_shared_pool_release(&pool->pool, object);                           \
    }                                                                          \
    struct tag##_shared_pool /* so that a semicolon follows */
/* clang-format on */
#endif
#endif
