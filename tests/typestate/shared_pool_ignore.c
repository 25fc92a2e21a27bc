/* SPDX-License-Identifier: MIT */
/* Whether a pool for many threads could be made is not looked at.
 * gcc: unused-result
 * clang: unused-result
 */
#include <mn/shared_pool.h>

MN_TYPE_DECLARE(shared_ignored);
struct shared_ignored {
    long value;
};
MN_SHARED_POOL(shared_ignored);
enum mn_status program(struct shared_ignored_shared_pool *pool);
enum mn_status program(struct shared_ignored_shared_pool *pool)
{
#if MISUSE
    shared_ignored_shared_pool_init(pool, NULL);
    return MN_OK;
#else
    return shared_ignored_shared_pool_init(pool, NULL);
#endif
}
