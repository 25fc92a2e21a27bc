/* SPDX-License-Identifier: MIT */
/* final.c -- functions that are to be called when an object is dead.
 *
 * Of those that keep an order, an object waits while another dead one leads to
 * it: first what dead objects with a finalizer lead to is marked, and then what
 * is still not marked is ready. Ready ones are in a ring, in which there was
 * room for each since it was registered, and are roots until they were called.
 */
#include "front/front.h"

enum final_mode {
    FINAL_ORDERED,
    FINAL_IGNORE_SELF,
    FINAL_NO_ORDER,
    FINAL_UNREACHABLE /* and not led to by another one that is ready */
};

enum { FINAL_LEAST = 64 };

static struct mni_front_entry *final_ready(size_t index)
{
    size_t at = mni_front.ready_first + index;

    return &mni_front.ready[at % mni_front.ready_capacity];
}

/* ---- in a collection ---- */

static void final_push_data(struct mni_gc *gc,
                            const struct mni_front_entry *entry)
{
    mni_gc_mark_ambiguous(gc, &entry->data, 1);
}

static void final_push_table(struct mni_gc *gc,
                             const struct mni_front_table *table)
{
    if (table->capacity != 0)
        mni_gc_push(gc, (uintptr_t)table->entries);
}

void mni_front_push_final(struct mni_gc *gc)
{
    const struct mni_front_table *table = &mni_front.finalizers;

    final_push_table(gc, table);
    final_push_table(gc, &mni_front.links);
    final_push_table(gc, &mni_front.long_links);
    for (size_t i = 0; i < table->capacity; i++)
        if (table->entries[i].key != 0)
            final_push_data(gc, &table->entries[i]);
    if (mni_front.ready != NULL)
        mni_gc_push(gc, (uintptr_t)mni_front.ready);
    for (size_t i = 0; i < mni_front.ready_count; i++) {
        mni_gc_push(gc, final_ready(i)->key);
        final_push_data(gc, final_ready(i));
    }
}

/* Mark what a dead object leads to, but not itself by `ignore_self`. */
static void final_mark_children(struct mni_gc *gc, uintptr_t object,
                                bool ignore_self)
{
    const struct mni_gc_page *page = mni_gc_page_of(gc, object);
    const uintptr_t *words = (const uintptr_t *)object;
    size_t count = page->kind->shape == MNI_GC_LEAF
                       ? 0
                       : mni_gc_bytes(page) / sizeof *words;

    if (page->kind->shape == MNI_GC_OBJECT) {
        mni_gc_rescan(gc, object); /* by the program's procedure */
        count = 0;
    }
    for (size_t i = 0; i < count; i++) {
        uintptr_t target = mni_gc_resolve(gc, words[i], true);
        if (target != 0 && !(ignore_self && target == object))
            mni_gc_push(gc, target);
    }
    mni_gc_drain(gc);
}

static void final_mark_dependents(struct mni_gc *gc)
{
    const struct mni_front_table *table = &mni_front.finalizers;

    for (size_t i = 0; i < table->capacity; i++) {
        const struct mni_front_entry *entry = &table->entries[i];
        if (entry->key == 0 || entry->mode > FINAL_IGNORE_SELF
            || mni_gc_is_marked(gc, entry->key))
            continue;
        final_mark_children(gc, entry->key, entry->mode == FINAL_IGNORE_SELF);
        if (mni_gc_is_marked(gc, entry->key))
            mni_front_warn("a cycle of finalizers leads to ", entry->key);
    }
}

/* Move those whose objects are not marked to the ring. How many there were. */
static size_t final_take(struct mni_gc *gc, bool unreachable)
{
    struct mni_front_table *table = &mni_front.finalizers;
    size_t before = mni_front.ready_count;

    for (size_t i = 0; i < table->capacity;) {
        struct mni_front_entry *entry = &table->entries[i];
        if (entry->key == 0 || mni_gc_is_marked(gc, entry->key)
            || (entry->mode == FINAL_UNREACHABLE) != unreachable) {
            i++;
            continue;
        }
        MN_ASSERT(mni_front.ready_count < mni_front.ready_capacity);
        *final_ready(mni_front.ready_count++) = *entry;
        mni_front_remove(table, entry);
    }
    for (size_t i = before; i < mni_front.ready_count; i++)
        mni_gc_push(gc, final_ready(i)->key);
    mni_gc_drain(gc);
    return mni_front.ready_count - before;
}

void mni_front_find_dead(struct mni_gc *gc)
{
    mni_front_clear_links(gc, &mni_front.links);
    final_mark_dependents(gc);
    size_t count = final_take(gc, false);
    count += final_take(gc, true);
    if (count != 0)
        mni_front.told = false;
    mni_front.marking = false;
    mni_front_clear_links(gc, &mni_front.long_links);
    mni_front_forget_links(gc, &mni_front.links);
    mni_front_forget_links(gc, &mni_front.long_links);
}

/* ---- registering ---- */

