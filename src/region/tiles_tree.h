/* SPDX-License-Identifier: MIT */
/* tiles_tree.h -- free blocks in a balanced tree, for strategies.
 *
 * An AVL tree: the two subtrees of a node differ in height by one at most, so
 * n blocks are at most 1.45 log2 n apart from the root. The root is head[0];
 * prev and next of a free record are its children, and the number in it is its
 * height. There are no links to parents: a change begins with a walk from the
 * root, which remembers the links that it followed.
 *
 * A strategy defines the order, mni_tree_before. With MNI_TILES_EXTRA, each
 * node also knows the largest size among itself and all below it.
 *
 * The order of a tree is tested against a model, not proved; what the
 * bookkeeping relies on is only that records keep their place and state.
 */
#ifndef MNI_TILES_TREE_H
#define MNI_TILES_TREE_H

enum { MNI_TILES_HEADS = 1 };

#include "region/tiles_strategy.h"

/* No tree of MNI_TILES_MAX blocks is as high. */
enum { TILE_TREE_HEIGHT = MNI_TILE_BITS == 16 ? 24 : 36 };

_Static_assert((int)TILE_TREE_HEIGHT < (int)MNI_TILES_SPARE,
               "a height is no state");

/* Whether block `a` stands before block `b`; blocks are never equal. */
static inline bool mni_tree_before(const struct mni_tiles *tiles, uint32_t a,
                                   uint32_t b);

/* Links from the root's down, each to the node that the next begins in. */
struct tile_tree_path {
    unsigned length;
    MNI_TILE_LINK *link[TILE_TREE_HEIGHT + 1];
};

static inline uint32_t tile_tree_height(const struct mni_tiles *tiles,
                                        uint32_t i)
{
    return i == 0 ? 0 : MNI_TILE(tiles, i).list;
}

/* The largest size in the tree under `i`; 0 where nobody asks for it. */
#ifdef MNI_TILES_EXTRA
enum { TILE_TREE_KNOWS_LARGEST = 1 };

static inline uint32_t mni_tree_largest(const struct mni_tiles *tiles,
                                        uint32_t i)
{
    return i == 0 ? 0 : MNI_TILE(tiles, i).extra;
}

static inline void tile_tree_set_largest(struct mni_tiles *tiles, uint32_t i,
                                         uint32_t size)
{
    MNI_TILE(tiles, i).extra = (MNI_TILE_LINK)size;
}
#else
enum { TILE_TREE_KNOWS_LARGEST = 0 };

static inline uint32_t mni_tree_largest(const struct mni_tiles *tiles,
                                        uint32_t i)
{
    (void)tiles;
    (void)i;
    return 0;
}

static inline void tile_tree_set_largest(struct mni_tiles *tiles, uint32_t i,
                                         uint32_t size)
{
    (void)tiles;
    (void)i;
    (void)size;
}
#endif

/* The same, from the node and its children. */
static inline uint32_t tile_tree_find_largest(const struct mni_tiles *tiles,
                                              uint32_t i)
{
    uint32_t size = MNI_TILE(tiles, i).size;
    uint32_t before = mni_tree_largest(tiles, MNI_TILE(tiles, i).prev);
    uint32_t after = mni_tree_largest(tiles, MNI_TILE(tiles, i).next);

    size = before > size ? before : size;
    return after > size ? after : size;
}

/* The height of node `i`, from its children. */
static inline uint32_t tile_tree_find_height(const struct mni_tiles *tiles,
                                             uint32_t i)
{
    uint32_t before = tile_tree_height(tiles, MNI_TILE(tiles, i).prev);
    uint32_t after = tile_tree_height(tiles, MNI_TILE(tiles, i).next);

    return 1 + (before > after ? before : after);
}

/* The children of node `i` have changed: what it says of them follows. */
static inline void tile_tree_note(struct mni_tiles *tiles, uint32_t i)
{
    MNI_TILE(tiles, i).list = (MNI_TILE_LINK)tile_tree_find_height(tiles, i);
    tile_tree_set_largest(tiles, i, tile_tree_find_largest(tiles, i));
}

