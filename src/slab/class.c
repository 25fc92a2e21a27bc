/* SPDX-License-Identifier: MIT */
/* class.c -- how large a span each class of slots gets. */
#include "slab/class.h"

enum {
    CLASS_CELL = 1 << MN_CELL_SHIFT,
    CLASS_WORD = 64,
    CLASS_CELLS_TRIED = 5
};

/* Slots in use of those that fit. */
static size_t class_count(size_t span_size, size_t slot_size)
{
    size_t fit = span_size / slot_size;

    return fit <= CLASS_WORD ? fit : fit - fit % CLASS_WORD;
}

/* Slots of up to 1 KiB: the fewest cells whose tail is below an eighth. */
static size_t class_span_small(size_t slot_size)
{
    size_t best = CLASS_CELL;
    size_t best_used = class_count(best, slot_size) * slot_size;

    for (size_t cells = 1; cells <= CLASS_CELLS_TRIED; cells++) {
        size_t size = cells * CLASS_CELL;
        size_t used = class_count(size, slot_size) * slot_size;
        if (used >= size - size / 8)
            return size;
        if (used * best > best_used * size) {
            best = size;
            best_used = used;
        }
    }
    return best;
}

/* Larger slots: up to 64 of them while that is up to 256 KiB; of those above
 * 8 KiB what 128 KiB hold; of those that are too large for that as few as
 * leave a tail below an eighth, one to three. Each thread has such a span for
 * each class that it uses, and most of its slots are free. */
static size_t class_span_large(size_t slot_size)
{
    size_t most = slot_size <= 8 * 1024 ? 256 * 1024 : 128 * 1024;
    size_t size = mni_round_down(CLASS_WORD * slot_size, CLASS_CELL);

    if (size > most)
        size = most;
    if (size < slot_size)
        size = slot_size;
    size = mni_round_up(size, CLASS_CELL);
    while (class_count(size, slot_size) * slot_size < size - size / 8)
        size += CLASS_CELL;
    return size;
}

struct mni_layout mni_slot_layout(size_t slot_size)
{
    size_t span_size = slot_size <= 1024 ? class_span_small(slot_size)
                                         : class_span_large(slot_size);
    size_t fit = span_size / slot_size;
    size_t count = class_count(span_size, slot_size);

    return (struct mni_layout){
        .span_size = span_size,
        .slot_size = (uint32_t)slot_size,
        .slot_count = (uint32_t)count,
        .word_count = (uint32_t)((count + CLASS_WORD - 1) / CLASS_WORD),
        .words_total = (uint32_t)((fit + CLASS_WORD - 1) / CLASS_WORD),
    };
}

struct mni_layout mni_class_layout(unsigned class)
{
    return mni_slot_layout(mni_class_size(class));
}
