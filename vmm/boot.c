// SPDX-License-Identifier: GPL-2.0
/*
 * boot.c - everything but the kernel that must be in RAM when it starts
 */
#include <asm/bootparam.h>
#include <errno.h>
#include <string.h>
#include "../lib/random.h"
#include "layout.h"
#include "loader.h"

#ifndef SETUP_RNG_SEED
#define SETUP_RNG_SEED	9
#endif

#define LOADER_UNDEFINED	0xff	/* boot.rst, type_of_loader */
#define RNG_SEED_LEN		32

#define PTE_PRESENT	BIT_ULL(0)
#define PTE_RW		BIT_ULL(1)
#define PTE_PSE		BIT_ULL(7)
#define PAGE_SIZE	4096
#define NR_PDS		4		/* 1 GiB each */

extern const uint8_t boot_trampoline_start[], boot_trampoline_entry[], boot_trampoline_end[];

static void setup_gdt(const struct loader *ld)
{
	/* Flat segments; Intel SDM vol. 3, 3.4.5, "Segment Descriptors". */
	static const uint64_t gdt[BOOT_GDT_ENTRIES] = {
		[BOOT_CS32 / 8] = 0x00cf9b000000ffffULL,
		[BOOT_CS64 / 8] = 0x00af9b000000ffffULL,
		[BOOT_DS / 8]   = 0x00cf93000000ffffULL,
	};

	memcpy(ld->ram + GPA_GDT, gdt, sizeof(gdt));
}

static void setup_page_tables(const struct loader *ld)
{
	uint64_t *pml4 = (uint64_t *)(ld->ram + GPA_PAGE_TABLES);
	uint64_t *pdpt = pml4 + PAGE_SIZE / 8;
	uint64_t *pd = pdpt + PAGE_SIZE / 8;
	unsigned int i;

	pml4[0] = (GPA_PAGE_TABLES + PAGE_SIZE) | PTE_PRESENT | PTE_RW;
	for (i = 0; i < NR_PDS; i++)
		pdpt[i] = (GPA_PAGE_TABLES + (2 + i) * PAGE_SIZE) | PTE_PRESENT | PTE_RW;
	for (i = 0; i < NR_PDS * 512; i++)
		pd[i] = i * 2 * MIB | PTE_PRESENT | PTE_RW | PTE_PSE;
}

static void setup_trampoline(const struct loader *ld, uint64_t entry)
{
	uint8_t *dst = ld->ram + GPA_TRAMPOLINE;

	memcpy(dst, boot_trampoline_start, boot_trampoline_end - boot_trampoline_start);
	memcpy(dst + (boot_trampoline_entry - boot_trampoline_start), &entry, sizeof(entry));
}

static void e820_add(struct boot_params *bp, uint64_t start, uint64_t end, uint32_t type)
{
	if (start < end)
		bp->e820_table[bp->e820_entries++] = (struct boot_e820_entry){
			.addr = start, .size = end - start, .type = type,
		};
}

/* ACPI 6.5, 15, "System Address Map Interfaces" */
#define E820_RAM	1
#define E820_RESERVED	2

static void setup_e820(struct boot_params *bp, const struct loader *ld)
{
	e820_add(bp, 0, GPA_CONVENTIONAL_END, E820_RAM);
	e820_add(bp, GPA_CONVENTIONAL_END, GPA_KERNEL, E820_RESERVED);
	e820_add(bp, GPA_KERNEL, ld->top, E820_RAM);
	e820_add(bp, ld->top, ld->low_size, E820_RESERVED);
	if (ld->ram_size > ld->low_size)
		e820_add(bp, GPA_HIGH_RAM, GPA_HIGH_RAM + ld->ram_size - ld->low_size, E820_RAM);
}

static void setup_rng_seed(struct boot_params *bp, const struct loader *ld, uint64_t seed)
{
	struct setup_data *sd = (struct setup_data *)(ld->ram + GPA_SETUP_DATA);
	uint64_t word;
	unsigned int i;

	sd->next = bp->hdr.setup_data;
	sd->type = SETUP_RNG_SEED;
	sd->len = RNG_SEED_LEN;
	for (i = 0; i < RNG_SEED_LEN / sizeof(word); i++) {
		word = splitmix64(&seed);
		memcpy(sd->data + i * sizeof(word), &word, sizeof(word));
	}
	bp->hdr.setup_data = GPA_SETUP_DATA;
}

static int setup_initramfs(struct boot_params *bp, const struct loader *ld,
			   const struct kernel_image *img, const struct boot_config *cfg,
			   struct err *err)
{
	uint64_t top = min(ld->top, img->initrd_max + 1), start;

	if (!cfg->initramfs_len)
		return 0;
	start = top < cfg->initramfs_len ? 0 : (top - cfg->initramfs_len) & ~(PAGE_SIZE - 1ULL);
	if (start < img->end)
		return err_set(err, -ENOSPC,
			       "kernel (up to %llu MiB) and initramfs (%llu KiB) do not fit into %llu MiB: give the guest more memory (--memory-mb)",
			       (unsigned long long)(img->end / MIB),
			       (unsigned long long)(cfg->initramfs_len / KIB),
			       (unsigned long long)(ld->ram_size / MIB));
	memcpy(ld->ram + start, cfg->initramfs, cfg->initramfs_len);
	bp->hdr.ramdisk_image = start;
	bp->hdr.ramdisk_size = cfg->initramfs_len;
	return 0;
}

int boot_setup(const struct loader *ld, const struct kernel_image *img,
	       const struct boot_config *cfg, struct err *err)
{
	struct boot_params *bp = (struct boot_params *)(ld->ram + GPA_BOOT_PARAMS);
	size_t cmdline_len = strlen(cfg->cmdline);

	if (cmdline_len > min(img->cmdline_max, (uint32_t)CMDLINE_MAX - 1))
		return err_set(err, -E2BIG,
			       "a kernel command line of %zu bytes: this kernel takes %u",
			       cmdline_len, min(img->cmdline_max, (uint32_t)CMDLINE_MAX - 1));
	memcpy(ld->ram + GPA_CMDLINE, cfg->cmdline, cmdline_len + 1);

	memset(bp, 0, sizeof(*bp));
	memcpy(&bp->hdr, img->setup_header, img->setup_header_len);
	bp->hdr.boot_flag = 0xaa55;
	bp->hdr.header = 0x53726448;
	bp->hdr.type_of_loader = LOADER_UNDEFINED;
	bp->hdr.loadflags |= LOADED_HIGH;
	/* For the kernel's memory map. The decompressor sets it, where one runs. */
	if (!img->decompressor && !strstr(cfg->cmdline, "nokaslr"))
		bp->hdr.loadflags |= KASLR_FLAG;
	bp->hdr.cmd_line_ptr = GPA_CMDLINE;
	bp->hdr.cmdline_size = cmdline_len;
	if (!bp->hdr.kernel_alignment)
		bp->hdr.kernel_alignment = 2 * MIB;
	bp->acpi_rsdp_addr = cfg->rsdp;

	setup_gdt(ld);
	setup_page_tables(ld);
	setup_trampoline(ld, img->entry);
	setup_e820(bp, ld);
	setup_rng_seed(bp, ld, cfg->seed);
	return setup_initramfs(bp, ld, img, cfg, err);
}
