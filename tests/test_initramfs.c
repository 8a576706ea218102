// SPDX-License-Identifier: GPL-2.0
/*
 * test_initramfs.c - the archive, read back as the kernel would
 */
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../vmm/initramfs.h"
#include "kselftest_harness.h"

#define HEADER_LEN	110

struct entry {
	const char *name;
	unsigned long mode, size, major, minor;
	const char *data;
};

static unsigned long field(const char *header, int i)
{
	char hex[9] = "";

	memcpy(hex, header + 6 + 8 * i, 8);
	return strtoul(hex, NULL, 16);
}

/* The entry at *@off; moves behind it. False at the end or when it is damaged. */
static bool next_entry(const struct initramfs *ird, size_t *off, struct entry *e)
{
	const char *h = ird->data + *off;
	size_t name_len;

	if (*off + HEADER_LEN > ird->len || memcmp(h, "070701", 6))
		return false;
	name_len = field(h, 11);
	e->mode = field(h, 1);
	e->size = field(h, 6);
	e->major = field(h, 9);
	e->minor = field(h, 10);
	e->name = h + HEADER_LEN;
	*off = ALIGN_UP(*off + HEADER_LEN + name_len, 4);
	e->data = ird->data + *off;
	*off = ALIGN_UP(*off + e->size, 4);
	return *off <= ird->len && e->name[name_len - 1] == 0;
}

static bool find(const struct initramfs *ird, const char *name, struct entry *e)
{
	size_t off = 0;

	while (next_entry(ird, &off, e))
		if (!strcmp(e->name, name))
			return true;
	return false;
}

FIXTURE(initramfs) {
	struct initramfs ird;
	struct err err;
};

FIXTURE_SETUP(initramfs)
{
	initramfs_init(&self->ird);
}

FIXTURE_TEARDOWN(initramfs)
{
	initramfs_free(&self->ird);
}

TEST_F(initramfs, ends_with_sentinel_and_trailer)
{
	const char *last = NULL, *before = NULL;
	struct entry e;
	size_t off = 0;

	ASSERT_EQ(initramfs_add_data(&self->ird, "/a", 0644, "x", 1), 0);
	ASSERT_EQ(initramfs_finish(&self->ird), 0);
	while (next_entry(&self->ird, &off, &e)) {
		before = last;
		last = e.name;
	}
	EXPECT_EQ(off, self->ird.len);
	EXPECT_EQ(self->ird.len % 4, 0);
	ASSERT_NE(before, NULL);
	EXPECT_STREQ(last, "TRAILER!!!");
	EXPECT_STREQ(before, &INITRAMFS_SENTINEL[1]);
}

/* Every length modulo 4, of names and of data. */
TEST_F(initramfs, padding)
{
	char name[16], data[16];
	struct entry e;
	int i;

	memset(data, 'd', sizeof(data));
	for (i = 1; i < 10; i++) {
		snprintf(name, sizeof(name), "/%.*s", i, "nnnnnnnnnnnn");
		ASSERT_EQ(initramfs_add_data(&self->ird, name, 0600, data, i), 0);
	}
	ASSERT_EQ(initramfs_finish(&self->ird), 0);
	for (i = 1; i < 10; i++) {
		snprintf(name, sizeof(name), "%.*s", i, "nnnnnnnnnnnn");
		ASSERT_TRUE(find(&self->ird, name, &e));
		EXPECT_EQ(e.size, (unsigned long)i);
		EXPECT_EQ(memcmp(e.data, data, i), 0);
		EXPECT_EQ(e.mode, S_IFREG | 0600);
	}
}

TEST_F(initramfs, parents_come_first_and_once)
{
	unsigned int dirs = 0;
	struct entry e;
	size_t off = 0;

	ASSERT_EQ(initramfs_add_data(&self->ird, "/a/b/c", 0644, "", 0), 0);
	ASSERT_EQ(initramfs_add_data(&self->ird, "/a/b/d", 0644, "", 0), 0);
	ASSERT_EQ(initramfs_add_data(&self->ird, "/a/b/c", 0644, "again", 5), 0);
	ASSERT_EQ(initramfs_add_dir(&self->ird, "/"), 0);
	ASSERT_EQ(initramfs_finish(&self->ird), 0);
	ASSERT_TRUE(next_entry(&self->ird, &off, &e));
	EXPECT_STREQ(e.name, "a");
	ASSERT_TRUE(next_entry(&self->ird, &off, &e));
	EXPECT_STREQ(e.name, "a/b");
	for (off = 0; next_entry(&self->ird, &off, &e);)
		dirs += S_ISDIR(e.mode);
	EXPECT_EQ(dirs, 2);
	ASSERT_TRUE(find(&self->ird, "a/b/c", &e));
	EXPECT_EQ(e.size, 0);
}

