/* SPDX-License-Identifier: MIT */
/* atomic_byte.h -- bytes of which several threads change different bits.
 *
 * Where the processor has no atomic operations there is one thread, and these
 * are plain. All are relaxed: what else a thread has to see of another one's
 * work comes by other ways. A word of such bytes may be looked at, as a hint
 * which of them are 0.
 */
#ifndef MNI_ATOMIC_BYTE_H
#define MNI_ATOMIC_BYTE_H

#include <mn/base.h>

#include "base/atomic.h"

typedef size_t __attribute__((may_alias)) mni_bytes_word;

static inline unsigned char mni_byte_load(const unsigned char *byte)
{
    return MN_READ_SHARED(byte);
}

/* Requires: aligned. */
static inline size_t mni_bytes_load(const unsigned char *bytes)
{
    return MN_READ_SHARED((const mni_bytes_word *)(const void *)bytes);
}

#if ATOMIC_CHAR_LOCK_FREE == 2
static inline void mni_byte_and(unsigned char *byte, unsigned char bits)
{
    (void)__atomic_fetch_and(byte, bits, __ATOMIC_RELAXED);
}

static inline void mni_byte_store(unsigned char *byte, unsigned char value)
{
    __atomic_store_n(byte, value, __ATOMIC_RELAXED);
}

static inline void mni_byte_set(bool *flag)
{
    __atomic_store_n(flag, true, __ATOMIC_RELAXED);
}

static inline void mni_byte_or(unsigned char *byte, unsigned char bits)
{
    (void)__atomic_fetch_or(byte, bits, __ATOMIC_RELAXED);
}
#else
static inline void mni_byte_store(unsigned char *byte, unsigned char value)
{
    *byte = value;
}

static inline void mni_byte_set(bool *flag)
{
    *flag = true;
}

static inline void mni_byte_and(unsigned char *byte, unsigned char bits)
{
    *byte = (unsigned char)(*byte & bits);
}

static inline void mni_byte_or(unsigned char *byte, unsigned char bits)
{
    *byte = (unsigned char)(*byte | bits);
}
#endif

#endif
