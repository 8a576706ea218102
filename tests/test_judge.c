// SPDX-License-Identifier: GPL-2.0
#include <signal.h>
#include "../guest/expect.h"
#include "judging.h"

TEST_F(judge, nothing_wrong)
{
	EXPECT_EQ(0, run_judge(self));
	make_workers(self, 0);
	EXPECT_EQ(0, run_judge(self));
	make_workers(self, 1);
	EXPECT_EQ(0, run_judge(self));
}

TEST_F(judge, starved)
{
	self->page[2].rep.units = 0;
	EXPECT_OBJECTION(CAUSE_STARVED, "worker 2 (pid 102, CPU_SPIN, cgroup cg_0)");
	EXPECT_NE(NULL, strstr(self->said[0].text,
			       "no work in 2000 ms since +0 ms, last seen on CPU 0, limit 1 unit"));
	self->expect.no_starvation_check = true;
	EXPECT_EQ(0, run_judge(self));
}

TEST_F(judge, starved_and_killed_for_it)
{
	self->page[1].rep.units = 0;
	self->page[1].rep.state = WORKER_FORKED;
	self->worker[1].exit = WORKER_TIMED_OUT;
	EXPECT_OBJECTION(CAUSE_STARVED, "never got to run");
}

TEST_F(judge, not_starved_when_it_lived_shortly)
{
	self->page[1].rep.units = 0;
	self->worker[1].stop_ns = START_NS + JUDGE_MIN_NS - 1;
	EXPECT_EQ(0, run_judge(self));
	self->worker[1].stop_ns = START_NS + JUDGE_MIN_NS;
	EXPECT_EQ(1, run_judge(self));
}

TEST_F(judge, not_starved_when_never_released)
{
	self->page[1].rep.units = 0;
	self->page[1].rep.state = WORKER_FORKED;
	self->worker[1].released = false;
	EXPECT_EQ(0, run_judge(self));
}

TEST_F(judge, set_up_is_not_starvation)
{
	self->page[3].rep.units = 0;
	self->page[3].rep.state = WORKER_FORKED;
	self->page[3].rep.setup_call = WORKER_SETUP_POLICY;
	self->page[3].rep.setup_errno = EPERM;
	self->worker[3].exit_code = WORKER_EXIT_SETUP;
	self->worker[3].unexpected = true;
	EXPECT_OBJECTION(CAUSE_WORKER, "sched_setscheduler failed: Operation not permitted");
}

TEST_F(judge, crash_is_not_starvation)
{
	self->page[0].rep.units = 0;
	self->page[0].rep.state = WORKER_RUNNING;
	self->page[0].rep.last_ns = self->worker[0].gone_ns;
	self->worker[0].exit = WORKER_SIGNALLED;
	self->worker[0].exit_code = SIGSEGV;
	self->worker[0].unexpected = true;
	EXPECT_OBJECTION(CAUSE_WORKER, "killed by signal 11");
}

TEST_F(judge, early_exit)
{
	self->worker[0].unexpected = true;
	EXPECT_OBJECTION(CAUSE_WORKER, "exited with status 0 before it was told to stop");
}

TEST_F(judge, lost_status_is_our_fault)
{
	self->worker[0].exit = WORKER_LOST;
	EXPECT_OBJECTION(CAUSE_INFRA, "exit status was lost");
}

TEST_F(judge, cannot_be_killed)
{
	self->worker[0].exit = WORKER_ALIVE;
	EXPECT_OBJECTION(CAUSE_WORKER, "cannot be killed");
}

TEST_F(judge, need_not_stop)
{
	self->worker[0].exit = WORKER_ALIVE;
	self->worker[2].exit = WORKER_TIMED_OUT;
	self->expect.no_stop_check = true;
	EXPECT_EQ(0, run_judge(self));
	/* How it stops otherwise is another matter. */
	self->worker[1].exit = WORKER_SIGNALLED;
	EXPECT_OBJECTION(CAUSE_WORKER, "was killed by signal");
}

TEST_F(judge, nobody_did_anything)
{
	const struct expect any = { };
	unsigned int i;

	expect_of("starvation=off,stop=off", "x", &any, &self->expect);
	make_workers(self, 3);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, run_judge(self));
		self->worker[i].exit = WORKER_ALIVE;
		self->page[i].rep.units = 0;
	}
	ASSERT_EQ(1, run_judge(self));
	EXPECT_EQ(VERDICT_INCONCLUSIVE, self->said[0].verdict);
	EXPECT_NE(NULL, strstr(self->said[0].text, "no worker at all did any work in 2000 ms"));
	/* Who says so of a test knows why. */
	self->expect = (struct expect){ .no_starvation_check = true, .no_stop_check = true };
	EXPECT_EQ(0, run_judge(self));
}

