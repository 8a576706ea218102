// SPDX-License-Identifier: GPL-2.0
/*
 * Limits on what workers get done, how late they run, and where their memory is.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "expect.h"
#include "judging.h"
#include "work/work.h"

static bool complete(const struct worker *w)
{
	const struct worker_report *rep = &w->page->rep;

	return rep->state == WORKER_DONE && rep->end_ns >= rep->start_ns + JUDGE_MIN_NS;
}

static double seconds(uint64_t ns)
{
	return (double)ns / NSEC_PER_SEC;
}

static double work_rate(const struct worker *w)
{
	const struct worker_report *rep = &w->page->rep;

	return rep->cpu_time_ns ? rep->units / seconds(rep->cpu_time_ns) : 0;
}

/* --- throughput ----------------------------------------------------------- */

static void judge_throughput_cv(struct judge *j, const struct worker *w)
{
	double limit = j->in->expect->max_throughput_cv, sum = 0, sum2 = 0, mean, cv;
	const struct worker *o, *least = NULL, *most = NULL;
	char a[JUDGE_WHO_LEN], b[JUDGE_WHO_LEN];
	unsigned int nr = 0;

	if (!judge_first_of_its_like(j->in->workers, w))
		return;
	for (o = w; o; o = o->next) {
		if (!judge_like(o, w) || !complete(o))
			continue;
		nr++;
		sum += work_rate(o);
		if (!least || work_rate(o) < work_rate(least))
			least = o;
		if (!most || work_rate(o) > work_rate(most))
			most = o;
	}
	mean = nr ? sum / nr : 0;
	if (nr < 2 || mean <= 0)
		return;
	j->nr_seen++;
	for (o = w; o; o = o->next) {
		if (judge_like(o, w) && complete(o))
			sum2 += pow(work_rate(o) - mean, 2);
	}
	cv = sqrt(sum2 / nr) / mean;
	if (cv <= limit)
		return;
	judge_object(j, judge_timing(j), CAUSE_THROUGHPUT,
		     "%u like workers differ by %.3f of %.0f units per CPU second, limit %.3f; "
		     "%.0f: %s on CPU %u; %.0f: %s on CPU %u; at +%" PRIu64 " ms", nr, cv, mean,
		     limit,
		     work_rate(least), judge_who(least, a), least->page->rep.last_cpu,
		     work_rate(most), judge_who(most, b), most->page->rep.last_cpu,
		     judge_at_ms(j->in, least->page->rep.end_ns));
}

static void judge_work_rate(struct judge *j, const struct worker *w)
{
	const struct worker_report *rep = &w->page->rep;
	double limit = j->in->expect->min_work_rate;
	char buf[JUDGE_WHO_LEN];

	if (!complete(w))
		return;
	j->nr_seen++;
	if (work_rate(w) >= limit)
		return;
	judge_object(j, judge_timing(j), CAUSE_THROUGHPUT,
		     "%s did %.1f units per CPU second, limit %.1f; %" PRIu64 " in %" PRIu64
		     " ms of CPU time, last on CPU %u at +%" PRIu64 " ms", judge_who(w, buf),
		     work_rate(w), limit, rep->units,
		     ms(rep->cpu_time_ns), rep->last_cpu, judge_at_ms(j->in, rep->end_ns));
}

static void judge_iteration_rate(struct judge *j, const struct worker *w)
{
	const struct worker_report *rep = &w->page->rep;
	double limit = j->in->expect->min_iteration_rate, rate;
	uint64_t wall = rep->end_ns - rep->start_ns;
	char buf[JUDGE_WHO_LEN];

	if (!complete(w))
		return;
	j->nr_seen++;
	wall -= min(wall - 1, rep->end_paused_ns);
	rate = rep->iterations / seconds(wall);
	if (rate >= limit)
		return;
	judge_object(j, judge_timing(j), CAUSE_THROUGHPUT,
		     "%s did %.1f iterations per second, limit %.1f; %" PRIu64 " in %" PRIu64
		     " ms, last on CPU %u at +%" PRIu64 " ms", judge_who(w, buf), rate, limit,
		     rep->iterations,
		     ms(wall), rep->last_cpu, judge_at_ms(j->in, rep->end_ns));
}

/* --- wake-ups ------------------------------------------------------------- */

