/* SPDX-License-Identifier: MIT */
/* Guards in every order, over tiled and bump: what the user sees of a stack is
 * always a region, whose blocks are where, as large and as aligned as asked,
 * keep their content, and all come back. */
#include <string.h>

#include "unit/guard_setup.h"

enum kind { LIMIT, COUNT, LOCK, TRACE, REDZONE, QUARANTINE, KINDS };

enum {
    DEPTH_MAX = 8,
    MEMORY_SIZE = 16 << 10,
    HARD = 6 << 10,
    CONTROL_BLOCKS = 20, /* fewer than the slots: records run out, too */
    SLOTS = 24,
    STEPS = 160,
    CHECK_EVERY = 8,
    EMPTY_EVERY = 48,
    RANDOM_STACKS = 400
};

struct layer {
    enum kind kind;
    union {
        struct mn_region region;
        struct mn_limit limit;
        struct mn_count count;
        struct mn_lock lock;
        struct mn_trace trace;
        struct mn_redzone redzone;
        struct mn_quarantine quarantine;
    } as;
    bool held;       /* of a lock */
    unsigned events; /* of a trace */
    _Alignas(8) unsigned char control[40 * (CONTROL_BLOCKS + 1)];
};

struct slot {
    unsigned char *start; /* NULL: nothing out */
    size_t size;
    unsigned char content;
};

static struct layer layers[DEPTH_MAX];
static unsigned layer_count;
static struct mn_region *top;
static struct mn_tiled tiled;
static struct mn_bump bump;
static bool exact; /* the bounds of each block can be told */
static struct slot slots[SLOTS];
static uint64_t random_state = 20261123;

static size_t pick(size_t bound)
{
    return (size_t)(test_random(&random_state) % bound);
}

/* ---- making a stack ---- */

static void acquire(void *context)
{
    struct layer *layer = context;

    EXPECT(!layer->held);
    layer->held = true;
}

static void release(void *context)
{
    struct layer *layer = context;

    EXPECT(layer->held);
    layer->held = false;
}

static void hear(const struct mn_trace_event *event, void *context)
{
    struct layer *layer = context;

    EXPECT(event->op != MN_TRACE_ALLOC
           || event->done == (event->block != NULL));
    layer->events++;
}

static bool refuse(struct mn_limit *limit, enum mn_limit_event event,
                   size_t size, void *context)
{
    EXPECT(context == limit && size > 0);
    EXPECT(event != MN_LIMIT_SOFT || mn_limit_size(limit) > HARD / 2);
    return false;
}

static void push(enum kind kind)
{
    struct layer *layer = &layers[layer_count++];
    size_t size = mn_guard_control_size(CONTROL_BLOCKS);

    *layer = (struct layer){.kind = kind};
    EXPECT(size > 0 && size <= sizeof layer->control);
    switch (kind) {
    case LIMIT:
        mn_limit_init(&layer->as.limit, top, HARD / 2, HARD);
        mn_limit_watch(&layer->as.limit, refuse, &layer->as.limit);
        break;
    case COUNT:
        mn_count_init(&layer->as.count, top);
        break;
    case LOCK:
        EXPECT(mn_lock_init(&layer->as.lock, top, acquire, release, layer)
               == MN_OK);
        break;
    case TRACE:
        mn_trace_init(&layer->as.trace, top, hear, layer);
        break;
    case REDZONE:
        exact = true;
        EXPECT(mn_redzone_init(&layer->as.redzone, top, 1 + pick(40),
                               layer->control, size)
               == MN_OK);
        break;
    case QUARANTINE:
    case KINDS:
        exact = true;
        EXPECT(mn_quarantine_init(&layer->as.quarantine, top, pick(2 * HARD),
                                  layer->control, size)
               == MN_OK);
        break;
    }
    top = &layer->as.region;
}

static void begin(bool over_bump)
{
    layer_count = 0;
    exact = !over_bump;
    top = over_bump ? &bump.region : &tiled.region;
    if (over_bump) {
        EXPECT(mn_bump_init(&bump, setup_memory, MEMORY_SIZE) == MN_OK);
        return;
    }
    EXPECT(mn_tiled_init(&tiled,
                         &(struct mn_tiled_place){
                             .memory = setup_memory,
                             .memory_size = MEMORY_SIZE,
                             .granule = 8,
                             .strategy = &mn_tlsf,
                             .control = setup_control,
                             .control_size = sizeof setup_control,
                         })
           == MN_OK);
}

