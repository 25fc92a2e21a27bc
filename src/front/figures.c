/* SPDX-License-Identifier: MIT */
/* figures.c -- how much there is of what. */
#include "front/front.h"

#include "base/text.h"

struct figures {
    struct mn_gc_stats stats;
    size_t total, released;
};

static struct figures figures_read(void)
{
    struct figures figures;
    const struct mni_gc *gc = mni_front_enter();

    mn_gc_read_stats(&gc->front, &figures.stats);
    figures.total = (size_t)mni_front.total + figures.stats.fresh;
    figures.released = mni_front.released;
    mni_front_leave();
    return figures;
}

static size_t figures_free(const struct mn_gc_stats *stats)
{
    return stats->room + stats->stock;
}

static size_t figures_heap(const struct mn_gc_stats *stats)
{
    return stats->live + stats->fresh + figures_free(stats);
}

unsigned GC_get_version(void)
{
    return GC_VERSION_MAJOR << 16 | GC_VERSION_MINOR << 8 | GC_VERSION_MICRO;
}

GC_word GC_get_gc_no(void)
{
    return GC_gc_no;
}

size_t GC_get_heap_size(void)
{
    struct figures figures = figures_read();

    return figures_heap(&figures.stats);
}

size_t GC_get_free_bytes(void)
{
    struct figures figures = figures_read();

    return figures_free(&figures.stats);
}

size_t GC_get_unmapped_bytes(void)
{
    return figures_read().stats.returned;
}

size_t GC_get_bytes_since_gc(void)
{
    return figures_read().stats.fresh;
}

size_t GC_get_expl_freed_bytes_since_gc(void)
{
    return figures_read().released;
}

size_t GC_get_total_bytes(void)
{
    return figures_read().total;
}

size_t GC_get_obtained_from_os_bytes(void)
{
    struct figures figures = figures_read();

    return figures.stats.committed + figures.stats.records;
}

size_t GC_get_memory_use(void)
{
    struct figures figures = figures_read();

    return figures.stats.live + figures.stats.fresh;
}

unsigned long GC_get_full_gc_total_time(void)
{
    return (unsigned long)(figures_read().stats.pause_ns_sum / 1000000);
}

void GC_get_heap_usage_safe(GC_word *heap, GC_word *free, GC_word *unmapped,
                            GC_word *since_gc, GC_word *total)
{
    struct figures figures = figures_read();
    GC_word values[] = {figures_heap(&figures.stats),
                        figures_free(&figures.stats), figures.stats.returned,
                        figures.stats.fresh, figures.total};
    GC_word *places[] = {heap, free, unmapped, since_gc, total};

    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (places[i] != NULL)
            *places[i] = values[i];
}

size_t GC_get_prof_stats(struct GC_prof_stats_s *stats, size_t size)
{
    struct figures figures = figures_read();
    struct GC_prof_stats_s all = {
        .heapsize_full = figures_heap(&figures.stats) + figures.stats.returned,
        .free_bytes_full =
            figures_free(&figures.stats) + figures.stats.returned,
        .unmapped_bytes = figures.stats.returned,
        .bytes_allocd_since_gc = figures.stats.fresh,
        .allocd_bytes_before_gc = figures.total - figures.stats.fresh,
        .non_gc_bytes = GC_non_gc_bytes,
        .gc_no = GC_gc_no,
        .expl_freed_bytes_since_gc = figures.released,
        .obtained_from_os_bytes =
            figures.stats.committed + figures.stats.records,
    };

    /* What a later version has counted is not known. */
    if (size > sizeof all) {
        __builtin_memset((char *)stats + sizeof all, UINT8_MAX,
                         size - sizeof all);
        size = sizeof all;
    }
    __builtin_memcpy(stats, &all, size);
    return size;
}

void GC_dump_named(const char *name)
{
    struct figures figures = figures_read();
    char line[256];
    struct mni_text text;

    mni_text_init(&text, line, sizeof line);
    mni_text_put(&text, "mneme: libgc");
    if (name != NULL) {
        mni_text_put(&text, " ");
        mni_text_put(&text, name);
    }
    mni_text_put(&text, ": bytes live ");
    mni_text_put_count(&text, figures.stats.live);
    mni_text_put(&text, ", made since ");
    mni_text_put_count(&text, figures.stats.fresh);
    mni_text_put(&text, ", free ");
    mni_text_put_count(&text, figures_free(&figures.stats));
    mni_text_put(&text, ", collections ");
    mni_text_put_count(&text, GC_gc_no);
    mni_text_put(&text, "\n");
    mni_front_write(text.start, text.used);
}

void GC_dump(void)
{
    GC_dump_named(NULL);
}
