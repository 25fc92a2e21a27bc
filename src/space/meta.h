/* SPDX-License-Identifier: MIT */
/* meta.h -- memory for Mneme's own records, apart from all user memory.
 *
 * Records of one size are recycled only as records of that size, and their
 * memory is never unmapped: whoever holds a stale pointer to a record reads a
 * record, though perhaps another one.
 */
#ifndef MNI_META_H
#define MNI_META_H

#include <stdbool.h>
#include <stddef.h>

#include "space/map.h"

/* Return `size` bytes of zeroes at a multiple of 64, or NULL.
 * Requires: the space lock. */
void *mni_meta_alloc(size_t size);

/* Requires: the space lock; `size` as it was asked for. */
void mni_meta_free(void *record, size_t size);

/* The same, and they take the lock. NULL also if this thread holds it. */
void *mni_meta_new(size_t size);
void mni_meta_delete(void *record, size_t size);

/* Count records that lie in a mapping of their own: their bytes, or that many
 * below zero when they are gone. */
void mni_meta_note(size_t change);

/* Bytes that are writable. */
size_t mni_meta_committed(void);

/* Bytes of addresses that are set aside. */
size_t mni_meta_reserved(void);

/* Visit the writable part. */
void mni_meta_each(mni_mapping_fn visit, void *context);

#endif
