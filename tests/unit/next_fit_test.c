/* SPDX-License-Identifier: MIT */
/* Tests of next fit: those of strategy_model.h and strategy_bounds.h, with
 * this model. */
#include "region/tiles_next_fit.h"

#include "strategy_bounds.h"

static bool model_suits(const struct model_block *block, uint32_t size)
{
    return block->size >= size;
}

/* Blocks below the rover come after all others. */
static bool model_prefers(const struct model_block *a,
                          const struct model_block *b)
{
    bool a_waits = a->start < model.rover;
    bool b_waits = b->start < model.rover;

    return a_waits == b_waits ? a->start < b->start : b_waits;
}
