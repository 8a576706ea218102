// SPDX-License-Identifier: GPL-2.0
/*
 * test_loader.c - kernel images, good and bad, and what is put around them
 */
#include <asm/bootparam.h>
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "../vmm/layout.h"
#include "../vmm/loader.h"
#include "kselftest_harness.h"

#define RAM_SIZE	(128 * MIB)
#define HDR_OFF		0x1f1
#define BZ_SETUP	(5 * 512)
#define BZ_PAYLOAD	0x10000
#define BZ_LEN		(BZ_SETUP + BZ_PAYLOAD)

/* Without alignment traps: the header is at an odd offset. */
static struct setup_header *bz_header(uint8_t *file)
{
	return (struct setup_header *)(file + HDR_OFF);
}

static void make_bzimage(uint8_t *file)
{
	struct setup_header *h = bz_header(file);

	memset(file, 0, BZ_LEN);
	memset(file + BZ_SETUP, 0xa5, BZ_PAYLOAD);
	file[0x201] = 0x70;
	h->setup_sects = 4;
	h->boot_flag = 0xaa55;
	h->header = 0x53726448;
	h->version = 0x20f;
	h->loadflags = LOADED_HIGH;
	h->xloadflags = XLF_KERNEL_64;
	h->syssize = BZ_PAYLOAD / 16;
	h->init_size = 32 * MIB;
	h->pref_address = 16 * MIB;
	h->cmdline_size = 2047;
	h->initrd_addr_max = 0x7fffffff;
	h->kernel_version = 0x300;
	strcpy((char *)file + 0x500, "7.3.4 (build) #1");
}

FIXTURE(loader) {
	struct loader ld;
	uint8_t *file;
	struct kernel_image img;
	struct err err;
};

FIXTURE_SETUP(loader)
{
	self->ld.ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	ASSERT_NE(self->ld.ram, MAP_FAILED);
	self->ld.ram_size = RAM_SIZE;
	self->ld.low_size = RAM_SIZE;
	self->ld.top = ram_window_gpa(RAM_SIZE);
	self->file = malloc(BZ_LEN);
	ASSERT_NE(self->file, NULL);
	make_bzimage(self->file);
}

FIXTURE_TEARDOWN(loader)
{
	free(self->file);
	munmap(self->ld.ram, RAM_SIZE);
}

TEST_F(loader, bzimage)
{
	char version[64];

	ASSERT_EQ(kernel_load(&self->ld, self->file, BZ_LEN, &self->img, &self->err), 0);
	EXPECT_EQ(self->img.entry, GPA_KERNEL + 0x200);
	EXPECT_EQ(self->img.end, 48 * MIB);
	EXPECT_EQ(self->img.cmdline_max, 2047);
	EXPECT_EQ(self->ld.ram[GPA_KERNEL], 0xa5);
	EXPECT_EQ(self->ld.ram[GPA_KERNEL + BZ_PAYLOAD - 1], 0xa5);
	EXPECT_EQ(self->ld.ram[GPA_KERNEL + BZ_PAYLOAD], 0);
	EXPECT_STREQ(kernel_version(self->file, BZ_LEN, version, sizeof(version)),
		     "7.3.4 (build) #1");
}

/* boot.rst: zero setup sectors mean four. */
TEST_F(loader, bzimage_default_setup_sects)
{
	bz_header(self->file)->setup_sects = 0;
	ASSERT_EQ(kernel_load(&self->ld, self->file, BZ_LEN, &self->img, &self->err), 0);
	EXPECT_EQ(self->ld.ram[GPA_KERNEL], 0xa5);
}

FIXTURE(damage) {
	struct loader ld;
	uint8_t *file;
};

FIXTURE_VARIANT(damage) {
	void (*spoil)(uint8_t *file, size_t *len);
	int ret;
	const char *says;
};

FIXTURE_SETUP(damage)
{
	self->ld.ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	ASSERT_NE(self->ld.ram, MAP_FAILED);
	self->ld.ram_size = RAM_SIZE;
	self->ld.low_size = RAM_SIZE;
	self->ld.top = ram_window_gpa(RAM_SIZE);
	self->file = malloc(BZ_LEN);
	ASSERT_NE(self->file, NULL);
	make_bzimage(self->file);
}

FIXTURE_TEARDOWN(damage)
{
	free(self->file);
	munmap(self->ld.ram, RAM_SIZE);
}

#define DAMAGE(_name, _ret, _says, _body)					\
	static void spoil_##_name(uint8_t *file, size_t *len)			\
	{									\
		struct setup_header *h = bz_header(file);			\
		Elf64_Ehdr *eh = (Elf64_Ehdr *)file;				\
		Elf64_Phdr *ph = (Elf64_Phdr *)(file + sizeof(*eh));		\
		(void)h; (void)ph; (void)len;					\
		_body;								\
	}									\
	FIXTURE_VARIANT_ADD(damage, _name) {					\
		.spoil = spoil_##_name, .ret = (_ret), .says = (_says),		\
	}

