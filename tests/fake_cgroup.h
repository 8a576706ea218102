/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fake_cgroup.h - a cgroup file system that lies in memory and can be told to fail
 *
 * It runs in the helper process of guest/cgroup.h; the test sees what was done
 * to it in a journal that both share.
 */
#ifndef KTSTR_TESTS_FAKE_CGROUP_H
#define KTSTR_TESTS_FAKE_CGROUP_H

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "../guest/cgroup.h"

#define FAKE_MOUNT	"/fake"
#define FAKE_DIRS	32
#define FAKE_PIDS	64
#define FAKE_LINES	512

struct fake_dir {
	char path[512];
	char cpus[256];
	char partition[64];
	char mems[32];
	bool frozen;
};

struct fake_pid {
	int pid;
	char path[512];
};

struct fake {
	struct fake_dir dir[FAKE_DIRS];		/* unused: empty path; 0 is the mount */
	struct fake_pid pid[FAKE_PIDS];
	unsigned int nr_pids;
	char line[FAKE_LINES][160];		/* "mkdir PATH", "write PATH DATA", ... */
	unsigned int nr_lines;
	char all[64];				/* CPUs of the root */

	/* What to do wrong, to which path (a substring). */
	char bad_path[128];
	int bad_ret;
	unsigned int bad_times;
	bool hang;
	bool refuse_rmdir;
	bool lie;				/* about cpuset.cpus.effective, and partitions */
	bool other_node;			/* is in force than cpuset.mems says */
	bool no_freeze;
	unsigned long long used_us;		/* usage_usec of whoever asks; grows by used_step */
	unsigned long long used_step;
};

static struct fake *fake;

static struct fake_dir *fake_find(const char *path)
{
	unsigned int i;

	for (i = 0; i < FAKE_DIRS; i++) {
		if (*path && !strcmp(fake->dir[i].path, path))
			return &fake->dir[i];
	}
	return NULL;
}

static bool fake_has(const char *path)
{
	char full[256];

	snprintf(full, sizeof(full), "%s/%s", FAKE_MOUNT, path);
	return fake_find(full);
}

/* How often a line is in the journal; all lines that begin with it. */
static unsigned int fake_count(const char *line)
{
	unsigned int i, nr = 0;

	for (i = 0; i < fake->nr_lines; i++)
		nr += !strncmp(fake->line[i], line, strlen(line));
	return nr;
}

/* Where in the journal exactly this line is first, -1 if it is not. */
static int fake_index(const char *line)
{
	unsigned int i;

	for (i = 0; i < fake->nr_lines; i++) {
		if (!strcmp(fake->line[i], line))
			return i;
	}
	return -1;
}

static void fake_effective(const char *path, struct cpumask *cpus)
{
	struct fake_dir *d = fake_find(path);
	struct cpumask own;
	char up[512];

	cpulist_parse(fake->all, cpus);
	if (!strcmp(path, FAKE_MOUNT) || !d)
		return;
	snprintf(up, sizeof(up), "%s", path);
	*strrchr(up, '/') = '\0';
	fake_effective(up, cpus);
	if (!cpulist_parse(d->cpus, &own)) {
		cpumask_and(&own, &own, cpus);
		if (!cpumask_empty(&own))
			*cpus = own;
	}
}

static int fake_write_pid(const char *path, const char *data)
{
	int pid = atoi(data);
	unsigned int i;

	if (kill(pid, 0))
		return -errno;
	for (i = 0; i < fake->nr_pids && fake->pid[i].pid != pid; i++)
		;
	if (i == FAKE_PIDS)
		return -ENOMEM;
	fake->nr_pids = max(fake->nr_pids, i + 1);
	fake->pid[i].pid = pid;
	snprintf(fake->pid[i].path, sizeof(fake->pid[i].path), "%s", path);
	return 0;
}

static void fake_read_pids(const char *path, char *data)
{
	unsigned int i;

	for (i = 0; i < fake->nr_pids; i++) {
		if (!strcmp(fake->pid[i].path, path) && !kill(fake->pid[i].pid, 0))
			data += sprintf(data, "%d\n", fake->pid[i].pid);
	}
	*data = '\0';
}

static int fake_rmdir(const char *path)
{
	struct fake_dir *d = fake_find(path);
	char pids[CGROUP_DATA_LEN];
	unsigned int i;

	if (!d)
		return -ENOENT;
	if (fake->refuse_rmdir)
		return -EBUSY;
	fake_read_pids(path, pids);
	if (*pids)
		return -EBUSY;
	for (i = 0; i < FAKE_DIRS; i++) {
		if (!strncmp(fake->dir[i].path, path, strlen(path)) &&
		    fake->dir[i].path[strlen(path)] == '/')
			return -EBUSY;
	}
	memset(d, 0, sizeof(*d));
	return 0;
}

static int fake_mkdir(const char *path)
{
	unsigned int i;

	if (fake_find(path))
		return -EEXIST;
	for (i = 0; i < FAKE_DIRS; i++) {
		if (!fake->dir[i].path[0]) {
			snprintf(fake->dir[i].path, sizeof(fake->dir[i].path), "%s", path);
			return 0;
		}
	}
	return -ENOMEM;
}

static bool fake_takes_all(const char *file)
{
	return !strcmp(file, "cgroup.subtree_control") || !strcmp(file, "cpu.weight") ||
	       !strcmp(file, "cpu.max") || !strcmp(file, "cpuset.cpus.exclusive");
}