/* ---- the model ---- */

static void write_content(struct slot *slot)
{
    slot->content = (unsigned char)pick(256);
    memset(slot->start, slot->content, slot->size);
}

static void expect_content(const unsigned char *start, size_t size,
                           unsigned char content)
{
    for (size_t i = 0; i < size; i++)
        EXPECT(start[i] == content);
}

static void expect_apart(const struct slot *slot)
{
    EXPECT(slot->start >= setup_memory
           && slot->start + slot->size <= setup_memory + MEMORY_SIZE);
    for (unsigned i = 0; i < SLOTS; i++) {
        const struct slot *other = &slots[i];
        EXPECT(other == slot || other->start == NULL
               || other->start + other->size <= slot->start
               || slot->start + slot->size <= other->start);
    }
}

static void expect_found(const struct slot *slot)
{
    struct mn_block block;
    size_t offset = pick(slot->size);

    EXPECT(mn_region_block_at(top, slot->start + offset, &block));
    EXPECT(block.state == MN_ALLOCATED);
    if (!exact)
        return;
    EXPECT(block.start == slot->start && block.size >= slot->size);
    EXPECT(mn_region_examine(top, slot->start + offset)
           == (offset == 0 ? MN_OK : MN_ERR_ADDRESS));
}

static void step_alloc(struct slot *slot)
{
    size_t size = pick(8) == 0 ? pick(HARD) : pick(300);
    size_t align = (size_t)1 << pick(9);

    slot->start = mn_region_alloc(top, size, align);
    if (slot->start == NULL)
        return;
    slot->size = size;
    EXPECT(size > 0 && (uintptr_t)slot->start % align == 0);
    expect_apart(slot);
    write_content(slot);
    expect_found(slot);
}

static void step_free(struct slot *slot)
{
    expect_content(slot->start, slot->size, slot->content);
    if (pick(2) == 0 || !exact)
        mn_region_free(top, slot->start);
    else
        EXPECT(mn_region_deallocate(top, slot->start) == MN_OK);
    slot->start = NULL;
}

static void step_resize(struct slot *slot)
{
    size_t size = pick(400);
    size_t kept = size < slot->size ? size : slot->size;

    if (!mn_region_resize(top, slot->start, size)) {
        expect_content(slot->start, slot->size, slot->content);
        return;
    }
    EXPECT(size > 0);
    expect_content(slot->start, kept, slot->content);
    slot->size = size;
    expect_apart(slot);
    write_content(slot);
}

static void step_reallocate(struct slot *slot)
{
    size_t size = pick(400);
    size_t align = (size_t)1 << pick(9);
    size_t kept = size < slot->size ? size : slot->size;
    void *block = slot->start;
    enum mn_status status = mn_region_reallocate(top, &block, size, align);

    EXPECT(status == (size == 0 ? MN_ERR_SIZE : status));
    if (status != MN_OK) {
        EXPECT(status == MN_ERR_SIZE || status == MN_ERR_NOMEM);
        EXPECT(block == slot->start);
        expect_content(slot->start, slot->size, slot->content);
        return;
    }
    slot->start = block;
    EXPECT((uintptr_t)block % align == 0);
    expect_content(slot->start, kept, slot->content);
    slot->size = size;
    expect_apart(slot);
    write_content(slot);
}

struct tour {
    unsigned char *end;
    unsigned allocated;
};

static bool visit(const struct mn_block *block, void *context)
{
    struct tour *tour = context;

    EXPECT(block->start == tour->end && block->size > 0);
    tour->end += block->size;
    tour->allocated += block->state == MN_ALLOCATED;
    return true;
}

static void expect_whole(void)
{
    struct tour tour = {.end = setup_memory};
    unsigned live = 0;

    for (unsigned i = 0; i < SLOTS; i++)
        live += slots[i].start != NULL;
    EXPECT(mn_region_check(top));
    EXPECT(mn_region_walk(top, visit, &tour));
    EXPECT(tour.end == setup_memory + MEMORY_SIZE);
    EXPECT(!exact || tour.allocated == live);
}

static void free_all(void)
{
    for (unsigned i = 0; i < SLOTS; i++)
        if (slots[i].start != NULL)
            step_free(&slots[i]);
}