TEST_F(judge, starved_even_of_death)
{
	self->worker[0].exit = WORKER_ALIVE;
	self->worker[0].gone_ns = START_NS + RUN_NS + WORKER_STOP_NS;
	self->page[0].rep.state = WORKER_FORKED;
	self->page[0].rep.units = 0;
	EXPECT_OBJECTION(CAUSE_STARVED, "never got to run");
	self->page[0].rep.state = WORKER_RUNNING;
	self->page[0].rep.units = 1;
	self->page[0].rep.last_ns = START_NS + RUN_NS;
	EXPECT_OBJECTION(CAUSE_STUCK, "5000 ms until +7000 ms");
}

TEST_F(judge, would_not_stop_within_a_lax_limit)
{
	self->worker[2].exit = WORKER_TIMED_OUT;
	self->worker[2].gone_ns = START_NS + RUN_NS + WORKER_STOP_NS;
	self->page[2].rep.state = WORKER_RUNNING;
	self->page[2].rep.last_ns = START_NS + RUN_NS;
	self->expect.max_gap_ms = 5000;
	EXPECT_OBJECTION(CAUSE_WORKER, "did not stop within 5000 ms");
	self->expect.max_gap_ms = 4999;
	EXPECT_OBJECTION(CAUSE_STUCK, "limit 4999 ms");
}

/* Who need not stop must run when its timer has ended. */
TEST_F(judge, sleeps_on_when_it_is_due)
{
	struct worker_report *rep = &self->page[2].rep;

	self->worker[2].exit = WORKER_TIMED_OUT;
	self->worker[2].gone_ns = START_NS + RUN_NS + WORKER_STOP_NS;
	rep->state = WORKER_BLOCKED;
	rep->last_ns = START_NS;
	self->expect.no_stop_check = true;
	/* It waits for somebody. */
	EXPECT_EQ(0, run_judge(self));
	rep->due_ns = self->worker[2].gone_ns - EXPECT_GAP_MS * NSEC_PER_MSEC;
	EXPECT_EQ(0, run_judge(self));
	rep->due_ns--;
	EXPECT_OBJECTION(CAUSE_STUCK, "2000 ms until +7000 ms, last seen on CPU 0");
	/* It says more than that it did not stop. */
	self->expect.no_stop_check = false;
	EXPECT_OBJECTION(CAUSE_STUCK, "2000 ms until +7000 ms");
	/* It was paused when it would have been due, or is not due yet. */
	atomic_store(&self->page[2].paused, NSEC_PER_SEC << 1);
	EXPECT_OBJECTION(CAUSE_WORKER, "did not stop within 5000 ms");
	atomic_store(&self->page[2].paused, 0);
	rep->due_ns = self->worker[2].gone_ns + 1;
	EXPECT_OBJECTION(CAUSE_WORKER, "did not stop within 5000 ms");
	/* What was before its last sign of life is over. */
	rep->due_ns = START_NS;
	rep->last_ns = self->worker[2].gone_ns - NSEC_PER_SEC;
	EXPECT_OBJECTION(CAUSE_WORKER, "did not stop within 5000 ms");
}

TEST_F(judge, gap_at_the_limit)
{
	self->page[1].rep.gap_ns = EXPECT_GAP_MS * NSEC_PER_MSEC;
	EXPECT_EQ(0, run_judge(self));
	self->page[1].rep.gap_ns++;
	EXPECT_OBJECTION(CAUSE_STUCK, "2000 ms until +1000 ms");
	self->expect.max_gap_ms = 2001;
	EXPECT_EQ(0, run_judge(self));
	self->expect.max_gap_ms = 100;
	EXPECT_OBJECTION(CAUSE_STUCK, "limit 100 ms");
	self->expect.no_starvation_check = true;
	EXPECT_EQ(0, run_judge(self));
}

TEST_F(judge, gap_of_those_with_a_limit_of_their_own)
{
	self->page[1].rep.gap_ns = 500 * NSEC_PER_MSEC + 1;
	self->worker[1].work.max_gap_ms = 501;
	EXPECT_EQ(0, run_judge(self));
	self->worker[1].work.max_gap_ms = 500;
	EXPECT_OBJECTION(CAUSE_STUCK, "limit 500 ms");
	/* It counts instead of the other, not beside it. */
	self->expect.max_gap_ms = 100;
	EXPECT_OBJECTION(CAUSE_STUCK, "limit 500 ms");
	self->worker[1].work.max_gap_ms = 3000;
	EXPECT_EQ(0, run_judge(self));
	/* Off is off for them too. */
	self->worker[1].work.max_gap_ms = 500;
	self->expect.max_gap_ms = EXPECT_GAP_OFF;
	EXPECT_EQ(0, run_judge(self));
}

