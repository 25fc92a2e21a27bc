/* SPDX-License-Identifier: MIT */
/* Tests of shared references in one thread: each promise of mn/arc.h, and the
 * boundaries of the counts. Threads: arc_threads_test.c. */
#include <mn/heap.h>

#include <string.h>

#include "arc_setup.h"
#include "ref/arc.h"
#include "test.h"

MN_TYPE_DECLARE(wide);
MN_ARCS(wide);
MN_ARC_FUNCTIONS(wide)
struct wide {
    _Alignas(64) char bytes[64];
};
MN_TYPE(wide, .drop = NULL);

static void merge(struct item_arc arc)
{
    struct mn_arc_head *head = mni_arc_head(arc.at);

    EXPECT(!mni_arc_merge(head, head->own & MNI_ARC_OWN_MAX));
}

TEST(the_header_is_eight_bytes_and_a_reference_one_word)
{
    EXPECT(sizeof(struct mn_arc_head) == 8);
    EXPECT(sizeof(struct item_arc) == sizeof(void *));
    EXPECT(sizeof(struct item_arc_weak) == sizeof(void *));
}

TEST(an_object_is_zero_and_ends_with_its_last_reference)
{
    struct item_arc a = item_arc_new();
    const unsigned char *bytes = (const unsigned char *)a.at;

    for (size_t i = 0; i < sizeof(struct item); i++)
        EXPECT(bytes[i] == 0);
    EXPECT(item_arc_get(a) == a.at && item_arc_count(a) == 1);
    struct item_arc b = item_arc_clone(a);
    EXPECT(b.at == a.at && item_arc_count(a) == 2);
    item_arc_drop(&a);
    EXPECT(a.at == NULL && ended == 0);
    item_arc_drop(&b);
    EXPECT(b.at == NULL && ended == 1);
}

TEST(no_reference_stays_none)
{
    struct item_arc none = {NULL};
    struct item_arc_weak weak = item_arc_weak(none);

    EXPECT(item_arc_clone(none).at == NULL && weak.at == NULL);
    EXPECT(item_arc_weak_clone(weak).at == NULL);
    EXPECT(item_arc_weak_upgrade(weak).at == NULL);
    EXPECT(item_arc_count(none) == 0 && item_arc_length(none) == 0);
    EXPECT(!item_arc_is_unique(none));
    item_arc_drop(&none);
    item_arc_weak_drop(&weak);
}

TEST(memory_comes_back_with_the_last_reference_of_any_kind)
{
    size_t before = blocks();
    struct item_arc a = item(1);
    struct item_arc_weak weak = item_arc_weak(a);
    struct item_arc_weak other = item_arc_weak_clone(weak);

    EXPECT(blocks() == before + 1);
    struct item_arc b = item_arc_weak_upgrade(weak);
    EXPECT(b.at == a.at && item_arc_count(a) == 2);
    item_arc_drop(&a);
    item_arc_drop(&b);
    EXPECT(ended == 1 && item_arc_weak_upgrade(weak).at == NULL);
    EXPECT(blocks() == before + 1);
    item_arc_weak_drop(&weak);
    EXPECT(item_arc_weak_upgrade(other).at == NULL);
    item_arc_weak_drop(&other);
    EXPECT(blocks() == before);
}

TEST(a_merged_object_counts_as_before)
{
    size_t before = blocks();
    struct item_arc a = item(1);
    struct item_arc b = item_arc_clone(a);
    struct item_arc_weak weak = item_arc_weak(a);

    merge(a);
    EXPECT(item_arc_count(a) == 2);
    struct item_arc c = item_arc_weak_upgrade(weak);
    struct item_arc d = item_arc_clone(c);
    EXPECT(item_arc_count(a) == 4);
    item_arc_drop(&a);
    item_arc_drop(&b);
    item_arc_drop(&c);
    EXPECT(ended == 0 && item_arc_count(d) == 1);
    item_arc_drop(&d);
    EXPECT(ended == 1 && item_arc_weak_upgrade(weak).at == NULL);
    item_arc_weak_drop(&weak);
    EXPECT(blocks() == before);
}

