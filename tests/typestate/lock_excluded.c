/* SPDX-License-Identifier: MIT */
/* A function that takes a lock is called with the lock held.
 * clang: thread-safety
 */
#include <mn/guard.h>

extern struct mn_lock lock;
extern int count MN_GUARDED_BY(lock);

void add_safely(int more) MN_EXCLUDES(lock);
void program(void);
void program(void)
{
#if MISUSE
    mn_lock_acquire(&lock);
    add_safely(1);
    mn_lock_release(&lock);
#else
    add_safely(1);
#endif
}
