// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz_loader.c - arbitrary bytes as a kernel image
 */
#include <asm/bootparam.h>
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <zlib.h>
#include "../vmm/layout.h"
#include "../vmm/loader.h"
#include "../vmm/payload.h"

#define RAM_SIZE	(64 * MIB)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t fuzz_seed_input(uint8_t *buf, size_t size, uint64_t seed);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct loader ld = {
		.ram_size = RAM_SIZE, .low_size = RAM_SIZE, .top = RAM_SIZE - SHM_SIZE,
		.unpack = true,
	};
	const struct boot_config cfg = { .cmdline = "quiet", .initramfs = "x", .initramfs_len = 1 };
	struct kernel_image img;
	struct err err = { "" };
	char version[64];
	uint8_t *exact;

	/* Blocks of exactly these sizes: what goes beyond their ends is seen. */
	exact = malloc(size ?: 1);
	ld.ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (!exact || ld.ram == MAP_FAILED)
		abort();
	memcpy(exact, data, size);
	kernel_version(exact, size, version, sizeof(version));
	if (!kernel_load(&ld, exact, size, &img, &err)) {
		if (img.end > ld.top || img.entry > ld.top)
			abort();
		boot_setup(&ld, &img, &cfg, &err);
	} else if (!err.msg[0]) {
		abort();	/* a refusal without a reason */
	}
	/* As it would be behind a kernel that was unpacked. */
	payload_relocate(exact, size, ld.ram, ld.top, 2 * MIB);
	munmap(ld.ram, RAM_SIZE);
	free(exact);
	return 0;
}

#define LEN		8192
#define BZ_SETUP	(5 * 512)

/* Three segments, and behind the file an address to relocate of each width. */
static void seed_elf(uint8_t *buf, size_t len)
{
	static const uint32_t relocs[] = { 0, 0x81000010, 0, 0x81000020 };
	Elf64_Ehdr *eh = (Elf64_Ehdr *)buf;
	Elf64_Phdr *ph = (Elf64_Phdr *)(eh + 1);
	unsigned int i;

	memcpy(eh->e_ident, ELFMAG, SELFMAG);
	eh->e_ident[EI_CLASS] = ELFCLASS64;
	eh->e_machine = EM_X86_64;
	eh->e_type = ET_EXEC;
	eh->e_phoff = sizeof(*eh);
	eh->e_phentsize = sizeof(*ph);
	eh->e_phnum = 3;
	eh->e_entry = 16 * MIB;
	eh->e_shoff = len - sizeof(relocs);
	for (i = 0; i < 3; i++)
		ph[i] = (Elf64_Phdr){
			.p_type = PT_LOAD, .p_offset = 1024 * i, .p_filesz = 1000,
			.p_memsz = 4096, .p_paddr = (16 + i) * MIB,
			.p_vaddr = 0xffffffff81000000 + i * MIB,
		};
	memcpy(buf + eh->e_shoff, relocs, sizeof(relocs));
}

/* Its payload is that ELF file, compressed. */
static void seed_bzimage(uint8_t *buf)
{
	struct setup_header *h = (struct setup_header *)(buf + 0x1f1);
	static uint8_t kernel[LEN];
	z_stream z = {
		.next_in = kernel, .avail_in = LEN, .next_out = buf + BZ_SETUP,
		.avail_out = LEN - BZ_SETUP,
	};

	seed_elf(kernel, LEN);
	buf[0x201] = 0x70;
	deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY);
	deflate(&z, Z_FINISH);
	*h = (struct setup_header){
		.setup_sects = 4, .boot_flag = 0xaa55, .header = 0x53726448,
		.version = 0x20f, .loadflags = LOADED_HIGH, .xloadflags = XLF_KERNEL_64,
		.syssize = (LEN - BZ_SETUP) / 16, .init_size = 4 * MIB,
		.pref_address = 16 * MIB, .kernel_alignment = 2 * MIB, .cmdline_size = 2047,
		.initrd_addr_max = 0x7fffffff, .kernel_version = 0x300,
		.payload_length = z.total_out,
	};
	deflateEnd(&z);
}

/* A bzImage, or an ELF file with a few segments, that loads as it is. */
size_t fuzz_seed_input(uint8_t *buf, size_t size, uint64_t seed)
{
	if (size < LEN)
		return 0;
	memset(buf, 0, LEN);
	if (seed & 1)
		seed_bzimage(buf);
	else
		seed_elf(buf, LEN);
	return LEN;
}