TEST(what_a_member_leads_to_ends_before_the_next_member)
{
    size_t before = blocks();
    struct item_arc root = item(1);

    root.at->next = item(2);
    root.at->other = item(3);
    root.at->next.at->next = item(4);
    root.at->next.at->parent = item_arc_weak(root);
    item_arc_drop(&root);
    EXPECT(ended == 4);
    EXPECT(order[0] == 1 && order[1] == 2 && order[2] == 4 && order[3] == 3);
    EXPECT(blocks() == before);
}

TEST(objects_are_aligned_and_memory_comes_from_the_source)
{
    _Alignas(64) static unsigned char memory[4096];
    struct mn_bump bump;
    struct mn_region_source source;
    struct wide_arc a = wide_arc_new();

    EXPECT((uintptr_t)a.at % 64 == 0);
    wide_arc_drop(&a);
    EXPECT(mn_bump_init(&bump, memory, sizeof memory) == MN_OK);
    mn_region_source_init(&source, &bump.region);
    a = wide_arc_new_from(&source.source);
    EXPECT((uintptr_t)a.at % 64 == 0 && wide_arc_length(a) == 1);
    EXPECT((unsigned char *)a.at - memory < (ptrdiff_t)sizeof memory);
    struct wide_arc b = wide_arc_clone(a);
    struct wide *copy = wide_arc_make_mut(&b);
    EXPECT((unsigned char *)copy - memory < (ptrdiff_t)sizeof memory);
    wide_arc_drop(&b);
    wide_arc_drop(&a);
    while ((b = wide_arc_new_from(&source.source)).at != NULL)
        a = b;
    EXPECT(a.at != NULL);
}

TEST(an_array_ends_as_one_the_last_first)
{
    size_t before = blocks();
    struct item_arc array = item_arc_new_array(3);

    EXPECT(item_arc_length(array) == 3);
    for (int i = 0; i < 3; i++)
        array.at[i].value = i;
    array.at[1].next = item(7);
    struct item out;
    EXPECT(!item_arc_try_unwrap(&array, &out));
    item_arc_drop(&array);
    EXPECT(ended == 4 && order[0] == 2 && order[1] == 1 && order[2] == 0);
    EXPECT(order[3] == 7);
    EXPECT(blocks() == before);
    EXPECT(item_arc_new_array(0).at == NULL);
    EXPECT(item_arc_new_array(SIZE_MAX / 8).at == NULL);
}

TEST(the_content_of_the_only_reference_can_be_moved_out)
{
    size_t before = blocks();
    struct item_arc a = item(5);
    struct item_arc b = item_arc_clone(a);
    struct item_arc_weak weak = item_arc_weak(a);
    struct item out;

    a.at->next = item(6);
    EXPECT(!item_arc_try_unwrap(&a, &out) && a.at != NULL);
    item_arc_drop(&b);
    EXPECT(item_arc_try_unwrap(&a, &out) && a.at == NULL);
    EXPECT(ended == 0 && out.value == 5 && out.next.at->value == 6);
    EXPECT(item_arc_weak_upgrade(weak).at == NULL);
    item_arc_drop(&out.next);
    item_arc_weak_drop(&weak);
    EXPECT(blocks() == before);
}

TEST(unique_is_who_has_the_only_reference_and_no_weak_one)
{
    struct item_arc a = item(1);
    struct item_arc_weak weak = item_arc_weak(a);

    EXPECT(!item_arc_is_unique(a));
    item_arc_weak_drop(&weak);
    EXPECT(item_arc_is_unique(a));
    struct item_arc b = item_arc_clone(a);
    EXPECT(!item_arc_is_unique(a));
    merge(a);
    EXPECT(!item_arc_is_unique(a));
    item_arc_drop(&b);
    EXPECT(item_arc_is_unique(a));
    item_arc_drop(&a);
}

