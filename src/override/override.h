/* SPDX-License-Identifier: MIT */
/* override.h -- declarations that the C library's headers may lack. */
#ifndef MNI_OVERRIDE_H
#define MNI_OVERRIDE_H

#include <malloc.h>
#include <stddef.h>

#include <mn/base.h>

/* C23. */
void free_sized(void *block, size_t size);
void free_aligned_sized(void *block, size_t align, size_t size);

#endif
