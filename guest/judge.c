// SPDX-License-Identifier: GPL-2.0
/*
 * From the reports of the workers to a verdict.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "expect.h"
#include "judging.h"
#include "work/work.h"

/* Since the start of the scenario; what happened before it counts as its start. */
uint64_t judge_at_ms(const struct judge_input *in, uint64_t ns)
{
	return ns > in->start_ns ? ms(ns - in->start_ns) : 0;
}

const char *judge_who(const struct worker *w, char *buf)
{
	const struct work_type_ops *ops = work_ops(w->work.type);

	snprintf(buf, JUDGE_WHO_LEN, "worker %u (pid %d, %s, cgroup %s)", w->id, w->pid,
		 ops ? ops->name : "?", w->cgroup_name);
	return buf;
}

enum verdict judge_timing(const struct judge *j)
{
	return wire_stolen(j->in->steal_ns, j->in->run_ns) ? VERDICT_INCONCLUSIVE : VERDICT_FAIL;
}

void judge_object(struct judge *j, enum verdict verdict, enum cause cause, const char *fmt, ...)
{
	static const char stolen[] = ", stolen by the host ";
	char text[RESULT_TEXT_LEN];
	va_list ap;
	size_t len;

	j->nr++;
	j->verdict = verdict;
	if (++j->nr_cause > JUDGE_LINES)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* Why it is in doubt, where that is not said of each. */
	len = strlen(text);
	if (verdict == VERDICT_INCONCLUSIVE && judge_timing(j) == verdict && !strstr(text, stolen))
		snprintf(text + len, sizeof(text) - len, "%s%" PRIu64 " ms", stolen,
			 ms(j->in->steal_ns));
	j->sink(j->ctx, verdict, cause, text);
}

void judge_end_cause(struct judge *j, enum cause cause)
{
	char text[64];

	if (j->nr_cause > JUDGE_LINES) {
		snprintf(text, sizeof(text), "and %u more like this", j->nr_cause - JUDGE_LINES);
		j->sink(j->ctx, j->verdict, cause, text);
	}
	j->nr_cause = 0;
}

static bool set_up_failed(const struct worker *w)
{
	return w->page->rep.setup_call != WORKER_SETUP_NONE;
}

/* Less what it was kept from running on purpose. */
static uint64_t lifetime(const struct worker *w)
{
	uint64_t end = w->stop_ns ? w->stop_ns : w->gone_ns, all = end - w->released_ns;

	return all - min(all, worker_paused_ns(w->page, end));
}

/* Did not go when it was told to. Even to die of SIGKILL a task must get a CPU once more. */
static bool did_not_go(const struct worker *w)
{
	return w->exit == WORKER_TIMED_OUT || w->exit == WORKER_ALIVE;
}

/* Never did a unit, though it was let go and nothing of its own was in the way. */
static bool starved(const struct worker *w)
{
	return w->released && !w->page->rep.units && !set_up_failed(w) &&
	       lifetime(w) >= JUDGE_MIN_NS &&
	       (did_not_go(w) || (w->exit == WORKER_EXITED && !w->unexpected));
}

/* Since when it could have run, as it was last seen; 0: it was not to run then. */
static uint64_t runnable_since(const struct worker *w)
{
	const struct worker_report *rep = &w->page->rep;

	if (rep->state == WORKER_RUNNING)
		return rep->last_ns;
	/* Whatever else it waited for: it has not seen the end of its timer. */
	if (rep->state == WORKER_BLOCKED && rep->due_ns)
		return max(rep->due_ns, rep->last_ns);
	return 0;
}

/* The longest time runnable, but not on a CPU; also the one that has not ended. */
static uint64_t worst_gap(const struct worker *w, uint64_t *at_ns)
{
	const struct worker_report *rep = &w->page->rep;
	uint64_t since = runnable_since(w), tail;

	*at_ns = rep->gap_at_ns;
	if (!since || w->gone_ns <= since)
		return rep->gap_ns;
	tail = w->gone_ns - since;
	tail -= min(tail, worker_paused_ns(w->page, w->gone_ns) - rep->last_paused_ns);
	if (tail <= rep->gap_ns)
		return rep->gap_ns;
	*at_ns = w->gone_ns;
	return tail;
}

