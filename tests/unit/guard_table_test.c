/* SPDX-License-Identifier: MIT */
/* Tests of guard_table.h: the order, against an array of blocks, and a depth
 * that stays logarithmic whatever order blocks come in. Addresses are made up:
 * the table never reads at them. */
#include "guard/guard_table.h"

#include <stdlib.h>

#include "test.h"

enum { PLACES = 128, STEPS = 30000, STRIDE = 64, MANY = 1 << 15 };

/* What a depth may be; a random tree of n blocks has some 2 log2 n + 4. */
enum { DEPTH_MAX = 48 };

static struct mn_guard_table table;
static uint32_t out[PLACES]; /* the record of the block there, or 0 */

static void setup(size_t block_count)
{
    size_t size = mn_guard_control_size(block_count);
    void *control = malloc(size);

    EXPECT(control != NULL && mni_guard_table_init(&table, control, size));
    EXPECT(table.capacity == block_count && mni_guard_table_check(&table));
}

static void *place(unsigned i)
{
    return (void *)((uintptr_t)(i + 1) * STRIDE);
}

static size_t size_of(unsigned i)
{
    return 1 + (size_t)i * 7 % STRIDE;
}

static void expect_agrees(unsigned at)
{
    uint32_t before = 0;
    uint32_t after = 0;

    for (unsigned i = 0; i <= at; i++)
        before = out[i] != 0 ? out[i] : before;
    for (unsigned i = PLACES; i-- > at + 1;)
        after = out[i] != 0 ? out[i] : after;
    EXPECT(mni_guard_find(&table, place(at)) == out[at]);
    EXPECT(mni_guard_before(&table, (uintptr_t)place(at) + at % STRIDE)
           == before);
    EXPECT(mni_guard_after(&table, (uintptr_t)place(at) + at % STRIDE)
           == after);
}

TEST(a_random_run_agrees_with_an_array)
{
    uint64_t random = 20261123;
    unsigned full = 0;

    setup(PLACES * 3 / 4);
    for (int step = 0; step < STEPS; step++) {
        unsigned i = (unsigned)(test_random(&random) % PLACES);
        if (out[i] != 0) {
            mni_guard_remove(&table, out[i]);
            out[i] = 0;
        } else if (mni_guard_table_full(&table)) {
            full++;
        } else {
            out[i] = mni_guard_insert(&table, place(i), size_of(i), i);
            EXPECT(mni_guard_record(&table, out[i])->note == i);
        }
        EXPECT(mni_guard_table_check(&table));
        expect_agrees((unsigned)(test_random(&random) % PLACES));
    }
    EXPECT(full == 0); /* half of the places are out, on average */
}

TEST(a_full_table_says_so_and_is_used_again)
{
    setup(PLACES);
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < PLACES; i++) {
            EXPECT(!mni_guard_table_full(&table));
            out[i] = mni_guard_insert(&table, place(i), size_of(i), 0);
        }
        EXPECT(mni_guard_table_full(&table) && mni_guard_table_check(&table));
        for (unsigned i = 0; i < PLACES; i++)
            mni_guard_remove(&table, out[(i * 37 + round) % PLACES]);
        EXPECT(table.root == 0 && mni_guard_table_check(&table));
    }
}

static unsigned depth_of(uint32_t i)
{
    const struct mni_guard_record *record = mni_guard_record(&table, i);

    if (i == 0)
        return 0;
    unsigned left = depth_of(record->left);
    unsigned right = depth_of(record->right);
    return 1 + (left > right ? left : right);
}

TEST(depth_is_logarithmic_whatever_the_strides)
{
    static const uintptr_t strides[] = {8, 16, 48, 64, 4096, 65536};

    for (unsigned s = 0; s < sizeof strides / sizeof strides[0]; s++) {
        setup(MANY);
        for (uintptr_t i = 0; i < MANY; i++)
            (void)mni_guard_insert(&table, (void *)((i + 1) * strides[s]), 8,
                                   0);
        EXPECT(depth_of(table.root) <= DEPTH_MAX);
        free(table.record);
    }
}

TEST(check_sees_what_is_out_of_order)
{
    setup(PLACES);
    for (unsigned i = 0; i < 20; i++)
        out[i] = mni_guard_insert(&table, place(i), STRIDE, 0);
    struct mni_guard_record *record = mni_guard_record(&table, out[10]);
    struct mni_guard_record was = *record;

    record->size = STRIDE + 1;
    EXPECT(!mni_guard_table_check(&table));
    *record = was;
    record->size = 0;
    EXPECT(!mni_guard_table_check(&table));
    *record = was;
    record->start -= STRIDE + 1;
    EXPECT(!mni_guard_table_check(&table));
    *record = was;
    record->left = table.capacity;
    EXPECT(!mni_guard_table_check(&table));
    *record = was;
    table.count++;
    EXPECT(!mni_guard_table_check(&table));
    table.count--;
    EXPECT(mni_guard_table_check(&table));
}
