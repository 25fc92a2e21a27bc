/* SPDX-License-Identifier: MIT */
/* Tests of the search for lost blocks. A block is lost when no address of it is
 * left in memory, so the tests keep them disguised. */
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "heap/heap.h"
#include "heap/leaks.h"
#include "test.h"

enum { COUNT = 64 };

static void *shown[COUNT];
static uintptr_t hidden[COUNT];
static struct mni_leaks leaks;

static __attribute__((noinline)) void wipe(void)
{
    volatile char junk[16384];

    for (size_t i = 0; i < sizeof junk; i++)
        junk[i] = 0;
}

/* What nobody ever makes otherwise in a test. */
static __attribute__((noinline)) void make(size_t size)
{
    for (int i = 0; i < COUNT; i++) {
        shown[i] = mn_alloc(size);
        EXPECT(shown[i] != NULL);
        memset(shown[i], 0, size);
        hidden[i] = ~(uintptr_t)shown[i];
    }
}

static size_t count_of(size_t size, bool is_led_to)
{
    wipe();
    EXPECT(mni_leaks_find(&leaks));
    size_t sum = 0;
    size_t found = 0;
    for (size_t i = 0; i < leaks.group_count; i++) {
        const struct mni_leaks_group *group = &leaks.groups[i];
        sum += group->count;
        EXPECT(i == 0
               || group->count * group->size
                      <= group[-1].count * group[-1].size);
        if (group->size == size && group->is_led_to == is_led_to)
            found = group->count;
    }
    EXPECT(sum == leaks.lost && leaks.lost <= leaks.blocks);
    return found;
}

TEST(blocks_that_variables_lead_to_are_not_lost)
{
    make(7168);
    EXPECT(count_of(7168, false) == 0);
    for (int i = 0; i < COUNT; i++)
        shown[i] = (char *)shown[i] + 7167; /* the last byte is enough */
    EXPECT(count_of(7168, false) == 0);
    memset(shown, 0, sizeof shown);
    EXPECT(count_of(7168, false) >= COUNT - 2);
    for (int i = 0; i < COUNT; i++)
        mn_free((void *)~hidden[i]);
    EXPECT(count_of(7168, false) == 0);
}

TEST(large_blocks_are_lost_as_whole)
{
    make(5 * MNI_CELL_SIZE);
    memset(shown, 0, sizeof shown);
    EXPECT(count_of(5 * MNI_CELL_SIZE, false) >= COUNT - 2);
}

/* A word that is left on the stack may keep the end of a chain. */
static __attribute__((noinline)) void make_chains(void)
{
    make(7168);
    for (int i = 1; i < COUNT; i++)
        if (i % 4 != 0)
            *(void **)shown[i] = shown[i - 1];
    for (int i = 0; i < COUNT; i++)
        if (i % 4 != 3)
            shown[i] = NULL;
}

TEST(lost_blocks_lead_to_others)
{
    make_chains();
    EXPECT(count_of(7168, false) == 0 && count_of(7168, true) == 0);
    memset(shown, 0, sizeof shown);
    size_t direct = count_of(7168, false);
    EXPECT(direct <= COUNT / 4 && direct >= COUNT / 4 - 2);
    EXPECT(count_of(7168, true) >= 3 * (COUNT / 4 - 2));
}

static _Atomic int stage;

static void *hold(void *data)
{
    void *volatile mine = mn_alloc(9216);

    memset(mine, 0, 9216);
    stage = 1;
    while (stage != 2)
        usleep(100);
    mn_free(mine);
    return data;
}

TEST(stacks_of_other_threads_lead_to_blocks)
{
    pthread_t thread;

    EXPECT(pthread_create(&thread, NULL, hold, NULL) == 0);
    while (stage != 1)
        usleep(100);
    EXPECT(count_of(9216, false) == 0 && count_of(9216, true) == 0);
    EXPECT(leaks.blocks >= 1);
    stage = 2;
    pthread_join(thread, NULL);
}

static void *turn(void *data)
{
    while (stage != 2) {
        void *block = mn_alloc(100 + (size_t)stage);
        mn_free(block);
    }
    return data;
}

TEST(threads_that_allocate_go_on_afterwards)
{
    pthread_t threads[3];

    for (int i = 0; i < 3; i++)
        EXPECT(pthread_create(&threads[i], NULL, turn, NULL) == 0);
    make(7168);
    for (int i = 0; i < 5; i++)
        EXPECT(count_of(7168, false) == 0);
    stage = 2;
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
}

static char written[4096];

static void append(const char *text, size_t size, void *context)
{
    size_t *used = context;

    EXPECT(*used + size < sizeof written);
    memcpy(written + *used, text, size);
    *used += size;
}

TEST(lines_are_for_people)
{
    size_t used = 0;

    leaks = (struct mni_leaks){
        .blocks = 9,
        .lost = 3,
        .lost_bytes = 144,
        .group_count = 2,
        .groups = {{48, 2, (void *)0x1000, false},
                   {48, 1, (void *)0x2000, true}},
    };
    mni_leaks_write(&leaks, "> ", append, &used);
    EXPECT(strcmp(written,
                  "> lost: 2 blocks of 48 bytes, 96 in all, the first at "
                  "0x1000\n"
                  "> lost: 1 block of 48 bytes, 48 in all, led to by lost "
                  "ones, at 0x2000\n"
                  "> at exit 3 blocks are lost, 144 bytes, of 9 that are "
                  "out\n")
           == 0);
}

static void on_power(int number)
{
    (void)number;
}

TEST(a_search_without_files_is_refused_and_changes_no_handler)
{
    struct sigaction action = {.sa_handler = on_power};
    struct rlimit none = {0, 0};

    make(64);
    EXPECT(sigaction(SIGPWR, &action, NULL) == 0);
    EXPECT(setrlimit(RLIMIT_NOFILE, &none) == 0);
    EXPECT(!mni_leaks_find(&leaks));
    EXPECT(sigaction(SIGPWR, NULL, &action) == 0);
    EXPECT(action.sa_handler == on_power);
}
