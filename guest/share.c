// SPDX-License-Identifier: GPL-2.0
/*
 * The CPU time of cgroups, against cpu.weight and cpu.max.
 */
#include <errno.h>
#include <inttypes.h>
#include "judge.h"
#include "steps.h"

#define MS(ns)	((uint64_t)((ns) / NSEC_PER_MSEC))

/* sched_cfs_bandwidth_slice_us is 5 ms, a tick up to 10. */
#define SLICE_AND_TICK_NS	(15 * NSEC_PER_MSEC)

struct share {
	struct scenario *scn;
	struct msg_result *res;
	unsigned int nr_judged;
};

static bool judged(const struct scenario *scn)
{
	return scn->expect.max_weight_error_pct || scn->expect.max_limit_error_pct;
}

int shares_begin(struct scenario *scn, struct err *err)
{
	struct cgroup *cg;
	int ret = 0;

	if (!judged(scn))
		return 0;
	for (cg = scn->fs.list; cg && !ret; cg = cg->next) {
		if (!cg->weight && !cg->quota_us)
			continue;
		ret = cgroup_used(&scn->fs, cg, &cg->share_used_ns, err);
		cg->share_ns = now_ns();
	}
	return ret;
}

static int used_since(struct share *s, const struct cgroup *cg, uint64_t *used)
{
	struct err err = { };
	int ret;

	ret = cgroup_used(&s->scn->fs, cg, used, &err);
	if (ret)
		result_set(s->scn->g, s->res, VERDICT_FAIL, CAUSE_CGROUP, "%s", err.msg);
	else
		*used -= cg->share_used_ns;
	return ret;
}

/* When that began, as all times of reports: since the first hold began. */
static uint64_t since_ms(const struct share *s, const struct cgroup *cg)
{
	return cg->share_ns > s->scn->start_ns ? MS(cg->share_ns - s->scn->start_ns) : 0;
}

static double error_pct(double is, double must)
{
	return (is > must ? is - must : must - is) * 100 / must;
}

/* @cg is the first of its siblings that have weights. */
static void judge_siblings(struct share *s, const struct cgroup *first)
{
	unsigned int limit = s->scn->expect.max_weight_error_pct, nr = 0;
	double weights = 0, all = 0, is, must;
	const struct cgroup *cg;
	uint64_t used;

	for (cg = first; cg; cg = cg->next) {
		if (cg->parent != first->parent || !cg->weight)
			continue;
		if (used_since(s, cg, &used))
			return;
		weights += cg->weight;
		all += used;
		nr++;
	}
	if (nr < 2 || all <= 0 || now_ns() - first->share_ns < JUDGE_MIN_NS)
		return;
	s->nr_judged += nr;
	for (cg = first; cg; cg = cg->next) {
		if (cg->parent != first->parent || !cg->weight ||
		    used_since(s, cg, &used))
			continue;
		is = used / all * 100;
		must = cg->weight / weights * 100;
		guest_log(s->scn->g, "%s: %.1f %% of CPU time, cpu.weight %u promises %.1f %%",
			  cg->name, is, cg->weight, must);
		if (error_pct(is, must) > limit)
			result_set(s->scn->g, s->res, VERDICT_FAIL, CAUSE_SHARE,
				   "cgroup %s had %.1f %% of the CPU time of its siblings (%" PRIu64
				   " of %.0f ms since +%" PRIu64
				   " ms), cpu.weight %u of %.0f promises %.1f %%; limit of the error %u %%",
				   cg->name, is, MS(used), all / NSEC_PER_MSEC, since_ms(s, cg),
				   cg->weight, weights, must, limit);
	}
}

static void judge_weights(struct share *s)
{
	const struct cgroup *cg, *c;

	for (cg = s->scn->fs.list; cg; cg = cg->next) {
		for (c = s->scn->fs.list; c != cg; c = c->next) {
			if (c->parent == cg->parent && c->weight)
				break;
		}
		if (c == cg && cg->weight)
			judge_siblings(s, cg);
	}
}

static void judge_limit(struct share *s, const struct cgroup *cg)
{
	unsigned int limit = s->scn->expect.max_limit_error_pct;
	uint64_t wall = now_ns() - cg->share_ns, used;
	/* It may begin and end anywhere in a period, and each CPU may have its slice and a tick. */
	uint64_t slack = cg->quota_us * NSEC_PER_USEC +
			 cpumask_weight(&s->scn->all) * SLICE_AND_TICK_NS;
	double must = (double)wall * cg->quota_us / cg->period_us;

	/* More than that cannot be told from the end of a period. */
	if (wall < JUDGE_MIN_NS || slack > must / 4 || used_since(s, cg, &used))
		return;
	s->nr_judged++;
	guest_log(s->scn->g, "%s: %" PRIu64 " ms of CPU time, cpu.max promises %.0f ms", cg->name,
		  MS(used), must / NSEC_PER_MSEC);
	if (used <= must * (100 + limit) / 100 + slack &&
	    used + slack >= must * (100 - limit) / 100)
		return;
	result_set(s->scn->g, s->res, VERDICT_FAIL, CAUSE_SHARE,
		   "cgroup %s had %" PRIu64 " ms of CPU time in %" PRIu64 " ms since +%" PRIu64
		   " ms, cpu.max %" PRIu64 " %" PRIu64 " promises %.0f ms; limit of the error %u %%",
		   cg->name, MS(used), MS(wall), since_ms(s, cg), cg->quota_us, cg->period_us,
		   must / NSEC_PER_MSEC, limit);
}

void shares_judge(struct scenario *scn, struct msg_result *res)
{
	struct share s = { .scn = scn, .res = res };
	const struct expect *expect = &scn->expect, *own = &scn->test->expect;
	const struct cgroup *cg;

	if (!judged(scn))
		return;
	if (expect->max_weight_error_pct)
		judge_weights(&s);
	for (cg = scn->fs.list; expect->max_limit_error_pct && cg; cg = cg->next) {
		if (cg->quota_us)
			judge_limit(&s, cg);
	}
	/* A limit that is the scheduler's is for whichever tests have something to judge. */
	if (!own->max_weight_error_pct && !own->max_limit_error_pct)
		return;
	if (!s.nr_judged && res->verdict == VERDICT_NONE)
		result_set(scn->g, res, VERDICT_INCONCLUSIVE, CAUSE_SHARE,
			   "no cgroup had its weight or limit for long enough to judge its share");
}
