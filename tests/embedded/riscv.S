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
    addi sp, sp, -128
    sd ra, 0(sp)
    sd t0, 8(sp)
    sd t1, 16(sp)
    sd t2, 24(sp)
    sd t3, 32(sp)
    sd t4, 40(sp)
    sd t5, 48(sp)
    sd t6, 56(sp)
    sd a0, 64(sp)
    sd a1, 72(sp)
    sd a2, 80(sp)
    sd a3, 88(sp)
    sd a4, 96(sp)
    sd a5, 104(sp)
    sd a6, 112(sp)
    sd a7, 120(sp)
    csrr t0, mcause
    bgez t0, machine_fault /* not an interrupt */
    call next_tick
    call machine_tick
    ld ra, 0(sp)
    ld t0, 8(sp)
    ld t1, 16(sp)
    ld t2, 24(sp)
    ld t3, 32(sp)
    ld t4, 40(sp)
    ld t5, 48(sp)
    ld t6, 56(sp)
    ld a0, 64(sp)
    ld a1, 72(sp)
    ld a2, 80(sp)
    ld a3, 88(sp)
    ld a4, 96(sp)
    ld a5, 104(sp)
    ld a6, 112(sp)
    ld a7, 120(sp)
    addi sp, sp, 128
    mret

/* The timer interrupts from mtimecmp on, in units of 100 ns. */
next_tick:
    li t0, 0x0200bff8
    ld t1, 0(t0)
    la t0, period
    ld t2, 0(t0)
    add t1, t1, t2
    li t0, 0x02004000
    sd t1, 0(t0)
    ret

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

    .global machine_ticks_start
machine_ticks_start:
    srli a0, a0, 5
    addi a0, a0, 1
    la t0, period
    sd a0, 0(t0)
    mv a1, ra
    call next_tick
    li t0, 0x80
    csrs mie, t0
    csrsi mstatus, 8
    mv ra, a1
    ret

    .global machine_ticks_stop
machine_ticks_stop:
    csrci mstatus, 8
    ret

    .global machine_mask
machine_mask:
    csrrci a0, mstatus, 8
    ret

    .global machine_unmask
machine_unmask:
    andi a0, a0, 8
    csrs mstatus, a0
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
period:
    .space 8
