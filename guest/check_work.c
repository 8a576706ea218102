// SPDX-License-Identifier: GPL-2.0
/*
 * The workers of a scenario that is played on paper: who may be where, and how many.
 */
#include <errno.h>
#include <stdio.h>
#include "checking.h"
#include "cpusets.h"
#include "judge.h"
#include "work/work.h"

#define PPM			1000000ULL
#define WORKERS_PER_CPU_MAX	64

static bool anywhere(const struct affinity *aff)
{
	return aff->kind == AFFINITY_INHERIT || aff->kind == AFFINITY_ALL;
}

static void add_up(struct paper_work *sum, const struct paper_work *w)
{
	sum->nr += w->nr;
	sum->busy += w->busy;
	sum->dl_ppm += w->dl_ppm;
}

/* --- affinity ------------------------------------------------------------- */

static int check_exact(const struct paper *p, const struct paper_cgroup *pc, const char *list,
		       struct err *err)
{
	struct cpumask cpus, pool;

	if (!list || cpulist_parse(list, &cpus) || cpumask_empty(&cpus))
		return err_set(err, -EINVAL, "\"%s\" is not a list of CPUs", list ? list : "");
	if (!cpumask_subset(&cpus, &p->fs.all))
		return err_set(err, -EINVAL, "affinity to CPUs %s: not all of them are online",
			       list);
	cgroup_effective(&p->fs, pc ? &pc->cg : NULL, &pool);
	cpumask_and(&cpus, &cpus, &pool);
	if (cpumask_empty(&cpus))
		return err_set(err, -EINVAL, "affinity to CPUs %s: cgroup %s has none of them",
			       list, pc ? pc->cg.name : CGROUP_ROOT_NAME);
	return 0;
}

int paper_affinity(const struct paper *p, const struct paper_cgroup *pc,
		   const struct affinity *aff, struct err *err)
{
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
		return check_exact(p, pc, aff->cpus, err);
	}
	return err_set(err, -EINVAL, "affinity kind %d does not exist", aff->kind);
}

/* --- SCHED_DEADLINE ------------------------------------------------------- */

static const struct cgroup *partition_of(const struct cgroup *cg)
{
	while (cg && !cg->partition)
		cg = cg->parent;
	return cg;
}

/* All that are in a partition, or with NULL in none. */
static int check_domain(const struct paper *p, const struct cgroup *partition, struct err *err)
{
	struct paper_work sum = { };
	const struct paper_cgroup *pc;
	struct cpumask cpus;
	uint64_t most;

	if (!partition) {
		add_up(&sum, &p->root);
		add_up(&sum, &p->root_step);
	}
	for_each_paper_cgroup(p, pc) {
		if (partition_of(&pc->cg) == partition)
			add_up(&sum, &pc->work);
	}
	cgroup_effective(&p->fs, partition, &cpus);
	most = cpumask_weight(&cpus) * PPM * WORK_DL_MAX_PCT / 100;
	if (sum.dl_ppm <= most)
		return 0;
	return err_set(err, -EINVAL,
		       "SCHED_DEADLINE workers take %.2f of %u CPUs: must be up to %u %%",
		       (double)sum.dl_ppm / PPM, cpumask_weight(&cpus), WORK_DL_MAX_PCT);
}

/* The kernel wants it to be able to run on all CPUs that bandwidth is counted for. */
static int check_deadline(const struct paper *p, const struct paper_cgroup *pc,
			  const struct work *work, struct err *err)
{
	const struct cgroup *cg = pc ? &pc->cg : NULL;
	struct cpumask cpus, domain;

	if (!anywhere(&work->affinity))
		return err_set(err, -EINVAL, "SCHED_DEADLINE does not go with an affinity");
	cgroup_effective(&p->fs, cg, &cpus);
	cgroup_effective(&p->fs, partition_of(cg), &domain);
	if (!cpumask_equal(&cpus, &domain))
		return err_set(err, -EINVAL,
			       "SCHED_DEADLINE does not go with a cpuset, but for a partition's");
	return 0;
}

/* --- all of it ------------------------------------------------------------ */

