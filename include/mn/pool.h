/* SPDX-License-Identifier: MIT */
/* mn/pool.h -- pools: objects of one size, handed out and taken back in O(1).
 *
 * A pool lies wholly in memory that you give (fixed), or grows by chunks from a
 * region, each as large as all before it together. Its records lie before the
 * objects or elsewhere, and nothing is written to a free object. The object
 * released last is handed out first. One thread at a time uses a pool.
 *
 *     MN_TYPE_DECLARE(node);
 *     struct node { long value; };
 *     MN_TYPE(node, .drop = NULL);
 *     MN_POOL(node)                        struct node_pool and its functions
 *
 * In C, use what MN_POOL defines. How, and for tools: docs/manual/pool.md
 */
#ifndef MN_POOL_H
#define MN_POOL_H

#include <mn/source.h>
#include <mn/type.h>

MN_BEGIN

/* What a pool is made of; fields not named are 0 or NULL. */
struct mn_pool_options {
    const struct mn_type *type; /* MN_POOL names it by itself */
    /* Fixed: the objects, and unless `records` is given, the records too. */
    void *memory;
    size_t memory_size;
    void *records; /* at a multiple of MN_POOL_RECORD_ALIGN */
    size_t records_size;
    /* Growing: where chunks come from; their records come from the same block
     * unless `record_region` is given. */
    struct mn_region *region;
    struct mn_region *record_region;
    /* Objects of a fixed pool, 0 for as many as fit; of the first chunk of a
     * growing one, 0 for some 4 KiB. */
    size_t count;
    size_t count_max; /* most objects of a growing pool; 0: no limit */
    size_t size_max;  /* most bytes it takes, with its records; 0: no limit */
    /* Called when an object is handed out for the first time; from then on its
     * content is kept, until shrink or finish call the type's drop. False, and
     * it is not handed out. Must not use the pool. */
    bool (*construct)(void *object, void *context);
    void *context;
    /* The type's drop is called for live objects by clear and finish. It must
     * not use the pool. Not with `construct`, whose finish drops all. */
    bool drop_live;
    bool unwatched; /* sanitizers and Valgrind are told nothing */
};

enum { MN_POOL_RECORD_ALIGN = 8 };

/* The index of an object in its chunk. 16 bits on small processors. */
#ifdef __SIZEOF_INT128__
struct mn_pool_link {
    uint32_t at;
};
#define MN_POOL_NONE UINT32_MAX /* no object */
#else
struct mn_pool_link {
    uint16_t at;
};
#define MN_POOL_NONE UINT16_MAX
#endif
#define MN_POOL_OUT (MN_POOL_NONE - 1) /* the link of an object that is out */

struct mn_pool_chunk {         /* fields are private; the links follow it */
    unsigned char *base;       /* the first object */
    size_t used;               /* bytes from there on that were out once */
    struct mn_pool_link first; /* a free one of these; links to the next */
    struct mn_pool_link last;
    struct mn_pool *pool;
    struct mn_pool_chunk *next_idle; /* see src/pool/pool.h */
    struct mn_pool_chunk *next_open;
    struct mni_stacks *stacks;
    void *memory; /* the block of the objects; NULL: they are in `record` */
    void *record; /* the block with this struct; NULL: not from a region */
    size_t size;  /* of both */
    uint32_t count;
    bool listed;
};

struct mn_pool_entry {
    uintptr_t base;
    struct mn_pool_chunk *chunk;
};

struct mn_pool_table {        /* chunks by rising address */
    struct mn_pool_entry *at; /* from a region, or `few` */
    size_t count;
    size_t room;
    size_t size;     /* bytes of all chunks, and of `at` */
    size_t size_max; /* 0: no limit */
    struct mn_pool_entry few[6];
};

