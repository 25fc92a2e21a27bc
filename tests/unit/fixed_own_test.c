/* SPDX-License-Identifier: MIT */
/* Tests of mn/fixed.h with a strategy of one's own: the same three functions
 * inlined and as a table answer the same, and a table costs more. */
#include <mn/strategy.h>

#include "test.h"

/* The block that was free last is tried first. */
enum { LIFO_BLOCKS = 700 };

struct lifo {
    uint32_t first;
    uint32_t next[LIFO_BLOCKS], prev[LIFO_BLOCKS], size[LIFO_BLOCKS];
};

static uint32_t lifo_propose(void *state, uint32_t size)
{
    const struct lifo *lifo = state;
    uint32_t i = lifo->first;

    while (i != 0 && lifo->size[i] < size)
        i = lifo->next[i];
    return i;
}

static void lifo_added(void *state, uint32_t block, uint32_t start,
                       uint32_t size)
{
    struct lifo *lifo = state;

    (void)start;
    lifo->size[block] = size;
    lifo->prev[block] = 0;
    lifo->next[block] = lifo->first;
    lifo->prev[lifo->first] = block;
    lifo->first = block;
}

static void lifo_removed(void *state, uint32_t block, uint32_t start,
                         uint32_t size)
{
    struct lifo *lifo = state;
    uint32_t prev = lifo->prev[block];

    (void)start;
    EXPECT(size == lifo->size[block]);
    if (prev == 0)
        lifo->first = lifo->next[block];
    else
        lifo->next[prev] = lifo->next[block];
    lifo->prev[lifo->next[block]] = prev;
}

#define MN_FIXED_OWN lifo
#include <mn/fixed.h>

#include "fixed_forms.h"

static const struct mn_strategy lifo_table = {.name = "lifo",
                                              .propose = lifo_propose,
                                              .added = lifo_added,
                                              .removed = lifo_removed,
                                              .kinds = mn_own_kinds};

static _Alignas(4096) unsigned char memory[2][FORMS_SIZE];
static _Alignas(8) unsigned char control[2][64 * 1024];
static struct lifo lifo[2];
static struct mn_tiled tiled[2];

static void *fixed_alloc(struct mn_region *region, size_t size, size_t align)
{
    return mn_fixed_alloc((struct mn_tiled *)region, size, align);
}

static bool fixed_resize(struct mn_region *region, void *block, size_t size)
{
    return mn_fixed_resize((struct mn_tiled *)region, block, size);
}

static void fixed_free(struct mn_region *region, void *block)
{
    mn_fixed_free((struct mn_tiled *)region, block);
}

static struct form forms[] = {{.name = "fixed",
                               .alloc = fixed_alloc,
                               .resize = fixed_resize,
                               .free = fixed_free,
                               .region = &tiled[0].region,
                               .memory = memory[0]},
                              {.name = "table",
                               .alloc = mn_region_alloc,
                               .resize = mn_region_resize,
                               .free = mn_region_free,
                               .region = &tiled[1].region,
                               .memory = memory[1]}};

static void compare_costs(const struct form *form,
                          const struct request *request)
{
    (void)request;
    if (FORMS_COUNTED)
        EXPECT(form[0].cost < form[1].cost);
}

TEST(functions_inlined_answer_as_their_table_does_and_cost_less)
{
    for (int k = 0; k < 2; k++) {
        struct mn_tiled_place place = {.memory = memory[k],
                                       .memory_size = FORMS_SIZE,
                                       .granule = FORMS_GRANULE,
                                       .control = control[k],
                                       .strategy = &lifo_table,
                                       .state = &lifo[k]};
        place.control_size =
            k == 0 ? mn_fixed_control_size(&place, FORMS_RECORDS - 1)
                   : mn_tiled_control_size(&place, FORMS_RECORDS - 1);
        EXPECT(place.control_size > 0
               && place.control_size <= sizeof control[k]);
        EXPECT((k == 0 ? mn_fixed_init(&tiled[k], &place)
                       : mn_tiled_init(&tiled[k], &place))
               == MN_OK);
    }
    forms_run(forms, 2, 1000, compare_costs);
    EXPECT(mn_region_check(&tiled[0].region));
    EXPECT(mn_region_check(&tiled[1].region));
}

TEST(a_bound_is_known_as_for_a_table)
{
    EXPECT(mn_region_required(1000, 100, 10, &mn_fixed)
           == mn_region_required(1000, 100, 10, &lifo_table));
    EXPECT(mn_region_required(1000, 100, 10, &mn_fixed) > 0);
}
