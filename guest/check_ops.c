// SPDX-License-Identifier: GPL-2.0
/*
 * Are operations legal where they are? Those on limits, CPUs, the scheduler, payloads.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "builtin.h"
#include "checking.h"
#include "cpusets.h"
#include "payload.h"

#define WEIGHT_MAX	10000
#define QUOTA_MIN_US	1000
#define PERIOD_MAX_US	1000000
#define WAIT_MAX_MS	600000

/* The kernel keeps it frozen while one above it is: a thaw of it would not be seen. */
static int check_thawed_below(const struct paper *p, const struct paper_cgroup *pc, struct err *err)
{
	const struct cgroup *cg;

	for (cg = p->fs.list; cg; cg = cg->next) {
		if (cg->frozen && cgroup_is_below(cg, &pc->cg))
			return err_set(err, -EINVAL, "cgroup %s, below it, is frozen", cg->name);
	}
	return 0;
}

/* The controller cpu. */
static int check_cpu(const struct paper *p, const struct paper_cgroup *pc, struct err *err)
{
	int ret = paper_controlled(pc, err);

	if (!ret)
		ret = paper_no_roamers(pc, err);
	if (!ret && p->test->no_cpu_controller)
		ret = err_set(err, -EINVAL, "the test has .no_cpu_controller");
	return ret;
}

static int check_weight(const struct paper *p, const struct op *op, struct paper_cgroup *pc,
			struct err *err)
{
	if (!op->weight || op->weight > WEIGHT_MAX)
		return err_set(err, -EINVAL, "cpu.weight %u: must be 1 to %u", op->weight,
			       WEIGHT_MAX);
	pc->cg.weight = op->weight;
	return check_cpu(p, pc, err);
}

static int check_max(const struct paper *p, const struct op *op, struct paper_cgroup *pc,
		     struct err *err)
{
	if (!op->quota_us && !pc->cg.quota_us)
		return err_set(err, -EINVAL, "cgroup %s has no limit to take away", op->name);
	if (op->quota_us && (op->quota_us < QUOTA_MIN_US || op->period_us < QUOTA_MIN_US ||
			     op->period_us > PERIOD_MAX_US))
		return err_set(err, -EINVAL,
			       "cpu.max %u %u: a quota is %u us or more, a period %u to %u us",
			       op->quota_us, op->period_us, QUOTA_MIN_US, QUOTA_MIN_US,
			       PERIOD_MAX_US);
	pc->cg.quota_us = op->quota_us;
	pc->cg.period_us = op->period_us;
	return check_cpu(p, pc, err);
}

/*
 * Kernels before 7 want the CPUs of a partition to be in no other cpuset, and do not clear one
 * under processes; none can do with all.
 */
static int check_exclusive(const struct paper *p, const struct cgroup *part, struct err *err)
{
	struct cgroup *cg;
	struct cpumask cpus;

	cgroup_effective(&p->fs, NULL, &cpus);
	if (cpumask_empty(&cpus))
		return err_set(err, -EINVAL, "partition %s leaves no CPU to the root", part->name);
	for (cg = p->fs.list; cg; cg = cg->next) {
		if (cgroup_is_below(cg, part) || cgroup_is_below(part, cg))
			continue;
		cpumask_and(&cpus, &cg->cpus, &part->cpus);
		if (paper_of(cg)->cleared || (cg->has_cpus && !cpumask_empty(&cpus)))
			return err_set(err, -EINVAL,
				       "partition %s is not exclusive: cgroup %s has CPUs of it",
				       part->name, cg->name);
	}
	return 0;
}

static int check_partition(struct paper *p, const struct op *op, struct paper_cgroup *pc,
			   struct err *err)
{
	const struct cgroup *cg;
	int ret;

	if ((unsigned int)op->partition >= NR_PARTITIONS)
		return err_set(err, -EINVAL, "partition kind %d does not exist", op->partition);
	if (op->partition == PARTITION_MEMBER) {
		if (!pc->cg.partition)
			return err_set(err, -EINVAL, "cgroup %s is no partition", op->name);
		pc->cg.partition = false;
		return 0;
	}
	if (!pc->cg.has_cpus)
		return err_set(err, -EINVAL, "cgroup %s has no cpuset, which a partition needs",
			       op->name);
	if (!cpumask_subset(&pc->cg.cpus, &p->fs.all))
		return err_set(err, -EINVAL, "cgroup %s has CPUs that are offline", op->name);
	for (cg = p->fs.list; cg; cg = cg->next) {
		if (cg != &pc->cg && cg->partition &&
		    (cgroup_is_below(cg, &pc->cg) || cgroup_is_below(&pc->cg, cg)))
			return err_set(err, -EINVAL, "cgroup %s is a partition above or below it",
				       cg->name);
	}
	pc->cg.partition = true;
	ret = check_exclusive(p, &pc->cg, err);
	return ret ? ret : paper_bandwidth(p, err);
}

