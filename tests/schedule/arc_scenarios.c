/* SPDX-License-Identifier: MIT */
/* arc_scenarios.c -- threads that clone, drop and upgrade the same references,
 * leave each other notes, and end.
 *
 * Thread 0 makes the objects. At the end of each schedule all references have
 * been dropped: each object has ended once, and all memory is back. In the
 * sources that are explored, few references are many: they go aside from four
 * on.
 */
#include <mn/arc.h>

#include "arc_explore.h"
#include "os/lock.h"
#include "ref/arc.h"

enum { OBJECTS = 4, LIVE = 7 };

MN_TYPE_DECLARE(node);
MN_ARCS(node);
MN_ARC_FUNCTIONS(node)
struct node {
    struct node_arc next;
    uint32_t state;
};

/* Ends with a place in its header, while its first member ends. */
MN_TYPE_DECLARE(pair);
MN_ARCS(pair);
MN_ARC_FUNCTIONS(pair)
struct pair {
    struct node_arc both[2];
};
MN_TYPE(pair, MN_REFERENCES(MN_MEMBER_IS(ARC, pair, both, node)));

static struct pair_arc pair;
static struct pair_arc_weak pair_looks[EXPLORE_THREADS];

static struct node_arc has[EXPLORE_THREADS][4];
static struct node_arc_weak looks[EXPLORE_THREADS];
static unsigned ended;
static unsigned made;

static void node_end(struct node *node)
{
    EXPECT(node->state == LIVE);
    node->state = 0;
    ended++;
}

MN_DROP(node, node_end)
MN_TYPE(node, .drop = node_drop,
        MN_REFERENCES(MN_MEMBER_IS(ARC, node, next, node)));

static struct node_arc make(void)
{
    struct node_arc arc = node_arc_new_from(&explore_source);

    EXPECT(arc.at != NULL);
    arc.at->state = LIVE;
    made++;
    return arc;
}

static struct node_arc clone(struct node_arc arc)
{
    EXPECT(arc.at->state == LIVE);
    return node_arc_clone(arc);
}

static void drop(struct node_arc *arc)
{
    EXPECT(arc->at == NULL || arc->at->state == LIVE);
    node_arc_drop(arc);
}

/* Thread 0 makes an object and gives each thread so many references. */
static void setup_give(int zero, int one, int two)
{
    int counts[] = {zero, one, two};
    bool given = false;

    explore_as(0);
    struct node_arc first = make();
    for (int thread = 0; thread < 3; thread++)
        for (int i = 0; i < counts[thread]; i++) {
            has[thread][i] = given ? clone(first) : first;
            given = true;
        }
}

/* All objects belong to nobody from the beginning. */
static void setup_merged(void)
{
    struct mn_arc_head *head = mni_arc_head(has[1][0].at);

    (void)mni_arc_merge(head, head->own & MNI_ARC_OWN_MAX);
}

static void drop_all(int thread)
{
    for (int i = 0; i < 4; i++)
        drop(&has[thread][i]);
}

static void check(void)
{
    for (int thread = 0; thread < EXPLORE_THREADS; thread++) {
        explore_as(thread);
        drop_all(thread);
        node_arc_weak_drop(&looks[thread]);
    }
    for (int thread = 0; thread < EXPLORE_THREADS; thread++) {
        explore_as(thread);
        mn_arc_poll();
    }
    EXPECT(ended == made);
    EXPECT(explore_blocks() == 0);
    EXPECT(mni_arc_side_entries() == 0);
}

/* ---- clone and drop ---- */

static void clone_setup(void)
{
    setup_give(1, 1, 0);
}

static void clone_body(int thread)
{
    struct node_arc more = clone(has[thread][0]);

    drop(&has[thread][0]);
    drop(&more);
}

/* The owner drops all that it counts. */
static void merge_setup(void)
{
    setup_give(1, 0, 0);
    explore_as(1);
    has[1][0] = clone(has[0][0]);
}

static void three_setup(void)
{
    setup_give(1, 1, 1);
}

static void merged_setup(void)
{
    setup_give(0, 1, 1);
    setup_merged();
}

static void merged_body(int thread)
{
    clone_body(thread + 1);
}

/* ---- the last drop against an upgrade ---- */

static void upgrade_setup(void)
{
    setup_give(1, 0, 0);
    looks[1] = node_arc_weak(has[0][0]);
}

static void look(int thread)
{
    struct node_arc arc = node_arc_weak_upgrade(looks[thread]);

    drop(&arc);
    node_arc_weak_drop(&looks[thread]);
}

