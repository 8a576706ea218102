// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "initramfs.h"

#define CPIO_HEADER_LEN	110
#define CPIO_TRAILER	"TRAILER!!!"
#define FILE_LIMIT	(512 * MIB)

#define FIRST_CAP	(64 * KIB)

void initramfs_init(struct initramfs *ird)
{
	*ird = (struct initramfs){ .fd = -1 };
}

void initramfs_free(struct initramfs *ird)
{
	while (ird->nr_names)
		free(ird->names[--ird->nr_names]);
	free(ird->names);
	if (ird->data) {
		munmap(ird->data, ird->cap);
		close(ird->fd);
	}
	initramfs_init(ird);
}

/*
 * Shared memory, and not of the heap: each instance is a fork of whoever made this, and only what
 * it reads of it is mapped there.
 */
static int reserve(struct initramfs *ird, size_t more)
{
	size_t cap = max(ird->cap, FIRST_CAP);
	void *data;

	while (cap - ird->len < more)
		cap *= 2;
	if (cap == ird->cap)
		return 0;
	if (!ird->data) {
		ird->fd = memfd_create("ktstr-initramfs", MFD_CLOEXEC);
		if (ird->fd < 0)
			return -errno;
	}
	data = MAP_FAILED;
	if (!ftruncate(ird->fd, cap))
		data = ird->data ? mremap(ird->data, ird->cap, cap, MREMAP_MAYMOVE) :
				   mmap(NULL, cap, PROT_READ | PROT_WRITE, MAP_SHARED, ird->fd, 0);
	if (data == MAP_FAILED) {
		int ret = -errno;

		if (!ird->data)
			close(ird->fd);
		return ret;
	}
	ird->data = data;
	ird->cap = cap;
	return 0;
}

static void append(struct initramfs *ird, const void *buf, size_t len)
{
	size_t pad = -(ird->len + len) & 3;

	/* Without @buf it is filled later. */
	if (buf && len)
		memcpy(ird->data + ird->len, buf, len);
	memset(ird->data + ird->len + len, 0, pad);
	ird->len += len + pad;
}

static int put_entry(struct initramfs *ird, const char *name, mode_t mode,
		     unsigned int major, unsigned int minor, const void *data, size_t len)
{
	size_t name_len = strlen(name) + 1;
	char header[CPIO_HEADER_LEN + 1];
	int ret;

	ret = reserve(ird, CPIO_HEADER_LEN + name_len + len + 8);
	if (ret)
		return ret;
	/* magic ino mode uid gid nlink mtime size maj min rmaj rmin namesize check */
	snprintf(header, sizeof(header), "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X",
		 ++ird->ino, mode, 0, 0, S_ISDIR(mode) ? 2 : 1, 0, (unsigned int)len, 0, 0,
		 major, minor, (unsigned int)name_len, 0);
	memcpy(ird->data + ird->len, header, CPIO_HEADER_LEN);
	ird->len += CPIO_HEADER_LEN;
	append(ird, name, name_len);
	append(ird, data, len);
	return 0;
}

/* 1 when the name is new, 0 when it is in already. */
static int remember(struct initramfs *ird, const char *name)
{
	unsigned int i;
	char **names;

	for (i = 0; i < ird->nr_names; i++)
		if (!strcmp(ird->names[i], name))
			return 0;
	names = realloc(ird->names, (ird->nr_names + 1) * sizeof(*names));
	if (!names)
		return -ENOMEM;
	ird->names = names;
	names[ird->nr_names] = strdup(name);
	if (!names[ird->nr_names])
		return -ENOMEM;
	ird->nr_names++;
	return 1;
}

static int add(struct initramfs *ird, const char *path, mode_t mode,
	       unsigned int major, unsigned int minor, const void *data, size_t len)
{
	char *parent, *slash;
	int ret;

	/* Names in the archive have no leading slash. */
	while (*path == '/')
		path++;
	if (!*path)
		return 0;
	if (len > UINT32_MAX)
		return -EFBIG;

	slash = strrchr(path, '/');
	if (slash) {
		parent = strndup(path, slash - path);
		if (!parent)
			return -ENOMEM;
		ret = add(ird, parent, S_IFDIR | 0755, 0, 0, NULL, 0);
		free(parent);
		if (ret)
			return ret;
	}
	ret = remember(ird, path);
	if (ret <= 0)
		return ret;
	return put_entry(ird, path, mode, major, minor, data, len);
}

int initramfs_add_dir(struct initramfs *ird, const char *path)
{
	return add(ird, path, S_IFDIR | 0755, 0, 0, NULL, 0);
}

int initramfs_add_node(struct initramfs *ird, const char *path, mode_t mode,
		       unsigned int major, unsigned int minor)
{
	return add(ird, path, mode, major, minor, NULL, 0);
}

int initramfs_add_data(struct initramfs *ird, const char *path, mode_t mode,
		       const void *data, size_t len)
{
	return add(ird, path, S_IFREG | mode, 0, 0, data, len);
}

static int fill(char *to, size_t len, int fd)
{
	ssize_t n;

	while (len) {
		n = read(fd, to, len);
		if (n < 0 && errno == EINTR)
			continue;
		/* Shorter than it was a moment ago. */
		if (n <= 0)
			return n ? -errno : -EAGAIN;
		to += n;
		len -= n;
	}
	return 0;
}

/* Read to where it is to be: a buffer in between would stay in the heap, and in all children. */
static int add_open_file(struct initramfs *ird, const char *path, int fd, struct err *err)
{
	const size_t before = ird->len;
	struct stat st;
	int ret;

	if (fstat(fd, &st))
		return err_set(err, -errno, "%s", strerror(errno));
	if (!S_ISREG(st.st_mode))
		return err_set(err, -EINVAL, "not a regular file");
	if (st.st_size > (off_t)FILE_LIMIT)
		return err_set(err, -EFBIG, "%s", strerror(EFBIG));
	ret = add(ird, path, S_IFREG | (st.st_mode & 0777), 0, 0, NULL, st.st_size);
	/* Unless it is in already. */
	if (!ret && ird->len > before)
		ret = fill(ird->data + ird->len - ALIGN_UP(st.st_size, 4), st.st_size, fd);
	return ret ? err_set(err, ret, "%s", strerror(-ret)) : 0;
}

int initramfs_add_file(struct initramfs *ird, const char *path, const char *host_path,
		       struct err *err)
{
	/* To open a FIFO could take forever. */
	int fd = open(host_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), ret;
	struct err why = { "" };

	if (fd < 0)
		return err_set(err, -errno, "%s: %s", host_path, strerror(errno));
	ret = add_open_file(ird, path, fd, &why);
	close(fd);
	return ret ? err_set(err, ret, "%s: %s", host_path, why.msg) : 0;
}

int initramfs_finish(struct initramfs *ird)
{
	int ret;

	ret = initramfs_add_data(ird, INITRAMFS_SENTINEL, 0444, "", 0);
	if (ret)
		return ret;
	return put_entry(ird, CPIO_TRAILER, 0, 0, 0, NULL, 0);
}
