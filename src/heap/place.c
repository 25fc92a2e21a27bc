/* SPDX-License-Identifier: MIT */
/* place.c -- memory that a first-class heap has for itself.
 *
 * It is given by the user, or reserved for the heap. Only such memory is bound
 * to nodes: spans of the process's stock go from heap to heap.
 */
#include "base/bits.h"
#include "heap/heap.h"
#include "os/os.h"

/* The whole pages of the place. False if there are none. */
static bool place_pages(const struct mni_place *place, unsigned char **start,
                        size_t *size)
{
    size_t page = mni_os_page_size();
    uintptr_t address = (uintptr_t)place->start;
    size_t skipped = mni_round_up(address, page) - address;

    if (place->size < skipped + page)
        return false;
    *start = place->start + skipped;
    *size = (place->size - skipped) / page * page;
    return true;
}

static bool place_bind(const struct mni_place *place, unsigned nodes)
{
    unsigned char *start;
    size_t size;

    return place_pages(place, &start, &size)
           && mni_os_protect(start, size,
                             MNI_OS_NODES | nodes << MNI_OS_NODES_SHIFT);
}

static bool place_reserve(struct mni_place *place)
{
    if (place->size > PTRDIFF_MAX - MNI_CELL_SIZE)
        return false;
    place->size = mni_round_up(place->size, MNI_CELL_SIZE);
    place->start = mni_os_reserve(place->size, MNI_CELL_SIZE, MN_PERM_NONE);
    place->reserved = place->start != NULL;
    if (!place->reserved)
        return false;
    if (mni_os_protect(place->start, place->size, MN_PERM_RW)) {
        mni_os_name(place->start, place->size, "mneme heap");
        return true;
    }
    mni_os_release(place->start, place->size);
    return false;
}

bool mni_place_take(struct mni_place *place,
                    const struct mn_heap_options *options)
{
    *place = (struct mni_place){
        .start = options->memory,
        .size = options->memory_size,
        .nodes = options->nodes,
    };
    if (place->size < mn_heap_memory_min()
        || (place->start == NULL && !place_reserve(place)))
        return false;
    if (place->nodes == 0 || place_bind(place, place->nodes))
        return true;
    place->nodes = 0;
    mni_place_leave(place);
    return false;
}

void mni_place_leave(const struct mni_place *place)
{
    if (place->reserved)
        mni_os_release(place->start, place->size);
    else if (place->nodes != 0)
        (void)place_bind(place, 0);
}
