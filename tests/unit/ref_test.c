/* SPDX-License-Identifier: MIT */
/* Tests of counted, unique and weak references, each promise of mn/ref.h and
 * mn/counted.h at its boundary. The end of objects: ref_end_test.c; cycles:
 * cycle_test.c. */
#include <mn/heap.h>
#include <mn/ref.h>
#include <mn/strategy.h>

#include <string.h>

#include "ref/ref.h"
#include "test.h"

MN_TYPE_DECLARE(node);
MN_REFS(node);
struct node {
    long value;
    struct node_ref next;
    struct node_weak up;
};
MN_REF_FUNCTIONS(node)

static long ended; /* the sum of the values of nodes whose drop was called */

static void node_end(struct node *node)
{
    ended += node->value;
}

MN_DROP(node, node_end)
MN_TYPE(node, .drop = node_drop,
        MN_REFERENCES(MN_MEMBER_IS(REF, node, next, node),
                      MN_MEMBER_IS(WEAK, node, up, node)));

/* Nothing happens at its end, so its bytes may be copied. */
MN_TYPE_DECLARE(item);
MN_REFS(item);
struct item {
    int value;
    struct item_ref next;
    struct item_weak weak;
    struct item_ref more[2];
};
MN_REF_FUNCTIONS(item)
MN_TYPE(item, MN_REFERENCES(MN_MEMBER_IS(REF, item, next, item),
                            MN_MEMBER_IS(WEAK, item, weak, item),
                            MN_MEMBER_IS(REF, item, more, item)));

MN_TYPE_DECLARE(wide);
MN_REFS(wide);
struct wide {
    _Alignas(64) char bytes[64];
};
MN_REF_FUNCTIONS(wide)
MN_TYPE(wide, .drop = NULL);

MN_TYPE_DECLARE(tiny);
MN_REFS(tiny);
struct tiny {
    char byte;
};
MN_REF_FUNCTIONS(tiny)
MN_TYPE(tiny, .drop = NULL);

MN_REF_PART(item, item_ref)

MN_TYPE_DECLARE(traced);
MN_REFS(traced);
struct traced { /* with a pointer that is a collector's business */
    struct item *item;
    struct traced_ref next;
};
MN_REF_FUNCTIONS(traced)
MN_TYPE(traced, MN_REFERENCES(MN_MEMBER_IS(GC, traced, item, item),
                              MN_MEMBER_IS(REF, traced, next, traced)));

static struct node_ref node_new(long value)
{
    struct node_ref node = node_ref_new();

    EXPECT(node.at != NULL);
    node.at->value = value;
    return node;
}

/* ---- counting ---- */

TEST(an_object_is_zeroes_with_one_reference_8_bytes_into_its_block)
{
    struct node_ref node = node_ref_new();
    static const struct node none;

    EXPECT(memcmp(node.at, &none, sizeof none) == 0);
    EXPECT(node_ref_count(node) == 1 && node_ref_length(node) == 1);
    EXPECT(mn_usable_size((char *)node.at - 8) == 32);
    EXPECT(sizeof node == sizeof(void *));
    node_ref_drop(&node);
    EXPECT(node.at == NULL);
}

TEST(the_last_drop_ends_the_object_and_leaves_none)
{
    struct node_ref a = node_new(5);
    struct node_ref b = node_ref_clone(a);
    struct node_ref c = node_ref_of(b.at);

    EXPECT(a.at == b.at && b.at == c.at && node_ref_count(a) == 3);
    node_ref_drop(&a);
    node_ref_drop(&a); /* none any more */
    node_ref_drop(&b);
    EXPECT(ended == 0 && node_ref_count(c) == 1);
    EXPECT(node_ref_get(c)->value == 5);
    node_ref_drop(&c);
    EXPECT(ended == 5);
}

TEST(none_is_a_reference_that_does_nothing)
{
    struct node_ref none = {NULL};
    struct node_weak weak = node_ref_weak(none);

    EXPECT(node_ref_clone(none).at == NULL && weak.at == NULL);
    EXPECT(node_weak_upgrade(weak).at == NULL);
    EXPECT(node_ref_count(none) == 0 && mn_ref_weak_count(none.at) == 0);
    EXPECT(node_ref_length(none) == 0 && node_ref_get(none) == NULL);
    node_ref_drop(&none);
    node_weak_drop(&weak);
}

