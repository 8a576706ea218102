// SPDX-License-Identifier: GPL-2.0
#include <asm/bootparam.h>
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../lib/random.h"
#include "layout.h"
#include "loader.h"
#include "payload.h"

#define HDR_OFF		0x1f1		/* of struct setup_header in a bzImage and in boot_params */
#define HDR_MAGIC	0x53726448	/* "HdrS" */
#define HDR_BOOT_FLAG	0xaa55
#define HDR_MIN_VERSION	0x20c		/* the first with xloadflags */
#define SECTOR		512
#define KERNEL_HALF	0xffff800000000000ULL	/* Documentation/arch/x86/x86_64/mm.rst */
#define ENTRY64_OFF	0x200		/* arch/x86/boot/compressed/head_64.S: "it is ABI" */

static bool range_ok(uint64_t off, uint64_t len, uint64_t size)
{
	return off <= size && len <= size - off;
}

/* Where the kernel may lie: above 1 MiB, below the window. */
static int claim(const struct loader *ld, uint64_t start, uint64_t len, struct err *err)
{
	if (start < GPA_KERNEL || !range_ok(start, len, ld->top))
		return err_set(err, -ENOSPC,
			       "the kernel needs RAM from %#llx to %#llx, the guest has it up to %#llx: give it more memory (--memory-mb)",
			       (unsigned long long)start, (unsigned long long)(start + len),
			       (unsigned long long)ld->top);
	return 0;
}

static const struct setup_header *find_header(const void *file, size_t len)
{
	const struct setup_header *hdr = (const void *)((const char *)file + HDR_OFF);

	if (!range_ok(HDR_OFF, sizeof(*hdr), len))
		return NULL;
	if (hdr->boot_flag != HDR_BOOT_FLAG || hdr->header != HDR_MAGIC)
		return NULL;
	return hdr;
}

/* boot.rst: "If setup_sects contains 0, the real value is 4"; and the boot sector. */
static uint64_t setup_size(const struct setup_header *hdr)
{
	return ((hdr->setup_sects ?: 4) + 1) * SECTOR;
}

static uint64_t payload_size(const struct setup_header *hdr)
{
	return (uint64_t)hdr->syssize * 16;
}

static int load_elf(const struct loader *ld, const void *file, size_t len,
		    struct kernel_image *img, struct err *err)
{
	const Elf64_Ehdr *eh = file;
	uint64_t end = 0;
	bool entry_ok = false, high = false;
	unsigned int i;
	int ret;

	if (len < sizeof(*eh))
		return err_set(err, -ENOEXEC, "a truncated ELF file (%zu bytes)", len);
	if (eh->e_ident[EI_CLASS] != ELFCLASS64 || eh->e_machine != EM_X86_64)
		return err_set(err, -ENOEXEC,
			       "an ELF file for another machine: an x86-64 vmlinux is needed");
	if (eh->e_type != ET_EXEC && eh->e_type != ET_DYN)
		return err_set(err, -ENOEXEC,
			       "an ELF file that cannot be run (type %u): a vmlinux is needed",
			       eh->e_type);
	if (eh->e_phentsize != sizeof(Elf64_Phdr) ||
	    !range_ok(eh->e_phoff, (uint64_t)eh->e_phnum * sizeof(Elf64_Phdr), len))
		return err_set(err, -ENOEXEC,
			       "a damaged ELF file: its program headers lie outside of it");

	for (i = 0; i < eh->e_phnum; i++) {
		Elf64_Phdr ph;

		memcpy(&ph, (const char *)file + eh->e_phoff + i * sizeof(ph), sizeof(ph));
		if (ph.p_type == PT_INTERP)
			return err_set(err, -ENOEXEC, "a program, not a kernel");
		if (ph.p_type != PT_LOAD || !ph.p_memsz)
			continue;
		if (!range_ok(ph.p_offset, ph.p_filesz, len) || ph.p_filesz > ph.p_memsz)
			return err_set(err, -ENOEXEC,
				       "a truncated vmlinux: segment %u lies outside of its %zu bytes",
				       i, len);
		ret = claim(ld, ph.p_paddr, ph.p_memsz, err);
		if (ret)
			return ret;
		memcpy(ld->ram + ph.p_paddr, (const char *)file + ph.p_offset, ph.p_filesz);
		memset(ld->ram + ph.p_paddr + ph.p_filesz, 0, ph.p_memsz - ph.p_filesz);
		end = max(end, ph.p_paddr + ph.p_memsz);
		if (ph.p_vaddr >= KERNEL_HALF)
			high = true;
		if (eh->e_entry >= ph.p_paddr && eh->e_entry < ph.p_paddr + ph.p_memsz)
			entry_ok = true;
	}
	if (!high)
		return err_set(err, -ENOEXEC,
			       "a program, not a kernel: none of it is linked to kernel addresses");
	if (!entry_ok)
		return err_set(err, -ENOEXEC,
			       "an ELF file whose entry point is not in it: a vmlinux is needed");

	img->entry = eh->e_entry;
	img->end = end;
	img->initrd_max = 0x7fffffff;
	img->cmdline_max = CMDLINE_MAX - 1;
	img->setup_header_len = 0;
	return 0;
}

/*
 * The kernel itself, out of a bzImage. Whatever is wrong with it, or new: its own decompressor may
 * still know better, and says so where it does not.
 */
