/* SPDX-License-Identifier: MIT */
/* leaks.c -- marking the blocks of malloc as a collector marks objects.
 *
 * All blocks that are out are listed, in the order of their addresses. Every
 * word in the program's writable memory, but for what is Mneme's, that leads
 * into a block marks it; then every word of a marked block does. A block is in
 * the stack of those to be followed once, so the stack cannot overflow. What is
 * left is lost; marking on from each lost block tells which ones are led to.
 */
#include "heap/leaks.h"

#include <string.h>

#include "heap/heap.h"
#include "os/os.h"
#include "os/world.h"
#include "space/meta.h"

/* Stacks have words between variables that must not be read otherwise. */
#define LEAKS_PEEKS                                                            \
    __attribute__((no_sanitize("address"), no_sanitize("thread"), noinline))

enum leaks_mark { LEAKS_LOST, LEAKS_LED_TO, LEAKS_REACHED };

struct leaks_block {
    uintptr_t start;
    size_t size;
    unsigned char mark; /* an enum leaks_mark */
};

struct leaks_range {
    uintptr_t start, end;
};

enum { LEAKS_OWN = 2 * MNI_ARENAS_MAX + 8, LEAKS_TRIES = 4 };

struct leaks_search {
    struct leaks_block *blocks;
    size_t count, capacity;
    size_t *stack; /* blocks to be followed */
    size_t top;
    enum leaks_mark mark; /* what is found gets it */
    size_t except;        /* or is this one */
    void *memory;         /* of blocks and stack */
    size_t memory_size;
    struct leaks_range own[LEAKS_OWN]; /* Mneme's memory */
    size_t own_count;
};

/* ---- the list of blocks ---- */

static bool leaks_count(const struct mn_block *block, void *context)
{
    (void)block;
    ++*(size_t *)context;
    return true;
}

static bool leaks_list(const struct mn_block *block, void *context)
{
    struct leaks_search *search = context;

    if (search->count == search->capacity)
        return false;
    search->blocks[search->count++] = (struct leaks_block){
        .start = (uintptr_t)block->start, .size = block->size};
    return true;
}

static void leaks_sift(struct leaks_block *heap, size_t at, size_t count)
{
    struct leaks_block block = heap[at];

    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && heap[child].start < heap[child + 1].start)
            child++;
        if (heap[child].start <= block.start)
            break;
        heap[at] = heap[child];
    }
    heap[at] = block;
}

/* Without recursion, memory, or a quadratic case. */
static void leaks_sort(struct leaks_block *blocks, size_t count)
{
    size_t sorted = 1;

    while (sorted < count && blocks[sorted - 1].start < blocks[sorted].start)
        sorted++;
    if (sorted >= count)
        return; /* as a rule, as there is one arena */
    for (size_t i = count / 2; i-- > 0;)
        leaks_sift(blocks, i, count);
    for (size_t end = count; end-- > 1;) {
        struct leaks_block block = blocks[0];
        blocks[0] = blocks[end];
        blocks[end] = block;
        leaks_sift(blocks, 0, end);
    }
}

static bool leaks_begin(struct leaks_search *search)
{
    size_t count = 0;

    if (!mn_heap_walk(NULL, leaks_count, &count))
        return false;
    /* Threads that could not be stopped may make a few more. */
    search->capacity = count + count / 16 + 1024;
    size_t unit = sizeof *search->blocks + sizeof *search->stack;
    search->memory_size = mni_round_up(search->capacity * unit, MNI_CELL_SIZE);
    search->memory =
        mni_os_reserve(search->memory_size, MNI_CELL_SIZE, MN_PERM_NONE);
    if (search->memory == NULL)
        return false;
    search->blocks = search->memory;
    search->stack = (size_t *)(search->blocks + search->capacity);
    if (!mni_os_protect(search->memory, search->memory_size, MN_PERM_RW)
        || !mn_heap_walk(NULL, leaks_list, search)) {
        mni_os_release(search->memory, search->memory_size);
        return false;
    }
    leaks_sort(search->blocks, search->count);
    return true;
}

/* ---- marking ---- */

static void leaks_mark(struct leaks_search *search, uintptr_t word)
{
    size_t low = 0;
    size_t high = search->count;

    /* The last block that starts at or before the word. */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (search->blocks[middle].start <= word)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return;
    struct leaks_block *block = &search->blocks[low - 1];
    if (word - block->start >= block->size
        || block->mark >= (unsigned)search->mark || low - 1 == search->except)
        return;
    block->mark = (unsigned char)search->mark;
    search->stack[search->top++] = low - 1;
}

LEAKS_PEEKS static void leaks_scan(struct leaks_search *search, uintptr_t start,
                                   uintptr_t end)
{
    uintptr_t least = search->blocks[0].start;
    const struct leaks_block *last = &search->blocks[search->count - 1];
    size_t span = last->start + last->size - least;

    start = mni_round_up(start, sizeof(void *));
    for (; start + sizeof(void *) <= end; start += sizeof(void *)) {
        uintptr_t word = *(const uintptr_t *)start;
        if (word - least < span)
            leaks_mark(search, word);
    }
}

static void leaks_drain(struct leaks_search *search)
{
    while (search->top != 0) {
        const struct leaks_block *block =
            &search->blocks[search->stack[--search->top]];
        leaks_scan(search, block->start, block->start + block->size);
    }
}

