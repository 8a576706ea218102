// SPDX-License-Identifier: GPL-2.0
/*
 * test_verdict.c - streams of samples, and what is said about them
 */
#include <stdlib.h>
#include <string.h>
#include "kselftest_harness.h"
#include "../monitor/verdict.h"

#define CPUS		4
#define MS		NSEC_PER_MSEC

static const struct monitor_limits limits = {
	.max_imbalance = 4, .max_dsq_depth = 50, .stall_ms = 100, .sustain_ms = 200,
	.period_ms = 20,
};

static const struct verdict_have have_all = { true, true, true, true };

FIXTURE(verdict) {
	struct verdict_state *v;
	struct cpu_sample cpu[CPUS];
	struct monitor_report rep;
	uint64_t now;
	uint64_t clock;
};

FIXTURE_SETUP(verdict)
{
	unsigned int i;

	memset(self, 0, sizeof(*self));
	self->v = verdict_new(CPUS, &limits, have_all);
	ASSERT_NE(NULL, self->v);
	self->now = 12345 * MS;
	for (i = 0; i < CPUS; i++)
		self->cpu[i].nr_running = 2;
}

FIXTURE_TEARDOWN(verdict)
{
	verdict_free(self->v);
}

/* @n samples, @ms apart, with clocks that run on all CPUs but those in @stuck. */
static void run(FIXTURE_DATA(verdict) *const self, unsigned int n, unsigned int ms,
		unsigned int stuck)
{
	unsigned int cpu;

	while (n--) {
		self->now += ms * MS;
		self->clock += ms * MS;
		for (cpu = 0; cpu < CPUS; cpu++) {
			if (!(stuck & (1U << cpu)))
				self->cpu[cpu].clock = self->clock + 1000 * cpu + 1;
		}
		verdict_add(self->v, self->now, self->cpu);
	}
	verdict_report(self->v, &self->rep);
}

TEST_F(verdict, healthy)
{
	run(self, 100, 20, 0);
	EXPECT_TRUE(self->rep.usable);
	EXPECT_STREQ("", self->rep.why);
	EXPECT_EQ(0U, self->rep.nr_violations);
	EXPECT_EQ(100U, self->rep.nr_samples);
	EXPECT_EQ(99 * 20 * MS, self->rep.guest_ns);
	EXPECT_EQ(2U, self->rep.max_nr_running);
	EXPECT_EQ(2.0, self->rep.avg_nr_running);
	EXPECT_EQ(1.0, self->rep.max_imbalance);
	EXPECT_EQ(0U, self->rep.max_clock_still_ns);
}

TEST_F(verdict, nothing_seen)
{
	verdict_report(self->v, &self->rep);
	EXPECT_FALSE(self->rep.usable);
	EXPECT_NE('\0', self->rep.why[0]);
	EXPECT_EQ(0U, self->rep.nr_violations);
}

TEST_F(verdict, imbalance_must_last)
{
	self->cpu[2].nr_running = 9;
	run(self, 10, 20, 0);		/* 180 ms from the first to the last */
	EXPECT_EQ(0U, self->rep.nr_violations);
	run(self, 1, 20, 0);
	ASSERT_EQ(1U, self->rep.nr_violations);
	EXPECT_EQ(CAUSE_IMBALANCE, (int)self->rep.violation[0].cause);
	EXPECT_EQ(2U, self->rep.violation[0].cpu);
	EXPECT_EQ(5U, self->rep.violation[0].measured);	/* 9 / 2, rounded up to be above 4 */
	EXPECT_EQ(4U, self->rep.violation[0].limit);
	EXPECT_EQ(200 * MS, self->rep.violation[0].for_ns);
	EXPECT_EQ(200 * MS, self->rep.violation[0].at_ns);
	EXPECT_EQ(4.5, self->rep.max_imbalance);

	/* It grows, and stays one. */
	run(self, 5, 20, 0);
	ASSERT_EQ(1U, self->rep.nr_violations);
	EXPECT_EQ(300 * MS, self->rep.violation[0].for_ns);
	EXPECT_EQ(300 * MS, self->rep.violation[0].at_ns);
}