static int check_mems(const struct paper *p, const struct op *op, struct paper_cgroup *pc,
		      struct err *err)
{
	struct cpumask nodes;
	unsigned int node;
	uint64_t above;
	int ret;

	if (!op->nodes || cpulist_parse(op->nodes, &nodes) || cpumask_empty(&nodes))
		return err_set(err, -EINVAL, "cpuset.mems \"%s\": no list of nodes",
			       op->nodes ? op->nodes : "");
	for_each_cpu(node, &nodes) {
		if (node >= max(p->test->min_nodes, 1U))
			return err_set(err, -EINVAL,
				       "node %u: the test needs .min_nodes of %u or more", node,
				       node + 1);
	}
	above = pc->cg.parent ? cgroup_mems(pc->cg.parent) : 0;
	if (above && nodes.bits[0] & ~above)
		return err_set(err, -EINVAL, "nodes %s: not all are in cpuset.mems of %s",
			       op->nodes, pc->cg.parent->name);
	pc->cg.mems = nodes.bits[0];
	ret = paper_controlled(pc, err);
	return ret ? ret : paper_no_roamers(pc, err);
}

static int check_freeze(const struct paper *p, struct paper_cgroup *pc, struct err *err)
{
	int ret;

	ret = paper_thawed(pc, err);
	if (!ret)
		ret = check_thawed_below(p, pc, err);
	if (!ret)
		ret = paper_no_roamers(pc, err);
	pc->cg.frozen = true;
	return ret;
}

int check_cgroup_op(struct paper *p, const struct op *op, struct paper_cgroup *pc,
		    struct err *err)
{
	switch (op->kind) {
	case OP_SET_WEIGHT:
		return check_weight(p, op, pc, err);
	case OP_SET_MAX:
		return check_max(p, op, pc, err);
	case OP_FREEZE:
		return check_freeze(p, pc, err);
	case OP_THAW:
		if (!pc->cg.frozen)
			return err_set(err, -EINVAL, "cgroup %s is not frozen", op->name);
		pc->cg.frozen = false;
		return 0;
	case OP_SET_PARTITION:
		return check_partition(p, op, pc, err);
	case OP_SET_MEMS:
		return check_mems(p, op, pc, err);
	default:
		return err_set(err, -EINVAL, "operation %d does not exist", op->kind);
	}
}

/* Without a CPU a partition, or the root beside it, is none any more. */
static int check_left(const struct paper *p, struct err *err)
{
	const struct cgroup *cg;
	struct cpumask cpus;

	cgroup_effective(&p->fs, NULL, &cpus);
	if (cpumask_empty(&cpus))
		return err_set(err, -EINVAL, "no CPU is left to the root");
	for_each_paper_cgroup(p, cg) {
		cpumask_and(&cpus, &cg->cpus, &p->fs.all);
		if (cg->partition && cpumask_empty(&cpus))
			return err_set(err, -EINVAL, "no CPU is left to partition %s", cg->name);
	}
	return 0;
}

static int check_hotplug(struct paper *p, unsigned int cpu, bool online, struct err *err)
{
	int ret;

	if (!cpu)
		return err_set(err, -EINVAL, "CPU 0 cannot go");
	if (cpu >= p->test->min_cpus)
		return err_set(err, -EINVAL, "CPU %u: the test needs .min_cpus of %u or more", cpu,
			       cpu + 1);
	if (cpumask_test_cpu(&p->fs.all, cpu) == online)
		return err_set(err, -EINVAL, "CPU %u is %s already", cpu,
			       online ? "online" : "offline");
	if (online)
		cpumask_set_cpu(&p->fs.all, cpu);
	else
		cpumask_clear_cpu(&p->fs.all, cpu);
	cpuset_usable(&p->fs.all, &p->usable);
	ret = check_left(p, err);
	/* That the kernel does not let one go can be what a test is about. */
	if (ret || p->test->expect_fail.cause == CAUSE_HOTPLUG)
		return ret;
	return paper_bandwidth(p, err);
}