/* ---- roots ---- */

static void leaks_own(struct leaks_search *search, const void *start,
                      size_t size)
{
    if (size != 0 && search->own_count < LEAKS_OWN)
        search->own[search->own_count++] =
            (struct leaks_range){(uintptr_t)start, (uintptr_t)start + size};
}

static void leaks_own_mapping(void *start, size_t size, void *context)
{
    leaks_own(context, start, size);
}

/* What leads to blocks because it hands them out. */
static void leaks_find_own(struct leaks_search *search)
{
    uint32_t count = mn_atomic_load_acquire(&mni_stock.arena_count);

    for (uint32_t i = 0; i < count; i++) {
        const struct mni_arena *arena = mni_stock.arenas[i];
        leaks_own(search, arena->start, arena->size);
        leaks_own(search, arena->control, arena->control_size);
    }
    mni_meta_each(leaks_own_mapping, search);
    leaks_own(search, &mni_heap_common, sizeof mni_heap_common);
    leaks_own(search, &mni_stock, sizeof mni_stock);
    leaks_own(search, search->memory, search->memory_size);
    leaks_own(search, search, sizeof *search);
}

/* Scan what is not Mneme's of the range. */
static void leaks_root(const void *start, size_t size, void *context)
{
    struct leaks_search *search = context;
    uintptr_t at = (uintptr_t)start;
    uintptr_t end = at + size;

    while (at < end) {
        uintptr_t stop = end; /* the nearest of what is Mneme's */
        uintptr_t next = end;
        for (size_t i = 0; i < search->own_count; i++) {
            const struct leaks_range *own = &search->own[i];
            if (own->end > at && own->start < stop) {
                stop = own->start > at ? own->start : at;
                next = own->end;
            }
        }
        leaks_scan(search, at, stop);
        at = next > at ? next : end;
    }
    leaks_drain(search);
}

/* ---- the outcome ---- */

/* A lost block that another one leads to is a part of what is lost with it. */
static void leaks_follow_lost(struct leaks_search *search)
{
    search->mark = LEAKS_LED_TO;
    for (size_t i = 0; i < search->count; i++) {
        const struct leaks_block *block = &search->blocks[i];
        if (block->mark != LEAKS_LOST)
            continue;
        search->except = i;
        leaks_scan(search, block->start, block->start + block->size);
        leaks_drain(search);
    }
}

static void leaks_group(struct mni_leaks *leaks,
                        const struct leaks_block *block)
{
    bool is_led_to = block->mark == LEAKS_LED_TO;
    size_t i = 0;

    leaks->lost++;
    leaks->lost_bytes += block->size;
    while (i < leaks->group_count
           && (leaks->groups[i].size != block->size
               || leaks->groups[i].is_led_to != is_led_to))
        i++;
    if (i == MNI_LEAKS_GROUPS)
        return; /* counted, if not shown */
    if (i == leaks->group_count) {
        leaks->groups[i] = (struct mni_leaks_group){
            block->size, 0, (const void *)block->start, is_led_to};
        leaks->group_count++;
    }
    leaks->groups[i].count++;
}

static size_t leaks_group_bytes(const struct mni_leaks_group *group)
{
    return group->count * group->size;
}

static void leaks_sort_groups(struct mni_leaks *leaks)
{
    for (size_t i = 1; i < leaks->group_count; i++) {
        struct mni_leaks_group group = leaks->groups[i];
        size_t at = i;
        for (; at > 0
               && leaks_group_bytes(&leaks->groups[at - 1])
                      < leaks_group_bytes(&group);
             at--)
            leaks->groups[at] = leaks->groups[at - 1];
        leaks->groups[at] = group;
    }
}

static __attribute__((noinline)) bool leaks_reach(struct leaks_search *search)
{
    search->mark = LEAKS_REACHED;
    search->except = SIZE_MAX;
    leaks_find_own(search);
    return search->count == 0
           || mni_world_each(__builtin_frame_address(0), leaks_root, search);
}

/* Requires: the others stand still. */
static bool leaks_search(struct leaks_search *search, struct mni_leaks *leaks)
{
    if (!leaks_begin(search))
        return false;
    bool done = leaks_reach(search);
    if (done)
        leaks_follow_lost(search);
    leaks->blocks = search->count;
    for (size_t i = 0; done && i < search->count; i++)
        if (search->blocks[i].mark != LEAKS_REACHED)
            leaks_group(leaks, &search->blocks[i]);
    leaks_sort_groups(leaks);
    mni_os_release(search->memory, search->memory_size);
    return done;
}

bool mni_leaks_find(struct mni_leaks *leaks)
{
    /* In no frame, as what is below it is not looked at. */
    static struct leaks_search search;
    volatile char here = 0;
    bool done = false;

    /* Registers of the callers go to this frame. */
    __builtin_unwind_init();
    for (int i = 0; !done && i < LEAKS_TRIES; i++) {
        memset(&search, 0, sizeof search);
        *leaks = (struct mni_leaks){0};
        /* Or a thread could stand still that has it. */
        if (!mni_stock_lock(&mni_stock))
            return false;
        mni_world_stop();
        mni_stock_unlock(&mni_stock);
        /* It fails if one stands still between two lists. */
        done = leaks_search(&search, leaks);
        mni_world_go_on();
    }
    (void)here;
    return done;
}
