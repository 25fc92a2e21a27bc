/* SPDX-License-Identifier: MIT */
/* Tests of the mn_region_ functions: arguments are checked before a kind of
 * region sees them, and the rest is passed on as it is. */
#include <mn/region.h>

#include "test.h"

struct recorder {
    struct mn_region region;
    unsigned calls;
    size_t size;
    size_t align;
    const void *address;
    bool answer;
};

static struct recorder recorder;
static struct mn_region *const region = &recorder.region;
static unsigned char memory[64];

static void *recorder_alloc(struct mn_region *self, size_t size, size_t align)
{
    EXPECT(self == region);
    recorder.calls++;
    recorder.size = size;
    recorder.align = align;
    return recorder.answer ? memory : NULL;
}

static bool recorder_resize(struct mn_region *self, void *block, size_t size)
{
    EXPECT(self == region);
    recorder.calls++;
    recorder.address = block;
    recorder.size = size;
    return recorder.answer;
}

static void recorder_free(struct mn_region *self, void *block)
{
    EXPECT(self == region);
    recorder.calls++;
    recorder.address = block;
}

static bool recorder_check(const struct mn_region *self)
{
    EXPECT(self == region);
    recorder.calls++;
    return recorder.answer;
}

static bool recorder_block_at(const struct mn_region *self, const void *address,
                              struct mn_block *block)
{
    EXPECT(self == region && block != NULL);
    recorder.calls++;
    recorder.address = address;
    return recorder.answer;
}

static bool recorder_walk(const struct mn_region *self, mn_block_fn visit,
                          void *context)
{
    EXPECT(self == region && visit != NULL && context == memory);
    recorder.calls++;
    return recorder.answer;
}

static const struct mn_region_ops recorder_ops = {
    .name = "recorder",
    .alloc = recorder_alloc,
    .resize = recorder_resize,
    .free = recorder_free,
    .check = recorder_check,
    .block_at = recorder_block_at,
    .walk = recorder_walk,
};

static void setup(bool answer)
{
    recorder = (struct recorder){.region.ops = &recorder_ops, .answer = answer};
}

TEST(alloc_refuses_bad_arguments_itself)
{
    setup(true);
    EXPECT(mn_region_alloc(region, 0, 1) == NULL);
    EXPECT(mn_region_alloc(region, 1, 0) == NULL);
    EXPECT(mn_region_alloc(region, 1, 3) == NULL);
    EXPECT(mn_region_alloc(region, 1, SIZE_MAX) == NULL);
    EXPECT(mn_region_alloc(region, (size_t)PTRDIFF_MAX + 1, 1) == NULL);
    EXPECT(mn_region_alloc(region, SIZE_MAX, 1) == NULL);
    EXPECT(recorder.calls == 0);
}

TEST(alloc_passes_on_what_is_well_formed)
{
    size_t largest = SIZE_MAX / 2 + 1;

    setup(true);
    EXPECT(mn_region_alloc(region, PTRDIFF_MAX, largest) == memory);
    EXPECT(recorder.size == PTRDIFF_MAX && recorder.align == largest);
    setup(false);
    EXPECT(mn_region_alloc(region, 1, 1) == NULL);
    EXPECT(recorder.calls == 1);
}

TEST(resize_refuses_bad_sizes_itself)
{
    setup(true);
    EXPECT(!mn_region_resize(region, memory, 0));
    EXPECT(!mn_region_resize(region, memory, (size_t)PTRDIFF_MAX + 1));
    EXPECT(recorder.calls == 0);
    EXPECT(mn_region_resize(region, memory, PTRDIFF_MAX));
    EXPECT(recorder.address == memory && recorder.size == PTRDIFF_MAX);
    setup(false);
    EXPECT(!mn_region_resize(region, memory, 1));
}

TEST(free_ignores_null)
{
    setup(true);
    mn_region_free(region, NULL);
    EXPECT(recorder.calls == 0);
    mn_region_free(region, memory + 1);
    EXPECT(recorder.calls == 1 && recorder.address == memory + 1);
}

TEST(check_is_false_before_init)
{
    recorder = (struct recorder){.answer = true};
    EXPECT(!mn_region_check(region));
    setup(true);
    EXPECT(mn_region_check(region));
    setup(false);
    EXPECT(!mn_region_check(region));
}

static bool visit_none(const struct mn_block *block, void *context)
{
    return block == context;
}

TEST(block_at_and_walk_are_passed_on)
{
    struct mn_block block = {.size = 0};

    setup(true);
    EXPECT(mn_region_block_at(region, memory, &block));
    EXPECT(recorder.address == memory);
    EXPECT(mn_region_walk(region, visit_none, memory));
    setup(false);
    EXPECT(!mn_region_block_at(region, NULL, &block));
    EXPECT(!mn_region_walk(region, visit_none, memory));
    EXPECT(recorder.calls == 2);
}
