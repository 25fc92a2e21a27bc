/* SPDX-License-Identifier: MIT */
/* state.c -- what must hold of the heap whenever no thread is inside it.
 *
 * Who allocates looks into its own heap's lists and pending stack, and into
 * the common heap's lists. So a slot is not lost if and only if it is in an
 * owner's word of a slab that is current or listed there, or in a remote word
 * of a slab that is pending at its owner, and that is a heap somebody drains.
 */
#include "state.h"

#include "heap/heap.h"

enum { STATE_OUT = 256 };

static struct {
    unsigned char *block;
    size_t size;
    const struct mn_heap *heap;
} state_out[STATE_OUT];

/* ---- blocks that are out ---- */

void *state_try_from(struct mn_heap *heap, size_t size)
{
    unsigned char *block = mn_heap_alloc(heap, size);
    size_t at = STATE_OUT;

    if (block == NULL)
        return NULL;
    for (size_t i = 0; i < STATE_OUT; i++) {
        if (state_out[i].block == NULL)
            at = i;
        else if (block < state_out[i].block + state_out[i].size
                 && state_out[i].block < block + size)
            explore_fail("a slot is handed out twice");
    }
    EXPECT(at < STATE_OUT);
    state_out[at].block = block;
    state_out[at].size = size;
    state_out[at].heap = heap;
    return block;
}

void *state_take_from(struct mn_heap *heap, size_t size)
{
    void *block = state_try_from(heap, size);

    EXPECT(block != NULL);
    return block;
}

void *state_take(size_t size)
{
    return state_take_from(NULL, size);
}

static void state_forget(const void *block)
{
    size_t at = 0;

    while (at < STATE_OUT && state_out[at].block != block)
        at++;
    EXPECT(at < STATE_OUT);
    state_out[at].block = NULL;
}

void state_give(void *block)
{
    state_forget(block);
    mn_free(block);
}

void state_give_to(struct mn_heap *heap, void *block)
{
    state_forget(block);
    mn_heap_free(heap, block);
}

void state_destroy(struct mn_heap *heap)
{
    for (size_t i = 0; i < STATE_OUT; i++)
        if (state_out[i].heap == heap)
            state_out[i].block = NULL;
    mn_heap_destroy(heap);
}

/* In place of the system's: nothing that is out is lost. */
bool __wrap_mni_os_purge(void *start, size_t size, bool now);

bool __wrap_mni_os_purge(void *start, size_t size, bool now)
{
    const unsigned char *from = start;

    (void)now;
    /* What others use, so that they may have a turn before. */
    for (struct mni_heap *heap = mni_thread_heaps(); heap != NULL;
         heap = heap->next)
        (void)mn_atomic_load_relaxed(&heap->pending);
    for (size_t i = 0; i < STATE_OUT; i++)
        if (state_out[i].block != NULL
            && from < state_out[i].block + state_out[i].size
            && state_out[i].block < from + size)
            explore_fail("memory of a block is purged");
    return true;
}

/* ---- heaps ---- */

static enum mni_heap_kind state_kind(const struct mni_heap *heap)
{
    return (enum mni_heap_kind)mn_atomic_load_relaxed(&heap->kind);
}

static size_t state_pending_in(const struct mni_heap *heap,
                               const struct mni_slab *slab)
{
    const struct mni_slab *at = mn_atomic_load_relaxed(&heap->pending);
    size_t count = 0;

    for (size_t seen = 0; at != NULL; at = at->pending_next) {
        EXPECT(++seen < STATE_OUT);
        count += slab == NULL || at == slab;
    }
    return count;
}

/* In how many pending stacks the slab is, of all heaps. */
static size_t state_pending(const struct mni_slab *slab)
{
    size_t count = state_pending_in(&mni_heap_common, slab);

    for (struct mni_heap *heap = mni_thread_heaps(); heap != NULL;
         heap = heap->next)
        count += state_pending_in(heap, slab);
    for (struct mn_heap *heap = mni_heaps_first(); heap != NULL;
         heap = heap->next)
        count += state_pending_in(&heap->heap, slab);
    return count;
}

static size_t state_listed(const struct mni_heap *heap, unsigned class,
                           const struct mni_slab *slab)
{
    size_t count = 0;

    for (unsigned rank = 0; rank < MNI_RANK_COUNT; rank++)
        for (struct mni_slab *at = heap->slabs[class].first[rank]; at != NULL;
             at = at->next) {
            EXPECT(at->next == NULL || at->next->prev == at);
            EXPECT(mn_atomic_load_relaxed(&at->heap) == heap);
            count += slab == NULL || at == slab;
        }
    return count;
}

struct state_owned {
    const struct mni_heap *heap;
    unsigned class;
    size_t count;
};

static bool state_count_slab(struct mni_span *span, void *context)
{
    struct state_owned *owned = context;
    struct mni_slab *slab = mni_slab_from(&span->owner);

    owned->count += slab != NULL && slab->class == owned->class
                    && mn_atomic_load_relaxed(&slab->heap) == owned->heap;
    return true;
}

/* How many slabs of the class are the heap's. */
static size_t state_slabs(const struct mni_heap *heap, unsigned class)
{
    struct state_owned owned = {heap, class, 0};

    if (heap->slabs[class].count == 0)
        return 0;
    EXPECT(mni_stock_lock(&mni_stock));
    (void)mni_stock_walk(&mni_stock, state_count_slab, &owned);
    mni_stock_unlock(&mni_stock);
    return owned.count;
}

/* The heap's slabs whose span another thread returned: it comes upon them on a
 * list, or among those that got slots back, and counts them until then. */
