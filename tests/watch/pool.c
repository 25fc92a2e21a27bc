/* SPDX-License-Identifier: MIT */
/* A pool, and one error with it, which the argument names;
 * tests/programs/watch.sh runs it under AddressSanitizer and Valgrind. */
#include <mn/mn.h>
#include <string.h>

MN_TYPE_DECLARE(node);
struct node {
    char bytes[40];
};
MN_TYPE(node, .drop = NULL);
MN_POOL(node);

enum { COUNT = 20 };
static unsigned char memory[65536];
static struct mn_bump bump;
static struct node_pool pool;

/* Looked for in the reports. */
__attribute__((noinline)) static struct node *allocate_here(void)
{
    return node_pool_alloc(&pool);
}

__attribute__((noinline)) static void release_here(struct node *node)
{
    node_pool_release(&pool, node);
}

static bool is(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static int err(const char *error, struct node *node, struct node *other)
{
    volatile char *bytes = node->bytes;

    if (is(error, "after_release")) {
        release_here(node);
        return bytes[0];
    }
    if (is(error, "overflow"))
        bytes[sizeof node->bytes] = 1;
    if (is(error, "underflow"))
        bytes[-1] = 1;
    if (is(error, "double_release")) {
        release_here(node);
        release_here(node);
    }
    if (is(error, "after_clear")) {
        mn_pool_clear(&pool.pool);
        return bytes[1];
    }
    if (is(error, "uninitialized") && ((volatile char *)other->bytes)[1])
        return 1;
    if (is(error, "leak")) /* and no pointer is left */
        memset(&pool, 0, sizeof pool);
    return 0;
}

static int run(const char *error, const struct mn_pool_options *options)
{
    struct node *nodes[COUNT];

    if (node_pool_init(&pool, options) != MN_OK)
        return 2;
    for (int i = 0; i < COUNT; i++)
        nodes[i] = allocate_here();
    memset(nodes[1], 0, sizeof *nodes[1]);
    int result = err(error, nodes[1], nodes[2]);
    memset(nodes, 0, sizeof nodes);
    if (is(error, "leak"))
        return 0;
    node_pool_finish(&pool);
    memset(memory, 1, sizeof memory); /* it is nobody's again */
    return result != 0;
}

int main(int count, char **arguments)
{
    struct mn_pool_options options = {.memory = memory,
                                      .memory_size =
                                          mn_pool_fixed_size(&node_type, COUNT),
                                      .count = COUNT};

    if (count != 3 || mn_bump_init(&bump, memory, sizeof memory) != MN_OK)
        return 2;
    if (is(arguments[1], "growing"))
        options = (struct mn_pool_options){.region = &bump.region, .count = 5};
    return run(arguments[2], &options);
}