/* One that was kept stands for all that were drawn from with it. */
struct wake {
	uint64_t late_ns;
	double weight;
};

struct wakes {
	uint64_t nr;			/* that there were */
	uint64_t p50_ns, p99_ns;
	double mean_ns, cv;
	const struct worker *worst;	/* the one that was latest */
};

static int compare(const void *a, const void *b)
{
	const struct wake *x = a, *y = b;

	if (x->late_ns == y->late_ns)
		return 0;
	return x->late_ns < y->late_ns ? -1 : 1;
}

static unsigned int nr_kept(const struct worker *w)
{
	return min(w->page->rep.nr_wakes, WORKER_WAKES);
}

/* The smallest that at least @share of all are not above. */
static uint64_t percentile(const struct wake *wakes, unsigned int nr, double total, double share)
{
	double sum = 0;
	unsigned int i;

	for (i = 0; i + 1 < nr; i++) {
		sum += wakes[i].weight;
		if (sum >= total * share * (1 - 1e-12))
			break;
	}
	return wakes[i].late_ns;
}

/* Into @wakes, unless that is NULL; returns how many. */
static unsigned int pool(const struct worker *w, struct wakes *f, struct wake *wakes)
{
	const struct worker *o;
	unsigned int i, nr = 0;

	for (o = w; o; o = o->next) {
		if (!judge_like(o, w) || !o->page->rep.nr_wakes)
			continue;
		f->nr += o->page->rep.nr_wakes;
		if (!f->worst || o->page->rep.wake_max_ns > f->worst->page->rep.wake_max_ns)
			f->worst = o;
		for (i = 0; i < nr_kept(o); i++, nr++) {
			if (!wakes)
				continue;
			wakes[nr].late_ns = o->page->rep.wake_ns[i];
			wakes[nr].weight = (double)o->page->rep.nr_wakes / nr_kept(o);
		}
	}
	return nr;
}

/* Of all that are like @w, from it on. False: there are none, or no memory for them. */
static bool wakes_of(const struct worker *w, struct wakes *f)
{
	unsigned int nr = pool(w, &(struct wakes){ }, NULL), i;
	struct wake *wakes;
	double sum2 = 0;

	memset(f, 0, sizeof(*f));
	wakes = nr ? calloc(nr, sizeof(*wakes)) : NULL;
	if (!wakes)
		return false;
	pool(w, f, wakes);
	qsort(wakes, nr, sizeof(*wakes), compare);
	f->p50_ns = percentile(wakes, nr, f->nr, .5);
	f->p99_ns = percentile(wakes, nr, f->nr, .99);
	for (i = 0; i < nr; i++)
		f->mean_ns += wakes[i].late_ns * wakes[i].weight / f->nr;
	for (i = 0; i < nr; i++)
		sum2 += pow(wakes[i].late_ns - f->mean_ns, 2) * wakes[i].weight;
	f->cv = f->mean_ns > 0 ? sqrt(sum2 / f->nr) / f->mean_ns : 0;
	free(wakes);
	return true;
}

static double us(double ns)
{
	return ns / NSEC_PER_USEC;
}

static void judge_percentile(struct judge *j, const struct wakes *f, const char *name,
			     uint64_t late_ns, double limit)
{
	const struct worker_report *rep = &f->worst->page->rep;
	char buf[JUDGE_WHO_LEN];

	if (limit <= 0 || us(late_ns) <= limit)
		return;
	judge_object(j, judge_timing(j), CAUSE_LATENCY,
		     "wake-ups are late by %.1f us (%s of %" PRIu64 "), limit %.1f us; the latest "
		     "by %.1f us: %s, on CPU %u at +%" PRIu64 " ms",
		     us(late_ns), name, f->nr, limit, us(rep->wake_max_ns),
		     judge_who(f->worst, buf), rep->wake_max_cpu,
		     judge_at_ms(j->in, rep->wake_max_at_ns));
}

