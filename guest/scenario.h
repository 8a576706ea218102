/* SPDX-License-Identifier: GPL-2.0 */
/*
 * scenario.h - runs one declared test in the guest
 */
#ifndef KTSTR_GUEST_SCENARIO_H
#define KTSTR_GUEST_SCENARIO_H

#include "cgroup.h"
#include "guest.h"
#include "scheduler.h"
#include "worker.h"

struct scenario {
	struct guest *g;
	struct sched *sched;
	const struct ktstr_test *test;
	struct expect expect;		/* the test's, and what is said of its scheduler */
	uint64_t duration_ns;
	uint64_t start_ns;		/* CLOCK_MONOTONIC, when the first hold began; 0: not yet */
	struct worker *workers;		/* all that there ever were, in the order of their start */
	struct cgroup_fs fs;
	struct cpumask all;		/* online CPUs */
	struct cpumask usable;		/* all but the last when there are more than two */

	struct cpumask offline;		/* those that operations have taken away */
	struct msg_result *res;
	struct payload *payloads;	/* guest/payload.h; all that there ever were */

	unsigned int step;		/* at hand */
	unsigned int batch;		/* of the last workers */
	uint64_t fault_ns;		/* when the job's fault is due; 0: none, or done */
	uint64_t faulted_ns;		/* when it was done */
	uint32_t faults_done;		/* JOB_FAULT_* */
	pid_t fault_pid;		/* JOB_FAULT_FLOOD, JOB_FAULT_SECOND_SCHED */
};

/*
 * scenario_run - set up, run all steps, stop, collect, judge; everything that was
 * made is gone afterwards. The verdict is in @res. Steps, holds and waits are bounded.
 */
void scenario_run(struct guest *g, struct sched *s, const struct ktstr_test *test,
		  struct msg_result *res);

/* Where a scenario finds its cgroups. For tests; scenario_run() knows the right ones. */
struct scenario_env {
	const char *mount;
	const char *base;
	cgroup_serve serve;
};

void scenario_run_in(struct guest *g, struct sched *s, const struct ktstr_test *test,
		     const struct scenario_env *env, struct msg_result *res);

/*
 * scenario_check_on - is a declaration legal on that machine, where it runs for so long? Plays it
 * on paper; -EINVAL names step and operation, or -ENOMEM. scenario_check - on its own machine, as
 * declared.
 */
int scenario_check_on(const struct ktstr_test *test, const struct topology *topo,
		      unsigned int duration_ms, struct err *err);
int scenario_check(const struct ktstr_test *test, struct err *err);

/* --- op_names.c ----------------------------------------------------------- */

/* op_name - "?" when out of range. op_mask_format - all of a mask, or "none"; returns @buf. */
const char *op_name(unsigned int kind);
char *op_mask_format(uint64_t mask, char *buf, size_t size);

#endif /* KTSTR_GUEST_SCENARIO_H */
