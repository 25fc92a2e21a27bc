/* SPDX-License-Identifier: MIT */
/* mn/base.h -- what every public header needs: types, status, attributes.
 *
 * Nothing here allocates, and nothing needs an operating system.
 */
#ifndef MN_BASE_H
#define MN_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define MN_BEGIN extern "C" {
#define MN_END }
#else
#define MN_BEGIN
#define MN_END
#endif

#if defined(__GNUC__)
#define MN_API __attribute__((visibility("default")))
#define MN_MUST_USE __attribute__((warn_unused_result))
#else
#define MN_API
#define MN_MUST_USE
#endif

MN_BEGIN

/* Why a function failed. Functions that hand out memory return NULL instead,
 * and misuse stops the program; those that are documented to answer with a
 * status name the misuse and change nothing. */
enum mn_status {
    MN_OK = 0,
    MN_ERR_NOMEM,       /* no memory, or a limit was reached */
    MN_ERR_INVALID,     /* an argument breaks a stated requirement */
    MN_ERR_UNSUPPORTED, /* this system or build cannot do it */
    MN_ERR_OS,          /* the system refused for another reason */
    MN_ERR_SIZE,        /* a size of 0, or above PTRDIFF_MAX */
    MN_ERR_ALIGN,       /* an alignment that is no power of two */
    MN_ERR_ADDRESS,     /* no block begins at this address */
    MN_ERR_DOUBLE_FREE, /* the block has been given back already */
    MN_ERR_CORRUPTED    /* a check has found damaged memory */
};

/* A short English name of `status`, never NULL. Any thread. */
MN_API const char *mn_status_name(enum mn_status status);

MN_END

#endif
