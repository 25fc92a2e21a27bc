/* SPDX-License-Identifier: MIT */
/* Tests of src/override on a program whose malloc is ours: each entry point of
 * glibc and C23, its results, its errno, and what it reports. */
#include <mn/heap.h>

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "override/override.h"
#include "test.h"

enum { KIB = 1024, MIB = 1024 * KIB };

/* Compilers know malloc and would judge these calls instead of making them. */
static volatile size_t huge = (size_t)PTRDIFF_MAX + 1;
static volatile size_t most = SIZE_MAX;
static volatile size_t root = (size_t)1 << 32; /* of SIZE_MAX, about */
static void *volatile sink;

static void expect_ours(void *block, size_t size, size_t align)
{
    EXPECT(block != NULL);
    EXPECT((uintptr_t)block % align == 0);
    EXPECT(mn_usable_size(block) >= size);
    EXPECT(malloc_usable_size(block) == mn_usable_size(block));
    memset(block, 0x5a, size);
}

static void expect_refused(void *block, int error)
{
    EXPECT(block == NULL);
    EXPECT(errno == error);
    errno = 0;
}

TEST(every_entry_point_gives_a_block_of_ours)
{
    static const size_t sizes[] = {0, 1, 17, 1000, 4096, 100 * KIB, 3 * MIB};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t size = sizes[i];
        void *block = malloc(size);
        expect_ours(block, size, 16);
        block = realloc(block, size + 100);
        expect_ours(block, size + 100, 16);
        block = reallocarray(block, 3, size + 5);
        expect_ours(block, 3 * (size + 5), 16);
        free(block);
        block = calloc(3, size);
        expect_ours(block, 3 * size, 16);
        free_sized(block, 3 * size);
        block = aligned_alloc(256, size);
        expect_ours(block, size, 256);
        free_aligned_sized(block, 256, size);
        block = memalign(64, size);
        expect_ours(block, size, 64);
        free(block);
        EXPECT(posix_memalign(&block, 8192, size) == 0);
        expect_ours(block, size, 8192);
        free(block);
        block = valloc(size);
        expect_ours(block, size, (size_t)sysconf(_SC_PAGESIZE));
        free(block);
    }
    EXPECT(mn_heap_check(NULL));
}

TEST(pvalloc_rounds_up_to_pages)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    for (size_t size = 0; size <= 3 * page; size += page / 2) {
        void *block = pvalloc(size);
        size_t pages = size == 0 ? page : (size + page - 1) / page * page;
        expect_ours(block, pages, page);
        free(block);
    }
    expect_refused(pvalloc(most), ENOMEM);
    expect_refused(pvalloc(most - page), ENOMEM);
    expect_refused(pvalloc(huge), ENOMEM);
}

/* The compilers know these functions, and refuse what is wrong on purpose. */
static void *(*volatile unchecked_aligned_alloc)(size_t,
                                                 size_t) = aligned_alloc;
static void *(*volatile unchecked_memalign)(size_t, size_t) = memalign;
static void *(*volatile unchecked_realloc)(void *, size_t) = realloc;
static void *(*volatile unchecked_reallocarray)(void *, size_t,
                                                size_t) = reallocarray;

TEST(impossible_sizes_are_refused_with_enomem)
{
    void *block = malloc(100);

    expect_ours(block, 100, 16);
    errno = 0;
    expect_refused(malloc(huge), ENOMEM);
    expect_refused(malloc(most), ENOMEM);
    expect_refused(calloc(1, huge), ENOMEM);
    expect_refused(calloc(most, most), ENOMEM);
    expect_refused(calloc(huge / 2, 4), ENOMEM);
    expect_refused(calloc(root, root), ENOMEM);
    expect_refused(unchecked_realloc(block, huge), ENOMEM);
    expect_refused(unchecked_realloc(NULL, most), ENOMEM);
    expect_refused(unchecked_reallocarray(block, most, 2), ENOMEM);
    expect_refused(unchecked_reallocarray(block, root, root), ENOMEM);
    expect_refused(unchecked_reallocarray(NULL, huge, 1), ENOMEM);
    expect_refused(aligned_alloc(64, huge), ENOMEM);
    expect_refused(memalign(64, most), ENOMEM);
    expect_refused(valloc(most), ENOMEM);
    for (int i = 0; i < 100; i++)
        EXPECT(((unsigned char *)block)[i] == 0x5a);
    free(block);
}

