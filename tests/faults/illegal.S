/* SPDX-License-Identifier: MIT */
/* illegal.S - a program whose first instruction no CPU of its kind has. */
    .globl _start
_start:
#if defined(__x86_64__) || defined(__i386__)
    ud2
#elif defined(__aarch64__)
    .inst 0x00000000        /* udf #0 */
#else
    .word 0
#endif
    .section .note.GNU-stack,"",%progbits
