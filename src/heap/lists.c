/* SPDX-License-Identifier: MIT */
/* lists.c -- which slab of a heap is where: current, listed or full.
 *
 * A slab's owner trusts the heap while the slab is current or listed, so that
 * releases take the fast path. A full slab trusts nobody: the first release
 * takes the slow path, which lists it again.
 *
 * Lists are queues: a slab that was full a moment ago goes to the end, and by
 * its turn more of its slots have come back. Taken up at once, it would be
 * full again after one allocation.
 *
 * There is a queue for each rank of fullness, and the fuller slabs are taken
 * up first, so that the sparse ones empty. Releases on the fast path do not
 * tell, so a rank is as old as the last look: when a slab is to be taken up one
 * or two are looked at again, so the cost does not grow with the heap; and
 * where one was what its rank says, the next few are believed.
 */
#include "base/assert.h"
#include "base/word.h"
#include "heap/ages.h"
#include "heap/heap.h"
#include "heap/purge.h"

enum {
    LISTS_MANY = 8,   /* slabs of a class, from which on it is worth looking */
    LISTS_LOOKS = 2,  /* at slabs that may not be what they were */
    LISTS_PAUSE = 16, /* slabs taken up unseen, after one that was as said */
    LISTS_WORDS = 3   /* of bits that are counted in each */
};
_Static_assert(LISTS_WORDS * 64 < 256, "they are summed up in one byte");

/* Put a slab that is in the owner's hand, as a current one is, elsewhere. */
static void lists_place(struct mni_slab *slab, uint32_t place,
                        struct mni_heap *trusted, uint64_t trigger)
{
    uint64_t before = mn_atomic_load_relaxed(&slab->place);
    uint64_t turn = (before | UINT32_MAX) + 1;

    slab->trigger = trigger;
    mn_atomic_store_plain(&slab->span.owner.trusted, trusted);
    /* Release: pairs with the acquire in gone_claim. */
    mn_atomic_store_release(&slab->place, turn | place);
}

_Static_assert(MNI_SLAB_CURRENT == 0, "a place with nothing but its number");

/* Take a slab that is listed or full into the owner's hand. False if another
 * thread has claimed it: only one of the two changes the word. */
static bool lists_pick_up(struct mni_slab *slab)
{
    uint64_t seen = mn_atomic_load_relaxed(&slab->place);

    /* Acquire: pairs with nothing, for the claim hands over no data. */
    return (seen & MNI_SLAB_CLAIMED) == 0
           && mn_atomic_cas_strong_acquire(&slab->place, &seen,
                                           seen & ~(uint64_t)UINT32_MAX);
}

static void lists_count_common(const struct mni_heap *heap,
                               const struct mni_slab *slab, uint32_t change)
{
    if (heap == &mni_heap_common)
        (void)mn_atomic_add_relaxed(&mni_common_listed[slab->class], change);
}

static enum mni_rank lists_rank(const struct mni_slab *slab,
                                uint32_t free_count)
{
    uint32_t count = slab->slot_count;

    return 8 * free_count < count        ? MNI_RANK_BRIM
           : 2 * free_count <= count     ? MNI_RANK_DENSE
           : 4 * free_count <= 3 * count ? MNI_RANK_HALF
                                         : MNI_RANK_SPARSE;
}

/* How many bits are set in each byte of a word. Compilers call a function to
 * count those of the whole word, unless they may use a newer instruction. */