TEST(take_moves_and_set_drops_what_was_there)
{
    struct node_ref a = node_new(1);
    struct node_ref b = node_ref_take(&a);

    EXPECT(a.at == NULL && b.at->value == 1 && node_ref_count(b) == 1);
    node_ref_set(&b, node_new(2));
    EXPECT(ended == 1 && b.at->value == 2);
    node_ref_set(&b, node_ref_clone(b)); /* itself */
    EXPECT(ended == 1 && node_ref_count(b) == 1);
    node_ref_drop(&b);
    EXPECT(ended == 3);
}

static long leave_early(bool early)
{
    MN_AUTO(node_ref) node = node_new(10);
    MN_AUTO(node_weak) weak = node_ref_weak(node);

    if (early)
        return weak.at->value;
    node_ref_set(&node, node_new(20));
    return node.at->value;
}

static struct node_ref returned(void)
{
    MN_AUTO(node_ref) node = node_new(30);

    return node_ref_take(&node);
}

TEST(a_scope_that_is_left_drops_however_it_is_left)
{
    EXPECT(leave_early(true) == 10 && ended == 10);
    EXPECT(leave_early(false) == 20 && ended == 40);
    struct node_ref kept = returned();
    EXPECT(ended == 40 && kept.at->value == 30);
    node_ref_drop(&kept);
    EXPECT(ended == 70);
}

TEST(unique_has_one_owner_and_can_be_shared)
{
    struct node_unique a = node_unique_new();
    struct node_unique b = node_unique_take(&a);

    EXPECT(a.at == NULL && node_unique_get(b) == b.at);
    b.at->value = 3;
    struct node_ref c = node_unique_share(&b);
    EXPECT(b.at == NULL && node_ref_count(c) == 1 && c.at->value == 3);
    node_unique_drop(&b);
    EXPECT(ended == 0);
    node_ref_drop(&c);
    EXPECT(ended == 3);
    a = node_unique_new();
    a.at->value = 4;
    node_unique_drop(&a);
    EXPECT(ended == 7 && a.at == NULL);
}

TEST(a_count_that_is_too_large_stays_and_so_does_the_object)
{
    struct node_ref node = node_new(1);
    struct node_weak weak = node_ref_weak(node);
    struct mn_counted *head = mni_counted(node.at);

    head->strong = INT32_MAX;
    EXPECT(node_ref_count(node) == (size_t)1 << 31);
    EXPECT(node_ref_clone(node).at == node.at);
    EXPECT(node_ref_count(node) == SIZE_MAX);
    for (int i = 0; i < 1000; i++) {
        struct node_ref copy = node;
        node_ref_drop(&copy);
    }
    EXPECT(node_ref_count(node) == SIZE_MAX && ended == 0);
    EXPECT(node_ref_clone(node).at == node.at);
    EXPECT(node_weak_upgrade(weak).at == node.at);
    EXPECT(node_ref_count(node) == SIZE_MAX);
    head->strong = INT32_MAX;
    EXPECT(node_weak_upgrade(weak).at == node.at); /* the first too many */
    EXPECT(node_ref_count(node) == SIZE_MAX);
}

/* ---- weak ---- */

TEST(weak_references_lead_to_what_lives_and_keep_only_memory)
{
    struct node_ref node = node_new(7);
    struct node_weak weak = node_ref_weak(node);
    struct node_weak other = node_weak_clone(weak);

    EXPECT(node_ref_count(node) == 1 && mn_ref_weak_count(node.at) == 2);
    struct node_ref up = node_weak_upgrade(weak);
    EXPECT(up.at == node.at && node_ref_count(node) == 2);
    node_ref_drop(&up);
    void *block = (char *)node.at - 8;
    node_ref_drop(&node);
    EXPECT(ended == 7);
    EXPECT(node_weak_upgrade(weak).at == NULL);
    node_weak_drop(&weak);
    EXPECT(mn_usable_size(block) == 32); /* still out */
    EXPECT(node_weak_upgrade(other).at == NULL);
    node_weak_drop(&other);
    EXPECT_STOPS(mn_usable_size(block), "already free");
}

