// SPDX-License-Identifier: GPL-2.0
/*
 * perf.c - --perf: a CPU of the host for each CPU of a guest, and one for all else
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include "../lib/report.h"
#include "perf.h"

#define CPUS_DIR	"/sys/devices/system/cpu"
#define CACHES_MAX	8
#define ANY		(-2)	/* node, LLC; -1 is one that is unknown */

/* /sys/devices/system/cpu/cpuN has a link nodeM, where there are nodes. */
static int node_of(unsigned int cpu)
{
	char path[64];
	struct dirent *entry;
	int node = -1;
	DIR *dir;

	snprintf(path, sizeof(path), CPUS_DIR "/cpu%u", cpu);
	dir = opendir(path);
	while (dir && node < 0 && (entry = readdir(dir)))
		if (sscanf(entry->d_name, "node%d", &node) != 1)
			node = -1;
	if (dir)
		closedir(dir);
	return node;
}

/* The last of its caches is the largest one. */
static int llc_of(unsigned int cpu)
{
	struct cpumask shared;
	char path[96], text[KIB];
	unsigned int i;
	int llc = -1;

	for (i = 0; i < CACHES_MAX; i++) {
		snprintf(path, sizeof(path), CPUS_DIR "/cpu%u/cache/index%u/shared_cpu_list",
			 cpu, i);
		if (read_file(path, text, sizeof(text)) < 0)
			break;
		if (!cpulist_parse(text, &shared) && !cpumask_empty(&shared))
			llc = cpumask_first(&shared);
	}
	return llc;
}

int perf_host(struct perf_host *host, struct err *err)
{
	unsigned int cpu;
	cpu_set_t set;

	memset(host, 0, sizeof(*host));
	host->dir = CPUS_DIR;
	if (sched_getaffinity(0, sizeof(set), &set))
		return err_set(err, -errno, "CPUs of this host: %s", strerror(errno));
	for (cpu = 0; cpu < (unsigned int)min(PERF_HOST_CPUS, CPU_SETSIZE); cpu++) {
		if (!CPU_ISSET(cpu, &set))
			continue;
		host->cpu[host->nr] = cpu;
		host->node[host->nr] = node_of(cpu);
		host->llc[host->nr++] = llc_of(cpu);
	}
	return 0;
}

static bool is_in(const struct perf_host *host, unsigned int i, int node, int llc)
{
	return (node == ANY || host->node[i] == node) && (llc == ANY || host->llc[i] == llc);
}

/*
 * The last @nr CPUs of a node and of an LLC, as CPUs of a guest from @at on: the first CPU of a host
 * has the most to do.
 */
static bool take(const struct perf_host *host, int node, int llc, unsigned int at, unsigned int nr,
		 struct vm_perf *perf)
{
	unsigned int i, taken = 0;

	for (i = host->nr; i-- && taken < nr;)
		if (is_in(host, i, node, llc))
			perf->cpu[at + nr - 1 - taken++] = host->cpu[i];
	return taken == nr;
}

/* An LLC of the host for each of the guest's, the last ones that have CPUs enough. */
static bool take_llcs(const struct perf_host *host, int node, const struct topology *topo,
		      struct vm_perf *perf)
{
	unsigned int i, j, nr = topology_cpus_per_llc(topo), left = topo->nr_llcs;

	for (i = host->nr; i-- && left;) {
		/* Each once, at the last of its CPUs. */
		for (j = i + 1; j < host->nr && host->llc[j] != host->llc[i]; j++)
			;
		if (j == host->nr && is_in(host, i, node, ANY) &&
		    take(host, node, host->llc[i], (left - 1) * nr, nr, perf))
			left--;
	}
	return !left;
}

static bool take_from(const struct perf_host *host, int node, const struct topology *topo,
		      struct vm_perf *perf)
{
	return perf->llcs == PERF_LLCS_SAME ? take_llcs(host, node, topo, perf) :
					      take(host, node, ANY, 0, perf->nr_cpus, perf);
}

static bool llcs_known(const struct perf_host *host)
{
	unsigned int i;

	for (i = 0; i < host->nr; i++)
		if (host->llc[i] < 0)
			return false;
	return true;
}

int perf_pick(const struct perf_host *host, const struct topology *topo, struct vm_perf *perf,
	      struct err *err)
{
	unsigned int i, nr = topology_nr_cpus(topo);

	if (nr >= host->nr)
		return err_set(err, -ERANGE,
			       "--perf: a guest of %u CPUs needs %u of this host, %u can be used",
			       nr, nr + 1, host->nr);
	perf->nr_cpus = nr;
	/* Its caches are worth more than memory that is near. */
	perf->llcs = llcs_known(host) ? PERF_LLCS_SAME : PERF_LLCS_UNKNOWN;
	for (;;) {
		for (i = host->nr; i--;) {
			perf->node = host->node[i];
			if (perf->node >= 0 && take_from(host, perf->node, topo, perf))
				return 0;
		}
		perf->node = -1;
		if (take_from(host, ANY, topo, perf))
			return 0;
		perf->llcs = PERF_LLCS_DIFFER;
	}
}

