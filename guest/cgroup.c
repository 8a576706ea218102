// SPDX-License-Identifier: GPL-2.0
/*
 * The cgroups of a test: a tree in the kernel and what it must look like.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cgroup.h"

#define BUSY_LIMIT_MS	1000	/* nothing tells when a process has finally left a cgroup */
#define DRAIN_TRIES	8

static int set_path(const struct cgroup_fs *fs, struct cgroup_req *req, const char *rel,
		    const char *file)
{
	int len;

	len = snprintf(req->path, sizeof(req->path), "%s%s%s%s%s", fs->mount, *rel ? "/" : "", rel,
		       file ? "/" : "", file ? file : "");
	return len < 0 || (size_t)len >= sizeof(req->path) ? -ENAMETOOLONG : 0;
}

/* -EBUSY is tried again, within bounds. */
static int call_again(struct cgroup_fs *fs, struct cgroup_req *req)
{
	const struct cgroup_req first = *req;
	int wait, waited = 0;
	int ret;

	for (wait = 1;; wait *= 2) {
		ret = cgroup_helper_call(fs, req);
		if (ret != -EBUSY || waited >= BUSY_LIMIT_MS)
			return ret;
		poll(NULL, 0, wait);
		waited += wait;
		*req = first;
	}
}

/* @rel is relative to the mount point. */
static int request(struct cgroup_fs *fs, enum cgroup_req_op op, const char *rel,
		   const char *file, char *data, struct err *err)
{
	struct cgroup_req req = { .op = op };
	int ret;

	ret = set_path(fs, &req, rel, file);
	if (ret)
		return err_set(err, ret, "%s: the name is too long", rel);
	if (op == CGROUP_REQ_WRITE || op == CGROUP_REQ_WAIT)
		snprintf(req.data, sizeof(req.data), "%s", data);
	ret = call_again(fs, &req);
	if (!ret && op == CGROUP_REQ_READ)
		memcpy(data, req.data, CGROUP_DATA_LEN);
	if (!ret)
		return 0;

	if (op == CGROUP_REQ_WRITE)
		return err_set(err, ret, "cannot write \"%.*s\" to %s: %s",
			       (int)strcspn(data, "\n"), data, req.path, strerror(-ret));
	if (op == CGROUP_REQ_WAIT && ret == -ETIME)
		return err_set(err, ret, "%s does not say \"%s\" after %llu ms", req.path, data,
			       CGROUP_WAIT_NS / NSEC_PER_MSEC);
	return err_set(err, ret, "cannot %s %s: %s",
		       op == CGROUP_REQ_MKDIR ? "make" :
		       op == CGROUP_REQ_RMDIR ? "remove" : "read", req.path, strerror(-ret));
}

/* The path of a cgroup, or of the base, below the mount point. */
static const char *rel_path(const struct cgroup_fs *fs, const struct cgroup *cg, char *buf,
			    size_t size)
{
	snprintf(buf, size, "%s%s%s", fs->base, cg ? "/" : "", cg ? cg->name : "");
	return buf;
}

#define REL_LEN	384

int cgroup_write(struct cgroup_fs *fs, const struct cgroup *cg, const char *file,
		 const char *data, struct err *err)
{
	char rel[REL_LEN];

	return request(fs, CGROUP_REQ_WRITE, rel_path(fs, cg, rel, sizeof(rel)), file,
		       (char *)data, err);
}

int cgroup_read(struct cgroup_fs *fs, const struct cgroup *cg, const char *file, char *data,
		struct err *err)
{
	char rel[REL_LEN];

	return request(fs, CGROUP_REQ_READ, rel_path(fs, cg, rel, sizeof(rel)), file, data, err);
}

int cgroup_wait(struct cgroup_fs *fs, const struct cgroup *cg, const char *file,
		const char *line, struct err *err)
{
	char rel[REL_LEN];

	return request(fs, CGROUP_REQ_WAIT, rel_path(fs, cg, rel, sizeof(rel)), file,
		       (char *)line, err);
}

int cgroup_write_path(struct cgroup_fs *fs, const char *path, const char *data, struct err *err)
{
	struct cgroup_req req = { .op = CGROUP_REQ_WRITE };
	int ret;

	snprintf(req.path, sizeof(req.path), "%s", path);
	snprintf(req.data, sizeof(req.data), "%s", data);
	ret = call_again(fs, &req);
	return ret ? err_set(err, ret, "cannot write \"%s\" to %s: %s", data, path,
			     strerror(-ret)) : 0;
}

int cgroup_fs_open(struct cgroup_fs *fs, const char *mount, const char *base,
		   const char *controllers, const struct cpumask *all, cgroup_serve serve,
		   struct err *err)
{
	char rel[REL_LEN] = "";
	const char *slash = base;
	int ret;

	memset(fs, 0, sizeof(*fs));
	fs->mount = mount;
	fs->base = base;
	fs->controllers = controllers;
	fs->all = *all;
	ret = cgroup_helper_start(fs, serve);
	if (ret)
		return err_set(err, ret, "cannot start the cgroup helper: %s", strerror(-ret));

