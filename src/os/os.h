/* SPDX-License-Identifier: MIT */
/* os.h -- the whole contract with the operating system.
 *
 * A port is one file that implements it. Sizes and addresses are multiples of
 * the page size unless stated. Nothing here allocates from Mneme unless stated,
 * everything keeps errno, and any thread may call anything.
 */
#ifndef MNI_OS_H
#define MNI_OS_H

#include <mn/block.h>

#include "base/assert.h"

/* ---- memory ---- */

size_t mni_os_page_size(void);

/* The first address beyond those that a program can be given; and bytes of them
 * that this process may use, SIZE_MAX for no limit. */
uintptr_t mni_os_addresses(size_t *limit);

/* Reserve addresses, at a multiple of `align` (a power of two), with `perm`
 * (NONE or READ). Reads give zero. NULL if the system refuses. */
void *mni_os_reserve(size_t size, size_t align, unsigned perm);

/* Give reserved addresses back, whole or in part. */
void mni_os_release(void *start, size_t size);

/* Change the permission of reserved memory; RW commits it. False if the
 * system refuses, and then nothing changed that matters. With one of these,
 * `perm` also tells by what pages the system should back what is touched from
 * now on, where it has a choice. MNI_OS_SMALL alone leaves the permission as it
 * is: the program may have changed that of its blocks. */
enum { MNI_OS_HUGE = 1 << 8, MNI_OS_SMALL = 1 << 9 };

/* Likewise alone, with a set of nodes in the upper half: pages come from one of
 * these from now on, or from any if there is none. */
enum { MNI_OS_NODES = 1 << 10, MNI_OS_NODES_SHIFT = 16 };
bool mni_os_protect(void *start, size_t size, unsigned perm);

/* Give the pages back and keep the addresses and the permission. With `now`
 * the memory reads zero afterwards if true is returned; without, the system
 * takes the pages when it needs them. */
bool mni_os_purge(void *start, size_t size, bool now);

/* Give the memory a name in the system's own listings, where it can. */
void mni_os_name(void *start, size_t size, const char *name);

/* Tell of `count` pages which have physical memory: bit 0 of each byte. False
 * if the system does not tell. */
bool mni_os_resident(const void *start, size_t count, unsigned char *pages);

/* In how many hundredths of the last ten seconds some thread that shares our
 * memory with us waited for memory; 0 if the system does not tell. Opens files
 * and closes them. */
unsigned mni_os_pressure(void);

/* ---- threads ---- */

/* Sleep while *word is `value`, for `limit` nanoseconds at most; may return
 * early. */
#define MNI_OS_FOREVER UINT64_MAX
void mni_os_wait(_Atomic uint32_t *word, uint32_t value, uint64_t limit);

/* Wake one thread that sleeps on `word`. */
void mni_os_wake(_Atomic uint32_t *word);

/* Run `run`, one of three functions, in a thread of its own, for which nobody
 * waits and in which no handler of the program runs. False if the system
 * refuses, and where a thread cannot be asked for: in a signal handler.
 * Requires: no lock. The system may allocate from Mneme. */
bool mni_os_start_thread(void (*run)(void));

/* Have `ended` called with `context` when this thread ends; a later call with
 * the same function replaces its context. The last of four functions that were
 * asked for is called first. False if the system refuses. */
bool mni_os_at_thread_end(void (*ended)(void *context), void *context);

/* Have these called around each fork: before, in the parent, in the child. */
bool mni_os_at_fork(void (*before)(void), void (*parent)(void),
                    void (*child)(void));

/* ---- the rest ---- */

/* Nanoseconds of a clock that never goes back. */
uint64_t mni_os_now(void);

/* The number that the system gives this process. */
uint64_t mni_os_process(void);

/* The value of an environment variable, or NULL. */
const char *mni_os_variable(const char *name);

/* Create or empty the file, for writing; below 0 if the system refuses. */
int mni_os_open(const char *path);
void mni_os_close(int file);
void mni_os_write(int file, const char *data, size_t size);

#endif
