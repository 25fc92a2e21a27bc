/* SPDX-License-Identifier: MIT */
/* Tests of mn/shared_mover.h: readers that pin, look and unpin while one thread
 * allocates, frees and compacts. Blocks are written before others learn of
 * them. */
#include <mn/shared_mover.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "test.h"

enum { COUNT = 256, SIZE = 1 << 18, READERS = 3, ROUNDS = 4000, LARGEST = 900 };

static struct mn_shared_mover mover;
static _Atomic uintptr_t handles[COUNT];
static _Atomic bool done;
static _Atomic size_t reads;

static void setup(void)
{
    struct mn_mover_options options = {.memory_size = SIZE, .count_max = COUNT};

    EXPECT(mn_shared_mover_init(&mover, &options) == MN_OK);
}

static struct mn_handle filled(size_t size, int with)
{
    struct mn_handle handle = mn_shared_mover_alloc(&mover, size, NULL);

    EXPECT(handle.bits != 0);
    MN_SHARED_PIN(pin, &mover, handle);
    memset(pin.at, with, size);
    return handle;
}

static void compact(void)
{
    while (mn_shared_mover_step(&mover, NULL, 1000))
        EXPECT(mn_shared_mover_check(&mover));
}

TEST(init_refuses_what_cannot_be_shared)
{
    struct mn_mover_options options = {
        .memory_size = SIZE, .count_max = COUNT, .untouched = true};

    EXPECT(mn_shared_mover_init(&mover, &options) == MN_ERR_INVALID);
    options.untouched = false;
    options.count_max = 0;
    EXPECT(mn_shared_mover_init(&mover, &options) == MN_ERR_INVALID);
}

static struct mn_member pointer_member = {"x", NULL, 0, 1, MN_MEMBER_MOVABLE};
static struct mn_type pointer_type = {.name = "pointer",
                                      .size = sizeof(void *),
                                      .align = _Alignof(void *),
                                      .members = &pointer_member,
                                      .member_count = 1};

TEST(pointers_that_follow_are_refused)
{
    setup();
    pointer_member.type = &pointer_type;
    EXPECT(mn_shared_mover_alloc(&mover, sizeof(void *), &pointer_type).bits
           == 0);
    pointer_member.kind = MN_MEMBER_GC;
    EXPECT(mn_shared_mover_alloc(&mover, sizeof(void *), &pointer_type).bits
           != 0);
}

TEST(a_freed_block_is_there_until_its_last_pin)
{
    setup();
    struct mn_handle low = filled(64, 1);
    struct mn_handle handle = filled(64, 2);
    struct mn_shared_pin pin = mn_shared_mover_pin(&mover, handle);
    struct mn_shared_pin also = mn_shared_mover_pin(&mover, handle);
    mn_shared_mover_free(&mover, handle);
    mn_shared_mover_free(&mover, low);
    EXPECT(mn_shared_mover_try_pin(&mover, handle).entry == NULL);
    EXPECT(mn_shared_mover_size(&mover, handle) == 0);
    EXPECT_STOPS(mn_shared_mover_free(&mover, handle), "its block was freed");
    compact();
    EXPECT(((unsigned char *)pin.at)[63] == 2);
    mn_shared_unpin(&pin);
    struct mn_handle other = filled(128, 3);
    EXPECT(((unsigned char *)also.at)[63] == 2);
    EXPECT(mover.mover.leaving == 1);
    mn_shared_unpin(&also);
    compact();
    EXPECT(mover.mover.leaving == 0 && mover.mover.count == 1);
    MN_SHARED_PIN(end, &mover, other);
    EXPECT(end.at == mover.mover.base);
    EXPECT(mn_shared_mover_check(&mover));
}