/* Those of cgroup_control.c. -ENOSYS: not one of them. */
static int fake_control(struct fake_dir *d, const char *file, struct cgroup_req *req)
{
	bool write = req->op == CGROUP_REQ_WRITE;

	if (write && !strcmp(file, "cgroup.freeze")) {
		d->frozen = *req->data == '1' && !fake->no_freeze;
		return 0;
	}
	if (req->op == CGROUP_REQ_WAIT && !strcmp(file, "cgroup.events"))
		return d->frozen == !strcmp(req->data, "frozen 1") ? 0 : -ETIME;
	if (write && !strcmp(file, "cpuset.cpus.partition")) {
		snprintf(d->partition, sizeof(d->partition), "%s%.20s",
			 fake->lie ? "invalid " : "", req->data);
		return 0;
	}
	if (!write && !strcmp(file, "cpuset.cpus.partition")) {
		snprintf(req->data, sizeof(req->data), "%s\n", d->partition);
		return 0;
	}
	if (write && !strcmp(file, "cpuset.mems")) {
		snprintf(d->mems, sizeof(d->mems), "%.20s", fake->other_node ? "1" : req->data);
		return 0;
	}
	if (!write && !strcmp(file, "cpuset.mems.effective")) {
		snprintf(req->data, sizeof(req->data), "%s\n", d->mems);
		return 0;
	}
	if (!write && !strcmp(file, "cpu.stat")) {
		fake->used_us += fake->used_step;
		snprintf(req->data, sizeof(req->data), "nr_periods 0\nusage_usec %llu\n",
			 fake->used_us);
		return 0;
	}
	return -ENOSYS;
}

static int fake_file(struct cgroup_req *req)
{
	struct cpumask cpus;
	struct fake_dir *d;
	char path[512];
	char *file;
	int ret;

	snprintf(path, sizeof(path), "%s", req->path);
	file = strrchr(path, '/');
	*file++ = '\0';
	d = fake_find(path);
	if (!d)
		return -ENOENT;
	ret = fake_control(d, file, req);
	if (ret != -ENOSYS)
		return ret;
	if (req->op == CGROUP_REQ_WRITE) {
		if (!strcmp(file, "cgroup.procs"))
			return fake_write_pid(path, req->data);
		if (!strcmp(file, "cpuset.cpus")) {
			snprintf(d->cpus, sizeof(d->cpus), "%.250s", req->data);
			return cpulist_parse(d->cpus, &cpus);
		}
		return fake_takes_all(file) ? 0 : -ENOENT;
	}
	if (!strcmp(file, "cgroup.procs")) {
		fake_read_pids(path, req->data);
		return 0;
	}
	if (strcmp(file, "cpuset.cpus.effective"))
		return -ENOENT;
	fake_effective(path, &cpus);
	if (fake->lie)
		cpumask_clear_cpu(&cpus, cpumask_first(&cpus));
	cpulist_format(&cpus, req->data, sizeof(req->data) - 1);
	strcat(req->data, "\n");
	return 0;
}

static void fake_serve(struct cgroup_req *req)
{
	static const char *const names[] = { "mkdir", "rmdir", "write", "read", "wait" };
	bool within = !strncmp(req->path, FAKE_MOUNT, strlen(FAKE_MOUNT));
	const char *rel = within ? req->path + strlen(FAKE_MOUNT) : req->path;

	if (fake->hang) {
		for (;;)
			pause();
	}
	if (fake->nr_lines < FAKE_LINES && req->op != CGROUP_REQ_READ &&
	    req->op != CGROUP_REQ_WAIT)
		snprintf(fake->line[fake->nr_lines++], sizeof(fake->line[0]), "%s %.90s%s%.*s",
			 names[req->op], *rel ? rel + 1 : rel, *req->data ? " " : "",
			 (int)min(strcspn(req->data, "\n"), (size_t)40), req->data);
	if (fake->bad_times && strstr(req->path, fake->bad_path)) {
		fake->bad_times--;
		req->ret = fake->bad_ret;
		return;
	}
	/* What is written elsewhere is only noted. */
	if (!within) {
		req->ret = 0;
		return;
	}
	switch (req->op) {
	case CGROUP_REQ_MKDIR:
		req->ret = fake_mkdir(req->path);
		break;
	case CGROUP_REQ_RMDIR:
		req->ret = fake_rmdir(req->path);
		break;
	default:
		req->ret = fake_file(req);
	}
}

/* A root with CPUs 0 up to, without, @nr_cpus. */
static int fake_create(unsigned int nr_cpus)
{
	struct cpumask all = { };

	fake = mmap(NULL, sizeof(*fake), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (fake == MAP_FAILED)
		return -ENOMEM;
	cpumask_set_range(&all, 0, nr_cpus);
	cpulist_format(&all, fake->all, sizeof(fake->all));
	strcpy(fake->dir[0].path, FAKE_MOUNT);
	return 0;
}

static void fake_destroy(void)
{
	munmap(fake, sizeof(*fake));
}

static void fake_fail(const char *path, int ret, unsigned int times)
{
	snprintf(fake->bad_path, sizeof(fake->bad_path), "%s", path);
	fake->bad_ret = ret;
	fake->bad_times = times;
}

#endif /* KTSTR_TESTS_FAKE_CGROUP_H */