static void step(void)
{
    struct slot *slot = &slots[pick(SLOTS)];

    if (slot->start == NULL) {
        step_alloc(slot);
        return;
    }
    expect_found(slot);
    switch (pick(4)) {
    case 0:
        step_resize(slot);
        break;
    case 1:
        if (exact)
            step_reallocate(slot);
        break;
    default:
        step_free(slot);
    }
}

/* After everything was given back, nothing is left anywhere. */
static void expect_empty(void)
{
    struct mn_block block;

    for (unsigned i = layer_count; i-- > 0;)
        if (layers[i].kind == QUARANTINE)
            mn_quarantine_flush(&layers[i].as.quarantine);
    for (unsigned i = 0; i < layer_count; i++) {
        const struct layer *layer = &layers[i];
        if (layer->kind == LIMIT)
            EXPECT(mn_limit_size(&layer->as.limit) == 0);
        if (layer->kind == COUNT)
            EXPECT(layer->as.count.out.block_count == 0
                   && layer->as.count.out.size == 0);
        EXPECT(layer->kind != TRACE || layer->events > 0);
    }
    EXPECT(mn_region_block_at(top, setup_memory, &block));
    EXPECT(block.state == MN_FREE && block.size == MEMORY_SIZE);
}

static void run(void)
{
    for (unsigned i = 1; i <= STEPS; i++) {
        step();
        if (i % EMPTY_EVERY == 0)
            free_all();
        if (i % CHECK_EVERY == 0)
            expect_whole();
    }
    free_all();
    expect_whole();
    expect_empty();
}

/* The next order of `kinds`, or false after the last. */
static bool permute(enum kind *kinds)
{
    int i = KINDS - 2;
    int j = KINDS - 1;

    while (i >= 0 && kinds[i] > kinds[i + 1])
        i--;
    if (i < 0)
        return false;
    while (kinds[j] < kinds[i])
        j--;
    enum kind swapped = kinds[i];
    kinds[i] = kinds[j];
    kinds[j] = swapped;
    for (int low = i + 1, high = KINDS - 1; low < high; low++, high--) {
        swapped = kinds[low];
        kinds[low] = kinds[high];
        kinds[high] = swapped;
    }
    return true;
}

static unsigned run_all_orders(bool over_bump)
{
    enum kind kinds[KINDS] = {LIMIT, COUNT, LOCK, TRACE, REDZONE, QUARANTINE};
    unsigned order_count = 0;

    do {
        begin(over_bump);
        for (unsigned i = 0; i < KINDS; i++)
            push(kinds[i]);
        run();
        order_count++;
    } while (permute(kinds));
    return order_count;
}

TEST(every_order_works_over_tiled)
{
    EXPECT(run_all_orders(false) == 720);
}

TEST(every_order_works_over_bump)
{
    EXPECT(run_all_orders(true) == 720);
}

TEST(any_guards_any_number_of_times_work)
{
    for (unsigned i = 0; i < RANDOM_STACKS; i++) {
        begin(pick(2) == 0);
        for (size_t depth = pick(DEPTH_MAX + 1); depth > 0; depth--)
            push((enum kind)pick(KINDS));
        run();
    }
}

/* ---- what one guard sees reaches the user through the others ---- */

static void break_count(void)
{
    for (unsigned i = 0; i < layer_count; i++)
        if (layers[i].kind == COUNT)
            layers[i].as.count.failure_count = SIZE_MAX;
}

TEST(damage_is_seen_through_any_order)
{
    enum kind kinds[KINDS] = {LIMIT, COUNT, LOCK, TRACE, REDZONE, QUARANTINE};

    do {
        begin(false);
        for (unsigned i = 0; i < KINDS; i++)
            push(kinds[i]);
        unsigned char *block = mn_region_alloc(top, 48, 8);
        unsigned char was = block[48];
        block[48] = 0;
        EXPECT(mn_region_deallocate(top, block) == MN_ERR_CORRUPTED);
        EXPECT(!mn_region_check(top));
        block[48] = was;
        EXPECT(mn_region_check(top));
        break_count();
        EXPECT(!mn_region_check(top));
        EXPECT(mn_region_deallocate(top, block) == MN_OK);
        EXPECT(mn_region_deallocate(top, block) == MN_ERR_DOUBLE_FREE);
        EXPECT(mn_region_deallocate(top, block + 1) == MN_ERR_DOUBLE_FREE);
    } while (permute(kinds));
}
