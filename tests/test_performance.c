// SPDX-License-Identifier: GPL-2.0
/*
 * Limits on what workers get done: each is kept, is broken, and is off when not set.
 */
#include "../guest/steps.h"
#include "../guest/work/work.h"
#include "judging.h"

#define EXPECT_SAID(_text)	EXPECT_NE(NULL, strstr(self->said[0].text, _text))

/* @i did so many units in one second of CPU time. */
static void worked(FIXTURE_DATA(judge) *self, unsigned int i, uint64_t units)
{
	self->page[i].rep.units = units;
	self->page[i].rep.cpu_time_ns = NSEC_PER_SEC;
}

static void all_worked(FIXTURE_DATA(judge) *self, uint64_t units)
{
	unsigned int i;

	for (i = 0; i < MAX_WORKERS; i++)
		worked(self, i, units);
	/* CPU time is no longer what the spread is about. */
	self->expect.no_starvation_check = true;
}

TEST_F(judge, throughput_cv)
{
	all_worked(self, 1000);
	worked(self, 1, 600);
	worked(self, 2, 1400);
	EXPECT_EQ(0, run_judge(self));
	/* sqrt((400^2 + 400^2) / 4) / 1000 = 0.2828 */
	self->expect.max_throughput_cv = .283;
	EXPECT_EQ(0, run_judge(self));
	self->expect.max_throughput_cv = .282;
	EXPECT_OBJECTION(CAUSE_THROUGHPUT, "differ by 0.283 of 1000 units per CPU second,");
	EXPECT_SAID("limit 0.282; 600: worker 1 (pid 101, CPU_SPIN, cgroup cg_0) on CPU 0");
	EXPECT_SAID("at +2000 ms");
	/* One alone differs from nobody, and those that are not alike are not compared. */
	self->worker[1].batch = 1;
	self->worker[2].batch = 2;
	EXPECT_EQ(0, run_judge(self));
	self->worker[1].batch = 0;
	EXPECT_EQ(0, run_judge(self));
	self->expect.max_throughput_cv = .2;
	EXPECT_EQ(1, run_judge(self));
	/* A rate is per CPU time, not per time. */
	self->page[1].rep.cpu_time_ns = NSEC_PER_SEC * 6 / 10;
	EXPECT_EQ(0, run_judge(self));
	/* Nothing at all was done: that is starvation. */
	all_worked(self, 0);
	EXPECT_EQ(0, run_judge(self));
}

TEST_F(judge, work_rate)
{
	all_worked(self, 1000);
	self->expect.min_work_rate = 1000;
	EXPECT_EQ(0, run_judge(self));
	worked(self, 2, 999);
	EXPECT_OBJECTION(CAUSE_THROUGHPUT, "worker 2 (pid 102, CPU_SPIN, cgroup cg_0) did 999.0");
	EXPECT_SAID("units per CPU second, limit 1000.0; 999 in 1000 ms of CPU time, last on");
	EXPECT_SAID("CPU 0 at +2000 ms");
	self->page[2].rep.cpu_time_ns = 0;
	EXPECT_EQ(1, run_judge(self));
	/* Whoever has no complete report is judged for that. */
	self->page[2].rep.state = WORKER_RUNNING;
	EXPECT_EQ(0, run_judge(self));
	self->expect.min_work_rate = 0;
	worked(self, 2, 1);
	self->page[2].rep.state = WORKER_DONE;
	EXPECT_EQ(0, run_judge(self));
}

TEST_F(judge, iteration_rate)
{
	unsigned int i;

	all_worked(self, 1000);
	for (i = 0; i < 4; i++) {
		self->page[i].rep.start_ns = START_NS;
		self->page[i].rep.iterations = 200;
	}
	self->expect.min_iteration_rate = 100;
	EXPECT_EQ(0, run_judge(self));
	self->page[3].rep.iterations--;
	EXPECT_OBJECTION(CAUSE_THROUGHPUT, "worker 3 (pid 103, CPU_SPIN, cgroup cg_0) did 99.5");
	EXPECT_SAID("iterations per second, limit 100.0; 199 in 2000 ms, last on CPU 0 at");
	EXPECT_SAID("+2000 ms");
	self->expect.min_iteration_rate = 0;
	EXPECT_EQ(0, run_judge(self));
	/* Hardly there: nothing can be said. */
	self->expect.min_iteration_rate = 100;
	self->page[3].rep.end_ns = START_NS + JUDGE_MIN_NS - 1;
	self->page[3].rep.iterations = 0;
	EXPECT_EQ(0, run_judge(self));
	self->page[3].rep.end_ns++;
	EXPECT_EQ(1, run_judge(self));
}

