/* SPDX-License-Identifier: MIT */
/* report.h -- what a process tells about its memory when it ends.
 *
 * By the option `report`, a file with its statistics at their peak and at the
 * end; by the option `stats`, the latter on standard error. Nothing allocates.
 * docs/manual/command.md describes the file.
 */
#ifndef MNI_REPORT_H
#define MNI_REPORT_H

#include "heap/heap.h"

/* When the process starts, after mni_options_load. By the option `announce`,
 * tell the command that Mneme serves this process. */
void mni_report_begin(void);

/* When `committed` has grown. */
void mni_report_tick(void);

/* When the process ends. Only the first call does anything. */
void mni_report_end(void);

/* Put in one line what is not right, or that nothing is wrong. */
struct mn_stats;
struct mni_text;
void mni_report_put_check(struct mni_text *text, const struct mn_stats *stats,
                          const char *wrong);

/* This process will tell nothing. */
void mni_report_cancel(void);

/* Where another process that may read this one's memory begins. It is found by
 * its first bytes, in the writable data of the library or the program. */
struct mni_report_window {
    char magic[16];
    struct mni_report_window *self; /* tells it from a copy */
    uint32_t size;                  /* of this structure */
    uint32_t layout;                /* MNI_REPORT_LAYOUT */
    struct mni_stock *stock;
    struct mni_map *map;

    /* The parts of the heap keep these up to date. Relaxed: who reads them has
     * no order with us. */
    _Atomic(struct mni_heap *) heaps; /* of threads */
    _Atomic size_t own_heaps;         /* first-class ones */
    _Atomic size_t records;           /* bytes of map and metadata */
    _Atomic size_t reserved;          /* addresses for them */
    _Atomic uint64_t sampled[MNI_CLASS_COUNT];
    _Atomic uint64_t sampled_bytes[MNI_CLASS_COUNT];

    /* A thread answers who asks for a check (demand.c). Another process writes
     * to `asked`: one more than what was answered last. */
    _Atomic uint32_t answers;
    _Atomic uint32_t asked;
    _Atomic uint32_t answered;
    char answer[128];
};

#define MNI_REPORT_MAGIC "mneme-window-1"

/* Differs where structures that are read from outside differ. */
enum {
    MNI_REPORT_LAYOUT =
        sizeof(struct mni_stock) + 3 * sizeof(struct mni_arena)
        + 5 * sizeof(struct mni_slab) + 7 * sizeof(struct mni_large)
        + 11 * sizeof(struct mni_heap) + 13 * offsetof(struct mni_heap, kind)
        + 17 * offsetof(struct mni_heap, next)
        + 19 * offsetof(struct mni_slab, slot_size)
        + 23 * offsetof(struct mni_slab, place)
        + 29 * offsetof(struct mni_stock, changes)
        + 31 * offsetof(struct mni_arena, dirty) + 37 * MN_CELL_SHIFT
        + 41 * MNI_CLASS_COUNT + 43 * offsetof(struct mni_map_table, cells)
};

extern struct mni_report_window mni_report_window;

#endif
