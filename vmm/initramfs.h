/* SPDX-License-Identifier: GPL-2.0 */
/*
 * initramfs.h - a newc cpio archive made in memory
 *
 * Format: Documentation/driver-api/early-userspace/buffer-format.rst.
 */
#ifndef KTSTR_VMM_INITRAMFS_H
#define KTSTR_VMM_INITRAMFS_H

#include <sys/types.h>
#include "../lib/log.h"
#include "../lib/platform.h"

struct initramfs {
	char *data;		/* mapped from @fd */
	size_t len, cap;
	int fd;			/* a memfd, if there are data */
	unsigned int ino;
	char **names;		/* what is in, so that nothing is added twice */
	unsigned int nr_names;
};

void initramfs_init(struct initramfs *ird);
void initramfs_free(struct initramfs *ird);

/*
 * Parent directories are made as needed; adding a name again is a no-op (0).
 * -ENOMEM, or for a host file the errno of opening or reading it, -EINVAL if it is no regular one.
 */
int initramfs_add_dir(struct initramfs *ird, const char *path);
int initramfs_add_node(struct initramfs *ird, const char *path, mode_t mode, unsigned int major,
		       unsigned int minor);
int initramfs_add_data(struct initramfs *ird, const char *path, mode_t mode, const void *data,
		       size_t len);
int initramfs_add_file(struct initramfs *ird, const char *path, const char *host_path,
		       struct err *err);

/*
 * initramfs_add_program - an ELF file under @path, with its interpreter and the closure of
 * its DT_NEEDED at the places where ld.so will look (ld.so(8): DT_RUNPATH with $ORIGIN,
 * the ld.so.cache directories, /lib, /usr/lib). -ENOEXEC for a file that is not an x86-64
 * program, -ENOENT with the library's name for one that is missing.
 */
int initramfs_add_program(struct initramfs *ird, const char *path, const char *host_path,
			  struct err *err);

/* initramfs_finish - the sentinel, the trailer, padding to 4 bytes. Nothing can come after it. */
int initramfs_finish(struct initramfs *ird);

#endif /* KTSTR_VMM_INITRAMFS_H */