/* A test that is about what nobody did is not passed; a limit of the scheduler's asks for nothing. */
#define EXPECT_UNSEEN(_cause, _field, _value) do {				\
	struct expect _own = { ._field = _value };				\
	self->expect = (struct expect){ .no_starvation_check = true, ._field = _value }; \
	EXPECT_EQ(0, run_judge(self));						\
	self->in.own = &_own;							\
	EXPECT_EQ(1, run_judge(self));						\
	EXPECT_EQ(VERDICT_INCONCLUSIVE, self->said[0].verdict);			\
	EXPECT_EQ(_cause, self->said[0].cause);					\
	EXPECT_SAID("what the test's limit for '");				\
	self->in.own = NULL;							\
} while (0)

TEST_F(judge, nothing_to_judge)
{
	const struct expect own = { .min_iteration_rate = 1 };
	unsigned int i;

	for (i = 0; i < MAX_WORKERS; i++) {
		self->page[i].rep.end_ns = self->page[i].rep.start_ns + JUDGE_MIN_NS - 1;
		self->page[i].rep.have_numa = true;
	}
	self->in.numa_moved = 0;
	self->in.have_numa_moved = true;
	EXPECT_UNSEEN(CAUSE_THROUGHPUT, max_throughput_cv, 1);
	EXPECT_UNSEEN(CAUSE_THROUGHPUT, min_work_rate, 1);
	EXPECT_UNSEEN(CAUSE_THROUGHPUT, min_iteration_rate, 1);
	EXPECT_UNSEEN(CAUSE_LATENCY, max_p50_wake_latency_us, 1);
	EXPECT_UNSEEN(CAUSE_LATENCY, max_p99_wake_latency_us, 1);
	EXPECT_UNSEEN(CAUSE_LATENCY, max_wake_latency_cv, 1);
	EXPECT_UNSEEN(CAUSE_NUMA, min_page_locality, 1);
	EXPECT_UNSEEN(CAUSE_NUMA, min_node_share, 1);
	EXPECT_UNSEEN(CAUSE_NUMA, max_slow_tier_ratio, 1);
	EXPECT_UNSEEN(CAUSE_NUMA, max_cross_node_migration_ratio, 1);
	EXPECT_UNSEEN(CAUSE_NUMA, zero, ZERO_CROSS_NODE);
	for (i = 0; i < MAX_WORKERS; i++)
		self->page[i].rep.units = 0;
	EXPECT_UNSEEN(CAUSE_MIGRATION, max_migration_ratio, 1);
	EXPECT_UNSEEN(CAUSE_MIGRATION, zero, ZERO_MIGRATION);

	/* One is enough, and one that is held against a test is more. */
	self->in.own = &own;
	self->expect.min_iteration_rate = 1;
	self->expect.zero = 0;
	self->page[2].rep.end_ns++;
	self->page[2].rep.iterations = 1;
	EXPECT_EQ(0, run_judge(self));
	self->page[2].rep.iterations = 0;
	EXPECT_OBJECTION(CAUSE_THROUGHPUT, "iterations per second, limit 1.0");
}

/* As many wake-ups as given, from the first one on. */
static void woken(FIXTURE_DATA(judge) *self, unsigned int i, unsigned int nr, uint64_t first_ns,
		  uint64_t step_ns)
{
	struct worker_report *rep = &self->page[i].rep;
	unsigned int k;

	rep->nr_wakes = nr;
	for (k = 0; k < nr && k < WORKER_WAKES; k++)
		rep->wake_ns[k] = first_ns + k * step_ns;
	rep->wake_max_ns = first_ns + (k - 1) * step_ns;
	rep->wake_max_at_ns = START_NS + 300 * NSEC_PER_MSEC + i * NSEC_PER_MSEC;
	rep->wake_max_cpu = 3;
}

