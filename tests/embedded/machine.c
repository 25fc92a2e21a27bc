/* SPDX-License-Identifier: MIT */
/* machine.c -- start, output and end of a program without a system, and the
 * functions on memory that compilers and tests want. */
#include "machine.h"

#include <string.h>

/* Operations of semihosting, and what ends a program as its own wish. */
enum {
    MACHINE_WRITE0 = 0x04,
    MACHINE_EXIT = 0x20,
    MACHINE_EXIT_WISH = 0x20026,
    MACHINE_STATUS_FAULT = 99
};

typedef void (*machine_init_fn)(void);

/* From machine.ld. */
extern uint64_t machine_data_start[];
extern uint64_t machine_data_end[];
extern const uint64_t machine_data_load[];
extern uint64_t machine_bss_start[];
extern uint64_t machine_bss_end[];
extern const machine_init_fn machine_init_start[];
extern const machine_init_fn machine_init_end[];

int main(void);
_Noreturn void machine_start(void);
_Noreturn void machine_fault(void);
void machine_tick(void);

/* From arm.S or riscv.S. */
void machine_ticks_start(uint32_t period);
void machine_ticks_stop(void);

/* Volatile, or the compiler would call the function that this is. */
void *memcpy(void *to, const void *from, size_t size)
{
    volatile unsigned char *next = to;
    const unsigned char *source = from;

    while (size-- > 0)
        *next++ = *source++;
    return to;
}

void *memset(void *start, int byte, size_t size)
{
    volatile unsigned char *next = start;

    while (size-- > 0)
        *next++ = (unsigned char)byte;
    return start;
}

int memcmp(const void *a, const void *b, size_t size)
{
    const volatile unsigned char *left = a;
    const volatile unsigned char *right = b;

    for (; size > 0; left++, right++, size--)
        if (*left != *right)
            return *left < *right ? -1 : 1;
    return 0;
}

void machine_write(const char *text)
{
    (void)machine_call(MACHINE_WRITE0, text);
}

void machine_write_count(uint32_t number)
{
    char digits[11]; /* 2^32 has 10 digits */
    char *first = digits + sizeof digits - 1;

    *first = '\0';
    do {
        *--first = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    machine_write(first);
}

void machine_exit(int status)
{
    const uintptr_t argument[2] = {MACHINE_EXIT_WISH, (uintptr_t)status};

    for (;;)
        (void)machine_call(MACHINE_EXIT, argument);
}

void machine_fault(void)
{
    machine_write("FAILED: a fault of the processor\n");
    machine_exit(MACHINE_STATUS_FAULT);
}

static void (*volatile machine_on_tick)(void);

void machine_tick(void)
{
    machine_on_tick();
}

void machine_interrupt(void (*tick)(void), uint32_t period)
{
    machine_on_tick = tick;
    machine_ticks_start(period);
}

void machine_interrupt_end(void)
{
    machine_ticks_stop();
}

/* Inlined nowhere: the stack must not hold what it reads back. */
__attribute__((noinline)) void machine_refresh(void)
{
    const volatile uint64_t *from = machine_data_load;
    volatile uint64_t *to = machine_data_start;

    while (to != machine_data_end)
        *to++ = *from++;
    for (to = machine_bss_start; to != machine_bss_end; to++)
        *to = 0;
    for (const machine_init_fn *init = machine_init_start;
         init != machine_init_end; init++)
        (*init)();
}

void machine_start(void)
{
    machine_refresh();
    machine_exit(main());
}
