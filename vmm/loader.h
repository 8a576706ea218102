/* SPDX-License-Identifier: GPL-2.0 */
/*
 * loader.h - puts a kernel and all it needs for its start into guest RAM
 *
 * Sources: Documentation/arch/x86/boot.rst and zero-page.rst; asm/bootparam.h.
 */
#ifndef KTSTR_VMM_LOADER_H
#define KTSTR_VMM_LOADER_H

#include <stdbool.h>
#include "../lib/log.h"

/* Guest RAM while it is being prepared: guest-physical 0 is @ram, [0, low_size) is contiguous. */
struct loader {
	uint8_t *ram;
	uint64_t ram_size;
	uint64_t low_size;
	uint64_t top;		/* low RAM from here on is taken (the window) */
	/*
	 * Decompress a bzImage here and now, if this program can, rather than in the guest; and, as
	 * its decompressor would, choose the kernel's virtual address, by @seed, unless that is off.
	 */
	bool unpack;
	bool no_kaslr;
	uint64_t seed;
	const void *unpacked;	/* what kernel_unpack() has made of the file, or NULL */
	size_t unpacked_len;
};

struct kernel_image {
	uint64_t entry;		/* 64-bit entry point, guest-physical */
	uint64_t end;		/* first byte that the kernel does not claim while it starts */
	bool decompressor;	/* it is what starts, and starts the kernel then */
	uint64_t initrd_max;	/* highest address that an initramfs may use */
	uint32_t cmdline_max;
	uint8_t setup_header[0x90];	/* bzImage: a copy of boot_params.hdr; zero for ELF */
	size_t setup_header_len;
};

/*
 * kernel_unpack - the kernel proper out of a bzImage of @len bytes at @file, for all guests that
 * are to start from it: *@out is malloc()ed. -ENOEXEC if it is no bzImage that can start; other
 * errors if only its own decompressor may know what to do with it.
 */
int kernel_unpack(const void *file, size_t len, void **out, size_t *out_len);

/*
 * kernel_load - a bzImage or a vmlinux ELF of @len bytes at @file. Every byte
 * of the file is distrusted. -ENOEXEC with the cause in @err if it is not
 * a 64-bit x86 kernel or is damaged, -ENOSPC if it does not fit.
 */
int kernel_load(const struct loader *ld, const void *file, size_t len,
		struct kernel_image *img, struct err *err);

/* kernel_version - the version string in a kernel image; "" if there is none. Returns @buf. */
char *kernel_version(const void *file, size_t len, char *buf, size_t size);

struct boot_config {
	const char *cmdline;
	const void *initramfs;
	size_t initramfs_len;
	uint64_t rsdp;		/* guest-physical address of ACPI's root pointer */
	uint64_t seed;
};

/*
 * boot_setup - GDT, identity page tables (4 GiB), trampoline, command line,
 * RNG seed, initramfs and boot_params. -E2BIG for a command line that the kernel
 * does not take, -ENOSPC with the numbers if the initramfs does not fit.
 */
int boot_setup(const struct loader *ld, const struct kernel_image *img,
	       const struct boot_config *cfg, struct err *err);

#endif /* KTSTR_VMM_LOADER_H */