TEST(alignments_are_refused_or_rounded_as_in_glibc)
{
    errno = 0;
    expect_refused(unchecked_aligned_alloc(0, 100), EINVAL);
    expect_refused(unchecked_aligned_alloc(24, 100), EINVAL);
    expect_refused(unchecked_memalign(huge, 100), EINVAL);
    expect_refused(unchecked_memalign(most, 100), EINVAL);
    void *block = unchecked_memalign(0, 100);
    expect_ours(block, 100, 16);
    free(block);
    block = unchecked_memalign(100, 100);
    expect_ours(block, 100, 128);
    free(block);
    block = unchecked_memalign(4097, 100);
    expect_ours(block, 100, 8192);
    free(block);
}

TEST(posix_memalign_that_fails_leaves_result_and_errno)
{
    static const size_t bad[] = {0, 1, 2, 4, 12, 24, 100, SIZE_MAX};
    void *result = &result;

    errno = 4711;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        EXPECT(posix_memalign(&result, bad[i], 100) == EINVAL);
        EXPECT(result == &result);
    }
    EXPECT(posix_memalign(&result, 64, huge) == ENOMEM);
    EXPECT(posix_memalign(&result, 64, most) == ENOMEM);
    EXPECT(result == &result);
    EXPECT(errno == 4711);
    EXPECT(posix_memalign(&result, 8, 0) == 0);
    expect_ours(result, 0, 8);
    free(result);
}

TEST(realloc_to_zero_releases_as_in_glibc)
{
    void *block = malloc(100);

    EXPECT(realloc(block, 0) == NULL);
    block = realloc(NULL, 0);
    expect_ours(block, 0, 16);
    EXPECT(reallocarray(block, 0, 5) == NULL);
    EXPECT(mn_heap_check(NULL));
}

TEST(releases_ignore_null_and_keep_errno)
{
    errno = 4711;
    free(NULL);
    free_sized(NULL, 100);
    free_aligned_sized(NULL, 64, 100);
    free_aligned_sized(NULL, 0, 0);
    EXPECT(malloc_usable_size(NULL) == 0);
    free(malloc(10));
    free(malloc(10 * MIB));
    EXPECT(malloc_trim(0) == 0 || errno == 4711);
    EXPECT(errno == 4711);
}

TEST(sized_releases_stop_where_the_size_is_wrong)
{
    void *block = aligned_alloc(64, 100);

    EXPECT_STOPS(free_sized(block, 5000), "given size is larger");
    EXPECT_STOPS(free_aligned_sized(block, 64, 5000), "given size is larger");
    EXPECT_STOPS(free_aligned_sized((char *)block + 16, 64, 1), "alignment");
    EXPECT_STOPS(free_aligned_sized(block, 3, 1), "alignment");
    sink = (char *)block + 1;
    EXPECT_STOPS(free(sink), "pointer into a block");
    EXPECT_STOPS(malloc_usable_size(sink), "pointer into a block");
    free_aligned_sized(block, 64, 100);
    EXPECT_STOPS(free(block), "already free");
}

TEST(calloc_is_zero_also_where_memory_was_dirty)
{
    for (size_t size = 1; size < 2 * MIB; size = size * 3 + 1) {
        char *block = malloc(size);
        memset(block, 0xff, size);
        sink = block;
        free(block);
        block = calloc(size, 1);
        for (size_t i = 0; i < size; i++)
            EXPECT(block[i] == 0);
        free(block);
    }
}

/* ---- what is reported ---- */

TEST(mallinfo_tells_what_is_allocated)
{
    enum { COUNT = 10240 };
    static void *blocks[COUNT];
    struct mallinfo2 before = mallinfo2();

    for (int i = 0; i < COUNT; i++)
        blocks[i] = malloc(KIB);
    struct mallinfo2 after = mallinfo2();
    size_t grown = after.uordblks - before.uordblks;
    EXPECT(grown >= 10 * MIB && grown < 11 * MIB);
    EXPECT(after.arena >= after.uordblks + after.fordblks);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    struct mallinfo narrow = mallinfo();
#pragma GCC diagnostic pop
    EXPECT((size_t)narrow.uordblks == after.uordblks);
    for (int i = 0; i < COUNT; i++)
        free(blocks[i]);
    struct mallinfo2 end = mallinfo2();
    EXPECT(end.uordblks - before.uordblks < MIB / 4);
}

