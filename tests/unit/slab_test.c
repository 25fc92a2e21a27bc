/* SPDX-License-Identifier: MIT */
/* Tests of src/slab: classes for every size, the layout of every class, and
 * slots found from every offset; then slots that go out and come back. */
#include "slab/slab.h"

#include <stdlib.h>
#include <string.h>

#include "heap/arena.h"
#include "test.h"

enum { CELL = MNI_CELL_SIZE };

TEST(each_size_has_the_smallest_class_that_holds_it)
{
    for (size_t size = 0; size <= MNI_SLOT_MAX; size++) {
        unsigned class = mni_class_of(size);
        EXPECT(class < MNI_CLASS_COUNT);
        EXPECT(mni_class_size(class) >= size);
        EXPECT(class == 0 || mni_class_size(class - 1) < size);
    }
    EXPECT(mni_class_of(MNI_SLOT_MAX) == MNI_CLASS_COUNT - 1);
}

TEST(a_slot_wastes_an_eighth_at_most_above_128_bytes)
{
    for (size_t size = 0; size <= MNI_SLOT_MAX; size++) {
        size_t waste = mni_class_size(mni_class_of(size)) - size;
        EXPECT(size > 128 ? waste * 8 <= size : waste <= MNI_SLOT_UNIT);
    }
}

TEST(classes_rise_and_are_aligned)
{
    for (unsigned class = 1; class < MNI_CLASS_COUNT; class ++)
        EXPECT(mni_class_size(class) > mni_class_size(class - 1));
    for (unsigned class = 0; class < MNI_CLASS_COUNT; class ++)
        EXPECT(mni_class_size(class) % MNI_SLOT_UNIT == 0);
    for (size_t size = 16; size <= MNI_SLOT_MAX; size *= 2)
        EXPECT(mni_class_size(mni_class_of(size)) == size);
}

TEST(layouts_waste_an_eighth_of_a_span_at_most)
{
    for (unsigned class = 0; class < MNI_CLASS_COUNT; class ++) {
        struct mni_layout layout = mni_class_layout(class);
        size_t used = (size_t)layout.slot_count * layout.slot_size;
        size_t fit = layout.span_size / layout.slot_size;

        EXPECT(layout.slot_size == mni_class_size(class));
        EXPECT(layout.span_size % CELL == 0 && layout.span_size >= CELL);
        EXPECT(layout.slot_count >= 1);
        EXPECT(used <= layout.span_size);
        EXPECT((layout.span_size - used) * 8 <= layout.span_size);
        EXPECT(layout.slot_count < 64 || layout.slot_count % 64 == 0);
        EXPECT(layout.word_count == (layout.slot_count + 63) / 64);
        EXPECT(layout.words_total == (fit + 63) / 64);
        EXPECT(mni_slab_record_size(&layout) <= MNI_ARENA_RECORD);
    }
}

TEST(spans_of_large_slots_are_no_larger_than_they_must_be)
{
    for (unsigned class = mni_class_of(8 * 1024 + 1); class < MNI_CLASS_COUNT;
         class ++) {
        struct mni_layout layout = mni_class_layout(class);
        size_t smaller = layout.span_size - CELL;
        size_t used = smaller / layout.slot_size * layout.slot_size;

        EXPECT(layout.slot_count <= 14);
        EXPECT(smaller < 128 * 1024 || (smaller - used) * 8 > smaller);
        EXPECT(layout.slot_size <= 128 * 1024 || layout.slot_count <= 3);
    }
    EXPECT(mni_class_layout(MNI_CLASS_COUNT - 1).slot_count == 1);
}

/* A slab of the class, on a span that is no memory: slots are never touched. */
static struct mni_slab *make(unsigned class, unsigned char *start)
{
    struct mni_layout layout = mni_class_layout(class);
    struct mni_slab *slab = calloc(1, mni_slab_record_size(&layout));

