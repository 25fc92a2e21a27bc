/* SPDX-License-Identifier: MIT */
/* Tests of the end of shared objects: the order, the depth, and where the way
 * back is kept. */
#include "arc_setup.h"
#include "test.h"

TEST(a_long_list_ends_without_recursion_and_without_memory)
{
    enum { LENGTH = 10000000 };
    struct plain_arc list = {NULL};
    size_t before = blocks();

    for (size_t i = 0; i < LENGTH; i++) {
        struct plain_arc node = plain_arc_new();
        EXPECT(node.at != NULL);
        node.at->next = list;
        list = node;
    }
    EXPECT(blocks() == before + LENGTH);
    plain_arc_drop(&list);
    EXPECT(blocks() == before);
}

/* With weak references to all. */
static struct item_arc tree(int depth, struct item_arc parent)
{
    struct item_arc node = item(depth);

    node.at->parent = item_arc_weak(parent);
    if (depth > 0) {
        node.at->next = tree(depth - 1, node);
        node.at->other = tree(depth - 1, node);
    }
    return node;
}

TEST(a_tree_with_weak_references_upwards_ends)
{
    size_t before = blocks();
    struct item_arc root = tree(12, (struct item_arc){NULL});
    struct item_arc_weak weak[3] = {item_arc_weak(root),
                                    item_arc_weak(root.at->next),
                                    item_arc_weak(root.at->other)};

    item_arc_drop(&root);
    EXPECT(ended == (1 << 13) - 1);
    EXPECT(blocks() == before + 3);
    for (size_t i = 0; i < 3; i++) {
        EXPECT(item_arc_weak_upgrade(weak[i]).at == NULL);
        item_arc_weak_drop(&weak[i]);
    }
    EXPECT(blocks() == before);
}

/* ---- where the way back is kept ---- */

#define CHAIN(tag, target)                                                     \
    struct tag {                                                               \
        struct target##_arc next[2];                                           \
    };                                                                         \
    MN_TYPE(tag, MN_REFERENCES(MN_MEMBER_IS(ARC, tag, next, target)))

MN_TYPE_DECLARE(odd);
MN_ARCS(odd);
MN_ARC_FUNCTIONS(odd)
MN_TYPE_DECLARE(even);
MN_ARCS(even);
MN_ARC_FUNCTIONS(even)
CHAIN(odd, even);
CHAIN(even, odd);

static void *chain(size_t depth)
{
    void **object = mn_arc_new(depth % 2 ? &odd_type : &even_type, NULL);

    EXPECT(object != NULL);
    if (depth < 30) {
        object[0] = chain(depth + 1);
        object[1] = depth < 14 ? chain(depth + 1) : NULL;
    }
    return object;
}

TEST(a_tree_of_two_types_without_room_ends)
{
    size_t before = blocks();

    mn_arc_drop(chain(0), &even_type);
    EXPECT(blocks() == before);
}

TEST(an_array_of_lists_ends_whatever_its_length)
{
    enum { LENGTH = 70000 };
    size_t before = blocks();
    struct plain_arc array = plain_arc_new_array(LENGTH);

    for (size_t i = 0; i < LENGTH; i += 2) {
        array.at[i].next = plain_arc_new();
        array.at[i].next.at->next = plain_arc_new();
    }
    plain_arc_drop(&array);
    EXPECT(blocks() == before);
}

/* A list to the left, where each node still has something to the right. */
TEST(a_deep_tree_ends_with_a_constant_stack)
{
    enum { DEPTH = 1000000 }; /* even, so that the last is odd */
    size_t before = blocks();
    void *root = NULL;

    for (size_t i = 0; i < DEPTH; i++) {
        void **node = mn_arc_new(i % 2 ? &odd_type : &even_type, NULL);
        EXPECT(node != NULL);
        node[0] = root;
        node[1] = mn_arc_new(i % 2 ? &even_type : &odd_type, NULL);
        root = node;
    }
    mn_arc_drop(root, &odd_type);
    EXPECT(blocks() == before);
}

MN_TYPE_DECLARE(vector);
MN_ARCS(vector);
MN_ARC_FUNCTIONS(vector)
struct vector {
    struct item_arc first;
    struct item_arc second;
    struct item_arc *items;
    size_t count;
};

static void vector_visit(void *object, mn_member_fn fn, void *context)
{
    static const struct mn_member member = {"items", &item_type, 0, 1,
                                            MN_MEMBER_ARC};
    struct vector *vector = object;

    for (size_t i = 0; i < vector->count; i++)
        fn(&vector->items[i], &member, context);
}

MN_TYPE(vector, .visit = vector_visit,
        MN_REFERENCES(MN_MEMBER_IS(ARC, vector, first, item),
                      MN_MEMBER_IS(ARC, vector, second, item)));

TEST(what_visit_names_is_dropped_first)
{
    struct item_arc items[2] = {item(1), item(2)};
    size_t before = blocks() - 2;
    struct vector_arc vector = vector_arc_new();

    vector.at->first = item(3);
    vector.at->second = item(4);
    vector.at->items = items;
    vector.at->count = 2;
    vector_arc_drop(&vector);
    EXPECT(ended == 4);
    for (int i = 0; i < 4; i++)
        EXPECT(order[i] == i + 1);
    EXPECT(blocks() == before);
}

MN_TYPE_DECLARE(clinging);
MN_ARCS(clinging);
MN_ARC_FUNCTIONS(clinging)
struct clinging {
    struct clinging_arc_weak self;
    bool clings;
};

static struct clinging_arc kept;

static void clinging_end(struct clinging *clinging)
{
    struct clinging_arc arc = clinging_arc_weak_upgrade(clinging->self);

    EXPECT(arc.at == NULL);
    if (clinging->clings)
        kept = clinging_arc_of(clinging);
}

MN_DROP(clinging, clinging_end)
MN_TYPE(clinging, .drop = clinging_drop,
        MN_REFERENCES(MN_MEMBER_IS(ARC_WEAK, clinging, self, clinging)));

TEST(an_object_that_ends_cannot_be_had_again)
{
    size_t before = blocks();
    struct clinging_arc a = clinging_arc_new();

    a.at->self = clinging_arc_weak(a);
    clinging_arc_drop(&a);
    EXPECT(blocks() == before);
    a = clinging_arc_new();
    a.at->clings = true;
    EXPECT_STOPS(clinging_arc_drop(&a), "keeps a reference to its own");
    EXPECT(kept.at == NULL);
}
