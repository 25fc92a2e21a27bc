/* SPDX-License-Identifier: MIT */
/* mn/region.h -- regions: where blocks of memory come from.
 *
 * A region hands out blocks of memory it was given. Strategies differ in how
 * they find a block; callers see only the operations below, so changing the
 * strategy means changing the line that creates the region and no other.
 * A region takes no lock: one thread uses it at a time.
 *
 * Design, and how to choose a strategy: docs/design/region.md
 */
#ifndef MN_REGION_H
#define MN_REGION_H

#include <mn/block.h>

MN_BEGIN

struct mn_region {
    const struct mn_region_ops *ops; /* first member of every kind */
};

/* What a kind of region supplies. Only the mn_region_ functions call these;
 * they check the arguments once, so that no kind has to. */
struct mn_region_ops {
    const char *name;
    void *(*alloc)(struct mn_region *region, size_t size, size_t align);
    bool (*resize)(struct mn_region *region, void *block, size_t size);
    void (*free)(struct mn_region *region, void *block);
    bool (*check)(const struct mn_region *region);
    bool (*block_at)(const struct mn_region *region, const void *address,
                     struct mn_block *block);
    bool (*walk)(const struct mn_region *region, mn_block_fn visit,
                 void *context);
    /* What is wrong with giving `block` back: MN_OK, MN_ERR_ADDRESS,
     * MN_ERR_DOUBLE_FREE or MN_ERR_CORRUPTED. NULL: block_at tells. */
    enum mn_status (*examine)(const struct mn_region *region,
                              const void *block);
};

/* Give `block` back. NULL is ignored; any other pointer that this region does
 * not have out stops the program, in every build, with one line that names
 * the address, what it is, and the block it lies in. */
MN_API void mn_region_free(struct mn_region *region, void *block)
    MN_TAKES(mn_region, 2);

/* Return a block of at least `size` bytes at a multiple of `align`, or NULL
 * if there is none, if `size` is 0, or if `align` is not a power of two. The
 * content is undefined. The caller owns the block until mn_region_free. */
MN_API void *mn_region_alloc(struct mn_region *region, size_t size,
                             size_t align) MN_MUST_USE MN_ALIGNED_BY(3)
    MN_GIVES(mn_region) MN_FREED_BY(mn_region_free, 2);

/* Change the size of `block` without moving it. On false nothing changed, and
 * the caller knows best whether a copy is worth making; a `size` of 0 is
 * always refused. A `block` that is not out stops the program. */
MN_API bool mn_region_resize(struct mn_region *region, void *block,
                             size_t size) MN_MUST_USE;

/* True if every invariant holds. Reads the whole state of the region. */
MN_API bool mn_region_check(const struct mn_region *region) MN_MUST_USE;

/* Tell the block in which `address` lies, which may be interior. False, and
 * *block untouched, if the address is outside the region. */
MN_API bool mn_region_block_at(const struct mn_region *region,
                               const void *address,
                               struct mn_block *block) MN_MUST_USE;

/* Visit every block, free ones too, by rising address. True if the walk
 * reached the end, false if `visit` ended it. */
MN_API bool mn_region_walk(const struct mn_region *region, mn_block_fn visit,
                           void *context);

/* ---- the same with a status that names the error ---- */

/* What mn_region_deallocate would answer, without doing it: MN_OK if `block`
 * is a block that is out, MN_ERR_ADDRESS, MN_ERR_DOUBLE_FREE or
 * MN_ERR_CORRUPTED. Costs what finding the block of an address does. */
MN_API enum mn_status mn_region_examine(const struct mn_region *region,
                                        const void *block) MN_MUST_USE;

/* As mn_region_alloc; the block is in *block, which is untouched unless the
 * status is MN_OK. Otherwise MN_ERR_SIZE, MN_ERR_ALIGN or MN_ERR_NOMEM. */
MN_API enum mn_status mn_region_allocate(struct mn_region *region, size_t size,
                                         size_t align,
                                         void **block) MN_MUST_USE;

