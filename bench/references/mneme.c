/* SPDX-License-Identifier: MIT */
/* mneme.c -- the patterns of measure.h with mn/ref.h, and cycles:
 *
 *   cyclic   as pair, of a type that can be in cycles
 *   ring     milliseconds to find and end a ring of a million objects; each
 *            refers to the next, and one is a candidate
 *   mesh     the same, each refers to both neighbours, and all are candidates
 */
#include <mn/ref.h>

#include "measure.h"

MN_TYPE_DECLARE(item);
MN_REFS(item);
struct item {
    long value;
    struct item_ref next;
};
MN_REF_FUNCTIONS(item)
MN_TYPE(item, MN_REFERENCES(MN_MEMBER_IS(REF, item, next, item)));

MN_TYPE_DECLARE(plain);
MN_REFS(plain);
struct plain {
    long value[2];
};
MN_REF_FUNCTIONS(plain)
MN_TYPE(plain, .drop = NULL);

MN_TYPE_DECLARE(node);
MN_REFS(node);
struct node {
    struct node_ref next;
    struct node_ref prev;
};
MN_REF_CYCLE_FUNCTIONS(node)
MN_TYPE(node, MN_REFERENCES(MN_MEMBER_IS(REF, node, next, node),
                            MN_MEMBER_IS(REF, node, prev, node)));

static void measure_pairs(void)
{
    struct plain_ref object = plain_ref_new();
    struct plain_weak weak = plain_ref_weak(object);
    struct node_ref node = node_ref_new();
    struct node_ref noted = node_ref_clone(node);

    measure_begin();
    for (long i = 0; i < MEASURE_PAIRS; i++) {
        struct plain_ref other = plain_ref_clone(object);
        MEASURE_HIDE(other.at);
        plain_ref_drop(&other);
    }
    measure_end("pair", MEASURE_PAIRS);
    measure_begin();
    for (long i = 0; i < MEASURE_PAIRS; i++) {
        struct plain_ref other = plain_weak_upgrade(weak);
        MEASURE_HIDE(other.at);
        plain_ref_drop(&other);
    }
    measure_end("upgrade", MEASURE_PAIRS);
    node_ref_drop(&noted);
    measure_begin();
    for (long i = 0; i < MEASURE_PAIRS; i++) {
        struct node_ref other = node_ref_clone(node);
        MEASURE_HIDE(other.at);
        node_ref_drop(&other);
    }
    measure_end("cyclic", MEASURE_PAIRS);
    plain_weak_drop(&weak);
    plain_ref_drop(&object);
    node_ref_drop(&node);
}

static void measure_objects(void)
{
    struct item_ref list = {NULL};

    measure_begin();
    for (long i = 0; i < MEASURE_NEW; i++) {
        struct plain_ref object = plain_ref_new();
        MEASURE_HIDE(object.at);
        plain_ref_drop(&object);
    }
    measure_end("new", MEASURE_NEW);
    for (long i = 0; i < MEASURE_MANY; i++) {
        struct item_ref item = item_ref_new();
        item.at->next = list;
        list = item;
    }
    measure_begin();
    item_ref_drop(&list);
    measure_end("list", MEASURE_MANY);
}

/* A ring; with `mesh` back and forth, and every object has been noted. */
static struct node_ref make_ring(int mesh)
{
    struct node_ref first = node_ref_new();
    struct node *last = first.at;

    for (long i = 1; i < MEASURE_MANY; i++) {
        last->next = node_ref_new();
        if (mesh) {
            struct node_ref noted = node_ref_clone(last->next);
            noted.at->prev = node_ref_of(last);
            node_ref_drop(&noted);
        }
        last = last->next.at;
    }
    last->next = node_ref_clone(first);
    return first;
}

static int measure_cycle(const char *name, int mesh)
{
    struct node_ref ring = make_ring(mesh);

    node_ref_drop(&ring);
    measure_begin();
    size_t count = mn_ref_collect();
    measure_end(name, 1000000);
    return count == MEASURE_MANY ? 0 : 1;
}

int main(void)
{
    measure_pairs();
    measure_objects();
    return measure_cycle("ring", 0) + measure_cycle("mesh", 1);
}
