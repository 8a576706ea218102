// SPDX-License-Identifier: GPL-2.0
/*
 * What a test expects: is there anything in it that it is about, and can that be in reach?
 */
#include <errno.h>
#include <stdio.h>
#include "checking.h"
#include "judge.h"

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

static bool overlap(const struct cpumask *a, const struct cpumask *b)
{
	struct cpumask both;

	cpumask_and(&both, a, b);
	return !cpumask_empty(&both);
}

/* What is promised to @cg must not be kept from it by what is above it or below. */
static int check_able(const struct paper *p, const struct cgroup *cg, bool limited, struct err *err)
{
	const char *what = NULL;
	struct cgroup *c;

	for_each_paper_cgroup(p, c) {
		if (!cgroup_is_below(c, cg) && !cgroup_is_below(cg, c))
			continue;
		if (c->frozen)
			what = "is frozen";
		else if (c->quota_us && !(limited && c == cg))
			what = "has a limit";
		else if (cgroup_is_below(c, cg) && paper_of(c)->work.hard)
			what = "has workers that take more than a fair share";
		if (what)
			return err_set(err, -EINVAL, "CPU time of cgroup %s is judged, but %s %s",
				       cg->name, c->name, what);
	}
	return 0;
}

/* Workers in @top and below that keep all of @cpus busy, one each at a time. */
static unsigned int busy_below(const struct paper *p, const struct cgroup *top,
			       const struct cpumask *cpus)
{
	struct cpumask own;
	unsigned int nr = 0;
	struct cgroup *cg;

	for_each_paper_cgroup(p, cg) {
		cgroup_effective(&p->fs, cg, &own);
		if (cgroup_is_below(cg, top) && cpumask_equal(&own, cpus))
			nr += paper_of(cg)->work.busy;
	}
	return nr;
}

static int check_weight(const struct paper *p, const struct cgroup *cg, const struct cpumask *cpus,
			struct err *err)
{
	unsigned int busy = busy_below(p, cg, cpus), nr = cpumask_weight(cpus);
	struct cpumask own;
	int ret = check_able(p, cg, false, err);

	if (ret)
		return ret;
	cgroup_effective(&p->fs, cg, &own);
	if (!cpumask_equal(&own, cpus))
		return err_set(err, -EINVAL,
			       "the weight of cgroup %s is judged, but its CPUs are not those of its siblings",
			       cg->name);
	if (busy < nr)
		return err_set(err, -EINVAL,
			       "the weight of cgroup %s is judged on %u CPUs, but only %u of its workers spin on any of them",
			       cg->name, nr, busy);
	return 0;
}

/* @first and its siblings: all that have a weight. */
static int check_siblings(const struct paper *p, const struct cgroup *first, unsigned int *nr,
			  struct err *err)
{
	const struct cgroup *cg;
	struct cpumask cpus;
	int ret = 0;

	*nr = 0;
	for (cg = first; cg; cg = cg->next)
		*nr += cg->parent == first->parent && cg->weight;
	if (*nr < 2)
		return 0;
	cgroup_effective(&p->fs, first, &cpus);
	for (cg = first; cg && !ret; cg = cg->next) {
		if (cg->parent == first->parent && cg->weight)
			ret = check_weight(p, cg, &cpus, err);
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

/*
 * Those beside it on its CPUs: how many, as cgroups at the top, and how many workers they have.
 * Only of cgroups with the weight that all have can be said what they leave to others.
 */
static int check_rivals(const struct paper *p, const struct cgroup *judged, struct cpumask *cpus,
			unsigned int *nr, unsigned int *workers, struct err *err)
{
	struct cpumask own;
	struct cgroup *cg;
	bool hard = p->root.nr + p->root_step.nr + p->nr_payloads;

	for_each_paper_cgroup(p, cg) {
		const struct paper_work *w = &paper_of(cg)->work;

		cgroup_effective(&p->fs, cg, &own);
		if (cgroup_is_below(cg, judged) || !w->nr || !overlap(&own, cpus))
			continue;
		hard |= w->hard || cg->parent || cg->weight || judged->parent || judged->weight;
		*workers += w->nr;
		++*nr;
	}
	if (hard)
		return err_set(err, -EINVAL,
			       "cpu.max of cgroup %s is judged, but who else is on its CPUs may take more than like cgroups at the top would",
			       judged->name);
	return 0;
}

/* A limit is judged from below too. What it gets is by cgroups, or by workers; less counts. */
static int check_limit(const struct paper *p, const struct cgroup *cg, struct err *err)
{
	double must = (double)cg->quota_us / cg->period_us, nr, busy, reach;
	unsigned int rivals = 0, workers = 0;
	struct cpumask cpus;
	int ret = check_able(p, cg, true, err);

	cgroup_effective(&p->fs, cg, &cpus);
	if (!ret)
		ret = check_rivals(p, cg, &cpus, &rivals, &workers, err);
	if (ret)
		return ret;
	nr = cpumask_weight(&cpus);
	busy = busy_below(p, cg, &cpus);
	reach = min(nr / (rivals + 1), nr * busy / max(busy + workers, 1.));
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

	if (!ret && (e->max_weight_error_pct || e->max_limit_error_pct) &&
	    (p->looping || p->hold_ms * NSEC_PER_MSEC < JUDGE_MIN_NS))
		return err_set(err, -EINVAL,
			       "shares are judged in the last step, which must be a hold of %llu ms or more",
			       JUDGE_MIN_NS / NSEC_PER_MSEC);
	if (!ret && e->max_weight_error_pct)
		ret = check_weights(p, err);
	if (!ret && e->max_limit_error_pct)
		ret = check_limits(p, err);
	return ret;
}
