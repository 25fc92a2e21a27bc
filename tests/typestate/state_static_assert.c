/* SPDX-License-Identifier: MIT */
/* A state is stated at compile time that is not the one.
 * gcc: error
 * clang: error
 */
#include <mn/state.h>
bool program(struct mn_freed *block);
bool program(struct mn_freed *block)
{
#if MISUSE
    _Static_assert(mn_state_of(block) == MN_STATE_ALLOCATED, "block is out");
#else
    _Static_assert(mn_state_of(block) == MN_STATE_FREED, "block is free");
#endif
    return block != NULL;
}
