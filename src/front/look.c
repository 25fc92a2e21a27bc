/* SPDX-License-Identifier: MIT */
/* look.c -- what an address is.
 *
 * These work where the calling thread has the lock, too: in functions under
 * GC_call_with_alloc_lock, and in handlers. */
#include "front/front.h"

struct look {
    uintptr_t object;
    size_t size;
    bool marked;
};

static struct look look_at(const void *address)
{
    struct mni_gc *gc = mni_front.gc;
    struct look look = {0};

    if (gc == NULL)
        return look;
    bool locked = mni_lock_enter(&mni_front.lock);
    look.object = mni_gc_resolve(gc, (uintptr_t)address, true);
    if (look.object != 0) {
        look.size = mni_gc_bytes(mni_gc_page_of(gc, look.object));
        look.marked = mni_gc_is_marked(gc, look.object);
    }
    if (locked)
        mni_front_unlock();
    return look;
}

void *GC_base(void *address)
{
    uintptr_t object = look_at(address).object;

    return object == 0 ? NULL : (char *)address - ((uintptr_t)address - object);
}

size_t GC_size(const void *address)
{
    return look_at(address).size;
}

int GC_is_heap_ptr(const void *address)
{
    return look_at(address).object != 0;
}

int GC_is_marked(const void *address)
{
    return look_at(address).marked;
}

/* Wherever a pointer lies that the program asks for, it is found: all words of
 * all objects and segments are looked at. */
void *GC_is_visible(void *address)
{
    return address;
}

void *GC_is_valid_displacement(void *address)
{
    return address;
}

void GC_register_displacement(size_t offset)
{
    (void)offset;
}

void *GC_same_obj(void *address, void *other)
{
    if (look_at(address).object != look_at(other).object)
        mni_stop_at("GC_same_obj", address, "in another object than before",
                    NULL);
    return address;
}

void *GC_pre_incr(void **pointer, ptrdiff_t change)
{
    return *pointer = GC_same_obj((char *)*pointer + change, *pointer);
}

void *GC_post_incr(void **pointer, ptrdiff_t change)
{
    void *before = *pointer;

    *pointer = GC_same_obj((char *)before + change, before);
    return before;
}
