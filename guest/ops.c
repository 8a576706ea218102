// SPDX-License-Identifier: GPL-2.0
/*
 * What the steps of a scenario do to cgroups and workers.
 *
 * Wherever the CPUs of a worker change, its own idea of where it may run is
 * widened before and narrowed after, so that it can tell at any moment.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "cpusets.h"
#include "payload.h"
#include "steps.h"
#include "work/work.h"

static uint32_t random_of(void *ctx, uint32_t bound)
{
	return guest_random(ctx, bound);
}

static int find(struct scenario *scn, const char *name, struct cgroup **cg, struct err *err)
{
	*cg = cgroup_find(&scn->fs, name);
	return *cg ? 0 : err_set(err, -ENOENT, "cgroup %s does not exist", name);
}

/* Where a worker must be, as its cgroup and its affinity are now. */
static void worker_cpus(const struct scenario *scn, const struct worker *w, struct cpumask *cpus)
{
	struct cpumask cpuset;

	cgroup_effective(&scn->fs, w->cgroup, &cpuset);
	worker_allowed(&cpuset, &w->page->affinity, cpus);
}

static int resolve_affinity(struct scenario *scn, const struct affinity *aff, struct worker *w,
			    struct cpumask *cpus, struct err *err)
{
	struct cpumask pool;

	cgroup_effective(&scn->fs, w->cgroup, &pool);
	return affinity_resolve(aff, &scn->g->topo, &scn->all, &pool, w->id, random_of, scn->g,
				cpus, err);
}

/* With the CPUs that each may have as things are now. */
static void for_all_alive(struct scenario *scn,
			  void (*fn)(struct worker *w, const struct cpumask *cpus))
{
	struct cpumask cpus;
	struct worker *w;

	for (w = scn->workers; w; w = w->next) {
		if (!worker_alive(w))
			continue;
		worker_cpus(scn, w, &cpus);
		fn(w, &cpus);
	}
}

void scenario_widen(struct scenario *scn)
{
	for_all_alive(scn, worker_widen);
}

void scenario_allow(struct scenario *scn)
{
	for_all_alive(scn, worker_allow);
}

/* @cg NULL: where we are ourselves. */
static int spawn(struct scenario *scn, const struct work *work, struct cgroup *cg, bool keep,
		 const char *name, struct err *err)
{
	struct worker_spec spec = {
		.work = *work,
		.cgroup_name = name,
		.cgroup = cg,
		.batch = ++scn->batch,
		.step = scn->step,
		.keep = keep,
		.online = scn->all,
	};
	struct worker *w;
	struct cpumask cpus;
	int ret;

	spec.work.nr = work_nr(work, cpumask_weight(&scn->usable), cpumask_weight(&scn->all));
	ret = workers_fork(&scn->workers, &spec, &w, err);
	if (ret)
		return ret;
	for (; w; w = w->next) {
		ret = resolve_affinity(scn, &work->affinity, w, &w->page->affinity, err);
		if (ret)
			return ret;
		w->unlike = work->affinity.kind == AFFINITY_RANDOM;
		w->mems = cgroup_mems(cg);
		worker_cpus(scn, w, &cpus);
		worker_allow(w, &cpus);
		if (!cg)
			continue;
		ret = cgroup_move(&scn->fs, cg, w->pid, err);
		if (ret)
			return ret;
	}
	return 0;
}

/* @cpus NULL clears. */
static int set_cpuset(struct scenario *scn, struct cgroup *cg, const struct cpumask *cpus,
		      struct err *err)
{
	struct cgroup old = *cg;
	struct cpumask allowed;
	struct worker *w;
	int ret;

	cg->has_cpus = cpus;
	if (cpus)
		cg->cpus = *cpus;
	for (w = scn->workers; w; w = w->next) {
		if (!worker_alive(w) || !cgroup_is_below(w->cgroup, cg))
			continue;
		worker_cpus(scn, w, &allowed);
		worker_widen(w, &allowed);
	}
	cg->has_cpus = old.has_cpus;
	cg->cpus = old.cpus;

	ret = cgroup_set_cpus(&scn->fs, cg, cpus, err);
	for (w = scn->workers; w; w = w->next) {
		if (!worker_alive(w) || !cgroup_is_below(w->cgroup, cg))
			continue;
		worker_cpus(scn, w, &allowed);
		worker_allow(w, &allowed);
	}
	return ret;
}