struct mn_pool {                 /* fields are private; stays in its place */
    struct mn_pool_chunk *from;  /* objects are taken from here */
    struct mn_pool_chunk *to;    /* and come back here, if they are its own */
    struct mn_pool_chunk **near; /* or here, by address, if it is not NULL */
    unsigned near_shift;
    unsigned misses; /* since an object of another chunk was taken */
    struct mn_pool_chunk **places;
    size_t stride;
    uint64_t reciprocal; /* of the stride, as a fraction of 2^64 */
    struct mn_pool_chunk *idle;
    struct mn_pool_chunk *open;
    struct mn_pool_table *table;
    struct mn_pool_table own;
    struct mn_pool_options options;
    size_t capacity;
    size_t size;
    size_t peak;
    size_t live; /* while a tool watches */
    unsigned char tool;
    bool busy;
};

/* Have `pool` be as `options` say, which need not outlive it; the memory and
 * regions must. A fixed pool takes all its memory now, a growing one nothing
 * yet. O(1). MN_ERR_INVALID if the type, or an alignment, cannot be, if there
 * is neither or both of memory and a region, or if drop is asked for and the
 * type has none; MN_ERR_NOMEM if fixed memory is too small. */
MN_API enum mn_status
mn_pool_init(struct mn_pool *pool,
             const struct mn_pool_options *options) MN_MUST_USE
    MN_NONNULL(1, 2);

/* Bytes of memory that a fixed pool of `count` objects needs, with its records
 * and, if a tool watches, with zones around the objects; 0 if there cannot be
 * so many. */
MN_API size_t mn_pool_fixed_size(const struct mn_type *type, size_t count)
    MN_NONNULL(1);

/* Give all memory back. Drops as the options say, by rising address. Blocks
 * that are still out are gone. O(chunks), and O(objects) if they are dropped.
 */
MN_API void mn_pool_finish(struct mn_pool *pool) MN_NONNULL(1);

/* Release all objects at once; no chunk is given back. As mn_pool_finish. */
MN_API void mn_pool_clear(struct mn_pool *pool) MN_NONNULL(1);

/* Make room for `count` objects more in advance. O(objects). */
MN_API enum mn_status mn_pool_reserve(struct mn_pool *pool,
                                      size_t count) MN_MUST_USE MN_NONNULL(1);

/* Give back the chunks that have no live object; constructed objects in them
 * are dropped. The bytes given back. O(objects). */
MN_API size_t mn_pool_shrink(struct mn_pool *pool) MN_NONNULL(1);

/* Call `visit` with each live object by rising address, until it returns false;
 * it may release objects, not allocate. True if it never did. O(objects). */
MN_API bool mn_pool_walk(struct mn_pool *pool,
                         bool (*visit)(void *object, void *context),
                         void *context) MN_NONNULL(1, 2);

/* Counts of objects and chunks, and all bytes that the pool has taken:
 * size == live_size + free_size + gap_size + record_size. */
struct mn_pool_stats {
    size_t live;     /* out now */
    size_t peak;     /* the most that ever were */
    size_t capacity; /* that can be out without growing */
    size_t chunks;
    size_t size;
    size_t live_size;
    size_t free_size;
    size_t gap_size; /* alignment, ends of chunks, zones for tools */
    size_t record_size;
};
MN_API void mn_pool_read_stats(const struct mn_pool *pool,
                               struct mn_pool_stats *stats) MN_NONNULL(1, 2);

/* True if every invariant holds. O(objects). */
MN_API bool mn_pool_check(const struct mn_pool *pool) MN_MUST_USE MN_NONNULL(1);

/* The object at `address`, which may be interior, live or free. False, and
 * *block untouched, if there is none. O(log chunks). */
MN_API bool mn_pool_block_at(const struct mn_pool *pool, const void *address,
                             struct mn_block *block) MN_MUST_USE
    MN_NONNULL(1, 3);

/* What mn_pool_alloc and mn_pool_release do, as calls. */
MN_API void *mn_pool_alloc_call(struct mn_pool *pool) MN_MUST_USE MN_NONNULL(1);
MN_API void mn_pool_release_call(struct mn_pool *pool, void *object)
    MN_NONNULL(1);

/* A pool as a source: of blocks up to its objects' size and alignment. */
struct mn_pool_source { /* fields are private */
    struct mn_source source;
    struct mn_pool *pool;
};
MN_API void mn_pool_source_init(struct mn_pool_source *source,
                                struct mn_pool *pool) MN_NONNULL(1, 2);

MN_END

#include <mn/pool_inline.h>

#endif