TEST_F(judge, percentiles_of_wake_latency)
{
	/* 1 to 50 us and 51 to 100 us: the 99th of a hundred is 99 us. */
	woken(self, 1, 50, 1000, 1000);
	woken(self, 2, 50, 51000, 1000);
	EXPECT_EQ(0, run_judge(self));
	self->expect.max_p99_wake_latency_us = 99;
	EXPECT_EQ(0, run_judge(self));
	self->expect.max_p99_wake_latency_us = 98.9;
	EXPECT_OBJECTION(CAUSE_LATENCY, "late by 99.0 us (p99 of 100), limit 98.9 us; the latest");
	EXPECT_SAID("by 100.0 us: worker 2 (pid 102, CPU_SPIN, cgroup cg_0), on CPU 3 at");
	EXPECT_SAID("+302 ms");
	/* The 50th is 50 us. */
	self->expect.max_p99_wake_latency_us = 0;
	self->expect.max_p50_wake_latency_us = 50;
	EXPECT_EQ(0, run_judge(self));
	self->expect.max_p50_wake_latency_us = 49.9;
	EXPECT_OBJECTION(CAUSE_LATENCY, "late by 50.0 us (p50 of 100), limit 49.9 us; the latest");
	self->expect.max_p50_wake_latency_us = 0;
	/* With one more, the 99.99th is the 100th of 101. */
	woken(self, 0, 1, 200000, 0);
	self->expect.max_p99_wake_latency_us = 100;
	EXPECT_EQ(0, run_judge(self));
	self->expect.max_p99_wake_latency_us = 99;
	EXPECT_OBJECTION(CAUSE_LATENCY, "late by 100.0 us (p99 of 101)");
	EXPECT_SAID("by 200.0 us: worker 0");
	/* A single one is all of them. */
	make_workers(self, 2);
	woken(self, 0, 1, 200000, 0);
	EXPECT_OBJECTION(CAUSE_LATENCY, "late by 200.0 us (p99 of 1)");
	/* Each group of like workers for itself. */
	make_workers(self, 4);
	self->worker[3].batch = 1;
	woken(self, 0, 1000, 1000, 0);
	woken(self, 3, 2, 200000, 0);
	EXPECT_OBJECTION(CAUSE_LATENCY, "late by 200.0 us (p99 of 2)");
	self->worker[3].batch = 0;
	EXPECT_EQ(0, run_judge(self));
}

/* Whoever was woken often counts for more than was kept of it. */
TEST_F(judge, wake_ups_are_weighted)
{
	woken(self, 0, 100 * WORKER_WAKES, 1000, 0);
	woken(self, 1, WORKER_WAKES / 2, 500000, 0);
	self->expect.max_p99_wake_latency_us = 1;
	EXPECT_EQ(0, run_judge(self));
	woken(self, 0, WORKER_WAKES, 1000, 0);
	EXPECT_OBJECTION(CAUSE_LATENCY, "late by 500.0 us (p99 of 1536)");
}

TEST_F(judge, cv_of_wake_latency)
{
	/* Half of 10 us, half of 30 us: mean 20, deviation 10. */
	woken(self, 0, 64, 10000, 0);
	woken(self, 1, 64, 30000, 0);
	self->expect.max_wake_latency_cv = .501;
	EXPECT_EQ(0, run_judge(self));
	self->expect.max_wake_latency_cv = .499;
	EXPECT_OBJECTION(CAUSE_LATENCY,
			 "differs by 0.50 of 20.0 us (mean of 128), limit 0.50; the");
	EXPECT_SAID("latest by 30.0 us: worker 1");
	self->expect.max_wake_latency_cv = 0;
	EXPECT_EQ(0, run_judge(self));
	/* All at once is no difference, and none at all is nothing. */
	self->expect.max_wake_latency_cv = .1;
	woken(self, 0, 64, 0, 0);
	woken(self, 1, 64, 0, 0);
	EXPECT_EQ(0, run_judge(self));
	make_workers(self, 4);
	EXPECT_EQ(0, run_judge(self));
}

