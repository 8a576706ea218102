/* SPDX-License-Identifier: GPL-2.0 */
/*
 * steps.h - the parts of a scenario run; internal to guest/
 */
#ifndef KTSTR_GUEST_STEPS_H
#define KTSTR_GUEST_STEPS_H

#include "scenario.h"

/* --- ops.c ---------------------------------------------------------------- */

/* scenario_ops - all operations of a list; the workers that they spawn wait. */
int scenario_ops(struct scenario *scn, const struct op *ops, bool keep, struct err *err);

/* scenario_cgroups - make the cgroups of a list with their workers, who wait. */
int scenario_cgroups(struct scenario *scn, const struct cgroup_def *defs, bool keep,
		     struct err *err);

/* scenario_release - let all workers go that wait. */
void scenario_release(struct scenario *scn);

/* scenario_end_step - stop and remove what lives for the step at hand only. */
int scenario_end_step(struct scenario *scn, struct err *err);

/*
 * scenario_widen, scenario_allow - tell all workers where they may be, as everything is now:
 * there too; only there.
 */
void scenario_widen(struct scenario *scn);
void scenario_allow(struct scenario *scn);

/* --- ops_control.c -------------------------------------------------------- */

int op_weight(struct scenario *scn, struct cgroup *cg, const struct op *op, struct err *err);
int op_max(struct scenario *scn, struct cgroup *cg, const struct op *op, struct err *err);
int op_freeze(struct scenario *scn, struct cgroup *cg, bool freeze, struct err *err);
int op_partition(struct scenario *scn, struct cgroup *cg, const struct op *op, struct err *err);
int op_hotplug(struct scenario *scn, unsigned int cpu, bool online, struct err *err);
int op_scheduler(struct scenario *scn, const struct op *op, struct err *err);

/* scenario_thaw - whatever keeps workers in or below @cg (NULL: all) from being stopped. */
void scenario_thaw(struct scenario *scn, const struct cgroup *cg);

/* scenario_cpus_back - all CPUs that are offline come back. */
void scenario_cpus_back(struct scenario *scn);

/* --- share.c -------------------------------------------------------------- */

/*
 * shares_begin - what counts for shares is what is used from now on. In each step anew: whatever
 * an operation does may be about who competes with whom.
 */
int shares_begin(struct scenario *scn, struct err *err);

/* shares_judge - did cgroups get the CPU time that their weights and limits promise? */
void shares_judge(struct scenario *scn, struct msg_result *res);

/* --- hold.c --------------------------------------------------------------- */

/*
 * scenario_wait - until @until_ns, or until something happens that ends the scenario: the
 * scheduler dies, a worker ends, the host wants to shut down. Then a negative errno; the
 * verdict is in @res, but a worker's end is left to the judge. The job's fault happens here.
 */
int scenario_wait(struct scenario *scn, uint64_t until_ns, struct msg_result *res);

/* scenario_wait_fd - the same, or until @fd is readable. */
int scenario_wait_fd(struct scenario *scn, uint64_t until_ns, int fd, struct msg_result *res);

/* --- fault.c -------------------------------------------------------------- */

/* fault_inject - what the job asks for half-way through the first hold. May not return. */
void fault_inject(struct scenario *scn);

/* fault_scheduler - after the scheduler was detached or attached in the middle. */
void fault_scheduler(struct scenario *scn);

/* fault_before_cgroup - of an operation; JOB_FAULT_REFUSED: there is one of that name already. */
void fault_before_cgroup(struct scenario *scn, const char *name);

/* fault_refuse - JOB_FAULT_REFUSED: what else is asked of a cgroup will not do. */
bool fault_refuse(struct scenario *scn);

/* fault_cgroups - before cgroups are removed for good. */
void fault_cgroups(struct scenario *scn);

/* fault_before_release - JOB_FAULT_STARVE: one worker never gets to run. */
void fault_before_release(struct scenario *scn);

/*
 * fault_forget - after all else: JOB_FAULT_NO_DETACH, nobody knows of the scheduler any more, and
 * somebody runs that it has; JOB_FAULT_ALL_ASLEEP, the same without anybody who runs;
 * JOB_FAULT_SLEEPER, who is to wake up after the detach does not.
 */
void fault_forget(struct scenario *scn);

/* fault_end - what a fault started is stopped. */
void fault_end(struct scenario *scn);

/* fault_missing - at the very end: those that the job asks for, but that never came. */
uint32_t fault_missing(const struct scenario *scn);

/* --- steal.c -------------------------------------------------------------- */

struct steal {
	uint64_t ns[KTSTR_MAX_CPUS];
};

/* steal_read - time that the host took from each CPU so far; zeros where the kernel cannot tell. */
void steal_read(struct steal *s);

/* steal_worst - of the CPU that lost most between the two. */
uint64_t steal_worst(const struct steal *before, const struct steal *after);

/* steal_parse - the text of /proc/stat, with @hz ticks a second. */
void steal_parse(const char *text, unsigned long hz, struct steal *s);

/* --- memory.c ------------------------------------------------------------- */

/* What the kernel says about the memory of the guest as a whole. */
struct numa_state {
	uint32_t slow_nodes;		/* with memory, but without CPUs; a bit each */
	bool have_moved;
	uint64_t moved;			/* pages that went to another node since boot */
};

void numa_state_read(struct numa_state *s);

/* numa_moved_parse - the text of /proc/vmstat; false where it does not count that. */
bool numa_moved_parse(const char *text, uint64_t *moved);

#endif /* KTSTR_GUEST_STEPS_H */
