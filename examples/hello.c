/* SPDX-License-Identifier: MIT */
/* hello.c -- a block of the heap, and what the map knows about it. */
#include <mn/mn.h>
#include <stdio.h>

int main(void)
{
    struct mn_block block;
    char *text = mn_alloc(40);

    if (text != NULL && mn_block_at(text + 7, &block)) /* any address in it */
        printf("block %p of %zu bytes, %s\n", block.start, block.size,
               mn_state_name(block.state));
    mn_free(text);
    return 0;
}
