/* SPDX-License-Identifier: MIT */
/* Tests of libgc's functions: objects, and what keeps them alive. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "front_setup.h"

enum { MIB = 1024 * KIB };

static int outside_of_all;

/* ---- objects ---- */

TEST(objects_are_zero_and_know_their_size)
{
    for (size_t size = 0; size < 70000; size = size * 5 / 4 + 1) {
        unsigned char *object = GC_MALLOC(size);
        EXPECT(GC_size(object) >= size);
        EXPECT(GC_base(object) == object);
        EXPECT(GC_base(object + size) == object); /* the end is its own */
        EXPECT(GC_is_heap_ptr(object) && !GC_is_heap_ptr(&size));
        for (size_t i = 0; i < size; i++)
            EXPECT(object[i] == 0);
        memset(object, 0xff, size);
    }
}

TEST(text_is_copied)
{
    EXPECT(strcmp(GC_STRDUP("some text"), "some text") == 0);
    EXPECT(strcmp(GC_STRNDUP("some text", 4), "some") == 0);
    EXPECT(wcscmp(GC_WCSDUP(L"wide"), L"wide") == 0);
}

TEST(realloc_keeps_content_and_what_the_object_was)
{
    unsigned char *object = GC_MALLOC_ATOMIC(1);

    object[0] = 1;
    for (size_t size = 2; size < 3000; size++) {
        object = GC_REALLOC(object, size);
        object[size - 1] = (unsigned char)size;
    }
    for (size_t i = 0; i < 2999; i++)
        EXPECT(object[i] == (unsigned char)(i + 1));
    EXPECT(GC_REALLOC(object, 0) == NULL);
    void **kept = GC_REALLOC(GC_MALLOC_UNCOLLECTABLE(40), 4000);
    hidden[0] = GC_HIDE_POINTER(kept);
    kept[300] = GC_STRDUP("led to");
    kept = NULL;
    collect();
    kept = GC_REVEAL_POINTER(hidden[0]);
    EXPECT(strcmp(kept[300], "led to") == 0);
}

TEST(what_realloc_cuts_off_leads_nowhere)
{
    shown[0] = GC_MALLOC(1000);
    memset(shown[0], 0x55, 1000);
    shown[0] = GC_REALLOC(shown[0], 900);
    for (size_t i = 900; i < 1000; i++)
        EXPECT(((char *)shown[0])[i] == 0);
}

TEST(memalign_gives_what_is_asked_for)
{
    for (size_t align = 8; align <= 64 * KIB; align *= 2) {
        char *object = GC_memalign(align, 100);
        EXPECT((uintptr_t)object % align == 0);
        memset(object, 1, 100);
        EXPECT(GC_base(object) == GC_base(object + 99));
        void *other = NULL;
        EXPECT(GC_posix_memalign(&other, align, 10) == 0);
        EXPECT((uintptr_t)other % align == 0);
    }
    void *untouched = &outside_of_all;
    EXPECT(GC_posix_memalign(&untouched, 24, 10) == EINVAL);
    EXPECT(untouched == &outside_of_all);
}

TEST(free_refuses_what_is_no_object)
{
    GC_FREE(NULL);
    GC_FREE(GC_MALLOC(10));
    EXPECT_STOPS(GC_FREE(&outside_of_all), "no object of libgc");
    EXPECT_STOPS(GC_REALLOC(&outside_of_all, 10), "no object of libgc");
}

TEST(freed_memory_is_used_again)
{
    GC_INIT();
    size_t before = GC_get_heap_size();
    for (int i = 0; i < 1000; i++)
        GC_FREE(GC_MALLOC_ATOMIC(4 * MIB));
    EXPECT(GC_get_heap_size() - before < 64 * MIB);
    EXPECT(GC_get_gc_no() < 20);
}