TEST_F(judge, stolen_time_spoils_what_is_timed)
{
	all_worked(self, 10);
	woken(self, 0, 1, 200000, 0);
	self->expect.min_work_rate = 11;
	self->expect.max_p99_wake_latency_us = 1;
	EXPECT_EQ(5, run_judge(self));
	EXPECT_EQ(VERDICT_FAIL, self->said[0].verdict);
	EXPECT_EQ(VERDICT_FAIL, self->said[4].verdict);
	self->in.steal_ns = RUN_NS / 10 + 1;
	EXPECT_EQ(5, run_judge(self));
	EXPECT_EQ(VERDICT_INCONCLUSIVE, self->said[0].verdict);
	EXPECT_EQ(VERDICT_INCONCLUSIVE, self->said[4].verdict);
	EXPECT_SAID("+2000 ms, stolen by the host 200 ms");
}

TEST_F(judge, migration_ratio)
{
	struct worker_report *rep = &self->page[2].rep;

	rep->iterations = 100;
	rep->nr_migrations = 5;
	rep->migration[4] = (struct migration){ START_NS + 40 * NSEC_PER_MSEC, 1, 2 };
	EXPECT_EQ(0, run_judge(self));
	self->expect.max_migration_ratio = .05;
	EXPECT_EQ(0, run_judge(self));
	rep->iterations = 99;
	EXPECT_OBJECTION(CAUSE_MIGRATION, "worker 2 (pid 102, CPU_SPIN, cgroup cg_0) changed its");
	EXPECT_SAID("CPU 0.0505 times per iteration, limit 0.0500; 5 times, of which no. 5");
	EXPECT_SAID("from CPU 1 to CPU 2 at +40 ms");
	/* Only the first ones are known, and how many there were. */
	rep->nr_migrations = 1000;
	rep->migration[WORKER_MIGRATIONS - 1].to = 3;
	EXPECT_OBJECTION(CAUSE_MIGRATION, "1000 times, of which no. 32 from CPU 0 to CPU 3");
	/* No iteration at all does not excuse it. */
	rep->iterations = 0;
	EXPECT_OBJECTION(CAUSE_MIGRATION, "1000.0000 times");
	/* Nobody may. */
	rep->iterations = 100;
	rep->nr_migrations = 1;
	self->expect.max_migration_ratio = 0;
	EXPECT_EQ(0, run_judge(self));
	self->expect.zero = ZERO_MIGRATION;
	EXPECT_OBJECTION(CAUSE_MIGRATION, "CPU 0.0100 times per iteration, limit 0.0000");
	rep->nr_migrations = 0;
	EXPECT_EQ(0, run_judge(self));
}

static void all_have_pages(FIXTURE_DATA(judge) *self)
{
	unsigned int i;

	for (i = 0; i < 4; i++) {
		self->page[i].rep.have_numa = true;
		self->page[i].rep.numa_pages[0] = 90;
		self->page[i].rep.numa_pages[1] = 10;
		cpumask_set_range(&self->page[i].allowed[0].cpus, 0, 2);
	}
}

