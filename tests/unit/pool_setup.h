/* SPDX-License-Identifier: MIT */
/* pool_setup.h -- a pool of nodes, for the tests of pools. */
#ifndef POOL_SETUP_H
#define POOL_SETUP_H

#include <mn/pool.h>
#include <string.h>

#include "guard_setup.h"
#include "pool/pool.h"
#include "test.h"

MN_TYPE_DECLARE(node);
struct node {
    long value;
    struct node *next;
    char rest[24];
};
static long ended[64];
static size_t ended_count;

static void node_end(struct node *node)
{
    EXPECT(ended_count < 64);
    ended[ended_count++] = node->value;
}

MN_DROP(node, node_end)
MN_TYPE(node, .drop = node_drop);
MN_POOL(node);

enum { BUFFER_SIZE = 1 << 14, COUNT = 10 };
static _Alignas(8) unsigned char buffer[BUFFER_SIZE];
static struct node_pool nodes;
static struct mn_pool *const pool = &nodes.pool;

static inline struct mn_pool_options fixed(size_t count)
{
    return (struct mn_pool_options){
        .memory = buffer,
        .memory_size = mn_pool_fixed_size(&node_type, count),
        .count = count,
    };
}

static inline void setup_fixed(struct mn_pool_options options)
{
    EXPECT(node_pool_init(&nodes, &options) == MN_OK);
    EXPECT(mn_pool_check(pool));
}

static inline void setup_growing(struct mn_pool_options options)
{
    options.region = setup_tiled();
    EXPECT(node_pool_init(&nodes, &options) == MN_OK);
    EXPECT(mn_pool_check(pool));
}

static inline struct node *take(long value)
{
    struct node *node = node_pool_alloc(&nodes);

    EXPECT(node != NULL && (uintptr_t)node % _Alignof(struct node) == 0);
    memset(node, 0x5a, sizeof *node);
    node->value = value;
    return node;
}

static inline struct mn_pool_stats stats(void)
{
    struct mn_pool_stats seen;

    mn_pool_read_stats(pool, &seen);
    EXPECT(seen.size
           == seen.live_size + seen.free_size + seen.gap_size
                  + seen.record_size);
    EXPECT(seen.gap_size <= seen.size);
    return seen;
}

#endif