static inline MNI_TILE_LINK *tile_tree_child(struct mni_tiles *tiles,
                                             uint32_t i, bool after)
{
    return after ? &MNI_TILE(tiles, i).next : &MNI_TILE(tiles, i).prev;
}

/* Turn a child of node `i` above it. The child. */
static inline uint32_t tile_tree_lift(struct mni_tiles *tiles, uint32_t i,
                                      bool after)
{
    uint32_t child = *tile_tree_child(tiles, i, after);
    MNI_TILE_LINK *inner = tile_tree_child(tiles, child, !after);

    *tile_tree_child(tiles, i, after) = *inner;
    *inner = (MNI_TILE_LINK)i;
    tile_tree_note(tiles, i);
    tile_tree_note(tiles, child);
    return child;
}

/* Balance node `i`, one of whose subtrees has become one higher or lower. The
 * node that is at the top then. */
static inline uint32_t tile_tree_balance(struct mni_tiles *tiles, uint32_t i)
{
    uint32_t before = tile_tree_height(tiles, MNI_TILE(tiles, i).prev);
    uint32_t after = tile_tree_height(tiles, MNI_TILE(tiles, i).next);

    if (before <= after + 1 && after <= before + 1) {
        tile_tree_note(tiles, i);
        return i;
    }
    bool lean = after > before;
    MNI_TILE_LINK *high = tile_tree_child(tiles, i, lean);
    uint32_t inner = *tile_tree_child(tiles, *high, !lean);
    uint32_t outer = *tile_tree_child(tiles, *high, lean);
    if (tile_tree_height(tiles, inner) > tile_tree_height(tiles, outer))
        *high = (MNI_TILE_LINK)tile_tree_lift(tiles, *high, !lean);
    return tile_tree_lift(tiles, i, lean);
}

/* Balance the nodes on the path, from its end up. Among the first `sure`,
 * stop where what is said of the tree under a node is as it was. */
static inline void tile_tree_retrace(struct mni_tiles *tiles,
                                     const struct tile_tree_path *path,
                                     unsigned sure)
{
    for (unsigned k = path->length; k-- > 0;) {
        uint32_t i = *path->link[k];
        uint32_t height = MNI_TILE(tiles, i).list;
        uint32_t largest = mni_tree_largest(tiles, i);
        uint32_t top = tile_tree_balance(tiles, i);
        *path->link[k] = (MNI_TILE_LINK)top;
        if (k < sure && MNI_TILE(tiles, top).list == height
            && mni_tree_largest(tiles, top) == largest)
            return;
    }
}

/* Follow the order from the root down to where node `i` is or would be. The
 * link to it. A path never runs over, whatever the records say. */
static inline MNI_TILE_LINK *
tile_tree_walk(struct mni_tiles *tiles, struct tile_tree_path *path, uint32_t i)
{
    MNI_TILE_LINK *link = &tiles->head[0];

    for (path->length = 0; path->length < TILE_TREE_HEIGHT; path->length++) {
        uint32_t at = *link;
        if (at == 0 || at == i)
            break;
        path->link[path->length] = link;
        link = tile_tree_child(tiles, at, mni_tree_before(tiles, at, i));
    }
    return link;
}

/* Put block `i` in the tree. */
static inline void mni_tree_add(struct mni_tiles *tiles, uint32_t i)
{
    struct tile_tree_path path;
    MNI_TILE_LINK *link = tile_tree_walk(tiles, &path, i);

    *link = (MNI_TILE_LINK)i;
    MNI_TILE(tiles, i).prev = 0;
    MNI_TILE(tiles, i).next = 0;
    tile_tree_note(tiles, i);
    tile_tree_retrace(tiles, &path, path.length);
}

/* Take block `i`, which has two children, out of its place, `link`, and let
 * the node that follows it take the place. */
