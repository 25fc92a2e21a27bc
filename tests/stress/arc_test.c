/* SPDX-License-Identifier: MIT */
/* Threads that share references: they go from mailbox to mailbox, are cloned,
 * dropped and upgraded by whoever has them, and the threads end and begin. Each
 * object must end once, with what was written to it. */
#include <mn/arc.h>
#include <mn/heap.h>

#include <pthread.h>

#include "ref/arc.h"
#include "test.h"

enum { THREADS = 4, BOXES = 32, ROUNDS = 6, STEPS = 100000, LIVE = 0x11fe };

MN_TYPE_DECLARE(letter);
MN_ARCS(letter);
MN_ARC_FUNCTIONS(letter)
struct letter {
    struct letter_arc next;
    struct letter_arc_weak back;
    unsigned state;
    size_t number;
};

static _Atomic size_t made;
static _Atomic size_t ended;
static struct letter *boxes[BOXES];
static struct letter *weak_boxes[BOXES];

static void letter_end(struct letter *letter)
{
    EXPECT(letter->state == LIVE);
    letter->state = 0;
    ended++;
}

MN_DROP(letter, letter_end)
MN_TYPE(letter, .drop = letter_drop,
        MN_REFERENCES(MN_MEMBER_IS(ARC, letter, next, letter),
                      MN_MEMBER_IS(ARC_WEAK, letter, back, letter)));

static struct letter *exchange(struct letter **box, struct letter *letter)
{
    return __atomic_exchange_n(box, letter, __ATOMIC_ACQ_REL);
}

static void put(unsigned box, struct letter_arc arc)
{
    struct letter_arc old = {exchange(&boxes[box], arc.at)};

    if (old.at != NULL)
        EXPECT(old.at->state == LIVE);
    letter_arc_drop(&old);
}

static struct letter_arc write_letter(unsigned box)
{
    struct letter_arc arc = letter_arc_new();

    EXPECT(arc.at != NULL);
    arc.at->state = LIVE;
    arc.at->number = made++;
    arc.at->next.at = exchange(&boxes[box], NULL);
    struct letter_arc_weak weak = {
        exchange(&weak_boxes[box], letter_arc_weak(arc).at)};
    arc.at->back = weak;
    return arc;
}

/* A reference that was in a box, and stays there as a clone. */
static struct letter_arc borrow(unsigned box)
{
    struct letter_arc arc = {exchange(&boxes[box], NULL)};

    if (arc.at != NULL)
        put(box, letter_arc_clone(arc));
    return arc;
}

static struct letter_arc look(unsigned box)
{
    struct letter_arc_weak weak = {exchange(&weak_boxes[box], NULL)};
    struct letter_arc arc = letter_arc_weak_upgrade(weak);

    if (arc.at != NULL)
        EXPECT(arc.at->state == LIVE);
    weak.at = exchange(&weak_boxes[box], weak.at);
    letter_arc_weak_drop(&weak);
    return arc;
}

static void step(uint64_t random)
{
    unsigned box = random / 8 % BOXES;
    struct letter_arc arc = {NULL};

    switch (random % 8) {
    case 0:
    case 1:
        put(random / 1024 % BOXES, write_letter(box));
        break;
    case 2:
    case 3:
        arc = look(box);
        break;
    case 4:
        put(box, (struct letter_arc){NULL});
        break;
    default:
        arc = borrow(box);
        break;
    }
    for (int i = 0; arc.at != NULL && i < 3; i++) {
        struct letter_arc other = letter_arc_clone(arc);
        EXPECT(other.at->state == LIVE);
        letter_arc_drop(&other);
    }
    letter_arc_drop(&arc);
    if (random % 61 == 0)
        mn_arc_poll();
}

static void *work(void *seed)
{
    uint64_t state = (uint64_t)(uintptr_t)seed;

    for (int i = 0; i < STEPS; i++)
        step(test_random(&state));
    return NULL;
}

TEST(each_object_ends_once_whoever_has_it_last)
{
    pthread_t threads[THREADS];

    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < THREADS; i++) {
            uintptr_t seed = round * THREADS + i + 1;
            EXPECT(pthread_create(&threads[i], NULL, work, (void *)seed) == 0);
        }
        for (unsigned i = 0; i < THREADS; i++)
            EXPECT(pthread_join(threads[i], NULL) == 0);
    }
    for (unsigned box = 0; box < BOXES; box++) {
        struct letter_arc_weak weak = {exchange(&weak_boxes[box], NULL)};
        letter_arc_weak_drop(&weak);
        put(box, (struct letter_arc){NULL});
    }
    mn_arc_poll();
    EXPECT(ended == made);
    EXPECT(mni_arc_side_entries() == 0);
    EXPECT(mn_heap_check(NULL));
}

static struct letter_arc hot;

static void *clone_many(void *unused)
{
    enum { HELD = 20000 };
    static _Thread_local struct letter_arc held[HELD];

    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < HELD; i++)
            held[i] = letter_arc_clone(hot);
        for (int i = 0; i < HELD; i++)
            letter_arc_drop(&held[i]);
    }
    return unused;
}

TEST(a_count_that_goes_aside_is_right_whoever_takes_part)
{
    pthread_t threads[THREADS];

    hot = letter_arc_new();
    EXPECT(hot.at != NULL);
    hot.at->state = LIVE;
    for (unsigned i = 0; i < THREADS; i++)
        EXPECT(pthread_create(&threads[i], NULL, clone_many, NULL) == 0);
    (void)clone_many(NULL);
    for (unsigned i = 0; i < THREADS; i++)
        EXPECT(pthread_join(threads[i], NULL) == 0);
    EXPECT(letter_arc_count(hot) == 1);
    letter_arc_drop(&hot);
    mn_arc_poll();
    EXPECT(ended == 1 && mni_arc_side_entries() == 0);
}
