/* SPDX-License-Identifier: MIT */
/* machine.h -- a bare processor under qemu, as the tests see it.
 *
 * arm.S and riscv.S are what a processor needs of its own. Output and the end
 * of the program go through semihosting, which each of them can do.
 */
#ifndef EMBEDDED_MACHINE_H
#define EMBEDDED_MACHINE_H

#include <stdint.h>

void machine_write(const char *text);
void machine_write_count(uint32_t number);

/* End qemu with this status. */
_Noreturn void machine_exit(int status);

/* Bring every static variable back to what it began as. */
void machine_refresh(void);

/* Count from here on. */
void machine_clock_start(void);

/* Instructions since machine_clock_start, exact to one of them where qemu
 * runs with -icount shift=0; reading it takes always the same number. */
uint32_t machine_clock(void);

/* Whether more was counted than the clock can hold. */
int machine_clock_overflowed(void);

/* Have `tick` called by an interrupt again and again, some hundred to some
 * thousand instructions apart; `period` is about how many. Ends the clock. */
void machine_interrupt(void (*tick)(void), uint32_t period);
void machine_interrupt_end(void);

/* Mask interrupts, and undo that. */
uintptr_t machine_mask(void);
void machine_unmask(uintptr_t before);

/* Write a pattern to the 2 KiB below the stack of the caller, and tell how many
 * bytes of it were written to since. */
void machine_stack_paint(void);
uint32_t machine_stack_depth(void);

/* Return from test_stop_begin of tests/test.h once more, which must be before
 * the function that called it returns. */
_Noreturn void machine_return(void);
extern uintptr_t machine_is_marked; /* 1 while that is possible, else 0 */

/* Operations of semihosting; see arm.S and riscv.S. */
long machine_call(long operation, const void *argument);

#endif
