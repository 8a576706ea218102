// SPDX-License-Identifier: GPL-2.0
/*
 * Is a declared test legal? Plays its steps on paper.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "builtin.h"
#include "checking.h"
#include "cpusets.h"
#include "expect.h"
#include "steps.h"
#include "work/work.h"

#define MAX_STEPS	64

static int check_cpuset(struct paper *p, struct paper_cgroup *pc, const struct cpuset_spec *spec,
			struct err *err)
{
	struct cpumask cpus;
	int ret;

	ret = cpuset_resolve(spec, &p->topo, &p->fs.all, &p->usable, &cpus, err);
	return ret ? ret : paper_set_cpus(p, pc, &cpus, err);
}

static int spawn_all(struct paper *p, struct paper_cgroup *pc, const struct cgroup_def *def,
		     struct err *err)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < WORK_LIST_MAX && def->work[i].type != WORK_NONE; i++)
		ret = paper_spawn(p, pc, &def->work[i], true, err);
	return ret;
}

/* One for each usable CPU, below a common name. */
static int add_each(struct paper *p, const struct cgroup_def *def, bool keep, struct err *err)
{
	char name[CGROUP_NAME_LEN];
	struct paper_cgroup *pc;
	unsigned int cpu, i = 0;
	int ret;

	for_each_cpu(cpu, &p->usable) {
		struct cpumask cpus = { };

		cpumask_set_cpu(&cpus, cpu);
		if (snprintf(name, sizeof(name), "%s/%u", def->name, i++) >= (int)sizeof(name))
			return err_set(err, -EINVAL, "its name is too long");
		ret = paper_add(p, name, keep, &pc, err);
		if (!ret)
			ret = paper_set_cpus(p, pc, &cpus, err);
		if (!ret)
			ret = spawn_all(p, pc, def, err);
		if (ret)
			return ret;
	}
	return 0;
}

static int check_def(struct paper *p, const struct cgroup_def *def, bool keep, struct err *err)
{
	struct paper_cgroup *pc;
	int ret;

	if (def->cpuset.kind == CPUSET_KIND_EACH_CPU)
		return add_each(p, def, keep, err);
	ret = paper_add(p, def->name, keep, &pc, err);
	if (!ret && def->cpuset.kind != CPUSET_KIND_NONE)
		ret = check_cpuset(p, pc, &def->cpuset, err);
	return ret ? ret : spawn_all(p, pc, def, err);
}

static int check_defs(struct paper *p, const struct cgroup_def *defs, bool keep, struct err *err)
{
	struct err why = { };
	int ret;

	for (; defs && defs->name; defs++) {
		ret = check_def(p, defs, keep, &why);
		if (ret)
			return err_set(err, ret, "step %u, cgroup %s: %s", p->step, defs->name,
				       why.msg);
	}
	return 0;
}

static int need_both(struct paper *p, const struct op *op, struct paper_cgroup **a,
		     struct paper_cgroup **b, struct err *err)
{
	int ret;

	ret = paper_need(p, op->name, a, err);
	if (!ret)
		ret = paper_need(p, op->other, b, err);
	if (!ret && *a == *b)
		ret = err_set(err, -EINVAL, "cgroup %s with itself", op->name);
	return ret;
}

