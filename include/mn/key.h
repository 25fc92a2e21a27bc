/* SPDX-License-Identifier: MIT */
/* mn/key.h -- keys: checked references to the objects of a table.
 *
 * A key is one word, to be kept and copied anywhere. It leads to its object
 * until that is removed, and from then on to nothing: get answers NULL, with
 * certainty, also when the slot is used again. Objects never move. The table
 * lies in memory that you give, or grows by segments from a region. One thread
 * at a time changes it; several may use get while none does.
 *
 *     MN_TYPE_DECLARE(node);
 *     MN_KEY(node);                    struct node_key
 *     struct node { long value; struct node_key next; };
 *     MN_TYPE(node, .drop = NULL);
 *     MN_KEYS(node);                   struct node_keys, and its functions
 *
 *     struct node_key key;
 *     struct node *node = node_keys_alloc(&nodes, &key);
 *     node = node_keys_get(&nodes, key);           NULL once it is removed
 *     node_keys_remove(&nodes, key);
 *
 * How to use keys: docs/manual/key.md
 */
#ifndef MN_KEY_H
#define MN_KEY_H

#include <mn/region.h>
#include <mn/type.h>

MN_BEGIN

/* The low bits are the number of a slot, the others tell its users apart. All
 * zero: a key of nothing, in any table. */
struct mn_key {
    uintptr_t bits;
};

/* What a table is made of; fields not named are 0 or NULL. */
struct mn_keys_options {
    const struct mn_type *type; /* MN_KEYS names it by itself */
    /* Either memory for all of it, or where segments come from. */
    void *memory;
    size_t memory_size;
    struct mn_region *region;
    /* Most objects at a time; 0: as many as fit, or as there can be keys. The
     * fewer, the more bits of a key are left to tell users of a slot apart. */
    size_t count_max;
    /* How often a slot is used before it retires, for tests; 0: as often as a
     * key can tell. */
    uintptr_t uses_max;
    /* Call the type's drop with each object that is removed, also by clear and
     * finish. Its key leads to nothing by then. It may use the table, but not
     * insert during clear and finish. */
    bool drop;
    bool unwatched; /* sanitizers and Valgrind are told nothing */
};

enum {
    MN_KEYS_SEGMENT = sizeof(uintptr_t) * 8,   /* objects of a segment */
    MN_KEYS_INDEX_BITS = sizeof(uintptr_t) * 4 /* at most, of a key */
};

struct mn_keys {     /* fields are private */
    uintptr_t mask;  /* of the slot's number; no slot has all bits of it set */
    uintptr_t fresh; /* slots from this one on were never used */
    uintptr_t free;  /* a slot that was, or the mask: none */
    uintptr_t last;  /* what the last key of a slot has above the mask */
    size_t count;
    size_t retired;
    size_t capacity;
    size_t count_max;
    size_t size; /* bytes from the region, or of the memory */
    const struct mn_type *type;
    struct mn_region *region;
    unsigned bits; /* of the mask */
    bool drop;
    bool special;       /* removal has more to do than the usual */
    unsigned char tool; /* that watches; then `free` has no slots, but */
    uintptr_t waiting;  /* these are free, first in first out */
    uintptr_t waiting_last;
    struct mni_stacks **stacks; /* of each segment, or NULL */
    size_t room;                /* entries of `at` */
    /* The objects of each segment. A word for each lies before them, the first
     * object's last: its key while it is there, and otherwise the next one's
     * upper bits with the number of another free slot, or of none. */
    unsigned char **at;
};

/* Have `keys` be as `options` say, which need not outlive it; the type, the
 * memory and the region must. O(1), of fixed memory O(objects / 64).
 * MN_ERR_INVALID if the type cannot be, if there is neither or both of memory
 * and a region, if count_max is more than can be, or if drop is asked for and
 * the type has none; MN_ERR_NOMEM if the
 * memory is too small for one object, or for count_max. */
MN_API enum mn_status
mn_keys_init(struct mn_keys *keys,
             const struct mn_keys_options *options) MN_MUST_USE
    MN_NONNULL(1, 2);

/* Bytes of memory, at any address, that are enough for `count` objects; 0 if
 * there cannot be so many. */
MN_API size_t mn_keys_fixed_size(const struct mn_type *type, size_t count)
    MN_NONNULL(1);

/* Remove all objects. Their keys lead to nothing. O(slots that were used). */
MN_API void mn_keys_clear(struct mn_keys *keys) MN_NONNULL(1);

/* The same, and give all memory back. What stays is a table of nothing, so that
 * get still answers NULL. O(segments), and as clear with drop. */
MN_API void mn_keys_finish(struct mn_keys *keys) MN_NONNULL(1);

/* Make room for an object: where it is, and its key in *key. NULL, and *key is
 * of nothing, if there is no memory or count_max is reached. Its content is
 * undefined. No key of this table that ever was is the same. O(1), and a
 * block of the region at times; then, whenever twice as many segments as before
 * are there, O(segments). */
MN_API void *mn_keys_alloc(struct mn_keys *keys, struct mn_key *key) MN_MUST_USE
    MN_NONNULL(1, 2);

/* Remove the object of `key`. False, and nothing is done, if the key leads to
 * nothing. O(1). */
MN_API bool mn_keys_remove(struct mn_keys *keys, struct mn_key key)
    MN_NONNULL(1);

/* See to it that `count` more objects can be had without memory. */
MN_API enum mn_status mn_keys_reserve(struct mn_keys *keys,
                                      size_t count) MN_MUST_USE MN_NONNULL(1);

/* Call `visit` with each object and its key until it returns false; it may
 * remove objects, and insert some, which may be visited or not. True if it
 * never did. O(slots that were used). */
typedef bool (*mn_keys_fn)(void *object, struct mn_key key, void *context);
MN_API bool mn_keys_walk(struct mn_keys *keys, mn_keys_fn visit, void *context)
    MN_NONNULL(1, 2);

/* Counts of slots: capacity == live + free + retired. And all bytes that the
 * table has taken: size == live_size + free_size + retired_size + record_size
 * + gap_size. */
struct mn_keys_stats {
    size_t live;
    size_t free;
    size_t retired; /* used so often that no key is left for them */
    size_t capacity;
    size_t size;
    size_t live_size;
    size_t free_size;
    size_t retired_size;
    size_t record_size;
    size_t gap_size; /* alignment, and what is left at the end */
};
MN_API void mn_keys_read_stats(const struct mn_keys *keys,
                               struct mn_keys_stats *stats) MN_NONNULL(1, 2);

/* True if every invariant holds; not from drop. O(slots that were used). */
MN_API bool mn_keys_check(const struct mn_keys *keys) MN_MUST_USE MN_NONNULL(1);

/* Stop the program: `key` leads to nothing. */
MN_API MN_ATTRIBUTE(noreturn,
                    cold) void mn_keys_stop(const struct mn_keys *keys,
                                            struct mn_key key) MN_NONNULL(1);

MN_END

#include <mn/key_inline.h>

#endif