TEST(mallinfo_tells_of_large_blocks_exactly)
{
    struct mallinfo2 before = mallinfo2();
    void *block = malloc(10 * MIB);
    struct mallinfo2 after = mallinfo2();

    sink = block;
    EXPECT(after.uordblks - before.uordblks == 10 * MIB);
    free(block);
    after = mallinfo2();
    EXPECT(after.uordblks == before.uordblks);
}

/* How often `word` stands in the text. */
static int count_words(const char *text, const char *word)
{
    int count = 0;

    while ((text = strstr(text, word)) != NULL) {
        count++;
        text += strlen(word);
    }
    return count;
}

TEST(malloc_info_writes_well_formed_xml)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);

    EXPECT(stream != NULL);
    EXPECT(malloc_info(0, stream) == 0);
    EXPECT(fclose(stream) == 0);
    EXPECT(strncmp(text, "<malloc version=", 16) == 0);
    EXPECT(strcmp(text + size - 10, "</malloc>\n") == 0);
    EXPECT(count_words(text, "<malloc ") == 1);
    EXPECT(count_words(text, "<") == count_words(text, ">"));
    EXPECT(count_words(text, "<") == count_words(text, "/>") + 2);
    EXPECT(count_words(text, "\"") % 2 == 0);
    EXPECT(count_words(text, "<cause name=\"payload\"") == 1);
    free(text);
    errno = 0;
    EXPECT(malloc_info(1, stdout) == -1);
    EXPECT(errno == EINVAL);
}

TEST(malloc_stats_writes_to_standard_error)
{
    char text[4096] = "";
    FILE *file = tmpfile();
    int kept = dup(STDERR_FILENO);

    EXPECT(file != NULL && kept >= 0);
    EXPECT(dup2(fileno(file), STDERR_FILENO) >= 0);
    malloc_stats();
    EXPECT(dup2(kept, STDERR_FILENO) >= 0);
    rewind(file);
    EXPECT(fread(text, 1, sizeof text - 1, file) > 0);
    EXPECT(strstr(text, "payload") != NULL);
    EXPECT(strstr(text, "committed") != NULL);
    (void)fclose(file);
}

static size_t resident(void)
{
    char text[100] = "";
    FILE *file = fopen("/proc/self/statm", "r");
    size_t pages;

    EXPECT(file != NULL && fgets(text, sizeof text, file) != NULL);
    (void)fclose(file);
    EXPECT(sscanf(text, "%*u %zu", &pages) == 1);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

TEST(malloc_trim_returns_memory_to_the_system)
{
    enum { COUNT = 64 * KIB };
    static void *blocks[COUNT];
    size_t before = resident();

    for (int i = 0; i < COUNT; i++)
        blocks[i] = memset(malloc(KIB), 1, KIB);
    EXPECT(resident() > before + 60 * MIB);
    for (int i = 0; i < COUNT; i++)
        free(blocks[i]);
    EXPECT(malloc_trim(0) == 1);
    EXPECT(resident() < before + 4 * MIB);
    EXPECT(malloc_trim(0) == 0);
}

TEST(mallopt_takes_what_glibc_takes)
{
    EXPECT(mallopt(M_MMAP_THRESHOLD, 1 << 20) == 1);
    EXPECT(mallopt(M_ARENA_MAX, 1) == 1);
}

/* ---- before main and after ---- */

static char *from_constructor;

__attribute__((constructor(102))) static void allocate_before_main(void)
{
    from_constructor = malloc(1000);
    strcpy(from_constructor, "before main");
    free(malloc(2 * MIB));
}

static void allocate_at_exit(void)
{
    char *block = malloc(5000);

    memset(block, 1, 5000);
    free(block);
    free(calloc(1, MIB));
    free(from_constructor);
    (void)!write(STDOUT_FILENO, "exited", 6);
}

TEST(memory_from_before_main_is_released_after_it)
{
    char text[16] = "";
    int ends[2];

    EXPECT(strcmp(from_constructor, "before main") == 0);
    EXPECT(pipe(ends) == 0);
    if (fork() == 0) {
        (void)dup2(ends[1], STDOUT_FILENO);
        EXPECT(atexit(allocate_at_exit) == 0);
        exit(0);
    }
    close(ends[1]);
    EXPECT(read(ends[0], text, sizeof text - 1) == 6);
    EXPECT(strcmp(text, "exited") == 0);
}
