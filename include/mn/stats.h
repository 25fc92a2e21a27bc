/* SPDX-License-Identifier: MIT */
/* mn/stats.h -- where the memory is: each committed byte has one cause.
 *
 * The causes are a partition: they add up exactly to `committed`, which is
 * the size of the writable mappings that Mneme holds. Of these, `untouched`
 * has no physical memory behind it.
 */
#ifndef MN_STATS_H
#define MN_STATS_H

#include <mn/heap.h>

MN_BEGIN

struct mn_stats {
    size_t committed; /* bytes; the sum of the causes that follow */
    size_t payload;   /* asked for by the program and not given back */
    size_t rounding;  /* the rest of the blocks that are out */
    size_t in_hand;   /* free slots of spans that threads now allocate from */
    size_t in_spans;  /* free slots of other spans with blocks that are out */
    size_t spans;     /* whole spans, free and perhaps resident */
    size_t purgeable; /* the same, free for so long that they wait for purge */
    size_t untouched; /* free, and without physical memory behind it */
    size_t metadata;  /* Mneme's own records */

    size_t reserved;       /* bytes of address space, committed or not */
    size_t committed_peak; /* the most that was ever committed */
    size_t block_count;    /* blocks that are out */
    size_t span_count;     /* spans in use */
    size_t heap_count;     /* heaps, of threads and of the program */
};

/* The number of causes, and the name and value of one; NULL and 0 beyond. The
 * order is that of the structure. */
MN_API unsigned mn_stats_cause_count(void);
MN_API const char *mn_stats_cause_name(unsigned cause);
MN_API size_t mn_stats_cause(const struct mn_stats *stats, unsigned cause);

/* Fill in *stats for the whole process. How payload and rounding divide the
 * blocks up to 256 KiB is estimated from a sample of the sizes asked for; all
 * else is counted. While other threads run, each span is counted as it is at
 * one moment, and the causes still add up. Allocates nothing. Linear in the
 * spans. False if a signal handler interrupted what it needs. */
MN_API bool mn_stats(struct mn_stats *stats) MN_MUST_USE;

/* Called with a piece of text, which is not terminated. */
typedef void (*mn_write_fn)(const char *text, size_t size, void *context);

/* Write `stats` as a table for people, or as one JSON object. */
MN_API void mn_stats_write(const struct mn_stats *stats, bool json,
                           mn_write_fn write, void *context);

MN_END

#endif
