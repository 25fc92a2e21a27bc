/* SPDX-License-Identifier: MIT */
/* strategy.c -- the table of each strategy, and finding one by its name. */
#include <mn/strategy.h>

#include "base/text.h"
#include "region/tiled.h"

/* The narrowest first: a region takes the first that is wide enough. */
#define STRATEGY(strategy)                                                     \
    static const struct mni_tiled_kind *const strategy##_kinds[] = {           \
        &mni_tiled_##strategy##_16, &mni_tiled_##strategy##_32, NULL};         \
    const struct mn_strategy mn_##strategy = {.name = #strategy,               \
                                              .kinds = strategy##_kinds}

STRATEGY(tlsf);
STRATEGY(half_fit);
STRATEGY(best_fit);
STRATEGY(worst_fit);
STRATEGY(first_fit);
STRATEGY(next_fit);
STRATEGY(buddy);

const struct mni_tiled_kind *const mn_own_kinds[] = {&mni_tiled_own_16,
                                                     &mni_tiled_own_32, NULL};

static const struct mn_strategy *const strategies[] = {
    &mn_tlsf,      &mn_half_fit, &mn_best_fit, &mn_worst_fit,
    &mn_first_fit, &mn_next_fit, &mn_buddy};

const struct mn_strategy *mn_strategy_at(size_t index)
{
    return index < sizeof strategies / sizeof strategies[0] ? strategies[index]
                                                            : NULL;
}

const struct mn_strategy *mn_strategy_named(const char *name)
{
    for (size_t i = 0; mn_strategy_at(i) != NULL; i++) {
        if (mni_text_same(mn_strategy_at(i)->name, name))
            return mn_strategy_at(i);
    }
    return NULL;
}
