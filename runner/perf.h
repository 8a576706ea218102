/* SPDX-License-Identifier: GPL-2.0 */
/*
 * perf.h - --perf: a CPU of the host for each CPU of a guest, and one for all else
 */
#ifndef KTSTR_RUNNER_PERF_H
#define KTSTR_RUNNER_PERF_H

#include "../vmm/perf.h"
#include "runner.h"

#define PERF_HOST_CPUS	1024

/* What we may use of the host. */
struct perf_host {
	unsigned int nr;
	unsigned int cpu[PERF_HOST_CPUS];	/* ascending */
	int node[PERF_HOST_CPUS];		/* of each of these, -1: unknown */
	int llc[PERF_HOST_CPUS];		/* the first CPU that has the same, -1: unknown */
	unsigned int nr_held;			/* not among them: others have taken those */
	const char *dir;			/* what is locked: it, and "cpuN" in it */
};

int perf_host(struct perf_host *host, struct err *err);

/*
 * perf_pick - CPUs for a guest, and at least one left for the runner and the monitor. Each LLC
 * of the guest is one of the host, if those have CPUs enough; and all are of one node, if one has
 * enough. -ERANGE with the numbers when there are too few.
 */
int perf_pick(const struct perf_host *host, const struct topology *topo, struct vm_perf *perf,
	      struct err *err);

/*
 * perf_take - the same, of those that no other process has taken, and one for the runner. They
 * are ours until this process ends, and all that @host has then. -EBUSY when others have too many
 * of them.
 */
int perf_take(struct perf_host *host, const struct topology *topo, struct vm_perf *perf,
	      struct err *err);

/* perf_leave - the calling thread, and those that it makes, keep off the guest's CPUs. */
int perf_leave(const struct perf_host *host, const struct vm_perf *perf, struct err *err);

/*
 * perf_watch - the calling thread, and those that it makes from now on, run before the guest's
 * CPUs: SCHED_FIFO, if that is allowed. What came of it is in @perf.
 */
void perf_watch(struct vm_perf *perf);

/* perf_report - a line for each topology of the plan whose LLCs are not ones of the host. */
void perf_report(const struct runner *run);

/* perf_differs - are those of @topo not, though its CPUs can be had? */
bool perf_differs(const struct perf_host *host, const struct topology *topo);

/*
 * perf_plan - can this engine and this host do it? Instances that are too large get a skip.
 * -EINVAL: not this engine. -ERANGE: no instance fits.
 */
int perf_plan(struct runner *run, struct err *err);

#endif /* KTSTR_RUNNER_PERF_H */