TEST(a_weak_count_that_is_too_large_keeps_the_memory)
{
    struct node_ref node = node_new(7);
    struct node_weak weak = node_ref_weak(node);
    struct mn_counted *head = mni_counted(node.at);

    head->weak = MNI_REF_WEAK_MAX - MNI_REF_WEAK_ONE;
    EXPECT(mn_ref_weak_count(node.at) == ((size_t)1 << 25) - 2);
    EXPECT(node_weak_clone(weak).at == node.at);
    EXPECT(mn_ref_weak_count(node.at) == SIZE_MAX);
    EXPECT(node_weak_clone(weak).at == node.at);
    for (int i = 0; i < 100; i++) {
        struct node_weak copy = weak;
        node_weak_drop(&copy);
    }
    EXPECT(mn_ref_weak_count(node.at) == SIZE_MAX);
    void *block = (char *)node.at - 8;
    node_ref_drop(&node);
    EXPECT(ended == 7 && mn_usable_size(block) == 32);
    EXPECT(node_weak_upgrade(weak).at == NULL);
}

/* ---- rows, sources, alignment ---- */

TEST(a_row_is_counted_as_one)
{
    struct node_ref row = node_ref_new_array(5);

    EXPECT(node_ref_length(row) == 5 && node_ref_count(row) == 1);
    for (int i = 0; i < 5; i++)
        row.at[i].value = 1 << i;
    struct node_ref other = node_ref_clone(row);
    node_ref_drop(&row);
    EXPECT(ended == 0 && other.at[4].value == 16);
    node_ref_drop(&other);
    EXPECT(ended == 31);
    EXPECT(node_ref_new_array(0).at == NULL);
    EXPECT(node_ref_new_array(SIZE_MAX / sizeof(struct node)).at == NULL);
    EXPECT(node_ref_new_array(SIZE_MAX / 2).at == NULL);
    struct tiny_ref one = tiny_ref_new_array(1);
    EXPECT(tiny_ref_length(one) == 1);
    tiny_ref_drop(&one);
}

TEST(aligned_objects_are_aligned)
{
    struct wide_ref one = wide_ref_new();
    struct wide_ref row = wide_ref_new_array(3);

    EXPECT((uintptr_t)one.at % 64 == 0 && (uintptr_t)row.at % 64 == 0);
    EXPECT(wide_ref_length(row) == 3);
    struct wide_weak weak = wide_ref_weak(one);
    wide_ref_drop(&one);
    wide_weak_drop(&weak);
    wide_ref_drop(&row);
}

static _Alignas(64) unsigned char memory[8192];
static _Alignas(8) unsigned char control[4096];
static struct mn_tiled tiled;
static struct mn_region_source place;

static struct mn_source *source_setup(void)
{
    EXPECT(mn_tiled_init(&tiled,
                         &(struct mn_tiled_place){
                             .memory = memory,
                             .memory_size = sizeof memory,
                             .granule = 16,
                             .control = control,
                             .control_size = sizeof control,
                             .strategy = &mn_best_fit,
                         })
           == MN_OK);
    mn_region_source_init(&place, &tiled.region);
    return &place.source;
}

static bool source_is_whole(void)
{
    struct mn_block block;

    return mn_region_block_at(&tiled.region, memory, &block)
           && block.state == MN_FREE && block.size == sizeof memory;
}

static bool is_inside(const void *object)
{
    return (uintptr_t)object - (uintptr_t)memory < sizeof memory;
}

