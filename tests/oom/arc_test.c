/* SPDX-License-Identifier: MIT */
/* Tests of shared references without memory: for an object, for a note to its
 * owner, for a count that goes aside; and each call of the system fails in turn
 * while threads use them. Nothing may end that has a reference, or end twice.
 */
#include <mn/arc.h>
#include <mn/heap.h>

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/os_fake.h"
#include "ref/arc.h"
#include "test.h"

enum { CALLS_MIN = 10, LIVE = 42 };

MN_TYPE_DECLARE(item);
MN_ARCS(item);
MN_ARC_FUNCTIONS(item)
struct item {
    struct item_arc next;
    struct item_arc other;
    int state;
};

static _Atomic size_t made;
static _Atomic size_t ended;

static void item_end(struct item *item)
{
    EXPECT(item->state == LIVE);
    item->state = 0;
    ended++;
}

MN_DROP(item, item_end)
MN_TYPE(item, .drop = item_drop,
        MN_REFERENCES(MN_MEMBER_IS(ARC, item, next, item),
                      MN_MEMBER_IS(ARC, item, other, item)));

MN_TYPE_DECLARE(plain);
MN_ARCS(plain);
MN_ARC_FUNCTIONS(plain)
struct plain {
    struct item_arc next;
};
MN_TYPE(plain, MN_REFERENCES(MN_MEMBER_IS(ARC, plain, next, item)));

/* Or none. */
static struct item_arc try_item(void)
{
    struct item_arc arc = item_arc_new();

    if (arc.at != NULL) {
        arc.at->state = LIVE;
        made++;
    }
    return arc;
}

static struct item_arc item(void)
{
    struct item_arc arc = try_item();

    EXPECT(arc.at != NULL);
    return arc;
}

/* Let nothing be left for this thread, nor for others that ask the system. */
static void exhaust(void)
{
    mni_fake_fail(1, UINT64_MAX);
    for (size_t size = 16; size <= 128; size += 16)
        while (mn_alloc(size) != NULL)
            continue;
}

static void in_thread(void *(*run)(void *), void *context)
{
    pthread_t thread;

    EXPECT(pthread_create(&thread, NULL, run, context) == 0);
    EXPECT(pthread_join(thread, NULL) == 0);
}

static void *drop_without_memory(void *context)
{
    exhaust();
    item_arc_drop(context);
    mni_fake_fail(0, 0);
    return NULL;
}

static void *drop_it(void *context)
{
    item_arc_drop(context);
    return NULL;
}

TEST(without_memory_there_is_no_object_and_no_copy)
{
    struct plain_arc a = plain_arc_new();
    struct plain_arc b = plain_arc_clone(a);
    struct item_arc c = item();

    a.at->next = c;
    exhaust();
    EXPECT(try_item().at == NULL && item_arc_new_array(5).at == NULL);
    EXPECT(plain_arc_make_mut(&b) == NULL && b.at == a.at);
    EXPECT(plain_arc_count(a) == 2 && item_arc_count(c) == 1);
    mni_fake_fail(0, 0);
    EXPECT(plain_arc_make_mut(&b) != NULL && b.at != a.at);
    EXPECT(plain_arc_count(a) == 1 && item_arc_count(c) == 2);
}

TEST(without_memory_for_a_note_the_next_drop_leaves_one)
{
    struct item_arc a = item();
    struct item_arc b = item_arc_clone(a);

    in_thread(drop_without_memory, &a);
    mn_arc_poll();
    EXPECT(ended == 0 && item_arc_count(b) == 1);
    in_thread(drop_it, &b);
    EXPECT(ended == 0);
    mn_arc_poll();
    EXPECT(ended == 1);
}

/* Another thread clones in exchange for what it drops, so that the owner drops
 * all that it counts. */
static void *swap_without_memory(void *context)
{
    struct item_arc *arcs = context;

    exhaust();
    item_arc_drop(&arcs[0]);
    arcs[0] = item_arc_clone(arcs[1]);
    mni_fake_fail(0, 0);
    return NULL;
}

TEST(without_memory_for_a_note_the_owner_still_ends_what_it_drops_last)
{
    struct item_arc arcs[2];

    arcs[0] = item();
    arcs[1] = item_arc_clone(arcs[0]);
    in_thread(swap_without_memory, arcs);
    item_arc_drop(&arcs[0]);
    EXPECT(ended == 0);
    item_arc_drop(&arcs[1]);
    EXPECT(ended == 1);
}

