/* SPDX-License-Identifier: MIT */
/* stops: free of 0x5555555555555555: foreign address */
/* An address that cannot be is released. */
#include <stdlib.h>

int main(void)
{
    free((void *)0x5555555555555555);
    return 0;
}
