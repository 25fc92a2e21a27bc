/* SPDX-License-Identifier: MIT */
/* riscv.S -- what a 64-bit RISC-V needs. */
    .option arch, +zicsr
    .section .entry, "ax"
    .global machine_entry
machine_entry:
    csrr t0, mhartid
1:  bnez t0, 1b
    .option push
    .option norelax
    la gp, __global_pointer$
    .option pop
    la sp, machine_stack_top
    la t0, machine_trap
    csrw mtvec, t0
    j machine_start
    .balign 4
machine_trap:
    j machine_fault

    .text

/* The three instructions are the sign for semihosting: uncompressed, and on
 * one page. */
    .global machine_call
    .balign 16
machine_call:
    .option push
    .option norvc
    slli x0, x0, 0x1f
    ebreak
    srai x0, x0, 7
    .option pop
    ret

    .global machine_clock_start
machine_clock_start:
    ret

    .global machine_clock
machine_clock:
    csrr a0, minstret
    ret

    .global machine_clock_overflowed
machine_clock_overflowed:
    li a0, 0
    ret

    .global machine_stack_paint
machine_stack_paint:
    li a1, 2048
    sub a1, sp, a1
    li a2, 0xa5a5a5a5
1:  sd a2, 0(a1)
    addi a1, a1, 8
    bne a1, sp, 1b
    ret

    .global machine_stack_depth
machine_stack_depth:
    li a1, 2048
    sub a1, sp, a1
    li a2, 0xa5a5a5a5
1:  ld a3, 0(a1)
    bne a3, a2, 2f
    addi a1, a1, 8
    bne a1, sp, 1b
2:  sub a0, sp, a1
    ret

/* As in arm.S. */
    .global test_stop_begin
test_stop_begin:
    la a0, machine_is_marked
    li a1, 1
    sd a1, 0(a0)
    la a0, mark
    sd ra, 0(a0)
    sd sp, 8(a0)
    sd s0, 16(a0)
    sd s1, 24(a0)
    sd s2, 32(a0)
    sd s3, 40(a0)
    sd s4, 48(a0)
    sd s5, 56(a0)
    sd s6, 64(a0)
    sd s7, 72(a0)
    sd s8, 80(a0)
    sd s9, 88(a0)
    sd s10, 96(a0)
    sd s11, 104(a0)
    li a0, 1
    ret

    .global machine_return
machine_return:
    la a0, machine_is_marked
    sd zero, 0(a0)
    la a0, mark
    ld ra, 0(a0)
    ld sp, 8(a0)
    ld s0, 16(a0)
    ld s1, 24(a0)
    ld s2, 32(a0)
    ld s3, 40(a0)
    ld s4, 48(a0)
    ld s5, 56(a0)
    ld s6, 64(a0)
    ld s7, 72(a0)
    ld s8, 80(a0)
    ld s9, 88(a0)
    ld s10, 96(a0)
    ld s11, 104(a0)
    li a0, 0
    ret

    .bss
    .balign 8
    .global machine_is_marked
machine_is_marked:
    .space 8
mark:
    .space 112