/* One segment of a page at 16 MiB, its entry point at its start. */
static void make_elf(uint8_t *file)
{
	Elf64_Ehdr *eh = (Elf64_Ehdr *)file;
	Elf64_Phdr *ph = (Elf64_Phdr *)(file + sizeof(*eh));

	memset(file, 0, BZ_LEN);
	memcpy(eh->e_ident, ELFMAG, SELFMAG);
	eh->e_ident[EI_CLASS] = ELFCLASS64;
	eh->e_machine = EM_X86_64;
	eh->e_type = ET_EXEC;
	eh->e_phoff = sizeof(*eh);
	eh->e_phentsize = sizeof(*ph);
	eh->e_phnum = 1;
	eh->e_entry = 16 * MIB;
	*ph = (Elf64_Phdr){ .p_type = PT_LOAD, .p_offset = 4096, .p_filesz = 4096,
			    .p_memsz = 8192, .p_paddr = 16 * MIB,
			    .p_vaddr = 0xffffffff81000000 };
}

DAMAGE(empty, -ENOEXEC, "empty", *len = 0);
DAMAGE(one_byte, -ENOEXEC, "neither a bzImage", *len = 1);
DAMAGE(cut_in_header, -ENOEXEC, "neither a bzImage", *len = HDR_OFF + 8);
DAMAGE(cut_in_payload, -ENOEXEC, "truncated bzImage", *len = BZ_LEN - 1);
DAMAGE(cut_after_setup, -ENOEXEC, "truncated bzImage", *len = 1024);
DAMAGE(no_payload, -ENOEXEC, "truncated bzImage", h->syssize = 0);
DAMAGE(huge_payload, -ENOEXEC, "truncated bzImage", h->syssize = ~0U);
DAMAGE(no_magic, -ENOEXEC, "neither a bzImage", h->header = 0);
DAMAGE(old_protocol, -ENOEXEC, "too old", h->version = 0x206);
DAMAGE(low_kernel, -ENOEXEC, "too old", h->loadflags = 0);
DAMAGE(bits32, -ENOEXEC, "32-bit", h->xloadflags = 0);
DAMAGE(too_big, -ENOSPC, "--memory-mb", h->init_size = 2000 * MIB);
DAMAGE(prefers_the_window, -ENOSPC, "--memory-mb", h->pref_address = 110 * MIB);
DAMAGE(elf_cut, -ENOEXEC, "truncated ELF", make_elf(file); *len = 20);
DAMAGE(elf_32, -ENOEXEC, "another machine", make_elf(file); eh->e_ident[EI_CLASS] = ELFCLASS32);
DAMAGE(elf_arm, -ENOEXEC, "another machine", make_elf(file); eh->e_machine = EM_AARCH64);
DAMAGE(elf_object, -ENOEXEC, "cannot be run", make_elf(file); eh->e_type = ET_REL);
DAMAGE(elf_program, -ENOEXEC, "a program", make_elf(file); ph->p_type = PT_INTERP);
DAMAGE(elf_phdrs_outside, -ENOEXEC, "program headers", make_elf(file); eh->e_phoff = BZ_LEN - 1);
DAMAGE(elf_phdrs_wrap, -ENOEXEC, "program headers", make_elf(file); eh->e_phoff = -8ULL);
DAMAGE(elf_segment_outside, -ENOEXEC, "truncated vmlinux", make_elf(file); ph->p_offset = BZ_LEN);
DAMAGE(elf_segment_wraps, -ENOEXEC, "truncated vmlinux", make_elf(file); ph->p_offset = -1ULL);
DAMAGE(elf_filesz, -ENOEXEC, "truncated vmlinux", make_elf(file); ph->p_filesz = 9000);
DAMAGE(elf_low, -ENOSPC, "--memory-mb", make_elf(file); ph->p_paddr = 0);
DAMAGE(elf_wraps, -ENOSPC, "--memory-mb", make_elf(file); ph->p_paddr = -4096ULL);
DAMAGE(elf_in_window, -ENOSPC, "--memory-mb", make_elf(file); ph->p_paddr = 112 * MIB);
DAMAGE(elf_entry, -ENOEXEC, "entry point", make_elf(file); eh->e_entry = 64 * MIB);
DAMAGE(elf_static_program, -ENOEXEC, "a program", make_elf(file); ph->p_vaddr = 0x400000);
DAMAGE(elf_no_segment, -ENOEXEC, "a program", make_elf(file); eh->e_phnum = 0);

TEST_F(damage, is_refused)
{
	struct err err = { "" };
	struct kernel_image img;
	size_t len = BZ_LEN;
	uint8_t *exact;

	variant->spoil(self->file, &len);
	/* In a block of exactly that size, so that a sanitizer sees one byte too many. */
	exact = malloc(len ?: 1);
	ASSERT_NE(exact, NULL);
	memcpy(exact, self->file, len);
	EXPECT_EQ(kernel_load(&self->ld, exact, len, &img, &err), variant->ret);
	EXPECT_NE(strstr(err.msg, variant->says), NULL) {
		TH_LOG("message: %s", err.msg);
	}
	free(exact);
}