TEST(make_mut_copies_what_others_see)
{
    size_t before = blocks();
    struct plain_arc a = plain_arc_new();
    struct plain *first = a.at;

    a.at->next = plain_arc_new();
    EXPECT(plain_arc_make_mut(&a) == first);
    struct plain_arc b = plain_arc_clone(a);
    EXPECT(plain_arc_make_mut(&b) != first && a.at == first);
    EXPECT(b.at->next.at == a.at->next.at);
    EXPECT(plain_arc_count(a) == 1 && plain_arc_count(a.at->next) == 2);
    plain_arc_drop(&a);
    plain_arc_drop(&b);
    EXPECT(blocks() == before);
}

static bool copy_item(void *to, const void *from)
{
    struct item *item = to;

    item->value = ((const struct item *)from)->value + 1;
    return item->value != 3;
}

TEST(make_mut_copies_by_the_programs_function_or_changes_nothing)
{
    size_t before = blocks();
    struct item_arc a = item(1);
    struct item_arc b = item_arc_clone(a);

    EXPECT_STOPS(item_arc_make_mut(&b), "only its type can copy");
    EXPECT(item_arc_make_mut_by(&b, copy_item) != a.at && b.at->value == 2);
    struct item_arc c = item_arc_clone(b);
    EXPECT(item_arc_make_mut_by(&c, copy_item) == NULL && c.at == b.at);
    EXPECT(item_arc_count(b) == 2 && ended == 0);
    item_arc_drop(&a);
    item_arc_drop(&b);
    item_arc_drop(&c);
    EXPECT(ended == 2 && blocks() == before);
}

TEST(a_reference_moves_and_is_replaced)
{
    struct item_arc a = item(1);
    struct item_arc b = item_arc_take(&a);

    EXPECT(a.at == NULL && b.at->value == 1 && item_arc_count(b) == 1);
    item_arc_set(&b, item(2));
    EXPECT(ended == 1 && order[0] == 1 && b.at->value == 2);
    a = item_arc_of(item_arc_get(b));
    EXPECT(item_arc_count(b) == 2);
    item_arc_drop(&a);
    item_arc_drop(&b);
    EXPECT(ended == 2);
}

TEST(a_scope_drops_what_it_has)
{
    {
        MN_AUTO(item_arc) a = item(1);
        EXPECT(item_arc_count(a) == 1);
    }
    EXPECT(ended == 1);
}

/* ---- counts that do not fit ---- */

static void clone_many(struct item_arc arc, size_t count)
{
    for (size_t i = 0; i < count; i++)
        EXPECT(item_arc_clone(arc).at == arc.at);
}

static void drop_many(struct item_arc arc, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct item_arc one = arc;
        item_arc_drop(&one);
    }
}

TEST(the_owners_count_goes_aside_and_comes_back)
{
    size_t many = (size_t)3 << 20;
    size_t before = blocks();
    struct item_arc a = item(1);

    clone_many(a, MNI_ARC_OWN_MAX - 1);
    EXPECT(mni_arc_side_entries() == 0);
    clone_many(a, 1);
    EXPECT(mni_arc_side_entries() == 1);
    EXPECT(item_arc_count(a) == MNI_ARC_OWN_MAX + (size_t)1);
    clone_many(a, many);
    EXPECT(item_arc_count(a) == MNI_ARC_OWN_MAX + (size_t)1 + many);
    EXPECT(!item_arc_is_unique(a));
    drop_many(a, MNI_ARC_OWN_MAX + many);
    EXPECT(ended == 0 && item_arc_count(a) == 1);
    EXPECT(mni_arc_side_entries() == 0);
    EXPECT(item_arc_is_unique(a));
    item_arc_drop(&a);
    EXPECT(ended == 1 && blocks() == before);
}

