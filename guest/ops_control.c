// SPDX-License-Identifier: GPL-2.0
/*
 * What the steps of a scenario do to the limits of cgroups, to CPUs and to the scheduler.
 */
#include <errno.h>
#include <string.h>
#include <stdio.h>
#include "cpusets.h"
#include "steps.h"

int op_weight(struct scenario *scn, struct cgroup *cg, const struct op *op, struct err *err)
{
	return cgroup_set_weight(&scn->fs, cg, op->weight, err);
}

int op_max(struct scenario *scn, struct cgroup *cg, const struct op *op, struct err *err)
{
	return cgroup_set_max(&scn->fs, cg, op->quota_us, op->period_us, err);
}

/* --- freezing ------------------------------------------------------------- */

static bool is_frozen(const struct cgroup *cg)
{
	for (; cg; cg = cg->parent) {
		if (cg->frozen)
			return true;
	}
	return false;
}

/* Before something is frozen, and before it thaws: nobody runs in between without being judged. */
static void set_pauses(struct scenario *scn)
{
	struct worker *w;

	for (w = scn->workers; w; w = w->next) {
		if (!worker_alive(w))
			continue;
		if (is_frozen(w->cgroup))
			worker_pause(w);
		else
			worker_resume(w);
	}
}

int op_freeze(struct scenario *scn, struct cgroup *cg, bool freeze, struct err *err)
{
	cg->frozen = freeze;
	set_pauses(scn);
	if (freeze && fault_refuse(scn))
		return cgroup_wait(&scn->fs, cg, "cgroup.events", "frozen 1", err);
	return cgroup_freeze(&scn->fs, cg, freeze, err);
}

void scenario_thaw(struct scenario *scn, const struct cgroup *cg)
{
	struct cgroup *c;
	struct err err = { };

	for (c = scn->fs.list; c; c = c->next) {
		if (!c->frozen || (cg && !cgroup_is_below(c, cg) && !cgroup_is_below(cg, c)))
			continue;
		/* Whoever does not come back is a worker that cannot be stopped. */
		if (op_freeze(scn, c, false, &err))
			guest_detail(scn->g, "%s", err.msg);
	}
}

/* --- partitions ----------------------------------------------------------- */

int op_partition(struct scenario *scn, struct cgroup *cg, const struct op *op, struct err *err)
{
	bool was = cg->partition;
	int ret;

	cg->partition = op->partition != PARTITION_MEMBER;
	scenario_widen(scn);
	cg->partition = was;
	ret = fault_refuse(scn) ? cgroup_make_partition(&scn->fs, cg, op->partition, err) :
				  cgroup_set_partition(&scn->fs, cg, op->partition, err);
	scenario_allow(scn);
	return ret;
}

/* --- CPUs ----------------------------------------------------------------- */

static void set_online(struct scenario *scn, unsigned int cpu, bool online)
{
	if (online) {
		cpumask_set_cpu(&scn->all, cpu);
		cpumask_clear_cpu(&scn->offline, cpu);
	} else {
		cpumask_clear_cpu(&scn->all, cpu);
		cpumask_set_cpu(&scn->offline, cpu);
	}
	scn->fs.all = scn->all;
	cpuset_usable(&scn->all, &scn->usable);
}

int op_hotplug(struct scenario *scn, unsigned int cpu, bool online, struct err *err)
{
	char path[64];
	int ret;

	if (cpu >= scn->g->nr_cpus)
		return err_set(err, -EINVAL, "CPU %u does not exist here", cpu);
	/* Workers may be there, or where they go instead, before the kernel has answered. */
	set_online(scn, cpu, false);
	scenario_widen(scn);
	set_online(scn, cpu, true);
	scenario_widen(scn);
	if (scn->sched)
		scn->sched->hotplug = true;
	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/online", cpu);
	ret = cgroup_write_path(&scn->fs, path, online ? "1" : "0", err);
	if (ret)
		result_set(scn->g, scn->res, VERDICT_FAIL, CAUSE_HOTPLUG, "%s", err->msg);
	set_online(scn, cpu, ret ? !online : online);
	scenario_allow(scn);
	return ret;
}

void scenario_cpus_back(struct scenario *scn)
{
	struct err err = { };
	unsigned int cpu;

	for (cpu = 0; cpu < scn->g->nr_cpus; cpu++) {
		if (cpumask_test_cpu(&scn->offline, cpu))
			op_hotplug(scn, cpu, true, &err);
	}
}

/* --- the scheduler -------------------------------------------------------- */

static int change(struct scenario *scn, const struct op *op)
{
	int ret = 0;

	if (scn->sched->attached != (op->kind != OP_ATTACH_SCHEDULER))
		return -EINVAL;
	if (op->kind != OP_ATTACH_SCHEDULER)
		ret = sched_detach(scn->g, scn->sched, op->kind == OP_KILL_SCHEDULER, scn->res);
	if (!ret && (op->kind == OP_ATTACH_SCHEDULER || op->kind == OP_RESTART_SCHEDULER))
		ret = sched_attach(scn->g, scn->sched, op->kind == OP_RESTART_SCHEDULER ?
				   scn->sched->builtin : op->name, scn->res);
	return ret;
}

int op_scheduler(struct scenario *scn, const struct op *op, struct err *err)
{
	struct worker *w;
	int ret;

	if (!scn->sched || scn->sched->kind == SCHED_KIND_NONE)
		return err_set(err, -EINVAL, "there is no scheduler under test");
	ret = change(scn, op);
	if (ret)
		return err_set(err, ret, "the scheduler could not be changed");
	/* Whoever it stops has not run since then. */
	fault_scheduler(scn);
	for (w = scn->workers; w; w = w->next) {
		if (worker_alive(w) && w->released)
			worker_changed(w);
	}
	return 0;
}
