/* SPDX-License-Identifier: MIT */
/* ref.c -- counted objects: making, counting, and what is wrong with a use.
 *
 * Memory is left as it was when it goes back, with MNI_REF_GONE: whoever uses
 * a reference too long meets it, until the memory is used again.
 */
#include "ref/ref.h"

#include <mn/heap.h>
#include <mn/space.h>
#include <string.h>

#include "ref/end.h"

_Static_assert(sizeof(struct mn_counted) == MNI_REF_PREFIX, "8 bytes");

_Noreturn void mni_ref_stop(const char *operation, const void *object,
                            const char *what)
{
    struct mn_block block;
    bool found = mn_block_at(object, &block);

    mni_stop_at(operation, object, what, found ? &block : NULL);
}

/* ---- making ---- */

static void *ref_alloc(const struct mn_type *type, struct mn_source *source,
                       size_t size)
{
    if (source != NULL) {
        size_t align =
            type->align < MNI_REF_PREFIX ? MNI_REF_PREFIX : type->align;
        return mn_source_alloc(source, size, align);
    }
    if (type->align > MN_HEAP_ALIGN)
        return mn_alloc_aligned(size, type->align);
    return mn_alloc(size);
}

/* Blocks are whole words. A call is not worth while for few of them. */
static inline void ref_clear(uint64_t *object, size_t size)
{
    if (size > 4 * sizeof(*object)) {
        memset(object, 0, size);
        return;
    }
    object[0] = 0;
    if (size > 1 * sizeof(*object))
        object[1] = 0;
    if (size > 2 * sizeof(*object))
        object[2] = 0;
    if (size > 3 * sizeof(*object))
        object[3] = 0;
}

/* `content` is the bytes of all objects. */
static inline __attribute__((always_inline)) void *
ref_make(const struct mn_type *type, struct mn_source *source, size_t content,
         uint32_t flags)
{
    size_t prefix = mni_ref_prefix(type, flags);
    size_t size;

    if (!mni_add(prefix, content, &size))
        return NULL;
    if (type->member_count != 0
        && mni_end_needs_room(type, (flags & MNI_REF_ARRAY) != 0)
        && !mni_add(size, sizeof(void *), &size))
        return NULL;
    char *block = ref_alloc(type, source, size);
    if (block == NULL)
        return NULL;
    void *object = block + prefix;
    ref_clear(object, content);
    *mni_counted(object) = (struct mn_counted){0, flags};
    return object;
}

void *mn_ref_new(const struct mn_type *type, struct mn_source *source)
{
    if (source == NULL)
        return ref_make(type, NULL, type->size, 0);
    void *object = ref_make(type, source, type->size, MNI_REF_SOURCE);
    if (object != NULL)
        *mni_ref_source_word(object, MNI_REF_SOURCE) = source;
    return object;
}

void *mn_ref_new_array(const struct mn_type *type, struct mn_source *source,
                       size_t count)
{
    uint32_t flags = MNI_REF_ARRAY;
    size_t content;

    if (count == 0 || !mni_multiply(type->size, count, &content))
        return NULL;
    if (source != NULL)
        flags |= MNI_REF_SOURCE;
    void *object = ref_make(type, source, content, flags);
    if (object == NULL)
        return NULL;
    *mni_ref_length_word(object) = count;
    if (source != NULL)
        *mni_ref_source_word(object, flags) = source;
    return object;
}

void mn_ref_make_cyclic(void *object)
{
    mni_counted(object)->weak |= MNI_REF_CYCLIC;
}

size_t mn_ref_length(const void *object)
{
    return mni_ref_length(object);
}

/* ---- counting ---- */

void mn_ref_clone_rare(void *object)
{
    struct mn_counted *head = mni_counted(object);

    if (mni_ref_state(head) >= MNI_REF_WHITE) {
        /* A drop function may make the object live on. */
        if (mni_ref_is_biased(head->strong))
            return;
    } else if (mni_ref_is_saturated(head->strong)) {
        head->strong = MNI_REF_SATURATED;
        return;
    }
    head->strong--;
    mni_ref_stop("clone", object, "the object has ended");
}

bool mni_ref_release_rare(void *object)
{
    struct mn_counted *head = mni_counted(object);

    if (mni_ref_state(head) >= MNI_REF_WHITE) {
        if (mni_ref_is_biased(head->strong))
            return false;
    } else if (mni_ref_is_saturated(head->strong)) {
        head->strong = MNI_REF_SATURATED;
        return false;
    }
    head->strong++;
    mni_ref_stop("drop", object, "the object has ended");
}

void mn_ref_drop_rare(void *object, const struct mn_type *type)
{
    if (mni_counted(object)->strong == UINT32_MAX
        || mni_ref_release_rare(object))
        mni_ref_end(object, type);
}

size_t mn_ref_count(const void *object)
{
    if (object == NULL)
        return 0;
    const struct mn_counted *head = mni_counted(object);
    if ((int32_t)head->strong >= 0)
        return (size_t)head->strong + 1;
    if (mni_ref_state(head) >= MNI_REF_WHITE)
        return mni_ref_is_biased(head->strong) ? head->strong - MNI_REF_BIAS
                                               : 0;
    return mni_ref_is_saturated(head->strong) ? SIZE_MAX : 0;
}

/* ---- looking first ---- */

static void ref_verify(const char *operation, const void *object,
                       const struct mn_type *type)
{
    struct mn_block block;

    if (object == NULL)
        return;
    if ((uintptr_t)object % MNI_REF_PREFIX != 0)
        mni_ref_stop(operation, object, "this is no counted object");
    const struct mn_counted *head = mni_counted(object);
    bool known = mn_block_at(head, &block);
    if (known && block.state != MN_ALLOCATED)
        mni_ref_stop(operation, object, "the object has ended");
    /* A source may have taken its memory from where nobody knows it. */
    if (!(head->weak & MNI_REF_SOURCE)
        && (!known
            || (uintptr_t)block.start + mni_ref_prefix(type, head->weak)
                   != (uintptr_t)object))
        mni_ref_stop(operation, object, "this is no counted object");
}

static void ref_verify_alive(const char *operation, const void *object,
                             const struct mn_type *type)
{
    ref_verify(operation, object, type);
    if (object != NULL && mni_ref_is_gone(mni_counted(object)))
        mni_ref_stop(operation, object, "the object has ended");
}

void mn_ref_verify(const void *object, const struct mn_type *type)
{
    ref_verify_alive("use", object, type);
}

void *mn_ref_clone_checked(void *object, const struct mn_type *type)
{
    ref_verify_alive("clone", object, type);
    return mn_ref_clone(object);
}

void mn_ref_drop_checked(void *object, const struct mn_type *type)
{
    ref_verify_alive("drop", object, type);
    if (object != NULL && mni_ref_release(object, type))
        mni_ref_end(object, type);
}

void *mn_ref_upgrade_checked(void *weak, const struct mn_type *type)
{
    ref_verify("upgrade", weak, type);
    return mn_ref_upgrade(weak);
}

void *mn_ref_inside(void *object, const struct mn_type *type, void *at)
{
    size_t size = mni_ref_length(object) * type->size;

    if ((uintptr_t)at - (uintptr_t)object >= size)
        mni_ref_stop("part", at, "this is not inside the object");
    return at;
}
