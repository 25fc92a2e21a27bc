/* SPDX-License-Identifier: MIT */
/* pool.h -- what the files of the pool share.
 *
 * A chunk has a link for each object, apart from the objects. The objects below
 * `used` were out once; of these, the free ones are a list from `first` on, and
 * each other one's link is MN_POOL_OUT. Those above have never been out. So a
 * chunk begins empty without being touched, the object that is released last is
 * the first to be taken, and whether one is out, its link tells for certain.
 *
 * An object above `used` is taken only when no list has one. So the objects
 * that were ever out are as many as were ever out at once.
 *
 * A chunk with a list is among the `idle`, unless it is `from`, and nowhere
 * else twice (`listed`). A chunk with objects above `used` is in the list
 * `open`.
 *
 * A release looks for its chunk in `to`, the chunk of the last one that did not
 * find it; or once these have been many, in the place that belongs to the part
 * of the addresses that it is in, with the chunk that one there was in last.
 * Both are guesses, which the comparison with `used` makes certain. While a
 * tool watches, or a function of the program runs, `from` and `to` are a chunk
 * of nothing, and everything comes to the library.
 */
#ifndef MNI_POOL_H
#define MNI_POOL_H

#include <mn/pool.h>

#include "base/watch.h"

/* A chunk without objects. */
extern struct mn_pool_chunk mni_pool_nothing;

/* Bytes of the places. */
enum { MNI_POOL_NEAR_SIZE = MN_POOL_NEAR * sizeof(struct mn_pool_chunk *) };

static inline struct mn_region *
mni_pool_record_region(const struct mn_pool *pool)
{
    return pool->options.record_region != NULL ? pool->options.record_region
                                               : pool->options.region;
}

static inline enum mni_tool mni_pool_tool(const struct mn_pool *pool)
{
    return (enum mni_tool)pool->tool;
}

static inline size_t mni_pool_touched(const struct mn_pool *pool,
                                      const struct mn_pool_chunk *chunk)
{
    return chunk->used / pool->stride;
}

static inline unsigned char *mni_pool_object(const struct mn_pool *pool,
                                             const struct mn_pool_chunk *chunk,
                                             size_t index)
{
    return chunk->base + index * pool->stride;
}

static inline bool mni_pool_is_live(const struct mn_pool_chunk *chunk,
                                    size_t index)
{
    return mn_pool_links(chunk)[index].at == MN_POOL_OUT;
}

/* Zones on both sides of each object; 0 if there are none. */
static inline size_t mni_pool_zone(const struct mn_pool *pool)
{
    return pool->stride > mn_pool_stride(pool->options.type->size)
               ? MNI_WATCH_ZONE
               : 0;
}

static inline struct mni_watched mni_pool_watched(const struct mn_pool *pool)
{
    return (struct mni_watched){
        .tool = mni_pool_tool(pool),
        .size = pool->options.type->size,
        .zone = mni_pool_zone(pool),
        .stride = pool->stride,
    };
}

/* Tell a tool that an object is handed out, or is released. */
static inline void mni_pool_tell_alloc(const struct mn_pool *pool,
                                       const struct mn_pool_chunk *chunk,
                                       void *object)
{
    const struct mni_watched watched = mni_pool_watched(pool);

    mni_watch_alloc(&watched, chunk->stacks, object);
}

static inline void mni_pool_tell_free(const struct mn_pool *pool,
                                      const struct mn_pool_chunk *chunk,
                                      void *object)
{
    const struct mni_watched watched = mni_pool_watched(pool);

    if (watched.tool != MNI_TOOL_NONE)
        mni_watch_free(&watched, chunk->stacks, object);
}

/* ---- pool_table.c: chunks by address ---- */

void mni_pool_table_init(struct mn_pool_table *table, size_t size_max);

/* The chunk with the highest base that is not above `address`, or NULL. Each
 * step chooses a half without a jump: which one it is, nothing predicts. */
static inline struct mn_pool_chunk *
mni_pool_table_find(const struct mn_pool_table *table, uintptr_t address)
{
    const struct mn_pool_entry *at = table->at;
    size_t count = table->count;

    if (count == 0 || address < at->base)
        return NULL;
    while (count > 1) {
        size_t half = count / 2;
        at = at[half].base <= address ? at + half : at;
        count -= half;
    }
    return at->chunk;
}

/* The next chunk of `pool` from *index on, which is then behind it; or NULL. */
struct mn_pool_chunk *mni_pool_next_chunk(const struct mn_pool *pool,
                                          size_t *index);

/* Bytes that the table has from a region. */
size_t mni_pool_table_size(const struct mn_pool_table *table);

/* Bytes that room for one more chunk would take; 0 if there is room. */
size_t mni_pool_table_more(const struct mn_pool_table *table);

/* See to room for one more chunk; false if `region` has no memory. */
bool mni_pool_table_reserve(struct mn_pool_table *table,
                            struct mn_region *region);
void mni_pool_table_insert(struct mn_pool_table *table,
                           struct mn_pool_chunk *chunk);
void mni_pool_table_remove(struct mn_pool_table *table,
                           struct mn_pool_chunk *chunk);
void mni_pool_table_finish(struct mn_pool_table *table,
                           struct mn_region *region);

/* ---- pool_chunk.c: where chunks come from and go to ---- */

/* The distance of objects, and what they are aligned to, with zones for a tool
 * or without. */
size_t mni_pool_full_stride(const struct mn_type *type, bool zones);
size_t mni_pool_align(const struct mn_pool *pool);

/* The most objects of a chunk. */
size_t mni_pool_count_max(const struct mn_pool *pool);

/* Make the fixed memory of the pool a chunk; false if it is too small. */
bool mni_pool_place_fixed(struct mn_pool *pool);

/* Add a chunk with at least `need` objects; false if that cannot be. */
bool mni_pool_grow(struct mn_pool *pool, size_t need);

/* Give a chunk back that is in no list any more. The bytes of it. */
size_t mni_pool_remove_chunk(struct mn_pool *pool, struct mn_pool_chunk *chunk);

/* Know no chunk by its addresses any more; the array goes if there is no use
 * for it, or if `all` goes. The bytes of it. */
size_t mni_pool_forget_near(struct mn_pool *pool, bool all);

/* ---- pool.c ---- */

/* As mn_pool_init, with a table of several pools. */
enum mn_status mni_pool_init(struct mn_pool *pool,
                             const struct mn_pool_options *options,
                             struct mn_pool_table *table);

/* Everything comes to the library from now on; then all lists anew. */
void mni_pool_detach(struct mn_pool *pool);
void mni_pool_list_all(struct mn_pool *pool);

/* Stop the program unless no function of it is running inside the pool. */
void mni_pool_expect_idle(const struct mn_pool *pool, const char *operation);

/* The most objects that were ever out at once. */
size_t mni_pool_peak(const struct mn_pool *pool);

/* How many objects of a chunk are out. No operation counts them. */
size_t mni_pool_count_live(const struct mn_pool *pool,
                           const struct mn_pool_chunk *chunk);

#endif
