/* SPDX-License-Identifier: MIT */
/* mneme.c -- the loads with a collector; COLLECTOR in the environment says of
 * what sort: "full" or "generational", with frames; and with -DSTACK, by what
 * is on the stack. MARKERS is how many threads mark. */
#include <mn/root.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

MN_TYPE_DECLARE(node);
struct node {
    struct node *left, *right;
};
MN_TYPE(node, MN_REFERENCES(MN_MEMBER_IS(GC, node, left, node),
                            MN_MEMBER_IS(GC, node, right, node)));

MN_TYPE_DECLARE(value);
struct value {
    char byte;
};
MN_TYPE(value, .drop = NULL);

MN_TYPE_DECLARE(node_entry);
struct node_entry {
    struct node_entry *next, *newer, *older;
    union {
        char *value;
        struct value *described;
    };
    uint64_t key, spare;
};
MN_TYPE(node_entry,
        MN_REFERENCES(MN_MEMBER_IS(GC, node_entry, next, node_entry),
                      MN_MEMBER_IS(GC, node_entry, newer, node_entry),
                      MN_MEMBER_IS(GC, node_entry, older, node_entry),
                      MN_MEMBER_IS(GC, node_entry, described, value)));

MN_TYPE_DECLARE(bucket);
struct bucket {
    struct node_entry *first;
};
MN_TYPE(bucket, MN_REFERENCES(MN_MEMBER_IS(GC, bucket, first, node_entry)));

static struct {
    struct node *tree, *long_lived;
    struct bucket *table;
    struct node_entry *newest, *oldest, *fresh;
} mneme_root, *const load_root = &mneme_root;

static struct mn_gc *gc;
static struct mn_gc_kind *nodes, *entries;

#define LOAD_TABLE ((struct node_entry **)load_root->table)
#define LOAD_STORE(holder, field, what)                                        \
    mn_gc_store(gc, holder, &(holder)->field, what)
#define LOAD_STORE_TABLE(bucket, what)                                         \
    mn_gc_store(gc, load_root->table, bucket, what)
#ifdef STACK
#define LOAD_ENTER(type) type *kept
#define LOAD_KEEP(what) (kept = (what))
#define LOAD_KEPT kept
#define LOAD_LEAVE return kept
#else
#define LOAD_ENTER(type) MN_GC_FRAME(gc, my, type *kept;)
#define LOAD_KEEP(what) (my.kept = (what))
#define LOAD_KEPT my.kept
#define LOAD_LEAVE return my.kept
#endif
#define load_drop_tree(tree) (void)(tree)
#define load_drop_entry(entry) (void)(entry)

static inline struct node *load_node(void)
{
    return mn_gc_take(nodes);
}

static inline struct node_entry *load_entry(void)
{
    return mn_gc_take(entries);
}

static inline char *load_value(size_t size)
{
    return mn_gc_new_leaf(gc, size);
}

static void *load_table(size_t count)
{
    return mn_gc_new_array(gc, &bucket_type, count);
}

#include "loads.h"

static void mneme_phase(struct mn_gc *which, enum mn_gc_phase phase,
                        void *context)
{
    (void)which;
    (void)context;
    if (phase != MN_GC_MARKED)
        load_pause(phase == MN_GC_BEGIN);
}

int main(int count, char **names)
{
    const char *sort = getenv("COLLECTOR");
    const char *markers = getenv("MARKERS");
    struct mn_gc_options options = {
        .generational = sort != NULL && strcmp(sort, "generational") == 0,
        .phase = mneme_phase,
        .markers = markers == NULL ? 1 : (unsigned)atoi(markers),
    };
    struct mn_gc_root root;

#ifdef STACK
    options.stack = MN_GC_HERE;
#endif
    gc = mn_gc_create(&options);
    nodes = mn_gc_kind(gc, &node_type);
    entries = mn_gc_kind(gc, &node_entry_type);
    mn_gc_root_begin(gc, &root, MN_GC_EXACT, &mneme_root,
                     sizeof mneme_root / sizeof(void *));
    int status = load_main(count, names);
    struct mn_gc_stats stats;
    mn_gc_read_stats(gc, &stats);
    fprintf(stderr, "    %zu MB live, %zu MB used, %lu minor, %lu full\n",
            stats.live >> 20, stats.used_max >> 20,
            (unsigned long)stats.minor_count, (unsigned long)stats.full_count);
    fprintf(stderr, "    pauses by the clock: %.1f ms, longest %.1f ms\n",
            (double)stats.pause_ns_sum / 1e6, (double)stats.pause_ns_max / 1e6);
    return status;
}
