/* SPDX-License-Identifier: MIT */
/* A pool for many threads, each call to the system refused in turn. */
#include <mn/shared_pool.h>

#include "os/os_fake.h"
#include "test.h"

enum { COUNT = 5000, CALLS = 60 };

MN_TYPE_DECLARE(node);
struct node {
    uint64_t words[8];
};
MN_TYPE(node, .drop = NULL);
MN_SHARED_POOL(node);

static struct node_shared_pool nodes;
static struct node *out[COUNT];

/* All that a pool does; false if it could not begin. */
static bool use(void)
{
    int count = 0;

    if (node_shared_pool_init(&nodes, NULL) != MN_OK)
        return false;
    for (int i = 0; i < COUNT; i++) {
        out[count] = node_shared_pool_alloc(&nodes);
        count += out[count] != NULL;
    }
    EXPECT(mn_shared_pool_check(&nodes.pool));
    while (count > 0)
        node_shared_pool_release(&nodes, out[--count]);
    (void)mn_shared_pool_shrink(&nodes.pool);
    EXPECT(mn_shared_pool_check(&nodes.pool));
    struct node *node = node_shared_pool_alloc(&nodes);
    if (node != NULL)
        node_shared_pool_release(&nodes, node);
    node_shared_pool_finish(&nodes);
    return true;
}

TEST(any_call_to_the_system_may_be_refused)
{
    for (uint64_t call = 1; call <= CALLS; call++) {
        mni_fake_fail(call, call);
        (void)use();
    }
    mni_fake_fail(0, 0);
    EXPECT(use());
}

TEST(all_calls_may_be_refused_from_any_on)
{
    for (uint64_t call = 1; call <= CALLS; call++) {
        mni_fake_fail(call, UINT64_MAX);
        (void)use();
    }
    mni_fake_fail(0, 0);
    EXPECT(use());
}