	for (;;) {
		ret = request(fs, CGROUP_REQ_WRITE, rel, "cgroup.subtree_control",
			      (char *)controllers, err);
		if (ret || !slash)
			return ret;
		slash = strchr(slash, '/');
		snprintf(rel, sizeof(rel), "%.*s",
			 (int)(slash ? (size_t)(slash - base) : strlen(base)), base);
		if (slash)
			slash++;
		ret = request(fs, CGROUP_REQ_MKDIR, rel, NULL, NULL, NULL);
		if (ret && ret != -EEXIST)
			return err_set(err, ret, "cannot make %s/%s: %s", mount, rel,
				       strerror(-ret));
	}
}

int cgroup_fs_close(struct cgroup_fs *fs, struct err *err)
{
	int ret = 0;
	int one;

	if (!fs->pid)
		return 0;
	while (fs->list) {
		one = cgroup_remove(fs, fs->list, err);
		ret = ret ? ret : one;
	}
	one = request(fs, CGROUP_REQ_RMDIR, fs->base, NULL, NULL, NULL);
	if (one && one != -ENOENT && !ret)
		ret = err_set(err, one, "cannot remove %s/%s: %s", fs->mount, fs->base,
			      strerror(-one));
	cgroup_helper_stop(fs);
	return ret;
}

struct cgroup *cgroup_find(const struct cgroup_fs *fs, const char *name)
{
	struct cgroup *cg;

	for (cg = fs->list; cg; cg = cg->next) {
		if (!strcmp(cg->name, name))
			return cg;
	}
	return NULL;
}

bool cgroup_is_below(const struct cgroup *cg, const struct cgroup *top)
{
	for (; cg; cg = cg->parent) {
		if (cg == top)
			return true;
	}
	return false;
}

static int add_one(struct cgroup_fs *fs, struct cgroup *parent, const char *name, size_t len,
		   struct cgroup **out, struct err *err)
{
	struct cgroup *cg;
	char rel[REL_LEN];
	int ret;

	/* A child gets a cpuset of its own only when its parent hands the controller down. */
	if (parent) {
		ret = cgroup_write(fs, parent, "cgroup.subtree_control", fs->controllers, err);
		if (ret)
			return ret;
		parent->hands_down = true;
	}
	cg = calloc(1, sizeof(*cg));
	if (!cg)
		return err_set(err, -ENOMEM, "cgroup %s: out of memory", name);
	memcpy(cg->name, name, len);
	cg->parent = parent;
	ret = request(fs, CGROUP_REQ_MKDIR, rel_path(fs, cg, rel, sizeof(rel)), NULL, NULL, err);
	if (ret) {
		free(cg);
		return ret;
	}
	cg->next = fs->list;
	fs->list = cg;
	*out = cg;
	return 0;
}

int cgroup_add(struct cgroup_fs *fs, const char *name, unsigned int step, bool keep,
	       struct cgroup **cg, struct err *err)
{
	struct cgroup *parent = NULL, *found;
	char part[CGROUP_NAME_LEN];
	size_t len = 0;
	int ret;

	if (strlen(name) >= sizeof(part))
		return err_set(err, -ENAMETOOLONG, "cgroup %s: the name is too long", name);
	if (cgroup_find(fs, name))
		return err_set(err, -EEXIST, "cgroup %s exists already", name);
	for (;;) {
		len += strcspn(name + len, "/");
		snprintf(part, sizeof(part), "%.*s", (int)len, name);
		found = cgroup_find(fs, part);
		if (!found) {
			ret = add_one(fs, parent, name, len, &found, err);
			if (ret)
				return ret;
			found->step = step;
			found->keep = keep;
		}
		if (!name[len])
			break;
		parent = found;
		len++;
	}
	*cg = found;
	return 0;
}

bool cgroup_has_children(const struct cgroup_fs *fs, const struct cgroup *cg)
{
	const struct cgroup *c;

	for (c = fs->list; c; c = c->next) {
		if (c->parent == cg)
			return true;
	}
	return false;
}

/* Processes that are not ours to stop: none are expected, but a cgroup must go all the same. */
static int drain(struct cgroup_fs *fs, const struct cgroup *cg, struct err *err)
{
	char data[CGROUP_DATA_LEN];
	unsigned int tries;
	char *pid, *save, *end;
	int ret;

	for (tries = 0; tries < DRAIN_TRIES; tries++) {
		ret = cgroup_read(fs, cg, "cgroup.procs", data, err);
		if (ret == -ENOENT)
			return 0;
		if (ret || !*data)
			return ret;
		/* Half a number, where a long list was cut, would be another process. */
		end = strrchr(data, '\n');
		if (end)
			*end = '\0';
		for (pid = strtok_r(data, "\n", &save); pid; pid = strtok_r(NULL, "\n", &save)) {
			ret = request(fs, CGROUP_REQ_WRITE, "", "cgroup.procs", pid, NULL);
			if (ret && ret != -ESRCH && ret != -ENODEV)
				return err_set(err, ret, "cannot move %s out of %s: %s", pid,
					       cg->name, strerror(-ret));
		}
	}
	return err_set(err, -EBUSY, "cgroup %s: new processes keep appearing in it", cg->name);
}