TEST_F(verdict, imbalance_at_the_limit)
{
	self->cpu[2].nr_running = 8;
	run(self, 100, 20, 0);
	EXPECT_EQ(0U, self->rep.nr_violations);
	EXPECT_EQ(4.0, self->rep.max_imbalance);
}

TEST_F(verdict, imbalance_with_an_empty_cpu)
{
	self->cpu[0].nr_running = 0;
	self->cpu[3].nr_running = 4;
	run(self, 100, 20, 0);
	EXPECT_EQ(0U, self->rep.nr_violations);
	self->cpu[3].nr_running = 5;
	run(self, 100, 20, 0);
	EXPECT_EQ(1U, self->rep.nr_violations);
}

TEST_F(verdict, one_good_sample_breaks_a_window)
{
	unsigned int i;

	for (i = 0; i < 20; i++) {
		self->cpu[2].nr_running = 50;
		run(self, 10, 20, 0);
		self->cpu[2].nr_running = 2;
		run(self, 1, 20, 0);
	}
	EXPECT_EQ(0U, self->rep.nr_violations);
	EXPECT_EQ(50U, self->rep.max_nr_running);
}

TEST_F(verdict, a_gap_breaks_a_window)
{
	self->cpu[2].nr_running = 50;
	run(self, 10, 20, 0);
	run(self, 1, 81, 0);
	run(self, 9, 20, 0);
	EXPECT_EQ(0U, self->rep.nr_violations);
	EXPECT_TRUE(self->rep.usable);
	EXPECT_NE(NULL, strstr(self->rep.why, "1 gaps, 81 of"));
	/* The longest step that is none. */
	run(self, 1, 80, 0);
	EXPECT_EQ(1U, self->rep.nr_violations);
}

TEST_F(verdict, few_samples_are_no_window)
{
	self->cpu[2].nr_running = 50;
	run(self, 4, 80, 0);
	EXPECT_EQ(0U, self->rep.nr_violations);
	run(self, 1, 80, 0);
	EXPECT_EQ(1U, self->rep.nr_violations);
}

TEST_F(verdict, dsq_depth)
{
	self->cpu[1].dsq_nr = 50;
	run(self, 50, 20, 0);
	EXPECT_EQ(0U, self->rep.nr_violations);
	self->cpu[1].dsq_nr = 51;
	run(self, 5, 20, 0);
	self->cpu[1].dsq_nr = 77;
	run(self, 1, 20, 0);
	self->cpu[1].dsq_nr = 60;
	run(self, 5, 20, 0);
	ASSERT_EQ(1U, self->rep.nr_violations);
	EXPECT_EQ(CAUSE_DSQ_DEPTH, (int)self->rep.violation[0].cause);
	EXPECT_EQ(1U, self->rep.violation[0].cpu);
	EXPECT_EQ(77U, self->rep.violation[0].measured);
	EXPECT_EQ(50U, self->rep.violation[0].limit);
}

TEST_F(verdict, dsq_depth_is_of_one_cpu)
{
	unsigned int i;

	for (i = 0; i < 100; i++) {
		self->cpu[0].dsq_nr = i & 1 ? 60 : 0;
		self->cpu[1].dsq_nr = i & 1 ? 0 : 60;
		run(self, 1, 20, 0);
	}
	EXPECT_EQ(0U, self->rep.nr_violations);
	EXPECT_EQ(60U, self->rep.max_dsq_depth);
	EXPECT_EQ(15.0, self->rep.avg_dsq_depth);
}

TEST_F(verdict, stall)
{
	run(self, 5, 20, 0);
	run(self, 4, 20, 1 << 3);
	EXPECT_EQ(0U, self->rep.nr_violations);
	EXPECT_EQ(80 * MS, self->rep.max_clock_still_ns);
	run(self, 1, 20, 1 << 3);
	ASSERT_EQ(1U, self->rep.nr_violations);
	EXPECT_EQ(CAUSE_STALL, (int)self->rep.violation[0].cause);
	EXPECT_EQ(3U, self->rep.violation[0].cpu);
	EXPECT_EQ(100 * MS, self->rep.violation[0].measured);
	EXPECT_EQ(100 * MS, self->rep.violation[0].limit);
	EXPECT_EQ(100 * MS, self->rep.violation[0].for_ns);
}

