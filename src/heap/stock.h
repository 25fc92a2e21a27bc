/* SPDX-License-Identifier: MIT */
/* stock.h -- where spans come from: tiled regions over reserved addresses.
 *
 * A stock is one or more arenas. An arena is a range of addresses that a tiled
 * region divides, a cell at a time; it becomes memory from its start on as far
 * as it was ever handed out. Of each free cell, bits tell whether there may be
 * physical memory behind it, and how many looks of the purge it has been free
 * for; a look comes twice in every decay time.
 */
#ifndef MNI_STOCK_H
#define MNI_STOCK_H

#include <mn/region.h>

#include "heap/limit.h"
#include "os/lock.h"
#include "space/map.h"
#include "space/span.h"

enum { MNI_ARENAS_MAX = 48 };

struct mni_arena {
    struct mn_owner owner;         /* first: answers for what is no span */
    struct mn_owner control_owner; /* answers for the control memory */
    struct mni_stock *stock;
    struct mn_tiled tiled;
    unsigned char *start;
    size_t size;
    size_t committed;         /* bytes from start that are memory */
    unsigned char *control;   /* this record, the bits, the region's records */
    size_t control_size;      /* reserved for them */
    size_t control_committed; /* writable from its start on */
    /* Bits of each cell that is free; those of others are clear. Old but not
     * aged is what the system has been told that it may take, and what it
     * refused to take: no look tries it again. */
    uint64_t *dirty; /* may be resident */
    uint64_t *aged;  /* and was so at the last look */
    uint64_t *old;   /* and at the one before */
    uint64_t *slots; /* a span begins here whose slots have ages */
    unsigned char
        *huge; /* from here on, huge pages may be used on first touch */
    size_t huge_size;
    unsigned char *records; /* of spans, in a fixed stock; else NULL */
    struct mn_owner *below; /* who owned the cells before, likewise */
};

struct mni_stock {
    struct mni_lock lock;
    bool fixed;               /* one arena, in memory of the user */
    _Atomic uint32_t changes; /* odd while the lock is held */
    _Atomic uint32_t arena_count;
    struct mni_arena *arenas[MNI_ARENAS_MAX];
    size_t next_size; /* of the next arena */
    uint64_t looked;  /* at the last tick, in nanoseconds */
    size_t committed_peak;
};

/* The stock of the process. */
extern struct mni_stock mni_stock;

/* False as mni_lock_enter, and as mni_lock_enter_to_fork. */
bool mni_stock_lock(struct mni_stock *stock)
    __attribute__((warn_unused_result));
bool mni_stock_lock_to_fork(struct mni_stock *stock, uint32_t orders);
void mni_stock_unlock(struct mni_stock *stock);
void mni_stock_unlock_after_fork(struct mni_stock *stock);

/* In the child of a fork: nobody else has the lock. */
void mni_stock_after_fork(struct mni_stock *stock);

struct mni_stock_request {
    size_t size;
    size_t align;
    size_t record_size;
    struct mni_limit *limit; /* of the heap, or NULL; likewise below */
    bool slots;              /* mni_stock_next_slots is to find it */
};

/* Take a span of at least `size` bytes at a multiple of `align`, with a record
 * of `record_size` bytes whose struct mni_span is filled in and the rest is
 * zero. *zero tells whether the span reads as zero. NULL if there is none, or
 * none within the limits. The map does not lead to it before mni_stock_map. */
struct mni_span *mni_stock_take(struct mni_stock *stock,
                                const struct mni_stock_request *request,
                                bool *zero);

/* Instead of an alignment: where there is room behind the span. */
enum { MNI_ALIGN_ROOM = 0 };

/* Let the map lead to the span's record. */
void mni_stock_map(struct mni_span *span);

/* Give a span and its record back. False, and nothing changed, if a signal
 * handler interrupted what it needs. */
bool mni_stock_return(struct mni_span *span, struct mni_limit *limit);

/* The two halves of it, for spans of the process's stock. Both require the
 * lock, and the second one that nobody touches the record any more. */
void mni_stock_return_cells(struct mni_span *span);
void mni_stock_delete_record(struct mni_span *span);

/* Change the size of a span in place. The map follows. */
bool mni_stock_resize(struct mni_span *span, size_t size,
                      struct mni_limit *limit);

/* Visit each span that the map leads to. Requires: the lock. False if `visit`
 * returned false. */
typedef bool (*mni_span_fn)(struct mni_span *span, void *context);
bool mni_stock_walk(struct mni_stock *stock, mni_span_fn visit, void *context);

/* Where a walk is that does not hold the lock all the time. */
struct mni_stock_place {
    uint32_t arena;
    size_t offset; /* in this arena */
    bool end;      /* there is nothing further on */
};

/* The first span from *place on, which becomes its place, if it is near; NULL
 * if it is not, and *place is further on. Requires: the lock. */
struct mni_span *mni_stock_next(struct mni_stock *stock,
                                struct mni_stock_place *place);

/* Memory of a span is about to be purged. Requires: the lock. */
void mni_stock_loosen(struct mni_stock *stock, const struct mni_span *span);

/* The same as mni_stock_next of spans that were so requested. */
struct mni_span *mni_stock_next_slots(struct mni_stock *stock,
                                      struct mni_stock_place *place);

/* Bytes of what is not in spans, and of the stock's own records. */
struct mni_stock_survey {
    size_t committed; /* of arenas and records */
    size_t reserved;
    size_t spans;
    size_t purgeable;
    size_t untouched;
    size_t metadata; /* without the records of spans */
};

/* Visit each span as mni_stock_walk does, and count everything else in the
 * same pass, so that nothing is missed or counted twice. Requires: the lock. */
void mni_stock_survey(struct mni_stock *stock, struct mni_stock_survey *survey,
                      mni_span_fn visit, void *context);

/* Purge all that is free. True if there was any. In purge.c. */
bool mni_stock_purge(struct mni_stock *stock);

/* Make a fixed stock inside `memory`, a multiple of 64 bytes; false if that is
 * too small. */
bool mni_stock_init_fixed(struct mni_stock *stock, void *memory, size_t size);

/* The least size that mni_stock_init_fixed surely accepts. */
size_t mni_stock_fixed_min(void);

/* Forget a fixed stock: the map leads nowhere for its memory. */
void mni_stock_finish_fixed(struct mni_stock *stock);

/* Whether a region of the stock has exactly this span out. Requires: the lock.
 */
bool mni_stock_has(struct mni_stock *stock, const struct mni_span *span);

/* Whether every invariant of the stock's regions holds. Requires: the lock. */
bool mni_stock_check(struct mni_stock *stock);

#endif
