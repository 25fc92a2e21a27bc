/* SPDX-License-Identifier: MIT */
/* links.c -- words that become NULL when an object is dead.
 *
 * Short links go before finalizers are looked at, long ones when an object is
 * to be reclaimed.
 */
#include "front/front.h"

void mni_front_clear_links(struct mni_gc *gc, struct mni_front_table *links)
{
    for (size_t i = 0; i < links->capacity;) {
        struct mni_front_entry *entry = &links->entries[i];
        if (entry->key == 0 || mni_gc_is_marked(gc, entry->object)) {
            i++;
            continue;
        }
        *(void **)entry->key = NULL;
        mni_front_remove(links, entry);
    }
}

void mni_front_forget_links(struct mni_gc *gc, struct mni_front_table *links)
{
    for (size_t i = 0; i < links->capacity;) {
        struct mni_front_entry *entry = &links->entries[i];
        uintptr_t holder =
            entry->key == 0 ? 0 : mni_gc_resolve(gc, entry->key, true);
        if (holder == 0 || mni_gc_is_marked(gc, holder))
            i++;
        else
            mni_front_remove(links, entry);
    }
}

static int links_add(struct mni_front_table *links, void **link,
                     const void *target)
{
    struct mni_gc *gc = mni_front_enter();
    int result = GC_SUCCESS;

    MN_CHECK((uintptr_t)link % sizeof(void *) == 0,
             "a link that is not aligned");
    uintptr_t object = mni_gc_resolve(gc, (uintptr_t)target, true);
    struct mni_front_entry *entry = mni_front_find(links, (uintptr_t)link);
    if (object == 0)
        result = GC_UNIMPLEMENTED; /* it never dies */
    else if (entry != NULL)
        result = GC_DUPLICATE;
    else if ((entry = mni_front_put(links, (uintptr_t)link)) == NULL)
        result = GC_NO_MEMORY;
    if (entry != NULL && object != 0)
        entry->object = object;
    mni_front_leave();
    return result;
}

static int links_remove(struct mni_front_table *links, void **link)
{
    (void)mni_front_enter();
    struct mni_front_entry *entry = mni_front_find(links, (uintptr_t)link);
    if (entry != NULL)
        mni_front_remove(links, entry);
    mni_front_leave();
    return entry != NULL;
}

static int links_move(struct mni_front_table *links, void **link, void **to)
{
    (void)mni_front_enter();
    struct mni_front_entry *entry = mni_front_find(links, (uintptr_t)link);
    int result = GC_SUCCESS;

    if (entry == NULL) {
        result = GC_NOT_FOUND;
    } else if (link != to) {
        uintptr_t object = entry->object;
        if (mni_front_find(links, (uintptr_t)to) != NULL) {
            result = GC_DUPLICATE;
        } else {
            /* One goes, so the other has a place. */
            mni_front_remove(links, entry);
            entry = mni_front_put(links, (uintptr_t)to);
            entry->object = object;
        }
    }
    mni_front_leave();
    return result;
}

int GC_register_disappearing_link(void **link)
{
    const void *base = GC_base(link);

    MN_CHECK(base != NULL, "a link that is in no object of libgc");
    return links_add(&mni_front.links, link, base);
}

int GC_general_register_disappearing_link(void **link, const void *object)
{
    return links_add(&mni_front.links, link, object);
}

int GC_move_disappearing_link(void **link, void **to)
{
    return links_move(&mni_front.links, link, to);
}

int GC_unregister_disappearing_link(void **link)
{
    return links_remove(&mni_front.links, link);
}

int GC_register_long_link(void **link, const void *object)
{
    return links_add(&mni_front.long_links, link, object);
}

int GC_move_long_link(void **link, void **to)
{
    return links_move(&mni_front.long_links, link, to);
}

int GC_unregister_long_link(void **link)
{
    return links_remove(&mni_front.long_links, link);
}