TEST_F(initramfs, device_node)
{
	struct entry e;

	ASSERT_EQ(initramfs_add_node(&self->ird, "/dev/console", S_IFCHR | 0600, 5, 1), 0);
	ASSERT_TRUE(find(&self->ird, "dev/console", &e));
	EXPECT_EQ(e.mode, S_IFCHR | 0600);
	EXPECT_EQ(e.major, 5);
	EXPECT_EQ(e.minor, 1);
}

/* A dynamic program brings its interpreter and the C library along. */
TEST_F(initramfs, program_closure)
{
	struct entry e;

	ASSERT_EQ(initramfs_add_program(&self->ird, "/prog", "/bin/ls", &self->err), 0) {
		TH_LOG("%s", self->err.msg);
	}
	ASSERT_TRUE(find(&self->ird, "prog", &e));
	EXPECT_EQ(e.mode & 0111, 0111);
	ASSERT_TRUE(find(&self->ird, "lib/libc.so.6", &e));
	EXPECT_EQ(memcmp(e.data, ELFMAG, SELFMAG), 0);
	EXPECT_TRUE(find(&self->ird, "lib64/ld-linux-x86-64.so.2", &e));
}

/* A copy of a program with some bytes changed. */
static int broken_copy(char *path, const char *from, size_t off, const void *bytes, size_t len)
{
	size_t size;
	char *data;
	int fd, ret;

	ret = read_file_alloc(from, 64 * MIB, &data, &size);
	if (ret)
		return ret;
	if (off + len <= size)
		memcpy(data + off, bytes, len);
	fd = mkstemp(path);
	if (fd < 0)
		ret = -errno;
	else
		ret = write_all(fd, data, size);
	if (fd >= 0)
		close(fd);
	free(data);
	return ret;
}

TEST_F(initramfs, wrong_machine)
{
	const uint16_t aarch64 = EM_AARCH64;
	char path[] = "/tmp/ktstr-test-XXXXXX";

	ASSERT_EQ(broken_copy(path, "/bin/ls", offsetof(Elf64_Ehdr, e_machine), &aarch64, 2), 0);
	EXPECT_EQ(initramfs_add_program(&self->ird, "/prog", path, &self->err), -ENOEXEC);
	EXPECT_NE(strstr(self->err.msg, "another machine"), NULL);
	unlink(path);
}

TEST_F(initramfs, missing_library)
{
	char path[] = "/tmp/ktstr-test-XXXXXX", *data, *name;
	size_t size;

	/* The string table names libc.so.6; nobody has libc.so.~. */
	ASSERT_EQ(read_file_alloc("/bin/ls", 64 * MIB, &data, &size), 0);
	name = memmem(data, size, "libc.so.6", 9);
	ASSERT_NE(name, NULL);
	ASSERT_EQ(broken_copy(path, "/bin/ls", name + 8 - data, "~", 1), 0);
	EXPECT_EQ(initramfs_add_program(&self->ird, "/prog", path, &self->err), -ENOENT);
	EXPECT_NE(strstr(self->err.msg, "libc.so.~"), NULL);
	unlink(path);
	free(data);
}

/* Cut anywhere: never half a program in the guest. */
TEST_F(initramfs, truncated)
{
	char path[] = "/tmp/ktstr-test-XXXXXX", *data;
	size_t size, cut;
	int fd = mkstemp(path);

	ASSERT_GE(fd, 0);
	ASSERT_EQ(read_file_alloc("/bin/ls", 64 * MIB, &data, &size), 0);
	for (cut = size / 8; cut < size - 4096; cut += size / 8) {
		ASSERT_EQ(ftruncate(fd, 0), 0);
		ASSERT_EQ(lseek(fd, 0, SEEK_SET), 0);
		ASSERT_EQ(write_all(fd, data, cut), 0);
		initramfs_free(&self->ird);
		self->err.msg[0] = 0;
		EXPECT_EQ(initramfs_add_program(&self->ird, "/prog", path, &self->err), -ENOEXEC);
		EXPECT_NE(self->err.msg[0], 0);
	}
	close(fd);
	unlink(path);
	free(data);
}

TEST_F(initramfs, not_a_program)
{
	EXPECT_EQ(initramfs_add_program(&self->ird, "/prog", "/etc/passwd", &self->err), -ENOEXEC);
	EXPECT_NE(strstr(self->err.msg, "/etc/passwd"), NULL);
	self->err.msg[0] = 0;
	EXPECT_EQ(initramfs_add_program(&self->ird, "/p2", "/nonexistent/p", &self->err), -ENOENT);
	EXPECT_NE(strstr(self->err.msg, "/nonexistent/p"), NULL);
}

TEST_HARNESS_MAIN