    EXPECT(slab != NULL);
    slab->span.start = start;
    slab->span.size = layout.span_size;
    mni_slab_init(slab, &layout, class);
    return slab;
}

TEST(an_address_leads_to_the_slot_of_its_offset)
{
    for (unsigned class = 0; class < MNI_CLASS_COUNT; class ++) {
        unsigned char *start = (unsigned char *)((uintptr_t)CELL << 20);
        struct mni_slab *slab = make(class, start);

        for (size_t offset = 0; offset < slab->span.size; offset += 7) {
            struct mni_slot slot = mni_slab_slot(slab, start + offset);
            EXPECT(slot.index == offset / slab->slot_size);
            EXPECT((slot.fraction < slab->reciprocal)
                   == (offset % slab->slot_size == 0));
        }
        free(slab);
    }
}

TEST(block_at_tells_each_slot_and_the_tail)
{
    for (unsigned class = 0; class < MNI_CLASS_COUNT; class ++) {
        unsigned char *start = (unsigned char *)((uintptr_t)CELL << 20);
        struct mni_slab *slab = make(class, start);
        size_t used = (size_t)slab->slot_count * slab->slot_size;
        struct mn_block block;

        for (size_t i = 0; i < slab->span.size; i += 13) {
            EXPECT(slab->span.owner.block_at(&slab->span.owner, start + i,
                                             &block));
            size_t offset = (size_t)((unsigned char *)block.start - start);
            EXPECT(offset <= i && i - offset < block.size);
            EXPECT(block.state == (i < used ? MN_FREE : MN_RESERVED));
            EXPECT(block.size
                   == (i < used ? slab->slot_size : slab->span.size - used));
        }
        free(slab);
    }
}

static bool take(struct mni_slab *slab, uint64_t *index)
{
    uint32_t word = mni_slab_find_owner(slab, 0);

    if (word == slab->word_count)
        return false;
    uint64_t seen;
    EXPECT(mni_slots_take(&slab->bits[word], &seen));
    *index = word * 64 + mni_word_lowest(seen);
    return true;
}

/* As another thread; what it sees is the word then. */
static enum mni_returned return_any(struct mni_slab *slab, uint64_t index)
{
    uint64_t seen;
    enum mni_returned returned = mni_slab_return_any(slab, index, &seen);

    EXPECT(returned == MNI_RETURNED_TWICE
           || seen == mni_slab_free_word_any(slab, (uint32_t)(index / 64)));
    return returned;
}

TEST(every_slot_goes_out_once_and_comes_back_from_another_thread)
{
    static bool out[CELL];

    for (unsigned class = 0; class < MNI_CLASS_COUNT; class ++) {
        struct mni_slab *slab = make(class, NULL);
        uint64_t index;
        uint32_t count = 0;

        memset(out, 0, sizeof out);
        EXPECT(mni_slab_is_empty_owner(slab) && mni_slab_check(slab));
        EXPECT(mni_slab_free_count_any(slab) == slab->slot_count);
        while (take(slab, &index)) {
            EXPECT(index < slab->slot_count && !out[index]);
            EXPECT(!mni_slab_is_free_any(slab, index));
            out[index] = true;
            count++;
        }
        EXPECT(count == slab->slot_count);
        EXPECT(mni_slab_free_count_any(slab) == 0);
        EXPECT(!mni_slab_drain_owner(slab));
        for (index = 0; index < slab->slot_count; index++) {
            bool first = index % 64 == 0;
            EXPECT(return_any(slab, index)
                   == (first ? MNI_RETURNED_FIRST : MNI_RETURNED));
            EXPECT(return_any(slab, index) == MNI_RETURNED_TWICE);
            EXPECT(mni_slab_is_free_any(slab, index));
            slab->told += first;
        }
        EXPECT(mni_slab_drain_owner(slab) && mni_slab_check(slab));
        EXPECT(mni_slab_is_empty_owner(slab) && mni_slab_is_quiet_owner(slab));
        EXPECT(return_any(slab, 0) == MNI_RETURNED_TWICE);
        free(slab);
    }
}

