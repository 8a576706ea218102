/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kernel.h - which kernel is under test
 */
#ifndef KTSTR_RUNNER_KERNEL_H
#define KTSTR_RUNNER_KERNEL_H

#include <limits.h>
#include <stdbool.h>
#include "../lib/log.h"

struct kernel {
	char arg[PATH_MAX];	/* what -k must say to get it again: a build directory or a file */
	char image[PATH_MAX];	/* what boots */
	char vmlinux[PATH_MAX];	/* symbols of the same build, for the monitor; "" if none */
	char config[PATH_MAX];	/* its .config, "" if unknown */
	char version[256];
	uint64_t size;		/* of the image file */
	char passed_over[512];	/* what was found but could not be used, "" if nothing was */
};

/*
 * kernel_locate - @path (from @from, "--kernel" or "KTSTR_KERNEL"), or with NULL the first of:
 * KTSTR_KERNEL_DIR and the build directory that was recorded at build time, the tree that
 * this binary lies in, the running kernel. Never "the newest in /boot": that would
 * silently test another kernel. -ENOENT when nothing was found; any other error means
 * that what the user named is wrong.
 */
int kernel_locate(const char *path, const char *from, const char *self, struct kernel *k,
		  struct err *err);

/* kernel_report - the choice as diagnostics: path, version, configuration. */
void kernel_report(const struct kernel *k);

#endif /* KTSTR_RUNNER_KERNEL_H */