/* Whatever it is: which worker and cgroup, on which CPU, and when. */
TEST_F(judge, says_where_and_when)
{
	static const enum worker_exit exits[] = {
		WORKER_EXITED, WORKER_SIGNALLED, WORKER_TIMED_OUT, WORKER_ALIVE, WORKER_LOST,
	};
	unsigned int i;

	self->page[2].rep.last_cpu = 3;
	self->worker[2].exit_code = 9;
	for (i = 0; i < ARRAY_SIZE(exits); i++) {
		self->worker[2].exit = exits[i];
		ASSERT_EQ(1, run_judge(self));
		EXPECT_NE(NULL, strstr(self->said[0].text, "worker 2 (pid 102, CPU_SPIN, cgroup"));
		EXPECT_NE(NULL, strstr(self->said[0].text, "CPU 3"));
		EXPECT_NE(NULL, strstr(self->said[0].text, "at +200")) {
			TH_LOG("%s", self->said[0].text);
		}
	}
	self->worker[2].exit = WORKER_EXITED;
	self->page[2].rep.setup_call = WORKER_SETUP_POLICY;
	EXPECT_OBJECTION(CAUSE_WORKER, "last seen on CPU 3, at +2001 ms");
	self->page[2].rep.setup_call = WORKER_SETUP_NONE;
	self->worker[2].exit_code = 0;
	run_for(self, 2, 0);
	EXPECT_OBJECTION(CAUSE_UNFAIR, "CPU 3) 100.00 % in 2000 ms until +2000 ms; limit 15 %");
}

TEST_F(judge, gap_that_has_not_ended)
{
	/* It ran for half a second, then never again; SIGKILL ended it after 5 s. */
	self->worker[2].exit = WORKER_TIMED_OUT;
	self->worker[2].gone_ns = START_NS + RUN_NS + WORKER_STOP_NS;
	self->page[2].rep.state = WORKER_RUNNING;
	self->page[2].rep.last_ns = START_NS + NSEC_PER_SEC / 2;
	self->page[2].rep.last_cpu = 3;
	EXPECT_OBJECTION(CAUSE_STUCK, "6500 ms until +7000 ms, last seen on CPU 3");
}

TEST_F(judge, sleeping_is_no_gap)
{
	self->worker[2].gone_ns = START_NS + RUN_NS + WORKER_STOP_NS;
	self->page[2].rep.state = WORKER_BLOCKED;
	self->page[2].rep.last_ns = START_NS;
	EXPECT_EQ(0, run_judge(self));
	/* But one that does not wake up when it is told to stop is an error. */
	self->worker[2].exit = WORKER_TIMED_OUT;
	EXPECT_OBJECTION(CAUSE_WORKER, "did not stop within 5000 ms");
}

TEST_F(judge, steal_stretches_the_gap)
{
	self->page[1].rep.gap_ns = 2100 * NSEC_PER_MSEC;
	self->in.steal_ns = 100 * NSEC_PER_MSEC;
	EXPECT_EQ(0, run_judge(self));
	self->in.steal_ns = 99 * NSEC_PER_MSEC;
	EXPECT_OBJECTION(CAUSE_STUCK, "stolen by the host 99 ms");
}

TEST_F(judge, too_much_steal_is_inconclusive)
{
	self->in.steal_ns = RUN_NS / 10 + 1;
	run_for(self, 1, RUN_NS / 10);
	EXPECT_EQ(1, run_judge(self));
	EXPECT_EQ(VERDICT_INCONCLUSIVE, self->said[0].verdict);
	EXPECT_EQ(CAUSE_UNFAIR, self->said[0].cause);
	/* Nor is it known why one has done nothing that has run; but the host lets all run. */
	make_workers(self, 1);
	self->page[0].rep.units = 0;
	EXPECT_EQ(1, run_judge(self));
	EXPECT_EQ(VERDICT_INCONCLUSIVE, self->said[0].verdict);
	EXPECT_EQ(CAUSE_STARVED, self->said[0].cause);
	self->page[0].rep.state = WORKER_FORKED;
	EXPECT_OBJECTION(CAUSE_STARVED, "it never got to run");
}

