/* SPDX-License-Identifier: MIT */
/* space.c -- reserve addresses, commit one cell, and ask the map. */
#include <mn/space.h>
#include <stdio.h>

static void show(const void *address)
{
    struct mn_block block;

    if (mn_block_at(address, &block))
        printf("%zu bytes, %s, permission %u\n", block.size,
               mn_state_name(block.state), block.perm);
}

int main(void)
{
    struct mn_space space;
    size_t cell = mn_space_cell();

    if (mn_space_create(&space, 16 * cell, cell) != MN_OK)
        return 1;
    char *start = mn_space_start(&space);
    if (mn_space_commit(&space, 0, cell, MN_PERM_RW) == MN_OK)
        start[0] = 1;
    show(start);        /* allocated */
    show(start + cell); /* reserved */
    if (mn_space_decommit(&space, 0, cell) == MN_OK)
        show(start); /* reserved again */
    mn_space_destroy(&space);
    return 0;
}
