/* SPDX-License-Identifier: MIT */
/* new.h -- operator new and delete as C sees them, for 64-bit size_t. */
#ifndef MNI_NEW_H
#define MNI_NEW_H

#include <mn/base.h>

_Static_assert(sizeof(size_t) == sizeof(unsigned long), "m is size_t");

void *_Znwm(size_t size);
void *_Znam(size_t size);
void *_ZnwmRKSt9nothrow_t(size_t size, const void *nothrow);
void *_ZnamRKSt9nothrow_t(size_t size, const void *nothrow);
void *_ZnwmSt11align_val_t(size_t size, size_t align);
void *_ZnamSt11align_val_t(size_t size, size_t align);
void *_ZnwmSt11align_val_tRKSt9nothrow_t(size_t size, size_t align,
                                         const void *nothrow);
void *_ZnamSt11align_val_tRKSt9nothrow_t(size_t size, size_t align,
                                         const void *nothrow);
void _ZdlPv(void *block);
void _ZdaPv(void *block);
void _ZdlPvRKSt9nothrow_t(void *block, const void *nothrow);
void _ZdaPvRKSt9nothrow_t(void *block, const void *nothrow);
void _ZdlPvm(void *block, size_t size);
void _ZdaPvm(void *block, size_t size);
void _ZdlPvSt11align_val_t(void *block, size_t align);
void _ZdaPvSt11align_val_t(void *block, size_t align);
void _ZdlPvSt11align_val_tRKSt9nothrow_t(void *block, size_t align,
                                         const void *nothrow);
void _ZdaPvSt11align_val_tRKSt9nothrow_t(void *block, size_t align,
                                         const void *nothrow);
void _ZdlPvmSt11align_val_t(void *block, size_t size, size_t align);
void _ZdaPvmSt11align_val_t(void *block, size_t size, size_t align);

#endif
