// SPDX-License-Identifier: GPL-2.0
/*
 * outcome.c - from everything that was seen of an instance to one verdict
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "outcome.h"

/* Many ticks: a healthy guest has 20 ms, and scheduler verdicts have limits above. */
#define LEFT_OUT_NS		(100 * NSEC_PER_MSEC)
/* Sleeps that may be off in a guest whose clock is still good enough to judge by. */
#define INSTRUMENT_MAX_BAD	5

/* Causes that rest on the guest's clock, and so on its quality. */
static const bool cause_is_timing[NR_CAUSES] = {
	[CAUSE_STUCK] = true,
	[CAUSE_UNFAIR] = true,
	[CAUSE_IMBALANCE] = true,
	[CAUSE_DSQ_DEPTH] = true,
	[CAUSE_STALL] = true,
	[CAUSE_THROUGHPUT] = true,
	[CAUSE_LATENCY] = true,
	[CAUSE_SHARE] = true,
	[CAUSE_EVENTS] = true,
};

static void set(struct outcome *out, enum verdict verdict, enum cause cause, const char *fmt, ...)
	__printf(4, 5);

static void set(struct outcome *out, enum verdict verdict, enum cause cause, const char *fmt, ...)
{
	va_list ap;

	out->verdict = verdict;
	out->cause = cause;
	out->at_ns = 0;
	va_start(ap, fmt);
	vsnprintf(out->text, sizeof(out->text), fmt, ap);
	va_end(ap);
}

/* What was said cannot be believed, for this reason; the cause stays, and what was said is told. */
static void doubt(struct outcome *out, const char *fmt, ...) __printf(2, 3);

static void doubt(struct outcome *out, const char *fmt, ...)
{
	char why[OUTCOME_TEXT_LEN], was[OUTCOME_TEXT_LEN];
	enum verdict verdict = out->verdict;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	memcpy(was, out->text, sizeof(was));
	set(out, VERDICT_INCONCLUSIVE, out->cause, "%.500s; it said %s%s%.500s", why,
	    verdict_name(verdict), was[0] ? ": " : "", was);
}

/* A result is used only if it makes sense as a whole. */
static bool result_sound(const struct msg_result *res)
{
	if (res->verdict <= VERDICT_NONE || res->verdict >= NR_VERDICTS || res->cause >= NR_CAUSES)
		return false;
	/* A failure has a cause, a pass has none; what is in between may name one. */
	if (res->verdict == VERDICT_FAIL && res->cause == CAUSE_NONE)
		return false;
	if (res->verdict == VERDICT_PASS && res->cause != CAUSE_NONE)
		return false;
	return memchr(res->text, '\0', sizeof(res->text));
}

static void judge_missing(const struct evidence *ev, struct outcome *out)
{
	const char *stage = stage_name(ev->stage);

	if (ev->ending == ENDING_INFRA) {
		set(out, VERDICT_FAIL, CAUSE_INFRA, "%s", ev->ending_text);
	} else if (ev->klog.panic[0]) {
		set(out, VERDICT_FAIL, CAUSE_PANIC, "%s (last stage: %s)%s%s", ev->klog.panic,
		    stage, ev->crash[0] ? "; PID 1 said: " : "", ev->crash);
	} else if (ev->ending == ENDING_TIMEOUT) {
		set(out, VERDICT_FAIL, CAUSE_TIMEOUT, "%s, last stage: %s", ev->ending_text, stage);
	} else if (ev->ending == ENDING_ENGINE) {
		set(out, VERDICT_FAIL, CAUSE_INFRA, "the engine ended: %s (last stage: %s)",
		    ev->ending_text, stage);
	} else if (ev->crash[0]) {
		set(out, VERDICT_FAIL, CAUSE_NO_RESULT, "PID 1 died: %s (last stage: %s)",
		    ev->crash, stage);
	} else if (ev->have_result) {
		set(out, VERDICT_FAIL, CAUSE_NO_RESULT,
		    "the guest's result makes no sense: verdict %u, cause %u", ev->result.verdict,
		    ev->result.cause);
	} else if (ev->ending == ENDING_RESET) {
		set(out, VERDICT_FAIL, CAUSE_NO_RESULT, "no result: %s (last stage: %s)",
		    ev->ending_text, stage);
	} else if (ev->ending == ENDING_DOORBELL) {
		set(out, VERDICT_FAIL, CAUSE_NO_RESULT,
		    "no result: the guest waits for a job again (last stage: %s)", stage);
	} else {
		set(out, VERDICT_FAIL, CAUSE_NO_RESULT,
		    "no result: the guest ended without one (last stage: %s)", stage);
	}
}

