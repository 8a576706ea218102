// SPDX-License-Identifier: GPL-2.0
/*
 * test_loader.c - kernel images, good and bad, and what is put around them
 */
#include <asm/bootparam.h>
#include <elf.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <zlib.h>
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

/* --- a kernel that is unpacked before it starts -------------------------------------------- */

#define START_KERNEL_MAP	0xffffffff80000000ULL
#define LINK_PA			(16 * MIB)
#define TEXT_OFF		0x1000
#define TEXT_LEN		0x1000
#define WORD_32			0x10	/* where in .text the relocated words are */
#define WORD_64			0x20
#define WORD_NEG		0x30
#define ALIGN_PA		(2 * MIB)

struct unpacked {
	Elf64_Ehdr eh;
	Elf64_Phdr ph;
	uint8_t pad[TEXT_OFF - sizeof(Elf64_Ehdr) - sizeof(Elf64_Phdr)];
	uint8_t text[TEXT_LEN];
	Elf64_Shdr sh;		/* the last of an ELF file */
	uint32_t relocs[16];
};

static void put32(uint8_t *at, uint32_t val)
{
	memcpy(at, &val, sizeof(val));
}

static void put64(uint8_t *at, uint64_t val)
{
	memcpy(at, &val, sizeof(val));
}

static uint64_t get64(const uint8_t *at)
{
	uint64_t val;

	memcpy(&val, at, sizeof(val));
	return val;
}

static uint32_t get32(const uint8_t *at)
{
	uint32_t val;

	memcpy(&val, at, sizeof(val));
	return val;
}

/* With @nr_relocs words of relocations behind it. */
static size_t make_kernel(struct unpacked *k, const uint32_t *relocs, size_t nr_relocs)
{
	memset(k, 0, sizeof(*k));
	memcpy(k->eh.e_ident, ELFMAG, SELFMAG);
	k->eh.e_ident[EI_CLASS] = ELFCLASS64;
	k->eh.e_type = ET_EXEC;
	k->eh.e_machine = EM_X86_64;
	k->eh.e_entry = LINK_PA;
	k->eh.e_phoff = offsetof(struct unpacked, ph);
	k->eh.e_phentsize = sizeof(k->ph);
	k->eh.e_phnum = 1;
	k->eh.e_shoff = offsetof(struct unpacked, sh);
	k->eh.e_shentsize = sizeof(k->sh);
	k->eh.e_shnum = 1;
	k->ph = (Elf64_Phdr){
		.p_type = PT_LOAD, .p_offset = TEXT_OFF, .p_filesz = TEXT_LEN, .p_memsz = TEXT_LEN,
		.p_paddr = LINK_PA, .p_vaddr = START_KERNEL_MAP + LINK_PA,
	};
	put32(k->text + WORD_32, 0x81000100);
	put64(k->text + WORD_64, START_KERNEL_MAP + LINK_PA + 0x200);
	put32(k->text + WORD_NEG, 0x1234);
	memcpy(k->relocs, relocs, nr_relocs * sizeof(*relocs));
	return offsetof(struct unpacked, relocs) + nr_relocs * sizeof(*relocs);
}

/* As the build does: compressed, in a bzImage. */
static void pack_gzip(uint8_t *file, const void *data, size_t len)
{
	struct setup_header *h = bz_header(file);
	z_stream z = {
		.next_in = (void *)data, .avail_in = len, .next_out = file + BZ_SETUP + 0x100,
		.avail_out = BZ_PAYLOAD - 0x100,
	};

	deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY);
	deflate(&z, Z_FINISH);
	h->payload_offset = 0x100;
	h->payload_length = z.total_out;
	h->kernel_alignment = ALIGN_PA;
	deflateEnd(&z);
}

#define RELOC(off)	((uint32_t)(START_KERNEL_MAP + LINK_PA + (off)))