TEST_F(verdict, two_stalls_are_two_violations)
{
	run(self, 5, 20, 0);
	run(self, 6, 20, 1 << 3);
	run(self, 1, 20, 0);
	run(self, 6, 20, 1 << 3);
	EXPECT_EQ(2U, self->rep.nr_violations);
}

TEST_F(verdict, no_stall)
{
	/* Idle, whatever waits. */
	self->cpu[0].idle = true;
	/* One task: without a tick its clock may stand still. */
	self->cpu[1].nr_running = 1;
	self->cpu[2].nr_running = 0;
	run(self, 5, 20, 0);
	run(self, 100, 20, 7);
	EXPECT_EQ(0U, self->rep.nr_violations);
	EXPECT_EQ(0U, self->rep.max_clock_still_ns);
}

TEST_F(verdict, a_pause_ends_a_stall)
{
	unsigned int i;

	run(self, 1, 20, 0);
	for (i = 0; i < 20; i++) {
		self->cpu[0].idle = false;
		run(self, 4, 20, 1);
		self->cpu[0].idle = true;
		run(self, 1, 20, 1);
	}
	EXPECT_EQ(0U, self->rep.nr_violations);
}

/* All was paused: its first samples afterwards are no stall yet, more of them are. */
TEST_F(verdict, a_stall_across_a_gap)
{
	run(self, 5, 20, 0);
	run(self, 1, 20, 1);
	run(self, 1, 5000, 1);
	run(self, 1, 20, 1);
	EXPECT_EQ(0U, self->rep.nr_violations);
	EXPECT_EQ(5040 * MS, self->rep.max_clock_still_ns);
	run(self, 1, 20, 0);
	EXPECT_EQ(0U, self->rep.nr_violations);

	run(self, 1, 20, 1);
	run(self, 3, 500, 1);
	ASSERT_EQ(1U, self->rep.nr_violations);
	EXPECT_EQ(CAUSE_STALL, (int)self->rep.violation[0].cause);
	EXPECT_EQ(1520 * MS, self->rep.violation[0].for_ns);
}

TEST_F(verdict, limits_of_zero_are_off)
{
	static const struct monitor_limits off = { .period_ms = 20 };

	verdict_free(self->v);
	self->v = verdict_new(CPUS, &off, have_all);
	self->cpu[0].nr_running = 1000;
	self->cpu[1].dsq_nr = 1000;
	run(self, 1, 20, 0);
	run(self, 100, 20, 1);
	EXPECT_EQ(0U, self->rep.nr_violations);
	EXPECT_TRUE(self->rep.usable);
	EXPECT_EQ(1000U, self->rep.max_dsq_depth);
	EXPECT_EQ(2000 * MS, self->rep.max_clock_still_ns);
}

TEST_F(verdict, readings_that_are_off_judge_nothing)
{
	static const struct verdict_have sets[] = {
		{ .nr_running = false, .clock = true, .scx = false, .idle = true },
		{ .nr_running = false, .clock = false, .scx = false, .idle = false },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sets); i++) {
		verdict_free(self->v);
		self->v = verdict_new(CPUS, &limits, sets[i]);
		self->cpu[0].nr_running = 1000;
		self->cpu[1].dsq_nr = 20000;
		run(self, 2, 20, 0);
		run(self, 100, 20, 1);
		EXPECT_EQ(0U, self->rep.nr_violations);
		EXPECT_TRUE(self->rep.usable);
		EXPECT_EQ(0U, self->rep.max_nr_running);
		EXPECT_FALSE(self->rep.have_scx);
	}
	/* Without "idle" a sleeping CPU looks like a stuck one. */
	verdict_free(self->v);
	self->v = verdict_new(CPUS, &limits,
			      (struct verdict_have){ .nr_running = true, .clock = true });
	self->cpu[0].nr_running = 2;
	run(self, 2, 20, 0);
	run(self, 100, 20, 1);
	EXPECT_EQ(0U, self->rep.nr_violations);
}

