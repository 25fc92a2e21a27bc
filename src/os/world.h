/* SPDX-License-Identifier: MIT */
/* world.h -- looking at the whole process from inside: its other threads stand
 * still, and all that it can write to is gone through.
 *
 * Nothing here allocates. One thread may use it at a time.
 */
#ifndef MNI_WORLD_H
#define MNI_WORLD_H

#include <stdbool.h>
#include <stddef.h>

/* Have the other threads stand still, with their registers on their stacks.
 * Those that hold back signals go on. */
void mni_world_stop(void);
void mni_world_go_on(void);

/* Visit what may hold the program's data: private writable memory with content,
 * but for what lies below the end of each stack. `here` is that end for the
 * calling thread. False if the system does not tell. */
typedef void (*mni_world_fn)(const void *start, size_t size, void *context);
bool mni_world_each(const void *here, mni_world_fn visit, void *context);

#endif
