/* SPDX-License-Identifier: MIT */
/* Two locks are acquired in the wrong order.
 * clang: thread-safety
 */
#include <mn/guard.h>

extern struct mn_lock inner;
extern struct mn_lock outer MN_ACQUIRED_BEFORE(inner);
void program(void);
void program(void)
{
#if MISUSE
    mn_lock_acquire(&inner);
    mn_lock_acquire(&outer);
#else
    mn_lock_acquire(&outer);
    mn_lock_acquire(&inner);
#endif
    mn_lock_release(&inner);
    mn_lock_release(&outer);
}