static uint64_t lists_count_bytes(uint64_t word)
{
    const uint64_t twos = UINT64_C(0x3333333333333333);

    word -= word >> 1 & UINT64_C(0x5555555555555555);
    word = (word & twos) + (word >> 2 & twos);
    return (word + (word >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
}

/* About how many slots are free, from a few words: a look must cost less than
 * what it is worth. Exact for slabs of so few words. */
static uint32_t lists_free_count(const struct mni_slab *slab)
{
    uint32_t words = slab->word_count;
    uint32_t looked = words < LISTS_WORDS ? words : LISTS_WORDS;
    uint32_t step = words / looked;
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < looked; i++) {
        const _Atomic uint64_t *word = &slab->bits[i * step];
        bytes += lists_count_bytes(
            mn_atomic_load_relaxed(word)
            | mn_atomic_load_relaxed(word + slab->words_total));
    }
    uint32_t count = (uint32_t)(bytes * UINT64_C(0x0101010101010101) >> 56);
    count = looked == words ? count : count * words / looked;
    return count == 0 ? 1 : count;
}

/* The free slots of a listed slab when it was looked at. */
static uint32_t lists_known(const struct mni_slab *slab)
{
    return (uint32_t)mn_atomic_load_relaxed(&slab->place)
           >> MNI_SLAB_KNOWN_SHIFT;
}

/* Put a slab with so many free slots at the end of its queue. */
static void lists_append(struct mni_heap *heap, struct mni_slab *slab,
                         uint32_t free_count)
{
    struct mni_slabs *slabs = &heap->slabs[slab->class];
    enum mni_rank rank = lists_rank(slab, free_count);

    slab->next = NULL;
    slab->prev = slabs->last[rank];
    if (slab->prev != NULL)
        slab->prev->next = slab;
    else
        slabs->first[rank] = slab;
    slabs->last[rank] = slab;
    slabs->free_count += free_count;
    lists_count_common(heap, slab, 1);
    lists_place(slab, MNI_SLAB_LISTED | free_count << MNI_SLAB_KNOWN_SHIFT,
                heap, mni_slab_full_word(slab) - 1);
}

void mni_slab_settle(struct mni_heap *heap, struct mni_slab *slab)
{
    if (mni_slab_find_owner(slab, 0) == slab->word_count) {
        lists_place(slab, MNI_SLAB_FULL, NULL, 0);
        return;
    }
    const struct mni_slabs *slabs = &heap->slabs[slab->class];
    bool look = slabs->count >= LISTS_MANY && slabs->pause == 0;
    lists_append(heap, slab, look ? lists_free_count(slab) : 1);
}

void mni_slab_list_again(struct mni_heap *heap, struct mni_slab *slab)
{
    if (mni_slab_place(slab) != MNI_SLAB_FULL || !lists_pick_up(slab))
        return;
    lists_append(heap, slab, 1);
    mni_ages_note(slab);
}

bool mni_slab_pick_up(struct mni_heap *heap, struct mni_slab *slab)
{
    bool mine = lists_pick_up(slab);

    if (!mine)
        mni_gone_put_away(heap, slab);
    return mine;
}

bool mni_slab_unlist(struct mni_heap *heap, struct mni_slab *slab)
{
    struct mni_slabs *slabs = &heap->slabs[slab->class];
    uint32_t known = lists_known(slab);
    enum mni_rank rank = lists_rank(slab, known);

    MN_ASSERT(mni_slab_place(slab) == MNI_SLAB_LISTED);
    if (slab->prev != NULL)
        slab->prev->next = slab->next;
    else
        slabs->first[rank] = slab->next;
    if (slab->next != NULL)
        slab->next->prev = slab->prev;
    else
        slabs->last[rank] = slab->prev;
    slabs->free_count -= known;
    lists_count_common(heap, slab, UINT32_MAX);
    return mni_slab_pick_up(heap, slab);
}

void mni_slab_look(struct mni_heap *heap, struct mni_slab *slab)
{
    if (mni_slab_unlist(heap, slab))
        lists_append(heap, slab, lists_free_count(slab));
}

/* The oldest slab of the first rank that has any, or NULL. */
static struct mni_slab *lists_choose(const struct mni_slabs *slabs)
{
    struct mni_slab *const *first = slabs->first;

    if (first[MNI_RANK_DENSE] != NULL)
        return first[MNI_RANK_DENSE];
    if (first[MNI_RANK_HALF] != NULL)
        return first[MNI_RANK_HALF];
    if (first[MNI_RANK_SPARSE] != NULL)
        return first[MNI_RANK_SPARSE];
    return first[MNI_RANK_BRIM];
}

/* Which slab to look at before `slab` is taken up. Those at the brim are many,
 * and change most: where nothing dense is at hand, the oldest of them has a
 * chance to have become better. */
static struct mni_slab *lists_doubted(const struct mni_slabs *slabs,
                                      struct mni_slab *slab)
{
    struct mni_slab *brim = slabs->first[MNI_RANK_BRIM];

    return slabs->first[MNI_RANK_DENSE] != NULL || brim == NULL ? slab : brim;
}

/* Look again at what is to be taken up, and choose anew. */
static __attribute__((noinline)) struct mni_slab *
lists_choose_again(struct mni_heap *heap, unsigned class)
{
    struct mni_slabs *slabs = &heap->slabs[class];
    struct mni_slab *slab = lists_choose(slabs);

    for (int i = 0; i < LISTS_LOOKS && slab != NULL; i++) {
        struct mni_slab *doubted = lists_doubted(slabs, slab);
        bool same = lists_rank(doubted, lists_known(doubted))
                    == lists_rank(doubted, lists_free_count(doubted));
        slabs->pause = same ? LISTS_PAUSE : 0;
        if (same && doubted == slab)
            break;
        mni_slab_look(heap, doubted);
        slab = lists_choose(slabs);
        if (same)
            break;
    }
    return slab;
}

struct mni_slab *mni_heap_listed(struct mni_heap *heap, unsigned class)
{
    struct mni_slabs *slabs = &heap->slabs[class];

    if (slabs->count >= LISTS_MANY && slabs->pause-- == 0) {
        slabs->pause = 0;
        return lists_choose_again(heap, class);
    }
    return lists_choose(slabs);
}

struct mni_slab *mni_heap_take_listed(struct mni_heap *heap, unsigned class)
{
    struct mni_slab *slab;

    while ((slab = mni_heap_listed(heap, class)) != NULL && mni_ages_take(slab))
        if (mni_slab_unlist(heap, slab))
            return slab;
    return NULL;
}

void mni_slab_give(struct mni_slab *slab, struct mni_heap *heap)
{
    struct mni_heap *before = mn_atomic_load_relaxed(&slab->heap);

    if (mni_slab_place(slab) != MNI_SLAB_GONE) {
        before->slabs[slab->class].count--;
        heap->slabs[slab->class].count++;
    }
    /* Release: pairs with the acquire in mni_slab_tell. */
    mn_atomic_store_release(&slab->heap, heap);
}

bool mni_bin_use(struct mni_heap *heap, struct mni_bin *bin,
                 struct mni_slab *slab, uint32_t from)
{
    uint32_t word = mni_slab_find_owner(slab, from);

    if (word == slab->word_count)
        return false;
    bin->word = &slab->bits[word];
    bin->base = slab->span.start + (size_t)word * 64 * slab->slot_size;
    if (bin->current == slab)
        return true;
    bin->current = slab;
    MN_ASSERT(mni_slab_place(slab) == MNI_SLAB_CURRENT);
    /* It may be empty now and then; only a slot that is not there is above. */
    slab->trigger = mni_slab_full_word(slab);
    mn_atomic_store_plain(&slab->span.owner.trusted, heap);
    return true;
}

void mni_bin_retire(struct mni_heap *heap, struct mni_bin *bin)
{
    struct mni_slab *slab = bin->current;

    bin->word = mni_heap_none.bins[0].word;
    bin->current = NULL;
    mni_ages_leave(slab);
    mni_slab_settle(heap, slab);
}

void mni_slab_release_if_empty(struct mni_heap *heap, struct mni_slab *slab)
{
    if (mni_slab_place(slab) != MNI_SLAB_LISTED
        || !mni_slab_is_empty_owner(slab) || !mni_slab_is_quiet_owner(slab))
        return;
    struct mni_slabs *slabs = &heap->slabs[slab->class];
    if (!mni_slab_unlist(heap, slab))
        return;
    if (mni_stock_return(&slab->span, mni_limit_of(mni_heap_first_class(heap))))
        slabs->count--;
    else
        mni_slab_settle(heap, slab);
}

/* ---- what other threads returned ---- */

static void lists_push_pending(struct mni_heap *heap, struct mni_slab *slab)
{
    struct mni_slab *first = mn_atomic_load_relaxed(&heap->pending);

    do
        slab->pending_next = first;
    /* Release: pairs with the acquire in mni_heap_drain. */
    while (!mn_atomic_cas_release(&heap->pending, &first, slab));
}

/* Whoever holds the common lock looks at the common heap after it has left it.
 * Let it find there what an idle heap was told. */
static void lists_pass_to_common(struct mni_heap *idle)
{
    /* Acquire: pairs with the release in lists_push_pending. */
    struct mni_slab *slab = mn_atomic_exchange_acquire(&idle->pending, NULL);

    while (slab != NULL) {
        struct mni_slab *next = slab->pending_next;
        lists_push_pending(&mni_heap_common, slab);
        slab = next;
    }
}

/* Nobody drains an idle heap or the common one unless it is asked to. */
static void lists_help(struct mni_heap *heap)
{
    uint32_t kind = mn_atomic_load_acquire(&heap->kind);

    if (kind != MNI_HEAP_IDLE && kind != MNI_HEAP_COMMON)
        return;
    if (!mni_common_lock()) {
        /* A signal handler, which must not wait. Either the holder comes to
         * look after this, or it has left the lock by now. */
        if (kind == MNI_HEAP_IDLE)
            lists_pass_to_common(heap);
        mn_atomic_fence();
        if (!mni_common_lock())
            return;
    }
    kind = mn_atomic_load_acquire(&heap->kind);
    if (kind == MNI_HEAP_IDLE || kind == MNI_HEAP_COMMON)
        (void)mni_heap_drain(heap);
    mni_common_unlock();
}

void mni_slab_tell(struct mni_slab *slab)
{
    /* Acquire: pairs with the release of whoever gave the slab a heap. */
    struct mni_heap *heap = mn_atomic_load_acquire(&slab->heap);
    bool pushed = mn_atomic_exchange_acq_rel(&slab->pending, 1) == 0;

    if (pushed)
        lists_push_pending(heap, slab);
    mni_ages_note(slab);
    /* Release: pairs with the acquire in mni_slab_is_quiet_owner. It is the
     * last access to the slab. */
    (void)mn_atomic_add_release(&slab->told, 1);
    /* The heap becomes idle before it drains for the last time, and we push
     * before we look whether it is idle: one of us sees the other. */
    mn_atomic_fence();
    if (pushed) {
        mni_purge_told();
        lists_help(heap);
    }
}

void mni_slab_put_off(struct mni_slab *slab)
{
    mn_atomic_store_relaxed(&slab->pending, 1);
    lists_place(slab, MNI_SLAB_FULL, NULL, 0);
    lists_push_pending(&mni_heap_common, slab);
}

bool mni_slab_drain(struct mni_heap *heap, struct mni_slab *slab)
{
    uint32_t drains = mn_atomic_load_relaxed(&heap->drains);

    /* Before a word is emptied, which is a release; a walk acquires it. */
    mn_atomic_store_relaxed(&heap->drains, drains + 1);
    bool any = mni_slab_drain_owner(slab);
    /* Release: pairs with the acquire in walk_copy_slab. */
    mn_atomic_store_release(&heap->drains, drains + 2);
    return any;
}

/* Take one slab in that was pending, for the heap that owns it now. */
static bool lists_take_in(struct mni_heap *heap, struct mni_slab *slab)
{
    /* Acquire and release: the bits set before others saw a 1 here are seen
     * below, and later ones are told anew. */
    (void)mn_atomic_exchange_acq_rel(&slab->pending, 0);
    bool any = mni_slab_drain(heap, slab);
    uint64_t place = mn_atomic_load_relaxed(&slab->place);
    enum mni_slab_place at = mni_slab_place(slab);
    if (at == MNI_SLAB_FULL && mni_slab_pick_up(heap, slab))
        mni_slab_settle(heap, slab);
    else if (at == MNI_SLAB_LISTED && (place & MNI_SLAB_CLAIMED) != 0)
        (void)mni_slab_unlist(heap, slab);
    mni_slab_release_if_empty(heap, slab);
    return any;
}

static uint32_t lists_kind(const struct mni_heap *heap)
{
    return mn_atomic_load_acquire(&heap->kind);
}

/* Take in, or pass on, one slab that was found pending at `heap`. */
static bool lists_receive(struct mni_heap *heap, struct mni_slab *slab)
{
    struct mni_heap *owner = mn_atomic_load_acquire(&slab->heap);
    bool common = lists_kind(heap) == MNI_HEAP_IDLE
                  || lists_kind(heap) == MNI_HEAP_COMMON;

    if (owner == heap && lists_kind(heap) != MNI_HEAP_IDLE)
        return lists_take_in(heap, slab);
    /* With the common lock, what is idle stays idle. The slab was full when
     * its thread ended, or it has moved since. */
    if (common
        && (owner == &mni_heap_common || lists_kind(owner) == MNI_HEAP_IDLE)) {
        mni_slab_give(slab, &mni_heap_common);
        return lists_take_in(&mni_heap_common, slab);
    }
    /* Whoever told the heap did not know that the slab has moved. */
    lists_push_pending(owner, slab);
    mn_atomic_fence();
    lists_help(owner);
    return false;
}

bool mni_heap_drain(struct mni_heap *heap)
{
    bool any = false;

    if (mn_atomic_load_relaxed(&heap->pending) == NULL)
        return false;
    /* Acquire: pairs with the release in lists_push_pending. */
    struct mni_slab *slab = mn_atomic_exchange_acquire(&heap->pending, NULL);
    while (slab != NULL) {
        struct mni_slab *next = slab->pending_next;
        any |= lists_receive(heap, slab);
        slab = next;
    }
    mni_gone_delete(lists_kind(heap) == MNI_HEAP_IDLE ? &mni_heap_common
                                                      : heap);
    return any;
}

/* What cannot be returned, in a signal handler, is put behind the last. */
static void lists_collect_queue(struct mni_heap *heap, struct mni_slab *first,
                                const struct mni_slab *last)
{
    bool more = first != NULL;

    while (more) {
        struct mni_slab *slab = first;
        first = slab->next;
        more = slab != last;
        (void)mni_slab_drain(heap, slab);
        mni_slab_release_if_empty(heap, slab);
    }
}

void mni_heap_collect(struct mni_heap *heap)
{
    (void)mni_heap_drain(heap);
    for (unsigned class = 0; class < MNI_CLASS_COUNT; class ++) {
        const struct mni_slabs *slabs = &heap->slabs[class];
        struct mni_bin *bin = &heap->bins[class];
        if (bin->current != NULL) {
            (void)mni_slab_drain(heap, bin->current);
            mni_bin_retire(heap, bin);
        }
        for (unsigned rank = 0; rank < MNI_RANK_COUNT; rank++)
            lists_collect_queue(heap, slabs->first[rank], slabs->last[rank]);
    }
    mni_gone_delete(heap);
}
