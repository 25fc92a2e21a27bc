/* SPDX-License-Identifier: MIT */
/* A pin of a mover of many threads ends as one of a mover of one thread.
 * gcc: incompatible-pointer-types
 * clang: incompatible-pointer-types
 */
#include <mn/shared_mover.h>

void move_unpin(struct mn_shared_pin *pin);
void move_unpin(struct mn_shared_pin *pin)
{
#if MISUSE
    mn_unpin(pin);
#else
    mn_shared_unpin(pin);
#endif
}
