/* SPDX-License-Identifier: MIT */
/* kinds.c -- descriptors and kinds of objects.
 *
 * Both come down to a procedure that follows an object: the program's own, or
 * one that follows the words of a map. The objects have a type whose visit
 * calls it. */
#include "front/front.h"

enum { KINDS_MOST = 256, KINDS_MANY = 8 };

/* The kinds that there are from the start. */
enum {
    KINDS_LEAF,
    KINDS_UNTYPED,
    KINDS_KEPT,
    KINDS_LEAF_KEPT,
    KINDS_FIRST /* the first that a program makes */
};

/* A kind that the program made. */
struct kinds_own {
    struct mn_type type; /* of objects with a procedure */
    GC_mark_proc function;
    GC_word environment;
    bool leaf;
};

static struct kinds_own kinds_own[KINDS_MOST];
static unsigned kinds_count = KINDS_FIRST;
static GC_mark_proc kinds_functions[GC_MAX_MARK_PROCS];
static unsigned kinds_function_count = 1;

/* While a procedure runs: what hands on the objects that it names. */
static struct {
    mn_member_fn call;
    void *context;
} kinds_visit;

/* ---- procedures ---- */

/* Follow an object that a procedure of the program knows. */
static void kinds_follow(void *object, mn_member_fn call, void *context)
{
    static GC_word stack[2]; /* never used, but not NULL */
    const struct mni_gc_page *page =
        mni_gc_page_of(mni_front.gc, (uintptr_t)object);
    const struct kinds_own *own = (const struct kinds_own *)page->kind->type;

    if (!mni_front.marking)
        return; /* there are only references of the kind that is marked */
    kinds_visit.call = call;
    kinds_visit.context = context;
    (void)own->function(object, (struct GC_ms_entry *)&stack[0],
                        (struct GC_ms_entry *)&stack[1], own->environment);
    kinds_visit.call = NULL;
}

struct GC_ms_entry *GC_mark_and_push(void *object, struct GC_ms_entry *top,
                                     struct GC_ms_entry *limit, void **from)
{
    static const struct mn_member member = {.kind = MN_MEMBER_GC};
    uintptr_t found = mni_gc_resolve(mni_front.gc, (uintptr_t)object, true);

    (void)limit;
    (void)from;
    if (found != 0 && kinds_visit.call != NULL)
        kinds_visit.call(&found, &member, kinds_visit.context);
    else if (found != 0)
        mni_gc_push(mni_front.gc, found);
    return top;
}

unsigned GC_new_proc(GC_mark_proc function)
{
    (void)mni_front_enter();
    MN_CHECK(kinds_function_count < GC_MAX_MARK_PROCS,
             "more than 64 procedures of kinds");
    unsigned number = kinds_function_count++;
    kinds_functions[number] = function;
    mni_front_leave();
    return number;
}

/* ---- kinds ---- */

/* The kind of objects that the procedure follows. Requires: the lock. */
static struct kinds_own *kinds_add(GC_mark_proc function, GC_word environment)
{
    MN_CHECK(kinds_count < KINDS_MOST, "more than 256 kinds of objects");
    struct kinds_own *own = &kinds_own[kinds_count++];
    own->function = function;
    own->environment = environment;
    own->type = (struct mn_type){
        .name = "kind", .size = 1, .align = 1, .visit = kinds_follow};
    return own;
}

void **GC_new_free_list(void)
{
    return GC_malloc_uncollectable(sizeof(void *));
}

unsigned GC_new_kind(void **list, GC_word descriptor, int adjust, int clear)
{
    (void)list;
    (void)clear; /* leaves are not; procedures need it */
    (void)mni_front_enter();
    MN_CHECK(kinds_count < KINDS_MOST, "more than 256 kinds of objects");
    struct kinds_own *own = &kinds_own[kinds_count];
    if ((descriptor & GC_DS_TAGS) == GC_DS_PROC) {
        descriptor >>= GC_DS_TAG_BITS;
        (void)kinds_add(kinds_functions[descriptor % GC_MAX_MARK_PROCS],
                        descriptor / GC_MAX_MARK_PROCS);
    } else {
        MN_CHECK(kinds_count < KINDS_MOST, "more than 256 kinds of objects");
        own->leaf = descriptor == GC_DS_LENGTH && !adjust;
        kinds_count++;
    }
    mni_front_leave();
    return (unsigned)(own - kinds_own);
}

/* An object that only a procedure knows to follow. */
static void *kinds_alloc(const struct kinds_own *own, size_t size)
{
    struct mni_gc *gc = mni_front_enter();
    void *object = NULL;

    if (size <= PTRDIFF_MAX - mni_front.extra)
        object =
            mni_gc_alloc(gc, &own->type, MNI_GC_OBJECT, size + mni_front.extra);
    mni_front_leave();
    return object == NULL ? GC_get_oom_fn()(size) : object;
}

