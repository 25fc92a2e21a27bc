/* SPDX-License-Identifier: MIT */
/* hand.c -- the patterns of measure.h with a count that is written by hand. */
#include <stdlib.h>

#include "measure.h"

struct item {
    long count;
    long value;
    struct item *next;
};

static void item_drop(struct item *item)
{
    while (item != NULL && --item->count == 0) {
        struct item *next = item->next;
        free(item);
        item = next;
    }
}

static struct item *item_new(struct item *next)
{
    struct item *item = malloc(sizeof *item);

    if (item == NULL)
        exit(1);
    *item = (struct item){1, 0, next};
    return item;
}

int main(void)
{
    struct item *object = item_new(NULL);
    struct item *list = NULL;

    measure_begin();
    for (long i = 0; i < MEASURE_PAIRS; i++) {
        object->count++;
        MEASURE_HIDE(object);
        item_drop(object);
    }
    measure_end("pair", MEASURE_PAIRS);
    item_drop(object);
    measure_begin();
    for (long i = 0; i < MEASURE_NEW; i++) {
        object = item_new(NULL);
        MEASURE_HIDE(object);
        item_drop(object);
    }
    measure_end("new", MEASURE_NEW);
    for (long i = 0; i < MEASURE_MANY; i++)
        list = item_new(list);
    measure_begin();
    item_drop(list);
    measure_end("list", MEASURE_MANY);
    return 0;
}
