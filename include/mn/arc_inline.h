/* SPDX-License-Identifier: MIT */
/* mn/arc_inline.h -- how clones and drops of shared objects count, inline.
 *
 * Fields and names are private. What the words mean: src/ref/arc.h. Part of
 * mn/biased.h.
 */
#ifndef MN_ARC_INLINE_H
#define MN_ARC_INLINE_H

#include <mn/type.h>

MN_BEGIN

#if defined(__cplusplus)
#define MNI_ARC_LOCAL __thread
#else
#define MNI_ARC_LOCAL _Thread_local
#endif
#ifndef MNI_ARC_LOAD /* a test that explores schedules has its own */
#define MNI_ARC_LOAD(p) __atomic_load_n(p, __ATOMIC_RELAXED)
#define MNI_ARC_STORE(p, v) __atomic_store_n(p, v, __ATOMIC_RELAXED)
#define MNI_ARC_MANY (1 << 30) /* so many that a part should be elsewhere */
#define MNI_ARC_ADD(p, v) __atomic_fetch_add(p, v, __ATOMIC_RELAXED)
#define MNI_ARC_CAS(p, e, v)                                                   \
    __atomic_compare_exchange_n(p, e, v, true, __ATOMIC_ACQ_REL,               \
                                __ATOMIC_RELAXED)
#define MNI_ARC_BARRIER() __atomic_signal_fence(__ATOMIC_SEQ_CST)
#endif

/* Right before each object. */
struct mn_arc_head {
    uint32_t own;    /* the owner's number, 12 bits, and its count, 20 bits */
    uint32_t shared; /* what the others count, src/ref/arc.h */
};

enum {
    MNI_ARC_OWN_MAX = (1 << 20) - 1,
    MNI_ARC_SIDE = 1 << 1,   /* in `shared`: a part is kept elsewhere */
    MNI_ARC_OWNED = 1 << 16, /* `own` counts as well */
    MNI_ARC_ONE = 1 << 17    /* one reference */
};
#define MNI_ARC_NONE_LEFT UINT32_MAX

/* This thread's number in its place, or 0: it has none, or counts just now, so
 * that a signal handler does as another thread would. */
extern MN_API
    MNI_ARC_LOCAL uint32_t mn_arc_self MN_ATTRIBUTE(tls_model("initial-exec"));

/* All that the inline functions do not do themselves. */
MN_API void mn_arc_clone_any(void *object) MN_NONNULL(1);
MN_API void mn_arc_drop_any(void *object, const struct mn_type *type)
    MN_NONNULL(1, 2);
MN_API void mn_arc_put_aside(void *object) MN_NONNULL(1);

/* Add `change` to the owner's count if this thread is the owner and the count
 * is then neither 0 nor too large. Others find out without a store. Nothing
 * orders it: what another thread needs to see, the one that hands a reference
 * over makes visible. If it cannot, *left tells why: MNI_ARC_NONE_LEFT and
 * MNI_ARC_OWN_MAX are the owner's; with any other this thread is not it. */
MN_ALWAYS_INLINE bool mni_arc_count(void *object, uint32_t change,
                                    uint32_t *left)
{
    struct mn_arc_head *head = (struct mn_arc_head *)object - 1;
    uint32_t self = mn_arc_self;
    uint32_t own = MNI_ARC_LOAD(&head->own);

    *left = own + change - self - 1;
    if (__builtin_expect(*left >= MNI_ARC_OWN_MAX, 0))
        return false;
    mn_arc_self = 0;
    MNI_ARC_BARRIER();
    /* Unless a signal handler has come in between. */
    bool same = MNI_ARC_LOAD(&head->own) == own;
    if (__builtin_expect(same, 1))
        MNI_ARC_STORE(&head->own, own + change);
    else
        *left = change == 1 ? (uint32_t)MNI_ARC_OWN_MAX : MNI_ARC_NONE_LEFT;
    MNI_ARC_BARRIER();
    mn_arc_self = self;
    return same;
}

/* Count for a thread that is not the owner. Not as calls: an atomic operation
 * would wait for the return address to be stored. */
MN_ALWAYS_INLINE void mni_arc_clone_shared(void *object)
{
    struct mn_arc_head *head = (struct mn_arc_head *)object - 1;

    /* Relaxed: this thread has a reference already. */
    if ((int32_t)MNI_ARC_ADD(&head->shared, MNI_ARC_ONE) >= MNI_ARC_MANY)
        mn_arc_put_aside(object);
}

/* False if somebody may have to be told, or something may end: then nothing has
 * changed. Otherwise there is an owner and a count of one, or any of two. */
MN_ALWAYS_INLINE bool mni_arc_drop_shared(void *object)
{
    struct mn_arc_head *head = (struct mn_arc_head *)object - 1;
    uint32_t seen = MNI_ARC_LOAD(&head->shared);

    /* Acquire and release: pairs with the drops of other threads, and with the
     * owner's merge. */
    return (int32_t)seen >= MNI_ARC_ONE + MNI_ARC_OWNED
           && (seen & MNI_ARC_SIDE) == 0
           && MNI_ARC_CAS(&head->shared, &seen, seen - MNI_ARC_ONE);
}

MN_END

#endif
