/* SPDX-License-Identifier: MIT */
/* verify.c -- finding stores that did not go through mn_gc_store.
 *
 * After a minor marking, what a marked object refers to must be marked. If it
 * is not, the object is old, and was changed without a word.
 */
#include "gc/gc.h"

#include "gc/peek.h"

static void verify_value(const struct mni_gc *gc, const unsigned char *object,
                         uintptr_t value)
{
    struct mn_block block;

    if (!mni_gc_holds(gc, value) || mni_gc_is_marked(gc, value))
        return;
    value = mni_gc_resolve(gc, value, gc->options.interior);
    if (value == 0 || mni_gc_is_marked(gc, value))
        return;
    bool known = mn_gc_block_at(&gc->front, object, &block);
    mni_stop_at("change", object, "a reference was stored without mn_gc_store",
                known ? &block : NULL);
}

struct verify_visit {
    struct mni_gc *gc;
    unsigned char *object;
};

static void verify_visited(void *slot, const struct mn_member *member,
                           void *context)
{
    const struct verify_visit *visit = context;
    uintptr_t value;

    __builtin_memcpy(&value, slot, sizeof value);
    if (member->kind == MN_MEMBER_GC)
        verify_value(visit->gc, visit->object, value);
}

MNI_GC_PEEKS static void verify_words(const struct mni_gc *gc,
                                      const unsigned char *object, size_t count)
{
    const uintptr_t *words = (const uintptr_t *)(const void *)object;

    for (size_t i = 0; i < count; i++)
        verify_value(gc, object, words[i]);
}

static void verify_object(struct mni_gc *gc, struct mni_gc_page *page,
                          unsigned char *object, void *context)
{
    const struct mni_gc_kind *kind = page->kind;
    size_t count = kind->strong_count == 0 ? 0 : mni_gc_elements(page);

    (void)context;
    if (kind->shape == MNI_GC_UNTYPED)
        verify_words(gc, object, mni_gc_bytes(page) / sizeof(void *));
    for (size_t i = 0; i < count; i++)
        for (uint32_t k = 0; k < kind->strong_count; k++) {
            uintptr_t value;
            __builtin_memcpy(&value,
                             object + i * kind->type->size + kind->offsets[k],
                             sizeof value);
            verify_value(gc, object, value);
        }
    if (kind->visited) {
        struct verify_visit visit = {gc, object};
        kind->type->visit(object, verify_visited, &visit);
    }
}

static void verify_page(struct mni_gc *gc, uint32_t page)
{
    if (gc->pages[page].kind->shape != MNI_GC_LEAF)
        mni_gc_each_marked(gc, page, verify_object, NULL);
}

void mni_gc_verify(struct mni_gc *gc)
{
    mni_gc_each_page(gc, true, verify_page);
}
