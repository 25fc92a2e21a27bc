/* SPDX-License-Identifier: MIT */
/* What a key leads to is used as an object of another type.
 * gcc: incompatible-pointer-types
 * clang: incompatible-pointer-types
 */
#include <mn/key.h>

MN_TYPE_DECLARE(key_fruit);
struct key_fruit {
    long value;
};
MN_TYPE(key_fruit, .drop = NULL);
MN_KEY(key_fruit);
MN_KEYS(key_fruit);
struct key_stone {
    long value;
};
long program(struct key_fruit_keys *fruits, struct key_fruit_key key);
long program(struct key_fruit_keys *fruits, struct key_fruit_key key)
{
#if MISUSE
    struct key_stone *object = key_fruit_keys_get(fruits, key);
#else
    struct key_fruit *object = key_fruit_keys_get(fruits, key);
#endif

    return object != NULL ? object->value : 0;
}
