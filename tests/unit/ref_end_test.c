/* SPDX-License-Identifier: MIT */
/* Tests of the end of objects: its order, its stack, and what drop functions
 * may do. */
#include <mn/heap.h>
#include <mn/ref.h>
#include <mn/stats.h>

#include <pthread.h>
#include <string.h>

#include "ref/ref.h"
#include "test.h"

#if MN_DEBUG
enum { MANY = 1000000 };
#else
enum { MANY = 10000000 };
#endif
enum { STACK = 64 * 1024 };

MN_TYPE_DECLARE(named);
MN_REFS(named);
struct named {
    char name;
    struct named_ref first;
    struct named_ref some[3];
    struct named_unique own;
    struct named_weak weak;
    struct named_ref last;
};
MN_REF_FUNCTIONS(named)

static char order[64];
static void (*action)(struct named *); /* what drop functions do besides */

static void named_end(struct named *named)
{
    order[strlen(order)] = named->name;
    if (action != NULL)
        action(named);
}

MN_DROP(named, named_end)
MN_TYPE(named, .drop = named_drop,
        MN_REFERENCES(MN_MEMBER_IS(REF, named, first, named),
                      MN_MEMBER_IS(REF, named, some, named),
                      MN_MEMBER_IS(UNIQUE, named, own, named),
                      MN_MEMBER_IS(WEAK, named, weak, named),
                      MN_MEMBER_IS(REF, named, last, named)));

static struct named_ref make(char name)
{
    struct named_ref made = named_ref_new();

    EXPECT(made.at != NULL);
    made.at->name = name;
    return made;
}

static size_t blocks_out(void)
{
    struct mn_stats stats;

    EXPECT(mn_stats(&stats));
    return stats.block_count;
}

/* ---- order ---- */

static struct named_ref make_tree(void)
{
    struct named_ref a = make('a');

    a.at->first = make('b');
    a.at->first.at->some[1] = make('c');
    a.at->first.at->last = make('d');
    a.at->some[0] = make('e');
    a.at->some[0].at->own.at = make('f').at;
    a.at->some[2] = make('g');
    a.at->own.at = make('h').at;
    a.at->own.at->first = make('i');
    a.at->own.at->last = make('j');
    a.at->last = make('k');
    return a;
}

TEST(drop_then_members_in_their_order_depth_first)
{
    struct named_ref a = make_tree();

    named_ref_drop(&a);
    EXPECT(strcmp(order, "abcdefghijk") == 0);
}

TEST(what_others_hold_lives_on)
{
    struct named_ref a = make_tree();
    struct named_ref b = named_ref_clone(a.at->first);
    struct named_ref g = named_ref_clone(a.at->some[2]);

    a.at->weak = named_ref_weak(g);
    a.at->last.at->weak = named_ref_weak(a);
    named_ref_drop(&a);
    EXPECT(strcmp(order, "aefhijk") == 0);
    EXPECT(mn_ref_weak_count(g.at) == 0);
    named_ref_drop(&b);
    named_ref_drop(&g);
    EXPECT(strcmp(order, "aefhijkbcdg") == 0);
}

TEST(a_row_ends_from_its_last_object_drops_first)
{
    struct named_ref row = named_ref_new_array(3);

    for (int i = 0; i < 3; i++) {
        row.at[i].name = (char)('0' + i);
        row.at[i].first = make((char)('a' + i));
        row.at[i].last = make((char)('A' + i));
    }
    named_ref_drop(&row);
    EXPECT(strcmp(order, "210cCbBaA") == 0);
}

/* ---- stack, and memory ---- */

MN_TYPE_DECLARE(link);
MN_REFS(link);
struct link { /* nothing but a reference */
    struct link_ref next;
};
MN_REF_FUNCTIONS(link)
MN_TYPE(link, MN_REFERENCES(MN_MEMBER_IS(REF, link, next, link)));

MN_TYPE_DECLARE(tree);
MN_REFS(tree);
struct tree { /* nothing but references */
    struct tree_ref left;
    struct tree_ref middle;
    struct tree_unique right;
};
MN_REF_FUNCTIONS(tree)
MN_TYPE(tree, MN_REFERENCES(MN_MEMBER_IS(REF, tree, left, tree),
                            MN_MEMBER_IS(REF, tree, middle, tree),
                            MN_MEMBER_IS(UNIQUE, tree, right, tree)));