static const uint32_t two_lists[] = { 0, RELOC(WORD_64), 0, RELOC(WORD_32) };
static const uint32_t three_lists[] = { 0, RELOC(WORD_64), 0, RELOC(WORD_NEG), 0, RELOC(WORD_32) };

FIXTURE(unpack) {
	struct loader ld;
	uint8_t *file;
	struct unpacked kernel;
	struct kernel_image img;
	struct err err;
};

FIXTURE_SETUP(unpack)
{
	self->ld = (struct loader){
		.ram_size = RAM_SIZE, .low_size = RAM_SIZE, .top = ram_window_gpa(RAM_SIZE),
		.unpack = true, .seed = 7,
	};
	self->ld.ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	ASSERT_NE(self->ld.ram, MAP_FAILED);
	self->file = malloc(BZ_LEN);
	ASSERT_NE(self->file, NULL);
	make_bzimage(self->file);
	memset(&self->err, 0, sizeof(self->err));
}

FIXTURE_TEARDOWN(unpack)
{
	free(self->file);
	munmap(self->ld.ram, RAM_SIZE);
}

#define LOAD_UNPACKED(relocs, nr) do {						\
	size_t _len = make_kernel(&self->kernel, relocs, nr);			\
	pack_gzip(self->file, &self->kernel, _len);				\
	ASSERT_EQ(kernel_load(&self->ld, self->file, BZ_LEN, &self->img, &self->err), 0) \
		TH_LOG("%s", self->err.msg);					\
} while (0)

#define TEXT	(self->ld.ram + LINK_PA)

TEST_F(unpack, moved_as_a_whole)
{
	uint64_t delta;

	LOAD_UNPACKED(two_lists, ARRAY_SIZE(two_lists));
	EXPECT_FALSE(self->img.decompressor);
	EXPECT_EQ(self->img.entry, LINK_PA);
	/* What it needs while it starts is in the header only. */
	EXPECT_EQ(self->img.end, 48 * MIB);
	EXPECT_NE(self->img.setup_header_len, 0);
	delta = get64(TEXT + WORD_64) - (START_KERNEL_MAP + LINK_PA + 0x200);
	EXPECT_NE(delta, 0);
	EXPECT_EQ(delta % ALIGN_PA, 0);
	EXPECT_LE(LINK_PA + delta + bz_header(self->file)->init_size, GIB);
	EXPECT_EQ(get32(TEXT + WORD_32), 0x81000100 + (uint32_t)delta);
	EXPECT_EQ(get32(TEXT + WORD_NEG), 0x1234);
}

/* Older kernels have a third list, of what goes the other way. */
TEST_F(unpack, per_cpu_goes_down)
{
	uint32_t delta;

	LOAD_UNPACKED(three_lists, ARRAY_SIZE(three_lists));
	delta = get32(TEXT + WORD_32) - 0x81000100;
	EXPECT_NE(delta, 0);
	EXPECT_EQ(get32(TEXT + WORD_NEG), 0x1234 - delta);
}

TEST_F(unpack, by_the_seed)
{
	uint64_t first;

	LOAD_UNPACKED(two_lists, ARRAY_SIZE(two_lists));
	first = get64(TEXT + WORD_64);
	LOAD_UNPACKED(two_lists, ARRAY_SIZE(two_lists));
	EXPECT_EQ(first, get64(TEXT + WORD_64));
	self->ld.seed = 8;
	LOAD_UNPACKED(two_lists, ARRAY_SIZE(two_lists));
	EXPECT_NE(first, get64(TEXT + WORD_64));
}