static inline void tile_tree_replace(struct mni_tiles *tiles,
                                     struct tile_tree_path *path,
                                     MNI_TILE_LINK *link, uint32_t i)
{
    unsigned at = path->length++;
    MNI_TILE_LINK *lower = &MNI_TILE(tiles, i).next;

    path->link[at] = link;
    while (MNI_TILE(tiles, *lower).prev != 0
           && path->length < TILE_TREE_HEIGHT) {
        path->link[path->length++] = lower;
        lower = &MNI_TILE(tiles, *lower).prev;
    }
    uint32_t next = *lower;
    *lower = MNI_TILE(tiles, next).next;
    MNI_TILE(tiles, next).prev = MNI_TILE(tiles, i).prev;
    MNI_TILE(tiles, next).next = MNI_TILE(tiles, i).next;
    MNI_TILE(tiles, next).list = MNI_TILE(tiles, i).list;
    *link = (MNI_TILE_LINK)next;
    if (path->length > at + 1)
        path->link[at + 1] = &MNI_TILE(tiles, next).next;
}

/* Take block `i` out of the tree; it becomes USED. */
static inline void mni_tree_remove(struct mni_tiles *tiles, uint32_t i)
{
    struct tile_tree_path path;
    MNI_TILE_LINK *link = tile_tree_walk(tiles, &path, i);
    uint32_t before = MNI_TILE(tiles, i).prev;
    uint32_t after = MNI_TILE(tiles, i).next;
    unsigned sure = path.length;

    if (before != 0 && after != 0)
        tile_tree_replace(tiles, &path, link, i);
    else
        *link = (MNI_TILE_LINK)(before | after);
    tile_tree_retrace(tiles, &path, sure);
    MNI_TILE(tiles, i).list = MNI_TILES_USED;
}

/* Whether there is a free block at that link. */
static inline bool tile_tree_is_node(const struct mni_tiles *tiles, uint32_t i)
{
    return i < tiles->count && i % MNI_TILE_UNIT == 0
           && mni_tiles_is_free(tiles, i);
}

/* Whether node `i` and what it says of its children are right. */
static inline bool tile_tree_check_node(const struct mni_tiles *tiles,
                                        uint32_t i)
{
    uint32_t before = MNI_TILE(tiles, i).prev;
    uint32_t after = MNI_TILE(tiles, i).next;

    if ((before != 0 && !tile_tree_is_node(tiles, before))
        || (after != 0 && !tile_tree_is_node(tiles, after)))
        return false;
    uint32_t low = tile_tree_height(tiles, before);
    uint32_t high = tile_tree_height(tiles, after);
    return low <= high + 1 && high <= low + 1
           && MNI_TILE(tiles, i).list == tile_tree_find_height(tiles, i)
           && (!TILE_TREE_KNOWS_LARGEST
               || mni_tree_largest(tiles, i)
                      == tile_tree_find_largest(tiles, i));
}

/* True if the tree holds `free_count` blocks, each free, in order, balanced,
 * and right in what it says of those below. A child is lower than its parent:
 * so every walk ends, whatever the links say. */
static inline bool mni_tree_check(const struct mni_tiles *tiles,
                                  uint32_t free_count)
{
    uint32_t path[TILE_TREE_HEIGHT];
    unsigned length = 0;
    uint32_t last = 0;

    for (uint32_t i = tiles->head[0]; i != 0 || length != 0; free_count--) {
        for (; i != 0; i = MNI_TILE(tiles, i).prev) {
            if (!tile_tree_is_node(tiles, i) || !tile_tree_check_node(tiles, i)
                || length == TILE_TREE_HEIGHT)
                return false;
            path[length++] = i;
        }
        i = path[--length];
        if (free_count == 0 || (last != 0 && !mni_tree_before(tiles, last, i)))
            return false;
        last = i;
        i = MNI_TILE(tiles, i).next;
    }
    return free_count == 0;
}

#endif
