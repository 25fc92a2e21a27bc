/* SPDX-License-Identifier: MIT */
/* watch.c -- what AddressSanitizer and Valgrind want to be told.
 *
 * The requests to Valgrind and their numbers are its documented interface
 * (valgrind.h and memcheck.h, "client requests"), which is kept stable.
 */
#include "base/watch.h"

#include <stdint.h>

#include "base/config.h"

enum {
    WATCH_RUNNING = 0x1001,
    WATCH_MALLOC_LIKE = 0x1301,
    WATCH_FREE_LIKE = 0x1302,
    WATCH_NO_ACCESS = 0x4d430000, /* 'M' 'C': of memcheck */
    WATCH_UNDEFINED = 0x4d430001,
    WATCH_DEFINED = 0x4d430002
};

/* Ask Valgrind; 0 where it is not. A processor rotates a register by 64 bits in
 * all, and exchanges another with itself. */
static uintptr_t watch_request(uintptr_t request, uintptr_t a, uintptr_t b,
                               uintptr_t c, uintptr_t d)
{
    uintptr_t answer = 0;
#if defined(__x86_64__) && defined(__LP64__) && !MN_FREESTANDING
    const volatile uintptr_t words[6] = {request, a, b, c, d, 0};

    __asm__ volatile("rolq $3, %%rdi\n\trolq $13, %%rdi\n\t"
                     "rolq $61, %%rdi\n\trolq $51, %%rdi\n\t"
                     "xchgq %%rbx, %%rbx"
                     : "+d"(answer)
                     : "a"(words)
                     : "cc", "memory");
#elif defined(__aarch64__) && defined(__LP64__) && !MN_FREESTANDING
    const volatile uintptr_t words[6] = {request, a, b, c, d, 0};
    register uintptr_t result __asm__("x3") = 0;
    register const volatile uintptr_t *from __asm__("x4") = words;

    __asm__ volatile("ror x12, x12, #3\n\tror x12, x12, #13\n\t"
                     "ror x12, x12, #51\n\tror x12, x12, #61\n\t"
                     "orr x10, x10, x10"
                     : "+r"(result)
                     : "r"(from)
                     : "cc", "memory");
    answer = result;
#else
    (void)request, (void)a, (void)b, (void)c, (void)d;
#endif
    return answer;
}

enum mni_tool mni_watch_tool(void)
{
    if (mni_stacks_has_asan())
        return MNI_TOOL_ASAN;
    return watch_request(WATCH_RUNNING, 0, 0, 0, 0) != 0 ? MNI_TOOL_VALGRIND
                                                         : MNI_TOOL_NONE;
}

void mni_watch_close(enum mni_tool tool, void *memory, size_t size)
{
    if (tool == MNI_TOOL_ASAN)
        mni_stacks_poison(memory, size);
    else if (tool == MNI_TOOL_VALGRIND)
        (void)watch_request(WATCH_NO_ACCESS, (uintptr_t)memory, size, 0, 0);
}

void mni_watch_open(enum mni_tool tool, void *memory, size_t size)
{
    if (tool == MNI_TOOL_ASAN)
        mni_stacks_unpoison(memory, size);
    else if (tool == MNI_TOOL_VALGRIND)
        (void)watch_request(WATCH_UNDEFINED, (uintptr_t)memory, size, 0, 0);
}

void mni_watch_keep(enum mni_tool tool, void *memory, size_t size)
{
    if (tool == MNI_TOOL_ASAN)
        mni_stacks_unpoison(memory, size);
    else if (tool == MNI_TOOL_VALGRIND)
        (void)watch_request(WATCH_DEFINED, (uintptr_t)memory, size, 0, 0);
}

void mni_watch_alloc(const struct mni_watched *watched,
                     struct mni_stacks *stacks, void *object)
{
    if (watched->tool == MNI_TOOL_ASAN) {
        mni_stacks_allocated(stacks, object);
        mni_stacks_unpoison(object, watched->size);
    } else if (watched->tool == MNI_TOOL_VALGRIND) {
        (void)watch_request(WATCH_MALLOC_LIKE, (uintptr_t)object, watched->size,
                            watched->zone, 0);
    }
}

void mni_watch_free(const struct mni_watched *watched,
                    struct mni_stacks *stacks, void *object)
{
    if (watched->tool == MNI_TOOL_ASAN) {
        mni_stacks_poison(object, watched->size);
        mni_stacks_released(stacks, object);
    } else if (watched->tool == MNI_TOOL_VALGRIND) {
        (void)watch_request(WATCH_FREE_LIKE, (uintptr_t)object, watched->zone,
                            0, 0);
    }
}

void mni_watch_refuse(const struct mni_watched *watched,
                      struct mni_stacks *stacks, const void *object)
{
    if (watched->tool == MNI_TOOL_ASAN)
        mni_stacks_describe(stacks, object);
    else if (watched->tool == MNI_TOOL_VALGRIND)
        (void)watch_request(WATCH_FREE_LIKE, (uintptr_t)object, watched->zone,
                            0, 0);
}
