/* SPDX-License-Identifier: MIT */
/* A lock is released that is not held.
 * clang: thread-safety
 */
#include <mn/guard.h>

extern struct mn_lock lock;
extern int count MN_GUARDED_BY(lock);
void program(void);
void program(void)
{
    mn_lock_acquire(&lock);
    count++;
    mn_lock_release(&lock);
#if MISUSE
    mn_lock_release(&lock);
#endif
}
