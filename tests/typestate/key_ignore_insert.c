/* SPDX-License-Identifier: MIT */
/* The key of an object is ignored, so that nothing leads to it.
 * gcc: unused-result
 * clang: unused-result
 */
#include <mn/key.h>

MN_TYPE_DECLARE(key_lost);
struct key_lost {
    long value;
};
MN_TYPE(key_lost, .drop = NULL);
MN_KEY(key_lost);
MN_KEYS(key_lost);
bool program(struct key_lost_keys *table, const struct key_lost *value);
bool program(struct key_lost_keys *table, const struct key_lost *value)
{
#if MISUSE
    key_lost_keys_insert(table, value);
    return true;
#else
    struct key_lost_key key = key_lost_keys_insert(table, value);

    return key_lost_keys_remove(table, key);
#endif
}
