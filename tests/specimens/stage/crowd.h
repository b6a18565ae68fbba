/* Forty thousand functions that nobody calls, each with a dozen stores: what a program of some size consists of. */
#ifndef CROWD_H
#define CROWD_H

#include <stdint.h>

extern uint64_t crowd_cells[64];
uint64_t crowd_cells[64] __attribute__((used));

__asm__(".macro crowd_function\n"
        ".globl crowd\\@\n"
        ".type crowd\\@, @function\n"
        "crowd\\@:\n"
        "  lea crowd_cells(%rip), %rax\n"
        "  .rept 12\n"
        "  incq (8 * (\\@ % 64))(%rax)\n"
        "  .endr\n"
        "  ret\n"
        ".size crowd\\@, . - crowd\\@\n"
        ".endm\n"
        ".text\n"
        ".rept 40000\n"
        "crowd_function\n"
        ".endr\n");

#endif
