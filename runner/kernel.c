// SPDX-License-Identifier: GPL-2.0
/*
 * kernel.c - which kernel is under test
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "../lib/report.h"
#include "../vmm/vm.h"
#include "kernel.h"

#define BZIMAGE		"arch/x86/boot/bzImage"
#define CONFIG_MAX	(4 * MIB)

/* Where distributions and build trees have a running kernel's image; %s is its release. */
static const char *const running_images[] = {
	"/lib/modules/%s/vmlinuz",
	"/usr/lib/modules/%s/vmlinuz",
	"/boot/vmlinuz-%s",
	"/boot/bzImage-%s",
	("/lib/modules/%s/build/" BZIMAGE),
};

/* Symbols for it: the list of libbpf (tools/lib/bpf/btf.c), less what has BTF alone. */
static const char *const running_vmlinux[] = {
	"/lib/modules/%s/vmlinux",
	"/lib/modules/%s/build/vmlinux",
	"/usr/lib/debug/boot/vmlinux-%s",
	"/usr/lib/debug/lib/modules/%s/vmlinux",
};

static const char *const running_configs[] = {
	"/boot/config-%s",
	"/lib/modules/%s/config",
	"/usr/lib/modules/%s/config",
};

static bool is_file(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode);
}

static bool is_dir(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

/* DIR/NAME, or "" when it does not fit. */
static void join(char *buf, size_t size, const char *dir, const char *name)
{
	if ((size_t)snprintf(buf, size, "%s/%s", dir, name) >= size)
		*buf = '\0';
}

static void pick(char *buf, size_t size, const char *const *formats, unsigned int nr,
		 const char *release)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		/* The formats are the constants above. */
		const char *sub = strstr(formats[i], "%s");
		int len = snprintf(buf, size, "%.*s%s%s", (int)(sub - formats[i]), formats[i],
				   release, sub + 2);

		if (len > 0 && (size_t)len < size && is_file(buf))
			return;
	}
	*buf = '\0';
}

static int use_image(struct kernel *k, struct err *err)
{
	struct stat st;
	int ret;

	ret = vm_kernel_info(k->image, k->version, sizeof(k->version), err);
	if (ret)
		return ret;
	if (stat(k->image, &st))
		return err_set(err, -errno, "%s: %s", k->image, strerror(errno));
	k->size = st.st_size;
	return 0;
}

/* A build directory: the bzImage boots (vmlinux only if there is none), vmlinux has the symbols. */
static int use_build_dir(const char *dir, struct kernel *k, struct err *err)
{
	snprintf(k->arg, sizeof(k->arg), "%s", dir);
	join(k->image, sizeof(k->image), dir, BZIMAGE);
	join(k->vmlinux, sizeof(k->vmlinux), dir, "vmlinux");
	join(k->config, sizeof(k->config), dir, ".config");
	if (!is_file(k->vmlinux))
		k->vmlinux[0] = '\0';
	if (!is_file(k->config))
		k->config[0] = '\0';
	if (!is_file(k->image))
		memcpy(k->image, k->vmlinux, sizeof(k->image));
	if (!k->image[0])
		return err_set(err, -ENOENT,
			       "%s: neither %s nor vmlinux in it; build a kernel there first", dir,
			       BZIMAGE);
	return use_image(k, err);
}

static bool is_elf(const char *path)
{
	char magic[5];

	return read_file(path, magic, sizeof(magic)) == 4 && !memcmp(magic, "\177ELF", 4);
}

/* A kernel file. If it lies in a build directory, that has the symbols too. */
static int use_file(const char *path, struct kernel *k, struct err *err)
{
	size_t len = strlen(path), tail = strlen("/" BZIMAGE);
	char dir[PATH_MAX];

	snprintf(k->arg, sizeof(k->arg), "%s", path);
	snprintf(k->image, sizeof(k->image), "%s", path);
	if (is_elf(path)) {
		snprintf(k->vmlinux, sizeof(k->vmlinux), "%s", path);
	} else if (len > tail && !strcmp(path + len - tail, "/" BZIMAGE)) {
		snprintf(dir, sizeof(dir), "%.*s", (int)(len - tail), path);
		join(k->vmlinux, sizeof(k->vmlinux), dir, "vmlinux");
		join(k->config, sizeof(k->config), dir, ".config");
		if (!is_file(k->vmlinux))
			k->vmlinux[0] = '\0';
		if (!is_file(k->config))
			k->config[0] = '\0';
	}
	return use_image(k, err);
}

