/* SPDX-License-Identifier: MIT */
/* Where a block went when its size changed is ignored.
 * gcc: unused-result
 * clang: unused-result
 */
#include <mn/heap.h>
int program(void);
int program(void)
{
    char *block = mn_alloc(40);

    if (block == NULL)
        return 1;
    block[0] = 1;
#if MISUSE
    mn_realloc(block, 80);
    return 0;
#else
    char *larger = mn_realloc(block, 80);
    mn_free(larger != NULL ? larger : block);
    return 0;
#endif
}