static unsigned int gap_limit_ms(const struct judge_input *in, const struct worker *w)
{
	if (w->work.max_gap_ms && in->expect->max_gap_ms != EXPECT_GAP_OFF)
		return w->work.max_gap_ms;
	return in->expect->max_gap_ms ? in->expect->max_gap_ms : EXPECT_GAP_MS;
}

static bool stuck(const struct judge_input *in, const struct worker *w)
{
	uint64_t at;

	return w->page->rep.state != WORKER_FORKED &&
	       worst_gap(w, &at) > gap_limit_ms(in, w) * NSEC_PER_MSEC + in->steal_ns;
}

/* Where it was last seen; nothing to say of one that never ran. */
static const char *on_cpu(const struct worker *w, char *buf, size_t size)
{
	buf[0] = '\0';
	if (w->page->rep.state != WORKER_FORKED)
		snprintf(buf, size, ", last seen on CPU %u", w->page->rep.last_cpu);
	return buf;
}

static void judge_exit(struct judge *j, const struct worker *w)
{
	const struct worker_report *rep = &w->page->rep;
	const char *when = w->unexpected ? " before it was told to stop" : "";
	char buf[JUDGE_WHO_LEN], cpu[32];

	judge_who(w, buf);
	on_cpu(w, cpu, sizeof(cpu));
	if (set_up_failed(w)) {
		judge_object(j, VERDICT_FAIL, CAUSE_WORKER, "%s: %s failed: %s%s, at +%" PRIu64
			     " ms", buf, worker_setup_name(rep->setup_call),
			     strerror(rep->setup_errno), cpu,
			     judge_at_ms(j->in, w->gone_ns));
		return;
	}
	if (did_not_go(w) && j->in->expect->no_stop_check)
		return;
	/* One that could not run is starved or stuck, and that says more. */
	if (did_not_go(w) && !j->in->expect->no_starvation_check &&
	    (starved(w) || (runnable_since(w) && stuck(j->in, w))))
		return;
	switch (w->exit) {
	case WORKER_EXITED:
		if (w->exit_code || w->unexpected)
			judge_object(j, VERDICT_FAIL, CAUSE_WORKER,
				     "%s exited with status %d%s%s, at +%" PRIu64 " ms", buf,
				     w->exit_code, when, cpu, judge_at_ms(j->in, w->gone_ns));
		break;
	case WORKER_SIGNALLED:
		judge_object(j, VERDICT_FAIL, CAUSE_WORKER,
			     "%s was killed by signal %d (%s)%s%s, at +%" PRIu64 " ms", buf,
			     w->exit_code, strsignal(w->exit_code), when, cpu,
			     judge_at_ms(j->in, w->gone_ns));
		break;
	case WORKER_TIMED_OUT:
		judge_object(j, VERDICT_FAIL, CAUSE_WORKER,
			     "%s did not stop within %llu ms, last seen at +%" PRIu64
			     " ms on CPU %u", buf, WORKER_STOP_NS / NSEC_PER_MSEC,
			     judge_at_ms(j->in, rep->last_ns), rep->last_cpu);
		break;
	case WORKER_ALIVE:
		judge_object(j, VERDICT_FAIL, CAUSE_WORKER, "%s cannot be killed%s, at +%" PRIu64
			     " ms", buf, cpu, judge_at_ms(j->in, w->gone_ns));
		break;
	case WORKER_LOST:
		judge_object(j, VERDICT_FAIL, CAUSE_INFRA,
			     "%s: its exit status was lost%s, at +%" PRIu64 " ms", buf, cpu,
			     judge_at_ms(j->in, w->gone_ns));
		break;
	}
}