static int set_cpuset_spec(struct scenario *scn, struct cgroup *cg, const struct cpuset_spec *spec,
			   struct err *err)
{
	struct cpumask cpus;
	int ret;

	ret = cpuset_resolve(spec, &scn->g->topo, &scn->all, &scn->usable, &cpus, err);
	return ret ? ret : set_cpuset(scn, cg, &cpus, err);
}

static int swap_cpusets(struct scenario *scn, struct cgroup *a, struct cgroup *b, struct err *err)
{
	struct cpumask of_a = a->cpus, of_b = b->cpus;
	int ret;

	if (!a->has_cpus || !b->has_cpus)
		return err_set(err, -EINVAL, "cgroup %s has no cpuset of its own",
			       a->has_cpus ? b->name : a->name);
	ret = set_cpuset(scn, a, &of_b, err);
	return ret ? ret : set_cpuset(scn, b, &of_a, err);
}

static int set_affinity(struct scenario *scn, struct cgroup *cg, const struct affinity *aff,
			struct err *err)
{
	struct cpumask cpus, allowed;
	struct worker *w;
	int ret;

	for (w = scn->workers; w; w = w->next) {
		if (!worker_alive(w) || !cgroup_is_below(w->cgroup, cg))
			continue;
		ret = resolve_affinity(scn, aff, w, &cpus, err);
		if (ret)
			return ret;
		/* To inherit is to ask for everything. */
		if (cpumask_empty(&cpus))
			cpus = scn->all;
		w->page->affinity = cpus;
		w->unlike |= aff->kind == AFFINITY_RANDOM;
		worker_cpus(scn, w, &allowed);
		worker_widen(w, &allowed);
		if (w->released) {
			ret = worker_set_affinity(w->pid, &cpus);
			/* One that ended by itself is found, and judged, at the next hold. */
			if (ret && ret != -ESRCH)
				return err_set(err, ret, "cannot set the affinity of worker %u: %s",
					       w->id, strerror(-ret));
		}
		worker_allow(w, &allowed);
	}
	return 0;
}

static void set_worker_mems(struct scenario *scn)
{
	struct worker *w;

	for (w = scn->workers; w; w = w->next) {
		if (worker_alive(w))
			w->mems = cgroup_mems(w->cgroup);
	}
}

/* Whoever is below @cg may go wherever it may itself: the cpusets in between are gone. */
static int no_controllers(struct scenario *scn, struct cgroup *cg, struct err *err)
{
	struct cpumask cpuset, cpus;
	struct worker *w;
	int ret;

	cgroup_effective(&scn->fs, cg, &cpuset);
	for (w = scn->workers; w; w = w->next) {
		if (!worker_alive(w) || !cgroup_is_below(w->cgroup, cg))
			continue;
		worker_allowed(&cpuset, &w->page->affinity, &cpus);
		worker_widen(w, &cpus);
	}
	ret = cgroup_no_controllers(&scn->fs, cg, err);
	scenario_allow(scn);
	set_worker_mems(scn);
	return ret;
}

static int move_tasks(struct scenario *scn, struct cgroup *from, struct cgroup *to, struct err *err)
{
	struct cgroup *old;
	struct cpumask cpus;
	struct worker *w;
	int ret;

	if (to->hands_down) {
		ret = no_controllers(scn, to, err);
		if (ret)
			return ret;
	}
	for (w = scn->workers; w; w = w->next) {
		if (!worker_alive(w) || w->cgroup != from)
			continue;
		old = w->cgroup;
		w->cgroup = to;
		worker_cpus(scn, w, &cpus);
		worker_widen(w, &cpus);
		ret = cgroup_move(&scn->fs, to, w->pid, err);
		if (ret) {
			w->cgroup = old;
			return ret;
		}
		w->mems = cgroup_mems(to);
		worker_allow(w, &cpus);
	}
	return 0;
}

static int set_mems(struct scenario *scn, struct cgroup *cg, const char *nodes, struct err *err)
{
	int ret = cgroup_set_mems(&scn->fs, cg, nodes, err);

	if (!ret)
		set_worker_mems(scn);
	return ret;
}

