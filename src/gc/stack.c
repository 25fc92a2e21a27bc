/* SPDX-License-Identifier: MIT */
/* stack.c -- the stack and the registers, as words that may be references. */
#include "gc/gc.h"

#include "gc/peek.h"

/* Whether the stack grows down is for no system to say: the older end is the
 * one that the program named. */
static __attribute__((noinline)) void stack_mark(struct mni_gc *gc,
                                                 const void *stack)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    uintptr_t from = here < (uintptr_t)stack ? here : (uintptr_t)stack;
    uintptr_t to = here < (uintptr_t)stack ? (uintptr_t)stack : here;

    from = mni_round_down(from, sizeof(void *));
    mni_gc_mark_ambiguous(gc, (const void *)from,
                          (to - from) / sizeof(void *) + 1);
}

void mni_gc_mark_stack(struct mni_gc *gc, const void *stack)
{
    volatile char here = 0;

    /* Registers that are the callers' go to this frame, which has to be there
     * until the end: the last line reads it. */
    __builtin_unwind_init();
    stack_mark(gc, stack);
    (void)here;
}
