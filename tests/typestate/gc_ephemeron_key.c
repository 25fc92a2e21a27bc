/* SPDX-License-Identifier: MIT */
/* The value of a key is asked of the key, not of the ephemeron.
 * gcc: incompatible-pointer-types
 * clang: incompatible-pointer-types
 */
#include <mn/ephemeron.h>

struct gc_key {
    long number;
};

void *program(struct gc_key *key, struct mn_gc_ephemeron *pair);

void *program(struct gc_key *key, struct mn_gc_ephemeron *pair)
{
    if (mn_gc_ephemeron_key(pair) != key)
        return NULL;
#if MISUSE
    return mn_gc_ephemeron_value(key);
#else
    return mn_gc_ephemeron_value(pair);
#endif
}