static int use_named(const char *path, const char *from, struct kernel *k, struct err *err)
{
	struct err why = { "" };
	char real[PATH_MAX];
	struct stat st;
	int ret;

	/* The run-again line must work from any directory. */
	if (!realpath(path, real))
		return err_set(err, -EINVAL,
			       "%s: %s: %s; give a bzImage, a vmlinux or a build directory", from,
			       path, strerror(errno));
	if (stat(real, &st))
		return err_set(err, -EINVAL, "%s: %s: %s", from, path, strerror(errno));
	if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
		return err_set(err, -EINVAL, "%s: %s: neither a file nor a build directory", from,
			       path);
	ret = S_ISDIR(st.st_mode) ? use_build_dir(real, k, &why) : use_file(real, k, &why);
	if (ret)
		return err_set(err, ret == -ENOENT ? -EINVAL : ret, "%s: %s", from, why.msg);
	return 0;
}

static void pass_over(struct kernel *k, const struct err *why)
{
	size_t len = strlen(k->passed_over);

	snprintf(k->passed_over + len, sizeof(k->passed_over) - len, "%s%s", len ? "; " : "",
		 why->msg);
}

/* A place that may hold a build. Only what is there and unfit is worth a word. */
static int try_build_dir(const char *dir, struct kernel *k)
{
	char over[sizeof(k->passed_over)], real[PATH_MAX], probe[PATH_MAX + 32];
	struct err why = { "" };
	int ret;

	if (!dir || !*dir || !realpath(dir, real) || !is_dir(real))
		return -ENOENT;
	snprintf(probe, sizeof(probe), "%s/" BZIMAGE, real);
	if (!is_file(probe)) {
		/* A stray vmlinux above an installed test is no build directory. */
		snprintf(probe, sizeof(probe), "%s/include/config", real);
		if (!is_dir(probe))
			return -ENOENT;
	}
	ret = use_build_dir(real, k, &why);
	if (!ret)
		return 0;
	memcpy(over, k->passed_over, sizeof(over));
	memset(k, 0, sizeof(*k));
	memcpy(k->passed_over, over, sizeof(over));
	if (ret != -ENOENT)
		pass_over(k, &why);
	return -ENOENT;
}

static int try_running(struct kernel *k)
{
	struct err why = { "" };
	struct utsname uts;
	unsigned int i;

	if (uname(&uts))
		return -ENOENT;
	for (i = 0; i < ARRAY_SIZE(running_images); i++) {
		pick(k->image, sizeof(k->image), &running_images[i], 1, uts.release);
		if (!k->image[0])
			continue;
		memset(&why, 0, sizeof(why));
		memcpy(k->arg, k->image, sizeof(k->arg));
		if (use_image(k, &why)) {
			pass_over(k, &why);
			continue;
		}
		pick(k->vmlinux, sizeof(k->vmlinux), running_vmlinux, ARRAY_SIZE(running_vmlinux),
		     uts.release);
		pick(k->config, sizeof(k->config), running_configs, ARRAY_SIZE(running_configs),
		     uts.release);
		return 0;
	}
	k->image[0] = '\0';
	return -ENOENT;
}

int kernel_locate(const char *path, const char *from, const char *self, struct kernel *k,
		  struct err *err)
{
	char tree[PATH_MAX];
	char *slash;

	memset(k, 0, sizeof(*k));
	if (path)
		return use_named(path, from, k, err);

	path = getenv("KTSTR_KERNEL_DIR");
	if (path && *path)
		return use_named(path, "KTSTR_KERNEL_DIR", k, err);
#ifdef KTSTR_BUILD_DIR
	if (!try_build_dir(KTSTR_BUILD_DIR, k))
		return 0;
#endif
	/* tools/testing/selftests/ktstr of a tree that was built in place. */
	snprintf(tree, sizeof(tree), "%s", self);
	slash = strrchr(tree, '/');
	if (slash && (size_t)(slash - tree) + sizeof("/../../../..") < sizeof(tree)) {
		memcpy(slash, "/../../../..", sizeof("/../../../.."));
		if (!try_build_dir(tree, k))
			return 0;
	}
	if (!try_running(k))
		return 0;
	return err_set(err, -ENOENT,
		       "no kernel image found: none in the tree, none for the running kernel%s%s%s; give one with --kernel or KTSTR_KERNEL",
		       k->passed_over[0] ? " (" : "", k->passed_over, k->passed_over[0] ? ")" : "");
}

void kernel_report(const struct kernel *k)
{
	char *text = NULL;
	size_t len = 0;

	report_diag("", "kernel: %s", k->image);
	report_diag("", "kernel version: %s", k->version[0] ? k->version : "unknown");
	if (k->config[0] && !read_file_alloc(k->config, CONFIG_MAX, &text, &len))
		report_diag("", "kernel config: %s, crc32 %08x", k->config,
			    crc32_update(0, text, len));
	if (k->passed_over[0])
		report_diag("", "kernel: passed over %s", k->passed_over);
	free(text);
}
