// SPDX-License-Identifier: GPL-2.0
/*
 * test_outcome_control.c - the verdict on an instance that must fail
 */
#include "outcome.h"

static const struct ktstr_test any_text = { .name = "any_text",
					    .expect_fail = { .cause = CAUSE_PANIC } };
static const struct ktstr_test wants_splat = { .name = "wants_splat",
					       .expect_fail = { .cause = CAUSE_KERNEL_LOG } };
static const struct ktstr_test wants_infra = { .name = "wants_infra",
					       .expect_fail = { .cause = CAUSE_INFRA } };

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
