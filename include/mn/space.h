/* SPDX-License-Identifier: MIT */
/* mn/space.h -- the memory space M = (A, S, P) of this process.
 *
 * A space is a range of reserved addresses, divided into cells of
 * MN_SPACE_CELL bytes. One map, outside the memory that it describes, answers
 * for any address which block it lies in.
 *
 * Any thread may call anything here; a space itself is changed by one thread
 * at a time. Design: docs/design/space.md
 */
#ifndef MN_SPACE_H
#define MN_SPACE_H

#include <mn/block.h>

MN_BEGIN

/* Bytes of a cell, in which spaces are committed and protected. */
MN_API size_t mn_space_cell(void);

/* Tell the block in which `address` lies, interior addresses too: a slot of a
 * heap or pool, a large block, a block of a published region, a cell of a
 * space, Mneme's own records. False, and *block untouched, for everything
 * else, such as stacks, code and unmapped addresses. Never reads at `address`.
 * Constant time; in a cell that several published regions share, linear in
 * their number. The answer may be old when other threads use the block. */
MN_API bool mn_block_at(const void *address,
                        struct mn_block *block) MN_MUST_USE;

/* Who answers for a cell of the map. Fields are private. */
struct mn_owner {
    bool (*block_at)(const struct mn_owner *owner, const void *address,
                     struct mn_block *block);
    void *trusted; /* who may release the owner's blocks without a check */
};

struct mn_space { /* fields are private */
    struct mn_owner owner;
    unsigned char *start;
    size_t size;
    unsigned char *perms; /* of each cell, outside the space */
};

/* Reserve `size` bytes of addresses, rounded up to cells, at a multiple of
 * `align`, a power of two. No memory is committed: mn_block_at says "reserved"
 * for each cell. MN_ERR_INVALID for a size of 0 or a bad alignment,
 * MN_ERR_NOMEM if the system has no such range. `space` must stay where it is
 * until mn_space_destroy. */
MN_API enum mn_status mn_space_create(struct mn_space *space, size_t size,
                                      size_t align) MN_MUST_USE;

/* Give the range back to the system. Requires: nobody uses it any more. */
MN_API void mn_space_destroy(struct mn_space *space);

/* The first address, and the bytes reserved. */
MN_API void *mn_space_start(const struct mn_space *space);
MN_API size_t mn_space_size(const struct mn_space *space);

/* Asked for by name, because memory that is written and then run is what
 * attackers want: allows WRITE together with EXEC. */
enum { MN_PERM_WRITE_EXEC = 8 };

/* Give the cells of [offset, offset + size) the permission `perm`, and memory
 * if they have none. WRITE with EXEC needs MN_PERM_WRITE_EXEC too.
 * MN_ERR_INVALID for a range that is not whole cells of the space, or for
 * refused permissions; MN_ERR_NOMEM if the system has no memory. */
MN_API enum mn_status mn_space_commit(struct mn_space *space, size_t offset,
                                      size_t size, unsigned perm) MN_MUST_USE;

/* Give the memory of the cells back and keep their addresses; what they held
 * is lost, and when committed again they read zero. MN_ERR_OS if the system
 * refuses. */
MN_API enum mn_status mn_space_decommit(struct mn_space *space, size_t offset,
                                        size_t size) MN_MUST_USE;

/* ---- publishing: memory that came from elsewhere ---- */

/* Answers for published memory, as mn_block_at does. */
typedef bool (*mn_block_at_fn)(const void *context, const void *address,
                               struct mn_block *block);

struct mn_publication { /* fields are private */
    struct mn_owner owner;
    unsigned char *start;
    size_t size;
    mn_block_at_fn block_at;
    const void *context;
    struct mn_publication *next[2]; /* in the lists of the end cells */
    struct mn_owner *below;         /* who owned the whole cells before */
};

/* Have mn_block_at ask `block_at(context, address, ...)` for the addresses of
 * `memory`, which may be any readable memory of the process: a static buffer,
 * a stack, a block of another region. Publications nest but do not overlap
 * otherwise; the inner one is published later, and unpublished earlier.
 * MN_ERR_INVALID if `memory` is NULL or `size` is 0 or wraps; MN_ERR_NOMEM if
 * the map cannot cover it. `publication` must stay where it is until
 * mn_unpublish, which comes before the memory goes away. */
MN_API enum mn_status mn_publish(struct mn_publication *publication,
                                 void *memory, size_t size,
                                 mn_block_at_fn block_at,
                                 const void *context) MN_MUST_USE;

/* Requires: no thread asks for an address of it meanwhile. In a signal handler
 * that interrupted a change of the map, the program stops. */
MN_API void mn_unpublish(struct mn_publication *publication);

MN_END

#endif
