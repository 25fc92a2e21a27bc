/* SPDX-License-Identifier: MIT */
/* Tests of keys: each promise of mn/key.h at its boundary. */
#include "key_setup.h"

MN_TYPE_DECLARE(tiny);
struct tiny {
    char byte;
};
MN_TYPE(tiny, .drop = NULL);
MN_KEY(tiny);
MN_KEYS(tiny);

MN_TYPE_DECLARE(wide);
struct wide {
    _Alignas(256) char bytes[256];
};
MN_TYPE(wide, .drop = NULL);
MN_KEY(wide);
MN_KEYS(wide);

/* ---- making tables ---- */

TEST(init_refuses_what_cannot_be)
{
    struct mn_keys_options options = fixed(COUNT);

    options.region = &region;
    EXPECT(node_keys_init(&nodes, &options) == MN_ERR_INVALID);
    options.region = NULL;
    options.memory = NULL;
    EXPECT(node_keys_init(&nodes, &options) == MN_ERR_INVALID);
    options = growing();
    options.count_max = ((uintptr_t)1 << MN_KEYS_INDEX_BITS) - 1;
    EXPECT(node_keys_init(&nodes, &options) == MN_OK);
    options.count_max++;
    EXPECT(node_keys_init(&nodes, &options) == MN_ERR_INVALID);

    struct mn_keys table;
    options = growing();
    EXPECT(mn_keys_init(&table, &options) == MN_ERR_INVALID); /* no type */
    options.type = &tiny_type;
    options.drop = true;
    EXPECT(mn_keys_init(&table, &options) == MN_ERR_INVALID);
    options.drop = false;
    EXPECT(mn_keys_init(&table, &options) == MN_OK);
}

TEST(fixed_table_takes_as_many_as_asked_for_then_null)
{
    struct node_key given[COUNT];
    struct node_key none = {{1}};

    setup(fixed(COUNT));
    for (uint32_t i = 0; i < COUNT; i++)
        given[i] = put(i);
    EXPECT(node_keys_alloc(&nodes, &none) == NULL && node_key_is_none(none));
    EXPECT(node_key_is_none(node_keys_insert(&nodes, &(struct node){0})));
    for (uint32_t i = 0; i < COUNT; i++)
        EXPECT(leads_to(given[i], i));
    EXPECT(mn_keys_check(keys) && stats().live == COUNT);
    EXPECT(node_keys_remove(&nodes, given[7]));
    struct node_key again =
        node_keys_insert(&nodes, &(struct node){.value = 70});
    EXPECT(node_keys_expect(&nodes, again)->value == 70);
    EXPECT(node_keys_get(&nodes, given[7]) == NULL);
    EXPECT(again.key.bits != given[7].key.bits);
}

TEST(fixed_size_is_enough_at_any_address_and_all_that_fit_are_used)
{
    const size_t counts[] = {1, 15, 31, 33, 65};

    for (size_t i = 0; i < 5; i++)
        for (size_t shift = 0; shift < 16; shift++) {
            struct mn_keys_options options = fixed(counts[i]);
            options.memory = buffer + shift;
            options.memory_size = mn_keys_fixed_size(&node_type, counts[i]);
            setup(options);
            while (node_keys_get(&nodes, put(1)) != NULL
                   && mn_keys_count(keys) < counts[i])
                continue;
            EXPECT(mn_keys_check(keys) && stats().capacity == counts[i]);
            node_keys_finish(&nodes);
            options.count_max = 0;
            setup(options);
            EXPECT(stats().capacity >= counts[i]);
            /* Not even one object more, with its word, is left. */
            EXPECT(stats().gap_size
                   < sizeof(struct node) + 3 * sizeof(uintptr_t));
            node_keys_finish(&nodes);
        }
    EXPECT(mn_keys_fixed_size(&node_type, 0) == 0);
    EXPECT(mn_keys_fixed_size(&node_type, SIZE_MAX) == 0);
}