static int load_unpacked(const struct loader *ld, const void *file, size_t len,
			 const struct setup_header *hdr, struct kernel_image *img)
{
	uint64_t seed = ld->seed, slots, delta;
	const void *elf = ld->unpacked;
	size_t elf_len = ld->unpacked_len;
	void *own = NULL;
	int ret;

	if (!elf) {
		ret = payload_unpack(file, len, setup_size(hdr), hdr, &own, &elf_len);
		if (ret)
			return ret;
		elf = own;
	}
	ret = load_elf(ld, elf, elf_len, img, NULL);
	if (!ret && !ld->no_kaslr) {
		slots = payload_slots(hdr->pref_address, hdr->init_size, hdr->kernel_alignment);
		delta = splitmix64(&seed) % slots * hdr->kernel_alignment;
		ret = payload_relocate(elf, elf_len, ld->ram, ld->top, delta);
		/* One that is not relocatable. */
		if (ret == -ENOENT)
			ret = 0;
	}
	free(own);
	return ret;
}

static int check_bzimage(const struct setup_header *hdr, size_t len, struct err *err)
{
	uint64_t end = setup_size(hdr) + payload_size(hdr);

	if (hdr->version < HDR_MIN_VERSION || !(hdr->loadflags & LOADED_HIGH))
		return err_set(err, -ENOEXEC,
			       "boot protocol %u.%02u is too old: a bzImage of Linux 3.8 or later is needed",
			       hdr->version >> 8, hdr->version & 0xff);
	if (!(hdr->xloadflags & XLF_KERNEL_64))
		return err_set(err, -ENOEXEC, "a 32-bit kernel: an x86-64 one is needed");

	if (!payload_size(hdr) || end > len)
		return err_set(err, -ENOEXEC,
			       "a truncated bzImage: %zu bytes, its header says %llu: copy or build it again",
			       len, (unsigned long long)end);
	return 0;
}

int kernel_unpack(const void *file, size_t len, void **out, size_t *out_len)
{
	const struct setup_header *hdr = find_header(file, len);

	if (!hdr || check_bzimage(hdr, len, NULL))
		return -ENOEXEC;
	return payload_unpack(file, len, setup_size(hdr), hdr, out, out_len);
}

static int load_bzimage(const struct loader *ld, const void *file, size_t len,
			const struct setup_header *hdr, struct kernel_image *img,
			struct err *err)
{
	uint64_t payload = payload_size(hdr), init_size = hdr->init_size, start;
	int ret;

	ret = check_bzimage(hdr, len, err);
	if (ret)
		return ret;
	ret = claim(ld, GPA_KERNEL, max(init_size, payload), err);
	if (ret)
		return ret;
	/* The decompressor goes to pref_address if it lies above the load address. */
	start = hdr->pref_address;
	if (start < GPA_KERNEL || start > ld->top)
		start = GPA_KERNEL;
	ret = claim(ld, start, max(init_size, payload), err);
	if (ret)
		return ret;

	if (!ld->unpack || load_unpacked(ld, file, len, hdr, img)) {
		memcpy(ld->ram + GPA_KERNEL, (const char *)file + setup_size(hdr), payload);
		img->entry = GPA_KERNEL + ENTRY64_OFF;
		img->end = 0;
		img->decompressor = true;
	}
	img->end = max(img->end, start + max(init_size, payload));
	img->initrd_max = hdr->initrd_addr_max;
	img->cmdline_max = hdr->cmdline_size;
	/* boot.rst: the header ends where the jump at 0x200 points to. */
	img->setup_header_len = min(sizeof(*hdr),
				    0x202UL + ((const uint8_t *)file)[0x201] - HDR_OFF);
	memcpy(img->setup_header, hdr, img->setup_header_len);
	return 0;
}

int kernel_load(const struct loader *ld, const void *file, size_t len,
		struct kernel_image *img, struct err *err)
{
	const struct setup_header *hdr;

	memset(img, 0, sizeof(*img));
	if (!len)
		return err_set(err, -ENOEXEC, "an empty file");
	hdr = find_header(file, len);
	if (hdr)
		return load_bzimage(ld, file, len, hdr, img, err);
	if (len >= SELFMAG && !memcmp(file, ELFMAG, SELFMAG))
		return load_elf(ld, file, len, img, err);
	return err_set(err, -ENOEXEC, "neither a bzImage nor a vmlinux ELF file");
}

/* An ELF kernel has its banner in it: "Linux version 7.3.4 (who@where) (compiler) #1 ...". */
static const char *find_banner(const void *file, size_t len)
{
	static const char banner[] = "Linux version ";
	const char *p = file, *end = p + len;

	while ((p = memmem(p, end - p, banner, sizeof(banner) - 1))) {
		p += sizeof(banner) - 1;
		/* Not the format string that makes the banner of /proc/version. */
		if (p < end && *p >= '0' && *p <= '9')
			return p;
	}
	return NULL;
}

char *kernel_version(const void *file, size_t len, char *buf, size_t size)
{
	const struct setup_header *hdr = find_header(file, len);
	const char *s = NULL;
	size_t n, left;

	buf[0] = 0;
	/* boot.rst: "a NUL-terminated human-readable kernel version number string - 0x200" */
	if (!hdr)
		s = find_banner(file, len);
	else if (hdr->kernel_version && hdr->kernel_version + 0x200UL < len)
		s = (const char *)file + hdr->kernel_version + 0x200;
	if (!s)
		return buf;
	left = (const char *)file + len - s;
	n = strnlen(s, min_t(size_t, 256, left));
	snprintf(buf, size, "%.*s", (int)n, s);
	buf[strcspn(buf, "\n")] = 0;
	return buf;
}
