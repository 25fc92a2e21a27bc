/* SPDX-License-Identifier: MIT */
/* team.h -- threads of the process that help whichever collector marks. */
#ifndef MNI_GC_TEAM_H
#define MNI_GC_TEAM_H

#include "gc/gc.h"

enum {
    MNI_GC_MARKERS = 8,                         /* at most */
    MNI_GC_MARKER_BYTES = 4096 * sizeof(size_t) /* of the stack of each */
};

/* For struct mni_gc_system. False if the team is at work for another
 * collector, or there is no memory; then nothing was marked. */
bool mni_gc_team_mark(struct mni_gc *gc);
bool mni_gc_team_give(struct mni_gc_marker *marker);
bool mni_gc_team_is_asked_for(void);

/* In the child of a fork, which has one thread. */
void mni_gc_team_forked(void);

#endif