TEST(memory_that_is_too_small_is_refused)
{
    struct mn_keys_options options = fixed(0);

    options.memory_size = sizeof(struct node) + 2 * sizeof(uintptr_t) - 1;
    EXPECT(node_keys_init(&nodes, &options) == MN_ERR_NOMEM);
    options.memory_size++;
    setup(options);
    EXPECT(stats().capacity == 1);
    options.count_max = 2;
    EXPECT(node_keys_init(&nodes, &options) == MN_ERR_NOMEM);
}

TEST(objects_are_aligned_and_never_overlap)
{
    struct mn_keys_options options = fixed(0);
    struct tiny_keys bytes;
    struct tiny_key key;
    struct wide_keys wides;
    struct wide_key wide;
    size_t count = 0;

    options.memory = buffer + 1;
    options.memory_size = 1000;
    EXPECT(tiny_keys_init(&bytes, &options) == MN_OK);
    for (struct tiny *tiny; (tiny = tiny_keys_alloc(&bytes, &key)) != NULL;) {
        tiny->byte = (char)count++;
        EXPECT(mn_keys_check(&bytes.keys));
    }
    EXPECT(count > 1000 / (1 + sizeof(uintptr_t)) - 16);
    tiny_keys_finish(&bytes);
    options.memory_size = BUFFER_SIZE - 1;
    EXPECT(wide_keys_init(&wides, &options) == MN_OK);
    for (struct wide *at; (at = wide_keys_alloc(&wides, &wide)) != NULL;) {
        EXPECT((uintptr_t)at % 256 == 0 && (void *)at > (void *)buffer);
        EXPECT((unsigned char *)(at + 1) <= buffer + BUFFER_SIZE);
        __builtin_memset(at, 0xff, sizeof *at);
        EXPECT(mn_keys_check(&wides.keys));
    }
    EXPECT(mn_keys_count(&wides.keys) > BUFFER_SIZE / (256 + 8) - 4);
}

/* ---- keys ---- */

TEST(key_of_nothing_leads_to_nothing)
{
    struct node_key none = {{0}};

    setup(fixed(COUNT));
    EXPECT(node_keys_get(&nodes, none) == NULL);
    struct node_key first = put(1);
    EXPECT(node_keys_get(&nodes, none) == NULL);
    EXPECT(!node_keys_remove(&nodes, none));
    EXPECT(node_keys_remove(&nodes, first));
    EXPECT(node_keys_get(&nodes, none) == NULL);
}

TEST(forged_key_leads_to_nothing)
{
    setup(fixed(COUNT));
    struct node_key first = put(1);
    struct node_key second = put(2);
    struct node_key third = put(3);
    EXPECT(node_keys_remove(&nodes, second));
    EXPECT(node_keys_remove(&nodes, third));

    /* Each bit wrong, alone and with each number, of live, free and unused
     * slots and beyond; and just what the words of free slots hold. */
    for (unsigned bit = 0; bit < sizeof(uintptr_t) * 8; bit++)
        for (uintptr_t number = 0; number <= keys->mask; number++) {
            uintptr_t bits = ((uintptr_t)1 << bit) | number;
            struct node_key forged = {{bits}};
            EXPECT((node_keys_get(&nodes, forged) != NULL)
                   == (bits == first.key.bits));
        }
    for (uintptr_t i = 0; i < 3; i++) {
        uintptr_t word = *mn_keys_word(mn_keys_place(keys, i));
        struct node_key copied = {{word}};
        EXPECT((node_keys_get(&nodes, copied) != NULL) == (i == 0));
    }
    /* Nor is it of use to know what an unused slot will hold. */
    struct node_key early = {{(keys->mask + 1) | 5}};
    *mn_keys_word(mn_keys_place(keys, 5)) = early.key.bits;
    EXPECT(node_keys_get(&nodes, early) == NULL);
    EXPECT(!node_keys_remove(&nodes, early));
    struct node_key ones = {{UINTPTR_MAX}};
    EXPECT(node_keys_get(&nodes, ones) == NULL);
    EXPECT(!node_keys_remove(&nodes, ones));
    EXPECT(mn_keys_check(keys) && mn_keys_count(keys) == 1);
}

