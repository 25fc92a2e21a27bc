/* SPDX-License-Identifier: MIT */
/* alloc.c -- objects without a type: bytes that may hold pointers, or none. */
#include "front/front.h"

#include <errno.h>

/* Requires: the lock. */
static void *alloc_locked(struct mni_gc *gc, size_t size,
                          enum mni_gc_shape shape, bool kept)
{
    if (size > PTRDIFF_MAX - mni_front.extra)
        return NULL;
    size += mni_front.extra;
    void *object = shape == MNI_GC_LEAF ? mn_gc_new_leaf(&gc->front, size)
                                        : mn_gc_new_untyped(&gc->front, size);
    if (object != NULL && kept
        && mni_front_put(&mni_front.kept, (uintptr_t)object) == NULL)
        return NULL;
    return object;
}

void *mni_front_alloc(size_t size, enum mni_gc_shape shape, bool kept)
{
    struct mni_gc *gc = mni_front_enter();
    void *object = alloc_locked(gc, size, shape, kept);

    mni_front_leave();
    if (object == NULL)
        object = GC_get_oom_fn()(size);
    return object;
}

void *GC_malloc(size_t size)
{
    return mni_front_alloc(size, MNI_GC_UNTYPED, false);
}

void *GC_malloc_atomic(size_t size)
{
    return mni_front_alloc(size, MNI_GC_LEAF, false);
}

void *GC_malloc_uncollectable(size_t size)
{
    return mni_front_alloc(size, MNI_GC_UNTYPED, true);
}

void *GC_malloc_atomic_uncollectable(size_t size)
{
    return mni_front_alloc(size, MNI_GC_LEAF, true);
}

/* A promise to lead to the start is not needed. */
void *GC_malloc_ignore_off_page(size_t size)
{
    return GC_malloc(size);
}

void *GC_malloc_atomic_ignore_off_page(size_t size)
{
    return GC_malloc_atomic(size);
}

void *GC_malloc_stubborn(size_t size)
{
    return GC_malloc(size);
}

/* An object that a pointer into it keeps alive, as all do. */
void *GC_memalign(size_t align, size_t size)
{
    MN_CHECK(align != 0 && (align & (align - 1)) == 0,
             "an alignment that is not a power of two");
    if (align <= MN_GC_GRANULE)
        return GC_malloc(size);
    if (size > PTRDIFF_MAX || align > PTRDIFF_MAX)
        return GC_get_oom_fn()(size);
    char *object = GC_malloc(size + align - MN_GC_GRANULE);
    if (object == NULL)
        return NULL;
    uintptr_t address = (uintptr_t)object;
    return object + (mni_round_up(address, align) - address);
}

int GC_posix_memalign(void **result, size_t align, size_t size)
{
    if (align < sizeof(void *) || (align & (align - 1)) != 0)
        return EINVAL;
    void *object = GC_memalign(align, size);
    if (object == NULL)
        return ENOMEM;
    *result = object;
    return 0;
}

/* ---- the same object, larger or not there any more ---- */

static _Noreturn void alloc_stop(const char *what, const void *address)
{
    mni_stop_at(what, address, "no object of libgc", NULL);
}

void GC_free(void *address)
{
    if (address == NULL)
        return;
    struct mni_gc *gc = mni_front_enter();
    uintptr_t object = mni_gc_resolve(gc, (uintptr_t)address, true);
    if (object == 0)
        alloc_stop("release", address);
    mni_front_forget(object);
    mni_front.released += mni_gc_bytes(mni_gc_page_of(gc, object));
    mni_gc_release(gc, object);
    mni_front_leave();
}

/* What is known of an object whose size is to change. */
struct alloc_old {
    size_t room; /* from the address to the end */
    enum mni_gc_shape shape;
    bool kept;
};

static struct alloc_old alloc_look(const void *address)
{
    struct mni_gc *gc = mni_front_enter();
    uintptr_t object = mni_gc_resolve(gc, (uintptr_t)address, true);
    if (object == 0)
        alloc_stop("realloc", address);
    const struct mni_gc_page *page = mni_gc_page_of(gc, object);
    struct alloc_old old = {
        .room = object + mni_gc_bytes(page) - (uintptr_t)address,
        .shape = page->kind->asked,
        .kept = mni_front_find(&mni_front.kept, object) != NULL,
    };
    mni_front_leave();
    return old;
}

void *GC_realloc(void *address, size_t size)
{
    if (address == NULL)
        return GC_malloc(size);
    if (size == 0) {
        GC_free(address);
        return NULL;
    }
    struct alloc_old old = alloc_look(address);
    size_t room = old.room - mni_front.extra;
    if (size <= room && size >= room / 2) {
        if (old.shape != MNI_GC_LEAF) /* or it could lead somewhere */
            __builtin_memset((char *)address + size, 0, old.room - size);
        return address;
    }
    void *moved = mni_front_alloc(size, old.shape, old.kept);
    if (moved == NULL)
        return NULL;
    __builtin_memcpy(moved, address, size < room ? size : room);
    GC_free(address);
    return moved;
}

/* ---- text ---- */

char *GC_strndup(const char *text, size_t size)
{
    size_t length = 0;

    while (length < size && text[length] != 0)
        length++;
    char *copy = GC_malloc_atomic(length + 1);
    if (copy == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    __builtin_memcpy(copy, text, length);
    copy[length] = 0;
    return copy;
}

char *GC_strdup(const char *text)
{
    return text == NULL ? NULL : GC_strndup(text, SIZE_MAX);
}

wchar_t *GC_wcsdup(const wchar_t *text)
{
    size_t length = 0;

    while (text[length] != 0)
        length++;
    wchar_t *copy = GC_malloc_atomic((length + 1) * sizeof *copy);
    if (copy != NULL)
        __builtin_memcpy(copy, text, (length + 1) * sizeof *copy);
    return copy;
}