/* See to it that there is room in the ring for one more than all. */
static bool final_provide(void)
{
    size_t need = mni_front.finalizers.count + mni_front.ready_count + 1;

    if (need <= mni_front.ready_capacity)
        return true;
    size_t capacity = 2 * need < FINAL_LEAST ? FINAL_LEAST : 2 * need;
    struct mni_front_entry *ready =
        mn_gc_new_leaf(&mni_front.gc->front, capacity * sizeof *ready);
    if (ready == NULL)
        return false;
    for (size_t i = 0; i < mni_front.ready_count; i++)
        ready[i] = *final_ready(i);
    mni_front.ready = ready;
    mni_front.ready_first = 0;
    mni_front.ready_capacity = capacity;
    return true;
}

struct final_pair {
    GC_finalization_proc function;
    void *data;
};

/* `pair` becomes what was registered before; false if there is no memory. */
static bool final_set(uintptr_t object, struct final_pair *pair,
                      enum final_mode mode)
{
    struct mni_front_table *table = &mni_front.finalizers;
    struct mni_front_entry *entry = mni_front_find(table, object);
    struct final_pair old = {NULL, NULL};

    if (entry != NULL) {
        __builtin_memcpy(&old.function, &entry->function, sizeof old.function);
        old.data = (void *)entry->data;
    }
    if (pair->function == NULL) {
        if (entry != NULL)
            mni_front_remove(table, entry);
    } else {
        if (entry == NULL
            && (!final_provide()
                || (entry = mni_front_put(table, object)) == NULL))
            return false;
        __builtin_memcpy(&entry->function, &pair->function,
                         sizeof pair->function);
        entry->data = (uintptr_t)pair->data;
        entry->mode = mode;
    }
    *pair = old;
    return true;
}

/* Whatever has no memory for a finalizer is asked for it once. */
static struct final_pair final_register(const void *address,
                                        struct final_pair pair,
                                        enum final_mode mode)
{
    struct mni_gc *gc = mni_front_enter();
    uintptr_t object = mni_gc_resolve(gc, (uintptr_t)address, true);
    bool done = object == 0 || final_set(object, &pair, mode);

    mni_front_leave();
    if (object == 0)
        return (struct final_pair){NULL, NULL}; /* it never dies */
    if (!done) {
        (void)GC_get_oom_fn()(sizeof(struct mni_front_entry));
        pair.function = NULL;
    }
    return pair;
}

#define FINAL_REGISTER(name, mode)                                             \
    void GC_register_finalizer##name(                                          \
        void *object, GC_finalization_proc function, void *data,               \
        GC_finalization_proc *old, void **old_data)                            \
    {                                                                          \
        struct final_pair pair =                                               \
            final_register(object, (struct final_pair){function, data}, mode); \
        if (old != NULL)                                                       \
            *old = pair.function;                                              \
        if (old_data != NULL)                                                  \
            *old_data = pair.data;                                             \
    }

FINAL_REGISTER(, FINAL_ORDERED)
FINAL_REGISTER(_ignore_self, FINAL_IGNORE_SELF)
FINAL_REGISTER(_no_order, FINAL_NO_ORDER)
FINAL_REGISTER(_unreachable, FINAL_UNREACHABLE)

void mni_front_forget(uintptr_t object)
{
    struct mni_front_table *tables[] = {&mni_front.finalizers, &mni_front.kept};

    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        struct mni_front_entry *entry = mni_front_find(tables[i], object);
        if (entry != NULL)
            mni_front_remove(tables[i], entry);
    }
}

/* ---- calling ---- */

int GC_should_invoke_finalizers(void)
{
    return mni_front.ready_count != 0;
}

/* The next one that is ready. Its object is known from here on to the stack
 * only, which is enough. */
static bool final_next(struct mni_front_entry *entry)
{
    (void)mni_front_enter();
    bool is_one = mni_front.ready_count != 0;
    if (is_one) {
        *entry = *final_ready(0);
        mni_front.ready_first++;
        mni_front.ready_first %= mni_front.ready_capacity;
        mni_front.ready_count--;
    }
    mni_front.invoking = is_one;
    mni_front.invoker = pthread_self();
    mni_front_unlock();
    return is_one;
}

int GC_invoke_finalizers(void)
{
    struct mni_front_entry entry;
    int count = 0;

    while (final_next(&entry)) {
        GC_finalization_proc function;
        __builtin_memcpy(&function, &entry.function, sizeof function);
        function((void *)entry.key, (void *)entry.data);
        count++;
    }
    return count;
}

/* As if all objects were dead. */
void GC_finalize_all(void)
{
    do {
        (void)mni_front_enter();
        struct mni_front_table *table = &mni_front.finalizers;
        for (size_t i = 0; i < table->capacity;) {
            struct mni_front_entry *entry = &table->entries[i];
            if (entry->key == 0) {
                i++;
                continue;
            }
            *final_ready(mni_front.ready_count++) = *entry;
            mni_front_remove(table, entry);
        }
        mni_front_unlock();
    } while (GC_invoke_finalizers() != 0);
}
