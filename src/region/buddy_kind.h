/* SPDX-License-Identifier: MIT */
/* buddy_kind.h -- a kind of tiled region: buddies (Knowlton 1965; Knuth
 * 1, 2.5).
 *
 * A block of order k has 2^k granules, and lies at an address that is a
 * multiple of its size, counted from address 0. Its two halves are buddies:
 * their addresses differ in one bit, so that one look tells whether a block can
 * be joined with its other half. Free blocks of one order are a list; a word
 * has a bit for each list that is not empty.
 *
 * Everything is found by position. For each granule there is a byte, which says
 * whether a block begins there, of which order, and whether it is free; and two
 * links for the list. The bytes are what other kinds have as index, the links
 * what they have as records. A link is the number of a granule from 1 on; 0 is
 * a sink: links to nothing lead there, and what is written there is not read.
 *
 * A file of a kind sets MNI_BUDDY_LINK and MNI_BUDDY_GRANULES_MAX, which a link
 * can hold, and MNI_TILED_KIND, the name, and includes this.
 */
#include "base/assert.h"
#include "base/bits.h"
#include "region/tiled.h"

_Static_assert(offsetof(struct mn_tiled, region) == 0, "kinds are cast");
_Static_assert(offsetof(struct mni_tiled_kind, ops) == 0, "kinds are cast");

enum {
    /* A region has less than 2^31 granules. */
    BUDDY_ORDER_MAX = 30,
    BUDDY_ORDERS = BUDDY_ORDER_MAX + 1,
    BUDDY_DEBUG_GRANULES = 1024
};

/* The byte of a granule: 0 inside of a block; where one begins, its order and
 * one of two bits. */
enum {
    BUDDY_INSIDE = 0,
    BUDDY_ORDER = 0x1f,
    BUDDY_FREE = 0x40,
    BUDDY_USED = 0x80
};

struct buddy_links {
    MNI_BUDDY_LINK prev;
    MNI_BUDDY_LINK next;
};

/* Free blocks that are buddies have different orders: else they would be one.
 * Bit k of `orders` is set exactly while head[k] is not 0. */
struct buddies {
    uint32_t granule_count;
    uint32_t origin; /* granule number of the first address, its lower bits */
    uint32_t orders;
    MNI_BUDDY_LINK head[BUDDY_ORDERS];
    struct buddy_links links[]; /* of each granule, and before them the sink */
};

static uint32_t buddy_granules(unsigned order)
{
    return UINT32_C(1) << order;
}

/* The order of the smallest block of `size` bytes, which may be one more than
 * the highest there is. Requires: 0 < size <= tiled->size. */
static unsigned buddy_order(const struct mn_tiled *tiled, size_t size)
{
    size_t last = (size - 1) >> tiled->granule_shift;

    return last == 0 ? 0 : mni_highest_bit(last) + 1;
}

static unsigned char *buddy_address(const struct mn_tiled *tiled,
                                    uint32_t granule)
{
    return tiled->base + ((size_t)granule << tiled->granule_shift);
}

/* ---- lists ---- */

static bool buddy_is_free(const struct mn_tiled *tiled, uint32_t granule,
                          unsigned order)
{
    const unsigned char *state = tiled->index;

    return granule < tiled->granule_count
           && state[granule] == (BUDDY_FREE | order);
}

/* Make a free block of granules that are in none. */
static void buddy_add(const struct mn_tiled *tiled, uint32_t granule,
                      unsigned order)
{
    struct buddies *buddies = tiled->tiles;
    unsigned char *state = tiled->index;
    MNI_BUDDY_LINK link = (MNI_BUDDY_LINK)(granule + 1);
    MNI_BUDDY_LINK first = buddies->head[order];

    state[granule] = (unsigned char)(BUDDY_FREE | order);
    buddies->links[link].prev = 0;
    buddies->links[link].next = first;
    buddies->links[first].prev = link;
    buddies->head[order] = link;
    buddies->orders |= UINT32_C(1) << order;
}

/* Take the granules of a free block, which then are in none. */
static void buddy_remove(const struct mn_tiled *tiled, uint32_t granule,
                         unsigned order)
{
    struct buddies *buddies = tiled->tiles;
    unsigned char *state = tiled->index;
    struct buddy_links links = buddies->links[granule + 1];

    state[granule] = BUDDY_INSIDE;
    buddies->links[links.next].prev = links.prev;
    if (links.prev != 0)
        buddies->links[links.prev].next = links.next;
    else
        buddies->head[order] = links.next;
    if (buddies->head[order] == 0)
        buddies->orders &= ~(UINT32_C(1) << order);
}

