/* SPDX-License-Identifier: MIT */
/* os_fake.h -- a system for tests, which refuses when it is told to. */
#ifndef MNI_OS_FAKE_H
#define MNI_OS_FAKE_H

#include "os/os.h"

/* Count the calls that may fail from now on, and let those from number `first`
 * to number `last` fail. Numbers start at 1. */
void mni_fake_fail(uint64_t first, uint64_t last);

/* Calls that may fail since then. */
uint64_t mni_fake_calls(void);

/* Pretend that pages have this size, a power of two. From then on a call with
 * an address or size that is not whole pages stops the program. */
void mni_fake_page_size(size_t size);

/* Pretend that this is how threads wait for memory, from the first call on. */
void mni_fake_pressure(unsigned pressure);

/* Bytes that are reserved now, by the calls of the contract. */
size_t mni_fake_reserved(void);

#endif