static void upgrade_body(int thread)
{
    if (thread == 0)
        drop_all(0);
    else
        look(1);
}

static void upgrade_merged_setup(void)
{
    setup_give(0, 1, 0);
    looks[2] = node_arc_weak(has[1][0]);
    looks[0] = node_arc_weak_clone(looks[2]);
    setup_merged();
}

static void upgrade_merged_body(int thread)
{
    if (thread == 1)
        drop_all(1);
    else
        look(thread);
}

/* The owner itself upgrades, and is told meanwhile. */
static void upgrade_owner_setup(void)
{
    setup_give(0, 1, 0);
    looks[0] = node_arc_weak(has[1][0]);
}

static void upgrade_owner_body(int thread)
{
    if (thread == 0) {
        mn_arc_poll();
        look(0);
    } else {
        drop_all(1);
    }
}

/* While an object with members ends. */
static void end_setup(void)
{
    setup_give(0, 1, 0);
    pair = pair_arc_new_from(&explore_source);
    pair.at->both[0] = make();
    pair.at->both[1] = make();
    for (int i = 0; i < 2; i++)
        pair_looks[i] = pair_arc_weak(pair);
}

static void end_body(int thread)
{
    if (thread == 0)
        pair_arc_drop(&pair);
    struct pair_arc arc = pair_arc_weak_upgrade(pair_looks[thread]);
    if (arc.at != NULL)
        EXPECT(arc.at->both[0].at->state == LIVE
               && arc.at->both[1].at->state == LIVE);
    pair_arc_drop(&arc);
    pair_arc_weak_drop(&pair_looks[thread]);
}

/* ---- notes ---- */

static void queue_setup(void)
{
    setup_give(1, 2, 0);
}

/* The second thread drops what it did not clone, clones, and drops. */
static void queue_body(int thread)
{
    if (thread == 0) {
        struct node_arc more = clone(has[0][0]);
        drop(&has[0][0]);
        mn_arc_poll();
        drop(&more);
        return;
    }
    drop(&has[1][0]);
    has[1][2] = clone(has[1][1]);
    drop_all(1);
}

/* The references that the second thread has and cloned come to the owner, whose
 * count so reaches none while there is a note. */
static _Atomic(struct node *) mail[2];

static void swap_setup(void)
{
    setup_give(1, 2, 0);
}

static void swap_take(void)
{
    for (int i = 0; i < 2; i++) {
        struct node_arc came = {mn_atomic_exchange_acquire(&mail[i], NULL)};
        drop(&came);
    }
}

static void swap_body(int thread)
{
    if (thread == 1) {
        drop(&has[1][0]);
        mn_atomic_store_release(&mail[0], clone(has[1][1]).at);
        mn_atomic_store_release(&mail[1], has[1][1].at);
        has[1][1].at = NULL;
        return;
    }
    drop(&has[0][0]);
    swap_take();
    mn_arc_poll();
}

static void swap_check(void)
{
    explore_as(0);
    swap_take();
    check();
}

static void notes_setup(void)
{
    explore_as(0);
    has[1][0] = make();
    has[2][0] = make();
}

static void two_setup(void)
{
    setup_give(0, 1, 2);
}

static void two_body(int thread)
{
    if (thread == 0)
        mn_arc_poll();
    else
        drop_all(thread);
}

/* ---- ends of threads ---- */

static void ends_setup(void)
{
    setup_give(0, 1, 1);
}

static void ends_body(int thread)
{
    if (thread == 0)
        explore_thread_ends();
    else
        drop_all(thread);
}

/* The number passes to another thread. */
static void next_setup(void)
{
    setup_give(0, 1, 1);
    explore_as(0);
    explore_thread_ends();
}

static void next_body(int thread)
{
    if (thread == 0) {
        drop_all(1);
    } else {
        struct node_arc other = make();
        drop_all(2);
        drop(&other);
        mn_arc_poll();
    }
}

static void pass_setup(void)
{
    setup_give(1, 1, 0);
}

static void pass_body(int thread)
{
    if (thread == 0) {
        explore_thread_ends();
        explore_thread_begins();
        struct node_arc other = make();
        struct node_arc more = clone(has[0][0]);
        drop(&other);
        drop(&more);
    } else {
        drop_all(1);
    }
}

/* ---- parts of counts that are aside ---- */

static void side_setup(void)
{
    setup_give(0, 1, 1);
    setup_merged();
    has[1][1] = clone(has[1][0]);
    has[1][2] = clone(has[1][0]);
}

