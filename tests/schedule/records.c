/* SPDX-License-Identifier: MIT */
/* records.c -- records are watched: none is used after it was given back.
 *
 * Linked in front of the functions of space/meta.c. */
#include "space/meta.h"

#include "explore.h"

void *__real_mni_meta_alloc(size_t size);
void *__wrap_mni_meta_alloc(size_t size);
void __real_mni_meta_free(void *record, size_t size);
void __wrap_mni_meta_free(void *record, size_t size);
void *__real_mni_meta_new(size_t size);
void *__wrap_mni_meta_new(size_t size);
void __real_mni_meta_delete(void *record, size_t size);
void __wrap_mni_meta_delete(void *record, size_t size);

void *__wrap_mni_meta_alloc(size_t size)
{
    void *record = __real_mni_meta_alloc(size);

    explore_record(record, size, true);
    return record;
}

void __wrap_mni_meta_free(void *record, size_t size)
{
    explore_record(record, size, false);
    __real_mni_meta_free(record, size);
}

void *__wrap_mni_meta_new(size_t size)
{
    void *record = __real_mni_meta_new(size);

    explore_record(record, size, true);
    return record;
}

void __wrap_mni_meta_delete(void *record, size_t size)
{
    explore_record(record, size, false);
    __real_mni_meta_delete(record, size);
}
