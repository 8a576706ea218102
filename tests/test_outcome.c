// SPDX-License-Identifier: GPL-2.0
/*
 * test_outcome.c - how everything that was seen of an instance makes one verdict
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "kselftest_harness.h"
#include "../runner/evidence.h"

static const struct ktstr_test plain = { .name = "plain" };
static const struct ktstr_test no_monitor = { .name = "no_monitor",
					      .expect = { .no_monitor = true } };
static const struct ktstr_test no_time = {
	.name = "no_time", .expect = { .no_monitor = true, .no_starvation_check = true },
};
static const struct ktstr_test control = {
	.name = "control", .expect_fail = { .cause = CAUSE_STUCK, .text = "cg_1" },
};
static const struct ktstr_test any_text = { .name = "any_text",
					    .expect_fail = { .cause = CAUSE_PANIC } };
static const struct ktstr_test wants_splat = { .name = "wants_splat",
					       .expect_fail = { .cause = CAUSE_KERNEL_LOG } };
static const struct ktstr_test wants_infra = { .name = "wants_infra",
					       .expect_fail = { .cause = CAUSE_INFRA } };

static const struct msg_instrument good_clock = {
	.clocksource = "tsc", .hres_active = 1, .quiet = 1, .nr_sleeps = 100, .nr_bad = 5,
};

FIXTURE(outcome) {
	struct evidence ev;
	struct outcome out;
	struct monitor_report mon;
};

FIXTURE_SETUP(outcome)
{
	memset(self, 0, sizeof(*self));
	self->ev.test = &plain;
	self->ev.time = VM_TIME_VIRTUAL;
	self->ev.ending = ENDING_EXIT;
	self->ev.stage = STAGE_DONE;
	self->ev.have_result = true;
	self->ev.result.verdict = VERDICT_PASS;
	self->ev.have_instrument = true;
	self->ev.instrument = good_clock;
	self->ev.details = "";
	self->ev.sustain_ns = EXPECT_SUSTAIN_MS * NSEC_PER_MSEC;
	self->mon.usable = true;
	self->ev.monitor = &self->mon;
}

FIXTURE_TEARDOWN(outcome)
{
}

static void guest_says(struct evidence *ev, enum verdict verdict, enum cause cause,
		       const char *text)
{
	ev->have_result = true;
	ev->result.verdict = verdict;
	ev->result.cause = cause;
	snprintf(ev->result.text, sizeof(ev->result.text), "%s", text);
}

static void log_says(struct evidence *ev, const char *text, bool at_boot)
{
	klog_scan(&ev->klog, text, strlen(text), at_boot ? strlen(text) : 0);
}

#define EXPECT_OUTCOME(_verdict, _cause, _text) do {				\
	outcome_judge(&self->ev, &self->out);					\
	EXPECT_EQ(_verdict, self->out.verdict) TH_LOG("%s", self->out.text);	\
	EXPECT_EQ(_cause, self->out.cause) TH_LOG("%s", self->out.text);	\
	EXPECT_NE(NULL, strstr(self->out.text, _text)) TH_LOG("%s", self->out.text);	\
} while (0)

TEST_F(outcome, pass)
{
	EXPECT_OUTCOME(VERDICT_PASS, CAUSE_NONE, "");
}

TEST_F(outcome, guest_verdicts_are_kept)
{
	guest_says(&self->ev, VERDICT_FAIL, CAUSE_STUCK, "3120 ms (limit 2000)");
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_STUCK, "3120 ms (limit 2000)");
	guest_says(&self->ev, VERDICT_SKIP, CAUSE_NONE, "no sched_ext");
	EXPECT_OUTCOME(VERDICT_SKIP, CAUSE_NONE, "no sched_ext");
	guest_says(&self->ev, VERDICT_INCONCLUSIVE, CAUSE_UNFAIR, "steal");
	EXPECT_OUTCOME(VERDICT_INCONCLUSIVE, CAUSE_UNFAIR, "steal");
}

TEST_F(outcome, results_that_make_no_sense)
{
	guest_says(&self->ev, NR_VERDICTS, CAUSE_NONE, "");
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_NO_RESULT, "makes no sense");
	guest_says(&self->ev, VERDICT_NONE, CAUSE_NONE, "");
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_NO_RESULT, "makes no sense");
	guest_says(&self->ev, VERDICT_FAIL, NR_CAUSES, "");
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_NO_RESULT, "makes no sense");
	guest_says(&self->ev, VERDICT_PASS, CAUSE_STUCK, "");
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_NO_RESULT, "makes no sense");
	guest_says(&self->ev, VERDICT_PASS, CAUSE_NONE, "");
	memset(self->ev.result.text, 'x', sizeof(self->ev.result.text));
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_NO_RESULT, "makes no sense");
}

TEST_F(outcome, no_result)
{
	self->ev.have_result = false;
	self->ev.stage = STAGE_RUN;
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_NO_RESULT, "last stage: ");
	self->ev.ending = ENDING_RESET;
	strcpy(self->ev.ending_text, "triple fault of cpu 1");
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_NO_RESULT, "no result: triple fault of cpu 1 (last");
	strcpy(self->ev.ending_text, "no result in real time 9.0 s (limit 8.0 s)");
	self->ev.ending = ENDING_TIMEOUT;
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_TIMEOUT, "9.0 s (limit 8.0 s), last stage: ");
	self->ev.starved = true;
	EXPECT_OUTCOME(VERDICT_INCONCLUSIVE, CAUSE_TIMEOUT, "the host had no CPU for the guest; ");
	self->ev.starved = false;
	strcpy(self->ev.ending_text, "killed by signal 9");
	self->ev.ending = ENDING_ENGINE;
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_INFRA, "killed by signal 9");
	self->ev.ending = ENDING_INFRA;
	strcpy(self->ev.ending_text, "no memory");
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_INFRA, "no memory");
	self->ev.ending = ENDING_EXIT;
	strcpy(self->ev.crash, "signal 11");
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_NO_RESULT, "signal 11");
}

/* Only its last message makes a reset the guest's own end. */
TEST_F(outcome, a_breakdown_after_the_result)
{
	self->ev.stage = STAGE_DONE;
	self->ev.ending = ENDING_RESET;
	strcpy(self->ev.ending_text, "triple fault of cpu 0");
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_NO_RESULT, "after the result: triple fault of cpu 0");
	self->ev.ending = ENDING_ENGINE;
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_INFRA, "after the result: triple fault of cpu 0");
	guest_says(&self->ev, VERDICT_SKIP, CAUSE_NONE, "no sched_ext");
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_INFRA, "after the result");
	guest_says(&self->ev, VERDICT_FAIL, CAUSE_STUCK, "3120 ms (limit 2000)");
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_STUCK, "3120 ms (limit 2000)");
	guest_says(&self->ev, VERDICT_PASS, CAUSE_NONE, "");
	self->ev.have_exit = true;
	EXPECT_OUTCOME(VERDICT_PASS, CAUSE_NONE, "");
	self->ev.have_exit = false;
	self->ev.ending = ENDING_EXIT;
	EXPECT_OUTCOME(VERDICT_PASS, CAUSE_NONE, "");
}

