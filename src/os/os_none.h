/* SPDX-License-Identifier: MIT */
/* os_none.h -- no system: a buffer stands for memory. */
#ifndef MNI_OS_NONE_H
#define MNI_OS_NONE_H

#include "os/os.h"

/* Take all memory from `memory` from now on. Requires: nothing was reserved
 * before; `memory` outlives all use. The map takes 512 KiB of it, records of
 * spans take up to an eighth. */
void mni_none_give(void *memory, size_t size);

/* Have `stop` called with the line instead of a trap; it must not return. */
void mni_none_at_stop(void (*stop)(const char *line, size_t length));

#endif