TEST(objects_of_a_source_go_back_to_it)
{
    struct mn_source *source = source_setup();
    struct node_ref one = node_ref_new_from(source);
    struct node_ref row = node_ref_new_array_from(source, 4);
    struct wide_ref wide = wide_ref_new_from(source);
    struct wide_ref wides = wide_ref_new_array_from(source, 2);
    struct node_unique unique = node_unique_new_from(source);

    EXPECT(is_inside(one.at) && is_inside(row.at) && is_inside(wides.at));
    EXPECT((uintptr_t)wide.at % 64 == 0 && (uintptr_t)wides.at % 64 == 0);
    EXPECT(node_ref_length(row) == 4 && wide_ref_length(wides) == 2);
    struct node_weak weak = node_ref_weak(row);
    one.at->next = node_ref_take(&row);
    node_ref_drop(&one);
    EXPECT(node_weak_upgrade(weak).at == NULL && !source_is_whole());
    node_weak_drop(&weak);
    wide_ref_drop(&wide);
    wide_ref_drop(&wides);
    node_unique_drop(&unique);
    EXPECT(source_is_whole());
    EXPECT(node_ref_new_array_from(source, 1000).at == NULL);
    EXPECT(source_is_whole());
}

/* ---- content ---- */

TEST(the_only_reference_can_take_the_content_out)
{
    struct node_ref node = node_new(1);
    struct node_ref next = node_new(2);
    struct node out = {.value = 9};

    node.at->next = node_ref_clone(next);
    struct node_ref other = node_ref_clone(node);
    EXPECT(!node_ref_try_unwrap(&node, &out));
    EXPECT(out.value == 9 && node.at == other.at);
    node_ref_drop(&other);
    struct node_weak weak = node_ref_weak(node);
    EXPECT(node_ref_try_unwrap(&node, &out));
    EXPECT(node.at == NULL && ended == 0 && out.value == 1);
    EXPECT(out.next.at == next.at && node_ref_count(next) == 2);
    EXPECT(node_weak_upgrade(weak).at == NULL);
    node_weak_drop(&weak);
    node_ref_drop(&out.next);
    node_ref_drop(&next);
    EXPECT(ended == 2);
    node = node_ref_new_array(1);
    EXPECT(!node_ref_try_unwrap(&node, &out));
    node_ref_drop(&node);
}

TEST(a_change_copies_what_others_see)
{
    struct item_ref a = item_ref_new();
    struct item_ref next = item_ref_new();

    a.at->value = 1;
    a.at->next = item_ref_clone(next);
    a.at->more[1] = item_ref_clone(next);
    a.at->weak = item_ref_weak(next);
    struct item *same = a.at;
    EXPECT(item_ref_make_mut(&a) == same); /* nobody else sees it */
    struct item_ref b = item_ref_clone(a);
    struct item *copy = item_ref_make_mut(&b);
    EXPECT(copy != NULL && copy != same && b.at == copy && a.at == same);
    EXPECT(item_ref_count(a) == 1 && item_ref_count(b) == 1);
    copy->value = 2;
    EXPECT(a.at->value == 1 && copy->next.at == next.at);
    EXPECT(item_ref_count(next) == 5 && mn_ref_weak_count(next.at) == 2);
    item_ref_drop(&a);
    item_ref_drop(&b);
    EXPECT(item_ref_count(next) == 1 && mn_ref_weak_count(next.at) == 0);
    item_ref_drop(&next);
}

static int copies_left;

static bool node_make_copy(struct node *to, const struct node *from)
{
    to->value = from->value + 100;
    return copies_left-- > 0;
}
MN_COPY(node, node_make_copy)

TEST(a_type_with_a_drop_is_copied_by_a_function)
{
    struct mn_source *source = source_setup();
    struct node_ref row = node_ref_new_array_from(source, 3);
    struct node_ref other = node_ref_clone(row);

    for (int i = 0; i < 3; i++)
        row.at[i].value = i + 1;
    EXPECT_STOPS(node_ref_make_mut(&row), "needs a function that copies");
    copies_left = 3;
    EXPECT(node_ref_make_mut_by(&row, node_copy) == row.at);
    EXPECT(row.at != other.at && is_inside(row.at) && ended == 0);
    EXPECT(node_ref_length(row) == 3 && row.at[2].value == 103);
    node_ref_drop(&row);
    EXPECT(ended == 306);
    row = node_ref_clone(other);
    for (int i = 0; i < 3; i++) { /* the copy of each fails in turn */
        ended = 0;
        copies_left = i;
        EXPECT(node_ref_make_mut_by(&row, node_copy) == NULL);
        EXPECT(row.at == other.at && node_ref_count(row) == 2);
        EXPECT(ended == (i == 0 ? 0 : i == 1 ? 101 : 203));
    }
    node_ref_drop(&row);
    node_ref_drop(&other);
    EXPECT(source_is_whole());
}