TEST_F(judge, page_locality)
{
	all_have_pages(self);
	EXPECT_EQ(0, run_judge(self));
	self->expect.min_page_locality = .9;
	EXPECT_EQ(0, run_judge(self));
	self->page[1].rep.numa_pages[1] = 11;
	EXPECT_OBJECTION(CAUSE_NUMA, "worker 1 (pid 101, CPU_SPIN, cgroup cg_0) has 0.8911 of its");
	EXPECT_SAID("pages, 90 of 101, on its nodes (mask 0x1), limit 0.9000; last on CPU 0 at");
	EXPECT_SAID("+2000 ms");
	/* Its nodes are those of the CPUs that it may use. */
	self->page[1].allowed[0].cpus = (struct cpumask){ .bits = { 0xc } };
	EXPECT_OBJECTION(CAUSE_NUMA, "11 of 101, on its nodes (mask 0x2)");
	self->page[1].allowed[0].cpus = (struct cpumask){ .bits = { 0xf } };
	EXPECT_EQ(0, run_judge(self));
	/* Or of its memory, if it has said so. */
	self->worker[1].work.mem = (struct mem_policy){ .kind = MEM_BIND, .nodes = "1" };
	EXPECT_OBJECTION(CAUSE_NUMA, "11 of 101, on its nodes (mask 0x2)");
	self->worker[1].work.mem.nodes = "0-1";
	EXPECT_EQ(0, run_judge(self));
	/* But no further than its cgroup's cpuset.mems. */
	self->worker[1].mems = 1 << 1;
	EXPECT_OBJECTION(CAUSE_NUMA, "11 of 101, on its nodes (mask 0x2)");
	self->worker[1].work.mem.nodes = "0";
	EXPECT_OBJECTION(CAUSE_NUMA, "11 of 101, on its nodes (mask 0x2)");
	self->worker[1].work.mem.nodes = NULL;
	self->worker[1].mems = 3;
	EXPECT_EQ(0, run_judge(self));
	self->worker[1].mems = 0;
	/* Without pages nothing is remote; without knowing, nothing can be said. */
	self->page[1].allowed[0].cpus = (struct cpumask){ .bits = { 0xc } };
	memset(self->page[1].rep.numa_pages, 0, sizeof(self->page[1].rep.numa_pages));
	EXPECT_EQ(0, run_judge(self));
	self->page[1].rep.have_numa = false;
	EXPECT_EQ(1, run_judge(self));
	EXPECT_EQ(VERDICT_INCONCLUSIVE, self->said[0].verdict);
	EXPECT_EQ(CAUSE_NUMA, self->said[0].cause);
}

TEST_F(judge, node_share)
{
	all_have_pages(self);
	self->expect.min_node_share = .3;
	/* Nobody said that it is to be spread. */
	EXPECT_EQ(0, run_judge(self));
	self->worker[3].work.mem.kind = MEM_INTERLEAVE;
	self->worker[3].work.mem.nodes = "0-1";
	self->page[3].rep.numa_pages[0] = 70;
	self->page[3].rep.numa_pages[1] = 30;
	EXPECT_EQ(0, run_judge(self));
	self->page[3].rep.numa_pages[1] = 29;
	EXPECT_OBJECTION(CAUSE_NUMA, "worker 3 (pid 103, CPU_SPIN, cgroup cg_0) has 0.2929 of its");
	EXPECT_SAID("pages, 29 of 99, on node 1 of its policy (mask 0x3), limit 0.3000");
	EXPECT_SAID("on CPU");
	self->page[3].rep.numa_pages[2] = 100;
	EXPECT_OBJECTION(CAUSE_NUMA, "29 of 199, on node 1");
}

TEST_F(judge, slow_tier)
{
	all_have_pages(self);
	self->in.slow_nodes = 1 << 1;
	EXPECT_EQ(0, run_judge(self));
	self->expect.max_slow_tier_ratio = .1;
	EXPECT_EQ(0, run_judge(self));
	self->page[3].rep.numa_pages[1] = 12;
	EXPECT_OBJECTION(CAUSE_NUMA, "worker 3 (pid 103, CPU_SPIN, cgroup cg_0) has 0.1176 of its");
	EXPECT_SAID("pages, 12 of 102, on nodes without CPUs (mask 0x2), limit 0.1000");
	self->in.slow_nodes = 0;
	EXPECT_EQ(0, run_judge(self));
	/* Not one page. */
	self->in.slow_nodes = 1 << 2;
	self->page[3].rep.numa_pages[2] = 1;
	self->expect.max_slow_tier_ratio = 0;
	EXPECT_EQ(0, run_judge(self));
	self->expect.zero = ZERO_SLOW_TIER;
	EXPECT_OBJECTION(CAUSE_NUMA, "1 of 103, on nodes without CPUs (mask 0x4), limit 0.0000");
	self->page[3].rep.numa_pages[2] = 0;
	EXPECT_EQ(0, run_judge(self));
}

