// SPDX-License-Identifier: GPL-2.0
/*
 * keep.c - --keep: files that stay after a run
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "keep.h"

int keep_file(const char *dir, const char *name, const char *file, const void *data, size_t len)
{
	char path[PATH_MAX];
	int fd, ret;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s%s%s", dir, name ? name : "",
			     name ? "/" : "", file) >= sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	ret = write_all(fd, data, len);
	if (close(fd) && !ret)
		ret = -errno;
	return ret;
}

static int make_dir(const char *path, struct err *err)
{
	struct stat st;

	if (!mkdir(path, 0755))
		return 0;
	if (errno != EEXIST)
		return err_set(err, -errno, "--keep: %s: %s", path, strerror(errno));
	if (stat(path, &st) || !S_ISDIR(st.st_mode))
		return err_set(err, -ENOTDIR, "--keep: %s: not a directory", path);
	return 0;
}

int keep_prepare(const struct runner *run, struct err *err)
{
	const char *dir = run->opts.keep;
	char path[PATH_MAX];
	unsigned int i;
	int ret;

	if (!dir)
		return 0;
	ret = make_dir(dir, err);
	if (ret)
		return ret;
	ret = keep_file(dir, NULL, "initramfs.cpio", run->initramfs.data, run->initramfs.len);
	if (ret)
		return err_set(err, ret, "--keep: %s/initramfs.cpio: %s", dir, strerror(-ret));
	for (i = 0; i < run->plan.nr; i++) {
		if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, run->plan.inst[i].name) >=
		    sizeof(path))
			return err_set(err, -ENAMETOOLONG, "--keep: %s: the path is too long", dir);
		ret = make_dir(path, err);
		if (ret)
			return ret;
	}
	return 0;
}

/* One line. */
void keep_phases(const struct runner *run, const char *name, struct instance_result *res)
{
	const struct phases *p = &res->phases;
	char *text = NULL;
	size_t len = 0;
	FILE *f;
	int ret = -ENOMEM;

	if (!p->at_ns[PHASE_START])
		return;
	f = open_memstream(&text, &len);
	if (f) {
		/* Names of instances and engines need no quoting. */
		fprintf(f, "{\"instance\":\"%s\",\"engine\":\"%s\",\"thawed\":%s,\"verdict\":\"%s\",\"ns\":",
			name, run->engine->name, p->thawed ? "true" : "false",
			verdict_name(res->outcome.verdict));
		phases_json(p, f);
		fputs("}\n", f);
		if (!fclose(f))
			ret = keep_file(run->opts.keep, name, "phases.json", text, len);
	}
	free(text);
	if (ret)
		textbuf_printf(&res->section[SECTION_NOTE], "--keep: phases.json: %s",
			       strerror(-ret));
}

void keep_result(const char *dir, const char *name, struct instance_result *res)
{
	static const char *const titles[NR_SECTIONS] = {
		[SECTION_DETAIL] = "details",
		[SECTION_NOTE] = "notes",
		[SECTION_MONITOR] = "monitor",
		[SECTION_SCHED] = "scheduler",
		[SECTION_KLOG] = "kernel log",
		[SECTION_CONSOLE] = "console",
		[SECTION_ENGINE] = "engine",
		[SECTION_LOG] = "log",
	};
	const struct outcome *out = &res->outcome;
	char *text = NULL;
	size_t len = 0;
	unsigned int i;
	FILE *f;
	int ret;

	f = open_memstream(&text, &len);
	if (!f)
		goto failed;
	fprintf(f, "verdict: %s\ncause: %s\ntext: %s\nreal: %.3f s\nguest: %.6f s\n",
		verdict_name(out->verdict), cause_name(out->cause), out->text, res->real_ns / 1e9,
		res->run_ns / 1e9);
	for (i = 0; i < NR_SECTIONS; i++)
		if (res->section[i].len)
			fprintf(f, "\n[%s]\n%s", titles[i], res->section[i].data);
	if (fclose(f))
		goto failed;
	ret = keep_file(dir, name, "result.txt", text, len);
	free(text);
	if (ret)
		textbuf_printf(&res->section[SECTION_NOTE], "--keep: %s/%s/result.txt: %s", dir,
			       name, strerror(-ret));
	return;
failed:
	free(text);
	textbuf_printf(&res->section[SECTION_NOTE], "--keep: result.txt: out of memory");
}
