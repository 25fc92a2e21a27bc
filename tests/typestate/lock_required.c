/* SPDX-License-Identifier: MIT */
/* A function is called without the lock that it requires.
 * clang: thread-safety
 */
#include <mn/guard.h>

extern struct mn_lock lock;
extern int count MN_GUARDED_BY(lock);

void add(int more) MN_REQUIRES(lock);
void program(void);
void program(void)
{
#if MISUSE
    add(1);
#else
    mn_lock_acquire(&lock);
    add(1);
    mn_lock_release(&lock);
#endif
}