TEST(freed_small_objects_are_used_again)
{
    for (int i = 0; i < MANY; i++)
        shown[i] = GC_MALLOC(2000);
    collect();
    size_t before = GC_get_memory_use();
    for (int i = 0; i < MANY; i++)
        GC_FREE(shown[i]);
    EXPECT(before - GC_get_memory_use() >= MANY * 2000);
    EXPECT(mn_gc_check(&mni_front.gc->front));
    memset(shown, 0, sizeof shown);
    collect();
    GC_gcollect_and_unmap();
    EXPECT(GC_get_unmapped_bytes() > 0);
}

/* ---- what keeps objects alive ---- */

TEST(variables_and_objects_keep_objects_alive)
{
    hide_many(GC_malloc);
    collect();
    EXPECT(dead_count() == 0);
    memset(shown, 0, sizeof shown);
    collect();
    EXPECT(dead_count() >= MOST);
}

TEST(atomic_objects_lead_nowhere)
{
    hide_many(GC_malloc_atomic);
    collect();
    EXPECT(dead_count() >= MOST);
}

TEST(uncollectable_objects_stay_until_they_are_freed)
{
    hide_many(GC_malloc_uncollectable);
    GC_hidden_pointer first = GC_HIDE_POINTER(shown[0]);
    memset(shown, 0, sizeof shown);
    collect();
    EXPECT(dead_count() == 0);
    GC_FREE(GC_REVEAL_POINTER(first));
    collect();
    EXPECT(dead_count() <= 1);
}

TEST(added_roots_are_looked_at_until_they_are_removed)
{
    void **outside = malloc(MANY * sizeof *outside);

    hide_many(GC_malloc);
    memcpy(outside, shown, sizeof shown);
    memset(shown, 0, sizeof shown);
    GC_add_roots(outside, outside + MANY);
    collect();
    EXPECT(dead_count() == 0);
    GC_remove_roots(outside + MANY / 2, outside + MANY);
    collect();
    EXPECT(dead_count() >= MOST / 2 && dead_count() <= MANY / 2);
    free(outside);
}

TEST(excluded_variables_do_not_count)
{
    GC_exclude_static_roots(shown, shown + MANY);
    hide_many(GC_malloc);
    collect();
    EXPECT(dead_count() >= MOST);
}

TEST(nothing_is_collected_while_that_is_off)
{
    GC_disable();
    EXPECT(GC_is_disabled());
    hide_many(GC_malloc_atomic);
    collect();
    EXPECT(dead_count() == 0 && GC_get_gc_no() == 0);
    GC_enable();
    collect();
    EXPECT(dead_count() >= MOST && GC_get_gc_no() == 1);
}

static void push_more(void)
{
    GC_push_all(hidden, hidden + MANY);
}

TEST(a_program_pushes_roots_of_its_own)
{
    GC_exclude_static_roots(hidden, hidden + MANY);
    hide_many(GC_malloc_atomic);
    for (int i = 0; i < MANY; i++)
        hidden[i] = GC_HIDE_POINTER(hidden[i]);
    GC_set_push_other_roots(push_more);
    collect();
    int dead = 0;
    for (int i = 0; i < MANY; i++)
        dead += !GC_is_heap_ptr((void *)hidden[i]);
    EXPECT(dead == 0);
}

/* ---- descriptors and kinds ---- */

static GC_descr second_only;

static void *make_second(size_t size)
{
    return GC_malloc_explicitly_typed(size, second_only);
}

TEST(a_descriptor_leaves_words_out)
{
    GC_word map[1] = {0};

    GC_set_bit(map, 1);
    second_only = GC_make_descriptor(map, 2);
    EXPECT(second_only == GC_make_descriptor(map, 2));
    hide_many(make_second);
    for (int i = 0; i < MANY / 2; i++)
        ((void **)shown[i])[1] = GC_REVEAL_POINTER(hidden[i]);
    collect();
    EXPECT(dead_count() >= MOST / 2 && dead_count() <= MANY / 2);
    map[0] = 0;
    EXPECT(GC_make_descriptor(map, 1) == 0);
}

static struct GC_ms_entry *follow_hidden(GC_word *object,
                                         struct GC_ms_entry *top,
                                         struct GC_ms_entry *limit,
                                         GC_word environment)
{
    void *target = GC_REVEAL_POINTER(object[environment]);

    return GC_MARK_AND_PUSH(target, top, limit, NULL);
}