TEST_F(outcome, a_panic_explains_any_ending)
{
	static const enum ending endings[] = { ENDING_EXIT, ENDING_RESET, ENDING_TIMEOUT,
					       ENDING_ENGINE };
	unsigned int i;

	self->ev.have_result = false;
	log_says(&self->ev, "[ 1.0] Kernel panic - not syncing: sysrq\n", false);
	for (i = 0; i < ARRAY_SIZE(endings); i++) {
		self->ev.ending = endings[i];
		EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_PANIC, "sysrq");
	}
}

TEST_F(outcome, a_panic_after_the_result)
{
	log_says(&self->ev, "[ 1.0] Kernel panic - not syncing: late\n", false);
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_PANIC, "late");
}

TEST_F(outcome, kernel_log)
{
	log_says(&self->ev, "[ 1.0] WARNING: kernel/a.c:1 at a\n", true);
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_KERNEL_LOG, "WARNING at boot: ");
	log_says(&self->ev, "[ 2.0] BUG: b\n", false);
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_KERNEL_LOG, "BUG: BUG: b (and more)");
	/* It also spoils a skip, but it does not hide a failure. */
	guest_says(&self->ev, VERDICT_SKIP, CAUSE_NONE, "x");
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_KERNEL_LOG, "BUG: b");
	guest_says(&self->ev, VERDICT_FAIL, CAUSE_STARVED, "worker 3");
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_STARVED, "worker 3");
}

TEST_F(outcome, tasks_that_sleep_in_the_ext_class)
{
	self->ev.ext_tasks = (struct ext_tasks){ 3, 77, "a name" };
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_SCHED_DETACH,
		       "measured 3 tasks of the ext class, limit 0, after the detach, the first is a name[77]");
	guest_says(&self->ev, VERDICT_FAIL, CAUSE_STARVED, "worker 3");
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_STARVED, "worker 3");
}

TEST_F(outcome, tasks_of_the_ext_class_at_the_end)
{
	self->ev.ext_left = 2;
	self->ev.ext_cpu = 3;
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_SCHED_DETACH,
		       "cpu 3: measured 2 tasks of the ext class, limit 0");
	/* What the guest has found says more. */
	guest_says(&self->ev, VERDICT_FAIL, CAUSE_STARVED, "worker 3");
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_STARVED, "worker 3");
	guest_says(&self->ev, VERDICT_SKIP, CAUSE_NONE, "x");
	EXPECT_OUTCOME(VERDICT_SKIP, CAUSE_NONE, "x");
}

