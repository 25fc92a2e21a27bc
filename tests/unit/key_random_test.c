/* SPDX-License-Identifier: MIT */
/* Keys at random, seeded, against an array of the keys that lead to something
 * and one of those that no longer do. */
#include "key_setup.h"

enum { STEPS = 20000, LIVE = 100, STALE = 64 };
static struct node_key live[LIVE];
static struct node_key stale[STALE];

static bool count_visit(void *object, struct mn_key key, void *context)
{
    EXPECT(mn_keys_get(keys, key) == object);
    ++*(size_t *)context;
    return true;
}

static void run_at_random(uint64_t seed, size_t used_up)
{
    size_t count = 0;
    uint32_t removed = 0;

    for (uint32_t i = 0; i < LIVE; i++)
        live[i].key.bits = 0;
    for (uint32_t i = 0; i < STALE; i++)
        stale[i].key.bits = 0;
    for (uint32_t step = 0; step < STEPS; step++) {
        uint32_t i = (uint32_t)(test_random(&seed) % LIVE);
        if (!node_key_is_none(live[i])) {
            EXPECT(leads_to(live[i], i));
            EXPECT(node_keys_remove(&nodes, live[i]));
            stale[removed++ % STALE] = live[i];
            live[i].key.bits = 0;
            count--;
        } else {
            struct node *node = node_keys_alloc(&nodes, &live[i]);
            if (node != NULL) {
                *node = (struct node){i, {i, i, i, i, i}};
                count++;
            } else {
                EXPECT(count + stats().retired >= used_up);
            }
        }
        uint32_t old = (uint32_t)(test_random(&seed) % STALE);
        EXPECT(node_keys_get(&nodes, stale[old]) == NULL);
        EXPECT(!node_keys_remove(&nodes, stale[old]));
        EXPECT(mn_keys_count(keys) == count);
        if (step % 64 == 0)
            EXPECT(mn_keys_check(keys) && stats().live == count);
    }
    size_t visited = 0;
    EXPECT(mn_keys_walk(keys, count_visit, &visited) && visited == count);
    node_keys_finish(&nodes);
}

TEST(random_run_agrees_with_model)
{
    setup(growing());
    run_at_random(20240229, LIVE);
    EXPECT(region_out == 0);
}

TEST(random_run_in_a_buffer_that_is_often_full_agrees_with_model)
{
    setup(fixed(COUNT));
    run_at_random(5, COUNT);
}

TEST(random_run_until_all_slots_retire_agrees_with_model)
{
    struct mn_keys_options options = growing();

    options.count_max = 130;
    options.uses_max = 40;
    setup(options);
    run_at_random(7, 130);
    EXPECT(region_out == 0);
}
