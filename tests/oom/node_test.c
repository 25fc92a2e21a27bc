/* SPDX-License-Identifier: MIT */
/* Tests of heaps that are bound to nodes: the system knows the policy, pages
 * are of the node, and what is refused leaves nothing behind. */
#include <mn/heap.h>

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/os_fake.h"
#include "test.h"

enum {
    KIB = 1024,
    MIB = 1024 * KIB,
    SIZE = 32 * MIB,
    BLOCK = 100 * KIB,
    LAST = 15, /* of the nodes that can be named; no machine here has it */
    POLICY_ANY = 0,
    POLICY_BOUND = 2,
    ASK_ADDRESS = 2, /* for get_mempolicy */
    ASK_NODE = 1
};

/* The policy of an address, and which nodes it names; -1 if nobody may ask. */
static int policy_of(const void *address, unsigned long *nodes)
{
    int policy = -1;

    *nodes = 0;
    return syscall(SYS_get_mempolicy, &policy, nodes, 8 * sizeof *nodes + 1,
                   address, ASK_ADDRESS)
                   == 0
               ? policy
               : -1;
}

/* Some sandboxes forbid it, and then there is nothing to test. */
static bool may_bind(void)
{
    unsigned long node = 1;
    void *page = mmap(NULL, MIB, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bool may = syscall(SYS_mbind, page, MIB, POLICY_BOUND, &node,
                       8 * sizeof node + 1, 0)
               == 0;

    (void)munmap(page, MIB);
    return may;
}

static void expect_bound(const void *block)
{
    unsigned long nodes;
    int node = -1;

    EXPECT(policy_of(block, &nodes) == POLICY_BOUND && nodes == 1);
    EXPECT(syscall(SYS_get_mempolicy, &node, NULL, 0, block,
                   ASK_ADDRESS | ASK_NODE)
           == 0);
    EXPECT(node == 0);
}

static void use(struct mn_heap *heap)
{
    for (int i = 0; i < 50; i++) {
        unsigned char *block = mn_heap_alloc(heap, BLOCK);
        EXPECT(block != NULL);
        expect_bound(memset(block, i, BLOCK));
    }
    EXPECT(mn_heap_check(heap));
}

TEST(pages_of_a_bound_heap_come_from_its_node)
{
    struct mn_heap_options options = {.memory_size = SIZE, .nodes = 1};
    size_t before = mni_fake_reserved();

    if (!may_bind())
        return;
    struct mn_heap *heap = mn_heap_create(&options);
    EXPECT(heap != NULL);
    EXPECT(mni_fake_reserved() >= before + SIZE);
    use(heap);
    size_t with = mni_fake_reserved();
    mn_heap_destroy(heap);
    EXPECT(mni_fake_reserved() == with - SIZE);
}

TEST(given_memory_is_bound_until_the_heap_is_destroyed)
{
    static unsigned char memory[SIZE];
    struct mn_heap_options options = {
        .memory = memory + 1, .memory_size = SIZE - 1, .nodes = 1};
    unsigned long nodes;

    if (!may_bind())
        return;
    memset(memory, 1, SIZE);
    struct mn_heap *heap = mn_heap_create(&options);
    EXPECT(heap != NULL);
    use(heap);
    mn_heap_destroy(heap);
    EXPECT(policy_of(memory + SIZE / 2, &nodes) == POLICY_ANY);
}

TEST(a_bound_heap_needs_a_size_and_nodes_that_there_are)
{
    struct mn_heap_options options = {.nodes = 1};

    EXPECT(mn_heap_create(&options) == NULL);
    options.memory_size = mn_heap_memory_min() - 1;
    EXPECT(mn_heap_create(&options) == NULL);
    options.memory_size = SIZE_MAX;
    EXPECT(mn_heap_create(&options) == NULL);
    options.memory_size = SIZE;
    options.nodes = 1u << LAST;
    size_t before = mni_fake_reserved();
    EXPECT(mn_heap_create(&options) == NULL);
    EXPECT(mni_fake_reserved() == before);
    options.nodes = 1;
    options.memory_size = mn_heap_memory_min();
    struct mn_heap *heap = mn_heap_create(&options);
    EXPECT(heap != NULL || !may_bind());
    mn_heap_destroy(heap);
}

TEST(what_the_system_refuses_leaves_nothing_behind)
{
    struct mn_heap_options options = {.memory_size = SIZE, .nodes = 1};
    struct mn_heap *heap = NULL;

    if (!may_bind())
        return;
    mn_heap_destroy(mn_heap_create(&options)); /* the tables are there */
    size_t before = mni_fake_reserved();
    for (uint64_t number = 1; heap == NULL; number++) {
        EXPECT(number < 20);
        EXPECT(mni_fake_reserved() == before);
        mni_fake_fail(number, number);
        heap = mn_heap_create(&options);
    }
    mni_fake_fail(0, 0);
    use(heap);
    mn_heap_destroy(heap);
    EXPECT(mni_fake_reserved() == before);
}