static void monitor_says(struct monitor_report *mon)
{
	mon->nr_violations = 1;
	mon->violation[0] = (struct monitor_violation){
		.cause = CAUSE_DSQ_DEPTH, .cpu = 3, .measured = 77, .limit = 50,
		.at_ns = 900 * NSEC_PER_MSEC, .for_ns = 600 * NSEC_PER_MSEC,
	};
}

TEST_F(outcome, monitor)
{
	monitor_says(&self->mon);
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_DSQ_DEPTH, "cpu 3: measured 77, limit 50, for 600 ms");
	/* The guest's own failure is nearer to the cause. */
	guest_says(&self->ev, VERDICT_FAIL, CAUSE_STUCK, "x");
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_STUCK, "x");
	guest_says(&self->ev, VERDICT_SKIP, CAUSE_NONE, "x");
	EXPECT_OUTCOME(VERDICT_SKIP, CAUSE_NONE, "x");
}

/* A CPU that the engine did not run is no fault of the scheduler; one that stalls may be. */
TEST_F(outcome, engine_computed_wrongly)
{
	snprintf(self->ev.klog.panic, sizeof(self->ev.klog.panic), "Kernel panic - x");
	self->ev.klog.nr_hits = 1;
	self->ev.klog.hit[0].what = "panic";
	self->ev.have_result = false;
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_PANIC, "panic - x");
	self->ev.klog.bad_eflags = 0x81184202;
	EXPECT_OUTCOME(VERDICT_INCONCLUSIVE, CAUSE_PANIC, "EFLAGS 81184202");
	EXPECT_NE(NULL, strstr(self->out.text, "panic - x"));
	self->ev.time = VM_TIME_REAL;
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_PANIC, "panic - x");
}

TEST_F(outcome, cpu_left_out)
{
	self->ev.leaves_out = true;
	self->mon.max_clock_still_ns = 360 * NSEC_PER_MSEC;
	EXPECT_OUTCOME(VERDICT_PASS, CAUSE_NONE, "");
	guest_says(&self->ev, VERDICT_FAIL, CAUSE_UNFAIR, "25 %");
	EXPECT_OUTCOME(VERDICT_INCONCLUSIVE, CAUSE_UNFAIR, "left a busy CPU out for 360 ms");
	EXPECT_NE(NULL, strstr(self->out.text, "25 %"));
	guest_says(&self->ev, VERDICT_FAIL, CAUSE_STARVED, "x");
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_STARVED, "x");

	guest_says(&self->ev, VERDICT_FAIL, CAUSE_STUCK, "x");
	EXPECT_OUTCOME(VERDICT_INCONCLUSIVE, CAUSE_STUCK, "x");
	self->mon.nr_violations = 1;
	self->mon.violation[0] = (struct monitor_violation){ .cause = CAUSE_STALL };
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_STUCK, "x");
	self->mon.nr_violations = 0;
	self->mon.max_clock_still_ns = 40 * NSEC_PER_MSEC;
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_STUCK, "x");
	self->mon.max_clock_still_ns = 360 * NSEC_PER_MSEC;
	EXPECT_OUTCOME(VERDICT_INCONCLUSIVE, CAUSE_STUCK, "x");
	self->ev.leaves_out = false;
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_STUCK, "x");
}

TEST_F(outcome, monitor_that_must_not_or_cannot_decide)
{
	monitor_says(&self->mon);
	self->ev.test = &no_monitor;
	EXPECT_OUTCOME(VERDICT_PASS, CAUSE_NONE, "");
	self->ev.test = &plain;
	self->mon.usable = false;
	EXPECT_OUTCOME(VERDICT_PASS, CAUSE_NONE, "");
	self->ev.monitor = NULL;
	EXPECT_OUTCOME(VERDICT_PASS, CAUSE_NONE, "");
	EXPECT_STREQ("", self->out.unseen);

	/* That it did not is told, unless it was over before anything could be seen. */
	self->ev.result.run_ns = EXPECT_SUSTAIN_MS * NSEC_PER_MSEC;
	EXPECT_OUTCOME(VERDICT_PASS, CAUSE_NONE, "");
	EXPECT_STREQ("no monitor", self->out.unseen);
	self->ev.monitor = &self->mon;
	strcpy(self->mon.why, "all is dark");
	EXPECT_OUTCOME(VERDICT_PASS, CAUSE_NONE, "");
	EXPECT_STREQ("all is dark", self->out.unseen);
	self->mon.usable = true;
	self->mon.nr_violations = 0;
	EXPECT_OUTCOME(VERDICT_PASS, CAUSE_NONE, "");
	EXPECT_STREQ("", self->out.unseen);
}