TEST(without_memory_for_what_goes_aside_the_object_stays)
{
    struct item_arc a = item();

    exhaust();
    for (size_t i = 0; i < MNI_ARC_OWN_MAX; i++)
        EXPECT(item_arc_clone(a).at == a.at);
    mni_fake_fail(0, 0);
    EXPECT(item_arc_count(a) == SIZE_MAX && mni_arc_side_entries() == 0);
    for (size_t i = 0; i < 2 * (size_t)MNI_ARC_OWN_MAX; i++) {
        struct item_arc one = a;
        item_arc_drop(&one);
    }
    EXPECT(ended == 0 && a.at->state == LIVE);
}

TEST(without_memory_shared_counts_and_weak_ones_stay)
{
    struct item_arc a = item();
    struct item_arc b = item();
    struct mn_arc_head *head = mni_arc_head(a.at);
    struct item_arc_weak weak = item_arc_weak(b);

    EXPECT(!mni_arc_merge(head, head->own & MNI_ARC_OWN_MAX));
    exhaust();
    for (int i = 0; i < 100000; i++)
        EXPECT(item_arc_clone(a).at == a.at);
    for (int i = 0; i < 10000; i++)
        EXPECT(item_arc_weak_clone(weak).at == weak.at);
    mni_fake_fail(0, 0);
    EXPECT(item_arc_count(a) == SIZE_MAX);
    for (int i = 0; i < 200000; i++) {
        struct item_arc one = a;
        item_arc_drop(&one);
    }
    EXPECT(ended == 0 && a.at->state == LIVE);
    item_arc_drop(&b);
    EXPECT(ended == 1 && item_arc_weak_upgrade(weak).at == NULL);
    for (int i = 0; i < 20000; i++) {
        struct item_arc_weak one = weak;
        item_arc_weak_drop(&one);
    }
    EXPECT(item_arc_weak_upgrade(weak).at == NULL);
}

/* ---- each call of the system ---- */

static struct item_arc mail[2];

static void *take_part(void *context)
{
    struct item_arc mine = try_item();

    (void)context;
    for (int i = 0; i < 2; i++) {
        struct item_arc other = item_arc_clone(mail[i]);
        item_arc_drop(&other);
        item_arc_drop(&mail[i]);
    }
    mail[0] = mine;
    return NULL;
}

/* So many that weak ones go aside. */
static void clone_and_drop_many(struct item_arc arc)
{
    struct item_arc_weak weak = item_arc_weak(arc);

    for (int i = 0; i < 2 * MNI_ARC_WEAK_MAX; i++)
        EXPECT(item_arc_weak_clone(weak).at == arc.at);
    for (int i = 0; i < 2 * MNI_ARC_WEAK_MAX; i++) {
        struct item_arc_weak one = weak;
        item_arc_weak_drop(&one);
    }
    item_arc_weak_drop(&weak);
}

static void use(void)
{
    for (int i = 0; i < 2; i++) {
        mail[i] = try_item();
        if (mail[i].at != NULL) {
            mail[i].at->next = try_item();
            mail[i].at->other = item_arc_clone(mail[i].at->next);
        }
    }
    clone_and_drop_many(mail[0]);
    in_thread(take_part, NULL);
    mn_arc_poll();
    item_arc_drop(&mail[0]);
    item_arc_drop(&mail[1]);
    mn_arc_poll();
    EXPECT(ended <= made);
    EXPECT(mn_heap_check(NULL));
}

/* In a fresh process. True if all calls came before `first`. */
static bool run(uint64_t first, uint64_t last)
{
    pid_t child = fork();
    int status;

    EXPECT(child >= 0);
    if (child == 0) {
        mni_fake_fail(first, last);
        use();
        bool over = mni_fake_calls() < first;
        EXPECT(!over || (made == 5 && ended == made));
        mni_fake_fail(0, 0);
        size_t lost = made - ended;
        use();
        EXPECT(made - ended <= lost + 1);
        _exit(over ? 1 : 0);
    }
    EXPECT(waitpid(child, &status, 0) == child);
    EXPECT(status == 0 || status == 1 << 8);
    return status != 0;
}

TEST(whatever_call_fails_nothing_ends_that_is_in_use)
{
    uint64_t first = 1;

    while (!run(first, first))
        first++;
    EXPECT(first > CALLS_MIN);
    for (first = 1; !run(first, UINT64_MAX); first++)
        continue;
}
