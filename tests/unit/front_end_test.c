/* SPDX-License-Identifier: MIT */
/* Tests of libgc's functions: what a program is told of the end of objects. */
#include <string.h>

#include "front_setup.h"

struct pair {
    struct pair *left, *right;
    char room[48];
};

static int ended, order[MANY];

static void note_end(void *object, void *data)
{
    EXPECT(object != NULL && ended < MANY);
    order[ended++] = (int)(intptr_t)data;
}

/* ---- links ---- */

static int cleared(void *const *links)
{
    int count = 0;

    for (int i = 0; i < MANY; i++)
        count += links[i] == NULL;
    return count;
}

TEST(a_link_becomes_null_when_its_object_is_dead)
{
    void **links = GC_MALLOC_ATOMIC(MANY * sizeof *links);

    hide_many(GC_malloc);
    for (int i = 0; i < MANY; i++) {
        links[i] = shown[i];
        EXPECT(GC_general_register_disappearing_link(&links[i], shown[i])
               == GC_SUCCESS);
    }
    EXPECT(GC_general_register_disappearing_link(&links[0], shown[0])
           == GC_DUPLICATE);
    EXPECT(GC_general_register_disappearing_link(&links[0], &ended)
           == GC_UNIMPLEMENTED);
    collect();
    EXPECT(cleared(links) == 0);
    EXPECT(GC_unregister_disappearing_link(&links[0]) == 1);
    EXPECT(GC_unregister_disappearing_link(&links[0]) == 0);
    memset(shown, 0, sizeof shown);
    collect();
    EXPECT(cleared(links) >= MOST && links[0] != NULL);
}

TEST(a_link_moves)
{
    static void *from, *to;

    from = to = GC_MALLOC_ATOMIC(10);
    EXPECT(GC_move_disappearing_link(&from, &to) == GC_NOT_FOUND);
    EXPECT(GC_general_register_disappearing_link(&from, from) == GC_SUCCESS);
    EXPECT(GC_move_disappearing_link(&from, &from) == GC_SUCCESS);
    EXPECT(GC_move_disappearing_link(&from, &to) == GC_SUCCESS);
    EXPECT(GC_unregister_disappearing_link(&from) == 0);
    EXPECT(GC_general_register_disappearing_link(&from, from) == GC_SUCCESS);
    EXPECT(GC_move_disappearing_link(&from, &to) == GC_DUPLICATE);
}

TEST(a_long_link_stays_until_the_finalizer_was_called)
{
    void **links = GC_MALLOC_ATOMIC(2 * MANY * sizeof *links);

    GC_set_finalize_on_demand(1);
    hide_many(GC_malloc);
    for (int i = 0; i < MANY; i++) {
        links[i] = links[MANY + i] = shown[i];
        EXPECT(GC_general_register_disappearing_link(&links[i], shown[i])
               == GC_SUCCESS);
        EXPECT(GC_register_long_link(&links[MANY + i], shown[i]) == GC_SUCCESS);
        GC_REGISTER_FINALIZER(shown[i], note_end, NULL, NULL, NULL);
    }
    memset(shown, 0, sizeof shown);
    collect();
    EXPECT(cleared(links) >= MOST && cleared(links + MANY) == 0);
    EXPECT(GC_should_invoke_finalizers());
    EXPECT(GC_invoke_finalizers() >= MOST && ended >= MOST);
    collect();
    EXPECT(cleared(links + MANY) >= MOST);
}

/* ---- finalizers ---- */

typedef void register_fn(void *object, GC_finalization_proc function,
                         void *data, GC_finalization_proc *old,
                         void **old_data);

/* Pairs of which the left one leads to the right one, and that back to it if
 * `cycle`. */
static __attribute__((noinline)) void make_pairs(register_fn *begin, bool cycle)
{
    for (int i = 0; i < MANY / 2; i++) {
        struct pair *left = GC_MALLOC(sizeof *left);
        struct pair *right = GC_MALLOC(sizeof *right);
        left->right = right;
        right->left = cycle ? left : NULL;
        begin(left, note_end, (void *)1, NULL, NULL);
        begin(right, note_end, (void *)2, NULL, NULL);
    }
}

