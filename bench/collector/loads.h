/* SPDX-License-Identifier: MIT */
/* loads.h -- two programs that live from allocation, for any way to manage it.
 *
 * A file that includes this says before how objects are made and stored: a
 * struct node and a struct entry of the members below, and
 *     load_node(), load_entry(), load_value(size), load_table(count)
 *     LOAD_STORE(holder, field, value)  a reference of an object changes
 *     LOAD_ENTER(type) ... LOAD_LEAVE   a variable `kept` in a function
 *     load_drop_tree(node), load_drop_entry(entry)  where released by hand
 *     load_root                         a struct load_root that is followed
 * Every size is that of the object, so a header of the collector comes on top.
 */
#ifndef LOADS_H
#define LOADS_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum {
    LOAD_DEPTH = 18,
    LOAD_BUCKETS = 1 << 20,
    LOAD_ENTRIES = 600000,
    LOAD_KEYS = 1200000,
    LOAD_STEPS = 4000000,
    LOAD_KIB = 1024
};

static double load_cpu(void)
{
    struct timespec time;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* CPU time while the program stands still, where a collector tells. */
static double load_pause_begin, load_pause_sum, load_pause_max;

static inline void load_pause(int begins)
{
    double now = load_cpu();

    if (begins) {
        load_pause_begin = now;
        return;
    }
    now -= load_pause_begin;
    load_pause_sum += now;
    if (now > load_pause_max)
        load_pause_max = now;
}

/* ---- binary trees ---- */

static struct node *load_make(int depth)
{
    LOAD_ENTER(struct node);
    LOAD_KEEP(load_node());
    if (depth > 0) {
        struct node *left = load_make(depth - 1);
        LOAD_STORE(LOAD_KEPT, left, left);
        struct node *right = load_make(depth - 1);
        LOAD_STORE(LOAD_KEPT, right, right);
    }
    LOAD_LEAVE;
}

static long load_count(const struct node *node)
{
    return node->left == NULL
               ? 1
               : 1 + load_count(node->left) + load_count(node->right);
}

static void load_trees(void)
{
    load_root->tree = load_make(LOAD_DEPTH + 1);
    printf("%ld\n", load_count(load_root->tree));
    load_drop_tree(load_root->tree);
    load_root->tree = NULL;
    load_root->long_lived = load_make(LOAD_DEPTH);
    for (int depth = 4; depth <= LOAD_DEPTH; depth += 2) {
        long rounds = 1L << (LOAD_DEPTH - depth + 4);
        long sum = 0;
        for (long i = 0; i < rounds; i++) {
            load_root->tree = load_make(depth);
            sum += load_count(load_root->tree);
            load_drop_tree(load_root->tree);
            load_root->tree = NULL;
        }
        printf("%ld of depth %d: %ld\n", rounds, depth, sum);
    }
    printf("%ld\n", load_count(load_root->long_lived));
}

/* ---- a cache that forgets what was used least recently ---- */

static uint64_t load_random = UINT64_C(88172645463325252);

static uint64_t load_next(void)
{
    load_random ^= load_random << 13;
    load_random ^= load_random >> 7;
    load_random ^= load_random << 17;
    return load_random * UINT64_C(0x2545F4914F6CDD1D);
}

static struct node_entry **load_bucket(uint64_t key)
{
    return &LOAD_TABLE[key * UINT64_C(0x9E3779B97F4A7C15) >> 44];
}

static void load_unlink(struct node_entry *entry)
{
    if (entry->newer != NULL)
        LOAD_STORE(entry->newer, older, entry->older);
    else
        load_root->newest = entry->older;
    if (entry->older != NULL)
        LOAD_STORE(entry->older, newer, entry->newer);
    else
        load_root->oldest = entry->newer;
}

static void load_link(struct node_entry *entry)
{
    LOAD_STORE(entry, newer, NULL);
    LOAD_STORE(entry, older, load_root->newest);
    if (load_root->newest != NULL)
        LOAD_STORE(load_root->newest, newer, entry);
    else
        load_root->oldest = entry;
    load_root->newest = entry;
}

static void load_evict(void)
{
    struct node_entry *entry = load_root->oldest;
    struct node_entry **bucket = load_bucket(entry->key);
    struct node_entry *before = *bucket;

    load_unlink(entry);
    if (before == entry) {
        LOAD_STORE_TABLE(bucket, entry->next);
    } else {
        while (before->next != entry)
            before = before->next;
        LOAD_STORE(before, next, entry->next);
    }
    load_drop_entry(entry);
}

static void load_insert(uint64_t key)
{
    size_t size = 40 + (load_next() & 15) * 32;

    load_root->fresh = load_entry();
    load_root->fresh->key = key;
    char *value = load_value(size);
    memset(value, (int)(key & 0x7f), size);
    LOAD_STORE(load_root->fresh, value, value);
    struct node_entry **bucket = load_bucket(key);
    LOAD_STORE(load_root->fresh, next, *bucket);
    LOAD_STORE_TABLE(bucket, load_root->fresh);
    load_link(load_root->fresh);
    load_root->fresh = NULL;
}

static void load_lru(void)
{
    long count = 0;
    long hits = 0;
    long sum = 0;

    load_root->table = load_table(LOAD_BUCKETS);
    for (long step = 0; step < LOAD_STEPS; step++) {
        uint64_t key = load_next() % LOAD_KEYS;
        struct node_entry *entry = *load_bucket(key);
        while (entry != NULL && entry->key != key)
            entry = entry->next;
        if (entry != NULL) {
            hits++;
            sum += entry->value[20];
            load_unlink(entry);
            load_link(entry);
            continue;
        }
        if (count == LOAD_ENTRIES)
            load_evict();
        else
            count++;
        load_insert(key);
    }
    printf("%ld entries, %ld hits, %ld\n", count, hits, sum);
}

/* ---- one of them, by name ---- */

static int load_main(int count, char **names)
{
    double start = load_cpu();
    struct rusage usage;

    if (count == 2 && strcmp(names[1], "trees") == 0)
        load_trees();
    else if (count == 2 && strcmp(names[1], "lru") == 0)
        load_lru();
    else
        return 2;
    (void)getrusage(RUSAGE_SELF, &usage);
    fprintf(stderr, "%.3f s, %ld MB, pauses %.3f s, longest %.1f ms\n",
            load_cpu() - start, usage.ru_maxrss / LOAD_KIB, load_pause_sum,
            load_pause_max * 1e3);
    return 0;
}

#endif
