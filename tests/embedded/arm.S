/* SPDX-License-Identifier: MIT */
/* arm.S -- what a Cortex-M needs, in the instructions that all of them have. */
    .syntax unified
    .thumb

    .section .entry, "a"
    .global machine_entry
    .balign 4
machine_entry:
    .word machine_stack_top
    .word machine_start
    .rept 13
    .word machine_fault
    .endr
    .word machine_tick

    .text

    .global machine_call
    .thumb_func
machine_call:
    bkpt 0xab
    bx lr

/* SysTick counts down once in 40 instructions. Forty readings that are 7
 * instructions apart fall on each of its 40 phases once, so that their sum
 * falls by one with each instruction that they begin later. */
    .global machine_clock
    .thumb_func
machine_clock:
    ldr r1, =0xe000e018
    movs r0, #0
    movs r2, #40
1:  ldr r3, [r1]
    subs r0, r0, r3
    nop
    nop
    nop
    subs r2, #1
    bne 1b
    bx lr

    .global machine_clock_start
    .thumb_func
machine_clock_start:
    ldr r1, =0xe000e010
    ldr r0, =0x00ffffff
    str r0, [r1, #4]
    str r0, [r1, #8]
    movs r0, #5
    str r0, [r1]
1:  ldr r0, [r1, #8] /* 0 until it begins */
    cmp r0, #0
    beq 1b
    ldr r0, [r1] /* forgets that it was 0 */
    bx lr

    .global machine_clock_overflowed
    .thumb_func
machine_clock_overflowed:
    ldr r1, =0xe000e010
    ldr r0, [r1]
    lsrs r0, r0, #16
    bx lr

    .global machine_ticks_start
    .thumb_func
machine_ticks_start:
    ldr r1, =0xe000e010
    str r0, [r1, #4]
    str r0, [r1, #8]
    movs r0, #7
    str r0, [r1]
    bx lr

    .global machine_ticks_stop
    .thumb_func
machine_ticks_stop:
    ldr r1, =0xe000e010
    movs r0, #0
    str r0, [r1]
    bx lr

    .global machine_mask
    .thumb_func
machine_mask:
    mrs r0, primask
    cpsid i
    bx lr

    .global machine_unmask
    .thumb_func
machine_unmask:
    msr primask, r0
    bx lr

    .global machine_stack_paint
    .thumb_func
machine_stack_paint:
    mov r1, sp
    ldr r2, =0xa5a5a5a5
    movs r3, #1
    lsls r3, r3, #11
1:  subs r1, #4
    str r2, [r1]
    subs r3, #4
    bne 1b
    bx lr

    .global machine_stack_depth
    .thumb_func
machine_stack_depth:
    mov r0, sp
    movs r3, #1
    lsls r3, r3, #11
    subs r1, r0, r3
    ldr r2, =0xa5a5a5a5
1:  ldr r3, [r1]
    cmp r3, r2
    bne 2f
    adds r1, #4
    cmp r1, r0
    bne 1b
2:  subs r0, r0, r1
    bx lr

/* bool test_stop_begin(void) is true when it is called, and returns a second
 * time, false, when machine_return is called. */
    .global test_stop_begin
    .thumb_func
test_stop_begin:
    ldr r0, =machine_is_marked
    movs r1, #1
    str r1, [r0]
    ldr r0, =mark
    stmia r0!, {r4-r7}
    mov r1, r8
    mov r2, r9
    mov r3, r10
    stmia r0!, {r1-r3}
    mov r1, r11
    mov r2, sp
    mov r3, lr
    stmia r0!, {r1-r3}
    movs r0, #1
    bx lr

    .global machine_return
    .thumb_func
machine_return:
    ldr r0, =machine_is_marked
    movs r1, #0
    str r1, [r0]
    ldr r0, =mark
    ldmia r0!, {r4-r7}
    ldmia r0!, {r1-r3}
    mov r8, r1
    mov r9, r2
    mov r10, r3
    ldmia r0!, {r1-r3}
    mov r11, r1
    mov sp, r2
    mov lr, r3
    movs r0, #0
    bx lr

    .bss
    .balign 4
    .global machine_is_marked
machine_is_marked:
    .space 4
mark:
    .space 40
