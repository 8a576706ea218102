/* SPDX-License-Identifier: GPL-2.0 */
/*
 * lockstep.S - the library that goes into QEMU, as data
 */
	.section .rodata
	.globl	lockstep_start, lockstep_end
	.balign	16
lockstep_start:
	.incbin	LOCKSTEP_SO
lockstep_end:

	.section .note.GNU-stack, "", @progbits
