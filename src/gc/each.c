/* SPDX-License-Identifier: MIT */
/* each.c -- going over pages and objects. */
#include "gc/gc.h"

void mni_gc_each_page(struct mni_gc *gc, bool full, mni_gc_page_fn fn)
{
    if (full) {
        /* From the end on, so that lists that are built by it begin with low
         * addresses. */
        for (uint32_t page = gc->page_end; page-- > 0;)
            if (gc->pages[page].kind != NULL)
                fn(gc, page);
        return;
    }
    for (uint32_t page = gc->young; page != MNI_GC_NONE;) {
        uint32_t next = gc->pages[page].young;
        fn(gc, page);
        page = next;
    }
}

void mni_gc_each_marked(struct mni_gc *gc, uint32_t page, mni_gc_object_fn fn,
                        void *context)
{
    struct mni_gc_page *record = &gc->pages[page];
    unsigned char *start = mni_gc_page_start(gc, page);
    size_t size = record->kind->size;
    size_t count = record->bytes != 0 ? 1 : record->kind->slots;

    for (size_t i = 0; i < count; i++)
        if (mni_gc_is_marked(gc, (uintptr_t)(start + i * size)))
            fn(gc, record, start + i * size, context);
}
