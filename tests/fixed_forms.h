/* SPDX-License-Identifier: MIT */
/* fixed_forms.h -- the same operations on several forms of one region.
 *
 * A form is three functions. A seeded sequence is run on all of them at once:
 * they must answer the same, and what each operation of each costs can be
 * counted, from the call to the return.
 */
#ifndef MN_FIXED_FORMS_H
#define MN_FIXED_FORMS_H

#include <mn/region.h>
#include <stdio.h>

#include "instructions.h"

enum {
    FORMS_MAX = 3,
    FORMS_GRANULE = 16,
    FORMS_SIZE = 24 * 1024,
    FORMS_RECORDS = 700, /* the sink is one */
    FORMS_OUT = 160,
    FORMS_SEED = 20261123
};

enum operation { ALLOC, ALLOC_ALIGNED, RESIZE, FREE, OPERATIONS };

static const char *const operation_name[OPERATIONS] = {"alloc", "alloc aligned",
                                                       "resize", "free"};

struct form {
    const char *name;
    void *(*alloc)(struct mn_region *region, size_t size, size_t align);
    bool (*resize)(struct mn_region *region, void *block, size_t size);
    void (*free)(struct mn_region *region, void *block);
    struct mn_region *region;
    unsigned char *memory;
    unsigned char *block[FORMS_OUT];
    unsigned long cost; /* of the operation that was last */
    unsigned long sum[OPERATIONS];
    unsigned long most[OPERATIONS];
};

struct request {
    enum operation operation;
    unsigned slot;
    size_t size;
    size_t align;
};

/* What is counted is what ships: no assertions, no sanitizer. */
#if MN_COUNTS_INSTRUCTIONS && !MN_DEBUG
#define FORMS_COUNTED 1
#define FORMS_BEGIN() instructions_begin()
#define FORMS_END() instructions_end()
#else
#define FORMS_COUNTED 0
#define FORMS_BEGIN() ((void)0)
#define FORMS_END() 0ul
#endif

/* Not inlined, so that what switches the trap is the same for all forms. */
static __attribute__((noinline)) void *forms_alloc(struct form *form,
                                                   size_t size, size_t align)
{
    FORMS_BEGIN();
    void *block = form->alloc(form->region, size, align);
    form->cost = FORMS_END();
    return block;
}

static __attribute__((noinline)) bool forms_resize(struct form *form,
                                                   void *block, size_t size)
{
    FORMS_BEGIN();
    bool done = form->resize(form->region, block, size);
    form->cost = FORMS_END();
    return done;
}

static __attribute__((noinline)) void forms_free(struct form *form, void *block)
{
    FORMS_BEGIN();
    form->free(form->region, block);
    form->cost = FORMS_END();
}

/* ---- a form that does nothing: what the counting itself costs ---- */

static __attribute__((noinline)) void *empty_alloc(struct mn_region *region,
                                                   size_t size, size_t align)
{
    (void)region;
    (void)size;
    (void)align;
    return NULL;
}

static __attribute__((noinline)) bool empty_resize(struct mn_region *region,
                                                   void *block, size_t size)
{
    (void)region;
    (void)block;
    (void)size;
    return false;
}

static __attribute__((noinline)) void empty_free(struct mn_region *region,
                                                 void *block)
{
    (void)region;
    (void)block;
}

static const struct mn_region_ops empty_ops = {
    .alloc = empty_alloc, .resize = empty_resize, .free = empty_free};

static struct mn_region empty_region = {&empty_ops};

static struct form empty = {.alloc = empty_alloc,
                            .resize = empty_resize,
                            .free = empty_free,
                            .region = &empty_region};

/* What mn_region_ adds to the function of a kind, for each operation, and what
 * is counted for a function that does nothing. */
static unsigned long forms_table_cost[OPERATIONS];
static unsigned long forms_empty_cost[OPERATIONS];

static unsigned long forms_cost(struct form *form, enum operation operation)
{
    static unsigned char block[FORMS_GRANULE];

    if (operation == RESIZE)
        EXPECT(!forms_resize(form, block, sizeof block));
    else if (operation == FREE)
        forms_free(form, block);
    else
        EXPECT(forms_alloc(form, sizeof block, FORMS_GRANULE) == NULL);
    return form->cost;
}