/* What was unpacked before is what is loaded, whatever the file has by now. */
TEST_F(unpack, once_for_many)
{
	uint64_t first;
	size_t len;
	void *elf;

	LOAD_UNPACKED(two_lists, ARRAY_SIZE(two_lists));
	first = get64(TEXT + WORD_64);
	ASSERT_EQ(kernel_unpack(self->file, BZ_LEN, &elf, &len), 0);
	EXPECT_EQ(memcmp(elf, &self->kernel, len), 0);
	memset(self->file + BZ_SETUP + 0x100, 0, 16);
	memset(TEXT, 0, 4096);
	self->ld.unpacked = elf;
	self->ld.unpacked_len = len;
	ASSERT_EQ(kernel_load(&self->ld, self->file, BZ_LEN, &self->img, &self->err), 0);
	EXPECT_FALSE(self->img.decompressor);
	EXPECT_EQ(first, get64(TEXT + WORD_64));
	free(elf);
	EXPECT_LT(kernel_unpack(self->file, BZ_LEN, &elf, &len), 0);
	EXPECT_EQ(kernel_unpack(self->file, BZ_LEN / 2, &elf, &len), -ENOEXEC);
	EXPECT_EQ(kernel_unpack(self->file, 10, &elf, &len), -ENOEXEC);
}

TEST_F(unpack, not_moved)
{
	self->ld.no_kaslr = true;
	LOAD_UNPACKED(two_lists, ARRAY_SIZE(two_lists));
	EXPECT_EQ(get64(TEXT + WORD_64), START_KERNEL_MAP + LINK_PA + 0x200);
	self->ld.no_kaslr = false;
	/* Built without CONFIG_RELOCATABLE. */
	LOAD_UNPACKED(two_lists, 0);
	EXPECT_EQ(get64(TEXT + WORD_64), START_KERNEL_MAP + LINK_PA + 0x200);
	EXPECT_FALSE(self->img.decompressor);
}

/* The kernel's own decompressor gets what we cannot read. */
TEST_F(unpack, left_to_the_guest)
{
	static const uint32_t no_end[] = { RELOC(WORD_64), 0, RELOC(WORD_32), 0, 0, 0 };
	static const uint32_t outside[] = { 0, 0, (uint32_t)(START_KERNEL_MAP + RAM_SIZE) };
	static const uint32_t no_list[] = { RELOC(WORD_64) };
	size_t len = make_kernel(&self->kernel, two_lists, ARRAY_SIZE(two_lists));
	struct setup_header *h = bz_header(self->file);

	LOAD_UNPACKED(no_end, ARRAY_SIZE(no_end));
	EXPECT_TRUE(self->img.decompressor);
	LOAD_UNPACKED(outside, ARRAY_SIZE(outside));
	EXPECT_TRUE(self->img.decompressor);
	LOAD_UNPACKED(no_list, ARRAY_SIZE(no_list));
	EXPECT_TRUE(self->img.decompressor);
	EXPECT_EQ(self->img.entry, GPA_KERNEL + 0x200);

#define LEFT() do {								\
	ASSERT_EQ(kernel_load(&self->ld, self->file, BZ_LEN, &self->img, &self->err), 0); \
	EXPECT_TRUE(self->img.decompressor);					\
} while (0)
	/* Damaged, of an unknown kind, outside of the file, too short for a size, too large. */
	pack_gzip(self->file, &self->kernel, len);
	self->file[BZ_SETUP + 0x100 + 40] ^= 0x55;
	LEFT();
	pack_gzip(self->file, &self->kernel, len);
	self->file[BZ_SETUP + 0x100] = 'B';
	LEFT();
	pack_gzip(self->file, &self->kernel, len);
	h->payload_offset = BZ_PAYLOAD;
	LEFT();
	pack_gzip(self->file, &self->kernel, len);
	h->payload_length = 5;
	LEFT();
	pack_gzip(self->file, &self->kernel, len);
	h->init_size = len - 1;
	LEFT();
	/* Not a kernel at all. */
	memset(&self->kernel.eh, 0, sizeof(self->kernel.eh));
	h->init_size = 32 * MIB;
	pack_gzip(self->file, &self->kernel, len);
	LEFT();
#undef LEFT
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