TEST(misuse_stops)
{
    setup();
    struct mn_handle handle = filled(64, 1);
    struct mn_shared_pin pin = mn_shared_mover_pin(&mover, handle);
    struct mn_shared_pin copy = pin;
    EXPECT_STOPS(mn_shared_mover_finish(&mover), "ends with a pin");
    mn_shared_unpin(&pin);
    EXPECT_STOPS(mn_shared_unpin(&copy), "unpinned more often");
    mn_shared_mover_free(&mover, handle);
    EXPECT_STOPS(mn_shared_mover_pin(&mover, handle), "its block was freed");
    EXPECT_STOPS(mn_shared_mover_pin(&mover, (struct mn_handle){0}),
                 "a handle of nothing");
    mn_shared_mover_finish(&mover);
    EXPECT(mn_shared_mover_try_pin(&mover, handle).entry == NULL);
}

TEST(resize_moves_what_nobody_has_pinned)
{
    setup();
    struct mn_handle handle = filled(64, 1);
    struct mn_handle wall = filled(64, 2);
    EXPECT(mn_shared_mover_resize(&mover, handle, 128) == MN_OK);
    EXPECT(mn_shared_mover_size(&mover, handle) == 128);
    {
        MN_SHARED_PIN(pin, &mover, wall);
        EXPECT(mn_shared_mover_resize(&mover, wall, 128) == MN_ERR_NOMEM);
        EXPECT(mn_shared_mover_resize(&mover, wall, 32) == MN_OK);
    }
    MN_SHARED_PIN(pin, &mover, handle);
    EXPECT(((unsigned char *)pin.at)[63] == 1);
    EXPECT(mn_shared_mover_check(&mover));
}

/* A block has its size in its first word, and its number everywhere else. */
static void *read_all(void *context)
{
    uint64_t state = (uintptr_t)context;

    while (!atomic_load(&done)) {
        size_t i = test_random(&state) % COUNT;
        struct mn_handle handle = {
            atomic_load_explicit(&handles[i], memory_order_acquire)};
        struct mn_shared_pin pin = mn_shared_mover_try_pin(&mover, handle);
        if (pin.entry == NULL)
            continue;
        const unsigned char *at = pin.at;
        uint32_t size = 0;
        memcpy(&size, at, sizeof size);
        EXPECT(size >= sizeof size && size <= LARGEST);
        for (size_t k = sizeof size; k < size; k++)
            EXPECT(at[k] == (unsigned char)i);
        mn_shared_unpin(&pin);
        atomic_fetch_add_explicit(&reads, 1, memory_order_relaxed);
    }
    return NULL;
}

static void replace(size_t i, uint64_t *state)
{
    struct mn_handle old = {atomic_load(&handles[i])};
    uint32_t size = 4 + (uint32_t)(test_random(state) % (LARGEST - 4));

    atomic_store(&handles[i], 0);
    mn_shared_mover_free(&mover, old);
    struct mn_handle handle = mn_shared_mover_alloc(&mover, size, NULL);
    if (handle.bits == 0)
        return;
    {
        MN_SHARED_PIN(pin, &mover, handle);
        memset(pin.at, (int)i, size);
        memcpy(pin.at, &size, sizeof size);
    }
    atomic_store_explicit(&handles[i], handle.bits, memory_order_release);
}

TEST(readers_see_every_block_whole)
{
    pthread_t reader[READERS];
    uint64_t state = 5;

    setup();
    for (uintptr_t i = 0; i < READERS; i++)
        EXPECT(pthread_create(&reader[i], NULL, read_all, (void *)(i + 1))
               == 0);
    for (int round = 0; round < ROUNDS; round++) {
        for (int k = 0; k < 8; k++)
            replace(test_random(&state) % COUNT, &state);
        (void)mn_shared_mover_step(&mover, NULL,
                                   1 + test_random(&state) % 8000);
        if (round % 64 == 0)
            EXPECT(mn_shared_mover_check(&mover));
    }
    atomic_store(&done, true);
    for (int i = 0; i < READERS; i++)
        EXPECT(pthread_join(reader[i], NULL) == 0);
    EXPECT(mover.mover.moved > 0 && atomic_load(&reads) > 0);
    EXPECT(mn_shared_mover_check(&mover));
    mn_shared_mover_finish(&mover);
}