static void judge_wakes(struct judge *j, const struct worker *w)
{
	const struct expect *expect = j->in->expect;
	const struct worker_report *rep;
	char buf[JUDGE_WHO_LEN];
	struct wakes f;

	if (!judge_first_of_its_like(j->in->workers, w) || !wakes_of(w, &f))
		return;
	j->nr_seen++;
	judge_percentile(j, &f, "p50", f.p50_ns, expect->max_p50_wake_latency_us);
	judge_percentile(j, &f, "p99", f.p99_ns, expect->max_p99_wake_latency_us);
	rep = &f.worst->page->rep;
	if (expect->max_wake_latency_cv > 0 && f.cv > expect->max_wake_latency_cv)
		judge_object(j, judge_timing(j), CAUSE_LATENCY,
			     "how late wake-ups are differs by %.2f of %.1f us (mean of %" PRIu64
			     "), limit %.2f; the latest by %.1f us: %s, on CPU %u at +%" PRIu64
			     " ms", f.cv, us(f.mean_ns), f.nr, expect->max_wake_latency_cv,
			     us(rep->wake_max_ns), judge_who(f.worst, buf), rep->wake_max_cpu,
			     judge_at_ms(j->in, rep->wake_max_at_ns));
}

/* --- migrations ----------------------------------------------------------- */

static void judge_migrations(struct judge *j, const struct worker *w)
{
	const struct worker_report *rep = &w->page->rep;
	double limit = j->in->expect->max_migration_ratio, ratio;
	const struct migration *last;
	char buf[JUDGE_WHO_LEN];

	j->nr_seen += rep->nr_migrations || rep->units;
	if (!rep->nr_migrations)
		return;
	ratio = (double)rep->nr_migrations / max(rep->iterations, 1UL);
	if (ratio <= limit)
		return;
	last = &rep->migration[min(rep->nr_migrations, WORKER_MIGRATIONS) - 1];
	judge_object(j, VERDICT_FAIL, CAUSE_MIGRATION,
		     "%s changed its CPU %.4f times per iteration, limit %.4f; %" PRIu64
		     " times, of which no. %" PRIu64 " from CPU %u to CPU %u at +%" PRIu64 " ms",
		     judge_who(w, buf), ratio, limit, rep->nr_migrations,
		     min(rep->nr_migrations, WORKER_MIGRATIONS), last->from, last->to,
		     judge_at_ms(j->in, last->at_ns));
}

/* --- memory --------------------------------------------------------------- */

/* Where the memory of a worker belongs. */
static uint32_t expected_nodes(const struct judge *j, const struct worker *w)
{
	uint32_t gen = atomic_load(&w->page->gen), nodes = work_mem_nodes(&w->work.mem);
	const struct cpumask *cpus = &w->page->allowed[gen & 1].cpus;
	unsigned int cpu, node;

	/* A policy has only what the cpuset leaves to it. */
	if (w->mems)
		nodes = nodes & w->mems ? nodes & w->mems : w->mems;
	if (nodes)
		return nodes;
	for_each_cpu(cpu, cpus) {
		node = topology_node_of_cpu(j->in->topo, cpu);
		if (node < TOPOLOGY_MAX_NODES)
			nodes |= 1U << node;
	}
	return nodes;
}

/* Pages on @nodes, and all. */
static uint64_t pages_on(const struct worker *w, uint32_t nodes, uint64_t *all)
{
	uint64_t on = 0;
	unsigned int i;

	*all = 0;
	for (i = 0; i < TOPOLOGY_MAX_NODES; i++) {
		*all += w->page->rep.numa_pages[i];
		if (nodes & 1U << i)
			on += w->page->rep.numa_pages[i];
	}
	return on;
}

/* Of a kernel that does not tell where memory is, nothing can be said. */
static bool numa_known(struct judge *j, const struct worker *w)
{
	char buf[JUDGE_WHO_LEN];

	if (w->page->rep.state != WORKER_DONE)
		return false;
	if (!w->page->rep.have_numa)
		judge_object(j, VERDICT_INCONCLUSIVE, CAUSE_NUMA,
			     "%s: there is no /proc/self/numa_maps", judge_who(w, buf));
	return w->page->rep.have_numa;
}