TEST_F(judge, spread_at_the_limit)
{
	run_for(self, 1, RUN_NS / 100 * 35);	/* 65 % against 50 % */
	EXPECT_EQ(0, run_judge(self));
	run_for(self, 1, RUN_NS / 100 * 35 - RUN_NS / 1000);
	EXPECT_OBJECTION(CAUSE_UNFAIR, "worker 1 (pid 101, CPU 0) 65.10 %");
	EXPECT_NE(NULL, strstr(self->said[0].text, "differs by 15.10 %"));
	self->expect.max_spread_pct = 16;
	EXPECT_EQ(0, run_judge(self));
	self->expect.max_spread_pct = 5;
	EXPECT_OBJECTION(CAUSE_UNFAIR, "limit 5 %");
}

TEST_F(judge, only_like_workers_are_compared)
{
	static const struct cpumask one = { .bits = { 1 } };
	struct worker *w = &self->worker[1];

	run_for(self, 1, RUN_NS / 10);
	EXPECT_EQ(1, run_judge(self));

	w->cgroup_name = "cg_1";
	EXPECT_EQ(0, run_judge(self));
	w->cgroup_name = "cg_0";
	w->batch = 2;
	EXPECT_EQ(0, run_judge(self));
	w->batch = 0;
	w->work.nice = 5;
	EXPECT_EQ(0, run_judge(self));
	w->work.nice = 0;
	w->work.policy = SCHED_BATCH;
	EXPECT_EQ(0, run_judge(self));
	w->work.policy = 0;
	w->work.type = WORK_MIXED;
	EXPECT_EQ(0, run_judge(self));
	w->work.type = WORK_CPU_SPIN;
	self->page[1].affinity = one;
	EXPECT_EQ(0, run_judge(self));
	memset(&self->page[1].affinity, 0, sizeof(one));
	w->lead = true;
	EXPECT_EQ(0, run_judge(self));
	w->lead = false;
	EXPECT_EQ(1, run_judge(self));
}

TEST_F(judge, each_group_is_compared_once)
{
	unsigned int i;

	make_workers(self, 8);
	for (i = 4; i < 8; i++)
		self->worker[i].cgroup_name = "cg_1";
	run_for(self, 1, RUN_NS / 10);
	run_for(self, 6, RUN_NS / 10);
	EXPECT_EQ(2, run_judge(self));
	EXPECT_NE(NULL, strstr(self->said[0].text, "cgroup cg_0"));
	EXPECT_NE(NULL, strstr(self->said[1].text, "cgroup cg_1"));
}

TEST_F(judge, sleepers_and_realtime_are_not_compared)
{
	unsigned int i;

	run_for(self, 1, RUN_NS / 10);
	for (i = 0; i < 4; i++)
		self->worker[i].work.type = WORK_BURSTY;
	EXPECT_EQ(0, run_judge(self));
	for (i = 0; i < 4; i++) {
		self->worker[i].work.type = WORK_CPU_SPIN;
		self->worker[i].work.policy = SCHED_FIFO;
	}
	EXPECT_EQ(0, run_judge(self));
}

TEST_F(judge, short_lives_are_not_compared)
{
	unsigned int i;

	for (i = 0; i < 4; i++)
		self->page[i].rep.end_ns = START_NS + JUDGE_MIN_NS - 1;
	run_for(self, 1, 0);
	EXPECT_EQ(0, run_judge(self));
}

TEST_F(judge, those_that_never_settled_are_not_compared)
{
	run_for(self, 1, RUN_NS / 10);
	self->page[1].rep.settled_ns = 0;
	EXPECT_EQ(0, run_judge(self));
}

TEST_F(judge, affinities_drawn_by_lot_are_not_compared)
{
	run_for(self, 1, RUN_NS / 10);
	self->worker[1].unlike = true;
	EXPECT_EQ(0, run_judge(self));
}

TEST_F(judge, more_cpu_time_than_time)
{
	/* Two clocks are read one after the other. */
	run_for(self, 1, RUN_NS + 1000);
	run_for(self, 0, RUN_NS);
	run_for(self, 2, RUN_NS);
	run_for(self, 3, RUN_NS);
	EXPECT_EQ(0, run_judge(self));
}

