/* SPDX-License-Identifier: MIT */
/* ref.h -- what the 8 bytes before a counted object mean.
 *
 * strong  as a number with a sign:
 *           from 0 on   that many references and one
 *           -1          none, while it is being decided what that means
 *           below       by the state
 *             plain     MNI_REF_GONE: it has ended, weak references keep the
 *                       memory; or MNI_REF_SATURATED: it stays for ever
 *             white, ending, while drop functions run: MNI_REF_BIAS and the
 *                       number of references
 *             the same, while members are dropped: MNI_REF_PLACE - where
 *           In state gray it is the number of references, for cycle.c only.
 * weak    from the lowest bit: five flags, two bits of state, 25 bits of weak
 *         references; MNI_REF_WEAK_MAX stays so for ever.
 *
 * So the sign tells the plain cases of all operations from the others. Before
 * the header is what few objects have: the number of objects in a row, before
 * that the source. Objects aligned to more than 8 have their header at the same
 * place, and a gap in front.
 *
 *   ref.c         making, counting, misuse
 *   end.c         the end of objects, without recursion
 *   ref_copy.c    content: taken out, copied
 *   ref_weak.c    weak references
 *   cycle_note.c  candidates for cycles
 *   cycle.c       finding cycles, and taking them apart
 */
#ifndef MNI_REF_H
#define MNI_REF_H

#include <mn/counted.h>

#include "base/assert.h"
#include "base/bits.h"

enum {
    MNI_REF_ARRAY = 1 << 2,  /* the word before the header is its length */
    MNI_REF_SOURCE = 1 << 3, /* it is from a source, whose address is before */
    MNI_REF_ENDED = 1 << 4,  /* its drop function has run, and it lived on */
    MNI_REF_STATE = 3 << 5
};
_Static_assert(MNI_REF_STATE + (1 << 5) == MNI_REF_WEAK_ONE, "bits are dense");

enum mni_ref_state {
    MNI_REF_PLAIN = 0 << 5,
    MNI_REF_GRAY = 1 << 5,   /* references from others of its kind taken off */
    MNI_REF_WHITE = 2 << 5,  /* in a garbage cycle that is taken apart */
    MNI_REF_ENDING = 3 << 5, /* its last reference was dropped */
};

#define MNI_REF_SATURATED 0xA0000000u /* far from both ends of its range */
#define MNI_REF_GONE 0xE0000000u      /* and from this one's */
#define MNI_REF_BIAS 0x90000000u
#define MNI_REF_BIAS_END 0xC0000000u
#define MNI_REF_PLACE 0xFFFFFFF0u

enum { MNI_REF_PREFIX = 8 }; /* bytes of each thing before the object */

static inline unsigned mni_ref_state(const struct mn_counted *head)
{
    return head->weak & MNI_REF_STATE;
}

static inline void mni_ref_set_state(struct mn_counted *head,
                                     enum mni_ref_state state)
{
    head->weak = (head->weak & ~(uint32_t)MNI_REF_STATE) | state;
}

/* Whether the count's range is that of objects whose drop functions run. */
static inline bool mni_ref_is_biased(uint32_t strong)
{
    return strong - MNI_REF_BIAS < MNI_REF_BIAS_END - MNI_REF_BIAS;
}

/* Whether the count of an object in state plain is beyond all counting. */
static inline bool mni_ref_is_saturated(uint32_t strong)
{
    return (int32_t)strong < 0 && strong < MNI_REF_BIAS_END;
}

/* Whether the object has ended, and weak references keep its memory. */
static inline bool mni_ref_is_gone(const struct mn_counted *head)
{
    return head->strong == MNI_REF_GONE;
}

static inline size_t *mni_ref_length_word(const void *object)
{
    return (size_t *)((uintptr_t)object - 2 * MNI_REF_PREFIX);
}

static inline size_t mni_ref_length(const void *object)
{
    return mni_counted(object)->weak & MNI_REF_ARRAY
               ? *mni_ref_length_word(object)
               : 1;
}