TEST_F(loader, elf)
{
	char version[64];

	make_elf(self->file);
	self->ld.ram[16 * MIB + 5000] = 0xff;	/* bss must be cleared */
	self->file[4096] = 0x42;
	ASSERT_EQ(kernel_load(&self->ld, self->file, BZ_LEN, &self->img, &self->err), 0);
	EXPECT_EQ(self->img.entry, 16 * MIB);
	EXPECT_EQ(self->img.end, 16 * MIB + 8192);
	EXPECT_EQ(self->ld.ram[16 * MIB], 0x42);
	EXPECT_EQ(self->ld.ram[16 * MIB + 5000], 0);

	EXPECT_STREQ(kernel_version(self->file, BZ_LEN, version, sizeof(version)), "");
	strcpy((char *)self->file + 5000, "Linux version %s");
	strcpy((char *)self->file + 6000, "Linux version 6.12.1 (a@b) #1\n");
	EXPECT_STREQ(kernel_version(self->file, BZ_LEN, version, sizeof(version)),
		     "6.12.1 (a@b) #1");
	/* Up to the very end of the file. */
	EXPECT_STREQ(kernel_version(self->file, 6000 + 17, version, sizeof(version)), "6.1");
	EXPECT_STREQ(kernel_version(self->file, 6000 + 14, version, sizeof(version)), "");
}

TEST_F(loader, boot_params)
{
	const struct boot_params *bp = (void *)(self->ld.ram + GPA_BOOT_PARAMS);
	struct boot_config cfg = {
		.cmdline = "console=ttyS0", .initramfs = "070701", .initramfs_len = 6,
		.rsdp = GPA_ACPI, .seed = 7,
	};
	const struct setup_data *sd = (void *)(self->ld.ram + GPA_SETUP_DATA);
	uint8_t first[32];
	uint64_t ram = 0;
	unsigned int i;

	ASSERT_EQ(kernel_load(&self->ld, self->file, BZ_LEN, &self->img, &self->err), 0);
	ASSERT_EQ(boot_setup(&self->ld, &self->img, &cfg, &self->err), 0);
	EXPECT_EQ(bp->acpi_rsdp_addr, GPA_ACPI);
	EXPECT_STREQ((char *)self->ld.ram + bp->hdr.cmd_line_ptr, "console=ttyS0");
	EXPECT_EQ(bp->hdr.init_size, 32 * MIB);
	EXPECT_EQ(memcmp(self->ld.ram + bp->hdr.ramdisk_image, "070701", 6), 0);
	EXPECT_GE(bp->hdr.ramdisk_image, self->img.end);
	EXPECT_LE(bp->hdr.ramdisk_image + bp->hdr.ramdisk_size, self->ld.top);

	/* RAM is all but the legacy hole and the window, in order, without overlap. */
	for (i = 0; i < bp->e820_entries; i++) {
		if (i)
			EXPECT_GE(bp->e820_table[i].addr,
				  bp->e820_table[i - 1].addr + bp->e820_table[i - 1].size);
		if (bp->e820_table[i].type == 1)
			ram += bp->e820_table[i].size;
	}
	EXPECT_EQ(ram, RAM_SIZE - SHM_SIZE - (GPA_KERNEL - GPA_CONVENTIONAL_END));

	/* The seed decides the random bytes, and nothing else does. */
	memcpy(first, sd->data, sizeof(first));
	ASSERT_EQ(boot_setup(&self->ld, &self->img, &cfg, &self->err), 0);
	EXPECT_EQ(memcmp(first, sd->data, sizeof(first)), 0);
	cfg.seed = 8;
	ASSERT_EQ(boot_setup(&self->ld, &self->img, &cfg, &self->err), 0);
	EXPECT_NE(memcmp(first, sd->data, sizeof(first)), 0);
}

TEST_F(loader, boot_refuses)
{
	struct boot_config cfg = { .cmdline = "" };
	char *line = malloc(4000);

	ASSERT_NE(line, NULL);
	ASSERT_EQ(kernel_load(&self->ld, self->file, BZ_LEN, &self->img, &self->err), 0);
	memset(line, 'x', 3999);
	line[3999] = 0;
	cfg.cmdline = line;
	EXPECT_EQ(boot_setup(&self->ld, &self->img, &cfg, &self->err), -E2BIG);
	cfg.cmdline = "";
	cfg.initramfs_len = RAM_SIZE;
	self->err.msg[0] = 0;
	EXPECT_EQ(boot_setup(&self->ld, &self->img, &cfg, &self->err), -ENOSPC);
	EXPECT_NE(strstr(self->err.msg, "--memory-mb"), NULL);
	free(line);
}

TEST_HARNESS_MAIN
