// SPDX-License-Identifier: GPL-2.0
/*
 * Is a declared test legal? Plays its steps on paper.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "checking.h"
#include "cpusets.h"
#include "expect.h"
#include "steps.h"
#include "work/work.h"

#define MAX_WORKERS	1024
#define MAX_STEPS	64

static struct paper_cgroup *find(struct paper *p, const char *name)
{
	unsigned int i;

	for (i = 0; i < p->nr; i++) {
		if (!strcmp(p->cgroup[i].name, name))
			return &p->cgroup[i];
	}
	return NULL;
}

bool check_is_below(const char *name, const char *top)
{
	size_t len = strlen(top);

	return !strncmp(name, top, len) && (!name[len] || name[len] == '/');
}

static bool has_children(const struct paper *p, const char *name)
{
	unsigned int i;

	for (i = 0; i < p->nr; i++) {
		if (strcmp(p->cgroup[i].name, name) && check_is_below(p->cgroup[i].name, name))
			return true;
	}
	return false;
}

/* Whoever is stopped must run for that. */
static void thaw(struct paper *p, const char *name)
{
	unsigned int i;

	for (i = 0; i < p->nr; i++) {
		if (check_is_below(p->cgroup[i].name, name) ||
		    check_is_below(name, p->cgroup[i].name))
			p->cgroup[i].frozen = false;
	}
}

static void remove_below(struct paper *p, const char *top)
{
	char name[CGROUP_NAME_LEN];
	unsigned int i, nr = 0;

	snprintf(name, sizeof(name), "%s", top);	/* may lie in the array */
	thaw(p, name);
	for (i = 0; i < p->nr; i++) {
		if (!check_is_below(p->cgroup[i].name, name))
			p->cgroup[nr++] = p->cgroup[i];
	}
	p->nr = nr;
	check_forget_payloads(p, name);
}

