/* SPDX-License-Identifier: MIT */
/* Whether a block of the heap could grow in place is ignored.
 * gcc: unused-result
 * clang: unused-result
 */
#include <mn/heap.h>
#include <string.h>
int program(void);
int program(void)
{
    char *block = mn_alloc(40);

    if (block == NULL)
        return 1;
    size_t size = 40;
#if MISUSE
    mn_resize(block, 400);
    size = 400;
#else
    if (mn_resize(block, 400))
        size = 400;
#endif
    memset(block, 1, size);
    int result = block[size - 1];
    mn_free(block);
    return result;
}