TEST_F(judge, cross_node_migrations)
{
	unsigned int i;

	all_have_pages(self);
	self->in.have_numa_moved = true;
	self->in.numa_moved = 40;
	EXPECT_EQ(0, run_judge(self));
	self->expect.max_cross_node_migration_ratio = .1;
	EXPECT_EQ(0, run_judge(self));
	self->expect.max_cross_node_migration_ratio = 0;
	EXPECT_EQ(0, run_judge(self));
	self->expect.zero = ZERO_CROSS_NODE;
	EXPECT_OBJECTION(CAUSE_NUMA, "40 pages went to another node, 0.1000 for each of 400 of");
	self->expect.max_cross_node_migration_ratio = .1;
	self->page[1].rep.numa_pages[0] = 91;
	self->in.numa_moved = 41;
	EXPECT_OBJECTION(CAUSE_NUMA,
			 "41 pages went to another node, 0.1022 for each of 401 of all");
	EXPECT_SAID("workers, limit 0.1000; most has worker 1 (pid 101");
	self->in.have_numa_moved = false;
	EXPECT_EQ(1, run_judge(self));
	EXPECT_EQ(VERDICT_INCONCLUSIVE, self->said[0].verdict);
	/* Whose are they? */
	self->in.have_numa_moved = true;
	for (i = 0; i < 4; i++)
		memset(self->page[i].rep.numa_pages, 0, sizeof(self->page[i].rep.numa_pages));
	EXPECT_EQ(1, run_judge(self));
	EXPECT_EQ(VERDICT_INCONCLUSIVE, self->said[0].verdict);
	self->in.numa_moved = 0;
	EXPECT_EQ(0, run_judge(self));
}

static void find_line(void *ctx, const char *text)
{
	const char **what = ctx;

	if (*what && strstr(text, *what))
		*what = NULL;
}

#define EXPECT_FIGURES(_text) do {				\
	const char *_what = _text;				\
	judge_describe(&self->in, find_line, &_what);		\
	EXPECT_EQ(NULL, _what);					\
} while (0)

TEST_F(judge, figures_of_wake_ups)
{
	woken(self, 1, 50, 1000, 1000);
	woken(self, 2, 50, 51000, 1000);
	EXPECT_FIGURES("cg_0: CPU_SPIN: 100 wake-ups, late by 50.0 us (p50), 99.0 us (p99), ");
	EXPECT_FIGURES("100.0 us (worst, CPU 3 at +302 ms), mean 50.5 us, CV 0.57; ");
	make_workers(self, 4);
	self->page[1].rep.nr_refused = 7;
	EXPECT_FIGURES("cg_0: CPU_SPIN: 7 calls refused");
}

/* --- what the kernel says about memory ------------------------------------ */

TEST(numa_maps)
{
	uint64_t pages[TOPOLOGY_MAX_NODES] = { };

	EXPECT_TRUE(numa_parse("7f12a000 default anon=16 active=0 N0=12 N15=4 x=4\n", pages));
	EXPECT_EQ(12, pages[0]);
	EXPECT_EQ(4, pages[15]);
	/* A file's, shared ones, none, nodes that we do not know. */
	EXPECT_TRUE(numa_parse("400000 default file=/init mapped=5 N0=5 kernelpagesize_kB=4\n",
			       pages));
	EXPECT_TRUE(numa_parse("7ffc0000 default stack anon=3 dirty=3 mapmax=2 N0=3\n", pages));
	EXPECT_TRUE(numa_parse("7ffd0000 default\n", pages));
	EXPECT_TRUE(numa_parse("7ffd0000 default anon=1 N16=1\n", pages));
	EXPECT_EQ(12, pages[0]);
	/* Large ones count for what is in them. */
	EXPECT_TRUE(numa_parse("7fa00000 bind:1 anon=2 dirty=2 N1=2 kernelpagesize_kB=2048\n",
			       pages));
	EXPECT_EQ(1024, pages[1]);
	EXPECT_FALSE(numa_parse("nonsense", pages));
	EXPECT_FALSE(numa_parse("", pages));
}

TEST(pages_that_moved)
{
	uint64_t moved = 0;

	EXPECT_TRUE(numa_moved_parse("nr_free_pages 1\nnuma_pages_migrated 77\nx 2\n", &moved));
	EXPECT_EQ(77, moved);
	EXPECT_FALSE(numa_moved_parse("nr_free_pages 1\nxnuma_pages_migrated 77\n", &moved));
	EXPECT_FALSE(numa_moved_parse("", &moved));
}

TEST_HARNESS_MAIN