TEST(slot_that_is_used_up_retires)
{
    struct mn_keys_options options = fixed(2);
    struct node_key given[6];
    struct node_key none;

    options.uses_max = 3;
    options.unwatched = true; /* the same slot is used again at once */
    setup(options);
    for (uint32_t i = 0; i < 6; i++) {
        given[i] = put(i);
        for (uint32_t j = 0; j < i; j++) {
            EXPECT(given[j].key.bits != given[i].key.bits);
            EXPECT(node_keys_get(&nodes, given[j]) == NULL);
        }
        EXPECT(node_keys_remove(&nodes, given[i]) && mn_keys_check(keys));
        EXPECT(stats().retired == (i + 1) / 3);
    }
    EXPECT(node_keys_alloc(&nodes, &none) == NULL);
    EXPECT(mn_keys_reserve(keys, 1) == MN_ERR_NOMEM);
    for (uint32_t i = 0; i < 6; i++)
        EXPECT(!node_keys_remove(&nodes, given[i]));
    EXPECT(mn_keys_check(keys));
    mn_keys_clear(keys);
    EXPECT(node_keys_alloc(&nodes, &none) == NULL);
}

TEST(last_key_that_a_word_can_tell_is_not_followed_by_another)
{
    setup(fixed(1));
    struct node_key key = put(1);
    EXPECT(node_keys_remove(&nodes, key));
    /* As after so many uses. */
    uintptr_t *word = mn_keys_word(mn_keys_place(keys, 0));
    uintptr_t last = ~keys->mask;
    *word = (last - (keys->mask + 1)) | keys->mask;
    EXPECT(mn_keys_check(keys));

    EXPECT(node_keys_remove(&nodes, put(2)) && stats().retired == 0);
    struct node_key at_last = put(3);
    EXPECT(at_last.key.bits == last);
    EXPECT(node_keys_remove(&nodes, at_last) && stats().retired == 1);
    EXPECT(node_keys_get(&nodes, at_last) == NULL);
    EXPECT(mn_keys_check(keys) && node_keys_alloc(&nodes, &key) == NULL);
}

TEST(expect_stops_and_says_why)
{
    struct node_key forged = {{UINTPTR_MAX}};

    setup(fixed(COUNT));
    struct node_key key = put(1);
    EXPECT(node_keys_expect(&nodes, key)->value == 1);
    EXPECT(mn_keys_expect(keys, key.key) == node_keys_get(&nodes, key));
    EXPECT_STOPS(node_keys_expect(&nodes, forged), "never given by this table");
    EXPECT_STOPS(node_keys_expect(&nodes, (struct node_key){{0}}),
                 "a key of nothing");
    EXPECT(node_keys_remove(&nodes, key));
    EXPECT_STOPS(node_keys_expect(&nodes, key), "its object was removed");
    EXPECT_STOPS(mn_keys_expect(keys, key.key), "its object was removed");
    (void)put(2);
    EXPECT_STOPS(node_keys_expect(&nodes, key), "its object was removed");
}

/* ---- growth ---- */

