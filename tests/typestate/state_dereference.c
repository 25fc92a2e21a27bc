/* SPDX-License-Identifier: MIT */
/* A handle is used as if it were the memory.
 * gcc: error
 * clang: error
 */
#include <mn/state.h>
char program(struct mn_allocated *block);
char program(struct mn_allocated *block)
{
#if MISUSE
    return *(block + 1);
#else
    return *((char *)mn_state_memory(block) + 1);
#endif
}