TEST(every_slot_comes_back_from_its_owner_once)
{
    for (unsigned class = 0; class < MNI_CLASS_COUNT; class ++) {
        struct mni_slab *slab = make(class, NULL);
        uint64_t index;
        uint64_t next;

        while (take(slab, &index))
            continue;
        for (index = 0; index < slab->slot_count; index++) {
            EXPECT(mni_slab_return_owner(slab, index, &next));
            EXPECT(next == slab->bits[index / 64]);
            EXPECT(mni_slab_is_free_any(slab, index));
            EXPECT(mni_slab_free_count_any(slab) == index + 1);
            EXPECT(!mni_slab_return_owner(slab, index, &next));
        }
        EXPECT(mni_slab_is_empty_owner(slab) && mni_slab_check(slab));
        free(slab);
    }
}

TEST(its_owner_does_not_return_a_slot_that_others_returned)
{
    struct mni_slab *slab = make(3, NULL);
    uint64_t index;
    uint64_t next;

    EXPECT(take(slab, &index));
    EXPECT(return_any(slab, index) == MNI_RETURNED_FIRST);
    EXPECT(!mni_slab_return_owner(slab, index, &next));
    EXPECT(mni_slab_check(slab));
    free(slab);
}

TEST(a_release_beyond_the_slots_is_refused_or_seen)
{
    for (unsigned class = 0; class < MNI_CLASS_COUNT; class ++) {
        struct mni_slab *slab = make(class, NULL);
        uint64_t index;
        uint64_t next;

        while (take(slab, &index))
            continue;
        for (index = slab->slot_count; index < 64 * slab->words_total; index++)
            if (slab->slot_count >= 64) {
                EXPECT(!mni_slab_return_owner(slab, index, &next));
                EXPECT(mni_slab_check(slab));
            } else {
                EXPECT(mni_slab_return_owner(slab, index, &next));
                EXPECT(next > mni_slab_full_word(slab));
                EXPECT(!mni_slab_check(slab));
            }
        free(slab);
    }
}

TEST(a_slab_is_not_quiet_while_somebody_is_about_to_tell)
{
    struct mni_slab *slab = make(3, NULL);
    uint64_t index;

    EXPECT(take(slab, &index));
    EXPECT(return_any(slab, index) == MNI_RETURNED_FIRST);
    EXPECT(mni_slab_drain_owner(slab));
    EXPECT(mni_slab_is_empty_owner(slab) && !mni_slab_is_quiet_owner(slab));
    slab->told++;
    EXPECT(mni_slab_is_quiet_owner(slab));
    slab->pending = 1;
    EXPECT(!mni_slab_is_quiet_owner(slab));
    free(slab);
}

TEST(a_slot_that_two_returned_stops_at_the_latest_when_taken_in)
{
    struct mni_slab *slab = make(3, NULL);
    uint64_t index;

    EXPECT(take(slab, &index));
    EXPECT(return_any(slab, index) == MNI_RETURNED_FIRST);
    slab->bits[index / 64] |= UINT64_C(1) << index % 64;
    EXPECT_STOPS(mni_slab_drain_owner(slab), "a block was released twice");
    free(slab);
}

TEST(check_sees_damage)
{
    struct mni_slab *slab = make(40, NULL);

    EXPECT(mni_slab_check(slab));
    slab->slot_size += 16;
    EXPECT(!mni_slab_check(slab));
    slab->slot_size -= 16;
    slab->slot_count--;
    EXPECT(!mni_slab_check(slab));
    slab->slot_count++;
    slab->span.size += CELL;
    EXPECT(!mni_slab_check(slab));
    slab->span.size -= CELL;
    if (slab->slot_count < 64) {
        slab->bits[0] |= UINT64_C(1) << slab->slot_count;
        EXPECT(!mni_slab_check(slab));
    }
    free(slab);
}
