/* SPDX-License-Identifier: MIT */
/* Tests of mn/stats.h: the causes are a partition of what is committed, which
 * is what the system says that our mappings are; what is untouched has no
 * memory behind it. */
#include <mn/space.h>
#include <mn/stats.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "heap/stock.h"
#include "os/os.h"
#include "space/map.h"
#include "space/meta.h"
#include "test.h"

enum { KIB = 1024, MIB = 1024 * KIB, LINE = 512 };

/* ---- what the system says ---- */

enum { RANGES_MAX = 256 };

static struct range {
    uintptr_t start;
    uintptr_t end;
} ranges[RANGES_MAX];
static size_t range_count;

enum { SPACES = 50 };

static struct mn_space spaces[SPACES];

static void add_range(uintptr_t start, size_t size)
{
    EXPECT(range_count < RANGES_MAX);
    ranges[range_count].start = start;
    ranges[range_count].end = start + size;
    range_count++;
}

/* All that Mneme has reserved, committed or not. */
static void find_ranges(void)
{
    struct mn_block record;
    struct mn_heap *heap = mn_heap_create(NULL);
    size_t outside = 0;

    range_count = 0;
    for (uint32_t i = 0; i < mni_stock.arena_count; i++) {
        const struct mni_arena *arena = mni_stock.arenas[i];
        add_range((uintptr_t)arena->start, arena->size);
        add_range((uintptr_t)arena->control, arena->control_size);
    }
    /* A byte for each cell of a space, in whole cells. */
    for (size_t i = 0; i < SPACES; i++)
        if (spaces[i].start != NULL) {
            add_range((uintptr_t)spaces[i].perms, MNI_CELL_SIZE);
            outside += MNI_CELL_SIZE;
        }
    add_range((uintptr_t)mni_map.table, mni_map_reserved());
    EXPECT(heap != NULL && mn_block_at(heap, &record));
    add_range((uintptr_t)record.start, mni_meta_reserved() - outside);
    mn_heap_destroy(heap);
}

/* Bytes of [start, end) that are in ranges of ours. */
static size_t overlap(uintptr_t start, uintptr_t end)
{
    size_t sum = 0;

    for (size_t i = 0; i < range_count; i++) {
        uintptr_t from = ranges[i].start > start ? ranges[i].start : start;
        uintptr_t to = ranges[i].end < end ? ranges[i].end : end;
        sum += to > from ? to - from : 0;
    }
    return sum;
}

/* Bytes of writable mappings in our ranges, and resident ones of all. */
static void ask_system(size_t *writable, size_t *resident)
{
    static char buffer[64 * KIB];
    char line[LINE];
    FILE *file = fopen("/proc/self/smaps", "r");
    size_t in_ours = 0;
    size_t mapping = 0;

    EXPECT(file != NULL);
    EXPECT(setvbuf(file, buffer, _IOFBF, sizeof buffer) == 0);
    *writable = *resident = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        unsigned long start;
        unsigned long end;
        char perms[5];
        size_t kib;
        if (sscanf(line, "%lx-%lx %4s", &start, &end, perms) == 3) {
            mapping = end - start;
            in_ours = overlap(start, end);
            /* The system may merge our mapping with a neighbour's. */
            if (perms[1] == 'w')
                *writable += in_ours;
        } else if (sscanf(line, "Rss: %zu kB", &kib) == 1 && in_ours != 0) {
            *resident += in_ours == mapping ? kib * KIB : 0;
        }
    }
    (void)fclose(file);
}

/* Resident bytes of what is not records. */
static size_t resident_blocks(void)
{
    enum { PAGES = 16 };
    size_t page = mni_os_page_size();
    size_t count = 0;

    for (uint32_t i = 0; i < mni_stock.arena_count; i++) {
        const struct mni_arena *arena = mni_stock.arenas[i];
        for (size_t at = 0; at < arena->committed; at += PAGES * page) {
            unsigned char pages[PAGES];
            EXPECT(mni_os_resident(arena->start + at, PAGES, pages));
            for (int k = 0; k < PAGES; k++)
                count += pages[k] & 1;
        }
    }
    return count * page;
}

static void expect_system_agrees(void)
{
    struct mn_stats stats;
    size_t writable;
    size_t resident;
    size_t sum = 0;

    find_ranges();
    EXPECT(mn_stats(&stats));
    ask_system(&writable, &resident);
    for (unsigned i = 0; i < mn_stats_cause_count(); i++)
        sum += mn_stats_cause(&stats, i);
    EXPECT(sum == stats.committed);
    EXPECT(stats.committed == writable);
    EXPECT(resident <= stats.committed - stats.untouched);
    EXPECT(resident_blocks()
           <= stats.committed - stats.untouched - stats.metadata);
    EXPECT(stats.committed <= stats.committed_peak);
    EXPECT(stats.committed <= stats.reserved);
}

enum { BLOCKS = 4000 };

static unsigned char *blocks[BLOCKS];
static size_t sizes[BLOCKS];

static void use_some(uint64_t *random, int steps)
{
    for (int i = 0; i < steps; i++) {
        size_t n = test_random(random) % BLOCKS;
        mn_free(blocks[n]);
        sizes[n] = test_random(random) % 200 == 0 ? *random % (3 * MIB)
                                                  : *random % 5000;
        blocks[n] = mn_alloc(sizes[n]);
        memset(blocks[n], 1, sizes[n]);
    }
}

TEST(committed_is_what_the_system_says_at_all_times)
{
    uint64_t random = 20240229;

    mn_free(mn_alloc(1));
    for (int phase = 0; phase < 20; phase++) {
        use_some(&random, 2000);
        expect_system_agrees();
        if (phase % 4 == 3) {
            (void)mn_trim();
            expect_system_agrees();
        }
    }
    for (size_t n = 0; n < BLOCKS; n++)
        mn_free(blocks[n]);
    expect_system_agrees();
    (void)mn_trim();
    expect_system_agrees();
}

