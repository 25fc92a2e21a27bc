/* SPDX-License-Identifier: MIT */
/* ephemeron.c -- values that are followed once their key is marked.
 *
 * To marking, ephemerons are leaves. When it is through, those that were found
 * are gone over: who has a marked key gives its value, and who has not waits.
 * The mark byte of a key that is waited for says so, and the marking that goes
 * on then hands over what waits as it marks the key, and each ephemeron that
 * it finds. So each is looked at twice at most, however long their chains are.
 *
 * Who waits is in a tree of its key's page, which branches by the bits of the
 * key's place: at most ten levels deep in pages of 16 KiB. Ephemerons are its
 * nodes, so that nothing here needs memory.
 */
#include <mn/ephemeron.h>

#include "gc/gc.h"

enum ephemeron_state {
    EPHEMERON_IDLE,   /* and the links are NULL: so between collections */
    EPHEMERON_LISTED, /* is to be looked at, or was */
    EPHEMERON_WAITS
};

struct mn_gc_ephemeron {
    uintptr_t key, value;         /* both 0 once the key is dead */
    struct mn_gc_ephemeron *next; /* in the list, or that waits for that key */
    struct mn_gc_ephemeron *child[2];
    size_t state;
};

const struct mn_type mn_gc_ephemeron_type = {
    .name = "mn_gc_ephemeron",
    .size = sizeof(struct mn_gc_ephemeron),
    .align = _Alignof(struct mn_gc_ephemeron),
};

_Static_assert(sizeof(struct mn_gc_ephemeron) <= 64,
               "slots even in the least pages, which are 256 bytes");

/* ---- all that were found ---- */

static void ephemeron_each_in(struct mni_gc *gc, uint32_t page,
                              mni_gc_object_fn fn)
{
    if (gc->pages[page].kind->shape == MNI_GC_EPHEMERON)
        mni_gc_each_marked(gc, page, fn, NULL);
}

/* Call `fn` with each marked ephemeron whose key may be unmarked, or its value:
 * in a minor collection, with the young and the changed. */
static void ephemeron_each(struct mni_gc *gc, mni_gc_object_fn fn)
{
    if (gc->full) {
        for (uint32_t page = 0; page < gc->page_end; page++)
            if (gc->pages[page].kind != NULL)
                ephemeron_each_in(gc, page, fn);
        return;
    }
    for (uint32_t page = gc->young; page != MNI_GC_NONE;
         page = gc->pages[page].young)
        ephemeron_each_in(gc, page, fn);
    for (size_t i = 0; i < gc->log_count; i++) {
        uintptr_t entry = gc->log[i];
        if (entry == 0 || entry % 2 != 0)
            continue;
        struct mni_gc_page *page = mni_gc_page_of(gc, entry);
        if (page->kind->shape == MNI_GC_EPHEMERON)
            fn(gc, page, gc->heap.start + (entry - gc->front.base), NULL);
    }
}

static bool ephemeron_is_alive(const struct mni_gc *gc,
                               const struct mn_gc_ephemeron *pair)
{
    return pair->key != 0 && mni_gc_is_marked(gc, pair->key);
}

/* Whether the value is still to be marked, if the key is. */
static bool ephemeron_matters(const struct mni_gc *gc,
                              const struct mn_gc_ephemeron *pair)
{
    return pair->key != 0 && mni_gc_holds(gc, pair->value)
           && !mni_gc_is_marked(gc, pair->value);
}

static void ephemeron_push(struct mni_gc *gc, struct mni_gc_page *page,
                           unsigned char *object, void *context)
{
    const struct mn_gc_ephemeron *pair = (const void *)object;

    (void)page;
    (void)context;
    if (ephemeron_matters(gc, pair) && ephemeron_is_alive(gc, pair))
        mni_gc_push(gc, pair->value);
}

void mni_gc_push_values(struct mni_gc *gc)
{
    ephemeron_each(gc, ephemeron_push);
}

/* ---- who waits for a key ---- */

static size_t ephemeron_place(const struct mni_gc *gc, uintptr_t key)
{
    return (key - gc->front.base) / MN_GC_GRANULE;
}