TEST_F(judge, isolation_only_if_asked_for)
{
	struct worker_report *rep = &self->page[3].rep;

	rep->nr_outside = 7;
	rep->outside_cpu = 5;
	rep->outside_ns = START_NS + 250 * NSEC_PER_MSEC;
	cpumask_set_range(&self->page[3].allowed[1].cpus, 0, 2);
	atomic_store(&self->page[3].gen, 1);
	EXPECT_EQ(0, run_judge(self));
	self->expect.isolation = true;
	EXPECT_OBJECTION(CAUSE_ISOLATION, "7 times, first on CPU 5 at +250 ms");
	EXPECT_NE(NULL, strstr(self->said[0].text, "last allowed: 0-1"));
	/* It is no matter of starvation. */
	self->expect.no_starvation_check = true;
	EXPECT_EQ(1, run_judge(self));
}

TEST_F(judge, gravest_first)
{
	self->expect.isolation = true;
	run_for(self, 0, RUN_NS / 10);
	self->page[1].rep.gap_ns = 3 * NSEC_PER_SEC;
	self->page[2].rep.nr_outside = 1;
	self->page[3].rep.units = 0;
	self->worker[0].exit_code = 1;
	EXPECT_EQ(5, run_judge(self));
	EXPECT_EQ(CAUSE_WORKER, self->said[0].cause);
	EXPECT_EQ(CAUSE_STARVED, self->said[1].cause);
	EXPECT_EQ(CAUSE_ISOLATION, self->said[2].cause);
	EXPECT_EQ(CAUSE_STUCK, self->said[3].cause);
	EXPECT_EQ(CAUSE_UNFAIR, self->said[4].cause);
}

TEST_F(judge, many_objections_are_counted)
{
	unsigned int i;

	make_workers(self, 12);
	for (i = 0; i < 12; i++)
		self->page[i].rep.units = 0;
	EXPECT_EQ(12, run_judge(self));
	EXPECT_EQ(JUDGE_LINES + 1, self->nr_said);
	EXPECT_STREQ("and 4 more like this", self->said[JUDGE_LINES].text);
}

TEST_F(judge, left_behind_by_a_change)
{
	self->page[2].rep.last_cpu = 3;
	self->worker[2].change_ns = START_NS + 400 * NSEC_PER_MSEC;
	self->worker[2].left_behind_ns = 700 * NSEC_PER_MSEC;
	EXPECT_OBJECTION(CAUSE_STARVED,
			 "did not run for 700 ms after the scheduler was changed at +400 ms, last seen on CPU 3, limit 500 ms");
}

static void count_line(void *ctx, const char *text)
{
	unsigned int *nr = ctx;

	if (strstr(text, "4 x CPU_SPIN") && strstr(text, "off CPU 50.00..50.00 %"))
		(*nr)++;
}

TEST_F(judge, figures)
{
	unsigned int i, nr = 0;

	make_workers(self, 8);
	for (i = 4; i < 8; i++)
		self->worker[i].batch = 1;
	judge_describe(&self->in, count_line, &nr);
	EXPECT_EQ(2, nr);
}

static void keep_line(void *ctx, const char *text)
{
	snprintf(ctx, RESULT_TEXT_LEN, "%s", text);
}

TEST_F(judge, figures_of_all_that_are_alike)
{
	char text[RESULT_TEXT_LEN];
	unsigned int i;

	make_workers(self, 4);
	for (i = 0; i < 4; i++) {
		struct worker_report *rep = &self->page[i].rep;

		rep->gap_ns = (i == 2 ? 300 : 20) * NSEC_PER_MSEC;
		rep->gap_cpu = i;
		rep->run_delay_ns = (i + 1) * 10 * NSEC_PER_MSEC;
		rep->run_count = 7;
		rep->units = 100;
		rep->iterations = 5;
		rep->nr_migrations = i;
		rep->have_numa = true;
		rep->numa_pages[1] = 3;
	}
	judge_describe(&self->in, keep_line, text);
	EXPECT_NE(NULL, strstr(text,
			       "worst gap 300 ms on CPU 2, run delay 25 ms on average, up to 40 ms, in 28 turns, 400 units, 20 iterations, 6 migrations, CPUs ")) {
		TH_LOG("%s", text);
	}
	EXPECT_NE(NULL, strstr(text, ", 12 pages on node 1")) {
		TH_LOG("%s", text);
	}
	/* The one that did not come back. */
	self->page[1].rep.state = WORKER_RUNNING;
	self->page[1].rep.last_ns = self->worker[1].gone_ns - 900 * NSEC_PER_MSEC;
	self->page[1].rep.last_cpu = 3;
	judge_describe(&self->in, keep_line, text);
	EXPECT_NE(NULL, strstr(text, "worst gap 900 ms on CPU 3")) {
		TH_LOG("%s", text);
	}
}

TEST_HARNESS_MAIN
