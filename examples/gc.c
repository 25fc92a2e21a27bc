/* SPDX-License-Identifier: MIT */
/* gc.c -- a table of names, each stored once, as long as anybody uses it.
 *
 * The table refers to names weakly: it finds those that there are, and forgets
 * those that nothing else leads to. Words of a text are read into a sorted tree
 * that counts them; then half of the tree is thrown away. */
#include <mn/root.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { BUCKETS = 64, LENGTH = 15 };

MN_TYPE_DECLARE(name);
struct name {
    char text[LENGTH + 1];
};
MN_TYPE(name, .drop = NULL);

MN_TYPE_DECLARE(word);
struct word {
    struct word *less, *more;
    struct name *name;
    int count;
};
MN_TYPE(word, MN_REFERENCES(MN_MEMBER_IS(GC, word, less, word),
                            MN_MEMBER_IS(GC, word, more, word),
                            MN_MEMBER_IS(GC, word, name, name)));

static const char text[] =
    "the quick brown fox jumps over the lazy dog and the dog barks at the fox "
    "while the brown bear eats the quick berries that the lazy bear found";

static struct mn_gc *gc;
static void *names[BUCKETS];

/* The name with that text, which is made if there is none. */
static struct name *intern(const char *start, size_t length)
{
    uint32_t hash = 5381;

    for (size_t i = 0; i < length; i++)
        hash = hash * 33 + (unsigned char)start[i];
    struct name *name = names[hash % BUCKETS];
    if (name != NULL && strlen(name->text) == length
        && memcmp(name->text, start, length) == 0)
        return name;
    name = mn_gc_new(gc, &name_type);
    if (name != NULL) {
        memcpy(name->text, start, length);
        names[hash % BUCKETS] = name; /* the newest of a bucket is enough */
    }
    return name;
}

/* Count the name in the tree; the tree. */
static struct word *counted(struct word *tree, struct name *name)
{
    MN_GC_FRAME(gc, my, struct word * tree; struct name * name;);

    my.tree = tree;
    my.name = name;
    if (tree == NULL) {
        my.tree = mn_gc_new(gc, &word_type);
        if (my.tree != NULL) {
            my.tree->name = my.name;
            my.tree->count = 1;
        }
        return my.tree;
    }
    int order = strcmp(name->text, tree->name->text);
    if (order == 0)
        tree->count++;
    else if (order < 0)
        my.tree->less = counted(my.tree->less, my.name);
    else
        my.tree->more = counted(my.tree->more, my.name);
    return my.tree;
}

static int known(void)
{
    int count = 0;

    for (int i = 0; i < BUCKETS; i++)
        count += names[i] != NULL;
    return count;
}

int main(void)
{
    struct mn_gc_root root;

    gc = mn_gc_create(NULL);
    if (gc == NULL)
        return 1;
    mn_gc_root_begin(gc, &root, MN_GC_WEAK, names, BUCKETS);
    {
        MN_GC_FRAME(gc, my, struct word * tree;);
        for (const char *at = text; *at != '\0';) {
            size_t length = strcspn(at, " ");
            my.tree = counted(my.tree, intern(at, length));
            at += length + (at[length] == ' ');
        }
        mn_gc_collect(gc, true);
        printf("%d names, \"%s\" %d times\n", known(), my.tree->name->text,
               my.tree->count);
        my.tree->less = NULL;
        mn_gc_collect(gc, true);
        printf("%d names are left\n", known());
    }
    mn_gc_collect(gc, true);
    struct mn_gc_stats stats;
    mn_gc_read_stats(gc, &stats);
    printf("%d names and %llu objects at the end\n", known(),
           (unsigned long long)stats.object_count);
    mn_gc_root_end(&root);
    mn_gc_destroy(gc);
    return stats.object_count == 0 ? 0 : 1;
}