void *GC_generic_malloc(size_t size, int kind)
{
    MN_CHECK(kind >= 0 && (unsigned)kind < kinds_count, "a kind that is not");
    const struct kinds_own *own = &kinds_own[kind];
    bool leaf = kind == KINDS_LEAF || kind == KINDS_LEAF_KEPT || own->leaf;

    if (own->function != NULL)
        return kinds_alloc(own, size);
    return mni_front_alloc(size, leaf ? MNI_GC_LEAF : MNI_GC_UNTYPED,
                           kind == KINDS_KEPT || kind == KINDS_LEAF_KEPT);
}

/* ---- descriptors ---- */

/* Follow the words whose bits are set. */
static struct GC_ms_entry *kinds_map(GC_word *object, struct GC_ms_entry *top,
                                     struct GC_ms_entry *limit, GC_word map)
{
    for (; map != 0; map &= map - 1) {
        void **word = (void **)&object[mni_lowest_bit(map)];
        (void)GC_mark_and_push(*word, top, limit, word);
    }
    return top;
}

/* A descriptor for objects with that map: the number of their kind. */
static GC_descr kinds_descriptor(GC_word map)
{
    (void)mni_front_enter();
    unsigned kind = KINDS_FIRST;
    while (kind < kinds_count
           && (kinds_own[kind].function != kinds_map
               || kinds_own[kind].environment != map))
        kind++;
    if (kind == kinds_count)
        (void)kinds_add(kinds_map, map);
    mni_front_leave();
    return (GC_descr)kind << GC_DS_TAG_BITS | GC_DS_BITMAP;
}

/* Maps of more than a word say only whether there is any bit. */
GC_descr GC_make_descriptor(const GC_word *map, size_t words)
{
    GC_word first = 0;
    bool is_long = false;

    for (size_t i = 0; i < words; i++)
        if (!GC_get_bit(map, i))
            continue;
        else if (i < GC_WORDSZ)
            first |= (GC_word)1 << i;
        else
            is_long = true;
    if (is_long)
        return (GC_descr)words * sizeof(GC_word);
    return first == 0 ? 0 : kinds_descriptor(first);
}

void *GC_malloc_explicitly_typed(size_t size, GC_descr descriptor)
{
    if (descriptor == 0)
        return GC_malloc_atomic(size);
    if ((descriptor & GC_DS_TAGS) != GC_DS_BITMAP)
        return GC_malloc(size);
    size_t kind = descriptor >> GC_DS_TAG_BITS;
    MN_CHECK(kind < kinds_count, "a descriptor that is none");
    size_t least =
        sizeof(GC_word) * (1 + mni_highest_bit(kinds_own[kind].environment));
    return kinds_alloc(&kinds_own[kind], size < least ? least : size);
}

void *GC_malloc_explicitly_typed_ignore_off_page(size_t size,
                                                 GC_descr descriptor)
{
    return GC_malloc_explicitly_typed(size, descriptor);
}

/* Of several, the map is not known to be repeated: all words count. */
void *GC_calloc_explicitly_typed(size_t count, size_t size, GC_descr descriptor)
{
    size_t all;

    if (!mni_multiply(count, size, &all))
        return GC_get_oom_fn()(SIZE_MAX);
    if (count == 1)
        return GC_malloc_explicitly_typed(all, descriptor);
    void *object = descriptor == 0 ? GC_malloc_atomic(all) : GC_malloc(all);
    if (object != NULL && descriptor == 0)
        __builtin_memset(object, 0, all);
    return object;
}

/* ---- by kind ---- */

void *GC_generic_malloc_ignore_off_page(size_t size, int kind)
{
    return GC_generic_malloc(size, kind);
}

void *GC_malloc_kind(size_t size, int kind)
{
    return GC_generic_malloc(size, kind);
}

void *GC_malloc_kind_global(size_t size, int kind)
{
    return GC_generic_malloc(size, kind);
}

void GC_generic_malloc_many(size_t size, int kind, void **result)
{
    void *list = NULL;

    if (size < sizeof(void *))
        size = sizeof(void *);
    for (int i = 0; i < KINDS_MANY; i++) {
        void *object = GC_generic_malloc(size, kind);
        if (object == NULL)
            break;
        GC_NEXT(object) = list;
        list = object;
        /* A list of others would keep nothing but its first alive. */
        if (kind != KINDS_UNTYPED && kind != KINDS_KEPT)
            break;
    }
    *result = list;
}

void *GC_malloc_many(size_t size)
{
    void *list;

    GC_generic_malloc_many(size, KINDS_UNTYPED, &list);
    return list;
}
