/* SPDX-License-Identifier: MIT */
/* mn/compat/gc/gc_typed.h -- the same, by its other usual name. */
#ifndef MN_COMPAT_GC_GC_TYPED_H
#define MN_COMPAT_GC_GC_TYPED_H

#include "../gc_typed.h"

#endif
