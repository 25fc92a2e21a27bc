/* SPDX-License-Identifier: MIT */
/* mn/pin.h -- what a mover is, and pins. Part of mn/move.h. */
#ifndef MN_PIN_H
#define MN_PIN_H

#include <mn/move.h>

MN_BEGIN

/* Fields are private, here and below. */
struct mn_mover_entry {
    uintptr_t word; /* its handle while there is a block, else a link */
    uint32_t place; /* of the block, in granules */
    uint32_t pins;  /* up to INT32_MAX */
};

enum { MNI_HANDLE_UNIT = sizeof(struct mn_mover_entry) == 16 ? 16 : 1 };

struct mn_mover {
    uintptr_t mask; /* of the entry's number in a handle, times the unit */
    struct mn_mover_entry *entries;
    unsigned char *base;
    uintptr_t last; /* what the last handle of an entry has above the mask */
    size_t count_max;
    size_t size;       /* bytes of memory */
    uint32_t *records; /* of each entry, its block's record */
    struct mni_mover_owner *owners;
    void *tiles;
    uint32_t *index;
    struct mni_mover_search *search;
    mn_moved_fn moved_fn;
    void *context;
    struct mn_region *region;
    void *taken[2]; /* from the region */
    const struct mni_mover_room *room;
    const struct mni_mover_threads *threads;
    void *system;
    /* What is above never changes, and is what pins read. */
    uintptr_t fresh; /* entries from this one on were never used */
    uintptr_t free;  /* an entry that was, or the mask: none */
    size_t count;
    size_t retired;
    size_t used;        /* granules in blocks */
    size_t record_size; /* bytes of control memory */
    size_t moved;
    size_t moves;
    uint32_t cursor;   /* a granule: where the next step goes on, */
    uint32_t limit;    /* and how far */
    uint32_t changes;  /* of blocks; a search that is older knows less */
    uint32_t pointing; /* blocks with pointers that follow */
    uint32_t leaving;  /* blocks that are freed, and pinned still */
    unsigned bits;
    bool untouched;
    bool windows; /* steps go from window to window */
    bool busy;    /* in a callback or a step */
};

struct mn_pin {
    void *at;
    struct mn_mover_entry *entry; /* NULL: no pin */
};

/* Stop the program: what is wrong with the handle, or with the pin. */
MN_API MN_ATTRIBUTE(noreturn,
                    cold) void mn_mover_stop(const struct mn_mover *mover,
                                             struct mn_handle handle)
    MN_NONNULL(1);
MN_API MN_ATTRIBUTE(noreturn, cold) void mn_pin_stop(uint32_t pins);

/* The entry of `handle`, whose word tells whether it is still of that block.
 * Never outside the table. */
MN_ALWAYS_INLINE struct mn_mover_entry *
mn_mover_entry(const struct mn_mover *mover, struct mn_handle handle)
{
    uintptr_t offset = (handle.bits & mover->mask)
                       * (sizeof(struct mn_mover_entry) / MNI_HANDLE_UNIT);

    return (struct mn_mover_entry *)(void *)((unsigned char *)mover->entries
                                             + offset);
}

MN_ALWAYS_INLINE void *mn_mover_place(const struct mn_mover *mover,
                                      const struct mn_mover_entry *entry)
{
    return mover->base + (size_t)entry->place * MN_MOVER_GRANULE;
}

/* Hold the block of `handle` still until mn_unpin; pins of one block nest. A
 * stale or forged handle stops the program. O(1), no loop. */
MN_MUST_USE MN_ALWAYS_INLINE struct mn_pin
mn_mover_pin(const struct mn_mover *mover, struct mn_handle handle)
{
    struct mn_pin pin = {NULL, mn_mover_entry(mover, handle)};

    if (__builtin_expect(pin.entry->word != handle.bits, 0))
        mn_mover_stop(mover, handle);
    pin.at = mn_mover_place(mover, pin.entry);
    if (__builtin_expect((int32_t)++pin.entry->pins < 0, 0))
        mn_pin_stop(INT32_MAX);
    return pin;
}

/* The same, but the entry of the pin is NULL where that would stop. */
MN_MUST_USE MN_ALWAYS_INLINE struct mn_pin
mn_mover_try_pin(const struct mn_mover *mover, struct mn_handle handle)
{
    struct mn_pin none = {NULL, NULL};

    if (mn_mover_entry(mover, handle)->word != handle.bits)
        return none;
    return mn_mover_pin(mover, handle);
}

/* The block may move again, if nobody else has pinned it. An empty pin is
 * ignored; one that was given back already stops the program, if it is the
 * last of its block. */
MN_ALWAYS_INLINE void mn_unpin(struct mn_pin *pin)
{
    if (pin->entry != NULL
        && __builtin_expect((int32_t)--pin->entry->pins < 0, 0))
        mn_pin_stop(UINT32_MAX);
    pin->entry = NULL;
    pin->at = NULL;
}

/* Whether `handle` leads to a block. */
MN_MUST_USE MN_ALWAYS_INLINE bool mn_mover_has(const struct mn_mover *mover,
                                               struct mn_handle handle)
{
    return mn_mover_entry(mover, handle)->word == handle.bits;
}

MN_END

#endif