static void side_body(int thread)
{
    thread++;
    struct node_arc more = clone(has[thread][0]);
    struct node_arc most = clone(more);

    drop(&more);
    drop(&most);
    drop_all(thread);
}

static void side_owner_setup(void)
{
    setup_give(1, 4, 2);
}

static void side_owner_body(int thread)
{
    drop_all(thread);
    if (thread == 0)
        mn_arc_poll();
}

static void side_weak_setup(void)
{
    setup_give(1, 0, 0);
    for (int i = 1; i < 3; i++)
        looks[i] = node_arc_weak(has[0][0]);
}

static void side_weak_body(int thread)
{
    if (thread == 0) {
        drop_all(0);
        return;
    }
    struct node_arc_weak more = node_arc_weak_clone(looks[thread]);
    struct node_arc_weak most = node_arc_weak_clone(more);
    node_arc_weak_drop(&more);
    node_arc_weak_drop(&most);
    node_arc_weak_drop(&looks[thread]);
}

/* ---- a signal handler ---- */

static void signal_setup(void)
{
    setup_give(3, 2, 0);
}

static void signal_body(int thread)
{
    struct node_arc more = clone(has[thread][0]);

    drop(&has[thread][0]);
    drop(&more);
    if (thread == 0)
        mn_arc_poll();
}

static void signal_handler(int thread)
{
    has[thread][3] = clone(has[thread][1]);
}

/* The handler drops the owner's last reference but that which it interrupts
 * the use of. */
static void signal_last_setup(void)
{
    setup_give(2, 1, 0);
}

static void signal_last_body(int thread)
{
    if (thread == 0) {
        drop(&has[0][0]);
        mn_arc_poll();
    } else {
        drop_all(1);
    }
}

static void signal_last_handler(int thread)
{
    if (thread == 0)
        drop(&has[0][1]);
}

/* The handler interrupted the holder of a lock that comes later, so it does not
 * wait for that of numbers. Nobody has the number of the object's owner. */
static struct mni_lock order_last = {.order = MNI_LOCK_SPACE};

static void order_setup(void)
{
    explore_as(0);
    has[0][0] = make();
    has[1][0] = make();
    explore_thread_ends();
}

static void order_body(int thread)
{
    if (thread == 1) {
        drop(&has[1][0]);
        return;
    }
    EXPECT(mni_lock_enter(&order_last));
    mni_lock_leave(&order_last);
}

static void order_handler(int thread)
{
    if (thread == 0)
        drop(&has[0][0]);
}

static const struct explore_scenario scenarios[] = {
    {"clone", 2, 4, clone_setup, clone_body, check, NULL},
    {"clone three", 3, 3, three_setup, clone_body, check, NULL},
    {"merge", 2, 4, merge_setup, clone_body, check, NULL},
    {"clone merged", 2, 4, merged_setup, merged_body, check, NULL},
    {"upgrade", 2, 4, upgrade_setup, upgrade_body, check, NULL},
    {"upgrade merged", 3, 3, upgrade_merged_setup, upgrade_merged_body, check,
     NULL},
    {"upgrade owner", 2, 4, upgrade_owner_setup, upgrade_owner_body, check,
     NULL},
    {"end", 2, 4, end_setup, end_body, check, NULL},
    {"queue", 2, 4, queue_setup, queue_body, check, NULL},
    {"swap", 2, 4, swap_setup, swap_body, swap_check, NULL},
    {"two", 3, 3, two_setup, two_body, check, NULL},
    {"notes", 3, 3, notes_setup, two_body, check, NULL},
    {"ends", 3, 3, ends_setup, ends_body, check, NULL},
    {"next", 2, 4, next_setup, next_body, check, NULL},
    {"pass", 2, 4, pass_setup, pass_body, check, NULL},
    {"side", 2, 3, side_setup, side_body, check, NULL},
    {"side owner", 3, 3, side_owner_setup, side_owner_body, check, NULL},
    {"side weak", 3, 3, side_weak_setup, side_weak_body, check, NULL},
    {"signal", 2, 3, signal_setup, signal_body, check, signal_handler},
    {"signal last", 2, 4, signal_last_setup, signal_last_body, check,
     signal_last_handler},
    {"order", 2, 3, order_setup, order_body, check, order_handler},
};

int main(int argc, char **argv)
{
    return explore_main(argc, argv, scenarios,
                        sizeof scenarios / sizeof *scenarios);
}
