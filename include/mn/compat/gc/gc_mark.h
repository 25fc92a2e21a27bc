/* SPDX-License-Identifier: MIT */
/* mn/compat/gc/gc_mark.h -- the same, by its other usual name. */
#ifndef MN_COMPAT_GC_GC_MARK_H
#define MN_COMPAT_GC_GC_MARK_H

#include "../gc_mark.h"

#endif
