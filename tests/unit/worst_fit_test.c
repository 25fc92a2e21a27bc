/* SPDX-License-Identifier: MIT */
/* Tests of worst fit: those of strategy_model.h and strategy_bounds.h, with
 * this model. */
#include "region/tiles_worst_fit.h"

#include "strategy_bounds.h"

static bool model_suits(const struct model_block *block, uint32_t size)
{
    return block->size >= size;
}

static bool model_prefers(const struct model_block *a,
                          const struct model_block *b)
{
    return a->size > b->size || (a->size == b->size && a->start < b->start);
}