static int check_name(const char *name, struct err *err)
{
	static const char ok[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-/.";
	size_t len = name ? strlen(name) : 0;

	if (!len || len >= CGROUP_NAME_LEN)
		return err_set(err, -EINVAL, "the name of a cgroup has %zu characters", len);
	if (name[strspn(name, ok)] || name[0] == '/' || name[len - 1] == '/' ||
	    name[0] == '.' || strstr(name, "//") || strstr(name, "/."))
		return err_set(err, -EINVAL, "\"%s\" is not a name for a cgroup", name);
	return 0;
}

/* A name and all of its ancestors. */
static int add(struct paper *p, const char *name, bool keep, struct err *err)
{
	struct paper_cgroup *cg;
	char part[CGROUP_NAME_LEN];
	size_t len;
	int ret;

	ret = check_name(name, err);
	if (ret)
		return ret;
	if (find(p, name))
		return err_set(err, -EINVAL, "cgroup %s exists already", name);
	for (len = strcspn(name, "/");; len += 1 + strcspn(name + len + 1, "/")) {
		snprintf(part, sizeof(part), "%.*s", (int)len, name);
		if (!find(p, part)) {
			if (p->nr == CHECK_CGROUPS)
				return err_set(err, -EINVAL, "more than %d cgroups", CHECK_CGROUPS);
			cg = &p->cgroup[p->nr++];
			memset(cg, 0, sizeof(*cg));
			memcpy(cg->name, part, sizeof(part));
			cg->step = p->step;
			cg->keep = keep;
		}
		if (!name[len])
			return 0;
	}
}

static int check_affinity(const struct affinity *aff, struct err *err)
{
	struct cpumask m;

	switch (aff->kind) {
	case AFFINITY_INHERIT:
	case AFFINITY_RANDOM:
	case AFFINITY_ALL:
	case AFFINITY_SINGLE:
	case AFFINITY_LLC:
	case AFFINITY_EACH:
		return 0;
	case AFFINITY_FIRST:
		if (!aff->nr)
			return err_set(err, -EINVAL, "affinity: the first how many CPUs?");
		return 0;
	case AFFINITY_EXACT:
		if (!aff->cpus || cpulist_parse(aff->cpus, &m) || cpumask_empty(&m))
			return err_set(err, -EINVAL, "\"%s\" is not a list of CPUs",
				       aff->cpus ? aff->cpus : "");
		return 0;
	}
	return err_set(err, -EINVAL, "affinity kind %d does not exist", aff->kind);
}

static int check_work(const struct paper *p, const struct work *work, struct err *err)
{
	int ret;

	ret = work_check(work, err);
	if (ret)
		return ret;
	if (!(work->per_cpu >= 0 && work->per_cpu <= 64))
		return err_set(err, -EINVAL, "%g workers per CPU: must be up to 64", work->per_cpu);
	if (!work->nr == !(work->per_cpu > 0))
		return err_set(err, -EINVAL, "workers: say either how many or how many per CPU");
	if (work->nr > MAX_WORKERS)
		return err_set(err, -EINVAL, "%u workers: must be up to %d", work->nr, MAX_WORKERS);
	ret = work_check_policy(work, topology_all_nodes(&p->topo), err);
	return ret ? ret : check_affinity(&work->affinity, err);
}

/* In a cgroup with a cpuset: outside of it the worker would be outside of its CPUs. */
static int check_stays(const struct work *work, struct err *err)
{
	if (!work_ops(work->type)->roams)
		return 0;
	return err_set(err, -EINVAL, "type %s leaves its cgroup, which must have no cpuset then",
		       work_ops(work->type)->name);
}

static int check_cpuset(struct paper *p, const struct cpuset_spec *spec, struct err *err)
{
	struct cpumask cpus;

	return cpuset_resolve(spec, &p->topo, &p->all, &p->usable, &cpus, err);
}

/* One for each usable CPU, below a common name. */
static int add_each(struct paper *p, const struct cgroup_def *def, bool keep, struct err *err)
{
	unsigned int i, nr = cpumask_weight(&p->usable);
	char name[CGROUP_NAME_LEN];
	int ret = check_name(def->name, err);

	for (i = 0; !ret && i < nr; i++) {
		snprintf(name, sizeof(name), "%s/%u", def->name, i);
		ret = add(p, name, keep, err);
		if (!ret)
			find(p, name)->has_cpus = true;
	}
	return ret;
}

static int check_def(struct paper *p, const struct cgroup_def *def, bool keep, struct err *err)
{
	unsigned int i;
	int ret;

	if (def->cpuset.kind == CPUSET_KIND_EACH_CPU)
		ret = add_each(p, def, keep, err);
	else
		ret = add(p, def->name, keep, err);
	if (!ret && def->cpuset.kind != CPUSET_KIND_NONE &&
	    def->cpuset.kind != CPUSET_KIND_EACH_CPU) {
		ret = check_cpuset(p, &def->cpuset, err);
		find(p, def->name)->has_cpus = true;
	}
	for (i = 0; !ret && i < WORK_LIST_MAX && def->work[i].type != WORK_NONE; i++) {
		ret = check_work(p, &def->work[i], err);
		if (!ret)
			ret = check_thawed(p, def->name, err);
		if (!ret && def->cpuset.kind != CPUSET_KIND_NONE)
			ret = check_stays(&def->work[i], err);
	}
	return ret;
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

static int need(struct paper *p, const char *name, struct paper_cgroup **cg, struct err *err)
{
	*cg = name ? find(p, name) : NULL;
	if (!*cg)
		return err_set(err, -EINVAL, "cgroup %s does not exist here", name ? name : "?");
	return 0;
}

static int need_both(struct paper *p, const struct op *op, struct paper_cgroup **a,
		     struct paper_cgroup **b, struct err *err)
{
	int ret;

	ret = need(p, op->name, a, err);
	if (!ret)
		ret = need(p, op->other, b, err);
	if (!ret && *a == *b)
		ret = err_set(err, -EINVAL, "cgroup %s with itself", op->name);
	return ret;
}

/* The kernel would take the cpuset and make the partition invalid, or refuse it. */
static int no_partition(const struct paper_cgroup *cg, struct err *err)
{
	return cg->partition ? err_set(err, -EINVAL, "cgroup %s is a partition", cg->name) : 0;
}

/* Processes that move into one that has children: these lose their controllers. */
static int no_controllers(struct paper *p, const char *name, struct err *err)
{
	struct paper_cgroup *cg;
	int ret = 0;

	for (cg = p->cgroup; cg < p->cgroup + p->nr && !ret; cg++) {
		if (!strcmp(cg->name, name) || !check_is_below(cg->name, name))
			continue;
		ret = no_partition(cg, err);
		cg->has_cpus = false;
		cg->weight = false;
		cg->limit = false;
	}
	return ret;
}

/* Only those without children have processes. */
static int need_leaf(struct paper *p, const char *name, struct paper_cgroup **cg,
		     struct err *err)
{
	int ret = need(p, name, cg, err);

	if (!ret && has_children(p, name))
		ret = err_set(err, -EINVAL, "cgroup %s has children, so no processes", name);
	return ret;
}

static int check_tasks_op(struct paper *p, const struct op *op, struct err *err)
{
	struct paper_cgroup *cg, *other;
	int ret;

	switch (op->kind) {
	case OP_SPAWN:
		ret = need_leaf(p, op->name, &cg, err);
		if (!ret)
			ret = check_thawed(p, op->name, err);
		if (!ret)
			ret = check_work(p, &op->work, err);
		return !ret && cg->has_cpus ? check_stays(&op->work, err) : ret;
	case OP_SET_AFFINITY:
		ret = need(p, op->name, &cg, err);
		return ret ? ret : check_affinity(&op->affinity, err);
	case OP_MOVE_TASKS:
		ret = need_both(p, op, &cg, &other, err);
		if (!ret)
			ret = check_thawed(p, op->name, err);
		if (!ret)
			ret = check_thawed(p, op->other, err);
		return ret ? ret : no_controllers(p, op->other, err);
	case OP_REMOVE_CGROUP:
	case OP_STOP_CGROUP:
		ret = need(p, op->name, &cg, err);
		if (ret)
			return ret;
		if (op->kind == OP_REMOVE_CGROUP)
			remove_below(p, op->name);
		else
			thaw(p, op->name);
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

static int check_cpuset_op(struct paper *p, const struct op *op, struct err *err)
{
	struct paper_cgroup *cg, *other;
	int ret;

	switch (op->kind) {
	case OP_SET_CPUSET:
		ret = need(p, op->name, &cg, err);
		if (ret)
			return ret;
		cg->has_cpus = true;
		ret = check_cpuset(p, &op->cpuset, err);
		return ret ? ret : no_partition(cg, err);
	case OP_CLEAR_CPUSET:
		ret = need(p, op->name, &cg, err);
		if (!ret && !cg->has_cpus)
			ret = err_set(err, -EINVAL, "cgroup %s has no cpuset to clear", op->name);
		if (!ret)
			ret = no_partition(cg, err);
		if (!ret)
			cg->has_cpus = false;
		return ret;
	case OP_SWAP_CPUSETS:
		ret = need_both(p, op, &cg, &other, err);
		if (!ret && !(cg->has_cpus && other->has_cpus))
			ret = err_set(err, -EINVAL, "cgroups %s and %s do not both have a cpuset",
				      op->name, op->other);
		if (!ret)
			ret = no_partition(cg, err);
		return ret ? ret : no_partition(other, err);
	default:
		return -EOPNOTSUPP;
	}
}

static int check_op(struct paper *p, const struct op *op, bool keep, struct err *err)
{
	struct paper_cgroup *cg;
	int ret;

	switch (op->kind) {
	case OP_ADD_CGROUP_DEF:
		return op->def ? check_def(p, op->def, keep, err) :
				 err_set(err, -EINVAL, "no cgroup is given");
	case OP_ADD_CGROUP:
		return add(p, op->name, keep, err);
	case OP_SPAWN_ROOT:
		return check_work(p, &op->work, err);
	default:
		break;
	}
	ret = check_free_op(p, op, keep, err);
	if (!ret && op->kind == OP_RUN_PAYLOAD && op->name)
		return need_leaf(p, op->name, &cg, err);
	if (ret == -EOPNOTSUPP)
		ret = check_tasks_op(p, op, err);
	if (ret == -EOPNOTSUPP)
		ret = check_cpuset_op(p, op, err);
	if (ret != -EOPNOTSUPP)
		return ret;
	if ((unsigned int)op->kind >= NR_OPS)
		return err_set(err, -EINVAL, "operation %d does not exist", op->kind);
	ret = need(p, op->name, &cg, err);
	return ret ? ret : check_cgroup_op(p, op, cg, err);
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

static int check_hold(struct paper *p, const struct step *step, double *sum, struct err *err)
{
	const struct hold *hold = &step->hold;

	switch (hold->kind) {
	case HOLD_KIND_FRAC:
		if (!(hold->frac > 0 && hold->frac <= 1))
			return err_set(err, -EINVAL, "step %u: hold %g: must be above 0, up to 1",
				       p->step, hold->frac);
		*sum += hold->frac;
		if (*sum > 1 + FRAC_EPSILON)
			return err_set(err, -EINVAL, "step %u: the holds so far are %g of the run",
				       p->step, *sum);
		return 0;
	case HOLD_KIND_FIXED:
		if (!hold->ms || hold->ms > 60 * MSEC_PER_SEC)
			return err_set(err, -EINVAL, "step %u: hold of %u ms: must be 1 to 60000",
				       p->step, hold->ms);
		return 0;
	case HOLD_KIND_LOOP:
		if (!hold->ms || !step->ops || step->ops[0].kind == OP_NONE)
			return err_set(err, -EINVAL,
				       "step %u: a loop needs an interval and operations",
				       p->step);
		if (step[1].hold.kind != HOLD_KIND_NONE)
			return err_set(err, -EINVAL, "step %u: a loop must be the last step",
				       p->step);
		return 0;
	default:
		return err_set(err, -EINVAL, "step %u: hold kind %d does not exist", p->step,
			       hold->kind);
	}
}

static void end_step(struct paper *p)
{
	unsigned int i;

	check_forget_payloads(p, NULL);
	for (i = 0; i < p->nr;) {
		if (!p->cgroup[i].keep && p->cgroup[i].step == p->step) {
			remove_below(p, p->cgroup[i].name);
			i = 0;
		} else {
			i++;
		}
	}
}

static int check_steps(struct paper *p, struct err *err)
{
	const struct step *step = p->test->steps;
	double sum = 0;
	int ret;

	if (step->hold.kind == HOLD_KIND_NONE)
		return err_set(err, -EINVAL, "no steps, or the first one has no hold");
	ret = check_defs(p, p->test->backdrop, true, err);
	for (; !ret && step->hold.kind != HOLD_KIND_NONE; step++, p->step++) {
		if (p->step == MAX_STEPS)
			return err_set(err, -EINVAL, "more than %d steps", MAX_STEPS);
		ret = check_ops(p, step->ops, step->keep, err);
		if (!ret)
			ret = check_defs(p, step->cgroups, step->keep, err);
		if (!ret)
			ret = check_hold(p, step, &sum, err);
		/* A loop does them again. */
		if (!ret && step->hold.kind == HOLD_KIND_LOOP)
			ret = check_ops(p, step->ops, step->keep, err);
		end_step(p);
	}
	return ret ? ret : check_shares(p, err);
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
	if (test->expect_fail.cause >= NR_CAUSES || test->expect_fail.cause == CAUSE_INFRA)
		return err_set(err, -EINVAL, "cause %d cannot be expected",
			       test->expect_fail.cause);
	ret = expect_check(&test->expect, err);
	if (!ret)
		ret = topology_parse(test->topology ? test->topology : KTSTR_TOPOLOGY, &p->topo, err);
	if (ret)
		return ret;
	cpumask_set_range(&p->all, 0, topology_nr_cpus(&p->topo));
	cpuset_usable(&p->all, &p->usable);
	if (topology_nr_cpus(&p->topo) < test->min_cpus || p->topo.nr_llcs < test->min_llcs ||
	    p->topo.nr_nodes < test->min_nodes ||
	    (test->needs_smt && p->topo.threads_per_core < 2))
		return err_set(err, -EINVAL, "it cannot run on its own topology");
	return 0;
}

int scenario_check(const struct ktstr_test *test, struct err *err)
{
	struct paper p = { .test = test };
	int ret;

	ret = check_head(&p, err);
	if (!ret && test->steps)
		ret = check_steps(&p, err);
	return ret;
}
