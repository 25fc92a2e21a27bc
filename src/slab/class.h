/* SPDX-License-Identifier: MIT */
/* class.h -- the sizes of slots, and how large a span each size gets.
 *
 * Up to 128 bytes there is a class each 16 bytes, above that eight for each
 * doubling: a slot is at most 12.5 % larger than what was asked for above 128
 * bytes. Everything is computed; there are no tables to load.
 */
#ifndef MNI_CLASS_H
#define MNI_CLASS_H

#include "base/bits.h"
#include "base/config.h"

enum {
    MNI_SLOT_UNIT = 16,
    MNI_SLOT_MAX = 256 * 1024,
    MNI_CLASS_COUNT = 96,
    MNI_CLASS_LINEAR = 8 /* classes up to 128 bytes */
};

/* The same for a size above 128 bytes, of which `last` is one less: its highest
 * bit tells the doubling, and the three after it which of the eight. */
static inline size_t mni_class_of_last(size_t last)
{
    size_t shift = mni_highest_bit(last) - 3;

    return shift * 8 + (last >> shift) - 32;
}

/* The class of the smallest slots that hold `size` bytes.
 * Requires: size <= MNI_SLOT_MAX. */
static inline unsigned mni_class_of(size_t size)
{
    if (size <= MNI_CLASS_LINEAR * MNI_SLOT_UNIT)
        return size == 0 ? 0 : (unsigned)((size - 1) / MNI_SLOT_UNIT);
    return (unsigned)mni_class_of_last(size - 1);
}

/* Bytes of a slot. Requires: a class below MNI_CLASS_COUNT. */
static inline size_t mni_class_size(unsigned class)
{
    if (class < MNI_CLASS_LINEAR)
        return (class + 1) * (size_t)MNI_SLOT_UNIT;
    unsigned step = class - MNI_CLASS_LINEAR;
    return (size_t)(9 + step % 8) << (step / 8 + 4);
}

/* How slots of one class are laid out in a span. Up to 64 slots use one word
 * of bits and all that fit; more use whole words, so that a span is empty
 * exactly when every word is full, and leave a short tail. */
struct mni_layout {
    size_t span_size;
    uint32_t slot_size;
    uint32_t slot_count;  /* slots in use */
    uint32_t word_count;  /* words that hold their bits */
    uint32_t words_total; /* words that hold bits for the tail, too */
};

struct mni_layout mni_class_layout(unsigned class);

/* The same for slots of any size. Requires: 0 < slot_size <= MNI_SLOT_MAX. */
struct mni_layout mni_slot_layout(size_t slot_size);

#endif
