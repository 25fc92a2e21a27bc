/* SPDX-License-Identifier: MIT */
/* assert.h -- stopping the program with one line, without allocating.
 *
 * MN_CHECK is for misuse by the caller and damaged memory: every build.
 * MN_ASSERT is for our own mistakes: debug builds.
 */
#ifndef MNI_ASSERT_H
#define MNI_ASSERT_H

#include <mn/block.h>

#include "base/config.h"

#define MNI_STRING(x) #x
#define MNI_LINE(x) MNI_STRING(x)

#define MN_CHECK(cond, what)                                                   \
    do {                                                                       \
        if (__builtin_expect(!(cond), 0))                                      \
            mni_stop(what);                                                    \
    } while (0)

/* A release build still type-checks the condition but does not run it. */
#define MN_ASSERT(cond)                                                        \
    do {                                                                       \
        if (MN_DEBUG && !(cond))                                               \
            mni_stop(__FILE__ ":" MNI_LINE(__LINE__) ": broken: " #cond);      \
    } while (0)

/* Print "mneme: WHAT" and abort. */
_Noreturn void mni_stop(const char *what) __attribute__((cold));

/* Print "mneme: OPERATION of ADDRESS: WHAT", then the block it lies in, which
 * may be NULL for none, and abort. */
_Noreturn void mni_stop_at(const char *operation, const void *address,
                           const char *what, const struct mn_block *block)
    __attribute__((cold));

/* Supplied by the system's layer: write the line, then end the program. */
_Noreturn void mni_os_stop(const char *line, size_t length);

#endif
