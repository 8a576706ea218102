// SPDX-License-Identifier: GPL-2.0
/*
 * What can be asked of a cgroup besides its CPUs: weight, limit, freezing, partition.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cgroup.h"

static const char *const partition_names[NR_PARTITIONS] = {
	[PARTITION_MEMBER]	= "member",
	[PARTITION_ROOT]	= "root",
	[PARTITION_ISOLATED]	= "isolated",
};

bool cgroup_used_parse(const char *text, uint64_t *ns)
{
	static const char key[] = "usage_usec ";
	const char *at = text;

	while (strncmp(at, key, strlen(key))) {
		at += strcspn(at, "\n");
		if (!*at++)
			return false;
	}
	*ns = strtoull(at + strlen(key), NULL, 10) * NSEC_PER_USEC;
	return true;
}

int cgroup_used(struct cgroup_fs *fs, const struct cgroup *cg, uint64_t *ns, struct err *err)
{
	char data[CGROUP_DATA_LEN];
	int ret;

	ret = cgroup_read(fs, cg, "cpu.stat", data, err);
	if (!ret && !cgroup_used_parse(data, ns))
		ret = err_set(err, -EBADMSG, "cpu.stat of %s has no usage_usec", cg->name);
	return ret;
}

int cgroup_set_weight(struct cgroup_fs *fs, struct cgroup *cg, unsigned int weight,
		      struct err *err)
{
	char data[16];
	int ret;

	snprintf(data, sizeof(data), "%u", weight);
	ret = cgroup_write(fs, cg, "cpu.weight", data, err);
	if (!ret)
		cg->weight = weight;
	return ret;
}

int cgroup_set_max(struct cgroup_fs *fs, struct cgroup *cg, unsigned int quota_us,
		   unsigned int period_us, struct err *err)
{
	char data[48];
	int ret;

	if (quota_us)
		snprintf(data, sizeof(data), "%u %u", quota_us, period_us);
	else
		snprintf(data, sizeof(data), "max");
	ret = cgroup_write(fs, cg, "cpu.max", data, err);
	if (ret)
		return ret;
	cg->quota_us = quota_us;
	cg->period_us = period_us;
	return 0;
}

int cgroup_set_mems(struct cgroup_fs *fs, struct cgroup *cg, const char *nodes, struct err *err)
{
	struct cpumask is = { }, must = { };
	char data[CGROUP_DATA_LEN];
	int ret;

	ret = cgroup_write(fs, cg, "cpuset.mems", nodes, err);
	if (!ret)
		ret = cgroup_read(fs, cg, "cpuset.mems.effective", data, err);
	if (ret)
		return ret;
	/* A list of nodes looks like one of CPUs. */
	if (cpulist_parse(nodes, &must) || cpulist_parse(data, &is) || !cpumask_equal(&is, &must))
		return err_set(err, -EBADE, "cpuset.mems.effective of %s is \"%.*s\", must be \"%s\"",
			       cg->name, (int)strcspn(data, "\n"), data, nodes);
	cg->mems = must.bits[0];
	return 0;
}

uint64_t cgroup_mems(const struct cgroup *cg)
{
	uint64_t above, both;

	if (!cg)
		return 0;
	above = cgroup_mems(cg->parent);
	if (!above || !cg->mems)
		return above | cg->mems;
	both = above & cg->mems;
	return both ? both : above;
}

int cgroup_freeze(struct cgroup_fs *fs, struct cgroup *cg, bool freeze, struct err *err)
{
	int ret;

	ret = cgroup_write(fs, cg, "cgroup.freeze", freeze ? "1" : "0", err);
	if (!ret)
		ret = cgroup_wait(fs, cg, "cgroup.events", freeze ? "frozen 1" : "frozen 0", err);
	return ret;
}

/*
 * A partition need not be below another one, if all that it is below hand its CPUs down for
 * that: those of all partitions, with @cg or without.
 */
static int hand_down(struct cgroup_fs *fs, const struct cgroup *cg, bool with, struct err *err)
{
	const struct cgroup *up, *c;
	char list[CPULIST_LEN];
	int ret = 0;

	for (up = cg->parent; !ret; up = up->parent) {
		struct cpumask cpus = { };

		for (c = fs->list; c; c = c->next) {
			if ((c == cg ? with : c->partition) && (!up || cgroup_is_below(c, up)))
				cpumask_or(&cpus, &cpus, &c->cpus);
		}
		cpulist_format(&cpus, list, sizeof(list) - 1);
		ret = cgroup_write(fs, up, "cpuset.cpus.exclusive", *list ? list : "\n", err);
		if (!up)
			break;
	}
	return ret;
}

int cgroup_make_partition(struct cgroup_fs *fs, struct cgroup *cg, enum partition_kind kind,
			  struct err *err)
{
	const char *want = partition_names[kind];
	char data[CGROUP_DATA_LEN];
	int ret;

	ret = cgroup_write(fs, cg, "cpuset.cpus.partition", want, err);
	if (!ret)
		ret = cgroup_read(fs, cg, "cpuset.cpus.partition", data, err);
	if (ret)
		return ret;
	data[strcspn(data, "\n")] = '\0';
	if (strcmp(data, want))
		return err_set(err, -EBADE, "cpuset.cpus.partition of %s is \"%s\", must be \"%s\"",
			       cg->name, data, want);
	cg->partition = kind != PARTITION_MEMBER;
	return 0;
}

int cgroup_set_partition(struct cgroup_fs *fs, struct cgroup *cg, enum partition_kind kind,
			 struct err *err)
{
	bool on = kind != PARTITION_MEMBER;
	char list[CPULIST_LEN];
	int ret = 0;

	cpulist_format(&cg->cpus, list, sizeof(list));
	if (on && !cg->partition)
		ret = hand_down(fs, cg, true, err);
	if (!ret && on && !cg->partition)
		ret = cgroup_write(fs, cg, "cpuset.cpus.exclusive", list, err);
	if (!ret)
		ret = cgroup_make_partition(fs, cg, kind, err);
	if (ret || on)
		return ret;
	ret = cgroup_write(fs, cg, "cpuset.cpus.exclusive", "\n", err);
	return ret ? ret : hand_down(fs, cg, false, err);
}
