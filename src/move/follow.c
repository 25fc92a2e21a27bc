/* SPDX-License-Identifier: MIT */
/* follow.c -- pointers into blocks follow when these have moved.
 *
 * Who points where is not known beforehand: all objects that may point are
 * read, once for all the moves of a step. What a type says is used only to find
 * pointers; one that leads to nothing that has moved is left as it is.
 */
#include "move/move.h"

/* The run that `at` lies in, or NULL. They rise, and do not overlap. */
static const struct mni_mover_run *
follow_find(const struct mni_mover_runs *runs, uintptr_t at)
{
    size_t from = 0;
    size_t to = runs->count;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        const struct mni_mover_run *run = &runs->run[middle];
        if (at < run->from)
            to = middle;
        else if (at - run->from >= run->size)
            from = middle + 1;
        else
            return run;
    }
    return NULL;
}

static void follow_member(void *slot, const struct mn_member *member,
                          void *context)
{
    const struct mni_mover_run *run = NULL;
    unsigned char *at = NULL;

    if (member->kind != MN_MEMBER_MOVABLE)
        return;
    __builtin_memcpy(&at, slot, sizeof(at));
    if (at != NULL)
        run = follow_find(context, (uintptr_t)at);
    if (run == NULL)
        return;
    at -= run->distance;
    __builtin_memcpy(slot, &at, sizeof(at));
}

void mni_mover_follow(struct mn_mover *mover, const struct mni_mover_runs *runs)
{
    bool busy = mover->busy;
    uint32_t left = mover->pointing;
    struct mni_mover_runs own = *runs;

    mover->busy = true;
    for (uint32_t i = MNI_TILES_FIRST; left > 0 && i != 0;
         i = mni_mover_tile(mover, i)->right) {
        const struct mni_mover_owner *owner = &mover->owners[i];
        if (mni_tiles_is_free(mover->tiles, i) || owner->entry == MNI_MOVE_HELD
            || !owner->points)
            continue;
        const struct mni_tile *tile = mni_mover_tile(mover, i);
        unsigned char *object = mover->base + mni_mover_bytes(tile->start);
        size_t size = mni_mover_bytes(tile->size) - owner->slack;
        for (size_t at = 0; at < size; at += owner->type->size)
            mn_type_visit(owner->type, object + at, follow_member, &own);
        left--;
    }
    mover->busy = busy;
}