static bool nothing_at(const void *context, const void *address,
                       struct mn_block *block)
{
    (void)context;
    (void)address;
    (void)block;
    return false;
}

TEST(committed_counts_records_of_spaces_and_publications)
{
    static struct mn_publication publications[200];
    static unsigned char memory[200 * 1000];

    mn_free(mn_alloc(1));
    for (size_t i = 0; i < SPACES; i++)
        EXPECT(mn_space_create(&spaces[i], (i + 1) * MIB, 1) == MN_OK);
    for (size_t i = 0; i < 200; i++)
        EXPECT(mn_publish(&publications[i], memory + i * 1000, 900, nothing_at,
                          NULL)
               == MN_OK);
    expect_system_agrees();
    for (size_t i = 0; i < SPACES; i++)
        mn_space_destroy(&spaces[i]);
    expect_system_agrees();
}

TEST(untouched_memory_is_not_resident)
{
    struct mn_stats stats;

    /* A large block is committed, with more around it, and never touched. */
    unsigned char *block = mn_alloc(100 * MIB);
    mn_free(block);
    (void)mn_trim();
    EXPECT(mn_stats(&stats));
    EXPECT(stats.untouched >= 100 * MIB);
    expect_system_agrees();
}

TEST(one_block_of_each_class_leaves_only_its_pages_touched)
{
    for (size_t size = 16; size <= 256 * KIB; size += size / 8) {
        unsigned char *block = mn_alloc(size);
        memset(block, 1, size);
        expect_system_agrees();
    }
}

TEST(a_tail_that_an_earlier_block_touched_is_not_untouched)
{
    enum { WIDE = 80 * KIB }; /* 12 slots in a slab, and 64 KiB behind them */
    unsigned char *dirty = mn_alloc(64 * MIB);

    memset(dirty, 1, 64 * MIB);
    mn_free(dirty);
    for (size_t i = 0; i < 200; i++) {
        blocks[i] = mn_alloc(WIDE);
        memset(blocks[i], 1, WIDE);
    }
    expect_system_agrees();
}

TEST(each_cause_grows_with_what_causes_it)
{
    struct mn_stats before;
    struct mn_stats after;

    mn_free(mn_alloc(1));
    EXPECT(mn_stats(&before));
    void *large = mn_alloc(5 * MIB - 1);
    EXPECT(mn_stats(&after));
    EXPECT(after.payload - before.payload == 5 * MIB - 1);
    EXPECT(after.rounding - before.rounding == 1);
    EXPECT(after.block_count == before.block_count + 1);
    EXPECT(after.span_count == before.span_count + 1);
    mn_free(large);
    before = after;
    EXPECT(mn_stats(&after));
    EXPECT(after.payload == before.payload - (5 * MIB - 1));
    EXPECT(after.spans + after.purgeable == 5 * MIB);
    EXPECT(mn_trim());
    before = after;
    EXPECT(mn_stats(&after));
    EXPECT(after.spans == 0 && after.purgeable == 0);
    EXPECT(after.untouched >= before.untouched + 5 * MIB);
    void *small = memset(mn_alloc(100), 1, 100);
    EXPECT(mn_stats(&after));
    void *second = mn_alloc(100);
    mn_free(small);
    EXPECT(mn_stats(&after));
    EXPECT(after.in_hand >= 100 && after.in_spans == 0);
    mn_free(second);
}

TEST(blocks_that_are_out_are_counted)
{
    struct mn_stats stats;

    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = mn_alloc(i);
        if (i % 500 == 0) {
            EXPECT(mn_stats(&stats));
            EXPECT(stats.block_count == i + 1);
        }
    }
    for (size_t i = 0; i < BLOCKS; i++)
        mn_free(blocks[i]);
    EXPECT(mn_stats(&stats));
    EXPECT(stats.block_count == 0);
    EXPECT(stats.payload == 0);
}

TEST(causes_have_names_and_end)
{
    struct mn_stats stats = {.payload = 5, .metadata = 7};
    unsigned count = mn_stats_cause_count();

    EXPECT(count == 8);
    EXPECT(strcmp(mn_stats_cause_name(0), "payload") == 0);
    EXPECT(strcmp(mn_stats_cause_name(count - 1), "metadata") == 0);
    EXPECT(mn_stats_cause_name(count) == NULL);
    EXPECT(mn_stats_cause_name(~0u) == NULL);
    EXPECT(mn_stats_cause(&stats, 0) == 5);
    EXPECT(mn_stats_cause(&stats, count - 1) == 7);
    EXPECT(mn_stats_cause(&stats, count) == 0);
}

/* ---- as text ---- */

static char text[4096];
static size_t text_used;

static void append(const char *piece, size_t size, void *context)
{
    EXPECT(context == text);
    EXPECT(text_used + size < sizeof text);
    memcpy(text + text_used, piece, size);
    text_used += size;
    text[text_used] = '\0';
}

TEST(statistics_are_written_whole_however_large)
{
    struct mn_stats most;

    memset(&most, 0xff, sizeof most);
    mn_stats_write(&most, false, append, text);
    EXPECT(strstr(text, "payload") == text);
    EXPECT(strstr(text, "heap_count") != NULL);
    EXPECT(text[text_used - 1] == '\n');
    text_used = 0;
    mn_stats_write(&most, true, append, text);
    EXPECT(text[0] == '{' && strcmp(text + text_used - 2, "}\n") == 0);
    EXPECT(strstr(text, "\"heap_count\": 18446744073709551615}") != NULL);
}