static int stop_below(struct scenario *scn, const struct cgroup *cg, struct err *err)
{
	struct worker *w;
	int ret;

	scenario_thaw(scn, cg);
	for (w = scn->workers; w; w = w->next) {
		if (worker_alive(w) && cgroup_is_below(w->cgroup, cg))
			worker_mark_stop(w);
	}
	ret = workers_collect(scn->workers);
	if (ret)
		return err_set(err, ret, "workers of cgroup %s cannot be killed", cg->name);
	/* Their cgroup may go now; the name of it stays. */
	for (w = scn->workers; w; w = w->next) {
		if (!worker_alive(w) && cgroup_is_below(w->cgroup, cg))
			w->cgroup = NULL;
	}
	return 0;
}

static int remove_below(struct scenario *scn, struct cgroup *cg, struct err *err)
{
	struct cgroup *c, *next;
	int ret, first = 0;

	ret = stop_below(scn, cg, err);
	if (ret)
		return ret;
	payloads_end(scn, cg);
	/* The CPUs of partitions go back to the others. */
	for (c = scn->fs.list; c; c = c->next)
		c->partition &= !cgroup_is_below(c, cg);
	scenario_widen(scn);
	/* Children come before their parents. */
	for (c = scn->fs.list; c; c = next) {
		next = c->next;
		if (c != cg && cgroup_is_below(c, cg)) {
			ret = cgroup_remove(&scn->fs, c, err);
			first = first ? first : ret;
		}
	}
	ret = cgroup_remove(&scn->fs, cg, err);
	scenario_allow(scn);
	return first ? first : ret;
}

/* @cpu: that of its own, if each one has a cgroup; else -1. */
static int make_cgroup(struct scenario *scn, const struct cgroup_def *def, const char *name,
		       int cpu, bool keep, struct err *err)
{
	struct cpumask cpus = { };
	struct cgroup *cg;
	unsigned int i;
	int ret;

	ret = cgroup_add(&scn->fs, name, scn->step, keep, &cg, err);
	if (ret)
		return ret;
	if (cpu >= 0) {
		cpumask_set_cpu(&cpus, cpu);
		ret = set_cpuset(scn, cg, &cpus, err);
	} else if (def->cpuset.kind != CPUSET_KIND_NONE) {
		ret = set_cpuset_spec(scn, cg, &def->cpuset, err);
	}
	if (ret)
		return ret;
	for (i = 0; i < WORK_LIST_MAX && def->work[i].type != WORK_NONE; i++) {
		ret = spawn(scn, &def->work[i], cg, true, def->name, err);
		if (ret)
			return ret;
	}
	return 0;
}

static int make_each(struct scenario *scn, const struct cgroup_def *def, bool keep,
		     struct err *err)
{
	char name[CGROUP_NAME_LEN];
	unsigned int cpu, i = 0;
	int ret;

	for_each_cpu(cpu, &scn->usable) {
		if (snprintf(name, sizeof(name), "%s/%u", def->name, i++) >= (int)sizeof(name))
			return err_set(err, -ENAMETOOLONG, "its name is too long");
		ret = make_cgroup(scn, def, name, cpu, keep, err);
		if (ret)
			return ret;
	}
	return 0;
}

static int make_def(struct scenario *scn, const struct cgroup_def *def, bool keep, struct err *err)
{
	return def->cpuset.kind == CPUSET_KIND_EACH_CPU ?
	       make_each(scn, def, keep, err) : make_cgroup(scn, def, def->name, -1, keep, err);
}

/* Those that are not about a cgroup, or about one that is not there yet. */
static int do_free_op(struct scenario *scn, const struct op *op, bool keep, struct err *err)
{
	struct cgroup *cg = NULL;
	int ret;

	switch (op->kind) {
	case OP_SPAWN_ROOT:
		return spawn(scn, &op->work, NULL, keep, CGROUP_ROOT_NAME, err);
	case OP_ADD_CGROUP:
		fault_before_cgroup(scn, op->name);
		return cgroup_add(&scn->fs, op->name, scn->step, keep, &cg, err);
	case OP_ADD_CGROUP_DEF:
		return make_def(scn, op->def, keep, err);
	case OP_CPU_OFFLINE:
	case OP_CPU_ONLINE:
		return op_hotplug(scn, op->cpu, op->kind == OP_CPU_ONLINE, err);
	case OP_DETACH_SCHEDULER:
	case OP_ATTACH_SCHEDULER:
	case OP_RESTART_SCHEDULER:
	case OP_KILL_SCHEDULER:
		return op_scheduler(scn, op, err);
	case OP_RUN_PAYLOAD:
		ret = op->name ? find(scn, op->name, &cg, err) : 0;
		return ret ? ret : payload_run(scn, op->payload, cg, keep, err);
	case OP_WAIT_PAYLOAD:
		return payload_wait(scn, op->payload, op->ms, err);
	case OP_KILL_PAYLOAD:
		return payload_kill(scn, op->payload, err);
	default:
		return -ENOSYS;
	}
}

