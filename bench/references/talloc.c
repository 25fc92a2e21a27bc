/* SPDX-License-Identifier: MIT */
/* talloc.c -- the patterns of measure.h with talloc's references. */
#include <stdlib.h>
#include <talloc.h>

#include "measure.h"

struct item {
    long value[2];
};

int main(void)
{
    TALLOC_CTX *context = talloc_new(NULL);
    struct item *object = talloc_zero(context, struct item);

    measure_begin();
    for (long i = 0; i < MEASURE_PAIRS / 10; i++) {
        void *other = talloc_reference(context, object);
        MEASURE_HIDE(other);
        if (talloc_unlink(context, other) != 0)
            return 1;
    }
    measure_end("pair", MEASURE_PAIRS / 10);
    measure_begin();
    for (long i = 0; i < MEASURE_NEW; i++) {
        object = talloc_zero(context, struct item);
        MEASURE_HIDE(object);
        if (talloc_free(object) != 0)
            return 1;
    }
    measure_end("new", MEASURE_NEW);
    return talloc_free(context);
}
