/* SPDX-License-Identifier: MIT */
/* A field is read without the lock in its struct.
 * clang: thread-safety
 */
#include <mn/guard.h>

struct account {
    struct mn_lock lock;
    int balance MN_FIELD_GUARDED_BY(lock);
};
int program(struct account *account);
int program(struct account *account)
{
#if MISUSE
    return account->balance;
#else
    mn_lock_acquire(&account->lock);
    int result = account->balance;
    mn_lock_release(&account->lock);
    return result;
#endif
}
