/* SPDX-License-Identifier: MIT */
/* What a lock guards is written without it.
 * clang: thread-safety
 */
#include <mn/guard.h>

extern struct mn_lock lock;
extern int count MN_GUARDED_BY(lock);
void program(void);
void program(void)
{
#if !MISUSE
    mn_lock_acquire(&lock);
#endif
    count++;
#if !MISUSE
    mn_lock_release(&lock);
#endif
}