/* Run in a thread with little stack. */
static void *drop_list(void *context)
{
    struct link_ref list = {context};
    size_t before = blocks_out();

    link_ref_drop(&list);
    EXPECT(blocks_out() == before - MANY);
    return NULL;
}

static void *drop_tree(void *context)
{
    struct tree_ref tree = {context};
    size_t before = blocks_out();

    tree_ref_drop(&tree);
    EXPECT(blocks_out() == before - MANY);
    return NULL;
}

static void run_with_small_stack(void *(*run)(void *), void *context)
{
    pthread_attr_t attributes;
    pthread_t thread;

    EXPECT(pthread_attr_init(&attributes) == 0);
    EXPECT(pthread_attr_setstacksize(&attributes, STACK) == 0);
    EXPECT(pthread_create(&thread, &attributes, run, context) == 0);
    EXPECT(pthread_join(thread, NULL) == 0);
}

TEST(a_list_of_millions_ends_on_a_small_stack)
{
    struct link_ref first = {NULL};

    for (int i = 0; i < MANY; i++) {
        struct link_ref link = link_ref_new();
        link.at->next = first;
        first = link;
    }
    run_with_small_stack(drop_list, first.at);
}

TEST(a_random_tree_of_millions_ends_on_a_small_stack)
{
    uint64_t random = 1;
    struct tree_ref root = tree_ref_new();

    /* Deep: a new object takes the place of one, and gets it as a child. */
    struct tree_ref *at = &root;
    for (int i = 1; i < MANY; i++) {
        struct tree_ref tree = tree_ref_new();
        switch (test_random(&random) % 4) {
        case 0:
            tree.at->left = *at;
            break;
        case 1:
            tree.at->middle = *at;
            break;
        default:
            tree.at->right.at = at->at;
            break;
        }
        *at = tree;
        if (test_random(&random) % 8 == 0)
            at = &tree.at->left;
        else if (test_random(&random) % 8 == 0)
            at = &root;
    }
    run_with_small_stack(drop_tree, root.at);
}

TEST(a_row_of_links_ends_each_chain)
{
    struct link_ref row = link_ref_new_array(1000);
    size_t before = blocks_out();

    for (int i = 0; i < 1000; i++) {
        row.at[i].next = link_ref_new();
        row.at[i].next.at->next = link_ref_new();
    }
    struct tree_ref trees = tree_ref_new_array(100);
    for (int i = 0; i < 100; i++) {
        trees.at[i].left = tree_ref_new_array(2);
        trees.at[i].left.at[1].left = tree_ref_new();
        trees.at[i].left.at[0].middle = tree_ref_new();
        trees.at[i].right = tree_unique_new();
    }
    link_ref_drop(&row);
    tree_ref_drop(&trees);
    EXPECT(blocks_out() == before - 1);
}

/* ---- drop functions ---- */

static struct named_ref kept;
static struct named_weak watched;

static void upgrade(struct named *named)
{
    (void)named;
    struct named_ref found = named_weak_upgrade(watched);
    order[strlen(order)] = found.at == NULL ? '-' : '+';
    named_ref_drop(&found);
}

TEST(what_ends_cannot_be_upgraded_to)
{
    struct named_ref a = make('a');

    a.at->first = make('b');
    watched = named_ref_weak(a);
    action = upgrade;
    named_ref_drop(&a); /* in its drop, and in that of its member */
    EXPECT(strcmp(order, "a-b-") == 0);
    named_weak_drop(&watched);
    a = make('c');
    a.at->first = make('d');
    watched = named_ref_weak(a.at->first);
    named_ref_drop(&a); /* the member lives while the drop runs */
    EXPECT(strcmp(order, "a-b-c+d-") == 0);
    named_weak_drop(&watched);
}

static void drop_other(struct named *named)
{
    (void)named;
    named_ref_drop(&kept); /* none, the second time */
}

TEST(a_drop_in_a_drop_ends_at_once)
{
    struct named_ref a = make('a');

    kept = make('b');
    kept.at->first = make('c');
    a.at->first = make('d');
    action = drop_other;
    named_ref_drop(&a);
    EXPECT(strcmp(order, "abcd") == 0);
}