static void forms_calibrate(void)
{
    struct form table = {.alloc = mn_region_alloc,
                         .resize = mn_region_resize,
                         .free = mn_region_free,
                         .region = &empty_region};

    for (enum operation k = ALLOC; k < OPERATIONS; k++) {
        forms_empty_cost[k] = forms_cost(&empty, k);
        forms_table_cost[k] = forms_cost(&table, k) - forms_empty_cost[k];
    }
}

/* ---- the sequence ---- */

static size_t forms_random(uint64_t *random, size_t limit)
{
    return (size_t)(test_random(random) % limit);
}

/* Most blocks are small. */
static size_t forms_random_size(uint64_t *random)
{
    return 1 + forms_random(random, forms_random(random, 8) == 0 ? 4000 : 300);
}

static struct request forms_next(const struct form *form, uint64_t *random)
{
    struct request request = {.align = FORMS_GRANULE};

    request.slot = (unsigned)forms_random(random, FORMS_OUT);
    request.size = forms_random_size(random);
    if (form->block[request.slot] != NULL) {
        request.operation = forms_random(random, 4) == 0 ? RESIZE : FREE;
    } else if (forms_random(random, 8) == 0) {
        request.operation = ALLOC_ALIGNED;
        request.align = (size_t)FORMS_GRANULE << (1 + forms_random(random, 5));
    }
    return request;
}

/* Where the block is, or whether it was resized: the same for all forms. */
static ptrdiff_t forms_do(struct form *form, const struct request *request)
{
    unsigned char **block = &form->block[request->slot];
    ptrdiff_t answer = -1;

    if (request->operation == RESIZE) {
        answer = forms_resize(form, *block, request->size);
    } else if (request->operation == FREE) {
        forms_free(form, *block);
        *block = NULL;
    } else {
        *block = forms_alloc(form, request->size, request->align);
        if (*block != NULL)
            answer = *block - form->memory;
    }
    if (FORMS_COUNTED) /* with the instruction that returns */
        form->cost -= forms_empty_cost[request->operation] - 1;
    form->sum[request->operation] += form->cost;
    if (form->cost > form->most[request->operation])
        form->most[request->operation] = form->cost;
    return answer;
}

static void forms_print(const struct form *form, const unsigned *count)
{
    for (enum operation k = ALLOC; k < OPERATIONS; k++)
        printf("%-10s %-14s %5u: %6.1f instructions, at most %lu\n", form->name,
               operation_name[k], count[k], (double)form->sum[k] / count[k],
               form->most[k]);
}

static inline unsigned long forms_total(const struct form *form)
{
    unsigned long total = 0;

    for (enum operation k = ALLOC; k < OPERATIONS; k++)
        total += form->sum[k];
    return total;
}

/* Run `steps` of the sequence on all `form`s, whose regions have just been
 * made, and hand each to `compare`. */
static void forms_run(struct form *form, size_t form_count, unsigned steps,
                      void (*compare)(const struct form *form,
                                      const struct request *request))
{
    unsigned count[OPERATIONS] = {0};
    unsigned refused = 0;
    uint64_t seed = FORMS_SEED;

    forms_calibrate();
    for (unsigned step = 0; step < steps; step++) {
        struct request request = forms_next(&form[0], &seed);
        ptrdiff_t answer = forms_do(&form[0], &request);
        for (size_t k = 1; k < form_count; k++)
            EXPECT(forms_do(&form[k], &request) == answer);
        count[request.operation]++;
        refused += request.operation != FREE && answer == -1;
        compare(form, &request);
    }
    /* The sequence is not all of one sort, and fills the region. */
    for (enum operation k = ALLOC; k < OPERATIONS; k++)
        EXPECT(count[k] > steps / 40);
    EXPECT(refused > steps / 40);
    for (size_t k = 0; k < form_count && FORMS_COUNTED; k++)
        forms_print(&form[k], count);
}

#endif