/* Bytes from the start of the block to the object. */
static inline size_t mni_ref_prefix(const struct mn_type *type, uint32_t flags)
{
    size_t prefix = MNI_REF_PREFIX;

    if (flags & MNI_REF_ARRAY)
        prefix += MNI_REF_PREFIX;
    if (flags & MNI_REF_SOURCE)
        prefix += MNI_REF_PREFIX;
    return type->align <= MNI_REF_PREFIX ? prefix
                                         : mni_round_up(prefix, type->align);
}

static inline struct mn_source **mni_ref_source_word(const void *object,
                                                     uint32_t flags)
{
    uintptr_t at = (uintptr_t)object - 2 * MNI_REF_PREFIX;

    return (struct mn_source **)(flags & MNI_REF_ARRAY ? at - MNI_REF_PREFIX
                                                       : at);
}

/* Whether a member keeps what it leads to alive, and is counted by one
 * thread. */
static inline bool mni_ref_is_strong(const struct mn_member *member)
{
    return member->kind == MN_MEMBER_REF || member->kind == MN_MEMBER_UNIQUE;
}

/* Call `fn` with the members of all objects in a row. */
void mni_ref_visit(void *object, const struct mn_type *type, mn_member_fn fn,
                   void *context);

/* Whether a member is a plain pointer, which nobody counts. */
static inline bool mni_ref_is_pointer(const struct mn_member *member)
{
    return member->kind >= MN_MEMBER_GC;
}

/* Stop the program, naming the object. */
_Noreturn void mni_ref_stop(const char *operation, const void *object,
                            const char *what) __attribute__((cold));

/* What is below 0 after a reference was taken off. True if it was the last. */
bool mni_ref_release_rare(void *object);

/* Take off one reference. True if it was the last: the caller ends the
 * object. */
static inline bool mni_ref_release(void *object, const struct mn_type *type)
{
    struct mn_counted *head = mni_counted(object);

    if ((int32_t)--head->strong < 0)
        return head->strong == UINT32_MAX || mni_ref_release_rare(object);
    if ((head->weak & (MNI_REF_CYCLIC | MNI_REF_NOTED)) == MNI_REF_CYCLIC)
        mn_ref_note(object, type);
    return false;
}

/* Drop the reference in a slot, of any kind, and leave none. */
void mni_ref_drop_slot(void *slot, const struct mn_member *member,
                       void *unused);

/* ---- end.c ---- */

/* End an object whose last reference has been taken off. */
void mni_ref_end(void *object, const struct mn_type *type);

/* Call the type's drop for each object of a row, unless it has been called
 * before. The state is the caller's to set. */
void mni_ref_call_drop(void *object, const struct mn_type *type);

/* Give back the memory of an object that has ended, now or when the last weak
 * reference goes. */
void mni_ref_free(void *object, const struct mn_type *type);

/* ---- ref_weak.c ---- */

/* One weak reference fewer, of which there is one. */
void mni_ref_weak_release(void *object, const struct mn_type *type);

/* ---- cycle_note.c ---- */

/* A candidate, or an object that was visited from one. */
struct mni_found {
    void *object;
    const struct mn_type *type;
};

struct mni_founds { /* a list that grows */
    struct mni_found *at;
    size_t count;
    size_t capacity;
};

/* The candidates of this thread. */
struct mni_notes {
    struct mni_founds list;
    size_t threshold;  /* collect at so many, or 0 */
    size_t ended_size; /* bytes of objects in the list that have ended */
    bool collecting;
};
extern _Thread_local struct mni_notes mni_notes
    __attribute__((tls_model("initial-exec")));

/* False if there is no memory. */
bool mni_founds_reserve(struct mni_founds *list, size_t count);
static inline bool mni_founds_add(struct mni_founds *list, void *object,
                                  const struct mn_type *type)
{
    if (list->count == list->capacity
        && !mni_founds_reserve(list, list->count + 1))
        return false;
    list->at[list->count++] = (struct mni_found){object, type};
    return true;
}
void mni_founds_free(struct mni_founds *list);

/* A noted object of so many bytes has ended, and its note holds the memory. */
void mni_note_ended(size_t size);

/* Take out all notes, or with `keep` those of objects that have ended. */
void mni_notes_sweep(bool keep);

#endif
