/* SPDX-License-Identifier: MIT */
/* A lock is still held where the program returns early.
 * clang: thread-safety
 */
#include <mn/guard.h>

extern struct mn_lock lock;
extern int count MN_GUARDED_BY(lock);
int program(int limit);
int program(int limit)
{
    mn_lock_acquire(&lock);
    if (count >= limit) {
#if !MISUSE
        mn_lock_release(&lock);
#endif
        return -1;
    }
    int result = ++count;
    mn_lock_release(&lock);
    return result;
}