/* As mn_region_free, but what is wrong is answered as mn_region_examine does,
 * and nothing is changed. NULL is MN_OK. */
MN_API enum mn_status mn_region_deallocate(struct mn_region *region,
                                           void *block) MN_MUST_USE;

/* Have *block hold at least `size` bytes at a multiple of `align`: in place
 * where the region can, else by moving its content to a new block, whose
 * address is then in *block. A *block of NULL allocates. Unless the status is
 * MN_OK nothing has changed: the errors of mn_region_allocate, and those of
 * mn_region_examine for *block. O(size) where it moves. */
MN_API enum mn_status mn_region_reallocate(struct mn_region *region,
                                           void **block, size_t size,
                                           size_t align) MN_MUST_USE;

/* ---- bump: hands out memory in order; only the newest block goes back ---- */

struct mn_bump { /* fields are private */
    struct mn_region region;
    unsigned char *base;
    size_t size;
    size_t used;   /* bytes from base that are out or were given back early */
    size_t newest; /* offset of the newest block, or `size` if none is out */
    size_t live;   /* blocks that are out */
};

/* Hand out `memory` in order of address. Freeing the newest block makes its
 * room available again; freeing the last live block, all of it. Interior and
 * double frees inside the used part cannot be told from honest ones, except
 * that more frees than allocations stop the program. To mn_region_block_at and
 * mn_region_walk, all blocks older than the newest are one.
 * `memory` is borrowed and must outlive `bump`. MN_ERR_INVALID if `memory` is
 * NULL or `size` is 0 or more than PTRDIFF_MAX. O(1) operations. */
MN_API enum mn_status mn_bump_init(struct mn_bump *bump, void *memory,
                                   size_t size) MN_MUST_USE;

/* Free every block at once. */
MN_API void mn_bump_reset(struct mn_bump *bump);

/* ---- tiled: blocks of any size, split and coalesced, records apart ---- */

/* A block costs at least one granule of memory. */
enum { MN_TILED_GRANULE_MIN = 8 };

struct mn_strategy;

struct mn_tiled { /* fields are private */
    struct mn_region region;
    unsigned char *base;
    size_t size;
    void *tiles; /* the records of the blocks, and the strategy's state */
    void *index; /* from addresses to records */
    uint32_t granule_count;
    unsigned char granule_shift;
    unsigned char step_shift;
};

/* What a tiled region is made of; fields not named are 0 or NULL. */
struct mn_tiled_place {
    void *memory; /* to be covered by blocks; never read or written */
    size_t memory_size;
    size_t granule; /* bytes; the unit of all sizes */
    void *control;  /* for the records of the blocks */
    size_t control_size;
    const struct mn_strategy *strategy; /* from mn/strategy.h */
    void *state;                        /* handed to a strategy of your own */
    size_t step; /* granules for each entry of the index; 0: 1 */
};

/* Bytes of control memory that mn_tiled_init needs for a region as `place`
 * describes it (`memory`, `control` and `control_size` are not looked at) and
 * at most `block_count` blocks, free ones included; 0 if it is refused there.
 * */
MN_API size_t mn_tiled_control_size(const struct mn_tiled_place *place,
                                    size_t block_count);

/* Cover memory with blocks whose records lie apart from it. A free block is
 * split and coalesced at once; which one is taken is the strategy's choice.
 * Both memories are borrowed and must outlive `tiled`; `place` need not. When
 * the records run out, a block is handed out whole instead of being split.
 *
 * MN_ERR_INVALID if `granule` is not a power of two from MN_TILED_GRANULE_MIN
 * on, if `memory` or `memory_size` is not a multiple of it or 0, if it has
 * 2^31 granules or more, if `control` is not aligned to 8 bytes, if
 * `control_size` is too small for two blocks, if `strategy` is NULL, or if
 * `step` is not a power of two up to 64, or above 1 for mn_buddy, which has no
 * use for less than all of mn_tiled_control_size. */
MN_API enum mn_status
mn_tiled_init(struct mn_tiled *tiled,
              const struct mn_tiled_place *place) MN_MUST_USE;

MN_END

#endif
