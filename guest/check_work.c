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
	struct cpumask cpus;
	struct cgroup *cg;
	uint64_t most;

	if (!partition) {
		add_up(&sum, &p->root);
		add_up(&sum, &p->root_step);
	}
	for_each_paper_cgroup(p, cg) {
		if (partition_of(cg) == partition)
			add_up(&sum, &paper_of(cg)->work);
	}
	cgroup_effective(&p->fs, partition, &cpus);
	most = cpumask_weight(&cpus) * PPM * WORK_DL_MAX_PCT / 100;
	if (sum.dl_ppm <= most)
		return 0;
	return err_set(err, -EINVAL,
		       "SCHED_DEADLINE workers take %.2f of %u CPUs: must be up to %u %%",
		       (double)sum.dl_ppm / PPM, cpumask_weight(&cpus), WORK_DL_MAX_PCT);
}

int paper_bandwidth(const struct paper *p, struct err *err)
{
	struct cgroup *cg;
	int ret;

	ret = check_domain(p, NULL, err);
	for_each_paper_cgroup(p, cg) {
		if (!ret && cg->partition)
			ret = check_domain(p, cg, err);
	}
	return ret;
}

/* The kernel wants it to be able to run on all CPUs that bandwidth is counted for. */
static int check_deadline(const struct paper *p, const struct paper_cgroup *pc,
			  const struct affinity *aff, struct err *err)
{
	const struct cgroup *cg = pc ? &pc->cg : NULL;
	struct cpumask cpus, domain;

	if (!anywhere(aff))
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
	if (work->policy == SCHED_EXT && !p->test->needs_scx && !p->test->needs_sched)
		return err_set(err, -EINVAL, "SCHED_EXT: the test needs .needs_scx");
	ret = work_check_policy(work, topology_all_nodes(&p->topo), err);
	if (!ret)
		ret = paper_affinity(p, pc, &work->affinity, err);
	if (!ret && work->policy == SCHED_DEADLINE)
		ret = check_deadline(p, pc, &work->affinity, err);
	if (!ret && work->policy == SCHED_DEADLINE && work_ops(work->type)->pins)
		ret = err_set(err, -EINVAL, "SCHED_DEADLINE does not go with type %s",
			      work_ops(work->type)->name);
	if (!ret)
		ret = check_nodes(pc, work, err);
	return ret ? ret : check_roams(pc, work, err);
}

static struct paper_work all_of(const struct paper *p)
{
	struct paper_work sum = { };
	struct cgroup *cg;

	add_up(&sum, &p->root);
	add_up(&sum, &p->root_step);
	for_each_paper_cgroup(p, cg)
		add_up(&sum, &paper_of(cg)->work);
	return sum;
}

unsigned int paper_nr_workers(const struct paper *p)
{
	return all_of(p).nr;
}

uint64_t paper_dl_ppm(const struct paper *p)
{
	return all_of(p).dl_ppm;
}

unsigned int paper_max_workers(const struct paper *p)
{
	return WORKERS_PER_CPU_MAX * topology_nr_cpus(&p->topo);
}

/* How many of them the judge compares with each other. */
static unsigned int nr_like(const struct work *work, unsigned int nr)
{
	if (work->affinity.kind == AFFINITY_EACH || work->affinity.kind == AFFINITY_RANDOM)
		return 1;
	return work_ops(work->type)->lead ? nr - nr / work_group(work) : nr;
}

static void count(struct paper *p, const struct work *work, struct paper_work *w)
{
	const struct work_type_ops *ops = work_ops(work->type);
	unsigned int nr = work_nr(work, cpumask_weight(&p->usable), cpumask_weight(&p->fs.all));
	bool fair = judge_fair_policy(work->policy) && work->nice >= 0;

	w->nr += nr;
	w->hard += fair ? 0 : nr;
	if (ops->always_runnable && !ops->yields && fair && anywhere(&work->affinity))
		w->busy += nr;
	if (ops->roams)
		w->roams = ops->name;
	if (work->policy == SCHED_DEADLINE)
		w->dl_ppm += nr * work_dl_ppm(work);

	p->nr_workers += nr;
	p->nr_like = max(p->nr_like, nr_like(work, nr));
	p->nr_sleepers += ops->always_runnable ? 0 : nr;
	p->nr_mem_policies += work_mem_nodes(&work->mem) ? nr : 0;
}

int paper_spawn(struct paper *p, struct paper_cgroup *pc, const struct work *work, bool keep,
		struct err *err)
{
	struct paper_work *w = pc ? &pc->work : keep ? &p->root : &p->root_step;
	unsigned int nr;
	int ret;

	ret = pc ? paper_thawed(pc, err) : 0;
	if (!ret)
		ret = check_one(p, pc, work, err);
	if (ret)
		return ret;
	if (w->nr_pending == CHECK_PENDING)
		return err_set(err, -EINVAL, "more than %d kinds of workers would begin",
			       CHECK_PENDING);
	w->pending[w->nr_pending++] = work;
	count(p, work, w);
	nr = paper_nr_workers(p);
	if (nr > paper_max_workers(p))
		return err_set(err, -EINVAL, "%u workers: must be up to %u on %u CPUs", nr,
			       paper_max_workers(p), topology_nr_cpus(&p->topo));
	return work->policy == SCHED_DEADLINE ? paper_bandwidth(p, err) : 0;
}

static int start(struct paper *p, struct paper_cgroup *pc, struct paper_work *w, struct err *err)
{
	struct err why = { };
	unsigned int i;
	int ret;

	for (i = 0; i < w->nr_pending; i++) {
		ret = check_one(p, pc, w->pending[i], &why);
		if (ret)
			return err_set(err, ret, "when workers of %s begin: %s",
				       pc ? pc->cg.name : CGROUP_ROOT_NAME, why.msg);
	}
	w->nr_pending = 0;
	return 0;
}

int paper_start(struct paper *p, struct err *err)
{
	struct cgroup *cg;
	int ret;

	ret = start(p, NULL, &p->root, err);
	if (!ret)
		ret = start(p, NULL, &p->root_step, err);
	for_each_paper_cgroup(p, cg) {
		if (!ret)
			ret = start(p, paper_of(cg), &paper_of(cg)->work, err);
	}
	return ret;
}

int paper_set_affinity(struct paper *p, struct paper_cgroup *pc, const struct affinity *aff,
		       struct err *err)
{
	struct cgroup *cg;
	int ret = paper_affinity(p, pc, aff, err);

	for_each_paper_cgroup(p, cg) {
		struct paper_work *w = &paper_of(cg)->work;

		if (ret || !w->nr || !cgroup_is_below(cg, &pc->cg))
			continue;
		ret = paper_affinity(p, paper_of(cg), aff, err);
		if (!ret && w->dl_ppm)
			ret = check_deadline(p, paper_of(cg), aff, err);
		if (!anywhere(aff))
			w->busy = 0;
	}
	return ret;
}