static int own_kind;

static void *make_own(size_t size)
{
    return GC_generic_malloc(size, own_kind);
}

TEST(a_procedure_follows_objects_of_its_kind)
{
    GC_word descriptor = GC_MAKE_PROC(GC_new_proc(follow_hidden), 2);

    own_kind = (int)GC_new_kind(GC_new_free_list(), descriptor, 0, 1);
    hide_many(make_own);
    for (int i = 0; i < MANY; i++)
        ((GC_word *)shown[i])[2] = hidden[i];
    for (int i = 0; i < MANY; i++)
        ((GC_word *)shown[i])[0] = 0;
    collect();
    EXPECT(dead_count() == 0);
    for (int i = 0; i < MANY; i++)
        ((GC_word *)shown[i])[2] = 0;
    collect();
    EXPECT(dead_count() >= MOST);
    EXPECT_STOPS(GC_generic_malloc(10, own_kind + 1), "a kind that is not");
}

/* ---- the rest ---- */

static size_t refused;

static void *refuse(size_t size)
{
    refused = size;
    return NULL;
}

TEST(without_memory_the_program_is_asked)
{
    GC_INIT();
    GC_set_oom_fn(refuse);
    GC_set_max_heap_size(8 * MIB);
    EXPECT(GC_MALLOC(16 * MIB) == NULL && refused == 16 * MIB);
    EXPECT(GC_MALLOC(SIZE_MAX - 5) == NULL && refused == SIZE_MAX - 5);
    EXPECT(GC_MALLOC(100) != NULL);
}

static void *use_inside(void *data)
{
    EXPECT(GC_base(data) == data);
    return GC_MALLOC(10);
}

TEST(use_under_the_lock_stops)
{
    EXPECT_STOPS(GC_call_with_alloc_lock(use_inside, GC_MALLOC(10)),
                 "in use by the same thread");
}

static void *use_unknown(void *data)
{
    return GC_MALLOC((size_t)(uintptr_t)data);
}

static void start_unknown(void)
{
    pthread_t thread;

    GC_INIT();
    EXPECT(pthread_create(&thread, NULL, use_unknown, (void *)10) == 0);
    pthread_join(thread, NULL);
}

TEST(an_unknown_thread_stops)
{
    EXPECT_STOPS(start_unknown(), "a thread that it does not know");
}

TEST(figures_add_up)
{
    GC_word heap, unused, unmapped, since, total;

    for (int i = 0; i < 100000; i++)
        (void)GC_MALLOC(100);
    GC_get_heap_usage_safe(&heap, &unused, &unmapped, &since, &total);
    EXPECT(total >= 100000 * 100 && since <= total && unused <= heap);
    EXPECT(GC_get_total_bytes() == total && GC_get_heap_size() == heap);
    struct GC_prof_stats_s stats;
    EXPECT(GC_get_prof_stats(&stats, sizeof stats) == sizeof stats);
    struct {
        struct GC_prof_stats_s known;
        GC_word later[2];
    } more = {.later = {1, 1}};
    EXPECT(GC_get_prof_stats(&more.known, sizeof more) == sizeof stats);
    EXPECT(more.later[0] == ~(GC_word)0 && more.later[1] == ~(GC_word)0);
    EXPECT(stats.heapsize_full == heap + unmapped);
    EXPECT(stats.bytes_allocd_since_gc + stats.allocd_bytes_before_gc == total);
    EXPECT(stats.gc_no == GC_get_gc_no() && stats.gc_no >= 1);
    EXPECT(GC_get_obtained_from_os_bytes() >= heap);
}

TEST(an_address_that_leaves_its_object_stops)
{
    char *object = GC_MALLOC(30);
    void *at = object;

    EXPECT(GC_pre_incr(&at, 10) == object + 10 && at == object + 10);
    EXPECT(GC_post_incr(&at, 10) == object + 10 && at == object + 20);
    EXPECT(GC_same_obj(object, at) == object);
    EXPECT_STOPS(GC_pre_incr(&at, 1000), "in another object");
}