/* Hand out the first `order` of granules that are in no block and of order
 * `from`; free the others. */
static void buddy_use(const struct mn_tiled *tiled, uint32_t granule,
                      unsigned order, unsigned from)
{
    unsigned char *state = tiled->index;

    while (from > order) {
        from--;
        buddy_add(tiled, granule + buddy_granules(from), from);
    }
    state[granule] = (unsigned char)(BUDDY_USED | order);
}

/* ---- from addresses to blocks ---- */

static void buddy_block(const struct mn_tiled *tiled, uint32_t granule,
                        struct mn_block *block)
{
    const unsigned char *state = tiled->index;
    size_t granules = buddy_granules(state[granule] & BUDDY_ORDER);

    block->start = buddy_address(tiled, granule);
    block->size = granules << tiled->granule_shift;
    block->perm = MN_PERM_RW;
    block->state = (state[granule] & BUDDY_FREE) != 0 ? MN_FREE : MN_ALLOCATED;
}

/* The granule that begins the block in which `granule` lies. It is found where
 * bits of the granule's number are cleared from the lowest on: in between are
 * only places inside of the block. */
static uint32_t buddy_begin_of(const struct mn_tiled *tiled, uint32_t granule)
{
    const struct buddies *buddies = tiled->tiles;
    const unsigned char *state = tiled->index;
    uint32_t number = buddies->origin + granule;
    uint32_t begin = granule;

    for (unsigned look = 0; look < BUDDY_ORDERS && begin <= granule; look++) {
        if (state[begin] != BUDDY_INSIDE)
            return begin;
        number &= number - 1;
        begin = number - buddies->origin; /* wraps if below the region */
    }
    mni_stop_at("search", buddy_address(tiled, granule),
                "the region's records are damaged", NULL);
}

static bool buddy_block_at(const struct mn_region *region, const void *address,
                           struct mn_block *block)
{
    const struct mn_tiled *tiled = (const struct mn_tiled *)region;
    /* Wraps for an address below base, so one comparison bounds both ends. */
    uintptr_t offset = (uintptr_t)address - (uintptr_t)tiled->base;

    if (offset >= tiled->size)
        return false;
    buddy_block(
        tiled,
        buddy_begin_of(tiled, (uint32_t)(offset >> tiled->granule_shift)),
        block);
    return true;
}

/* Say why `address` is not a block that is out. */
static _Noreturn __attribute__((cold, noinline)) void
buddy_stop(const struct mn_tiled *tiled, const char *operation,
           const void *address)
{
    struct mn_block block;

    if (!buddy_block_at(&tiled->region, address, &block))
        mni_stop_at(operation, address, "foreign address", NULL);
    if (block.state == MN_FREE)
        mni_stop_at(operation, address, "block is already free", &block);
    mni_stop_at(operation, address, "pointer into a block", &block);
}

/* The granule that begins the block at `address`, which is out. Any other
 * address stops the program. */
static uint32_t buddy_out(const struct mn_tiled *tiled, const char *operation,
                          const void *address)
{
    const unsigned char *state = tiled->index;
    uintptr_t offset = (uintptr_t)address - (uintptr_t)tiled->base;
    uint32_t granule = (uint32_t)(offset >> tiled->granule_shift);

    if (offset >= tiled->size
        || (uintptr_t)granule << tiled->granule_shift != offset
        || (state[granule] & BUDDY_USED) == 0)
        buddy_stop(tiled, operation, address);
    return granule;
}

/* ---- the whole invariant; nothing that is read is believed ---- */

/* Whether a link leads to a free block of that order. */
static bool buddy_check_link(const struct mn_tiled *tiled, uint32_t link,
                             unsigned order)
{
    return link != 0 && buddy_is_free(tiled, link - 1, order);
}

static bool buddy_check_free(const struct mn_tiled *tiled, uint32_t granule,
                             unsigned order)
{
    const struct buddies *buddies = tiled->tiles;
    struct buddy_links links = buddies->links[granule + 1];
    uint32_t other =
        ((buddies->origin + granule) ^ buddy_granules(order)) - buddies->origin;

    if (buddy_is_free(tiled, other, order))
        return false;
    if (links.next != 0
        && !(buddy_check_link(tiled, links.next, order)
             && buddies->links[links.next].prev == granule + 1))
        return false;
    if (links.prev == 0)
        return buddies->head[order] == granule + 1;
    return buddy_check_link(tiled, links.prev, order)
           && buddies->links[links.prev].next == granule + 1;
}

