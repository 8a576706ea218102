// SPDX-License-Identifier: GPL-2.0
/*
 * Cgroups with different kinds of work, which are in the way of each other.
 */
#include "../ktstr.h"
#include "flags.h"
#include "limits.h"

KTSTR_TEST(cgroup_imbalance_mixed_workload,
	.desc = "spinners, bursty workers and such that do I/O: those that sleep are woken in time",
	.flags = FLAGS(&borrow, &rebal),
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(CPU_SPIN, 8) },
				     { "cg_1", CPUSET_NONE,
				       WORKERS(BURSTY, 4, .burst_ms = 100, .sleep_ms = 50) },
				     { "cg_2", CPUSET_NONE, WORKERS(IO_SYNC, 4) }),
		  .hold = HOLD_FULL }),
	.expect = { UNEVEN, WOKEN_LATE });

/* What runs in both cgroups is replaced. A phase lasts for a second. */
#define SWAP_LOAD(_idle, _busy)							\
	{ .ops = OPS(STOP_CGROUP("cg_0"), STOP_CGROUP("cg_1"),			\
		     SPAWN(_busy, CPU_SPIN, 8), SPAWN(_idle, MIXED, 1)),	\
	  .hold = HOLD_FRAC(.25) }

KTSTR_TEST(cgroup_load_oscillation,
	.desc = "heavy and light load change sides three times: each time all get to run",
	.duration_ms = 4000,
	.flags = FLAGS(&rebal),
	.backdrop = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(CPU_SPIN, 8) },
			    { "cg_1", CPUSET_NONE, WORKERS(MIXED, 1) }),
	.steps = STEPS({ .hold = HOLD_FRAC(.25) },
		       SWAP_LOAD("cg_0", "cg_1"),
		       SWAP_LOAD("cg_1", "cg_0"),
		       SWAP_LOAD("cg_0", "cg_1")),
	.expect = { .max_spread_pct = 100, .max_gap_ms = 800 });

KTSTR_TEST(cgroup_4way_load_imbalance,
	.desc = "16, 8 and 4 spinners and one that yields, each with a cgroup: nobody starves",
	.topology = "1n2l4c1t", .min_cpus = 5,
	.flags = FLAGS(&rebal),
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(CPU_SPIN, 16) },
				     { "cg_1", CPUSET_NONE, WORKERS(YIELD_HEAVY, 1) },
				     { "cg_2", CPUSET_NONE, WORKERS(CPU_SPIN, 8) },
				     { "cg_3", CPUSET_NONE, WORKERS(CPU_SPIN, 4) }),
		  .hold = HOLD_FULL }),
	.expect = { LOPSIDED });

KTSTR_TEST(cgroup_cpuset_imbalance_combined,
	.desc = "a half full of spinners, one nearly idle: neither lends CPUs that are not its own",
	.topology = "1n2l4c1t", .min_cpus = 5,
	.flags = FLAGS(&borrow, &rebal),
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_DISJOINT(0, 2), WORKERS(CPU_SPIN, 6) },
				     { "cg_1", CPUSET_DISJOINT(1, 2),
				       WORKERS(BURSTY, 2, .burst_ms = 50, .sleep_ms = 150) }),
		  .hold = HOLD_FULL }),
	.expect = { .isolation = true, UNEVEN, WOKEN });

KTSTR_TEST(cgroup_cpuset_overlap_imbalance_combined,
	.desc = "12 spinners, two bursty and one that yields, where cpusets overlap: none starves",
	.topology = "1n2l4c1t", .min_cpus = 7,
	.flags = FLAGS(&borrow, &rebal),
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_OVERLAP(0, 3, .5), WORKERS(CPU_SPIN, 12) },
				     { "cg_1", CPUSET_OVERLAP(1, 3, .5),
				       WORKERS(BURSTY, 2, .burst_ms = 50, .sleep_ms = 100) },
				     { "cg_2", CPUSET_OVERLAP(2, 3, .5),
				       WORKERS(YIELD_HEAVY, 1) }),
		  .hold = HOLD_FULL }),
	.expect = { .isolation = true, LOPSIDED });

KTSTR_TEST(cgroup_io_compute_imbalance,
	.desc = "workers that do I/O are woken in time, though a spinner wants each CPU",
	.flags = FLAGS(&borrow),
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(IO_SYNC, 4) },
				     { "cg_1", CPUSET_NONE, FULL_LOAD(CPU_SPIN) }),
		  .hold = HOLD_FULL }),
	.expect = { UNEVEN, WOKEN });

#define NO_CTRL_MOVE(_from, _to, _frac)	\
	{ .ops = OPS(MOVE_TASKS(_from, _to)), .hold = HOLD_FRAC(_frac) }

KTSTR_TEST(cgroup_no_ctrl_task_migration,
	.desc = "workers move between cgroups that have no weights, nine times: none is lost",
	.no_cpu_controller = true,
	.backdrop = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(CPU_SPIN, 4) },
			    { "mobile", CPUSET_NONE, WORKERS(CPU_SPIN, 4) },
			    { "cg_1", CPUSET_NONE, { } }),
	.steps = STEPS({ .hold = HOLD_FRAC(.1) },
		       NO_CTRL_MOVE("mobile", "cg_1", .1), NO_CTRL_MOVE("cg_1", "mobile", .1),
		       NO_CTRL_MOVE("mobile", "cg_1", .1), NO_CTRL_MOVE("cg_1", "mobile", .1),
		       NO_CTRL_MOVE("mobile", "cg_1", .1), NO_CTRL_MOVE("cg_1", "mobile", .1),
		       NO_CTRL_MOVE("mobile", "cg_1", .1), NO_CTRL_MOVE("cg_1", "mobile", .1),
		       NO_CTRL_MOVE("mobile", "cg_1", .1)),
	.expect = { EVEN });

