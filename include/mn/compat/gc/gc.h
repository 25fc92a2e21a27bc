/* SPDX-License-Identifier: MIT */
/* mn/compat/gc/gc.h -- the same, by its other usual name. */
#ifndef MN_COMPAT_GC_GC_H
#define MN_COMPAT_GC_GC_H

#include "../gc.h"

#endif