static void judge_starved(struct judge *j, const struct worker *w)
{
	const bool ran = w->page->rep.state != WORKER_FORKED;
	char buf[JUDGE_WHO_LEN], cpu[32];

	if (!starved(w))
		return;
	/* One that has run was perhaps about to be done with its first unit. */
	judge_object(j, ran ? judge_timing(j) : VERDICT_FAIL, CAUSE_STARVED,
		     "%s did no work in %" PRIu64 " ms since +%" PRIu64 " ms%s, limit 1 unit",
		     judge_who(w, buf), ms(lifetime(w)), judge_at_ms(j->in, w->released_ns),
		     ran ? on_cpu(w, cpu, sizeof(cpu)) : " (it never got to run)");
}

/* Who may starve each may starve all, and then nothing was seen of what else is judged. */
static void judge_nothing_done(struct judge *j)
{
	const struct judge_input *in = j->in;
	const struct worker *w;
	uint64_t longest = 0;

	if (!expect_off_for(in->expect, CAUSE_STARVED))
		return;
	for (w = in->workers; w; w = w->next) {
		if (w->page->rep.units || set_up_failed(w))
			return;
		if (w->released)
			longest = max(longest, lifetime(w));
	}
	if (longest < JUDGE_MIN_NS)
		return;
	judge_object(j, VERDICT_INCONCLUSIVE, CAUSE_STARVED,
		     "no worker at all did any work in %" PRIu64 " ms, which is not judged",
		     ms(longest));
	judge_end_cause(j, CAUSE_STARVED);
}

/* A change of schedulers moves all tasks from one class to another. */
static void judge_left_behind(struct judge *j, const struct worker *w)
{
	char buf[JUDGE_WHO_LEN];

	if (w->left_behind_ns)
		judge_object(j, VERDICT_FAIL, CAUSE_STARVED, "%s did not run for %" PRIu64
			     " ms after the scheduler was changed at +%" PRIu64
			     " ms, last seen on CPU %u, limit %llu ms", judge_who(w, buf),
			     ms(w->left_behind_ns), judge_at_ms(j->in, w->change_ns),
			     w->page->rep.last_cpu, WORKER_CHANGE_NS / NSEC_PER_MSEC);
}

static void judge_isolation(struct judge *j, const struct worker *w)
{
	const struct worker_report *rep = &w->page->rep;
	uint32_t gen = atomic_load(&w->page->gen);
	char list[CPULIST_LEN], buf[JUDGE_WHO_LEN];

	if (!rep->nr_outside)
		return;
	cpulist_format(&w->page->allowed[gen & 1].cpus, list, sizeof(list));
	judge_object(j, VERDICT_FAIL, CAUSE_ISOLATION, "%s ran outside of its CPUs %" PRIu64
		     " times, first on CPU %u at +%" PRIu64 " ms, limit 0; last allowed: %.128s",
		     judge_who(w, buf), rep->nr_outside, rep->outside_cpu,
		     judge_at_ms(j->in, rep->outside_ns), list);
}

/* Of a gap until @at: who did not run again was last seen somewhere else than where one ended. */
static unsigned int gap_cpu(const struct worker *w, uint64_t at)
{
	const struct worker_report *rep = &w->page->rep;

	return at == rep->gap_at_ns ? rep->gap_cpu : rep->last_cpu;
}

static void judge_gap(struct judge *j, const struct worker *w)
{
	const struct judge_input *in = j->in;
	char buf[JUDGE_WHO_LEN], where[48];
	uint64_t gap, at;

	if (!stuck(in, w))
		return;
	gap = worst_gap(w, &at);
	snprintf(where, sizeof(where), ", %s on CPU %u",
		 at == w->page->rep.gap_at_ns ? "then ran" : "last seen", gap_cpu(w, at));
	judge_object(j, judge_timing(j), CAUSE_STUCK, "%s was kept off the CPU for %" PRIu64
		     " ms until +%" PRIu64 " ms%s; limit %u ms, stolen by the host %" PRIu64 " ms",
		     judge_who(w, buf), ms(gap), judge_at_ms(in, at), where, gap_limit_ms(in, w),
		     ms(in->steal_ns));
}

bool judge_like(const struct worker *a, const struct worker *b)
{
	if (a->unlike || b->unlike)
		return a == b;
	return a->batch == b->batch && !strcmp(a->cgroup_name, b->cgroup_name) &&
	       a->work.type == b->work.type && a->lead == b->lead &&
	       a->work.policy == b->work.policy && a->work.prio == b->work.prio &&
	       a->work.nice == b->work.nice &&
	       cpumask_equal(&a->page->affinity, &b->page->affinity);
}