static size_t state_claimed(const struct mni_heap *heap, unsigned class)
{
    const struct mni_slab *at = mn_atomic_load_relaxed(&heap->pending);
    size_t count = 0;

    for (; at != NULL; at = at->pending_next)
        count += at->class == class && mni_slab_place(at) == MNI_SLAB_FULL
                 && (mn_atomic_load_relaxed(&at->place) & MNI_SLAB_CLAIMED);
    for (unsigned rank = 0; rank < MNI_RANK_COUNT; rank++)
        for (at = heap->slabs[class].first[rank]; at != NULL; at = at->next)
            count +=
                (mn_atomic_load_relaxed(&at->place) & MNI_SLAB_CLAIMED) != 0;
    return count;
}

static void state_expect_heap(struct mni_heap *heap)
{
    for (unsigned class = 0; class < MNI_CLASS_COUNT; class ++) {
        const struct mni_bin *bin = &heap->bins[class];
        EXPECT(bin->current == NULL || state_kind(heap) != MNI_HEAP_IDLE);
        EXPECT(!mni_heap_has_listed(heap, class)
               || state_kind(heap) != MNI_HEAP_IDLE);
        EXPECT(state_slabs(heap, class) + state_claimed(heap, class)
               == heap->slabs[class].count);
        EXPECT(bin->current == NULL
               || mn_atomic_load_relaxed(&bin->current->heap) == heap);
        size_t listed = state_listed(heap, class, NULL);
        EXPECT(heap != &mni_heap_common
               || mn_atomic_load_relaxed(&mni_common_listed[class]) == listed);
    }
    /* Nobody drains these unless told to. */
    if (state_kind(heap) == MNI_HEAP_IDLE
        || state_kind(heap) == MNI_HEAP_COMMON)
        EXPECT(state_pending_in(heap, NULL) == 0);
    EXPECT(!heap->busy);
}

/* ---- slabs ---- */

static uint32_t state_out_of(const struct mni_slab *slab)
{
    uint32_t count = 0;

    for (size_t i = 0; i < STATE_OUT; i++)
        count += state_out[i].block != NULL
                 && (size_t)(state_out[i].block - slab->span.start)
                        < slab->span.size;
    return count;
}

static void state_expect_place(struct mni_slab *slab)
{
    struct mni_heap *heap = mn_atomic_load_relaxed(&slab->heap);
    struct mni_bin *bin = &heap->bins[slab->class];
    bool some = mni_slab_find_owner(slab, 0) != slab->word_count;

    switch (mni_slab_place(slab)) {
    case MNI_SLAB_CURRENT:
        EXPECT(bin->current == slab);
        EXPECT(slab->span.owner.trusted == heap);
        break;
    case MNI_SLAB_LISTED:
        EXPECT(some);
        EXPECT(bin->current != slab);
        EXPECT(slab->span.owner.trusted == heap);
        break;
    case MNI_SLAB_FULL:
        EXPECT(!some);
        EXPECT(bin->current != slab);
        EXPECT(slab->span.owner.trusted == NULL);
        break;
    case MNI_SLAB_GONE:
        explore_fail("the map leads to a slab without a span");
    }
    EXPECT((mn_atomic_load_relaxed(&slab->place) & MNI_SLAB_CLAIMED) == 0);
    EXPECT(state_listed(heap, slab->class, slab)
           == (mni_slab_place(slab) == MNI_SLAB_LISTED));
}

static bool state_expect_span(struct mni_span *span, void *context)
{
    struct mni_slab *slab = mni_slab_from(&span->owner);
    size_t *count = context;
    uint32_t undrained = 0;

    *count += 1;
    if (slab == NULL)
        return true;
    for (uint32_t i = 0; i < slab->word_count; i++)
        undrained += mn_atomic_load_relaxed(mni_slab_remote(slab, i * 64)) != 0;
    uint32_t pending = mn_atomic_load_relaxed(&slab->pending);
    EXPECT(mni_slab_check(slab));
    EXPECT(mni_slab_free_count_any(slab) + state_out_of(slab)
           == slab->slot_count);
    EXPECT(mn_atomic_load_relaxed(&slab->told) == slab->owed + undrained);
    EXPECT(state_pending(slab) == pending);
    EXPECT(state_pending_in(mn_atomic_load_relaxed(&slab->heap), slab)
           == pending);
    EXPECT(undrained == 0 || pending == 1);
    state_expect_place(slab);
    return true;
}

/* How many spans there are. */
static size_t state_expect(void)
{
    size_t count = 0;

    EXPECT(mni_stock_lock(&mni_stock));
    (void)mni_stock_walk(&mni_stock, state_expect_span, &count);
    mni_stock_unlock(&mni_stock);
    for (struct mni_heap *heap = mni_thread_heaps(); heap != NULL;
         heap = heap->next)
        state_expect_heap(heap);
    state_expect_heap(&mni_heap_common);
    for (struct mn_heap *heap = mni_heaps_first(); heap != NULL;
         heap = heap->next)
        state_expect_heap(&heap->heap);
    return count;
}

void state_expect_quiet(void)
{
    (void)state_expect();
}

void state_expect_all_returned(void)
{
    for (size_t i = 0; i < STATE_OUT; i++)
        if (state_out[i].block != NULL)
            state_give(state_out[i].block);
    for (int i = 0; i < EXPLORE_THREADS; i++) {
        explore_as(i);
        explore_thread_ends();
    }
    explore_as(EXPLORE_THREADS);
    explore_thread_ends();
    while (mni_heaps_first() != NULL)
        mn_heap_destroy(mni_heaps_first());
    (void)state_expect();
    (void)mn_trim();
    EXPECT(state_expect() == 0);
    EXPECT(mni_heap_common.gone == NULL);
    for (struct mni_heap *heap = mni_thread_heaps(); heap != NULL;
         heap = heap->next)
        EXPECT(heap->gone == NULL);
}
