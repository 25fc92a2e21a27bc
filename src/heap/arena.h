/* SPDX-License-Identifier: MIT */
/* arena.h -- the parts of an arena that its stock uses. All need the lock. */
#ifndef MNI_ARENA_H
#define MNI_ARENA_H

#include "heap/stock.h"
#include "slab/slab.h"

/* Reserve an arena of `size` bytes. NULL if the system or the map refuses. */
struct mni_arena *mni_arena_create(struct mni_stock *stock, size_t size);

/* Give the addresses of an arena back to the system if all of it is free. It
 * keeps its record, has a size of 0, and can be renewed. */
bool mni_arena_give_up(struct mni_arena *arena);

/* Make an arena of size 0 one of `size` bytes. False if it cannot be. */
bool mni_arena_renew(struct mni_arena *arena, size_t size);

/* Make an arena wholly inside `memory`. NULL if that is too small. */
struct mni_arena *mni_arena_create_fixed(struct mni_stock *stock, void *memory,
                                         size_t size);

/* Take whole cells, committed. NULL if there are none. */
void *mni_arena_take(struct mni_arena *arena, size_t size, size_t align,
                     bool *zero);

/* The same, where `room` bytes from the start on are free. */
void *mni_arena_take_roomy(struct mni_arena *arena, size_t size, size_t align,
                           size_t room, bool *zero);

/* Note that slots of what was taken have ages. */
void mni_arena_note_slots(struct mni_arena *arena, const void *start);

/* Give them back. */
void mni_arena_return(struct mni_arena *arena, void *start, size_t size);

/* Change the size of what was taken, in place. */
bool mni_arena_resize(struct mni_arena *arena, void *start, size_t old_size,
                      size_t size);

/* Bytes of a huge page. */
enum { MNI_ARENA_HUGE = 2 * 1024 * 1024 };

/* Cells that are about to be used. */
struct mni_arena_block {
    size_t first;
    size_t end;
};

/* Memory begins at byte `from` that nobody has touched, as `block` made us
 * commit it: have huge pages for up to `step` bytes of it, if that is
 * promising. In huge.c. */
void mni_arena_prefer_huge(struct mni_arena *arena,
                           const struct mni_arena_block *block, size_t from,
                           size_t step);

/* Have no more huge pages than there are: some of the memory is about to be
 * purged, and the system could fill what was left with one. */
void mni_arena_loosen(struct mni_arena *arena);

/* A look at the ages of free cells, which goes over the arenas by words of 64
 * cells. */
struct mni_look {
    bool everything; /* purge all, whatever its age */
    bool lazy;       /* let the system take it when it needs it */
    uint32_t arena;  /* where to go on */
    size_t word;
    size_t purged; /* cells so far */
    bool waiting;  /* cells were left to age */
};

/* Look at the next word. False if the arena has no more. */
bool mni_arena_look(struct mni_arena *arena, struct mni_look *look);

/* Bytes that a record of a span gets in a fixed arena: those of a slab that
 * divides a cell into the smallest slots; no record is larger. */
enum {
    MNI_ARENA_RECORD =
        (sizeof(struct mni_slab) + 2 * MNI_CELL_SIZE / MNI_SLOT_UNIT / 8 + 63)
        / 64 * 64
};

#endif
