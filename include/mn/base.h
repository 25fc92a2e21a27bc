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
#define MN_ATTRIBUTE(...) __attribute__((__VA_ARGS__))
#else
#define MN_API
#define MN_ATTRIBUTE(...)
#endif

/* ---- what compilers are told about a function, to warn those who call it;
 * docs/manual/state.md shows what each compiler makes of it ---- */

#define MN_MUST_USE MN_ATTRIBUTE(warn_unused_result)
#define MN_NONNULL(...) MN_ATTRIBUTE(nonnull(__VA_ARGS__))
#define MN_NEVER_NULL MN_ATTRIBUTE(returns_nonnull)

/* The result has the bytes, or is at a multiple, of argument `n`. Sizes are for
 * blocks that nothing can enlarge in place. */
#define MN_SIZED_BY(n) MN_ATTRIBUTE(alloc_size(n))
#if defined(MN_NO_ANALYSIS)                                                    \
    || (defined(__clang__) && __clang_major__ < 19) /* 14 crashes on 24 */
#define MN_ALIGNED_BY(n)
#else
#define MN_ALIGNED_BY(n) MN_ATTRIBUTE(alloc_align(n))
#endif
/* Nothing else that is valid leads to the result. */
#define MN_UNALIASED MN_ATTRIBUTE(malloc)
/* A function of a header whose caller's constants are to be seen in it. */
#define MN_ALWAYS_INLINE static inline MN_ATTRIBUTE(always_inline)
/* Compiling a call that is not optimized away is worth this warning, or is
 * refused. */
#define MN_WARNS(text) MN_ATTRIBUTE(warning(text))
#define MN_REFUSES(text) MN_ATTRIBUTE(error(text))

/* Ownership. What a function returns is of a family, and goes to argument `n`
 * of `f`, which is not inline; MN_FREED_BY may be repeated. MN_TAKES(family,
 * n) stands at `f`. A program that drops blocks because it frees whole regions
 * at once, or misuses them on purpose, defines MN_NO_ANALYSIS first of all. */
#if defined(MN_NO_ANALYSIS) || !defined(__GNUC__)
#define MN_FREED_BY(f, n)
#define MN_GIVES(...)
#define MN_TAKES(family, n)
#elif !defined(__clang__)
#define MN_FREED_BY(f, n) MN_ATTRIBUTE(malloc(f, n))
#define MN_GIVES(...)
#define MN_TAKES(family, n)
#elif __clang_major__ >= 22
#define MN_FREED_BY(f, n)
/* MN_GIVES(family) or, where argument `n` is the size, MN_GIVES(family, n) */
#define MN_GIVES(...) MN_ATTRIBUTE(ownership_returns(__VA_ARGS__))
#define MN_TAKES(family, n) MN_ATTRIBUTE(ownership_takes(family, n))
#else /* which know one family, of this name, and so no mismatch */
#define MN_FREED_BY(f, n)
#define MN_GIVES(...) MN_ATTRIBUTE(ownership_returns(malloc))
#define MN_TAKES(family, n) MN_ATTRIBUTE(ownership_takes(malloc, n))
#endif

/* What another thread may change meanwhile, if there can be one. */
#if defined(__GCC_ATOMIC_CHAR_LOCK_FREE) && __GCC_ATOMIC_CHAR_LOCK_FREE == 2
#define MN_READ_SHARED(p) __atomic_load_n(p, __ATOMIC_RELAXED)
#else
#define MN_READ_SHARED(p) (*(p))
#endif
/* The same where any value will do that was there, and another look too. So it
 * is a plain one, but to the thread sanitizer: with an atomic one compilers do
 * not compare in memory. */
#if defined(__SANITIZE_THREAD__)
#define MN_READ_ANY(p) MN_READ_SHARED(p)
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define MN_READ_ANY(p) MN_READ_SHARED(p)
#endif
#endif
#if !defined(MN_READ_ANY)
#define MN_READ_ANY(p) (*(p))
#endif

/* Locks, for clang's -Wthread-safety: a struct that is a lock is declared as
 * struct MN_CAPABILITY("mutex") name { ... }, and is named by functions and
 * data that need it. */
#if defined(__clang__)
#define MN_LOCKING(...) MN_ATTRIBUTE(__VA_ARGS__)
#else
#define MN_LOCKING(...)
#endif
#define MN_CAPABILITY(kind) MN_LOCKING(capability(kind))
#define MN_GUARDED_BY(lock) MN_LOCKING(guarded_by(lock))
#define MN_PT_GUARDED_BY(lock) MN_LOCKING(pt_guarded_by(lock))
/* The same for a field, by an earlier field of its struct. C needs the & and
 * clang 19, though it then takes the lock of any such struct for the right. */
#if defined(__cplusplus)
#define MN_FIELD_GUARDED_BY(lock) MN_GUARDED_BY(lock)
#elif defined(__clang__) && __clang_major__ >= 19
#define MN_FIELD_GUARDED_BY(lock) MN_GUARDED_BY(&lock)
#else
#define MN_FIELD_GUARDED_BY(lock)
#endif
#define MN_ACQUIRED_BEFORE(...) MN_LOCKING(acquired_before(__VA_ARGS__))
#define MN_ACQUIRED_AFTER(...) MN_LOCKING(acquired_after(__VA_ARGS__))
#define MN_ACQUIRE(...) MN_LOCKING(acquire_capability(__VA_ARGS__))
#define MN_ACQUIRE_SHARED(...)                                                 \
    MN_LOCKING(acquire_shared_capability(__VA_ARGS__))
#define MN_TRY_ACQUIRE(...) MN_LOCKING(try_acquire_capability(__VA_ARGS__))
#define MN_RELEASE(...) MN_LOCKING(release_capability(__VA_ARGS__))
#define MN_RELEASE_SHARED(...)                                                 \
    MN_LOCKING(release_shared_capability(__VA_ARGS__))
#define MN_REQUIRES(...) MN_LOCKING(requires_capability(__VA_ARGS__))
#define MN_REQUIRES_SHARED(...)                                                \
    MN_LOCKING(requires_shared_capability(__VA_ARGS__))
#define MN_EXCLUDES(...) MN_LOCKING(locks_excluded(__VA_ARGS__))
#define MN_NO_THREAD_SAFETY MN_LOCKING(no_thread_safety_analysis)

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