static int check_scheduler(struct paper *p, const struct op *op, struct err *err)
{
	const char *own = p->test->sched, *why;

	if (!p->test->needs_sched && (!own || !strcmp(own, "none")))
		return err_set(err, -EINVAL, "a test with this needs .needs_sched, or .sched");
	if (p->detached != (op->kind == OP_ATTACH_SCHEDULER))
		return err_set(err, -EINVAL, "the scheduler is %s here",
			       p->detached ? "detached" : "attached");
	if (op->name && builtin_check(op->name, &why) == -ENOENT)
		return err_set(err, -EINVAL, "%s: %s", op->name, why);
	p->detached = op->kind == OP_DETACH_SCHEDULER || op->kind == OP_KILL_SCHEDULER;
	return 0;
}

static int payload_index(const struct paper *p, const struct ktstr_payload *def)
{
	unsigned int i;

	for (i = 0; i < p->nr_payloads; i++) {
		if (p->payload[i].def == def)
			return i;
	}
	return -1;
}

static void forget(struct paper *p, unsigned int i)
{
	p->payload[i] = p->payload[--p->nr_payloads];
}

void check_forget_payloads(struct paper *p, const struct paper_cgroup *top)
{
	unsigned int i = 0;

	while (i < p->nr_payloads) {
		const struct paper_payload *pl = &p->payload[i];

		if (top ? pl->cgroup && cgroup_is_below(&pl->cgroup->cg, &top->cg) :
			  !pl->keep && pl->step == p->step)
			forget(p, i);
		else
			i++;
	}
}

static int check_run(struct paper *p, const struct op *op, bool keep, struct err *err)
{
	const struct ktstr_payload *def = op->payload;
	static const char ok[] = "abcdefghijklmnopqrstuvwxyz0123456789_-.";
	const struct payload_metric *m;
	struct paper_payload *pl;
	int ret;

	if (!def->name || !*def->name || def->name[strspn(def->name, ok)] || def->name[0] == '.' ||
	    !def->program || !*def->program || !def->cure)
		return err_set(err, -EINVAL, "a payload needs a name, a program and a cure");
	for (m = def->metrics; m && m->name; m++) {
		if (!m->key || !*m->key || !(m->min <= m->max) ||
		    (!m->judged && (m->min != 0 || m->max != 0)))
			return err_set(err, -EINVAL, "payload %s: %s: no key, or limits %g to %g%s",
				       def->name, m->name, m->min, m->max,
				       m->judged ? "" : ", not judged");
	}
	ret = payload_check(p->test, def, err);
	if (ret)
		return ret;
	if (payload_index(p, def) >= 0)
		return err_set(err, -EINVAL, "payload %s runs already", def->name);
	if (p->nr_payloads == CHECK_PAYLOADS)
		return err_set(err, -EINVAL, "more than %d payloads", CHECK_PAYLOADS);
	pl = &p->payload[p->nr_payloads++];
	*pl = (struct paper_payload){ .def = def, .step = p->step, .keep = keep };
	if (!op->name)
		return 0;
	ret = paper_need_leaf(p, op->name, &pl->cgroup, err);
	return ret ? ret : paper_thawed(pl->cgroup, err);
}

static int check_payload(struct paper *p, const struct op *op, bool keep, struct err *err)
{
	int i, ret = 0;

	if (!op->payload)
		return err_set(err, -EINVAL, "no payload is given");
	if (op->kind == OP_RUN_PAYLOAD)
		return check_run(p, op, keep, err);
	i = payload_index(p, op->payload);
	if (i < 0)
		return err_set(err, -EINVAL, "payload %s does not run here", op->payload->name);
	if (op->kind == OP_WAIT_PAYLOAD && (!op->ms || op->ms > WAIT_MAX_MS))
		return err_set(err, -EINVAL, "a wait of %u ms: must be 1 to %u", op->ms,
			       WAIT_MAX_MS);
	if (op->kind == OP_WAIT_PAYLOAD && p->payload[i].cgroup)
		ret = paper_thawed(p->payload[i].cgroup, err);
	forget(p, i);
	return ret;
}

int check_free_op(struct paper *p, const struct op *op, bool keep, struct err *err)
{
	switch (op->kind) {
	case OP_CPU_OFFLINE:
	case OP_CPU_ONLINE:
		return check_hotplug(p, op->cpu, op->kind == OP_CPU_ONLINE, err);
	case OP_DETACH_SCHEDULER:
	case OP_ATTACH_SCHEDULER:
	case OP_RESTART_SCHEDULER:
	case OP_KILL_SCHEDULER:
		return check_scheduler(p, op, err);
	case OP_RUN_PAYLOAD:
	case OP_WAIT_PAYLOAD:
	case OP_KILL_PAYLOAD:
		return check_payload(p, op, keep, err);
	default:
		return -EOPNOTSUPP;
	}
}
