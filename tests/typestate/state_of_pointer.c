/* SPDX-License-Identifier: MIT */
/* The state of a pointer is asked for that has none.
 * gcc: error
 * clang: error
 */
#include <mn/state.h>
bool program(struct mn_allocated *block);
bool program(struct mn_allocated *block)
{
#if MISUSE
    return mn_state_of((void *)block) == MN_STATE_ALLOCATED;
#else
    return mn_state_of(block) == MN_STATE_ALLOCATED;
#endif
}