TEST(pointers_of_a_collector_are_left_alone)
{
    struct item item = {.value = 1};
    struct traced_ref a = traced_ref_new();

    EXPECT(a.at != NULL);
    a.at->item = &item;
    struct traced_ref b = traced_ref_clone(a);
    EXPECT(traced_ref_make_mut(&b) != NULL && b.at->item == &item);
    traced_ref_drop(&a);
    traced_ref_drop(&b);
    EXPECT(item.value == 1);
}

TEST(a_part_keeps_the_whole)
{
    struct item_ref whole = item_ref_new();
    struct item_ref inner = item_ref_new();

    whole.at->more[1] = item_ref_clone(inner);
    struct item_item_ref part = item_item_ref_of(whole, &whole.at->more[1]);
    EXPECT_STOPS(item_item_ref_of(whole, &inner.at->more[1]), "not inside");
    EXPECT_STOPS(item_item_ref_of(whole, (struct item_ref *)(whole.at + 1)),
                 "not inside");
    item_ref_drop(&whole);
    EXPECT(part.at->at == inner.at && item_ref_count(inner) == 2);
    struct item_item_ref other = item_item_ref_clone(part);
    item_item_ref_drop(&part);
    EXPECT(part.at == NULL && part.of.at == NULL);
    EXPECT(item_ref_count(inner) == 2);
    item_item_ref_drop(&other);
    EXPECT(item_ref_count(inner) == 1);
    item_ref_drop(&inner);
}

/* ---- misuse ---- */

static void drop_again(struct node_ref copy)
{
    node_ref_drop(&copy);
}

TEST(use_of_what_has_ended_stops_the_program)
{
    struct node_ref node = node_new(1);
    struct node_ref stale = node;
    struct node_weak weak = node_ref_weak(node);

    node_ref_drop(&node); /* the weak one keeps the memory */
    EXPECT_STOPS(drop_again(stale), "has ended");
    EXPECT_STOPS(node_ref_clone(stale), "has ended");
    EXPECT_STOPS(mn_ref_verify(stale.at, &node_type), "has ended");
    EXPECT_STOPS(mn_ref_drop_checked(stale.at, &node_type), "has ended");
    struct node_weak old = weak;
    node_weak_drop(&weak);
    /* Now the memory is free, and not used again. */
    EXPECT_STOPS(drop_again(stale), "has ended");
    EXPECT_STOPS(node_ref_clone(stale), "has ended");
    EXPECT_STOPS(mn_ref_verify(stale.at, &node_type), "has ended");
    EXPECT_STOPS(mn_ref_upgrade_checked(stale.at, &node_type), "has ended");
    EXPECT_STOPS(node_weak_drop(&old), "no weak reference");
}

TEST(what_is_no_object_is_told_apart)
{
    static struct node no_object[2];
    struct node_ref row = node_ref_new_array(2);
    struct node_ref one = node_new(1);

    EXPECT_STOPS(mn_ref_verify(&no_object[1], &node_type), "no counted object");
    EXPECT_STOPS(mn_ref_verify(row.at + 1, &node_type), "no counted object");
    EXPECT_STOPS(mn_ref_verify((char *)one.at + 4, &node_type),
                 "no counted object");
    EXPECT_STOPS(mn_ref_clone_checked(row.at + 1, &node_type), "no counted");
    EXPECT_STOPS(mn_ref_drop_checked(row.at + 1, &node_type), "no counted");
    mn_ref_verify(NULL, &node_type);
    mn_ref_verify(one.at, &node_type);
    mn_ref_verify(row.at, &node_type);
    EXPECT(mn_ref_clone_checked(one.at, &node_type) == one.at);
    mn_ref_drop_checked(one.at, &node_type);
    mn_ref_drop_checked(one.at, &node_type);
    EXPECT(ended == 1);
    node_ref_drop(&row);
}