static void drop_member(struct named *named)
{
    named_ref_drop(&named->last);
}

TEST(a_drop_may_drop_its_own_members)
{
    struct named_ref a = make_tree();

    action = drop_member;
    named_ref_drop(&a);
    EXPECT(strcmp(order, "akbdcefghji") == 0);
}

static void allocate_and_clone(struct named *named)
{
    if (named->name == 'n')
        return;
    MN_AUTO(named_ref) other = named_ref_new();
    MN_AUTO(named_ref) self = named_ref_of(named); /* and dropped again */
    other.at->name = 'n';
    other.at->first = named_ref_clone(named->first);
    EXPECT(named_ref_count(self) == 1);
}

TEST(a_drop_may_allocate_and_clone)
{
    struct named_ref a = make('a');
    size_t before = blocks_out();

    a.at->first = make('b');
    action = allocate_and_clone;
    named_ref_drop(&a);
    EXPECT(strcmp(order, "anbn") == 0);
    EXPECT(blocks_out() == before - 1);
}

static void live_on(struct named *named)
{
    if (named->name == 'a')
        kept = named_ref_of(named);
}

TEST(a_drop_may_make_its_object_live_on_and_is_not_called_again)
{
    struct named_ref a = make('a');
    struct named_weak weak = named_ref_weak(a);

    a.at->first = make('b');
    action = live_on;
    named_ref_drop(&a);
    EXPECT(strcmp(order, "a") == 0);
    EXPECT(named_ref_count(kept) == 1 && kept.at->first.at->name == 'b');
    struct named_ref again = named_weak_upgrade(weak);
    EXPECT(again.at == kept.at);
    named_ref_drop(&again);
    named_ref_drop(&kept);
    EXPECT(strcmp(order, "ab") == 0);
    EXPECT(named_weak_upgrade(weak).at == NULL);
    named_weak_drop(&weak);
}

static void drop_twice(struct named *named)
{
    struct named_ref self = {named};

    named_ref_drop(&self); /* was never cloned */
}

static void clone_parent(struct named *named)
{
    if (named->name == 'b')
        kept = named_ref_of(watched.at);
}

static void drop_parent(struct named *named)
{
    if (named->name == 'b') {
        struct named_ref copy = {watched.at};
        named_ref_drop(&copy);
    }
}

TEST(misuse_in_a_drop_stops_the_program)
{
    struct named_ref a = make('a');

    a.at->first = make('b');
    watched = named_ref_weak(a);
    action = drop_twice;
    EXPECT_STOPS(named_ref_drop(&a), "has ended");
    action = clone_parent; /* which is gone: this was its last member */
    EXPECT_STOPS(named_ref_drop(&a), "has ended");
    a.at->last = make('c'); /* now it waits for that */
    EXPECT_STOPS(named_ref_drop(&a), "has ended");
    action = drop_parent;
    EXPECT_STOPS(named_ref_drop(&a), "has ended");
}

/* ---- references that lie elsewhere ---- */

MN_TYPE_DECLARE(list);
MN_REFS(list);
struct list {
    struct named_ref *at;
    size_t count;
    struct list_ref next;
};
MN_REF_FUNCTIONS(list)

static const struct mn_member list_at = {"at", &named_type, 0, 1,
                                         MN_MEMBER_REF};

static void list_visit(void *object, mn_member_fn fn, void *context)
{
    struct list *list = object;

    for (size_t i = 0; i < list->count; i++)
        fn(&list->at[i], &list_at, context);
}
MN_TYPE(list, .visit = list_visit,
        MN_REFERENCES(MN_MEMBER_IS(REF, list, next, list)));

TEST(what_visit_adds_is_dropped_before_the_members)
{
    static struct named_ref first[2], second[1];
    struct list_ref list = list_ref_new();

    first[0] = make('a');
    first[1] = make('b');
    second[0] = make('c');
    list.at->at = first;
    list.at->count = 2;
    list.at->next = list_ref_new();
    list.at->next.at->at = second;
    list.at->next.at->count = 1;
    list_ref_drop(&list);
    EXPECT(strcmp(order, "abc") == 0);
    EXPECT(first[0].at == NULL && first[1].at == NULL && second[0].at == NULL);
}