/* Nobody has seen that it was kept, either. */
TEST_F(outcome, limit_for_a_monitor_that_cannot_decide)
{
	self->ev.needs_running = true;
	self->ev.sustain_ns = 500 * NSEC_PER_MSEC;
	self->ev.result.run_ns = NSEC_PER_SEC;
	self->mon.guest_ns = NSEC_PER_SEC;
	self->mon.have_nr_running = true;
	EXPECT_OUTCOME(VERDICT_PASS, CAUSE_NONE, "");
	self->ev.needs_dsq = true;
	EXPECT_OUTCOME(VERDICT_INCONCLUSIVE, CAUSE_NONE, "was not seen: local DSQs cannot be");
	self->mon.have_scx = true;
	EXPECT_OUTCOME(VERDICT_PASS, CAUSE_NONE, "");
	self->mon.have_nr_running = false;
	EXPECT_OUTCOME(VERDICT_INCONCLUSIVE, CAUSE_NONE, "was not seen: nr_running cannot be");
	self->mon.have_nr_running = true;
	self->mon.guest_ns = 499 * NSEC_PER_MSEC;
	EXPECT_OUTCOME(VERDICT_INCONCLUSIVE, CAUSE_NONE, "too near to each other");
	self->mon.usable = false;
	strcpy(self->mon.why, "all is dark");
	EXPECT_OUTCOME(VERDICT_INCONCLUSIVE, CAUSE_NONE, "was not seen: all is dark; it said");
	self->ev.monitor = NULL;
	EXPECT_OUTCOME(VERDICT_INCONCLUSIVE, CAUSE_NONE, "was not seen: no monitor");
	/* Too short for any violation. */
	self->ev.result.run_ns = 499 * NSEC_PER_MSEC;
	EXPECT_OUTCOME(VERDICT_PASS, CAUSE_NONE, "");
	self->ev.result.run_ns = NSEC_PER_SEC;
	guest_says(&self->ev, VERDICT_FAIL, CAUSE_STUCK, "x");
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_STUCK, "x");
}

TEST_F(outcome, stall_is_measured_in_ms)
{
	self->mon.nr_violations = 1;
	self->mon.violation[0] = (struct monitor_violation){
		.cause = CAUSE_STALL, .cpu = 1, .measured = 1600 * NSEC_PER_MSEC,
		.limit = 1500 * NSEC_PER_MSEC,
	};
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_STALL, "measured 1600 ms, limit 1500 ms");
}

TEST_F(outcome, bad_clock)
{
	self->ev.instrument.nr_bad = 6;
	EXPECT_OUTCOME(VERDICT_INCONCLUSIVE, CAUSE_NONE, "6 of 100 sleeps");
	guest_says(&self->ev, VERDICT_FAIL, CAUSE_UNFAIR, "spread 40 %");
	EXPECT_OUTCOME(VERDICT_INCONCLUSIVE, CAUSE_UNFAIR, "spread 40 %");
	/* What does not rest on time stands. */
	guest_says(&self->ev, VERDICT_FAIL, CAUSE_ISOLATION, "cpu 3");
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_ISOLATION, "cpu 3");
	guest_says(&self->ev, VERDICT_SKIP, CAUSE_NONE, "why");
	EXPECT_OUTCOME(VERDICT_SKIP, CAUSE_NONE, "why");
	guest_says(&self->ev, VERDICT_PASS, CAUSE_NONE, "");
	self->ev.test = &no_time;
	EXPECT_OUTCOME(VERDICT_PASS, CAUSE_NONE, "");
}

TEST_F(outcome, every_way_to_be_a_bad_clock)
{
	strcpy(self->ev.instrument.clocksource, "tsc-early");
	EXPECT_OUTCOME(VERDICT_INCONCLUSIVE, CAUSE_NONE, "clocksource tsc-early");
	self->ev.instrument = good_clock;
	self->ev.instrument.hres_active = 0;
	EXPECT_OUTCOME(VERDICT_INCONCLUSIVE, CAUSE_NONE, "hres_active 0");
	self->ev.instrument = good_clock;
	self->ev.instrument.quiet = 0;
	EXPECT_OUTCOME(VERDICT_INCONCLUSIVE, CAUSE_NONE, "quiet 0");
	/* Hostile: no end. */
	memset(self->ev.instrument.clocksource, 'x', sizeof(self->ev.instrument.clocksource));
	EXPECT_OUTCOME(VERDICT_INCONCLUSIVE, CAUSE_NONE, "xxx (tsc)");
	/* In real time the host has its share in it. */
	self->ev.time = VM_TIME_REAL;
	EXPECT_OUTCOME(VERDICT_PASS, CAUSE_NONE, "");
}

