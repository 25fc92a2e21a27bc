/* SPDX-License-Identifier: MIT */
/* Tests of ephemerons that several threads make, while any of them collects. */
#include <mn/ephemeron.h>
#include <mn/gc_threads.h>
#include <mn/root.h>

#include <pthread.h>

#include "test.h"

enum { THREADS = 3, ROUNDS = 30, LINKS = 200 };

MN_TYPE_DECLARE(link);
struct link {
    struct link *next;
    struct mn_gc_ephemeron *pair;
    size_t number;
};
MN_TYPE(link, MN_REFERENCES(MN_MEMBER_IS(GC, link, next, link),
                            MN_MEMBER_IS(GC, link, pair, mn_gc_ephemeron)));

static struct mn_gc *gc;

/* A list of pairs, of which each has the key of the next as its value. */
static struct link *made(struct mn_gc *mine, void *key, size_t count)
{
    MN_GC_FRAME(mine, my, struct link * list; void *key;
                struct mn_gc_ephemeron * pair;);

    my.key = key;
    for (size_t i = 0; i < count; i++) {
        size_t *value = mn_gc_new_leaf(mine, sizeof *value);
        EXPECT(value != NULL);
        *value = i;
        my.pair = mn_gc_ephemeron_new(mine, my.key, value);
        struct link *link = mn_gc_new(mine, &link_type);
        EXPECT(my.pair != NULL && link != NULL);
        *link = (struct link){my.list, my.pair, i};
        my.list = link;
        my.key = mn_gc_ephemeron_value(my.pair);
    }
    return my.list;
}

static void *work(void *context)
{
    struct mn_gc *mine = mn_gc_attach(gc, NULL);
    bool full = context != NULL;

    EXPECT(mine != NULL);
    for (int round = 0; round < ROUNDS; round++) {
        MN_GC_FRAME(mine, my, size_t * key; struct link * list;);
        my.key = mn_gc_new_leaf(mine, sizeof *my.key);
        EXPECT(my.key != NULL);
        my.list = made(mine, my.key, LINKS);
        mn_gc_collect(mine, full && round % 4 == 0);
        for (struct link *link = my.list; link != NULL; link = link->next) {
            const size_t *value = mn_gc_ephemeron_value(link->pair);
            EXPECT(value != NULL && *value == link->number);
        }
        my.key = NULL;
        mn_gc_collect(mine, true);
        for (struct link *link = my.list; link != NULL; link = link->next)
            EXPECT(mn_gc_ephemeron_key(link->pair) == NULL);
    }
    mn_gc_detach(mine);
    return NULL;
}

static void wait_for(void *context)
{
    pthread_t *threads = context;

    for (size_t i = 0; i < THREADS; i++)
        EXPECT(pthread_join(threads[i], NULL) == 0);
}

static void run(struct mn_gc_options options)
{
    pthread_t threads[THREADS];

    gc = mn_gc_create(&options);
    EXPECT(gc != NULL);
    for (size_t i = 0; i < THREADS; i++)
        EXPECT(pthread_create(&threads[i], NULL, work, i == 0 ? NULL : &gc)
               == 0);
    mn_gc_outside(gc, wait_for, threads);
    mn_gc_collect(gc, true);
    struct mn_gc_stats stats;
    mn_gc_read_stats(gc, &stats);
    EXPECT(stats.object_count == 0 && mn_gc_check(gc));
    mn_gc_destroy(gc);
}

TEST(threads_make_pairs_while_others_collect)
{
    run((struct mn_gc_options){.reserve = 1 << 18});
    run((struct mn_gc_options){.reserve = 1 << 18, .markers = 3});
    run((struct mn_gc_options){.generational = true, .nursery = 1 << 18});
}
