/* SPDX-License-Identifier: MIT */
/* by_hand.c -- the loads with malloc and free. */
#include <stdint.h>
#include <stdlib.h>

struct node {
    struct node *left, *right;
};
struct node_entry {
    struct node_entry *next, *newer, *older;
    char *value;
    uint64_t key, spare;
};
static struct {
    struct node *tree, *long_lived;
    struct node_entry **table, *newest, *oldest, *fresh;
} hand_root, *const load_root = &hand_root;

#define LOAD_TABLE load_root->table
#define LOAD_STORE(holder, field, what) ((holder)->field = (what))
#define LOAD_STORE_TABLE(bucket, what) (*(bucket) = (what))
#define LOAD_ENTER(type) type *kept
#define LOAD_KEEP(what) (kept = (what))
#define LOAD_KEPT kept
#define LOAD_LEAVE return kept

static inline struct node *load_node(void)
{
    struct node *node = malloc(sizeof *node);

    node->left = node->right = NULL;
    return node;
}

static inline struct node_entry *load_entry(void)
{
    return calloc(1, sizeof(struct node_entry));
}

static inline char *load_value(size_t size)
{
    return malloc(size);
}

static struct node_entry **load_table(size_t count)
{
    return calloc(count, sizeof(struct node_entry *));
}

static void load_drop_tree(struct node *node)
{
    if (node->left != NULL) {
        load_drop_tree(node->left);
        load_drop_tree(node->right);
    }
    free(node);
}

static void load_drop_entry(struct node_entry *entry)
{
    free(entry->value);
    free(entry);
}

#include "loads.h"

int main(int count, char **names)
{
    return load_main(count, names);
}
