// SPDX-License-Identifier: GPL-2.0
/*
 * payloads.c - programs that tests run in their guests: found on the host, and packed
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../guest/payload.h"
#include "initrd.h"

static bool try(char *buf, size_t size, const char *dir, size_t dir_len, const char *name)
{
	int len = snprintf(buf, size, "%.*s/%s", (int)dir_len, dir, name);

	return len > 0 && (size_t)len < size && !access(buf, X_OK);
}

/* A path as it is; a name beside this program, as those of our own tests are, or in $PATH. */
static int locate(const char *program, const char *self, char *buf, size_t size)
{
	const char *path = getenv("PATH");
	size_t len;

	if (strchr(program, '/')) {
		snprintf(buf, size, "%s", program);
		return access(buf, X_OK) ? -errno : 0;
	}
	if (try(buf, size, self, strrchr(self, '/') - self, program))
		return 0;
	for (; path && *path; path += len + (path[len] == ':')) {
		len = strcspn(path, ":");
		if (len && try(buf, size, path, len, program))
			return 0;
	}
	return -ENOENT;
}

static int add_files(const struct ktstr_payload *def, struct initramfs *ird, struct err *err)
{
	const char *const *file;
	char path[PATH_MAX];
	int ret = 0;

	for (file = def->files; file && *file && !ret; file++)
		ret = initramfs_add_file(ird, payload_path(def, *file, path, sizeof(path)), *file,
					 err);
	return ret;
}

static int add_payload(const struct ktstr_payload *def, const char *self, struct initramfs *ird,
		       struct err *err)
{
	char host[PATH_MAX], path[PATH_MAX];
	int ret;

	ret = locate(def->program, self, host, sizeof(host));
	if (ret)
		return err_set(err, ret, "%s: %s", def->program,
			       ret == -ENOENT ? "there is no such program" : strerror(-ret));
	ret = initramfs_add_program(ird, payload_path(def, def->program, path, sizeof(path)), host,
				    err);
	return ret ? ret : add_files(def, ird, err);
}

static void skip_all(struct plan *plan, const struct ktstr_test *test, const char *why)
{
	unsigned int i;

	for (i = 0; i < plan->nr; i++)
		if (plan->inst[i].test == test && !plan->inst[i].skip[0])
			snprintf(plan->inst[i].skip, sizeof(plan->inst[i].skip), "%s", why);
}

static int add_all(const struct ktstr_test *test, struct plan *plan, const char *self,
		   struct initramfs *ird)
{
	const struct step *step;
	char why[sizeof(plan->inst->skip)];
	struct err err = { "" };
	const struct op *op;
	int ret;

	for_each_op(test, step, op) {
		if (op->kind != OP_RUN_PAYLOAD)
			continue;
		ret = add_payload(op->payload, self, ird, &err);
		if (ret == -ENOMEM)
			return ret;
		if (!ret)
			continue;
		snprintf(why, sizeof(why), "payload %s: %.120s; %s", op->payload->name,
			 err.msg[0] ? err.msg : strerror(-ret), op->payload->cure);
		skip_all(plan, test, why);
		return 0;
	}
	return 0;
}

int payloads_add(struct plan *plan, const char *self, struct initramfs *ird)
{
	const struct ktstr_test *const *pos;
	int ret = 0;

	for_each_test(pos) {
		ret = add_all(*pos, plan, self, ird);
		if (ret)
			break;
	}
	return ret;
}
