/* SPDX-License-Identifier: MIT */
/* stops: usable size of 0x */
/* The size of what is no block is asked for. */
#include <malloc.h>

int main(void)
{
    int on_stack;

    return malloc_usable_size(&on_stack) == 5;
}
