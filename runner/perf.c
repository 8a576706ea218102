// SPDX-License-Identifier: GPL-2.0
/*
 * perf.c - --perf: a CPU of the host for each CPU of a guest, and one for all else
 */
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "perf.h"

/* /sys/devices/system/cpu/cpuN has a link nodeM, where there are nodes. */
static int node_of(unsigned int cpu)
{
	char path[64];
	struct dirent *entry;
	int node = -1;
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u", cpu);
	dir = opendir(path);
	while (dir && node < 0 && (entry = readdir(dir)))
		if (sscanf(entry->d_name, "node%d", &node) != 1)
			node = -1;
	if (dir)
		closedir(dir);
	return node;
}

int perf_host(struct perf_host *host, struct err *err)
{
	unsigned int cpu;
	cpu_set_t set;

	memset(host, 0, sizeof(*host));
	if (sched_getaffinity(0, sizeof(set), &set))
		return err_set(err, -errno, "CPUs of this host: %s", strerror(errno));
	for (cpu = 0; cpu < (unsigned int)min(PERF_HOST_CPUS, CPU_SETSIZE); cpu++) {
		if (!CPU_ISSET(cpu, &set))
			continue;
		host->cpu[host->nr] = cpu;
		host->node[host->nr++] = node_of(cpu);
	}
	return 0;
}

/* The last @nr of a node, or of all with -2: the first CPU of a host has the most to do. */
static unsigned int take(const struct perf_host *host, int node, unsigned int nr,
			 struct vm_perf *perf)
{
	unsigned int i, taken = 0;

	for (i = host->nr; i-- && taken < nr;)
		if (node == -2 || host->node[i] == node)
			perf->cpu[nr - 1 - taken++] = host->cpu[i];
	return taken;
}

int perf_pick(const struct perf_host *host, unsigned int nr, struct vm_perf *perf, struct err *err)
{
	unsigned int i;

	if (nr >= host->nr)
		return err_set(err, -ERANGE,
			       "--perf: a guest of %u CPUs needs %u of this host, %u can be used",
			       nr, nr + 1, host->nr);
	perf->nr_cpus = nr;
	for (i = host->nr; i--;) {
		perf->node = host->node[i];
		if (perf->node >= 0 && take(host, perf->node, nr, perf) == nr)
			return 0;
	}
	perf->node = -1;
	take(host, -2, nr, perf);
	return 0;
}

int perf_leave(const struct perf_host *host, const struct vm_perf *perf, struct err *err)
{
	unsigned int i;
	cpu_set_t set;

	CPU_ZERO(&set);
	for (i = 0; i < host->nr; i++)
		CPU_SET(host->cpu[i], &set);
	for (i = 0; i < perf->nr_cpus; i++)
		CPU_CLR(perf->cpu[i], &set);
	return sched_setaffinity(0, sizeof(set), &set) ?
	       err_set(err, -errno, "--perf: CPUs for the runner: %s", strerror(errno)) : 0;
}

int perf_plan(struct runner *run, struct err *err)
{
	unsigned int i, nr_fit = 0;
	struct perf_host *host;
	struct vm_perf perf;
	int ret;

	if (!run->opts.perf)
		return 0;
	if (!run->engine->can_perf)
		return err_set(err, -EINVAL,
			       "--perf: the %s engine counts instructions, not speed: it needs --accel kvm, where KVM works",
			       run->engine->name);
	host = malloc(sizeof(*host));
	ret = host ? perf_host(host, err) : err_set(err, -ENOMEM, "out of memory");
	for (i = 0; !ret && i < run->plan.nr; i++) {
		struct plan_instance *inst = &run->plan.inst[i];
		struct err why = { "" };

		if (inst->skip[0])
			continue;
		if (!perf_pick(host, topology_nr_cpus(&inst->topo), &perf, &why)) {
			nr_fit++;
			continue;
		}
		snprintf(inst->skip, sizeof(inst->skip), "%.255s", why.msg);
		/* The first message stays. */
		err_set(err, -ERANGE, "%s", why.msg);
	}
	free(host);
	if (ret)
		return ret;
	if (!nr_fit && err->msg[0])
		return -ERANGE;
	err->msg[0] = '\0';
	return 0;
}
