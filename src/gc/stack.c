/* SPDX-License-Identifier: MIT */
/* stack.c -- the stack and the registers, as words that may be references. */
#include "gc/gc.h"

#include "gc/peek.h"

/* Whether the stack grows down is for no system to say: the older end is the
 * one that the program named. */
static void stack_mark(struct mni_gc *gc, const void *top, const void *stack)
{
    uintptr_t from = (uintptr_t)(top < stack ? top : stack);
    uintptr_t to = (uintptr_t)(top < stack ? stack : top);

    from = mni_round_down(from, sizeof(void *));
    mni_gc_mark_ambiguous(gc, (const void *)from,
                          (to - from) / sizeof(void *) + 1);
}

static __attribute__((noinline)) void stack_mark_here(struct mni_gc *gc,
                                                      const void *stack)
{
    stack_mark(gc, __builtin_frame_address(0), stack);
}

void mni_gc_mark_stack(struct mni_gc *gc, const struct mni_gc_thread *thread)
{
    volatile char here = 0;

    if (thread != gc->self) {
        stack_mark(gc, thread->stack_top, thread->stack);
        return;
    }
    /* Registers that are the callers' go to this frame, which has to be there
     * until the end: the last line reads it. */
    __builtin_unwind_init();
    stack_mark_here(gc, thread->stack);
    (void)here;
}

static __attribute__((noinline)) void stack_leave(struct mni_gc_thread *self,
                                                  void (*run)(void *context),
                                                  void *context)
{
    volatile char here = 0;
    const void *before = self->stack_top;

    self->stack_top = __builtin_frame_address(0);
    run(context);
    self->stack_top = before;
    (void)here;
}

void mni_gc_spill(struct mni_gc_thread *self, void (*run)(void *context),
                  void *context)
{
    volatile char here = 0;

    __builtin_unwind_init();
    stack_leave(self, run, context);
    (void)here;
}