TEST_F(outcome, control_that_fails_as_it_must)
{
	self->ev.test = &control;
	guest_says(&self->ev, VERDICT_FAIL, CAUSE_STUCK, "worker 1 of cg_1: 3000 ms");
	EXPECT_OUTCOME(VERDICT_PASS, CAUSE_NONE, "failed as it must");
	guest_says(&self->ev, VERDICT_FAIL, CAUSE_STUCK, "somewhere");
	self->ev.details = "worker 1 of cg_1\n";
	EXPECT_OUTCOME(VERDICT_PASS, CAUSE_NONE, "failed as it must");
}

/* It may fail rightly, and the kernel break beside it. */
TEST_F(outcome, control_with_a_splat)
{
	self->ev.test = &control;
	guest_says(&self->ev, VERDICT_FAIL, CAUSE_STUCK, "worker 1 of cg_1: 3000 ms");
	log_says(&self->ev, "[ 1.0] WARNING: CPU: 1\n[ 1.1] BUG: b\n", false);
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_KERNEL_LOG, "failed as it must, and then there is WARNING");
	self->ev.test = &wants_splat;
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_OTHER, "expected FAIL kernel-log, got fail stuck");
	guest_says(&self->ev, VERDICT_PASS, CAUSE_NONE, "");
	EXPECT_OUTCOME(VERDICT_PASS, CAUSE_NONE, "failed as it must: kernel-log");
}

/* Who waited may have waited for the host; but for what has nothing to do with time. */
TEST_F(outcome, stolen_by_the_host)
{
	self->ev.time = VM_TIME_REAL;
	guest_says(&self->ev, VERDICT_FAIL, CAUSE_SHARE, "cg_0: 70 ms, limit 100 ms");
	self->ev.result.run_ns = 2 * NSEC_PER_SEC;
	self->ev.result.steal_ns = 100 * NSEC_PER_MSEC;
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_SHARE, "70 ms");
	self->ev.result.steal_ns = 300 * NSEC_PER_MSEC;
	EXPECT_OUTCOME(VERDICT_INCONCLUSIVE, CAUSE_SHARE, "stolen by the host 300 ms; it said");
	self->ev.result.cause = CAUSE_ISOLATION;
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_ISOLATION, "70 ms");

	guest_says(&self->ev, VERDICT_PASS, CAUSE_NONE, "");
	self->mon.nr_violations = 1;
	self->mon.violation[0].cause = CAUSE_STALL;
	EXPECT_OUTCOME(VERDICT_INCONCLUSIVE, CAUSE_STALL, "stolen by the host 300 ms");
	self->ev.test = &control;
	guest_says(&self->ev, VERDICT_FAIL, CAUSE_STUCK, "cg_1");
	EXPECT_OUTCOME(VERDICT_PASS, CAUSE_NONE, "failed as it must");
}

TEST_F(outcome, events_of_the_scheduler)
{
	strcpy(self->mon.event[3].name, "SCX_EV_X");
	self->mon.nr_violations = 2;
	self->mon.violation[0] = (struct monitor_violation){
		.cause = CAUSE_EVENTS, .cpu = 3, .measured = 201, .limit = 200,
		.for_ns = 2 * NSEC_PER_SEC, .at_ns = 3 * NSEC_PER_SEC,
	};
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_EVENTS,
		       "SCX_EV_X: measured 201 a second, limit 200, in 2000 ms until +3000 ms");
	self->mon.nr_violations = 0;
	self->ev.needs_events = true;
	self->ev.result.run_ns = NSEC_PER_SEC;
	self->ev.sustain_ns = NSEC_PER_SEC / 2;
	self->mon.guest_ns = NSEC_PER_SEC;
	EXPECT_OUTCOME(VERDICT_INCONCLUSIVE, CAUSE_NONE, "events cannot be read");
	self->mon.have_events = true;
	EXPECT_OUTCOME(VERDICT_PASS, CAUSE_NONE, "");
}