TEST(growing_table_moves_nothing_and_gives_all_back)
{
    enum { MANY = 3 * MN_KEYS_SEGMENT };
    struct node_key given[MANY];
    struct node *at[MANY];

    setup(growing());
    for (uint32_t i = 0; i < MANY; i++) {
        given[i] = put(i);
        at[i] = node_keys_get(&nodes, given[i]);
    }
    for (uint32_t i = 0; i < MANY; i++)
        EXPECT(node_keys_get(&nodes, given[i]) == at[i]
               && leads_to(given[i], i));
    EXPECT(region_out == 1 + 3 && stats().capacity == MANY);
    EXPECT(mn_keys_check(keys));
    node_keys_finish(&nodes);
    EXPECT(region_out == 0 && mn_keys_check(keys));
    EXPECT(node_keys_get(&nodes, given[0]) == NULL);
    EXPECT(node_keys_alloc(&nodes, &given[0]) == NULL);
    node_keys_finish(&nodes);
}

TEST(array_of_segments_grows_when_it_is_full)
{
    enum { MANY = 17 * MN_KEYS_SEGMENT };
    struct mn_keys_options options = growing();
    struct tiny_keys tinies;
    struct tiny_key first;
    struct tiny_key key;

    EXPECT(tiny_keys_init(&tinies, &options) == MN_OK);
    struct tiny *at = tiny_keys_alloc(&tinies, &first);
    for (uint32_t i = 1; i < MANY; i++)
        EXPECT(tiny_keys_alloc(&tinies, &key) != NULL);
    EXPECT(tiny_keys_get(&tinies, first) == at && tinies.keys.room == 32);
    EXPECT(region_out == 1 + 17 && mn_keys_check(&tinies.keys));
    tiny_keys_finish(&tinies);
    EXPECT(region_out == 0);
}

TEST(growing_table_holds_to_its_count)
{
    enum { MANY = MN_KEYS_SEGMENT + 3 };
    struct mn_keys_options options = growing();
    struct node_key key;

    options.count_max = MANY;
    setup(options);
    EXPECT(mn_keys_reserve(keys, MANY + 1) == MN_ERR_NOMEM);
    EXPECT(mn_keys_reserve(keys, MANY) == MN_OK && stats().capacity == MANY);
    for (uint32_t i = 0; i < MANY; i++)
        key = put(i);
    EXPECT(node_keys_alloc(&nodes, &key) == NULL);
    EXPECT(region_out == 1 + 2 && mn_keys_check(keys));
    node_keys_finish(&nodes);
    EXPECT(region_out == 0);
}

TEST(refused_memory_is_null_and_changes_nothing)
{
    struct node_key key = {{1}};

    setup(growing());
    for (region_left = 0; region_left < 2;) {
        int left = region_left;
        EXPECT(node_keys_alloc(&nodes, &key) == NULL);
        EXPECT(node_key_is_none(key) && mn_keys_check(keys));
        EXPECT(stats().capacity == 0);
        region_left = left + 1 + (int)region_out; /* the array stays */
    }
    region_left = 1;
    EXPECT(mn_keys_reserve(keys, MN_KEYS_SEGMENT + 1) == MN_ERR_NOMEM);
    EXPECT(mn_keys_check(keys) && stats().capacity == MN_KEYS_SEGMENT);
    for (uint32_t i = 0; i < MN_KEYS_SEGMENT; i++)
        key = put(i);
    struct node_key none;
    EXPECT(node_keys_alloc(&nodes, &none) == NULL);
    EXPECT(leads_to(key, MN_KEYS_SEGMENT - 1));
    EXPECT(mn_keys_count(keys) == MN_KEYS_SEGMENT);
    region_left = 1;
    EXPECT(leads_to(put(99), 99) && mn_keys_check(keys));
    node_keys_finish(&nodes);
    EXPECT(region_out == 0);
}

/* ---- all of them ---- */

static bool remove_odd(void *object, struct mn_key key, void *context)
{
    const struct node *node = object;

    EXPECT(mn_keys_get(keys, key) == object);
    ++*(size_t *)context;
    if (node->value % 2 == 1)
        EXPECT(mn_keys_remove(keys, key));
    return node->value != 18;
}