static void judge_result(const struct evidence *ev, struct outcome *out)
{
	if (!ev->have_result || !result_sound(&ev->result) || ev->ending == ENDING_INFRA) {
		judge_missing(ev, out);
		return;
	}
	set(out, ev->result.verdict, ev->result.cause, "%s", ev->result.text);
	out->at_ns = ev->result.at_ns;
}

/* A machine that breaks down after the result, but before the guest has said that it ends. */
static void judge_end(const struct evidence *ev, struct outcome *out)
{
	bool engine = ev->ending == ENDING_ENGINE;

	if (out->verdict == VERDICT_FAIL || ev->have_exit || ev->klog.panic[0])
		return;
	if (engine || ev->ending == ENDING_RESET)
		set(out, VERDICT_FAIL, engine ? CAUSE_INFRA : CAUSE_NO_RESULT,
		    "after the result: %s (last stage: %s)", ev->ending_text,
		    stage_name(ev->stage));
}

/* @before: what is said before it. */
static void set_klog(const struct evidence *ev, struct outcome *out, const char *before)
{
	const struct klog_hit *hit = NULL;
	unsigned int i;

	/* What happened under the test says more than what happened before it. */
	for (i = 0; i < klog_kept(&ev->klog); i++)
		if (!hit || (hit->at_boot && !ev->klog.hit[i].at_boot))
			hit = &ev->klog.hit[i];
	set(out, VERDICT_FAIL, hit->cause, "%s%s%s: %s%s", before, hit->what,
	    hit->at_boot ? " at boot" : "", hit->line, ev->klog.nr_hits > 1 ? " (and more)" : "");
}

static void judge_klog(const struct evidence *ev, struct outcome *out)
{
	if (out->verdict == VERDICT_FAIL || !ev->klog.nr_hits)
		return;
	if (ev->klog.panic[0])
		set(out, VERDICT_FAIL, CAUSE_PANIC, "%s, after the result", ev->klog.panic);
	else
		set_klog(ev, out, "");
}

/* Why nobody knows whether a limit of the monitor's was kept; NULL: that is known, or no matter. */
static const char *unseen(const struct evidence *ev)
{
	const struct monitor_report *mon = ev->monitor;

	/* What ends before can exceed none. */
	if ((!ev->needs_running && !ev->needs_dsq && !ev->needs_events) ||
	    ev->result.run_ns < ev->sustain_ns)
		return NULL;
	if (!mon)
		return "no monitor";
	if (!mon->usable)
		return mon->why;
	if (mon->guest_ns < ev->sustain_ns)
		return "all samples lie too near to each other";
	if (ev->needs_running && !mon->have_nr_running)
		return "nr_running cannot be read of this kernel";
	if (ev->needs_dsq && !mon->have_scx)
		return "local DSQs cannot be read of this kernel";
	if (ev->needs_events && !mon->have_events)
		return "sched_ext's events cannot be read of this kernel";
	return NULL;
}