TEST_F(outcome, when_a_control_was_caught)
{
	self->ev.test = &control;
	guest_says(&self->ev, VERDICT_FAIL, CAUSE_STUCK, "cg_1");
	outcome_judge(&self->ev, &self->out);
	EXPECT_EQ(CAUSE_STUCK, self->out.caught.cause);
	EXPECT_EQ(0UL, self->out.caught.start_ns);
	EXPECT_EQ(0UL, self->out.caught.fault_ns);

	self->ev.result.start_ns = 100;
	self->ev.result.fault_ns = 250;
	self->ev.result.at_ns = 300;
	outcome_judge(&self->ev, &self->out);
	EXPECT_EQ(200UL, self->out.caught.start_ns);
	EXPECT_EQ(50UL, self->out.caught.fault_ns);

	/* For another cause is also a way to be caught; a time before the fault is none. */
	self->ev.result.cause = CAUSE_STARVED;
	self->ev.result.fault_ns = 400;
	outcome_judge(&self->ev, &self->out);
	EXPECT_EQ(VERDICT_FAIL, self->out.verdict);
	EXPECT_EQ(CAUSE_STARVED, self->out.caught.cause);
	EXPECT_EQ(0UL, self->out.caught.fault_ns);

	/* Not at all, or no control. */
	guest_says(&self->ev, VERDICT_PASS, CAUSE_NONE, "");
	outcome_judge(&self->ev, &self->out);
	EXPECT_EQ(CAUSE_NONE, self->out.caught.cause);
	self->ev.test = &plain;
	guest_says(&self->ev, VERDICT_FAIL, CAUSE_STUCK, "cg_1");
	outcome_judge(&self->ev, &self->out);
	EXPECT_EQ(CAUSE_NONE, self->out.caught.cause);
}

/* A violation that went on and on was one as soon as it had lasted for long enough. */
TEST_F(outcome, when_the_monitor_caught_a_control)
{
	const uint64_t ms = NSEC_PER_MSEC;

	self->ev.test = &control;
	self->ev.result.start_ns = 10000 * ms;
	self->mon.nr_violations = 1;
	self->mon.violation[0].cause = CAUSE_DSQ_DEPTH;
	self->mon.violation[0].at_ns = 5000 * ms;
	self->mon.violation[0].for_ns = 4000 * ms;
	outcome_judge(&self->ev, &self->out);
	EXPECT_EQ(CAUSE_DSQ_DEPTH, self->out.caught.cause);
	EXPECT_EQ((1000 + EXPECT_SUSTAIN_MS) * ms, self->out.caught.start_ns);
	/* What a stall must last is its limit. */
	self->mon.violation[0].cause = CAUSE_STALL;
	self->mon.violation[0].limit = 1500 * ms;
	outcome_judge(&self->ev, &self->out);
	EXPECT_EQ(2500 * ms, self->out.caught.start_ns);
}

TEST_F(outcome, control_that_does_not)
{
	self->ev.test = &control;
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_OTHER, "expected FAIL ");
	guest_says(&self->ev, VERDICT_FAIL, CAUSE_STUCK, "cg_0");
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_OTHER, "with 'cg_1'");
	guest_says(&self->ev, VERDICT_FAIL, CAUSE_STARVED, "cg_1");
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_OTHER, "got ");
	guest_says(&self->ev, VERDICT_SKIP, CAUSE_NONE, "cg_1");
	EXPECT_OUTCOME(VERDICT_SKIP, CAUSE_NONE, "cg_1");
	/* What is stolen is granted to those who are late. */
	guest_says(&self->ev, VERDICT_PASS, CAUSE_NONE, "");
	self->ev.result.run_ns = 2 * NSEC_PER_SEC;
	self->ev.result.steal_ns = 200 * NSEC_PER_MSEC;
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_OTHER, "expected FAIL");
	self->ev.result.steal_ns++;
	EXPECT_OUTCOME(VERDICT_INCONCLUSIVE, CAUSE_STUCK, "got pass, stolen by the host 200 ms");
	/* A panic needs no time. */
	self->ev.test = &any_text;
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_OTHER, "expected FAIL");
}

TEST_F(outcome, control_for_a_panic)
{
	self->ev.test = &any_text;
	self->ev.have_result = false;
	self->ev.ending = ENDING_RESET;
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_OTHER, "expected FAIL");
	log_says(&self->ev, "Kernel panic - not syncing: x\n", false);
	EXPECT_OUTCOME(VERDICT_PASS, CAUSE_NONE, "failed as it must");
}

TEST_F(outcome, our_own_failure_is_never_expected)
{
	self->ev.test = &wants_infra;
	self->ev.have_result = false;
	self->ev.ending = ENDING_ENGINE;
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_INFRA, "expected FAIL");
	self->ev.ending = ENDING_INFRA;
	EXPECT_OUTCOME(VERDICT_FAIL, CAUSE_INFRA, "expected FAIL");
}

/* --- messages of a guest, which may be anything --------------------------- */

static void frame_of(struct shm_frame *f, uint32_t type, const void *payload, size_t len)
{
	memset(f, 0, sizeof(*f));
	f->type = type;
	f->len = len;
	memcpy(f->payload, payload, len);
}