static void judge_locality(struct judge *j, const struct worker *w)
{
	double limit = j->in->expect->min_page_locality;
	const struct worker_report *rep = &w->page->rep;
	uint64_t on, all;
	char buf[JUDGE_WHO_LEN];
	uint32_t nodes;

	if (!numa_known(j, w))
		return;
	nodes = expected_nodes(j, w);
	on = pages_on(w, nodes, &all);
	j->nr_seen += all > 0;
	if (!all || (double)on / all >= limit)
		return;
	judge_object(j, VERDICT_FAIL, CAUSE_NUMA,
		     "%s has %.4f of its pages, %" PRIu64 " of %" PRIu64
		     ", on its nodes (mask %#x), limit %.4f; last on CPU %u at +%" PRIu64 " ms",
		     judge_who(w, buf), (double)on / all, on, all, nodes, limit, rep->last_cpu,
		     judge_at_ms(j->in, rep->end_ns));
}

/* Of the nodes over which a policy spreads memory, the one with the least. */
static void judge_node_share(struct judge *j, const struct worker *w)
{
	double limit = j->in->expect->min_node_share;
	const struct worker_report *rep = &w->page->rep;
	uint64_t nodes = work_mem_nodes(&w->work.mem), on, all, least = UINT64_MAX;
	unsigned int i, node = 0;
	char buf[JUDGE_WHO_LEN];

	if (!nodes || !numa_known(j, w))
		return;
	for (i = 0; i < TOPOLOGY_MAX_NODES; i++) {
		on = pages_on(w, 1U << i, &all);
		if (!(nodes & 1U << i) || on >= least)
			continue;
		least = on;
		node = i;
	}
	j->nr_seen += all > 0;
	if (!all || (double)least / all >= limit)
		return;
	judge_object(j, VERDICT_FAIL, CAUSE_NUMA,
		     "%s has %.4f of its pages, %" PRIu64 " of %" PRIu64
		     ", on node %u of its policy (mask %#x), limit %.4f; last on CPU %u at +%"
		     PRIu64 " ms", judge_who(w, buf), (double)least / all, least, all, node,
		     (unsigned int)nodes, limit, rep->last_cpu, judge_at_ms(j->in, rep->end_ns));
}

static void judge_slow_tier(struct judge *j, const struct worker *w)
{
	double limit = j->in->expect->max_slow_tier_ratio;
	const struct worker_report *rep = &w->page->rep;
	uint64_t on, all;
	char buf[JUDGE_WHO_LEN];

	if (!numa_known(j, w))
		return;
	on = pages_on(w, j->in->slow_nodes, &all);
	j->nr_seen += all > 0;
	if (!all || (double)on / all <= limit)
		return;
	judge_object(j, VERDICT_FAIL, CAUSE_NUMA,
		     "%s has %.4f of its pages, %" PRIu64 " of %" PRIu64
		     ", on nodes without CPUs (mask %#x), limit %.4f; last on CPU %u at +%" PRIu64
		     " ms", judge_who(w, buf), (double)on / all, on, all, j->in->slow_nodes, limit,
		     rep->last_cpu, judge_at_ms(j->in, rep->end_ns));
}

/* What a test is about and nobody did is not passed. */
static void judge_unseen(struct judge *j, enum cause cause, unsigned int before)
{
	if (j->nr_seen || j->nr != before)
		return;
	judge_object(j, VERDICT_INCONCLUSIVE, cause,
		     "no worker has done, or for long enough, what the test's limit for '%s' is about",
		     cause_name(cause));
	judge_end_cause(j, cause);
}

static bool on_wakes(const struct expect *e)
{
	return e->max_p50_wake_latency_us > 0 || e->max_p99_wake_latency_us > 0 ||
	       e->max_wake_latency_cv > 0;
}

/* The kernel counts for the guest as a whole, so this is about all workers together. */
static void judge_cross_node(struct judge *j, const struct worker *first)
{
	double limit = j->in->expect->max_cross_node_migration_ratio;
	const struct worker *w, *most = NULL;
	uint64_t all, total = 0, largest = 0;
	char buf[JUDGE_WHO_LEN];

	if (first != j->in->workers)
		return;
	if (!j->in->have_numa_moved) {
		judge_object(j, VERDICT_INCONCLUSIVE, CAUSE_NUMA,
			     "the kernel does not count pages that move between nodes");
		return;
	}
	for (w = first; w; w = w->next) {
		pages_on(w, 0, &all);
		total += all;
		if (all > largest) {
			largest = all;
			most = w;
		}
	}
	if (!most && j->in->numa_moved)
		judge_object(j, VERDICT_INCONCLUSIVE, CAUSE_NUMA,
			     "%" PRIu64 " pages went to another node, but no worker has any",
			     j->in->numa_moved);
	j->nr_seen += most != NULL;
	if (!most || (double)j->in->numa_moved / total <= limit)
		return;
	judge_object(j, VERDICT_FAIL, CAUSE_NUMA,
		     "%" PRIu64 " pages went to another node, %.4f for each of %" PRIu64
		     " of all workers, limit %.4f; most has %s, last on CPU %u at +%" PRIu64 " ms",
		     j->in->numa_moved, (double)j->in->numa_moved / total, total, limit,
		     judge_who(most, buf),
		     most->page->rep.last_cpu, judge_at_ms(j->in, most->page->rep.end_ns));
}

