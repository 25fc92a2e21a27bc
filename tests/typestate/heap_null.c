/* SPDX-License-Identifier: MIT */
/* That the heap had no memory is not seen.
 * gcc-analyzer: null-dereference
 */
#include <mn/heap.h>
int program(void);
int program(void)
{
    char *block = mn_alloc(40);

#if !MISUSE
    if (block == NULL)
        return 1;
#endif
    block[0] = 1;
    mn_free(block);
    return 0;
}