static void judge_monitor(const struct evidence *ev, struct outcome *out)
{
	const struct monitor_report *mon = ev->monitor;
	const struct monitor_violation *v;
	const char *name, *why;
	uint64_t unit, must_last;

	if (out->verdict != VERDICT_PASS || ev->test->expect.no_monitor)
		return;
	if ((!mon || !mon->usable) && ev->result.run_ns >= ev->sustain_ns)
		snprintf(out->unseen, sizeof(out->unseen), "%s", mon ? mon->why : "no monitor");
	if (!mon || !mon->usable || !mon->nr_violations) {
		why = unseen(ev);
		if (why)
			doubt(out, "what the monitor judges was not seen: %s", why);
		return;
	}
	v = &mon->violation[0];
	if (v->cause == CAUSE_EVENTS) {
		set(out, VERDICT_FAIL, v->cause,
		    "%s: measured %llu a second, limit %llu, in %llu ms until +%llu ms (seen by the monitor)%s",
		    mon->event[v->cpu].name, (unsigned long long)v->measured,
		    (unsigned long long)v->limit, (unsigned long long)(v->for_ns / NSEC_PER_MSEC),
		    (unsigned long long)(v->at_ns / NSEC_PER_MSEC),
		    mon->nr_violations > 1 ? ", and more" : "");
		return;
	}
	/* A stall is a time, the others are numbers. */
	unit = v->cause == CAUSE_STALL ? NSEC_PER_MSEC : 1;
	name = unit > 1 ? " ms" : "";
	set(out, VERDICT_FAIL, v->cause,
	    "cpu %u: measured %llu%s, limit %llu%s, for %llu ms until +%llu ms (seen by the monitor)%s",
	    v->cpu, (unsigned long long)(v->measured / unit), name,
	    (unsigned long long)(v->limit / unit), name,
	    (unsigned long long)(v->for_ns / NSEC_PER_MSEC),
	    (unsigned long long)(v->at_ns / NSEC_PER_MSEC),
	    mon->nr_violations > 1 ? ", and more" : "");
	/* It lasted for longer than it had to, and was one as soon as that was over. */
	must_last = unit > 1 ? v->limit : ev->sustain_ns;
	if (ev->result.start_ns)
		out->at_ns = ev->result.start_ns + v->at_ns - v->for_ns + must_last;
}

/* The kernel says of no task what class it is in once sched_ext is off: its memory does. */
static void judge_ext_left(const struct evidence *ev, struct outcome *out)
{
	if (out->verdict != VERDICT_PASS || ev->test->expect.no_monitor)
		return;
	if (ev->ext_tasks.nr)
		set(out, VERDICT_FAIL, CAUSE_SCHED_DETACH,
		    "measured %u tasks of the ext class, limit 0, after the detach, the first is %s[%u] (seen by the monitor)",
		    ev->ext_tasks.nr, ev->ext_tasks.comm, ev->ext_tasks.pid);
	else if (ev->ext_left)
		set(out, VERDICT_FAIL, CAUSE_SCHED_DETACH,
		    "cpu %u: measured %u tasks of the ext class, limit 0, after the detach (seen by the monitor)",
		    ev->ext_cpu, ev->ext_left);
}

/*
 * Was the guest fit to measure time? On an engine whose time is virtual, its clock and a quiet
 * machine are ours to make, so anything else means that we failed to. In real time the
 * host has its share in every sleep: there the steal of the vCPUs has to decide.
 */
static bool instrument_bad(const struct evidence *ev, char *why, size_t size)
{
	const struct msg_instrument *in = &ev->instrument;

	if (!ev->have_instrument || ev->time != VM_TIME_VIRTUAL)
		return false;
	if (!strncmp(in->clocksource, "tsc", sizeof(in->clocksource)) && in->hres_active &&
	    in->quiet && in->nr_bad <= INSTRUMENT_MAX_BAD)
		return false;
	snprintf(why, size,
		 "clocksource %.*s (tsc), hres_active %u (1), quiet %u (1), %u of %u sleeps off by over %llu us (%d), mean %llu us, max %llu us",
		 (int)strnlen(in->clocksource, sizeof(in->clocksource)), in->clocksource,
		 in->hres_active, in->quiet, in->nr_bad, in->nr_sleeps,
		 (unsigned long long)(INSTRUMENT_TOLERANCE_NS / NSEC_PER_USEC), INSTRUMENT_MAX_BAD,
		 (unsigned long long)(in->mean_ns / NSEC_PER_USEC),
		 (unsigned long long)(in->max_ns / NSEC_PER_USEC));
	return true;
}