static int check_tasks_op(struct paper *p, const struct op *op, struct err *err)
{
	struct paper_cgroup *pc, *other;
	int ret;

	switch (op->kind) {
	case OP_SPAWN:
		ret = paper_need_leaf(p, op->name, &pc, err);
		return ret ? ret : paper_spawn(p, pc, &op->work, true, err);
	case OP_SET_AFFINITY:
		ret = paper_need(p, op->name, &pc, err);
		return ret ? ret : paper_set_affinity(p, pc, &op->affinity, err);
	case OP_MOVE_TASKS:
		ret = need_both(p, op, &pc, &other, err);
		if (!ret)
			ret = paper_thawed(pc, err);
		if (!ret)
			ret = paper_thawed(other, err);
		return ret ? ret : paper_move_tasks(p, pc, other, err);
	case OP_REMOVE_CGROUP:
	case OP_STOP_CGROUP:
		ret = paper_need(p, op->name, &pc, err);
		if (ret)
			return ret;
		if (op->kind == OP_REMOVE_CGROUP)
			paper_remove(p, pc);
		else
			paper_stop(p, pc);
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

static int swap_cpusets(struct paper *p, const struct op *op, struct err *err)
{
	struct paper_cgroup *a, *b;
	struct cpumask of_a;
	int ret;

	ret = need_both(p, op, &a, &b, err);
	if (!ret && !(a->cg.has_cpus && b->cg.has_cpus))
		ret = err_set(err, -EINVAL, "cgroups %s and %s do not both have a cpuset",
			      op->name, op->other);
	if (ret)
		return ret;
	of_a = a->cg.cpus;
	ret = paper_set_cpus(p, a, &b->cg.cpus, err);
	return ret ? ret : paper_set_cpus(p, b, &of_a, err);
}

static bool all_are_there(const struct paper *p)
{
	struct cpumask root;

	cgroup_effective(&p->fs, NULL, &root);
	return cpumask_weight(&root) == topology_nr_cpus(&p->topo);
}

static int check_cpuset_op(struct paper *p, const struct op *op, struct err *err)
{
	struct paper_cgroup *pc;
	int ret;

	switch (op->kind) {
	case OP_SET_CPUSET:
		ret = paper_need(p, op->name, &pc, err);
		return ret ? ret : check_cpuset(p, pc, &op->cpuset, err);
	case OP_CLEAR_CPUSET:
		ret = paper_need(p, op->name, &pc, err);
		if (!ret && !pc->cg.has_cpus)
			ret = err_set(err, -EINVAL, "cgroup %s has no cpuset to clear", op->name);
		if (!ret)
			ret = paper_set_cpus(p, pc, NULL, err);
		/* Kernels before 7 do not clear it under processes; all CPUs come to the same. */
		if (!ret && !all_are_there(p))
			ret = err_set(err, -EINVAL,
				      "to clear a cpuset, all CPUs have to be online and in no partition");
		return ret;
	case OP_SWAP_CPUSETS:
		return swap_cpusets(p, op, err);
	default:
		return -EOPNOTSUPP;
	}
}

static int check_op(struct paper *p, const struct op *op, bool keep, struct err *err)
{
	struct paper_cgroup *pc;
	int ret;

	switch (op->kind) {
	case OP_ADD_CGROUP_DEF:
		return op->def ? check_def(p, op->def, keep, err) :
				 err_set(err, -EINVAL, "no cgroup is given");
	case OP_ADD_CGROUP:
		return paper_add(p, op->name, keep, &pc, err);
	case OP_SPAWN_ROOT:
		return paper_spawn(p, NULL, &op->work, keep, err);
	default:
		break;
	}
	ret = check_free_op(p, op, keep, err);
	if (ret == -EOPNOTSUPP)
		ret = check_tasks_op(p, op, err);
	if (ret == -EOPNOTSUPP)
		ret = check_cpuset_op(p, op, err);
	if (ret != -EOPNOTSUPP)
		return ret;
	if ((unsigned int)op->kind >= NR_OPS)
		return err_set(err, -EINVAL, "operation %d does not exist", op->kind);
	ret = paper_need(p, op->name, &pc, err);
	return ret ? ret : check_cgroup_op(p, op, pc, err);
}

static int check_ops(struct paper *p, const struct op *ops, bool keep, struct err *err)
{
	struct err why = { };
	unsigned int i;
	int ret;

	for (i = 0; ops && ops[i].kind != OP_NONE; i++) {
		ret = check_op(p, &ops[i], keep, &why);
		if (ret)
			return err_set(err, ret, "step %u, operation %u (%s)%s%s: %s", p->step, i,
				       op_name(ops[i].kind), ops[i].name ? " on " : "",
				       ops[i].name ? ops[i].name : "", why.msg);
	}
	return 0;
}

static int check_hold(struct paper *p, const struct step *step, double *sum, unsigned int *ms,
		      struct err *err)
{
	const struct hold *hold = &step->hold;

	switch (hold->kind) {
	case HOLD_KIND_FRAC:
		if (!(hold->frac > 0 && hold->frac <= 1))
			return err_set(err, -EINVAL, "step %u: hold %g: must be above 0, up to 1",
				       p->step, hold->frac);
		*sum += hold->frac;
		*ms += hold->frac * p->duration_ms;
		if (*sum > 1 + FRAC_EPSILON)
			return err_set(err, -EINVAL, "step %u: the holds so far are %g of the run",
				       p->step, *sum);
		return 0;
	case HOLD_KIND_FIXED:
		if (!hold->ms || hold->ms > 60 * MSEC_PER_SEC)
			return err_set(err, -EINVAL, "step %u: hold of %u ms: must be 1 to 60000",
				       p->step, hold->ms);
		*ms += hold->ms;
		return 0;
	case HOLD_KIND_LOOP:
		if (!hold->ms || !step->ops || step->ops[0].kind == OP_NONE)
			return err_set(err, -EINVAL,
				       "step %u: a loop needs an interval and operations",
				       p->step);
		if (step[1].hold.kind != HOLD_KIND_NONE)
			return err_set(err, -EINVAL, "step %u: a loop must be the last step",
				       p->step);
		if (p->test->settle_ms && !p->step)
			return err_set(err, -EINVAL, "step 0: a loop has no time to settle in");
		if (*ms + hold->ms >= p->duration_ms)
			return err_set(err, -EINVAL,
				       "step %u: a loop of %u ms each, %u ms after the start, has no turn in %u ms",
				       p->step, hold->ms, *ms, p->duration_ms);
		return 0;
	default:
		return err_set(err, -EINVAL, "step %u: hold kind %d does not exist", p->step,
			       hold->kind);
	}
}

static int start(struct paper *p, struct err *err)
{
	struct err why = { };
	int ret = paper_start(p, &why);

	return ret ? err_set(err, ret, "step %u, %s", p->step, why.msg) : 0;
}

/* A loop does them again, and what each turn leaves adds up. */
static int check_turn(struct paper *p, const struct step *step, unsigned int begin_ms,
		      struct err *err)
{
	unsigned int turns = (p->duration_ms - begin_ms) / step->hold.ms;
	unsigned int before = paper_nr_workers(p), after;
	uint64_t all, dl_ppm = paper_dl_ppm(p);
	int ret;

	ret = check_ops(p, step->ops, step->keep, err);
	if (!ret)
		ret = start(p, err);
	if (ret)
		return ret;
	if (paper_dl_ppm(p) > dl_ppm)
		return err_set(err, -EINVAL,
			       "step %u: SCHED_DEADLINE workers of each turn of a loop add up",
			       p->step);
	after = paper_nr_workers(p);
	all = before + (uint64_t)turns * (after - min(after, before));
	if (all > paper_max_workers(p))
		return err_set(err, -EINVAL,
			       "step %u: %u turns of a loop leave %llu workers: must be up to %u",
			       p->step, turns, (unsigned long long)all, paper_max_workers(p));
	return 0;
}

static int check_step(struct paper *p, const struct step *step, double *sum, unsigned int *ms,
		      struct err *err)
{
	int ret;

	ret = check_ops(p, step->ops, step->keep, err);
	if (!ret)
		ret = check_defs(p, step->cgroups, step->keep, err);
	if (!ret)
		ret = start(p, err);
	p->hold_ms = *ms;
	if (!ret)
		ret = check_hold(p, step, sum, ms, err);
	p->hold_ms = *ms - p->hold_ms;
	p->looping = step->hold.kind == HOLD_KIND_LOOP;
	if (!ret && step->hold.kind == HOLD_KIND_LOOP)
		ret = check_turn(p, step, *ms, err);
	return ret;
}

static int check_steps(struct paper *p, struct err *err)
{
	const struct step *step = p->test->steps;
	unsigned int ms = p->test->settle_ms;
	double sum = 0;
	int ret;

	if (step->hold.kind == HOLD_KIND_NONE)
		return err_set(err, -EINVAL, "no steps, or the first one has no hold");
	ret = check_defs(p, p->test->backdrop, true, err);
	for (; !ret && step->hold.kind != HOLD_KIND_NONE; step++, p->step++) {
		if (p->step == MAX_STEPS)
			return err_set(err, -EINVAL, "more than %d steps", MAX_STEPS);
		ret = check_step(p, step, &sum, &ms, err);
		if (!ret && step[1].hold.kind == HOLD_KIND_NONE)
			ret = check_judged(p, err);
		paper_end_step(p);
	}
	return ret;
}

/* What is for the framework's own controls. */
static int check_sched(const struct ktstr_test *test, struct err *err)
{
	bool own = test->sched && strcmp(test->sched, "none");
	unsigned int nr = 0;
	const char *why;

	if (own && builtin_check(test->sched, &why) == -ENOENT)
		return err_set(err, -EINVAL, "scheduler %s: %s", test->sched, why);
	if (!own && (test->sched_args || test->sched_faults))
		return err_set(err, -EINVAL, "arguments or faults of a scheduler need .sched");
	if (test->sched_faults && strcmp(test->sched, "fault"))
		return err_set(err, -EINVAL, "scheduler %s has no faults", test->sched);
	while (test->sched_args && test->sched_args[nr])
		nr++;
	return own ? builtin_check_args(test->sched, test->sched_args, nr, err) : 0;
}

static int check_expect_fail(const struct expect_fail *e, struct err *err)
{
	if (e->cause >= NR_CAUSES || e->cause == CAUSE_INFRA)
		return err_set(err, -EINVAL, "cause %d cannot be expected", e->cause);
	if (e->text && e->cause == CAUSE_NONE)
		return err_set(err, -EINVAL, "\"%s\" is expected of no cause", e->text);
	return 0;
}

static int check_head(struct paper *p, struct err *err)
{
	const struct ktstr_test *test = p->test;
	size_t len = test->name ? strlen(test->name) : 0;
	int ret;

	if (!len || len >= sizeof(((struct job *)0)->test))
		return err_set(err, -EINVAL, "the name of a test has %zu characters", len);
	if (!test->desc || !*test->desc)
		return err_set(err, -EINVAL, "there is no description of what it verifies");
	if (!test->steps == !test->body)
		return err_set(err, -EINVAL, "it must have either steps or a body");
	ret = check_expect_fail(&test->expect_fail, err);
	if (!ret)
		ret = expect_check(&test->expect, err);
	if (!ret)
		ret = check_sched(test, err);
	if (ret)
		return ret;
	cpumask_set_range(&p->fs.all, 0, topology_nr_cpus(&p->topo));
	cpuset_usable(&p->fs.all, &p->usable);
	if (topology_nr_cpus(&p->topo) < test->min_cpus || p->topo.nr_llcs < test->min_llcs ||
	    p->topo.nr_nodes < test->min_nodes ||
	    (test->needs_smt && p->topo.threads_per_core < 2))
		return err_set(err, -EINVAL, "it cannot run on this topology");
	return 0;
}

int scenario_check_on(const struct ktstr_test *test, const struct topology *topo,
		      unsigned int duration_ms, struct err *err)
{
	struct paper *p = calloc(1, sizeof(*p));
	int ret;

	if (!p)
		return err_set(err, -ENOMEM, "out of memory");
	p->test = test;
	p->topo = *topo;
	p->duration_ms = duration_ms;
	ret = check_head(p, err);
	if (!ret && test->steps)
		ret = check_steps(p, err);
	free(p);
	return ret;
}

int scenario_check(const struct ktstr_test *test, struct err *err)
{
	struct topology topo;
	int ret;

	ret = topology_parse(test->topology ? test->topology : KTSTR_TOPOLOGY, &topo, err);
	if (ret)
		return ret;
	return scenario_check_on(test, &topo,
				 test->duration_ms ? test->duration_ms : KTSTR_DURATION_MS, err);
}
