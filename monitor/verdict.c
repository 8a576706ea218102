// SPDX-License-Identifier: GPL-2.0
/*
 * verdict.c - judges a stream of samples
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "verdict.h"

/* A condition that holds without a break. */
struct window {
	bool open;
	uint64_t since_ns;
	unsigned int nr_samples;
	uint64_t worst;
	unsigned int worst_cpu;
	struct monitor_violation *violation;	/* it became one */
};

struct cpu_state {
	struct window dsq;
	struct window stall;
	uint64_t clock;
	bool busy;
};

struct verdict_state {
	struct monitor_limits limits;
	struct verdict_have have;
	unsigned int nr_cpus;
	uint64_t first_ns, last_ns;
	uint64_t gap_ns;		/* guest time in gaps */
	unsigned int nr_gaps;
	bool clocks_differ;		/* so they are clocks */
	char bad[128];			/* why the data cannot be believed, else empty */
	double sum_running, sum_dsq, sum_imbalance;
	struct window imbalance;
	struct monitor_report rep;	/* counts and maxima */
	struct cpu_state cpu[];
};

struct verdict_state *verdict_new(unsigned int nr_cpus, const struct monitor_limits *limits,
				  struct verdict_have have)
{
	struct verdict_state *v;

	v = calloc(1, sizeof(*v) + nr_cpus * sizeof(v->cpu[0]));
	if (!v)
		return NULL;
	v->limits = *limits;
	if (!v->limits.period_ms)
		v->limits.period_ms = VERDICT_PERIOD_MS;
	v->have = have;
	v->nr_cpus = nr_cpus;
	return v;
}

void verdict_free(struct verdict_state *v)
{
	free(v);
}

static void __printf(2, 3) set_bad(struct verdict_state *v, const char *fmt, ...)
{
	va_list ap;

	if (v->bad[0])
		return;
	va_start(ap, fmt);
	vsnprintf(v->bad, sizeof(v->bad), fmt, ap);
	va_end(ap);
}

static void window_hold(struct window *w, uint64_t now, unsigned int cpu, uint64_t measured)
{
	if (!w->open) {
		memset(w, 0, sizeof(*w));
		w->open = true;
		w->since_ns = now;
	}
	w->nr_samples++;
	if (measured >= w->worst) {
		w->worst = measured;
		w->worst_cpu = cpu;
	}
}

static void window_break(struct window *w)
{
	w->open = false;
}

/* One violation for a window, which grows with it. */
static void window_judge(struct verdict_state *v, struct window *w, enum cause what, uint64_t now,
			 unsigned int min_samples, unsigned int ms, uint64_t limit)
{
	struct monitor_report *rep = &v->rep;

	if (!w->open || w->nr_samples < min_samples || now - w->since_ns < ms * NSEC_PER_MSEC)
		return;
	if (!w->violation) {
		if (rep->nr_violations == MONITOR_MAX_VIOLATIONS)
			return;
		w->violation = &rep->violation[rep->nr_violations++];
	}
	w->violation->cause = what;
	w->violation->cpu = w->worst_cpu;
	w->violation->measured = w->worst;
	w->violation->limit = limit;
	w->violation->at_ns = now - v->first_ns;
	w->violation->for_ns = now - w->since_ns;
}

static void judge_imbalance(struct verdict_state *v, uint64_t now, const struct cpu_sample *cpus)
{
	uint64_t most = 0, fewest = UINT64_MAX;
	unsigned int cpu, worst = 0;
	double ratio;

	if (!v->have.nr_running)
		return;
	for (cpu = 0; cpu < v->nr_cpus; cpu++) {
		uint64_t nr = cpus[cpu].nr_running;

		/* It has no share in anything: none is too small for it. */
		if (cpus[cpu].offline)
			continue;
		if (nr > VERDICT_RUNNING_SANE)
			set_bad(v, "CPU %u: %llu runnable tasks", cpu, (unsigned long long)nr);
		if (nr > most) {
			most = nr;
			worst = cpu;
		}
		fewest = min(fewest, nr);
		v->sum_running += nr;
	}
	fewest = max(fewest, (uint64_t)1);
	ratio = (double)max_t(uint64_t, most, 1) / fewest;
	v->sum_imbalance += ratio;
	v->rep.max_imbalance = max(v->rep.max_imbalance, ratio);
	most = min_t(uint64_t, most, UINT32_MAX);
	v->rep.max_nr_running = max_t(uint32_t, v->rep.max_nr_running, most);

	if (!v->limits.max_imbalance)
		return;
	/* Rounded up, so that what is reported is above the limit too. */
	if (DIV_ROUND_UP(most, fewest) > v->limits.max_imbalance)
		window_hold(&v->imbalance, now, worst, DIV_ROUND_UP(most, fewest));
	else
		window_break(&v->imbalance);
	window_judge(v, &v->imbalance, CAUSE_IMBALANCE, now, VERDICT_MIN_SAMPLES,
		     v->limits.sustain_ms, v->limits.max_imbalance);
}

