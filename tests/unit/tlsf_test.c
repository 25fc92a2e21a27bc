/* SPDX-License-Identifier: MIT */
/* Tests of tlsf: those of strategy_model.h and strategy_bounds.h, with
 * this model. */
#include "region/tiles_tlsf.h"

#include "strategy_bounds.h"

/* The smallest size of the class that `size` is in: sixteenths of a power of
 * two. */
static uint32_t rounded_down(uint32_t size)
{
    uint32_t step = 1;

    while (size / step >= 32)
        step *= 2;
    return size / step * step;
}

/* Of a request's own class only the block that came last is looked at. */
static bool is_last_of_class(const struct model_block *block)
{
    for (uint32_t n = 0; n < model.count; n++) {
        const struct model_block *other = &model.block[n];
        if (model_is_free(other) && other->stamp > block->stamp
            && rounded_down(other->size) == rounded_down(block->size))
            return false;
    }
    return true;
}

static bool model_suits(const struct model_block *block, uint32_t size)
{
    uint32_t block_class = rounded_down(block->size);
    uint32_t size_class = rounded_down(size);

    return block_class > size_class
           || (block_class == size_class && block->size >= size
               && is_last_of_class(block));
}

static bool model_prefers(const struct model_block *a,
                          const struct model_block *b)
{
    uint32_t a_class = rounded_down(a->size);
    uint32_t b_class = rounded_down(b->size);

    return a_class < b_class || (a_class == b_class && a->stamp > b->stamp);
}