TEST(collect)
{
	struct msg_result res = { .verdict = VERDICT_PASS }, second = { .verdict = VERDICT_FAIL };
	struct msg_stage stage = { .stage = STAGE_RUN }, bad_stage = { .stage = NR_STAGES };
	struct collector c = { 0 };
	struct shm_frame *f = malloc(sizeof(*f));

	ASSERT_NE(NULL, f);
	frame_of(f, MSG_STAGE, &stage, sizeof(stage));
	collect_frame(&c, f);
	EXPECT_EQ(STAGE_RUN, c.ev.stage);
	frame_of(f, MSG_STAGE, &bad_stage, sizeof(bad_stage));
	collect_frame(&c, f);
	EXPECT_EQ(STAGE_RUN, c.ev.stage);
	frame_of(f, MSG_DETAIL, "one", 3);
	collect_frame(&c, f);
	EXPECT_STREQ("one\n", textbuf_str(&c.details));
	frame_of(f, MSG_RESULT, &res, sizeof(res) - 1);
	collect_frame(&c, f);
	EXPECT_FALSE(c.ev.have_result);
	frame_of(f, MSG_RESULT, &res, sizeof(res));
	collect_frame(&c, f);
	frame_of(f, MSG_RESULT, &second, sizeof(second));
	collect_frame(&c, f);
	EXPECT_EQ(VERDICT_PASS, c.ev.result.verdict);
	frame_of(f, 4711, "x", 1);
	collect_frame(&c, f);
	EXPECT_EQ(3, c.nr_bad);
	EXPECT_FALSE(c.ev.have_exit);
	frame_of(f, MSG_EXIT, "", 0);
	collect_frame(&c, f);
	EXPECT_TRUE(c.ev.have_exit);
	collector_free(&c);
	free(f);
}

/* --- the record in the pipe ----------------------------------------------- */

TEST(what_is_unmet)
{
	static const struct {
		uint32_t flags;
		bool asked;
		enum verdict verdict;
	} cases[] = {
		{ 0, false, VERDICT_FAIL }, { RESULT_NO_WINDOW, false, VERDICT_FAIL },
		{ RESULT_TOO_LARGE, false, VERDICT_SKIP }, { RESULT_TOO_LARGE, true, VERDICT_FAIL },
		{ RESULT_BUSY, false, VERDICT_SKIP }, { RESULT_BUSY, true, VERDICT_SKIP },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct instance_result res = {
			.flags = cases[i].flags, .outcome = { .verdict = VERDICT_FAIL },
		};

		result_unmet(&res, cases[i].asked);
		EXPECT_EQ(cases[i].verdict, res.outcome.verdict);
	}
}

static int transfer(const struct instance_result *in, size_t cut, struct instance_result *out)
{
	struct result_reader rd = { 0 };
	int fd[2], ret;

	if (pipe(fd))
		return -errno;
	ret = result_send(fd[1], in);
	close(fd[1]);
	while (!ret)
		ret = result_read(&rd, fd[0]);
	close(fd[0]);
	if (ret == 1) {
		rd.len -= min(cut, rd.len);
		ret = result_parse(&rd, out);
	}
	result_reader_free(&rd);
	return ret;
}

TEST(record)
{
	struct instance_result in = {
		.outcome = { .verdict = VERDICT_FAIL, .cause = CAUSE_STUCK, .at_ns = 9, .text = "text",
			     .unseen = "all is dark", .caught = { CAUSE_STALL, 3, 4 } },
		.flags = RESULT_NO_WINDOW, .have_result = true, .run_ns = 5,
		.phases = { .at_ns = { 1, 2 }, .thawed = true },
	}, out;

	textbuf_printf(&in.section[SECTION_DETAIL], "a");
	textbuf_printf(&in.section[SECTION_DETAIL], "b");
	textbuf_printf(&in.section[SECTION_LOG], "c");
	in.section[SECTION_LOG].nr_dropped = 7;
	ASSERT_EQ(0, transfer(&in, 0, &out));
	/* All of it: what one end leaves out is never seen at the other. */
	EXPECT_EQ(VERDICT_FAIL, out.outcome.verdict);
	EXPECT_EQ(CAUSE_STUCK, out.outcome.cause);
	EXPECT_EQ(9, out.outcome.at_ns);
	EXPECT_STREQ("text", out.outcome.text);
	EXPECT_STREQ("all is dark", out.outcome.unseen);
	EXPECT_EQ(CAUSE_STALL, out.outcome.caught.cause);
	EXPECT_EQ(3, out.outcome.caught.start_ns);
	EXPECT_EQ(4, out.outcome.caught.fault_ns);
	EXPECT_EQ(2, out.phases.at_ns[1]);
	EXPECT_TRUE(out.phases.thawed);
	EXPECT_EQ(RESULT_NO_WINDOW, out.flags);
	EXPECT_TRUE(out.have_result);
	EXPECT_EQ(5, out.run_ns);
	EXPECT_STREQ("a\nb\n", textbuf_str(&out.section[SECTION_DETAIL]));
	EXPECT_STREQ("", textbuf_str(&out.section[SECTION_SCHED]));
	EXPECT_STREQ("c\n", textbuf_str(&out.section[SECTION_LOG]));
	EXPECT_EQ(7, out.section[SECTION_LOG].nr_dropped);
	EXPECT_EQ(0, out.section[SECTION_DETAIL].nr_dropped);
	instance_result_free(&out);

	/* Anything less than the whole is nothing. */
	EXPECT_EQ(-EBADMSG, transfer(&in, 1, &out));
	EXPECT_EQ(-EBADMSG, transfer(&in, 100, &out));
	EXPECT_EQ(-EBADMSG, transfer(&in, 100000, &out));
	in.outcome.verdict = VERDICT_NONE;
	EXPECT_EQ(-EBADMSG, transfer(&in, 0, &out));
	in.outcome.verdict = VERDICT_FAIL;
	in.outcome.cause = NR_CAUSES;
	EXPECT_EQ(-EBADMSG, transfer(&in, 0, &out));
	in.outcome.cause = CAUSE_STUCK;
	memset(in.outcome.unseen, 'x', sizeof(in.outcome.unseen));
	EXPECT_EQ(-EBADMSG, transfer(&in, 0, &out));
	instance_result_free(&in);
}

