/* SPDX-License-Identifier: MIT */
/* mn/bounded.h -- a bounded pool for interrupt handlers and real-time threads.
 *
 * Equal slots in memory of the user, and one bit for each in words apart from
 * them. Any number of threads, signal handlers and interrupt handlers allocate
 * and release at any moment, and none ever waits for another: there is no lock.
 *
 *     struct packet { ... };
 *     MN_BOUNDED(packet, 64);
 *     static struct packet_bounded packets;
 *
 *     packet_bounded_init(&packets, NULL, NULL);
 *     struct packet *packet = packet_bounded_alloc(&packets);
 *     packet_bounded_release(&packets, packet);
 *
 * How to use it: docs/manual/shared_pool.md
 */
#ifndef MN_BOUNDED_H
#define MN_BOUNDED_H

#include <mn/block.h>

MN_BEGIN

struct mn_bounded { /* fields are private */
    unsigned char *start;
    uint32_t *words; /* a bit for each slot, set while it is free */
    uint32_t *tops;  /* NULL, or one for each word: it may have free slots */
    uint32_t slot_size;
    uint32_t slot_count;
    uint32_t word_count;
    uint32_t hint;      /* the word to look at first */
    uint32_t searchers; /* calls that may be about to answer NULL */
    uint32_t moved;     /* releases that such calls may have missed */
    uintptr_t (*mask)(void);
    void (*unmask)(uintptr_t before);
    unsigned char tool; /* that watches */
};

/* What a pool is made of; fields not named are 0 or NULL. */
struct mn_bounded_place {
    void *memory;     /* of the slots; never read or written */
    size_t slot_size; /* bytes; slots follow each other without a gap */
    size_t slot_count;
    uint32_t *control; /* MN_BOUNDED_CONTROL(slot_count) words */
    /* For processors without atomic operations, such as Cortex-M0: mask all
     * interrupts in which the pool is used, and undo that. */
    uintptr_t (*mask)(void);
    void (*unmask)(uintptr_t before);
    bool unwatched; /* sanitizers and Valgrind are told nothing */
};

/* Make a pool whose slots are all free. Both memories are borrowed and must
 * outlive it, `place` need not. MN_ERR_INVALID if a memory is NULL, a size or
 * the count is 0, the slots have 4 GiB or more, or just one of `mask` and
 * `unmask` is there; MN_ERR_UNSUPPORTED if neither is, and the processor has no
 * atomic operations. One thread, before all others use it. O(slots / 32). */
MN_API enum mn_status
mn_bounded_init(struct mn_bounded *pool,
                const struct mn_bounded_place *place) MN_MUST_USE
    MN_NONNULL(1, 2);

/* The memory is yours again, also for tools that watched it. O(1), or with such
 * a tool O(memory). One thread, after all others have used it. */
MN_API void mn_bounded_finish(struct mn_bounded *pool) MN_NONNULL(1);

/* Release `block`. NULL is ignored; any other pointer that is not a slot which
 * is out stops the program, in every build. Any thread or handler, at any
 * moment. Bounded: no loop, but for the processor's own where it has no single
 * instruction. */
MN_API void mn_bounded_release(struct mn_bounded *pool, void *block)
    MN_NONNULL(1);

/* Return a slot, or NULL. Its content is undefined. NULL is certain: at one
 * moment during the call every slot was out, or being released by a call that
 * had not returned. So a pool is large enough if it has a slot for each object
 * that its users ever hold or release at a time. Any thread or handler, at any
 * moment. Lock-free: what makes one call try again is that another one has
 * taken or released a slot. In practice O(1); at worst O(slots / 32) for each
 * such other call. */
MN_API void *mn_bounded_alloc(struct mn_bounded *pool) MN_MUST_USE
    MN_NONNULL(1);

/* How many slots are free; other users may have changed that by the time it is
 * known. O(slots / 32). */
MN_API size_t mn_bounded_count_free(const struct mn_bounded *pool) MN_MUST_USE
    MN_NONNULL(1);

/* Tell the slot in which `address` lies. False, and *block untouched, for an
 * address outside. `pool` is a struct mn_bounded: so that mn_block_at answers
 * for its slots, mn_publish takes this function and the pool. */
MN_API bool mn_bounded_block_at(const void *pool, const void *address,
                                struct mn_block *block) MN_MUST_USE
    MN_NONNULL(1, 3);

/* Visit every slot, free ones too, by rising address. Slots that others take or
 * release meanwhile are told as they were at some moment. True if the walk
 * reached the end. */
MN_API bool mn_bounded_walk(const struct mn_bounded *pool, mn_block_fn visit,
                            void *context) MN_NONNULL(1, 2);

/* True if every invariant holds. Requires: nobody uses the pool meanwhile. */
MN_API bool mn_bounded_check(const struct mn_bounded *pool) MN_MUST_USE
    MN_NONNULL(1);

MN_END

/* Words of 32 bits that a pool of `count` slots needs for its bits. */
#define MN_BOUNDED_CONTROL(count)                                              \
    (((count) + 31) / 32 + (((count) + 31) / 32 + 31) / 32)

#ifndef __cplusplus
/* clang-format off */

/* struct `tag`_bounded is a pool of `count` objects of struct `tag`, with all
 * memory that it needs; it stays where it was initialized. Its functions are
 * `tag`_bounded_init, which is given mask and unmask or twice NULL, _alloc and
 * _release; they do as the functions above. */
#define MN_BOUNDED(tag, count)                                                 \
    struct tag##_bounded {                                                     \
        struct mn_bounded pool;                                                \
        uint32_t control[MN_BOUNDED_CONTROL(count)];                           \
        struct tag memory[count];                                              \
    };                                                                         \
    MN_ATTRIBUTE(unused) MN_MUST_USE static inline                             \
        enum mn_status tag##_bounded_init(                                     \
        struct tag##_bounded *bounded, uintptr_t (*mn_mask)(void),             \
        void (*mn_unmask)(uintptr_t before))                                   \
    {                                                                          \
        const struct mn_bounded_place place = {                                \
            .memory = bounded->memory, .slot_size = sizeof(struct tag),        \
            .slot_count = (count), .control = bounded->control,                \
            .mask = mn_mask, .unmask = mn_unmask};                             \
                                                                               \
        return mn_bounded_init(&bounded->pool, &place);                        \
    }                                                                          \
    MN_ATTRIBUTE(unused) static inline void tag##_bounded_finish(              \
        struct tag##_bounded *bounded)                                         \
    {                                                                          \
        mn_bounded_finish(&bounded->pool);                                     \
    }                                                                          \
    MN_ATTRIBUTE(unused) MN_MUST_USE static inline                             \
        struct tag *tag##_bounded_alloc(                                       \
        struct tag##_bounded *bounded)                                         \
    {                                                                          \
        return (struct tag *)mn_bounded_alloc(&bounded->pool);                 \
    }                                                                          \
    MN_ATTRIBUTE(unused) static inline                                         \
        void tag##_bounded_release(struct tag##_bounded *bounded,              \
                                          struct tag *object)                  \
    {                                                                          \
        mn_bounded_release(&bounded->pool, object);                            \
    }                                                                          \
    struct tag##_bounded /* so that a semicolon follows */
/* clang-format on */
#endif
#endif
