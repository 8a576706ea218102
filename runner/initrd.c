// SPDX-License-Identifier: GPL-2.0
/*
 * initrd.c - what the guest's root file system holds
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../guest/scheduler.h"
#include "initrd.h"

static const char *const dirs[] = { "/proc", "/sys", "/dev", "/tmp", "/run" };

/* Refuse early what the guest could only fail to execute. */
static int check_scheduler(const char *path, struct err *err)
{
	char magic[3];
	struct stat st;
	int ret;

	if (stat(path, &st))
		return err_set(err, -errno, "--sched: %s: %s; give a program, builtin:NAME or none",
			       path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return err_set(err, -EINVAL,
			       "--sched: %s: not a file; give a program, builtin:NAME or none",
			       path);
	if (!(st.st_mode & 0111))
		return err_set(err, -EACCES, "--sched: %s: not executable; chmod +x it", path);
	ret = read_file(path, magic, sizeof(magic));
	if (ret < 0)
		return err_set(err, ret, "--sched: %s: %s", path, strerror(-ret));
	if (ret == 2 && !memcmp(magic, "#!", 2))
		return err_set(err, -ENOEXEC,
			       "--sched: %s: a script; there is no interpreter in the guest, give the program itself",
			       path);
	return 0;
}

static int add_scheduler(struct initramfs *ird, const char *path, struct err *err)
{
	struct err why = { "" };
	int ret;

	ret = check_scheduler(path, err);
	if (ret)
		return ret;
	ret = initramfs_add_program(ird, SCHED_BINARY_PATH, path, &why);
	return ret ? err_set(err, ret, "--sched: %s", why.msg[0] ? why.msg : strerror(-ret)) : 0;
}

int initrd_build(const struct options *opts, const char *self, struct plan *plan,
		 struct initramfs *ird, struct err *err)
{
	unsigned int i;
	int ret = 0;

	initramfs_init(ird);
	for (i = 0; !ret && i < ARRAY_SIZE(dirs); i++)
		ret = initramfs_add_dir(ird, dirs[i]);
	/* Where the kernel opens PID 1's standard streams, before devtmpfs is there. */
	if (!ret)
		ret = initramfs_add_node(ird, "/dev/console", S_IFCHR | 0600, 5, 1);
	if (!ret)
		ret = initramfs_add_program(ird, "/init", self, err);
	if (!ret && opts->sched_kind == SCHED_KIND_BINARY)
		ret = add_scheduler(ird, opts->sched, err);
	if (!ret && plan)
		ret = payloads_add(plan, self, ird);
	if (!ret)
		ret = initramfs_finish(ird);
	if (ret) {
		err_set(err, ret, "building the initramfs: %s", strerror(-ret));
		initramfs_free(ird);
	}
	return ret;
}

int initrd_with_job(const struct initramfs *ird, const struct job *job, char **data, size_t *len)
{
	struct initramfs extra;
	int ret;

	/* The kernel unpacks any number of archives, one after the other. */
	initramfs_init(&extra);
	ret = initramfs_add_data(&extra, JOB_FILE, 0400, job, sizeof(*job));
	if (!ret)
		ret = initramfs_finish(&extra);
	if (ret)
		goto out;
	*len = ird->len + extra.len;
	*data = malloc(*len);
	if (!*data) {
		ret = -ENOMEM;
		goto out;
	}
	memcpy(*data, ird->data, ird->len);
	memcpy(*data + ird->len, extra.data, extra.len);
out:
	initramfs_free(&extra);
	return ret;
}