TEST_F(verdict, unbelievable_depth)
{
	self->cpu[0].nr_running = 50;
	run(self, 50, 20, 0);
	EXPECT_EQ(1U, self->rep.nr_violations);
	self->cpu[1].dsq_nr = 10001;
	run(self, 1, 20, 0);
	EXPECT_FALSE(self->rep.usable);
	EXPECT_NE(NULL, strstr(self->rep.why, "10001"));
	EXPECT_EQ(0U, self->rep.nr_violations);
}

TEST_F(verdict, unbelievable_nr_running)
{
	self->cpu[1].nr_running = 1ULL << 40;
	run(self, 50, 20, 0);
	EXPECT_FALSE(self->rep.usable);
	EXPECT_EQ(0U, self->rep.nr_violations);
}

TEST_F(verdict, dead_clocks)
{
	run(self, 50, 20, 15);	/* all zero, always */
	EXPECT_FALSE(self->rep.usable);
	EXPECT_NE(NULL, strstr(self->rep.why, "clock"));
}

TEST(one_cpu)
{
	struct verdict_state *v = verdict_new(1, &limits, have_all);
	struct cpu_sample s = { .nr_running = 3 };
	struct monitor_report rep;

	ASSERT_NE(NULL, v);
	verdict_add(v, 1 * MS, &s);
	verdict_report(v, &rep);
	EXPECT_FALSE(rep.usable);	/* its clock is 0 */
	s.clock = 5;
	verdict_add(v, 21 * MS, &s);
	verdict_report(v, &rep);
	EXPECT_TRUE(rep.usable);
	EXPECT_EQ(3U, rep.max_nr_running);
	verdict_free(v);
}

TEST_F(verdict, time_that_goes_back)
{
	run(self, 5, 20, 0);
	self->now -= 1000 * MS;
	run(self, 1, 20, 0);
	EXPECT_FALSE(self->rep.usable);
	EXPECT_EQ(5U, self->rep.nr_samples);
}

TEST_F(verdict, more_violations_than_fit)
{
	unsigned int i;

	for (i = 0; i < 3 * MONITOR_MAX_VIOLATIONS; i++) {
		self->cpu[2].nr_running = 50;
		run(self, 20, 20, 0);
		self->cpu[2].nr_running = 2;
		run(self, 1, 20, 0);
	}
	EXPECT_EQ(MONITOR_MAX_VIOLATIONS, self->rep.nr_violations);
	EXPECT_EQ(380 * MS, self->rep.violation[0].for_ns);
}

TEST_F(verdict, default_period)
{
	struct monitor_limits l = limits;

	l.period_ms = 0;
	verdict_free(self->v);
	self->v = verdict_new(CPUS, &l, have_all);
	self->cpu[2].nr_running = 50;
	run(self, 50, 20, 0);
	EXPECT_EQ(1U, self->rep.nr_violations);
	EXPECT_STREQ("", self->rep.why);
}

TEST_F(verdict, print)
{
	char buf[2048], small[64];

	self->cpu[2].nr_running = 50;
	run(self, 50, 20, 0);
	monitor_print(&self->rep, buf, sizeof(buf));
	EXPECT_NE(NULL, strstr(buf, "50 samples of 4 CPUs in 980 ms"));
	EXPECT_NE(NULL, strstr(buf, "imbalance: CPU 2: 25, limit 4, for 980 ms"));
	EXPECT_EQ('\n', buf[strlen(buf) - 1]);
	/* Whole lines only. */
	monitor_print(&self->rep, small, sizeof(small));
	EXPECT_TRUE(!small[0] || small[strlen(small) - 1] == '\n');
	monitor_print(&self->rep, small, 1);
	EXPECT_EQ('\0', small[0]);
}

TEST_HARNESS_MAIN
