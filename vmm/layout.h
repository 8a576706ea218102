/* SPDX-License-Identifier: GPL-2.0 */
/*
 * layout.h - where things lie in guest RAM (x86-64)
 *
 * The one place that knows these numbers. All of it is written by the host
 * before the first instruction runs, the same way for every engine.
 */
#ifndef KTSTR_VMM_LAYOUT_H
#define KTSTR_VMM_LAYOUT_H

#include "../lib/platform.h"

#ifdef __ASSEMBLER__
#define GPA(x)			x
#else
#define GPA(x)			x##ULL
#endif

#define GPA_GDT			GPA(0x00000500)
#define GPA_BOOT_PARAMS		GPA(0x00007000)
#define GPA_TRAMPOLINE		GPA(0x00008000)
#define GPA_PAGE_TABLES		GPA(0x00009000)	/* PML4, PDPT, 4 page directories */
#define GPA_BOOT_STACK		GPA(0x0001fff0)
#define GPA_CMDLINE		GPA(0x00020000)
#define GPA_SETUP_DATA		GPA(0x00030000)
#define GPA_CONVENTIONAL_END	GPA(0x0009fc00)	/* RAM up to here, then 1 MiB - this is reserved */
#define GPA_ACPI		GPA(0x000e0000)
#define GPA_ACPI_END		GPA(0x000f0000)	/* the ROM's alias begins */
#define GPA_KERNEL		GPA(0x00100000)

#define GPA_HOLE		GPA(0xc0000000)	/* RAM stops here ... */
#define GPA_HIGH_RAM		GPA(0x100000000)	/* ... and goes on here */

#define GPA_IOAPIC		GPA(0xfec00000)
#define GPA_LAPIC		GPA(0xfee00000)

/* Selectors; 64-bit code and data are what the boot protocol asks for. */
#define BOOT_CS32		0x08
#define BOOT_CS64		0x10
#define BOOT_DS			0x18
#define BOOT_GDT_ENTRIES	4

/* The ROM ends at 4 GiB; its code is in its last bytes. */
#define BOOT_ROM_SIZE		0x10000
#define BOOT_ROM_CODE_SIZE	0x100

#define CMDLINE_MAX		4096

/* Serial ports: a PC's (include/linux/serial_8250 users, "COM1" and "COM2"). */
#define PORT_COM1		0x3f8
#define PORT_COM2		0x2f8
#define IRQ_COM1		4
#define IRQ_COM2		3

#ifndef __ASSEMBLER__
#include "../lib/shm.h"

/* Bytes of RAM below the hole, and where the shared window lies. */
static inline uint64_t ram_low_size(uint64_t ram_size)
{
	return ram_size < GPA_HOLE ? ram_size : GPA_HOLE;
}

static inline uint64_t ram_window_gpa(uint64_t ram_size)
{
	return ram_low_size(ram_size) - SHM_SIZE;
}
#endif

#endif /* KTSTR_VMM_LAYOUT_H */
