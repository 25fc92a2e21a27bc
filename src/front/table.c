/* SPDX-License-Identifier: MIT */
/* table.c -- from words to entries.
 *
 * The entries lie in a leaf of the collector, which does not look into it: so
 * a table keeps nothing alive, and needs no other memory than the program's.
 */
#include "front/front.h"

enum { TABLE_LEAST = 64 };

static size_t table_place(const struct mni_front_table *table, uintptr_t key)
{
    uint64_t mixed = (uint64_t)key * UINT64_C(0x9e3779b97f4a7c15);

    return (size_t)(mixed >> 32) & (table->capacity - 1);
}

/* Where the key is, or is to be put. Requires: a place is free. */
static struct mni_front_entry *table_seek(const struct mni_front_table *table,
                                          uintptr_t key)
{
    size_t at = table_place(table, key);

    while (table->entries[at].key != 0 && table->entries[at].key != key)
        at = (at + 1) & (table->capacity - 1);
    return &table->entries[at];
}

struct mni_front_entry *mni_front_find(const struct mni_front_table *table,
                                       uintptr_t key)
{
    if (table->count == 0)
        return NULL;
    struct mni_front_entry *entry = table_seek(table, key);
    return entry->key == 0 ? NULL : entry;
}

static bool table_grow(struct mni_front_table *table)
{
    size_t capacity = table->capacity == 0 ? TABLE_LEAST : 2 * table->capacity;
    size_t size = capacity * sizeof *table->entries;

    /* A collection in here still sees the old entries, and may remove some. */
    struct mni_front_entry *entries =
        mn_gc_new_leaf(&mni_front.gc->front, size);
    if (entries == NULL)
        return false;
    __builtin_memset(entries, 0, size);
    struct mni_front_table old = *table;
    table->entries = entries;
    table->capacity = capacity;
    for (size_t i = 0; i < old.capacity; i++)
        if (old.entries[i].key != 0)
            *table_seek(table, old.entries[i].key) = old.entries[i];
    return true;
}

struct mni_front_entry *mni_front_put(struct mni_front_table *table,
                                      uintptr_t key)
{
    if (4 * (table->count + 1) > 3 * table->capacity && !table_grow(table))
        return NULL;
    struct mni_front_entry *entry = table_seek(table, key);
    if (entry->key == 0) {
        *entry = (struct mni_front_entry){.key = key};
        table->count++;
    }
    return entry;
}

void mni_front_remove(struct mni_front_table *table,
                      struct mni_front_entry *entry)
{
    size_t mask = table->capacity - 1;
    size_t hole = (size_t)(entry - table->entries);

    /* What was put behind because this place was taken moves up to it. */
    for (size_t at = (hole + 1) & mask; table->entries[at].key != 0;
         at = (at + 1) & mask) {
        size_t place = table_place(table, table->entries[at].key);
        if (((at - place) & mask) < ((at - hole) & mask))
            continue;
        table->entries[hole] = table->entries[at];
        hole = at;
    }
    table->entries[hole] = (struct mni_front_entry){0};
    table->count--;
}
