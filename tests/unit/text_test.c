/* SPDX-License-Identifier: MIT */
/* Tests of base/text.h: numbers and addresses, and what does not fit is cut. */
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "test.h"

static char buffer[64];
static struct mni_text text;

static void expect(const char *expected)
{
    EXPECT(strcmp(text.start, expected) == 0);
    EXPECT(text.used == strlen(expected));
}

TEST(text_grows_by_strings_and_numbers)
{
    mni_text_init(&text, buffer, sizeof buffer);
    expect("");
    mni_text_put(&text, "a");
    mni_text_put(&text, "");
    mni_text_put_count(&text, 0);
    mni_text_put(&text, " ");
    mni_text_put_count(&text, UINT64_MAX);
    mni_text_put(&text, " ");
    mni_text_put_address(&text, NULL);
    expect("a0 18446744073709551615 0x0");
    mni_text_init(&text, buffer, sizeof buffer);
    mni_text_put_address(&text, (void *)UINTPTR_MAX);
    expect("0xffffffffffffffff");
}

TEST(numbers_are_written_as_printf_writes_them)
{
    uint64_t random = 5;

    for (int i = 0; i < 10000; i++) {
        char expected[sizeof buffer];
        uint64_t number = test_random(&random) >> i % 64;
        (void)snprintf(expected, sizeof expected, "%llu 0x%llx",
                       (unsigned long long)number, (unsigned long long)number);
        mni_text_init(&text, buffer, sizeof buffer);
        mni_text_put_count(&text, number);
        mni_text_put(&text, " ");
        mni_text_put_address(&text, (void *)(uintptr_t)number);
        expect(expected);
    }
}

TEST(what_does_not_fit_is_cut_off)
{
    for (size_t size = 1; size < sizeof buffer; size++) {
        memset(buffer, '#', sizeof buffer);
        mni_text_init(&text, buffer, size);
        for (int i = 0; i < 10; i++) {
            mni_text_put(&text, "hello");
            mni_text_put_count(&text, 1234567);
        }
        EXPECT(text.used == size - 1 && buffer[size - 1] == '\0');
        EXPECT(buffer[size] == '#');
    }
}

TEST(a_stop_is_one_line_that_fits)
{
    char what[1000];
    struct mn_block block = {(void *)0x1000, 48, MN_PERM_RW, MN_FREE};

    memset(what, 'x', sizeof what - 1);
    what[sizeof what - 1] = '\0';
    EXPECT_STOPS(mni_stop("the reason"), "mneme: the reason\n");
    EXPECT_STOPS(mni_stop_at("free", (void *)0x1010, "a reason", &block),
                 "mneme: free of 0x1010: a reason; it lies in block 0x1000 of "
                 "48 bytes, free\n");
    EXPECT_STOPS(mni_stop_at("free", (void *)0x1010, "a reason", NULL),
                 "mneme: free of 0x1010: a reason; it lies in no block\n");
    EXPECT_STOPS(mni_stop(what), "mneme: xxxx");
}