/* One limit, or those on one figure; @own: the test itself is about it. */
static void judge_limit(struct judge *j, bool on, bool own, enum cause cause,
			void (*check)(struct judge *j, const struct worker *w))
{
	unsigned int before = j->nr;

	if (!on)
		return;
	j->nr_seen = 0;
	judge_workers(j, cause, check);
	if (own)
		judge_unseen(j, cause, before);
}

void judge_performance(struct judge *j)
{
	const struct expect none = { }, *e = j->in->expect, *own = j->in->own ? j->in->own : &none;

	judge_limit(j, e->max_throughput_cv > 0, own->max_throughput_cv > 0, CAUSE_THROUGHPUT,
		    judge_throughput_cv);
	judge_limit(j, e->min_work_rate > 0, own->min_work_rate > 0, CAUSE_THROUGHPUT,
		    judge_work_rate);
	judge_limit(j, e->min_iteration_rate > 0, own->min_iteration_rate > 0, CAUSE_THROUGHPUT,
		    judge_iteration_rate);
	judge_limit(j, on_wakes(e), on_wakes(own), CAUSE_LATENCY, judge_wakes);
	judge_limit(j, expect_has(e, e->max_migration_ratio, ZERO_MIGRATION),
		    expect_has(own, own->max_migration_ratio, ZERO_MIGRATION), CAUSE_MIGRATION,
		    judge_migrations);
	judge_limit(j, e->min_page_locality > 0, own->min_page_locality > 0, CAUSE_NUMA,
		    judge_locality);
	judge_limit(j, e->min_node_share > 0, own->min_node_share > 0, CAUSE_NUMA,
		    judge_node_share);
	judge_limit(j, expect_has(e, e->max_slow_tier_ratio, ZERO_SLOW_TIER),
		    expect_has(own, own->max_slow_tier_ratio, ZERO_SLOW_TIER), CAUSE_NUMA,
		    judge_slow_tier);
	judge_limit(j, expect_has(e, e->max_cross_node_migration_ratio, ZERO_CROSS_NODE),
		    expect_has(own, own->max_cross_node_migration_ratio, ZERO_CROSS_NODE),
		    CAUSE_NUMA, judge_cross_node);
}

bool judge_describe_more(const struct judge_input *in, const struct worker *w, char *buf,
			 size_t size)
{
	const struct work_type_ops *ops = work_ops(w->work.type);
	const struct worker_report *rep;
	uint64_t refused = 0;
	const struct worker *o;
	struct wakes f;

	for (o = w; o; o = o->next) {
		if (judge_like(o, w))
			refused += o->page->rep.nr_refused;
	}
	if (!wakes_of(w, &f)) {
		snprintf(buf, size, "%s: %s: %" PRIu64 " calls refused", w->cgroup_name,
			 ops ? ops->name : "?", refused);
		return refused;
	}
	rep = &f.worst->page->rep;
	snprintf(buf, size, "%s: %s%s: %" PRIu64
		 " wake-ups, late by %.1f us (p50), %.1f us (p99), %.1f us (worst, CPU %u at +%"
		 PRIu64 " ms), mean %.1f us, CV %.2f; %" PRIu64 " calls refused", w->cgroup_name,
		 ops ? ops->name : "?", w->lead ? " lead" : "", f.nr, us(f.p50_ns), us(f.p99_ns),
		 us(rep->wake_max_ns), rep->wake_max_cpu, judge_at_ms(in, rep->wake_max_at_ns),
		 us(f.mean_ns), f.cv, refused);
	return true;
}
