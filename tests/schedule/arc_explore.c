/* SPDX-License-Identifier: MIT */
/* arc_explore.c -- as much of a heap as shared references need: memory that is
 * handed out once in a schedule, and must not be used when it was given back.
 *
 * The heap itself is explored by heap_scenarios.c.
 */
#include "arc_explore.h"

#include <mn/heap.h>

#include "heap/fast.h"
#include "ref/ref.h"

enum { BLOCKS = 40, BLOCK = 64 };

static _Alignas(64) unsigned char blocks[BLOCKS][BLOCK];
static bool blocks_out[BLOCKS];
static size_t blocks_used;

_Thread_local struct mni_heap *mni_heap_self;
struct mni_heap mni_heap_none;
_Thread_local void *mni_heap_quick = &mni_heap_none; /* always busy */
struct mni_map mni_map;
static struct mni_heap thread_heap;

static void *explore_take(size_t size)
{
    EXPECT(size <= BLOCK && blocks_used < BLOCKS);
    blocks_out[blocks_used] = true;
    return blocks[blocks_used++];
}

static void explore_give(void *block)
{
    size_t index = (size_t)((unsigned char *)block - blocks[0]) / BLOCK;

    EXPECT(index < blocks_used && block == blocks[index]);
    EXPECT(blocks_out[index]);
    /* Another thread gets the block only after what this one stored. */
    explore_fence();
    blocks_out[index] = false;
    explore_record(block, BLOCK, false);
}

size_t explore_blocks(void)
{
    size_t count = 0;

    for (size_t i = 0; i < blocks_used; i++)
        count += blocks_out[i];
    return count;
}

/* ---- objects ---- */

static void *source_alloc(struct mn_source *source, size_t size, size_t align)
{
    (void)source;
    (void)align;
    return explore_take(size);
}

static void source_free(struct mn_source *source, void *block)
{
    (void)source;
    explore_give(block);
}

struct mn_source explore_source = {source_alloc, source_free};

/* ---- what else the library allocates ---- */

void *mn_alloc(size_t size)
{
    return explore_take(size);
}

void *mn_alloc_zero(size_t size)
{
    return explore_take(size);
}

void *mn_alloc_aligned(size_t size, size_t align)
{
    (void)align;
    return explore_take(size);
}

void mn_free(void *block)
{
    if (block != NULL)
        explore_give(block);
}

/* ---- what nobody calls, since objects have a source ---- */

void *mni_alloc_slow(struct mni_heap *heap, size_t size)
{
    (void)heap;
    return explore_take(size);
}

void mni_free_slow(void *block)
{
    explore_give(block);
}

void mni_free_untrusted(void *block, struct mn_owner *owner)
{
    (void)owner;
    explore_give(block);
}

void mni_free_emptied(struct mni_heap *heap, struct mni_slab *slab)
{
    (void)heap;
    (void)slab;
}

/* ---- what is for references of one thread: there are none ---- */

void mn_ref_note(void *object, const struct mn_type *type)
{
    (void)object;
    (void)type;
}

void mn_ref_weak_drop(void *weak, const struct mn_type *type)
{
    (void)weak;
    (void)type;
}

bool mni_ref_release_rare(void *object)
{
    (void)object;
    return false;
}

void mni_note_ended(size_t size)
{
    (void)size;
}

size_t mn_usable_size(const void *block)
{
    (void)block;
    return 0;
}

/* ---- threads ---- */

struct mni_heap *mni_thread_heap(void)
{
    return &thread_heap;
}
