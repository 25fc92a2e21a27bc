/* SPDX-License-Identifier: MIT */
/* space.c -- ranges of reserved addresses, with a permission for each cell. */
#include <mn/space.h>

#include <string.h>

#include "base/bits.h"
#include "os/os.h"
#include "space/map.h"
#include "space/meta.h"

/* In the array of permissions: the cell has no memory. */
enum { SPACE_RESERVED = 0x80 };

size_t mn_space_cell(void)
{
    return MNI_CELL_SIZE;
}

static bool space_block_at(const struct mn_owner *owner, const void *address,
                           struct mn_block *block)
{
    const struct mn_space *space = (const struct mn_space *)owner;
    uintptr_t offset = (uintptr_t)address - (uintptr_t)space->start;

    if (offset >= space->size)
        return false;
    size_t cell = offset / MNI_CELL_SIZE;
    unsigned char perm = space->perms[cell];
    block->start = space->start + cell * MNI_CELL_SIZE;
    block->size = MNI_CELL_SIZE;
    block->perm = perm & (MN_PERM_RW | MN_PERM_EXEC);
    block->state = perm & SPACE_RESERVED ? MN_RESERVED : MN_ALLOCATED;
    return true;
}

static size_t space_perms_size(size_t size)
{
    return mni_round_up(size / MNI_CELL_SIZE, MNI_CELL_SIZE);
}

enum mn_status mn_space_create(struct mn_space *space, size_t size,
                               size_t align)
{
    if (size == 0 || size > PTRDIFF_MAX || !mni_is_power_of_two(align))
        return MN_ERR_INVALID;
    size = mni_round_up(size, MNI_CELL_SIZE);
    if (align < MNI_CELL_SIZE)
        align = MNI_CELL_SIZE;

    unsigned char *start = mni_os_reserve(size, align, MN_PERM_NONE);
    if (start == NULL)
        return MN_ERR_NOMEM;
    unsigned char *perms =
        mni_os_reserve(space_perms_size(size), MNI_CELL_SIZE, MN_PERM_NONE);
    if (perms == NULL)
        goto no_perms;
    if (!mni_os_protect(perms, space_perms_size(size), MN_PERM_RW))
        goto no_map;
    if (!mni_space_lock())
        goto no_map;
    bool covered = mni_map_cover(start, size);
    mni_space_unlock();
    if (!covered)
        goto no_map;

    memset(perms, SPACE_RESERVED, size / MNI_CELL_SIZE);
    space->owner.block_at = space_block_at;
    space->owner.trusted = NULL;
    space->start = start;
    space->size = size;
    space->perms = perms;
    mni_map_set(start, size, &space->owner);
    mni_meta_note(space_perms_size(size));
    return MN_OK;

no_map:
    mni_os_release(perms, space_perms_size(size));
no_perms:
    mni_os_release(start, size);
    return MN_ERR_NOMEM;
}

void mn_space_destroy(struct mn_space *space)
{
    mni_map_set(space->start, space->size, NULL);
    mni_meta_note(0 - space_perms_size(space->size));
    mni_os_release(space->perms, space_perms_size(space->size));
    mni_os_release(space->start, space->size);
    space->start = NULL;
    space->size = 0;
}

void *mn_space_start(const struct mn_space *space)
{
    return space->start;
}

size_t mn_space_size(const struct mn_space *space)
{
    return space->size;
}

static bool space_range(const struct mn_space *space, size_t offset,
                        size_t size)
{
    return size != 0 && offset % MNI_CELL_SIZE == 0 && size % MNI_CELL_SIZE == 0
           && offset <= space->size && size <= space->size - offset;
}

static bool space_perm_allowed(unsigned perm)
{
    unsigned both = MN_PERM_WRITE | MN_PERM_EXEC;
    unsigned known = MN_PERM_RW | MN_PERM_EXEC | MN_PERM_WRITE_EXEC;

    return (perm & ~known) == 0
           && ((perm & both) != both || (perm & MN_PERM_WRITE_EXEC) != 0);
}

enum mn_status mn_space_commit(struct mn_space *space, size_t offset,
                               size_t size, unsigned perm)
{
    if (!space_range(space, offset, size) || !space_perm_allowed(perm))
        return MN_ERR_INVALID;
    perm &= MN_PERM_RW | MN_PERM_EXEC;
    if (!mni_os_protect(space->start + offset, size, perm))
        return MN_ERR_NOMEM;
    memset(space->perms + offset / MNI_CELL_SIZE, (int)perm,
           size / MNI_CELL_SIZE);
    return MN_OK;
}

/* Give each cell of the range the permission that is noted for it. */
static void space_protect_again(struct mn_space *space, size_t offset,
                                size_t size)
{
    for (size_t at = offset; at < offset + size; at += MNI_CELL_SIZE) {
        unsigned char perm = space->perms[at / MNI_CELL_SIZE];
        if (perm != SPACE_RESERVED
            && !mni_os_protect(space->start + at, MNI_CELL_SIZE, perm))
            mni_stop("the system refuses to restore a permission");
    }
}

enum mn_status mn_space_decommit(struct mn_space *space, size_t offset,
                                 size_t size)
{
    if (!space_range(space, offset, size))
        return MN_ERR_INVALID;
    /* This first: if it is refused, nothing is lost. */
    if (!mni_os_protect(space->start + offset, size, MN_PERM_NONE))
        return MN_ERR_OS;
    if (!mni_os_purge(space->start + offset, size, true)) {
        space_protect_again(space, offset, size);
        return MN_ERR_OS;
    }
    memset(space->perms + offset / MNI_CELL_SIZE, SPACE_RESERVED,
           size / MNI_CELL_SIZE);
    return MN_OK;
}
