/* SPDX-License-Identifier: MIT */
/* Whether an allocator could be begun is ignored.
 * gcc: unused-result
 * clang: unused-result
 */
#include <mn/build.h>

static _Alignas(16) unsigned char memory[4096];
static _Alignas(8) unsigned char control[8192];
static struct mn_built built;
#define ALLOCATOR mn_build(.size = sizeof(memory))

bool program(void);
bool program(void)
{
#if MISUSE
    mn_build_begin(&built, ALLOCATOR, memory, control, sizeof(control));
    return true;
#else
    return mn_build_begin(&built, ALLOCATOR, memory, control, sizeof(control))
           == MN_OK;
#endif
}