TEST(the_shared_count_goes_aside_and_comes_back)
{
    enum { MANY = 100000 };
    size_t before = blocks();
    struct item_arc a = item(1);
    struct item_arc_weak weak = item_arc_weak(a);

    merge(a);
    clone_many(a, MNI_ARC_HIGH - 1);
    EXPECT(mni_arc_side_entries() == 0);
    clone_many(a, 1);
    EXPECT(mni_arc_side_entries() == 1);
    clone_many(a, MANY);
    EXPECT(item_arc_count(a) == MNI_ARC_HIGH + 1 + MANY);
    struct item_arc b = item_arc_weak_upgrade(weak);
    EXPECT(b.at == a.at);
    item_arc_drop(&b);
    drop_many(a, MNI_ARC_HIGH + MANY);
    EXPECT(ended == 0 && item_arc_count(a) == 1);
    EXPECT(mni_arc_side_entries() == 0);
    item_arc_drop(&a);
    EXPECT(ended == 1);
    EXPECT(item_arc_weak_upgrade(weak).at == NULL);
    item_arc_weak_drop(&weak);
    EXPECT(blocks() == before);
}

TEST(weak_references_go_aside_and_come_back)
{
    enum { MANY = 10000 };
    size_t before = blocks();
    struct item_arc a = item(1);

    for (int i = 0; i < MNI_ARC_WEAK_HIGH - 1; i++)
        EXPECT(item_arc_weak(a).at == a.at);
    EXPECT(mni_arc_side_entries() == 0);
    for (int i = 0; i < MANY; i++)
        EXPECT(item_arc_weak(a).at == a.at);
    EXPECT(mni_arc_side_entries() == 1);
    struct item_arc_weak weak = {a.at};
    item_arc_drop(&a);
    EXPECT(ended == 1 && item_arc_weak_upgrade(weak).at == NULL);
    for (int i = 1; i < MNI_ARC_WEAK_HIGH - 1 + MANY; i++) {
        struct item_arc_weak one = weak;
        item_arc_weak_drop(&one);
        EXPECT(blocks() > before);
    }
    EXPECT(mni_arc_side_entries() == 0);
    item_arc_weak_drop(&weak);
    EXPECT(blocks() == before);
}

TEST(what_is_stuck_stays_for_ever)
{
    struct item_arc a = item(1);
    struct item_arc_weak weak = item_arc_weak(a);

    (void)mn_atomic_or_acq_rel(mni_arc_shared(mni_arc_head(a.at)),
                               MNI_ARC_STUCK);
    struct item_arc b = item_arc_clone(a);
    EXPECT(item_arc_count(a) == SIZE_MAX && !item_arc_is_unique(a));
    item_arc_drop(&a);
    item_arc_drop(&b);
    EXPECT(ended == 0);
    a = item_arc_weak_upgrade(weak);
    EXPECT(a.at != NULL && a.at->value == 1);
    drop_many(a, 3);
    EXPECT(ended == 0 && a.at->value == 1);
}

TEST(too_many_weak_references_stay_and_the_object_ends)
{
    size_t before = blocks();
    struct item_arc a = item(1);
    _Atomic uint32_t *shared = mni_arc_shared(mni_arc_head(a.at));
    struct item_arc_weak weak = item_arc_weak(a);

    mn_atomic_store_relaxed(shared, mn_atomic_load_relaxed(shared)
                                        | (uint32_t)MNI_ARC_WEAK_MAX
                                              << MNI_ARC_WEAK_SHIFT);
    EXPECT(item_arc_weak(a).at == a.at);
    item_arc_drop(&a);
    EXPECT(ended == 1 && item_arc_weak_upgrade(weak).at == NULL);
    item_arc_weak_drop(&weak);
    EXPECT(blocks() == before + 1);
}

TEST(a_reference_dropped_too_often_stops_the_program)
{
    struct item_arc a = item(1);
    struct item_arc_weak weak = item_arc_weak(a);

    merge(a);
    drop_many(a, 1);
    EXPECT_STOPS(drop_many(a, 1), "dropped too often");
    item_arc_weak_drop(&weak);
}