TEST(walk_visits_each_object_and_ends_when_told)
{
    size_t count = 0;

    setup(growing());
    for (uint32_t i = 0; i < 20; i++)
        (void)put(i);
    EXPECT(!mn_keys_walk(keys, remove_odd, &count) && count == 19);
    EXPECT(mn_keys_count(keys) == 11 && mn_keys_check(keys));
    count = 0;
    EXPECT(!mn_keys_walk(keys, remove_odd, &count) && count == 10);
    mn_keys_clear(keys);
    EXPECT(mn_keys_walk(keys, remove_odd, &count) && count == 10);
}

TEST(clear_makes_every_key_stale)
{
    struct node_key given[20];

    setup(growing());
    for (uint32_t i = 0; i < 20; i++)
        given[i] = put(i);
    EXPECT(node_keys_remove(&nodes, given[3]));
    mn_keys_clear(keys);
    EXPECT(mn_keys_count(keys) == 0 && mn_keys_check(keys));
    EXPECT(ended_count == 0);
    for (uint32_t i = 0; i < 20; i++)
        (void)put(i);
    for (uint32_t i = 0; i < 20; i++)
        EXPECT(node_keys_get(&nodes, given[i]) == NULL);
    EXPECT(stats().capacity == MN_KEYS_SEGMENT);
}

static struct node_key dropping;

static void insert_again(struct node *node)
{
    EXPECT(node_keys_get(&nodes, dropping) == NULL);
    EXPECT(!node_keys_remove(&nodes, dropping));
    (void)put(node->value + 100);
}

TEST(drop_is_called_once_for_each_and_may_use_the_table)
{
    struct mn_keys_options options = growing();

    options.drop = true;
    setup(options);
    dropping = put(1);
    (void)put(2);
    at_end = insert_again;
    EXPECT(node_keys_remove(&nodes, dropping) && mn_keys_check(keys));
    EXPECT(ended_count == 1 && ended[0] == 1 && mn_keys_count(keys) == 2);
    at_end = NULL;
    node_keys_finish(&nodes);
    EXPECT(ended_count == 3 && ended[1] + ended[2] == 2 + 101);
}

TEST(drop_that_inserts_into_a_table_that_ends_stops)
{
    struct mn_keys_options options = growing();

    options.drop = true;
    setup(options);
    dropping = put(1);
    at_end = insert_again;
    EXPECT_STOPS(mn_keys_clear(keys), "drop has inserted");
}

/* ---- damage ---- */

TEST(check_sees_a_damaged_word)
{
    setup(fixed(COUNT));
    for (uint32_t i = 0; i < 8; i++)
        (void)put(i);
    for (uintptr_t i = 2; i < 6; i++)
        (void)mn_keys_remove(
            keys, (struct mn_key){*mn_keys_word(mn_keys_place(keys, i))});
    EXPECT(mn_keys_check(keys));
    /* Any bit of the number; those above are as good as any other use. */
    for (uintptr_t i = 0; i < 8; i++)
        for (unsigned bit = 0; bit < keys->bits; bit++) {
            uintptr_t *word = mn_keys_word(mn_keys_place(keys, i));
            *word ^= (uintptr_t)1 << bit;
            EXPECT(!mn_keys_check(keys));
            *word ^= (uintptr_t)1 << bit;
        }
    EXPECT(mn_keys_check(keys));
    uintptr_t *word = mn_keys_word(mn_keys_place(keys, 0));
    *word = 0;
    EXPECT(!mn_keys_check(keys));
}

TEST(alloc_stops_at_a_damaged_list)
{
    struct mn_keys_options options = fixed(COUNT);
    struct node_key key;

    options.unwatched = true;
    setup(options);
    EXPECT(node_keys_remove(&nodes, put(1)));
    uintptr_t *word = mn_keys_word(mn_keys_place(keys, 0));
    *word = (*word & ~keys->mask) | 30;
    (void)put(2);
    EXPECT_STOPS((void)node_keys_alloc(&nodes, &key), "are damaged");
}
