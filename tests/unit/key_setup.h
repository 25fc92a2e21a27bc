/* SPDX-License-Identifier: MIT */
/* key_setup.h -- a table of nodes, and a region of the buffer, for the tests of
 * keys. Runs on bare processors, too. */
#ifndef KEY_SETUP_H
#define KEY_SETUP_H

#include <mn/key.h>

#include "test.h"

MN_TYPE_DECLARE(node);
struct node {
    uint32_t value;
    uint32_t filled[5];
};
static uint32_t ended[64];
static size_t ended_count;
static void (*at_end)(struct node *node);

static void node_end(struct node *node)
{
    EXPECT(ended_count < 64);
    ended[ended_count++] = node->value;
    if (at_end != NULL)
        at_end(node);
}

MN_DROP(node, node_end)
MN_TYPE(node, .drop = node_drop);
MN_KEY(node);
MN_KEYS(node);

enum { BUFFER_SIZE = 20 << 10, COUNT = 40 };
static _Alignas(16) unsigned char buffer[BUFFER_SIZE];
static struct node_keys nodes;
static struct mn_keys *const keys = &nodes.keys;

/* ---- a region of the buffer that gives back all at once, and refuses ---- */

static size_t region_used;
static size_t region_out;
static int region_left; /* allocations before it refuses; negative: none */

static void *region_alloc(struct mn_region *region, size_t size, size_t align)
{
    uintptr_t start = (uintptr_t)buffer;
    size_t at = (start + region_used + align - 1) / align * align - start;

    (void)region;
    if (region_left == 0 || at + size > BUFFER_SIZE)
        return NULL;
    region_left -= region_left > 0;
    region_used = at + size;
    region_out++;
    return buffer + at;
}

static bool region_is_out(const struct mn_region *region, const void *address,
                          struct mn_block *block)
{
    (void)region;
    *block = (struct mn_block){.start = (void *)(uintptr_t)address,
                               .size = 1,
                               .perm = MN_PERM_RW,
                               .state = MN_ALLOCATED};
    return true;
}

static void region_free(struct mn_region *region, void *block)
{
    (void)region;
    EXPECT((unsigned char *)block >= buffer
           && (unsigned char *)block < buffer + region_used);
    region_out--;
}

static const struct mn_region_ops region_ops = {
    .name = "test",
    .alloc = region_alloc,
    .free = region_free,
    .block_at = region_is_out,
};
static struct mn_region region = {&region_ops};

/* ---- setting up ---- */

static inline struct mn_keys_options fixed(size_t count)
{
    return (struct mn_keys_options){
        .memory = buffer, .memory_size = BUFFER_SIZE, .count_max = count};
}

static inline struct mn_keys_options growing(void)
{
    region_used = 0;
    region_out = 0;
    region_left = -1;
    return (struct mn_keys_options){.region = &region};
}

static inline void setup(struct mn_keys_options options)
{
    ended_count = 0;
    at_end = NULL;
    EXPECT(node_keys_init(&nodes, &options) == MN_OK);
    EXPECT(mn_keys_check(keys) && mn_keys_count(keys) == 0);
}

static inline struct node_key put(uint32_t value)
{
    struct node_key key;
    struct node *node = node_keys_alloc(&nodes, &key);

    EXPECT(node != NULL && !node_key_is_none(key));
    node->value = value;
    for (size_t i = 0; i < 5; i++)
        node->filled[i] = value;
    EXPECT(node_keys_get(&nodes, key) == node);
    return key;
}

static inline bool leads_to(struct node_key key, uint32_t value)
{
    const struct node *node = node_keys_get(&nodes, key);

    for (size_t i = 0; node != NULL && i < 5; i++)
        if (node->filled[i] != value)
            return false;
    return node != NULL && node->value == value;
}

static inline struct mn_keys_stats stats(void)
{
    struct mn_keys_stats result;

    mn_keys_read_stats(keys, &result);
    EXPECT(result.capacity == result.live + result.free + result.retired);
    EXPECT(result.size
           == result.live_size + result.free_size + result.retired_size
                  + result.record_size + result.gap_size);
    EXPECT(result.gap_size <= result.size);
    return result;
}
#endif
