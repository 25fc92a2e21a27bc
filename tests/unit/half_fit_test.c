/* SPDX-License-Identifier: MIT */
/* Tests of half fit: those of strategy_model.h and strategy_bounds.h, with
 * this model. */
#include "region/tiles_half_fit.h"

#include "strategy_bounds.h"

/* The power of two that `size` is rounded down to. */
static uint32_t rounded_down(uint32_t size)
{
    uint32_t power = 1;

    while (power <= size / 2)
        power *= 2;
    return power;
}

static bool model_suits(const struct model_block *block, uint32_t size)
{
    return rounded_down(block->size) >= size;
}

static bool model_prefers(const struct model_block *a,
                          const struct model_block *b)
{
    uint32_t a_power = rounded_down(a->size);
    uint32_t b_power = rounded_down(b->size);

    return a_power < b_power || (a_power == b_power && a->stamp > b->stamp);
}
