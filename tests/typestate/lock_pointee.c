/* SPDX-License-Identifier: MIT */
/* What a pointer leads to is written without its lock.
 * clang: thread-safety
 */
#include <mn/guard.h>

extern struct mn_lock lock;
extern int *shared MN_PT_GUARDED_BY(lock);
void program(void);
void program(void)
{
#if !MISUSE
    mn_lock_acquire(&lock);
#endif
    *shared = 1;
#if !MISUSE
    mn_lock_release(&lock);
#endif
}