int cgroup_remove(struct cgroup_fs *fs, struct cgroup *cg, struct err *err)
{
	char rel[REL_LEN];
	struct cgroup **p;
	int ret;

	if (cgroup_has_children(fs, cg))
		return err_set(err, -ENOTEMPTY, "cgroup %s has children", cg->name);
	ret = drain(fs, cg, err);
	if (!ret)
		ret = request(fs, CGROUP_REQ_RMDIR, rel_path(fs, cg, rel, sizeof(rel)), NULL, NULL,
			      err);

	for (p = &fs->list; *p != cg; p = &(*p)->next)
		;
	*p = cg->next;
	free(cg);
	return ret;
}

/* The CPUs of a partition are lost to whoever is not in it; one within another is not foreseen. */
static void cpus_of_domain(const struct cgroup_fs *fs, const struct cgroup *cg,
			   struct cpumask *cpus)
{
	const struct cgroup *c;

	*cpus = fs->all;
	for (; cg; cg = cg->parent) {
		if (cg->partition)
			return;
	}
	for (c = fs->list; c; c = c->next) {
		if (c->partition)
			cpumask_andnot(cpus, cpus, &c->cpus);
	}
}

static void effective(const struct cgroup *cg, struct cpumask *cpus)
{
	struct cpumask own;

	/* From the top down: an empty intersection is the parent's set. A partition has no parent. */
	if (!cg)
		return;
	if (!cg->partition)
		effective(cg->parent, cpus);
	if (!cg->has_cpus)
		return;
	cpumask_and(&own, cpus, &cg->cpus);
	if (!cpumask_empty(&own))
		*cpus = own;
}

void cgroup_effective(const struct cgroup_fs *fs, const struct cgroup *cg, struct cpumask *cpus)
{
	cpus_of_domain(fs, cg, cpus);
	effective(cg, cpus);
}

static int check_effective(struct cgroup_fs *fs, const struct cgroup *cg, struct err *err)
{
	char data[CGROUP_DATA_LEN], want[CPULIST_LEN];
	struct cpumask is, must;
	int ret;

	ret = cgroup_read(fs, cg, "cpuset.cpus.effective", data, err);
	if (ret)
		return ret;
	cgroup_effective(fs, cg, &must);
	ret = cpulist_parse(data, &is);
	if (ret || !cpumask_equal(&is, &must))
		return err_set(err, -EBADE,
			       "cpuset.cpus.effective of %s is \"%.*s\", must be \"%s\"",
			       cg->name, (int)strcspn(data, "\n"), data,
			       cpulist_format(&must, want, sizeof(want)));
	return 0;
}

int cgroup_set_cpus(struct cgroup_fs *fs, struct cgroup *cg, const struct cpumask *cpus,
		    struct err *err)
{
	char list[CPULIST_LEN];
	int ret = -ENOSPC;

	if (!cpus)
		ret = cgroup_write(fs, cg, "cpuset.cpus", "\n", NULL);
	/* Kernels before 7 do not clear that of a populated cgroup. All CPUs come to the same. */
	if (ret == -ENOSPC) {
		cpulist_format(cpus ? cpus : &fs->all, list, sizeof(list));
		ret = cgroup_write(fs, cg, "cpuset.cpus", list, err);
	}
	if (ret)
		return err_set(err, ret, "cannot write to cpuset.cpus of %s: %s", cg->name,
			       strerror(-ret));
	cg->has_cpus = cpus;
	if (cpus)
		cg->cpus = *cpus;
	return check_effective(fs, cg, err);
}

int cgroup_move(struct cgroup_fs *fs, struct cgroup *cg, pid_t pid, struct err *err)
{
	char data[16];
	int ret = 0;

	snprintf(data, sizeof(data), "%d", pid);
	if (!cg)
		return request(fs, CGROUP_REQ_WRITE, "", "cgroup.procs", data, err);
	if (cg->hands_down && !cgroup_has_children(fs, cg))
		ret = cgroup_no_controllers(fs, cg, err);
	return ret ? ret : cgroup_write(fs, cg, "cgroup.procs", data, err);
}

void cgroup_forget_control(struct cgroup *cg)
{
	cg->has_cpus = false;
	cg->mems = 0;
	cg->weight = 0;
	cg->quota_us = 0;
}

int cgroup_no_controllers(struct cgroup_fs *fs, struct cgroup *cg, struct err *err)
{
	struct cgroup *c;
	int ret;

	/* Children come before their parents: no one loses what it still hands down. */
	for (c = fs->list; c; c = c->next) {
		if (!cgroup_is_below(c, cg))
			continue;
		if (c->hands_down) {
			ret = cgroup_write(fs, c, "cgroup.subtree_control", "-cpuset -cpu", err);
			if (ret)
				return ret;
			c->hands_down = false;
		}
		if (c != cg)
			cgroup_forget_control(c);
	}
	return 0;
}
