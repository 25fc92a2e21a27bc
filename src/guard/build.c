/* SPDX-License-Identifier: MIT */
/* build.c -- begins the allocator that a description asks for: a tiled region,
 * and a limit around it if there is to be one. */
#include <mn/build.h>

/* The tiled region of a description, without its memory. */
static struct mn_tiled_place build_place(const struct mn_build *how)
{
    return (struct mn_tiled_place){
        .memory_size = how->size,
        .granule = MN_BUILD_ALIGN,
        .strategy = how->strategy,
    };
}

size_t mn_build_control_size(struct mn_build how, size_t block_count)
{
    struct mn_tiled_place place = build_place(&how);

    if (mn_build_status(how) != MN_OK)
        return 0;
    return mn_tiled_control_size(&place, block_count);
}

enum mn_status mn_build_begin(struct mn_built *built, struct mn_build how,
                              void *memory, void *control, size_t control_size)
{
    struct mn_tiled_place place = build_place(&how);
    enum mn_status status = mn_build_status(how);

    if (status != MN_OK)
        return status;
    place.memory = memory;
    place.control = control;
    place.control_size = control_size;
    status = mn_tiled_init(&built->tiled, &place);
    if (status == MN_OK && how.limit != 0)
        mn_limit_init(&built->limit, &built->tiled.region, SIZE_MAX, how.limit);
    return status;
}