static int do_op(struct scenario *scn, const struct op *op, bool keep, struct err *err)
{
	struct cgroup *cg = NULL, *other = NULL;
	int ret;

	ret = do_free_op(scn, op, keep, err);
	if (ret != -ENOSYS)
		return ret;
	ret = find(scn, op->name, &cg, err);
	if (ret)
		return ret;
	if (op->kind == OP_SWAP_CPUSETS || op->kind == OP_MOVE_TASKS) {
		ret = find(scn, op->other, &other, err);
		if (ret)
			return ret;
	}
	switch (op->kind) {
	case OP_REMOVE_CGROUP:
		return remove_below(scn, cg, err);
	case OP_SET_CPUSET:
		return set_cpuset_spec(scn, cg, &op->cpuset, err);
	case OP_CLEAR_CPUSET:
		return set_cpuset(scn, cg, NULL, err);
	case OP_SWAP_CPUSETS:
		return swap_cpusets(scn, cg, other, err);
	case OP_SPAWN:
		/* They live as long as their cgroup. */
		return spawn(scn, &op->work, cg, true, op->name, err);
	case OP_STOP_CGROUP:
		return stop_below(scn, cg, err);
	case OP_SET_AFFINITY:
		return set_affinity(scn, cg, &op->affinity, err);
	case OP_MOVE_TASKS:
		return move_tasks(scn, cg, other, err);
	case OP_SET_WEIGHT:
		return op_weight(scn, cg, op, err);
	case OP_SET_MAX:
		return op_max(scn, cg, op, err);
	case OP_FREEZE:
	case OP_THAW:
		return op_freeze(scn, cg, op->kind == OP_FREEZE, err);
	case OP_SET_PARTITION:
		return op_partition(scn, cg, op, err);
	case OP_SET_MEMS:
		return set_mems(scn, cg, op->nodes, err);
	default:
		return err_set(err, -EINVAL, "operation %d does not exist", op->kind);
	}
}

int scenario_ops(struct scenario *scn, const struct op *ops, bool keep, struct err *err)
{
	struct err why = { };
	unsigned int i;
	int ret;

	for (i = 0; ops && ops[i].kind != OP_NONE; i++) {
		ret = do_op(scn, &ops[i], keep, &why);
		if (ret)
			return err_set(err, ret, "step %u, operation %u (%s)%s%s: %s", scn->step, i,
				       op_name(ops[i].kind), ops[i].name ? " on " : "",
				       ops[i].name ? ops[i].name : "", why.msg);
	}
	return 0;
}

int scenario_cgroups(struct scenario *scn, const struct cgroup_def *defs, bool keep,
		     struct err *err)
{
	struct err why = { };
	int ret;

	for (; defs && defs->name; defs++) {
		ret = make_def(scn, defs, keep, &why);
		if (ret)
			return err_set(err, ret, "step %u, cgroup %s: %s", scn->step, defs->name,
				       why.msg);
	}
	return 0;
}

void scenario_release(struct scenario *scn)
{
	struct worker *w;

	fault_before_release(scn);
	for (w = scn->workers; w; w = w->next) {
		if (worker_alive(w) && !w->released)
			worker_release(w);
	}
}

static int end_step(struct scenario *scn, struct err *err)
{
	struct cgroup *cg;
	struct worker *w;
	int ret;

	payloads_end_step(scn);
	for (w = scn->workers; w; w = w->next) {
		if (worker_alive(w) && !w->keep && w->step == scn->step)
			worker_mark_stop(w);
	}
	ret = workers_collect(scn->workers);
	if (ret)
		return err_set(err, ret, "workers of step %u cannot be killed", scn->step);
	do {
		for (cg = scn->fs.list; cg; cg = cg->next) {
			if (!cg->keep && cg->step == scn->step)
				break;
		}
		if (cg)
			ret = remove_below(scn, cg, err);
	} while (cg && !ret);
	return ret;
}

int scenario_end_step(struct scenario *scn, struct err *err)
{
	struct err why = { };
	int ret = end_step(scn, &why);

	return ret ? err_set(err, ret, "after step %u: %s", scn->step, why.msg) : 0;
}