/* The granules of the block that begins at `granule`, or 0 if there cannot be
 * such a block. */
static uint32_t buddy_check_block(const struct mn_tiled *tiled,
                                  uint32_t granule)
{
    const struct buddies *buddies = tiled->tiles;
    const unsigned char *state = tiled->index;
    unsigned order = state[granule] & BUDDY_ORDER;
    unsigned kind = state[granule] - order;
    uint32_t count = buddy_granules(order);

    if ((kind != BUDDY_FREE && kind != BUDDY_USED) || order > BUDDY_ORDER_MAX
        || count > tiled->granule_count - granule
        || ((buddies->origin + granule) & (count - 1)) != 0)
        return 0;
    for (uint32_t i = 1; i < count; i++) {
        if (state[granule + i] != BUDDY_INSIDE)
            return 0;
    }
    if (kind == BUDDY_FREE && !buddy_check_free(tiled, granule, order))
        return 0;
    return count;
}

/* Whether `count` blocks can be reached from the head of a list. That they are
 * not met twice follows from links that have inverses. */
static bool buddy_check_list(const struct mn_tiled *tiled, unsigned order,
                             uint32_t count)
{
    const struct buddies *buddies = tiled->tiles;
    uint32_t link = buddies->head[order];

    if ((buddies->orders >> order & 1) != (link != 0))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (!buddy_check_link(tiled, link, order))
            return false;
        link = buddies->links[link].next;
    }
    return link == 0;
}

static bool buddy_check_blocks(const struct mn_tiled *tiled)
{
    const struct buddies *buddies = tiled->tiles;
    const unsigned char *state = tiled->index;
    uint32_t free_count[BUDDY_ORDERS] = {0};
    uint32_t granule = 0;

    while (granule < tiled->granule_count) {
        uint32_t count = buddy_check_block(tiled, granule);
        if (count == 0)
            return false;
        if ((state[granule] & BUDDY_FREE) != 0)
            free_count[state[granule] & BUDDY_ORDER]++;
        granule += count;
    }
    for (unsigned order = 0; order < BUDDY_ORDERS; order++) {
        if (!buddy_check_list(tiled, order, free_count[order]))
            return false;
    }
    return buddies->orders >> BUDDY_ORDERS == 0;
}

static bool buddy_check(const struct mn_region *region)
{
    const struct mn_tiled *tiled = (const struct mn_tiled *)region;
    const struct buddies *buddies = tiled->tiles;
    unsigned shift = tiled->granule_shift;

    return shift < sizeof(size_t) * 8 && tiled->step_shift == 0
           && tiled->granule_count > 0
           && tiled->granule_count == buddies->granule_count
           && tiled->size >> shift == tiled->granule_count
           && ((tiled->size | (uintptr_t)tiled->base)
               & (((size_t)1 << shift) - 1))
                  == 0
           && (uint32_t)((uintptr_t)tiled->base >> shift) == buddies->origin
           && buddy_check_blocks(tiled);
}

/* For debug builds: reading the state of a large region at each step would
 * make a program too slow to be debugged. */
static bool buddy_check_small(const struct mn_tiled *tiled)
{
    return tiled->granule_count > BUDDY_DEBUG_GRANULES
           || buddy_check(&tiled->region);
}

/* ---- the operations ---- */

static void *buddy_alloc(struct mn_region *region, size_t size, size_t align)
{
    const struct mn_tiled *tiled = (const struct mn_tiled *)region;
    const struct buddies *buddies = tiled->tiles;

    MN_ASSERT(buddy_check_small(tiled));
    if (size < align)
        size = align;
    if (size > tiled->size)
        return NULL;
    unsigned order = buddy_order(tiled, size);
    uint32_t fit = buddies->orders >> order << order;
    if (fit == 0)
        return NULL;
    unsigned from = mni_lowest_bit(fit);
    uint32_t granule = (uint32_t)buddies->head[from] - 1;
    buddy_remove(tiled, granule, from);
    buddy_use(tiled, granule, order, from);
    MN_ASSERT(buddy_check_small(tiled));
    return buddy_address(tiled, granule);
}

static void buddy_free(struct mn_region *region, void *address)
{
    const struct mn_tiled *tiled = (const struct mn_tiled *)region;
    const struct buddies *buddies = tiled->tiles;
    unsigned char *state = tiled->index;

    MN_ASSERT(buddy_check_small(tiled));
    uint32_t granule = buddy_out(tiled, "free", address);
    unsigned order = state[granule] & BUDDY_ORDER;
    state[granule] = BUDDY_INSIDE;
    for (; order < BUDDY_ORDER_MAX; order++) {
        uint32_t other = ((buddies->origin + granule) ^ buddy_granules(order))
                         - buddies->origin;
        if (!buddy_is_free(tiled, other, order))
            break;
        buddy_remove(tiled, other, order);
        if (other < granule)
            granule = other;
    }
    buddy_add(tiled, granule, order);
    MN_ASSERT(buddy_check_small(tiled));
}