bool judge_first_of_its_like(const struct worker *list, const struct worker *w)
{
	const struct worker *o;

	for (o = list; o != w; o = o->next) {
		if (judge_like(o, w))
			return false;
	}
	return true;
}

static bool measured(const struct worker *w)
{
	return w->page->rep.state == WORKER_DONE && w->page->rep.settled_ns &&
	       w->page->rep.end_ns > w->page->rep.settled_ns;
}

static uint64_t wall_ns(const struct worker *w)
{
	const struct worker_report *rep = &w->page->rep;
	uint64_t wall = rep->end_ns - rep->settled_ns;

	return wall - min(wall - 1, rep->end_paused_ns - rep->settled_paused_ns);
}

/* In hundredths of a percent. */
static unsigned int off_cpu(const struct worker *w)
{
	uint64_t wall = wall_ns(w);
	uint64_t cpu = min(w->page->rep.cpu_time_ns - w->page->rep.settled_cpu_ns, wall);

	return (wall - cpu) * 10000 / wall;
}

struct group {
	unsigned int nr;
	const struct worker *least, *most;	/* time off the CPU */
};

/* The like of @w, those that ran for long enough to be compared. */
static struct group group_of(const struct worker *w, uint64_t min_ns)
{
	struct group g = { };
	const struct worker *o;

	for (o = w; o; o = o->next) {
		if (!judge_like(o, w) || !measured(o) || wall_ns(o) < min_ns)
			continue;
		g.nr++;
		if (!g.least || off_cpu(o) < off_cpu(g.least))
			g.least = o;
		if (!g.most || off_cpu(o) > off_cpu(g.most))
			g.most = o;
	}
	return g;
}

bool judge_fair_policy(int policy)
{
	return policy == SCHED_OTHER || policy == SCHED_BATCH || policy == SCHED_IDLE ||
	       policy == SCHED_EXT;
}

static void judge_spread(struct judge *j, const struct worker *w)
{
	const struct judge_input *in = j->in;
	const struct work_type_ops *ops = work_ops(w->work.type);
	unsigned int limit, lo, hi;
	struct group g;

	if (!ops || !ops->always_runnable || !judge_fair_policy(w->work.policy) ||
	    !judge_first_of_its_like(in->workers, w))
		return;
	g = group_of(w, JUDGE_MIN_NS);
	if (g.nr < 2)
		return;
	limit = in->expect->max_spread_pct ? in->expect->max_spread_pct : EXPECT_SPREAD_PCT;
	lo = off_cpu(g.least);
	hi = off_cpu(g.most);
	if (hi - lo <= limit * 100)
		return;
	judge_object(j, judge_timing(j), CAUSE_UNFAIR,
		     "time off the CPU differs by %u.%02u %% between %u like workers (%s, cgroup %s): "
		     "worker %u (pid %d, CPU %u) %u.%02u %%, worker %u (pid %d, CPU %u) %u.%02u %% in %"
		     PRIu64 " ms until +%" PRIu64 " ms; limit %u %%, stolen by the host %" PRIu64
		     " ms",
		     (hi - lo) / 100, (hi - lo) % 100, g.nr, ops->name, w->cgroup_name,
		     g.least->id, g.least->pid, g.least->page->rep.last_cpu, lo / 100, lo % 100,
		     g.most->id, g.most->pid, g.most->page->rep.last_cpu, hi / 100, hi % 100,
		     ms(wall_ns(g.most)), judge_at_ms(in, g.most->page->rep.end_ns), limit,
		     ms(in->steal_ns));
}

void judge_workers(struct judge *j, enum cause cause,
		   void (*check)(struct judge *j, const struct worker *w))
{
	const struct worker *w;

	for (w = j->in->workers; w; w = w->next)
		check(j, w);
	judge_end_cause(j, cause);
}

