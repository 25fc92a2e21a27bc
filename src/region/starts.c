/* SPDX-License-Identifier: MIT */
/* starts.c -- the bitmap of block starts; each loop runs once a level. */
#include "region/starts.h"

#include "base/assert.h"
#include "base/bits.h"

enum { STARTS_LEVELS = 7 }; /* 32^6 < 2^31 <= 32^7 */

static uint32_t starts_level_words(uint32_t count)
{
    return (count + 31) / 32;
}

size_t mni_starts_words(uint32_t count)
{
    size_t words = 0;

    do {
        count = starts_level_words(count);
        words += count;
    } while (count > 1);
    return words;
}

void mni_starts_set(uint32_t *starts, uint32_t count, uint32_t granule)
{
    MN_ASSERT(granule < count);
    for (;;) {
        uint32_t word = starts[granule / 32];
        starts[granule / 32] = word | UINT32_C(1) << granule % 32;
        if (word != 0 || count <= 32)
            return;
        count = starts_level_words(count);
        starts += count;
        granule /= 32;
    }
}

void mni_starts_clear(uint32_t *starts, uint32_t count, uint32_t granule)
{
    MN_ASSERT(granule < count);
    for (;;) {
        uint32_t word = starts[granule / 32];
        word &= ~(UINT32_C(1) << granule % 32);
        starts[granule / 32] = word;
        if (word != 0 || count <= 32)
            return;
        count = starts_level_words(count);
        starts += count;
        granule /= 32;
    }
}

uint32_t mni_starts_before(const uint32_t *starts, uint32_t count,
                           uint32_t granule)
{
    const uint32_t *level[STARTS_LEVELS];
    unsigned depth = 0;

    for (;;) {
        uint32_t word =
            starts[granule / 32] & UINT32_MAX >> (31 - granule % 32);
        level[depth] = starts;
        if (word != 0) {
            granule = granule / 32 * 32 + mni_highest_bit(word);
            break;
        }
        MN_ASSERT(granule >= 32 && depth + 1 < STARTS_LEVELS);
        granule = granule / 32 - 1;
        count = starts_level_words(count);
        starts += count;
        depth++;
    }
    while (depth > 0) {
        depth--;
        granule = granule * 32 + mni_highest_bit(level[depth][granule]);
    }
    return granule;
}

/* Whether `above` has a bit for each word of a level that is not 0. */
static bool starts_check_level(const uint32_t *starts, uint32_t words,
                               const uint32_t *above)
{
    for (uint32_t w = 0; w < words; w++) {
        if ((starts[w] != 0) != mni_starts_get(above, w))
            return false;
    }
    return words % 32 == 0 || above[words / 32] >> words % 32 == 0;
}

bool mni_starts_check(const uint32_t *starts, uint32_t count, uint32_t set)
{
    uint32_t words = starts_level_words(count);

    for (uint32_t w = 0; w < words; w++)
        set -= mni_count_bits(starts[w]);
    if (set != 0 || (count % 32 != 0 && starts[count / 32] >> count % 32 != 0))
        return false;
    while (words > 1) {
        if (!starts_check_level(starts, words, starts + words))
            return false;
        starts += words;
        words = starts_level_words(words);
    }
    return true;
}
