// SPDX-License-Identifier: GPL-2.0
/*
 * test_outcome.c - how everything that was seen of an instance makes one verdict
 */
#include "outcome.h"

static const struct ktstr_test no_monitor = { .name = "no_monitor",
					      .expect = { .no_monitor = true } };
static const struct ktstr_test no_time = {
	.name = "no_time", .expect = { .no_monitor = true, .no_starvation_check = true },
};

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

TEST_HARNESS_MAIN
