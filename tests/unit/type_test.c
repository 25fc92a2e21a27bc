/* SPDX-License-Identifier: MIT */
/* Tests of descriptions of types: what the macros write, the order of a visit,
 * and each thing that a description cannot say. Members of a wrong type do not
 * compile: tests/typestate. */
#include <mn/type.h>

#include <string.h>

#include "test.h"

MN_TYPE_DECLARE(node);
struct node_ref {
    struct node *at;
};
struct node_weak {
    struct node *at;
};

struct node {
    long value;
    struct node_ref next;
    struct node_ref children[3];
    struct node_weak parent;
    struct node_ref *more; /* found by node_visit */
    size_t more_count;
};

MN_TYPE_DECLARE(plain);
struct plain {
    char bytes[3];
};

static int ended;

static void node_end(struct node *node)
{
    ended += (int)node->value;
}

static const struct mn_member node_more = {"more", &node_type, 0, 1,
                                           MN_MEMBER_REF};

static void node_visit(void *object, mn_member_fn fn, void *context)
{
    struct node *node = object;

    for (size_t i = 0; i < node->more_count; i++)
        fn(&node->more[i], &node_more, context);
}

MN_TYPE_DECLARE(tree);
struct tree {
    struct tree *child[2];
    struct tree *parent;
};
MN_TYPE(tree, MN_REFERENCES(MN_MEMBER_IS(GC, tree, child, tree),
                            MN_MEMBER_IS(GC_WEAK, tree, parent, tree)));

MN_DROP(node, node_end)
MN_TYPE(node, .drop = node_drop, .visit = node_visit,
        MN_REFERENCES(MN_MEMBER_IS(REF, node, next, node),
                      MN_MEMBER_IS(REF, node, children, node),
                      MN_MEMBER_IS(WEAK, node, parent, node)));
MN_TYPE(plain, .drop = NULL);

TEST(macros_write_what_the_struct_is)
{
    EXPECT(strcmp(node_type.name, "node") == 0);
    EXPECT(node_type.size == sizeof(struct node));
    EXPECT(node_type.align == _Alignof(struct node));
    EXPECT(node_type.member_count == 3);
    EXPECT(node_type.members[1].offset == offsetof(struct node, children));
    EXPECT(node_type.members[1].count == 3);
    EXPECT(node_type.members[1].kind == MN_MEMBER_REF);
    EXPECT(node_type.members[2].kind == MN_MEMBER_WEAK);
    EXPECT(node_type.members[2].type == &node_type);
    EXPECT(strcmp(node_type.members[2].name, "parent") == 0);
    EXPECT(plain_type.size == 3 && plain_type.align == 1);
    EXPECT(plain_type.member_count == 0 && plain_type.drop == NULL);
    EXPECT(mn_type_check(&node_type) && mn_type_check(&plain_type));
}

TEST(plain_pointers_are_members_of_collected_objects)
{
    EXPECT(tree_type.member_count == 2 && mn_type_check(&tree_type));
    EXPECT(tree_type.members[0].kind == MN_MEMBER_GC);
    EXPECT(tree_type.members[0].count == 2);
    EXPECT(tree_type.members[1].kind == MN_MEMBER_GC_WEAK);
    EXPECT(tree_type.members[1].offset == offsetof(struct tree, parent));
}

TEST(drop_calls_the_typed_function)
{
    struct node node = {.value = 7};

    node_type.drop(&node);
    EXPECT(ended == 7);
}

struct seen {
    void *slots[16];
    size_t count;
};

static void see(void *slot, const struct mn_member *member, void *context)
{
    struct seen *seen = context;

    EXPECT(member->type == &node_type && seen->count < 16);
    seen->slots[seen->count++] = slot;
}

TEST(visit_calls_with_each_reference_in_order)
{
    struct node_ref more[2] = {{NULL}, {NULL}};
    struct node node = {.more = more, .more_count = 2};
    struct plain plain = {"ab"};
    struct seen seen = {.count = 0};
    void *expected[] = {&node.next,        &node.children[0], &node.children[1],
                        &node.children[2], &node.parent,      &more[0],
                        &more[1]};

    mn_type_visit(&node_type, &node, see, &seen);
    EXPECT(seen.count == sizeof(expected) / sizeof(expected[0]));
    EXPECT(memcmp(seen.slots, expected, sizeof(expected)) == 0);
    seen.count = 0;
    mn_type_visit(&plain_type, &plain, see, &seen);
    EXPECT(seen.count == 0);
}

static bool holds(struct mn_type type)
{
    return mn_type_check(&type);
}

TEST(check_refuses_a_size_that_cannot_be)
{
    struct mn_type type = {.name = "t", .size = 24, .align = 8};

    EXPECT(holds(type));
    type.size = 0;
    EXPECT(!holds(type));
    type.size = 20; /* no multiple of the alignment */
    EXPECT(!holds(type));
    type.align = 4;
    EXPECT(holds(type));
    type.align = 0;
    EXPECT(!holds(type));
    type.size = 24;
    type.align = 12;
    EXPECT(!holds(type));
    type.align = 8;
    type.name = NULL;
    EXPECT(!holds(type));
}

static bool holds_members(struct mn_member first, struct mn_member second)
{
    struct mn_member members[] = {first, second};

    return holds((struct mn_type){"t", 5 * sizeof(void *), sizeof(void *), NULL,
                                  members, 2, NULL});
}

TEST(check_refuses_a_member_that_cannot_be)
{
    const uint32_t word = sizeof(void *);
    struct mn_member a = {"a", &plain_type, 0, 1, MN_MEMBER_UNIQUE};
    struct mn_member b = {"b", &plain_type, word, 4, MN_MEMBER_ARC_WEAK};

    EXPECT(holds_members(a, b));
    EXPECT(!holds_members(b, a)); /* not in their order */
    EXPECT(!holds_members(a, a)); /* the same bytes */
    b.count = 5;                  /* beyond the end */
    EXPECT(!holds_members(a, b));
    b.count = 0;
    EXPECT(!holds_members(a, b));
    b.count = 1;
    b.offset = 5 * word;
    EXPECT(!holds_members(a, b));
    b.offset = UINT32_MAX - word + 1;
    EXPECT(!holds_members(a, b));
    b.offset = word + 1;
    EXPECT(!holds_members(a, b));
    b.offset = 4 * word;
    EXPECT(holds_members(a, b));
    b.kind = MN_MEMBER_GC_WEAK;
    EXPECT(holds_members(a, b));
    b.kind = MN_MEMBER_MOVABLE + 1;
    EXPECT(!holds_members(a, b));
    b.kind = 0;
    EXPECT(!holds_members(a, b));
    b.kind = MN_MEMBER_REF;
    b.type = NULL;
    EXPECT(!holds_members(a, b));
    b.type = &plain_type;
    b.name = NULL;
    EXPECT(!holds_members(a, b));
    EXPECT(!holds((struct mn_type){"t", word, word, NULL, NULL, 1, NULL}));
    b.name = "b"; /* words that are not aligned */
    b.offset = 0;
    EXPECT(!holds((struct mn_type){"t", 12, 4, NULL, &b, 1, NULL}));
}
