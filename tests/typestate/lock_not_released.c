/* SPDX-License-Identifier: MIT */
/* A lock is still held at the end.
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
#if !MISUSE
    mn_lock_release(&lock);
#endif
}