/* What is known last can still turn a pass around, and nothing else. */
TEST(teardown)
{
	static const struct ktstr_test slow = {
		.name = "slow", .expect_fail = { .cause = CAUSE_TEARDOWN, .text = "limit 5 ms" },
	};
	const struct expect five = { .max_teardown_ms = 5 }, six = { .max_teardown_ms = 6 };
	const struct expect off = { };
	struct outcome out = { .verdict = VERDICT_PASS };

	outcome_judge_teardown(&plain, &off, NSEC_PER_SEC, &out);
	EXPECT_EQ(VERDICT_PASS, out.verdict);
	outcome_judge_teardown(&plain, &five, 5 * NSEC_PER_MSEC, &out);
	EXPECT_EQ(VERDICT_PASS, out.verdict);
	EXPECT_STREQ("", out.text);
	outcome_judge_teardown(&plain, &five, 5 * NSEC_PER_MSEC + 1, &out);
	EXPECT_EQ(VERDICT_FAIL, out.verdict);
	EXPECT_EQ(CAUSE_TEARDOWN, out.cause);
	EXPECT_STREQ("teardown took 5.0 ms, limit 5 ms", out.text);

	out = (struct outcome){ .verdict = VERDICT_PASS };
	outcome_judge_teardown(&slow, &five, NSEC_PER_SEC, &out);
	EXPECT_EQ(VERDICT_PASS, out.verdict);
	EXPECT_STREQ("failed as it must: teardown: teardown took 1000.0 ms, limit 5 ms", out.text);
	EXPECT_EQ(CAUSE_TEARDOWN, out.caught.cause);
	out = (struct outcome){ .verdict = VERDICT_PASS };
	outcome_judge_teardown(&slow, &six, NSEC_PER_SEC, &out);
	EXPECT_EQ(VERDICT_FAIL, out.verdict);
	out = (struct outcome){ .verdict = VERDICT_PASS };
	outcome_judge_teardown(&slow, &five, NSEC_PER_MSEC, &out);
	EXPECT_EQ(VERDICT_FAIL, out.verdict);
	EXPECT_STREQ("expected FAIL teardown, got pass: teardown took 1.0 ms, limit 5 ms",
		     out.text);

	out = (struct outcome){ .verdict = VERDICT_FAIL, .cause = CAUSE_STUCK };
	outcome_judge_teardown(&plain, &five, NSEC_PER_SEC, &out);
	EXPECT_EQ(CAUSE_STUCK, out.cause);
}

/* Until then a control is not judged. */
TEST_F(outcome, control_of_teardown)
{
	static const struct ktstr_test slow = {
		.name = "slow", .expect_fail = { .cause = CAUSE_TEARDOWN },
	};

	self->ev.test = &slow;
	outcome_judge(&self->ev, &self->out);
	EXPECT_EQ(VERDICT_PASS, self->out.verdict);
	guest_says(&self->ev, VERDICT_FAIL, CAUSE_STUCK, "stuck");
	outcome_judge(&self->ev, &self->out);
	EXPECT_EQ(VERDICT_FAIL, self->out.verdict);
	EXPECT_EQ(CAUSE_OTHER, self->out.cause);
}

TEST_HARNESS_MAIN