/* The root of a page's tree, which is a place plus 1, as pages have no more
 * room for it, or 0. */
static struct mn_gc_ephemeron *ephemeron_root(const struct mni_gc *gc,
                                              const struct mni_gc_page *page)
{
    size_t offset = ((size_t)page->waits - 1) * MN_GC_GRANULE;

    return page->waits == 0 ? NULL : (void *)(gc->heap.start + offset);
}

static void ephemeron_wait(struct mni_gc *gc, struct mn_gc_ephemeron *pair)
{
    struct mni_gc_page *page = mni_gc_page_of(gc, pair->key);
    struct mn_gc_ephemeron *at = ephemeron_root(gc, page);
    size_t place = ephemeron_place(gc, pair->key);

    pair->state = EPHEMERON_WAITS;
    pair->next = NULL;
    *mni_gc_mark(gc, pair->key) |= MNI_GC_KEY;
    if (at == NULL)
        page->waits = (uint32_t)(ephemeron_place(gc, (uintptr_t)pair) + 1);
    for (; at != NULL && at->key != pair->key; place >>= 1) {
        struct mn_gc_ephemeron **child = &at->child[place & 1];
        at = *child;
        if (at == NULL)
            *child = pair;
    }
    if (at != NULL) {
        pair->next = at->next;
        at->next = pair;
    }
}

/* The key is marked: list who waits for it. They stay in the tree, where nobody
 * looks for that key again, as others hang on them. */
static void ephemeron_wake(struct mni_gc *gc, uintptr_t key)
{
    struct mn_gc_ephemeron *at = ephemeron_root(gc, mni_gc_page_of(gc, key));
    size_t place = ephemeron_place(gc, key);

    for (; at != NULL && at->key != key; place >>= 1)
        at = at->child[place & 1];
    MN_CHECK(at != NULL, "a damaged ephemeron");
    struct mn_gc_ephemeron *last = at;
    for (; last->next != NULL; last = last->next)
        last->state = EPHEMERON_LISTED;
    last->state = EPHEMERON_LISTED;
    last->next = gc->pairs;
    gc->pairs = at;
}

/* ---- while marking goes on ---- */

static void ephemeron_list(struct mni_gc *gc, struct mni_gc_page *page,
                           unsigned char *object, void *context)
{
    struct mn_gc_ephemeron *pair = (void *)object;

    (void)page;
    (void)context;
    if (!ephemeron_matters(gc, pair))
        return;
    /* What is changed and in a young page comes twice, but its key is old, and
     * so its value is marked by now. */
    MN_ASSERT(pair->state == EPHEMERON_IDLE);
    pair->state = EPHEMERON_LISTED;
    pair->next = gc->pairs;
    gc->pairs = pair;
}

void mni_gc_watch_keys(struct mni_gc *gc)
{
    ephemeron_each(gc, ephemeron_list);
    gc->watches = true;
}

void mni_gc_meet(struct mni_gc *gc, struct mni_gc_page *page, uintptr_t object)
{
    if (*mni_gc_mark(gc, object) & MNI_GC_KEY)
        ephemeron_wake(gc, object);
    if (page->kind->shape == MNI_GC_EPHEMERON)
        ephemeron_list(gc, page, gc->heap.start + (object - gc->front.base),
                       NULL);
}

bool mni_gc_look(struct mni_gc *gc)
{
    bool any = gc->pairs != NULL;

    while (gc->pairs != NULL) {
        struct mn_gc_ephemeron *pair = gc->pairs;
        gc->pairs = pair->next;
        if (!ephemeron_is_alive(gc, pair))
            ephemeron_wait(gc, pair);
        else if (ephemeron_matters(gc, pair))
            mni_gc_push(gc, pair->value);
    }
    return any;
}

static void ephemeron_rest(struct mni_gc *gc, struct mni_gc_page *page,
                           unsigned char *object, void *context)
{
    struct mn_gc_ephemeron *pair = (void *)object;

    (void)page;
    (void)context;
    if (pair->state == EPHEMERON_IDLE)
        return;
    mni_gc_page_of(gc, pair->key)->waits = 0;
    *mni_gc_mark(gc, pair->key) &= (unsigned char)~MNI_GC_KEY;
    *pair = (struct mn_gc_ephemeron){.key = pair->key, .value = pair->value};
}