static bool judges_time(const struct evidence *ev, const struct outcome *out)
{
	const struct expect *exp = &ev->test->expect;

	if (out->verdict == VERDICT_FAIL)
		return cause_is_timing[out->cause];
	return out->verdict == VERDICT_PASS && !(exp->no_starvation_check && exp->no_monitor);
}

static void judge_instrument(const struct evidence *ev, struct outcome *out)
{
	char why[384];

	if (judges_time(ev, out) && instrument_bad(ev, why, sizeof(why)))
		doubt(out, "the guest is no good clock: %s", why);
}

/* Late is who had the time; whoever waited for the host most of it is not. */
static void judge_starved(const struct evidence *ev, struct outcome *out)
{
	if (ev->starved && out->verdict == VERDICT_FAIL && out->cause == CAUSE_TIMEOUT)
		doubt(out, "the host had no CPU for the guest");
}

/*
 * An engine that counts time in instructions shows no steal, but if it may leave a CPU out while
 * others run, and the clock of one stands still in spite of tasks on it, then who waits there
 * perhaps waits for the engine. What lasts as long as a stall is judged as one.
 */
static void judge_left_out(const struct evidence *ev, struct outcome *out)
{
	const struct monitor_report *mon = ev->monitor;
	unsigned int i;

	if (!ev->leaves_out || out->verdict != VERDICT_FAIL ||
	    (out->cause != CAUSE_UNFAIR && out->cause != CAUSE_STUCK &&
	     out->cause != CAUSE_THROUGHPUT && out->cause != CAUSE_LATENCY))
		return;
	if (!mon || !mon->usable || mon->max_clock_still_ns <= LEFT_OUT_NS)
		return;
	for (i = 0; i < min(mon->nr_violations, MONITOR_MAX_VIOLATIONS); i++)
		if (mon->violation[i].cause == CAUSE_STALL)
			return;
	doubt(out, "the engine left a busy CPU out for %llu ms (limit %llu ms)",
	      (unsigned long long)(mon->max_clock_still_ns / NSEC_PER_MSEC),
	      (unsigned long long)(LEFT_OUT_NS / NSEC_PER_MSEC));
}

/*
 * QEMU's TCG (seen with 7.2) may take a pointer for flags when it leaves translated code at some
 * instruction, and what the kernel does then is not the kernel's fault.
 */
static void judge_engine(const struct evidence *ev, struct outcome *out)
{
	if (ev->time != VM_TIME_VIRTUAL || out->verdict != VERDICT_FAIL || !ev->klog.bad_eflags ||
	    (out->cause != CAUSE_PANIC && out->cause != CAUSE_KERNEL_LOG &&
	     out->cause != CAUSE_RCU_STALL))
		return;
	doubt(out, "the engine computed wrongly (EFLAGS %08x, which no CPU has; try another --seed)",
	      ev->klog.bad_eflags);
}

/*
 * In real time whoever waits may have waited for the host. The guest says so of what it judges
 * itself; a control that fails as it must is no false alarm.
 */
static void judge_stolen(const struct evidence *ev, struct outcome *out)
{
	if (out->verdict == VERDICT_FAIL && cause_is_timing[out->cause] &&
	    ev->test->expect_fail.cause == CAUSE_NONE &&
	    wire_stolen(ev->result.steal_ns, ev->result.run_ns))
		doubt(out, "stolen by the host %llu ms",
		      (unsigned long long)(ev->result.steal_ns / NSEC_PER_MSEC));
}

static uint64_t since(uint64_t at_ns, uint64_t from_ns)
{
	return from_ns && at_ns > from_ns ? at_ns - from_ns : 0;
}

