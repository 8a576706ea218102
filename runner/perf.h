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
};

int perf_host(struct perf_host *host, struct err *err);

/*
 * perf_pick - @nr CPUs, all of one node if one has enough, and at least one left for the runner and
 * the monitor. -ERANGE with the numbers when there are too few.
 */
int perf_pick(const struct perf_host *host, unsigned int nr, struct vm_perf *perf, struct err *err);

/* perf_leave - the calling thread, and those that it makes, keep off the guest's CPUs. */
int perf_leave(const struct perf_host *host, const struct vm_perf *perf, struct err *err);

/*
 * perf_plan - can this engine and this host do it? Instances that are too large get a skip.
 * -EINVAL: not this engine. -ERANGE: no instance fits.
 */
int perf_plan(struct runner *run, struct err *err);

#endif /* KTSTR_RUNNER_PERF_H */