KTSTR_TEST(cgroup_no_ctrl_imbalance,
	.desc = "two spinners move between a cgroup of their own and an empty one, without weights",
	.no_cpu_controller = true,
	.flags = FLAGS(&borrow),
	.backdrop = CGROUPS({ "heavy", CPUSET_NONE, WORKERS(CPU_SPIN, 6) },
			    { "mobile", CPUSET_NONE, WORKERS(CPU_SPIN, 2) },
			    { "light", CPUSET_NONE,
			      WORKERS(BURSTY, 2, .burst_ms = 50, .sleep_ms = 100) },
			    { "overflow", CPUSET_NONE, { } }),
	.steps = STEPS({ .hold = HOLD_FRAC(1. / 6) },
		       NO_CTRL_MOVE("mobile", "overflow", 1. / 6),
		       NO_CTRL_MOVE("overflow", "mobile", 1. / 6),
		       NO_CTRL_MOVE("mobile", "overflow", 1. / 6),
		       NO_CTRL_MOVE("overflow", "mobile", 1. / 6),
		       NO_CTRL_MOVE("mobile", "overflow", 1. / 6)),
	.expect = { UNEVEN });

KTSTR_TEST(cgroup_no_ctrl_cpuset_change,
	.desc = "cpusets are taken from running cgroups that have no weights",
	.min_cpus = 2, .no_cpu_controller = true,
	.backdrop = CGROUPS({ "cg_0", CPUSET_DISJOINT(0, 2), WORKERS(CPU_SPIN, 4) },
			    { "cg_1", CPUSET_DISJOINT(1, 2), WORKERS(CPU_SPIN, 4) }),
	.steps = STEPS(
		{ .hold = HOLD_FRAC(.5) },
		{ .ops = OPS(CLEAR_CPUSET("cg_0"), CLEAR_CPUSET("cg_1")),
		  .hold = HOLD_FRAC(.5) }),
	.expect = { .isolation = true, UNEVEN });

KTSTR_TEST(cgroup_no_ctrl_load_imbalance,
	.desc = "16 spinners against one that yields, all of the same weight: none starves",
	.no_cpu_controller = true,
	.flags = FLAGS(&rebal),
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(CPU_SPIN, 16) },
				     { "cg_1", CPUSET_NONE, WORKERS(YIELD_HEAVY, 1) }),
		  .hold = HOLD_FULL }),
	.expect = { CROWDED });

KTSTR_TEST(cgroup_workload_variety,
	.desc = "five cgroups that spin, burst, do I/O, yield, or do both: none starves",
	.topology = "1n2l4c1t", .min_cpus = 6,
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(CPU_SPIN, 4) },
				     { "cg_1", CPUSET_NONE,
				       WORKERS(BURSTY, 4, .burst_ms = 50, .sleep_ms = 100) },
				     { "cg_2", CPUSET_NONE, WORKERS(IO_SYNC, 2) },
				     { "cg_3", CPUSET_NONE, WORKERS(MIXED, 4) },
				     { "cg_4", CPUSET_NONE, WORKERS(YIELD_HEAVY, 4) }),
		  .hold = HOLD_FULL }),
	.expect = { UNEVEN, WOKEN_LATE });

KTSTR_TEST(cgroup_cpuset_workload_variety,
	.desc = "spinners, bursty workers and I/O, each in their part of the CPUs: none starves",
	.topology = "1n2l4c1t", .min_cpus = 6,
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_DISJOINT(0, 3),
				       WORKER_LIST(W(CPU_SPIN, 4), W(YIELD_HEAVY, 2)) },
				     { "cg_1", CPUSET_DISJOINT(1, 3),
				       WORKER_LIST(W(BURSTY, 4, .burst_ms = 50, .sleep_ms = 100),
						   W(MIXED, 2)) },
				     { "cg_2", CPUSET_DISJOINT(2, 3),
				       WORKER_LIST(W(IO_SYNC, 2), W(CPU_SPIN, 3)) }),
		  .hold = HOLD_FULL }),
	.expect = { .isolation = true, UNEVEN, WOKEN_LATE });

KTSTR_TEST(cgroup_dynamic_workload_variety,
	.desc = "bursty workers join spinners and I/O for a third of the time: none starves",
	.min_cpus = 4,
	.backdrop = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(CPU_SPIN, 4) },
			    { "cg_1", CPUSET_NONE,
			      WORKERS(BURSTY, 2, .burst_ms = 50, .sleep_ms = 100) },
			    { "cg_2", CPUSET_NONE, WORKERS(IO_SYNC, 2) }),
	.steps = STEPS(
		{ .hold = HOLD_FRAC(1. / 3) },
		{ .cgroups = CGROUPS({ "cg_3", CPUSET_NONE,
				       WORKERS(BURSTY, 4, .burst_ms = 100, .sleep_ms = 50,
					       .max_gap_ms = 500) }),
		  .hold = HOLD_FRAC(1. / 3) },
		{ .hold = HOLD_FRAC(1. / 3) }),
	.expect = { UNEVEN, WOKEN });