/*
 * There is no file to be left behind, and the lock goes with the process. Another network
 * namespace has a sysfs of its own. -EBUSY: another process has it; what cannot be locked at all
 * keeps nobody out.
 */
static int lock_dir(const char *dir, int how, int *fd)
{
	*fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd < 0 || !flock(*fd, how) || errno != EWOULDBLOCK)
		return 0;
	close(*fd);
	*fd = -1;
	return -EBUSY;
}

static void unlock(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* What is kept moves up; all in front of @to was. */
static void keep_cpu(struct perf_host *host, unsigned int to, unsigned int i)
{
	host->cpu[to] = host->cpu[i];
	host->node[to] = host->node[i];
	host->llc[to] = host->llc[i];
}

/* Those that nobody else has, locked; @fd is of each. */
static void lock_free_cpus(struct perf_host *host, int *fd)
{
	unsigned int i, nr = 0;
	char dir[PATH_MAX];

	for (i = 0; i < host->nr; i++) {
		snprintf(dir, sizeof(dir), "%s/cpu%u", host->dir, host->cpu[i]);
		if (lock_dir(dir, LOCK_EX | LOCK_NB, &fd[nr]))
			continue;
		keep_cpu(host, nr++, i);
	}
	host->nr_held = host->nr - nr;
	host->nr = nr;
}

static bool is_guests(const struct vm_perf *perf, unsigned int cpu)
{
	unsigned int i;

	for (i = 0; i < perf->nr_cpus; i++)
		if (perf->cpu[i] == cpu)
			return true;
	return false;
}

/* The guest's, and one for the runner. */
static void keep_ours(struct perf_host *host, const struct vm_perf *perf, const int *fd)
{
	unsigned int i, nr = 0;
	bool spare = false;

	for (i = 0; i < host->nr; i++) {
		if (!is_guests(perf, host->cpu[i])) {
			if (spare) {
				unlock(fd[i]);
				continue;
			}
			spare = true;
		}
		keep_cpu(host, nr++, i);
	}
	host->nr = nr;
}

int perf_take(struct perf_host *host, const struct topology *topo, struct vm_perf *perf,
	      struct err *err)
{
	unsigned int i, nr = topology_nr_cpus(topo);
	int fd[PERF_HOST_CPUS], all, ret;

	/* One at a time: who looks has all that are free. */
	lock_dir(host->dir, LOCK_EX, &all);
	lock_free_cpus(host, fd);
	if (host->nr_held && nr >= host->nr)
		ret = err_set(err, -EBUSY,
			      "--perf: a guest of %u CPUs needs %u of this host, %u can be used; others with --perf have %u",
			      nr, nr + 1, host->nr, host->nr_held);
	else
		ret = perf_pick(host, topo, perf, err);
	if (!ret)
		keep_ours(host, perf, fd);
	for (i = 0; ret && i < host->nr; i++)
		unlock(fd[i]);
	unlock(all);
	return ret;
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

void perf_watch(struct vm_perf *perf)
{
	const struct sched_param param = { .sched_priority = PERF_PRIO_WATCH };

	perf->watched = !sched_setscheduler(0, SCHED_FIFO, &param);
	perf->watch_errno = perf->watched ? 0 : errno;
}

bool perf_differs(const struct perf_host *host, const struct topology *topo)
{
	struct err err = { "" };
	struct vm_perf perf;

	return !perf_pick(host, topo, &perf, &err) && perf.llcs == PERF_LLCS_DIFFER;
}

static bool is_first_of_topology(const struct plan *plan, unsigned int i)
{
	unsigned int j;

	for (j = 0; j < i; j++)
		if (!memcmp(&plan->inst[j].topo, &plan->inst[i].topo, sizeof(struct topology)))
			return false;
	return true;
}

void perf_report(const struct runner *run)
{
	const struct plan *plan = &run->plan;
	char name[TOPOLOGY_NAME_LEN];
	struct perf_host *host;
	struct err err = { "" };
	unsigned int i;

	host = run->opts.perf ? malloc(sizeof(*host)) : NULL;
	for (i = 0; host && !perf_host(host, &err) && i < plan->nr; i++) {
		const struct topology *topo = &plan->inst[i].topo;

		if (!plan->inst[i].skip[0] && is_first_of_topology(plan, i) &&
		    perf_differs(host, topo))
			report_diag("--perf: ", "the LLCs of %s are not ones of this host",
				    topology_format(topo, name, sizeof(name)));
	}
	free(host);
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
		if (!perf_pick(host, &inst->topo, &perf, &why)) {
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