/* Memory that may be on no node at all. */
static int check_nodes(const struct paper_cgroup *pc, const struct work *work, struct err *err)
{
	uint64_t mems = pc ? cgroup_mems(&pc->cg) : 0, nodes = work_mem_nodes(&work->mem);

	if (!mems || !nodes || (work->mem.flags & MEM_RELATIVE) || (nodes & mems))
		return 0;
	return err_set(err, -EINVAL, "memory policy for nodes %s: cpuset.mems has none of them",
		       work->mem.nodes);
}

/* Outside of its cgroup a worker would be without what that gives to it. */
static int check_roams(const struct paper_cgroup *pc, const struct work *work, struct err *err)
{
	const struct work_type_ops *ops = work_ops(work->type);

	if (!ops->roams || !pc ||
	    !(pc->cg.has_cpus || pc->cg.mems || pc->cg.weight || pc->cg.quota_us))
		return 0;
	return err_set(err, -EINVAL, "type %s leaves its cgroup, which can give nothing to it",
		       ops->name);
}

static int check_one(const struct paper *p, const struct paper_cgroup *pc, const struct work *work,
		     struct err *err)
{
	int ret;

	ret = work_check(work, err);
	if (ret)
		return ret;
	if (!(work->per_cpu >= 0 && work->per_cpu <= WORKERS_PER_CPU_MAX))
		return err_set(err, -EINVAL, "%g workers per CPU: must be up to %d", work->per_cpu,
			       WORKERS_PER_CPU_MAX);
	if (!work->nr == !(work->per_cpu > 0) || (work->nr && work->all_cpus))
		return err_set(err, -EINVAL, "workers: say either how many or how many per CPU");
	ret = work_check_policy(work, topology_all_nodes(&p->topo), err);
	if (!ret)
		ret = paper_affinity(p, pc, &work->affinity, err);
	if (!ret && work->policy == SCHED_DEADLINE)
		ret = check_deadline(p, pc, work, err);
	if (!ret)
		ret = check_nodes(pc, work, err);
	return ret ? ret : check_roams(pc, work, err);
}

unsigned int paper_nr_workers(const struct paper *p)
{
	struct paper_work sum = { };
	const struct paper_cgroup *pc;

	add_up(&sum, &p->root);
	add_up(&sum, &p->root_step);
	for_each_paper_cgroup(p, pc)
		add_up(&sum, &pc->work);
	return sum.nr;
}

unsigned int paper_max_workers(const struct paper *p)
{
	return WORKERS_PER_CPU_MAX * topology_nr_cpus(&p->topo);
}

static void count(struct paper *p, const struct work *work, struct paper_work *w)
{
	const struct work_type_ops *ops = work_ops(work->type);
	unsigned int nr = work_nr(work, cpumask_weight(&p->usable), cpumask_weight(&p->fs.all));

	w->nr += nr;
	if (ops->always_runnable && judge_fair_policy(work->policy) && anywhere(&work->affinity))
		w->busy += nr;
	if (ops->roams)
		w->roams = ops->name;
	if (work->policy == SCHED_DEADLINE)
		w->dl_ppm += nr * work_dl_ppm(work);

	p->nr_workers += nr;
	p->nr_like = max(p->nr_like, ops->lead ? nr - nr / work_group(work) : nr);
	p->nr_sleepers += ops->always_runnable ? 0 : nr;
	p->nr_mem_policies += work_mem_nodes(&work->mem) ? nr : 0;
}

int paper_spawn(struct paper *p, struct paper_cgroup *pc, const struct work *work, bool keep,
		struct err *err)
{
	unsigned int nr;
	int ret;

	ret = pc ? paper_thawed(pc, err) : 0;
	if (!ret)
		ret = check_one(p, pc, work, err);
	if (ret)
		return ret;
	count(p, work, pc ? &pc->work : keep ? &p->root : &p->root_step);
	nr = paper_nr_workers(p);
	if (nr > paper_max_workers(p))
		return err_set(err, -EINVAL, "%u workers: must be up to %u on %u CPUs", nr,
			       paper_max_workers(p), topology_nr_cpus(&p->topo));
	return work->policy == SCHED_DEADLINE ?
	       check_domain(p, partition_of(pc ? &pc->cg : NULL), err) : 0;
}