TEST(who_leads_to_another_ends_first)
{
    GC_set_finalize_on_demand(1);
    make_pairs(GC_register_finalizer, false);
    collect();
    int count = GC_invoke_finalizers();
    EXPECT(count >= MOST / 2 && count <= MANY / 2);
    for (int i = 0; i < count; i++)
        EXPECT(order[i] == 1);
    collect();
    EXPECT(GC_invoke_finalizers() >= MOST / 2);
    for (int i = count; i < ended; i++)
        EXPECT(order[i] == 2);
}

static int warnings;

static void count_warning(char *words, GC_word value)
{
    EXPECT(words != NULL && value != 0);
    warnings++;
}

TEST(cycles_end_only_without_an_order)
{
    GC_set_warn_proc(count_warning);
    make_pairs(GC_register_finalizer, true);
    collect();
    collect();
    EXPECT(ended == 0 && warnings > 0);
    GC_finalize_all();
    EXPECT(ended == MANY);
    ended = 0;
    make_pairs(GC_register_finalizer_no_order, true);
    collect();
    EXPECT(ended >= MOST);
}

static __attribute__((noinline)) void make_selves(register_fn *begin)
{
    for (int i = 0; i < MANY; i++) {
        struct pair *pair = GC_MALLOC(sizeof *pair);
        pair->left = pair;
        begin(pair, note_end, NULL, NULL, NULL);
    }
}

TEST(an_object_that_leads_to_itself_ends_if_asked_for)
{
    GC_set_warn_proc(GC_ignore_warn_proc);
    make_selves(GC_register_finalizer);
    collect();
    EXPECT(ended == 0);
    GC_finalize_all();
    ended = 0;
    make_selves(GC_register_finalizer_ignore_self);
    collect();
    EXPECT(ended >= MOST);
}

TEST(an_unreachable_object_waits_for_who_leads_to_it)
{
    for (int i = 0; i < MANY / 2; i++) {
        struct pair *left = GC_MALLOC(sizeof *left);
        left->right = GC_MALLOC(sizeof *left);
        GC_REGISTER_FINALIZER_NO_ORDER(left, note_end, (void *)1, NULL, NULL);
        GC_REGISTER_FINALIZER_UNREACHABLE(left->right, note_end, (void *)2,
                                          NULL, NULL);
    }
    collect();
    EXPECT(ended >= MOST / 2 && ended <= MANY / 2);
    collect();
    EXPECT(ended >= MOST);
}

TEST(a_finalizer_is_replaced_and_taken_back)
{
    GC_finalization_proc old = NULL;
    void *data = NULL;

    shown[0] = GC_MALLOC(10);
    GC_REGISTER_FINALIZER(shown[0], note_end, (void *)7, &old, &data);
    EXPECT(old == NULL && data == NULL);
    GC_REGISTER_FINALIZER(shown[0], NULL, NULL, &old, &data);
    EXPECT(old == note_end && data == (void *)7);
    GC_REGISTER_FINALIZER(&ended, note_end, NULL, &old, &data);
    EXPECT(old == NULL && data == NULL);
    GC_finalize_all();
    EXPECT(ended == 0);
}

static void revive(void *object, void *data)
{
    EXPECT(strcmp(data, "data") == 0 && *(void **)object != NULL);
    shown[ended++] = object;
}

TEST(a_finalizer_finds_its_data_and_may_revive)
{
    for (int i = 0; i < MANY; i++) {
        void **object = GC_MALLOC(64);
        *object = GC_MALLOC(64);
        hidden[i] = GC_HIDE_POINTER(*object);
        GC_REGISTER_FINALIZER(object, revive, GC_STRDUP("data"), NULL, NULL);
    }
    collect();
    EXPECT(ended >= MOST);
    collect();
    EXPECT(dead_count() == 0);
}

static int notices;

static void notice(void)
{
    notices++;
}

TEST(a_program_is_told_once_what_is_ready)
{
    GC_set_finalize_on_demand(1);
    GC_set_finalizer_notifier(notice);
    make_pairs(GC_register_finalizer_no_order, false);
    collect();
    for (int i = 0; i < 10; i++)
        (void)GC_MALLOC(10);
    EXPECT(notices == 1 && ended == 0);
    EXPECT(GC_invoke_finalizers() >= MOST);
}
