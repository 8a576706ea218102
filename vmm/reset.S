/* SPDX-License-Identifier: GPL-2.0 */
/*
 * reset.S - from the reset vector to the kernel's 64-bit entry
 *
 * Only an engine whose CPU starts in real mode needs this. Two blobs of data
 * for the host, never run in it: the last bytes of a 64 KiB ROM, and a
 * trampoline that the loader puts into guest RAM. GDT and page tables are in
 * guest RAM already (loader.c).
 */
#include "layout.h"

#define CR0_PE		0x00000001
#define CR0_PG		0x80000000
#define CR4_PAE		0x00000020
#define MSR_EFER	0xc0000080
#define EFER_LME	0x00000100

	.section .rodata
	.balign	16

	.globl	boot_rom_start, boot_rom_end
	.code16
boot_rom_start:
	/* The reset vector's code segment is based at 4 GiB - 64 KiB (Intel SDM vol. 3, 10.1.4). */
	cli
	lgdtl	%cs:(0x10000 - BOOT_ROM_CODE_SIZE + rom_gdt - boot_rom_start)
	movl	%cr0, %eax
	orl	$CR0_PE, %eax
	movl	%eax, %cr0
	ljmpl	$BOOT_CS32, $GPA_TRAMPOLINE
rom_gdt:
	.word	BOOT_GDT_ENTRIES * 8 - 1
	.long	GPA_GDT
	.org	boot_rom_start + BOOT_ROM_CODE_SIZE - 16
	jmp	boot_rom_start
	.org	boot_rom_start + BOOT_ROM_CODE_SIZE
boot_rom_end:

	.balign	16
	.globl	boot_trampoline_start, boot_trampoline_entry, boot_trampoline_end
	.code32
boot_trampoline_start:
	movl	$BOOT_DS, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %fs
	movl	%eax, %gs
	movl	%eax, %ss
	movl	%cr4, %eax
	orl	$CR4_PAE, %eax
	movl	%eax, %cr4
	movl	$GPA_PAGE_TABLES, %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	$EFER_LME, %eax
	wrmsr
	movl	%cr0, %eax
	orl	$CR0_PG, %eax
	movl	%eax, %cr0
	ljmpl	$BOOT_CS64, $(GPA_TRAMPOLINE + trampoline64 - boot_trampoline_start)
	.code64
trampoline64:
	/* What Documentation/arch/x86/boot.rst, "64-bit Boot Protocol", asks for. */
	movl	$GPA_BOOT_STACK, %esp
	movl	$GPA_BOOT_PARAMS, %esi
	xorl	%ebx, %ebx
	xorl	%ebp, %ebp
	xorl	%edi, %edi
	movq	boot_trampoline_entry(%rip), %rax
	jmpq	*%rax
	.balign	8
boot_trampoline_entry:
	.quad	0
boot_trampoline_end:

	.section .note.GNU-stack, "", @progbits