/* A control passes if it fails the way it must. A skip says nothing about it, and stays one. */
static void judge_control(const struct evidence *ev, struct outcome *out)
{
	const struct expect_fail *want = &ev->test->expect_fail;
	struct caught caught = { .cause = CAUSE_NONE };
	char got[OUTCOME_TEXT_LEN];
	bool text_ok;

	if (want->cause == CAUSE_NONE || out->verdict == VERDICT_SKIP ||
	    out->verdict == VERDICT_INCONCLUSIVE)
		return;
	/* That it will is not known yet. */
	if (want->cause == CAUSE_TEARDOWN && out->verdict == VERDICT_PASS)
		return;
	/* Limits are stretched by what is stolen, so that a failure may not show. */
	if (out->verdict == VERDICT_PASS && cause_is_timing[want->cause] &&
	    wire_stolen(ev->result.steal_ns, ev->result.run_ns)) {
		set(out, VERDICT_INCONCLUSIVE, want->cause,
		    "expected FAIL %s, got pass, stolen by the host %llu ms",
		    cause_name(want->cause),
		    (unsigned long long)(ev->result.steal_ns / NSEC_PER_MSEC));
		return;
	}
	if (out->verdict == VERDICT_FAIL) {
		caught.cause = out->cause;
		caught.start_ns = since(out->at_ns, ev->result.start_ns);
		caught.fault_ns = since(out->at_ns, ev->result.fault_ns);
	}
	out->caught = caught;
	text_ok = !want->text || strstr(out->text, want->text) ||
		  (ev->details && strstr(ev->details, want->text));
	memcpy(got, out->text, sizeof(got));
	if (out->verdict == VERDICT_FAIL && out->cause == want->cause &&
	    out->cause != CAUSE_INFRA && text_ok) {
		/* A splat is one more failure, and nobody has asked for it. */
		if (ev->klog.nr_hits && want->cause != CAUSE_KERNEL_LOG &&
		    want->cause != CAUSE_RCU_STALL && want->cause != CAUSE_PANIC) {
			set_klog(ev, out, "failed as it must, and then there is ");
			return;
		}
		set(out, VERDICT_PASS, CAUSE_NONE, "failed as it must: %s: %.900s",
		    cause_name(want->cause), got);
		return;
	}
	set(out, VERDICT_FAIL, out->cause == CAUSE_INFRA ? CAUSE_INFRA : CAUSE_OTHER,
	    "expected FAIL %s%s%s%s, got %s %s: %.700s", cause_name(want->cause),
	    want->text ? " with '" : "", want->text ? want->text : "", want->text ? "'" : "",
	    verdict_name(out->verdict), cause_name(out->cause), got);
}

void outcome_judge(const struct evidence *ev, struct outcome *out)
{
	memset(out, 0, sizeof(*out));
	judge_result(ev, out);
	judge_end(ev, out);
	judge_klog(ev, out);
	judge_monitor(ev, out);
	judge_ext_left(ev, out);
	judge_instrument(ev, out);
	judge_starved(ev, out);
	judge_left_out(ev, out);
	judge_engine(ev, out);
	judge_stolen(ev, out);
	judge_control(ev, out);
}

void outcome_judge_teardown(const struct ktstr_test *test, const struct expect *expect,
			    uint64_t ns, struct outcome *out)
{
	const struct expect_fail *want = &test->expect_fail;
	char text[128];

	if (out->verdict != VERDICT_PASS)
		return;
	snprintf(text, sizeof(text), "teardown took %.1f ms, limit %u ms",
		 (double)ns / NSEC_PER_MSEC, expect->max_teardown_ms);
	if (expect->max_teardown_ms && ns > expect->max_teardown_ms * NSEC_PER_MSEC) {
		if (want->cause != CAUSE_TEARDOWN || (want->text && !strstr(text, want->text))) {
			set(out, VERDICT_FAIL, CAUSE_TEARDOWN, "%s", text);
			return;
		}
		out->caught = (struct caught){ .cause = CAUSE_TEARDOWN };
		set(out, VERDICT_PASS, CAUSE_NONE, "failed as it must: teardown: %s", text);
	} else if (want->cause == CAUSE_TEARDOWN) {
		set(out, VERDICT_FAIL, CAUSE_OTHER, "expected FAIL teardown, got pass: %s", text);
	}
}