/* Whether a block that is out can become one of order `order` where it is:
 * each time it must be the lower half, and the upper one free. */
static bool buddy_can_grow(const struct mn_tiled *tiled, uint32_t granule,
                           unsigned order)
{
    const struct buddies *buddies = tiled->tiles;
    const unsigned char *state = tiled->index;

    for (unsigned i = state[granule] & BUDDY_ORDER; i < order; i++) {
        if (((buddies->origin + granule) >> i & 1) != 0
            || !buddy_is_free(tiled, granule + buddy_granules(i), i))
            return false;
    }
    return true;
}

static bool buddy_resize(struct mn_region *region, void *address, size_t size)
{
    const struct mn_tiled *tiled = (const struct mn_tiled *)region;
    const unsigned char *state = tiled->index;

    MN_ASSERT(buddy_check_small(tiled));
    uint32_t granule = buddy_out(tiled, "resize", address);
    if (size > tiled->size)
        return false;
    unsigned order = buddy_order(tiled, size);
    unsigned from = state[granule] & BUDDY_ORDER;
    if (!buddy_can_grow(tiled, granule, order))
        return false;
    for (; from < order; from++)
        buddy_remove(tiled, granule + buddy_granules(from), from);
    buddy_use(tiled, granule, order, from);
    MN_ASSERT(buddy_check_small(tiled));
    return true;
}

static bool buddy_walk(const struct mn_region *region, mn_block_fn visit,
                       void *context)
{
    const struct mn_tiled *tiled = (const struct mn_tiled *)region;
    const unsigned char *state = tiled->index;
    uint32_t granule = 0;

    while (granule < tiled->granule_count) {
        struct mn_block block;
        buddy_block(tiled, granule, &block);
        granule += buddy_granules(state[granule] & BUDDY_ORDER);
        if (!visit(&block, context))
            return false;
    }
    return true;
}

/* Cover the memory with free blocks, each as large as its address and the end
 * allow: first they grow, then they shrink. */
static void buddy_begin(struct mn_tiled *tiled, uint32_t count,
                        const struct mn_tiled_place *place)
{
    struct buddies *buddies = tiled->tiles;
    uint32_t granule = 0;

    (void)place;
    MN_ASSERT(count > tiled->granule_count);
    buddies->origin =
        (uint32_t)((uintptr_t)tiled->base >> tiled->granule_shift);
    buddies->granule_count = tiled->granule_count;
    buddies->orders = 0;
    for (unsigned order = 0; order < BUDDY_ORDERS; order++)
        buddies->head[order] = 0;
    while (granule < tiled->granule_count) {
        unsigned order = mni_highest_bit(tiled->granule_count - granule);
        uint32_t number = buddies->origin + granule;
        if (number != 0 && mni_lowest_bit(number) < order)
            order = mni_lowest_bit(number);
        buddy_add(tiled, granule, order);
        granule += buddy_granules(order);
    }
    MN_ASSERT(buddy_check_small(tiled));
}

static uint32_t buddy_count(const struct mn_tiled *tiled)
{
    return tiled->granule_count + 1;
}

/* A block never needs what is not there: every granule has its links. */
static bool buddy_spare(const struct mn_tiled *tiled)
{
    (void)tiled;
    return true;
}

static void buddy_grow(struct mn_tiled *tiled, uint32_t count)
{
    (void)tiled;
    (void)count;
}

const struct mni_tiled_kind MNI_TILED_KIND = {
    .ops = {.name = "buddy",
            .alloc = buddy_alloc,
            .resize = buddy_resize,
            .free = buddy_free,
            .check = buddy_check,
            .block_at = buddy_block_at,
            .walk = buddy_walk},
    .granules_max = MNI_BUDDY_GRANULES_MAX,
    .count_max = MNI_BUDDY_GRANULES_MAX + 1,
    .record_size = sizeof(struct buddy_links),
    .entry_size = sizeof(unsigned char),
    .head_size = offsetof(struct buddies, links),
    .positional = true,
    .begin = buddy_begin,
    .count = buddy_count,
    .spare = buddy_spare,
    .grow = buddy_grow,
};