void mni_gc_forget_keys(struct mni_gc *gc)
{
    gc->watches = false;
    ephemeron_each(gc, ephemeron_rest);
}

/* ---- the end ---- */

static void ephemeron_end(struct mni_gc *gc, struct mni_gc_page *page,
                          unsigned char *object, void *context)
{
    struct mn_gc_ephemeron *pair = (void *)object;

    (void)page;
    (void)context;
    if (!ephemeron_is_alive(gc, pair))
        pair->key = pair->value = 0;
}

void mni_gc_clear_ephemerons(struct mni_gc *gc)
{
    ephemeron_each(gc, ephemeron_end);
}

bool mni_gc_ephemeron_check(const struct mni_gc *gc, const void *object)
{
    const struct mn_gc_ephemeron *pair = object;

    if (pair->key == 0 && pair->value != 0)
        return false;
    if (pair->key != 0 && mni_gc_resolve(gc, pair->key, false) == 0)
        return false;
    return pair->state == EPHEMERON_IDLE && pair->next == NULL
           && pair->child[0] == NULL && pair->child[1] == NULL
           && (!mni_gc_holds(gc, pair->value)
               || mni_gc_resolve(gc, pair->value, false) != 0);
}

/* ---- for programs ---- */

/* Stop unless an object could start there. Whether one does, only a thread can
 * tell that has all others stand still. */
static void ephemeron_expect_start(struct mni_gc *gc, uintptr_t address)
{
    size_t offset = (address - gc->front.base) & (mni_gc_page_size(gc) - 1);
    bool starts = false;

    mni_gc_lock(gc);
    const struct mni_gc_page *page = mni_gc_page_of(gc, address);
    if (page < gc->pages + gc->page_end && page->kind != NULL)
        starts =
            offset == 0 || (page->bytes == 0 && offset % page->kind->size == 0);
    mni_gc_unlock(gc);
    MN_CHECK(starts, "an ephemeron of what is no object");
}

struct mn_gc_ephemeron *mn_gc_ephemeron_new(struct mn_gc *front, void *key,
                                            void *value)
{
    struct mni_gc *gc = mni_gc(front);
    MN_GC_FRAME(front, my, void *key; void *value;);

    MN_CHECK(mni_gc_holds(gc, (uintptr_t)key),
             "an ephemeron whose key is not of the collector");
    ephemeron_expect_start(gc, (uintptr_t)key);
    if (mni_gc_holds(gc, (uintptr_t)value))
        ephemeron_expect_start(gc, (uintptr_t)value);
    my.key = key;
    my.value = value;
    struct mni_gc_run *run = mni_gc_run_of(front->self, NULL, MNI_GC_EPHEMERON,
                                           sizeof(struct mn_gc_ephemeron));
    struct mn_gc_ephemeron *pair = run == NULL ? NULL : mn_gc_take(&run->front);
    if (pair == NULL)
        return NULL;
    mni_byte_set(&gc->paired);
    pair->key = (uintptr_t)key;
    pair->value = (uintptr_t)value;
    return pair;
}

void *mn_gc_ephemeron_key(const struct mn_gc_ephemeron *pair)
{
    return (void *)pair->key;
}

void *mn_gc_ephemeron_value(const struct mn_gc_ephemeron *pair)
{
    return (void *)pair->value;
}

void mn_gc_ephemeron_store(struct mn_gc *front, struct mn_gc_ephemeron *pair,
                           void *value)
{
    struct mni_gc *gc = mni_gc(front);

    if (pair->key == 0)
        return;
    if (mni_gc_holds(gc, (uintptr_t)value))
        ephemeron_expect_start(gc, (uintptr_t)value);
    mn_gc_store(front, pair, &pair->value, value);
}

void mn_gc_ephemeron_clear(struct mn_gc_ephemeron *pair)
{
    pair->key = pair->value = 0;
}
