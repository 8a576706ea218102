// SPDX-License-Identifier: GPL-2.0
/*
 * What a test expects: is there anything in it that it is about, and can that be in reach?
 */
#include <errno.h>
#include <stdio.h>
#include "checking.h"

static const struct paper_cgroup *of(const struct cgroup *cg)
{
	return (const struct paper_cgroup *)cg;
}

/* --- of workers ----------------------------------------------------------- */

static int check_workers(const struct paper *p, struct err *err)
{
	const struct expect *e = &p->test->expect;
	bool wakes = e->max_p50_wake_latency_us || e->max_p99_wake_latency_us ||
		     e->max_wake_latency_cv;
	bool any = wakes || e->max_throughput_cv || e->min_work_rate || e->min_iteration_rate ||
		   e->max_migration_ratio || e->min_page_locality || e->min_node_share ||
		   e->max_slow_tier_ratio || e->max_cross_node_migration_ratio ||
		   e->zero & (ZERO_MIGRATION | ZERO_SLOW_TIER | ZERO_CROSS_NODE);

	if (any && !p->nr_workers)
		return err_set(err, -EINVAL, "what workers do is judged, but there are none");
	if (e->max_throughput_cv && p->nr_like < 2)
		return err_set(err, -EINVAL,
			       "the throughput of like workers is judged, but no two are alike");
	if (wakes && !p->nr_sleepers)
		return err_set(err, -EINVAL, "wake-ups are judged, but no worker ever sleeps");
	if (e->min_node_share && !p->nr_mem_policies)
		return err_set(err, -EINVAL,
			       "a share of memory on nodes is judged, but no memory policy names any");
	return 0;
}

/* --- of cgroups ----------------------------------------------------------- */

/* Of workers in @top and below. */
static unsigned int busy_below(const struct paper *p, const struct cgroup *top)
{
	const struct cgroup *cg;
	unsigned int nr = 0;

	for (cg = p->fs.list; cg; cg = cg->next) {
		if (cgroup_is_below(cg, top))
			nr += of(cg)->work.busy;
	}
	return nr;
}

static bool overlap(const struct cpumask *a, const struct cpumask *b)
{
	struct cpumask both;

	cpumask_and(&both, a, b);
	return !cpumask_empty(&both);
}

/* All that a cgroup needs before CPU time is promised to it. */
static int check_able(const struct cgroup *cg, struct err *err)
{
	struct err why = { };

	if (paper_thawed(of(cg), &why))
		return err_set(err, -EINVAL, "CPU time of cgroup %s is judged, but %s", cg->name,
			       why.msg);
	return 0;
}

static int check_weight(const struct paper *p, const struct cgroup *cg, double share,
			const struct cpumask *cpus, struct err *err)
{
	unsigned int busy = busy_below(p, cg), nr = cpumask_weight(cpus);
	struct cpumask own;
	int ret = check_able(cg, err);

	if (ret)
		return ret;
	if (cg->quota_us)
		return err_set(err, -EINVAL,
			       "the weight of cgroup %s is judged, but it has a limit", cg->name);
	cgroup_effective(&p->fs, cg, &own);
	if (!cpumask_equal(&own, cpus))
		return err_set(err, -EINVAL,
			       "the weight of cgroup %s is judged, but its CPUs are not those of its siblings",
			       cg->name);
	if (busy < share * nr)
		return err_set(err, -EINVAL,
			       "the weight of cgroup %s promises %.2f CPUs, but only %u of its workers never sleep",
			       cg->name, share * nr, busy);
	return 0;
}

/* @first and its siblings: all that have a weight. */
static int check_siblings(const struct paper *p, const struct cgroup *first, unsigned int *nr,
			  struct err *err)
{
	const struct cgroup *cg;
	struct cpumask cpus;
	double sum = 0;
	int ret = 0;

	*nr = 0;
	for (cg = first; cg; cg = cg->next) {
		if (cg->parent == first->parent && cg->weight) {
			sum += cg->weight;
			++*nr;
		}
	}
	if (*nr < 2)
		return 0;
	cgroup_effective(&p->fs, first, &cpus);
	for (cg = first; cg && !ret; cg = cg->next) {
		if (cg->parent == first->parent && cg->weight)
			ret = check_weight(p, cg, cg->weight / sum, &cpus, err);
	}
	return ret;
}

static int check_weights(const struct paper *p, struct err *err)
{
	const struct cgroup *cg;
	unsigned int nr, most = 0;
	int ret;

	/* Later ones are among the siblings of earlier ones: for them it is the same with less. */
	for (cg = p->fs.list; cg; cg = cg->next) {
		const struct cgroup *c = p->fs.list;

		while (c != cg && !(c->parent == cg->parent && c->weight))
			c = c->next;
		if (c != cg || !cg->weight)
			continue;
		ret = check_siblings(p, cg, &nr, err);
		if (ret)
			return ret;
		most = max(most, nr);
	}
	if (most < 2)
		return err_set(err, -EINVAL, "weights are judged, but no siblings have any");
	return 0;
}

/* Others that may be on its CPUs: cgroups with workers, and all outside of them as one. */
static unsigned int nr_rivals(const struct paper *p, const struct cgroup *cg,
			      const struct cpumask *cpus, unsigned int *busy)
{
	unsigned int nr = p->root.nr + p->root_step.nr ? 1 : 0;
	const struct paper_cgroup *pc;
	struct cpumask own;

	*busy = p->root.nr + p->root_step.nr;
	for_each_paper_cgroup(p, pc) {
		cgroup_effective(&p->fs, &pc->cg, &own);
		if (!pc->work.nr || cgroup_is_below(&pc->cg, cg) || !overlap(&own, cpus))
			continue;
		*busy += pc->work.nr;
		nr++;
	}
	return nr;
}

/* A limit is judged from below too. What it gets is by cgroups, or by workers; less counts. */
static int check_limit(const struct paper *p, const struct cgroup *cg, struct err *err)
{
	double must = (double)cg->quota_us / cg->period_us, nr, reach;
	double busy = busy_below(p, cg), rivals;
	unsigned int rival_busy;
	struct cpumask cpus;
	int ret = check_able(cg, err);

	if (ret)
		return ret;
	cgroup_effective(&p->fs, cg, &cpus);
	nr = cpumask_weight(&cpus);
	rivals = nr_rivals(p, cg, &cpus, &rival_busy);
	reach = min(nr / (rivals + 1), nr * busy / max(busy + rival_busy, 1.));
	reach = min(reach, busy);
	if (must <= reach)
		return 0;
	return err_set(err, -EINVAL,
		       "cpu.max of cgroup %s is judged, but of its %.2f CPUs only %.2f are sure to be used",
		       cg->name, must, reach);
}

static int check_limits(const struct paper *p, struct err *err)
{
	const struct cgroup *cg;
	unsigned int nr = 0;
	int ret;

	for (cg = p->fs.list; cg; cg = cg->next) {
		if (!cg->quota_us)
			continue;
		ret = check_limit(p, cg, err);
		if (ret)
			return ret;
		nr++;
	}
	return nr ? 0 : err_set(err, -EINVAL, "cpu.max is judged, but not set in the last step");
}

int check_judged(const struct paper *p, struct err *err)
{
	const struct expect *e = &p->test->expect;
	int ret = check_workers(p, err);

	if (!ret && e->max_weight_error_pct)
		ret = check_weights(p, err);
	if (!ret && e->max_limit_error_pct)
		ret = check_limits(p, err);
	return ret;
}
