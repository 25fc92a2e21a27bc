/* SPDX-License-Identifier: MIT */
/* mn/source.h -- sources: where the memory of one object comes from.
 *
 * What makes objects (unique, counted and shared references) asks a source for
 * one block an object, and gives it back to the same source. A source is two
 * functions; regions are one below, pools bring their own. No source (NULL) is
 * mn_alloc and mn_free, and costs an object nothing.
 *
 * An object of a source remembers it: a flag in its 8 bytes of header is set,
 * and the 8 bytes before the header hold the address of the source.
 */
#ifndef MN_SOURCE_H
#define MN_SOURCE_H

#include <mn/region.h>

MN_BEGIN

/* First member of every kind of source; it outlives the blocks that are out.
 * Who may call when is what the kind says: these functions take no lock. */
struct mn_source {
    /* At least `size` bytes at a multiple of `align`, or NULL. Requires:
     * size > 0; align is a power of two. */
    void *(*alloc)(struct mn_source *source, size_t size, size_t align);
    /* `block` is out, and from this source; anything else stops the program as
     * far as the source can tell. */
    void (*free)(struct mn_source *source, void *block);
};

static inline void mn_source_free(struct mn_source *source, void *block)
{
    source->free(source, block);
}

MN_MUST_USE static inline void *mn_source_alloc(struct mn_source *source,
                                                size_t size, size_t align)
{
    return source->alloc(source, size, align);
}

/* ---- a region as a source ---- */

struct mn_region_source { /* fields are private */
    struct mn_source source;
    struct mn_region *region;
};

/* Make `source` one that allocates from `region`, for one thread at a time
 * unless the region has a lock around it. Both must outlive the blocks. */
MN_API void mn_region_source_init(struct mn_region_source *source,
                                  struct mn_region *region) MN_NONNULL(1, 2);

MN_END

#endif
