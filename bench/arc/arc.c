/* SPDX-License-Identifier: MIT */
/* arc.c -- what a shared reference costs, beside a count written by hand.
 *
 *   arc FORM [MILLIONS]
 *
 * FORM is mneme, or c11: an atomic count before the object, as a program would
 * write it, with malloc and free; run it on Mneme's malloc for the same memory.
 * Each line is a row, its nanoseconds for one operation, and the word with
 * which the runner names it.
 *
 *   owner      a clone and a drop, by the thread that made the object
 *   other      the same by another thread, alone
 *   merged     the same for an object that belongs to nobody
 *   contended  the same by the maker and another thread at once, per pair and
 *              thread
 *   upgrade    a weak reference to a strong one, and its drop
 *   new        an object of 24 bytes and its drop
 *   list       one node of a list of a million that ends
 */
#include <mn/arc.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LIST = 1000000, CHUNK = 2000 };

static long count = 20000000;

/* Of the processor: other work on the machine does not count. */
static double now_of(clockid_t clock)
{
    struct timespec time;

    clock_gettime(clock, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static double now(void)
{
    return now_of(CLOCK_PROCESS_CPUTIME_ID);
}

/* The compiler must assume that the reference is used here. */
static inline void use(void *object)
{
    __asm__ volatile("" ::"r"(object) : "memory");
}

static void show(const char *row, double start, long operations)
{
    printf("%s %.3f\n", row, (now() - start) / (double)operations);
    fflush(stdout);
}

/* ---- Mneme ---- */

MN_TYPE_DECLARE(node);
MN_ARCS(node);
MN_ARC_FUNCTIONS(node)
struct node {
    struct node_arc next;
    long value[2];
};
MN_TYPE(node, MN_REFERENCES(MN_MEMBER_IS(ARC, node, next, node)));

static struct node_arc shared;

static void mneme_pairs(long pairs)
{
    for (long i = 0; i < pairs; i++) {
        struct node_arc more = node_arc_clone(shared);
        use(more.at);
        node_arc_drop(&more);
    }
}

static void mneme_upgrades(void)
{
    struct node_arc_weak weak = node_arc_weak(shared);
    double start = now();

    for (long i = 0; i < count; i++) {
        struct node_arc more = node_arc_weak_upgrade(weak);
        use(more.at);
        node_arc_drop(&more);
    }
    show("upgrade", start, count);
    node_arc_weak_drop(&weak);
}

static void mneme_objects(void)
{
    struct node_arc list = {NULL};
    double start = now();

    for (long i = 0; i < count; i++) {
        struct node_arc made = node_arc_new();
        use(made.at);
        node_arc_drop(&made);
    }
    show("new", start, count);
    for (long i = 0; i < LIST; i++) {
        struct node_arc made = node_arc_new();
        if (made.at == NULL)
            exit(1);
        made.at->next = list;
        list = made;
    }
    start = now();
    node_arc_drop(&list);
    show("list", start, LIST);
}

static void mneme_make(void)
{
    shared = node_arc_new();
    if (shared.at == NULL)
        exit(1);
}

static void *mneme_maker(void *unused)
{
    mneme_make();
    return unused;
}

static void *mneme_drop(void *unused)
{
    struct node_arc one = shared;

    node_arc_drop(&one);
    return unused;
}

/* Another thread drops what it did not clone, so the maker gives it up. */
static void mneme_merge(void)
{
    pthread_t thread;

    mneme_make();
    if (node_arc_clone(shared).at == NULL
        || pthread_create(&thread, NULL, mneme_drop, NULL) != 0)
        exit(1);
    pthread_join(thread, NULL);
    mn_arc_poll();
}

/* ---- by hand ---- */

struct counted {
    _Atomic long strong;
    _Atomic long weak;
    struct counted *next;
    long value[2];
};

static struct counted *by_hand;

static struct counted *hand_new(void)
{
    struct counted *object = malloc(sizeof *object);

    if (object == NULL)
        exit(1);
    memset(object, 0, sizeof *object);
    atomic_store_explicit(&object->strong, 1, memory_order_relaxed);
    atomic_store_explicit(&object->weak, 1, memory_order_relaxed);
    return object;
}

static inline void hand_clone(struct counted *object)
{
    atomic_fetch_add_explicit(&object->strong, 1, memory_order_relaxed);
}

static inline void hand_drop(struct counted *object)
{
    while (
        object != NULL
        && atomic_fetch_sub_explicit(&object->strong, 1, memory_order_release)
               == 1) {
        atomic_thread_fence(memory_order_acquire);
        struct counted *next = object->next;
        if (atomic_fetch_sub_explicit(&object->weak, 1, memory_order_release)
            == 1)
            free(object);
        object = next;
    }
}

static bool hand_upgrade(struct counted *object)
{
    long seen = atomic_load_explicit(&object->strong, memory_order_relaxed);

    do {
        if (seen == 0)
            return false;
    } while (!atomic_compare_exchange_weak_explicit(
        &object->strong, &seen, seen + 1, memory_order_acquire,
        memory_order_relaxed));
    return true;
}

static void hand_pairs(long pairs)
{
    for (long i = 0; i < pairs; i++) {
        hand_clone(by_hand);
        use(by_hand);
        hand_drop(by_hand);
    }
}

static void hand_upgrades(void)
{
    double start = now();

    for (long i = 0; i < count; i++)
        if (hand_upgrade(by_hand)) {
            use(by_hand);
            hand_drop(by_hand);
        }
    show("upgrade", start, count);
}

static void hand_objects(void)
{
    struct counted *list = NULL;
    double start = now();

    for (long i = 0; i < count; i++) {
        struct counted *made = hand_new();
        use(made);
        hand_drop(made);
    }
    show("new", start, count);
    for (long i = 0; i < LIST; i++) {
        struct counted *made = hand_new();
        made->next = list;
        list = made;
    }
    start = now();
    hand_drop(list);
    show("list", start, LIST);
}

static void hand_make(void)
{
    by_hand = hand_new();
}

static void *hand_maker(void *unused)
{
    hand_make();
    return unused;
}

/* ---- both ---- */

static const struct form {
    void (*make)(void);
    void (*pairs)(long pairs);
    void (*upgrades)(void);
    void (*objects)(void);
    void *(*maker)(void *unused);
    void (*merge)(void);
} forms[] = {
    {mneme_make, mneme_pairs, mneme_upgrades, mneme_objects, mneme_maker,
     mneme_merge},
    {hand_make, hand_pairs, hand_upgrades, hand_objects, hand_maker, hand_make},
};

/* What a thread has done, and the time of those chunks in which the other one
 * was seen to be at it, too. */
static struct side {
    _Alignas(64) _Atomic long chunks;
    double nanoseconds;
    long together;
} sides[2];

static const struct form *contended_form;

static void contend(struct side *self, struct side *other)
{
    for (long i = 0; i < count / CHUNK; i++) {
        long before =
            atomic_load_explicit(&other->chunks, memory_order_relaxed);
        double start = now_of(CLOCK_THREAD_CPUTIME_ID);
        contended_form->pairs(CHUNK);
        double end = now_of(CLOCK_THREAD_CPUTIME_ID);
        if (atomic_load_explicit(&other->chunks, memory_order_relaxed)
            != before) {
            self->nanoseconds += end - start;
            self->together++;
        }
        atomic_fetch_add_explicit(&self->chunks, 1, memory_order_relaxed);
    }
}

static void *contend_other(void *unused)
{
    contend(&sides[1], &sides[0]);
    return unused;
}

static void in_thread(void *(*run)(void *context))
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, run, NULL) != 0
        || pthread_join(thread, NULL) != 0)
        exit(1);
}

static void contended(const struct form *form)
{
    pthread_t thread;

    contended_form = form;
    if (pthread_create(&thread, NULL, contend_other, NULL) != 0)
        exit(1);
    contend(&sides[0], &sides[1]);
    pthread_join(thread, NULL);
    long chunks = sides[0].together + sides[1].together;
    if (sides[0].together != 0 && sides[1].together != 0)
        printf("contended %.3f\n", (sides[0].nanoseconds + sides[1].nanoseconds)
                                       / (double)(chunks * CHUNK));
}

static void run(const struct form *form)
{
    form->make();
    double start = now();
    form->pairs(count);
    show("owner", start, count);
    form->upgrades();
    contended(form);
    form->objects();
    in_thread(form->maker);
    start = now();
    form->pairs(count);
    show("other", start, count);
    form->merge();
    start = now();
    form->pairs(count);
    show("merged", start, count);
}

int main(int argc, char **argv)
{
    if (argc > 2)
        count = atol(argv[2]) * 1000000;
    if (argc < 2 || count < 1)
        return 2;
    run(&forms[strcmp(argv[1], "mneme") == 0 ? 0 : 1]);
    return 0;
}