unsigned int judge(const struct judge_input *in, judge_sink sink, void *ctx)
{
	struct judge j = { .in = in, .sink = sink, .ctx = ctx };

	judge_workers(&j, CAUSE_WORKER, judge_exit);
	if (!in->expect->no_starvation_check) {
		judge_workers(&j, CAUSE_STARVED, judge_starved);
		judge_workers(&j, CAUSE_STARVED, judge_left_behind);
	}
	if (in->expect->isolation)
		judge_workers(&j, CAUSE_ISOLATION, judge_isolation);
	if (!in->expect->no_starvation_check) {
		judge_workers(&j, CAUSE_STUCK, judge_gap);
		judge_workers(&j, CAUSE_UNFAIR, judge_spread);
	}
	judge_performance(&j);
	judge_nothing_done(&j);
	return j.nr;
}

struct figures {
	uint64_t gap_ns, units, iterations, migrations, delay_ns, delay_max_ns, turns;
	uint64_t pages[TOPOLOGY_MAX_NODES];
	struct cpumask cpus;
	unsigned int gap_cpu, nr;
};

static void add_figures(struct figures *f, const struct worker *w)
{
	const struct worker_report *rep = &w->page->rep;
	uint64_t at, gap = worst_gap(w, &at);
	unsigned int i;

	if (!f->nr++ || gap > f->gap_ns) {
		f->gap_ns = gap;
		f->gap_cpu = gap_cpu(w, at);
	}
	f->delay_ns += rep->run_delay_ns;
	f->delay_max_ns = max(f->delay_max_ns, rep->run_delay_ns);
	f->turns += rep->run_count;
	f->units += rep->units;
	f->iterations += rep->iterations;
	f->migrations += rep->nr_migrations;
	cpumask_or(&f->cpus, &f->cpus, &rep->cpus_used);
	for (i = 0; rep->have_numa && i < TOPOLOGY_MAX_NODES; i++)
		f->pages[i] += rep->numa_pages[i];
}

static void describe(const struct judge_input *in, const struct worker *w, char *buf, size_t size)
{
	const struct work_type_ops *ops = work_ops(w->work.type);
	struct group g = group_of(w, 0);
	unsigned int lo = 0, hi = 0, i;
	struct figures f = { };
	char list[CPULIST_LEN];
	const struct worker *o;
	size_t len;

	for (o = w; o; o = o->next) {
		if (judge_like(o, w))
			add_figures(&f, o);
	}
	if (g.nr) {
		lo = off_cpu(g.least);
		hi = off_cpu(g.most);
	}
	len = snprintf(buf, size, "%s: %u x %s at +%" PRIu64 " ms: off CPU %u.%02u..%u.%02u %%, "
		       "worst gap %" PRIu64 " ms on CPU %u, run delay %" PRIu64
		       " ms on average, up to %" PRIu64 " ms, in %" PRIu64 " turns, %" PRIu64
		       " units, %" PRIu64 " iterations, %" PRIu64 " migrations, CPUs %.128s",
		       w->cgroup_name, f.nr, ops ? ops->name : "?", judge_at_ms(in, w->released_ns),
		       lo / 100, lo % 100, hi / 100, hi % 100, ms(f.gap_ns), f.gap_cpu,
		       ms(f.delay_ns / f.nr), ms(f.delay_max_ns), f.turns, f.units, f.iterations,
		       f.migrations, cpulist_format(&f.cpus, list, sizeof(list)));
	for (i = 0; i < TOPOLOGY_MAX_NODES; i++) {
		if (f.pages[i] && len < size)
			len += snprintf(buf + len, size - len, ", %" PRIu64 " pages on node %u",
					f.pages[i], i);
	}
}

void judge_describe(const struct judge_input *in, void (*line)(void *ctx, const char *text),
		    void *ctx)
{
	char text[RESULT_TEXT_LEN];
	const struct worker *w;

	for (w = in->workers; w; w = w->next) {
		if (!judge_first_of_its_like(in->workers, w))
			continue;
		describe(in, w, text, sizeof(text));
		line(ctx, text);
		if (judge_describe_more(in, w, text, sizeof(text)))
			line(ctx, text);
	}
}