static void judge_dsq(struct verdict_state *v, uint64_t now, unsigned int cpu,
		      const struct cpu_sample *s)
{
	struct window *w = &v->cpu[cpu].dsq;

	if (!v->have.scx)
		return;
	if (s->dsq_nr > VERDICT_DSQ_SANE)
		set_bad(v, "CPU %u: %u tasks in its local DSQ", cpu, s->dsq_nr);
	v->sum_dsq += s->dsq_nr;
	v->rep.max_dsq_depth = max(v->rep.max_dsq_depth, s->dsq_nr);
	v->rep.max_scx_nr_running = max(v->rep.max_scx_nr_running, s->scx_nr_running);

	if (!v->limits.max_dsq_depth)
		return;
	if (s->dsq_nr > v->limits.max_dsq_depth && !s->offline)
		window_hold(w, now, cpu, s->dsq_nr);
	else
		window_break(w);
	window_judge(v, w, CAUSE_DSQ_DEPTH, now, VERDICT_MIN_SAMPLES, v->limits.sustain_ms,
		     v->limits.max_dsq_depth);
}

static void judge_stall(struct verdict_state *v, uint64_t now, unsigned int cpu,
			const struct cpu_sample *s)
{
	struct cpu_state *c = &v->cpu[cpu];
	bool busy = s->nr_running > 1 && !s->idle && !s->offline;
	uint64_t still;

	/* Without all three, a sleeping CPU would look like a stuck one. */
	if (!v->have.clock || !v->have.nr_running || !v->have.idle)
		return;
	if (!busy || !c->busy || s->clock != c->clock)
		window_break(&c->stall);
	if (busy && s->clock) {
		still = c->stall.open ? now - c->stall.since_ns : 0;
		window_hold(&c->stall, now, cpu, still);
		v->rep.max_clock_still_ns = max(v->rep.max_clock_still_ns, still);
		if (v->limits.stall_ms)
			window_judge(v, &c->stall, CAUSE_STALL, now, VERDICT_MIN_SAMPLES,
				     v->limits.stall_ms,
				     v->limits.stall_ms * NSEC_PER_MSEC);
	}
	c->clock = s->clock;
	c->busy = busy;
}

/* A stall stays: its proof is in the clock itself. */
static void break_unseen(struct verdict_state *v)
{
	unsigned int cpu;

	window_break(&v->imbalance);
	for (cpu = 0; cpu < v->nr_cpus; cpu++)
		window_break(&v->cpu[cpu].dsq);
}

void verdict_add(struct verdict_state *v, uint64_t guest_ns, const struct cpu_sample *cpus)
{
	uint64_t step = guest_ns - v->last_ns;
	unsigned int cpu;

	if (!v->rep.nr_samples) {
		v->first_ns = guest_ns;
	} else if (guest_ns < v->last_ns) {
		set_bad(v, "guest time went backwards");
		return;
	} else if (step > VERDICT_GAP_PERIODS * v->limits.period_ms * NSEC_PER_MSEC) {
		break_unseen(v);
		v->gap_ns += step;
		v->nr_gaps++;
	}
	v->last_ns = guest_ns;
	v->rep.nr_samples++;

	judge_imbalance(v, guest_ns, cpus);
	for (cpu = 0; cpu < v->nr_cpus; cpu++) {
		/* CPU 0's stands for itself when there is no other to compare with. */
		v->clocks_differ |= cpus[cpu].clock != (v->nr_cpus > 1 ? cpus[0].clock : 0);
		judge_dsq(v, guest_ns, cpu, &cpus[cpu]);
		judge_stall(v, guest_ns, cpu, &cpus[cpu]);
	}
}

void verdict_report(const struct verdict_state *v, struct monitor_report *rep)
{
	double all = (double)v->rep.nr_samples * v->nr_cpus;

	*rep = v->rep;
	rep->nr_cpus = v->nr_cpus;
	rep->have_nr_running = v->have.nr_running;
	rep->have_clock = v->have.clock;
	rep->have_scx = v->have.scx;
	rep->have_idle = v->have.idle;
	rep->guest_ns = v->last_ns - v->first_ns;
	if (rep->nr_samples) {
		rep->avg_nr_running = v->sum_running / all;
		rep->avg_dsq_depth = v->sum_dsq / all;
		rep->avg_imbalance = v->sum_imbalance / rep->nr_samples;
	}

	if (!rep->nr_samples)
		snprintf(rep->why, sizeof(rep->why), "no sample was taken");
	else if (v->bad[0])
		snprintf(rep->why, sizeof(rep->why), "%s", v->bad);
	else if (v->have.clock && !v->clocks_differ)
		snprintf(rep->why, sizeof(rep->why), "all run queue clocks are always the same");
	else
		rep->usable = true;
	if (rep->usable && v->nr_gaps)
		snprintf(rep->why, sizeof(rep->why), "%u gaps, %llu of %llu ms were not seen",
			 v->nr_gaps, (unsigned long long)(v->gap_ns / NSEC_PER_MSEC),
			 (unsigned long long)(rep->guest_ns / NSEC_PER_MSEC));
	/* What cannot be believed is no evidence against anybody. */
	if (!rep->usable)
		rep->nr_violations = 0;
}
