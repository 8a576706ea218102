// SPDX-License-Identifier: GPL-2.0
/*
 * Cgroups with cpusets, which stay, change, swap, nest and go, under load.
 *
 * Everywhere here no worker may ever run outside of its cpuset.
 */
#include "../ktstr.h"
#include "flags.h"
#include "limits.h"

KTSTR_TEST(cgroup_cpuset_llc_steady,
	.desc = "one cgroup per last-level cache: all stay within theirs and share it evenly",
	.min_cpus = 4, .min_llcs = 2,
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_LLC(0), WORKERS(CPU_SPIN, 4) },
				     { "cg_1", CPUSET_LLC(1), WORKERS(CPU_SPIN, 4) }),
		  .hold = HOLD_FULL }),
	.expect = { .isolation = true, EVEN });

KTSTR_TEST(cgroup_cpuset_overlap_steady,
	.desc = "three cgroups whose cpusets overlap: all stay within theirs, nobody starves",
	.min_cpus = 4,
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_OVERLAP(0, 3, .5), WORKERS(CPU_SPIN, 4) },
				     { "cg_1", CPUSET_OVERLAP(1, 3, .5), WORKERS(CPU_SPIN, 4) },
				     { "cg_2", CPUSET_OVERLAP(2, 3, .5), WORKERS(CPU_SPIN, 4) }),
		  .hold = HOLD_FULL }),
	.expect = { .isolation = true, UNEVEN });

KTSTR_TEST(cgroup_cpuset_apply_midrun,
	.desc = "disjoint cpusets are put on running cgroups: all workers are in them at once",
	.min_cpus = 2,
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(CPU_SPIN, 4) },
				     { "cg_1", CPUSET_NONE, WORKERS(CPU_SPIN, 4) }),
		  .hold = HOLD_FRAC(.5), .keep = true },
		{ .ops = OPS(SET_CPUSET("cg_0", CPUSET_DISJOINT(0, 2)),
			     SET_CPUSET("cg_1", CPUSET_DISJOINT(1, 2))),
		  .hold = HOLD_FRAC(.5) }),
	.expect = { .isolation = true, UNEVEN });

KTSTR_TEST(cgroup_cpuset_clear_midrun,
	.desc = "cpusets are taken from running cgroups: their workers spread out again",
	.min_cpus = 2,
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_DISJOINT(0, 2), WORKERS(CPU_SPIN, 4) },
				     { "cg_1", CPUSET_DISJOINT(1, 2), WORKERS(CPU_SPIN, 4) }),
		  .hold = HOLD_FRAC(.5), .keep = true },
		{ .ops = OPS(CLEAR_CPUSET("cg_0"), CLEAR_CPUSET("cg_1")),
		  .hold = HOLD_FRAC(.5) }),
	.expect = { .isolation = true, UNEVEN });

KTSTR_TEST(cgroup_cpuset_resize,
	.desc = "cpusets shrink and grow under spinners: nobody starves, nobody leaves its set",
	.topology = "1n2l4c1t", .min_cpus = 5,
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_RANGE(0, .5), WORKERS(CPU_SPIN, 6) },
				     { "cg_1", CPUSET_RANGE(.5, 1), WORKERS(CPU_SPIN, 6) }),
		  .hold = HOLD_FRAC(1. / 3), .keep = true },
		{ .ops = OPS(SET_CPUSET("cg_0", CPUSET_RANGE(0, .25)),
			     SET_CPUSET("cg_1", CPUSET_RANGE(.25, 1))),
		  .hold = HOLD_FRAC(1. / 3) },
		{ .ops = OPS(SET_CPUSET("cg_0", CPUSET_RANGE(0, .75)),
			     SET_CPUSET("cg_1", CPUSET_RANGE(.75, 1))),
		  .hold = HOLD_FRAC(1. / 3) }),
	.expect = { .isolation = true, UNEVEN });

KTSTR_TEST(cgroup_cpuset_swap_disjoint,
	.desc = "two halves swap their CPUs twice, then become thirds: everybody moves at once",
	.topology = "1n2l4c1t", .min_cpus = 8,
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_DISJOINT(0, 2), WORKERS(CPU_SPIN, 12) },
				     { "cg_1", CPUSET_DISJOINT(1, 2), WORKERS(CPU_SPIN, 12) }),
		  .hold = HOLD_FRAC(.25), .keep = true },
		{ .ops = OPS(SWAP_CPUSETS("cg_0", "cg_1")), .hold = HOLD_FRAC(.25) },
		{ .ops = OPS(SWAP_CPUSETS("cg_0", "cg_1")), .hold = HOLD_FRAC(.25) },
		{ .ops = OPS(SET_CPUSET("cg_0", CPUSET_DISJOINT(0, 3)),
			     SET_CPUSET("cg_1", CPUSET_DISJOINT(1, 3))),
		  .hold = HOLD_FRAC(.25) }),
	.expect = { .isolation = true, UNEVEN });

KTSTR_TEST(cgroup_cpuset_cross_llc_race,
	.desc = "two oversubscribed cgroups swap their caches every 200 ms: nobody is lost",
	.min_cpus = 4, .min_llcs = 2,
	.duration_ms = 4000,
	.flags = FLAGS(&llc, &rebal),
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_LLC(0), WORKERS(MIXED, 32) },
				     { "cg_1", CPUSET_LLC(1), WORKERS(MIXED, 32) }),
		  .hold = HOLD_FRAC(.5), .keep = true },
		{ .ops = OPS(SWAP_CPUSETS("cg_0", "cg_1")), .hold = HOLD_LOOP(200) }),
	.expect = { .isolation = true, UNEVEN });

KTSTR_TEST(cgroup_cpuset_add_remove,
	.desc = "of three disjoint cgroups one exists only for a while",
	.min_cpus = 4,
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_DISJOINT(0, 3), WORKERS(CPU_SPIN, 2) },
				     { "cg_1", CPUSET_DISJOINT(1, 3), WORKERS(CPU_SPIN, 2) }),
		  .hold = HOLD_FRAC(1. / 3), .keep = true },
		{ .cgroups = CGROUPS({ "cg_2", CPUSET_DISJOINT(2, 3),
				       WORKERS(CPU_SPIN, 2, .max_gap_ms = 400) }),
		  .hold = HOLD_FRAC(1. / 3) },
		{ .hold = HOLD_FRAC(1. / 3) }),
	.expect = { .isolation = true, .max_gap_ms = 1000 });

KTSTR_TEST(cgroup_cpuset_change_imbalance,
	.desc = "spinners and bursty workers in halves; the bursty half is a fifth for a while",
	.topology = "1n2l4c1t", .min_cpus = 6,
	.flags = FLAGS(&borrow),
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_DISJOINT(0, 2), WORKERS(CPU_SPIN, 6) },
				     { "cg_1", CPUSET_DISJOINT(1, 2),
				       WORKERS(BURSTY, 2, .burst_ms = 30, .sleep_ms = 100) }),
		  .hold = HOLD_FRAC(1. / 3), .keep = true },
		{ .ops = OPS(SET_CPUSET("cg_1", CPUSET_RANGE(.75, .95))),
		  .hold = HOLD_FRAC(1. / 3) },
		{ .ops = OPS(SET_CPUSET("cg_1", CPUSET_DISJOINT(1, 2))),
		  .hold = HOLD_FRAC(1. / 3) }),
	.expect = { .isolation = true, UNEVEN });

KTSTR_TEST(cgroup_cpuset_cross_llc_steady,
	.desc = "a cpuset of half a cache and one of the rest: all stay in theirs, none starves",
	.topology = "1n2l4c1t", .min_cpus = 7, .min_llcs = 2,
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_RANGE(0, .3), WORKERS(CPU_SPIN, 4) },
				     { "cg_1", CPUSET_RANGE(.3, 1), WORKERS(CPU_SPIN, 10) }),
		  .hold = HOLD_FULL }),
	/* Of ten on five CPUs even four were on one, for a while. */
	.expect = { .isolation = true, .max_spread_pct = 90, .max_gap_ms = 1500 });

KTSTR_TEST(cgroup_partial_cpus_steady,
	.desc = "two cpusets leave a third of the CPUs alone: nobody is ever there",
	.min_cpus = 4,
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_DISJOINT(0, 3), WORKERS(CPU_SPIN, 2) },
				     { "cg_1", CPUSET_DISJOINT(1, 3), WORKERS(CPU_SPIN, 2) }),
		  .hold = HOLD_FULL }),
	.expect = { .isolation = true, .max_spread_pct = 30, .max_gap_ms = 1500 });

KTSTR_TEST(cgroup_uneven_steady,
	.desc = "a cpuset of three quarters and one of the rest: all stay within theirs",
	.topology = "1n2l4c1t", .min_cpus = 5,
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_RANGE(0, .75), WORKERS(CPU_SPIN, 10) },
				     { "cg_1", CPUSET_RANGE(.75, 1), WORKERS(CPU_SPIN, 4) }),
		  .hold = HOLD_FULL }),
	.expect = { .isolation = true, UNEVEN });

KTSTR_TEST(cgroup_cpuset_overlap_imbalance,
	.desc = "many spinners, one bursty, one that yields, where cpusets overlap: none starves",
	.topology = "1n2l4c1t", .min_cpus = 7,
	.flags = FLAGS(&borrow),
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_OVERLAP(0, 3, .5), WORKERS(CPU_SPIN, 8) },
				     { "cg_1", CPUSET_OVERLAP(1, 3, .5),
				       WORKERS(BURSTY, 1, .burst_ms = 50, .sleep_ms = 100) },
				     { "cg_2", CPUSET_OVERLAP(2, 3, .5),
				       WORKERS(YIELD_HEAVY, 1) }),
		  .hold = HOLD_FULL }),
	.expect = { .isolation = true, LOPSIDED });

KTSTR_TEST(cgroup_cpuset_overlap_load_imbalance,
	.desc = "16 spinners, 4, and one that yields, where cpusets overlap: nobody starves",
	.topology = "1n2l4c1t", .min_cpus = 7,
	.flags = FLAGS(&rebal),
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_OVERLAP(0, 3, .5), WORKERS(CPU_SPIN, 16) },
				     { "cg_1", CPUSET_OVERLAP(1, 3, .5),
				       WORKERS(YIELD_HEAVY, 1) },
				     { "cg_2", CPUSET_OVERLAP(2, 3, .5), WORKERS(CPU_SPIN, 4) }),
		  .hold = HOLD_FULL }),
	.expect = { .isolation = true, LOPSIDED });

KTSTR_TEST(cgroup_cpuset_workload_imbalance,
	.desc = "a half full of spinners, one of bursty workers: those are woken in time",
	.topology = "1n2l4c1t", .min_cpus = 5,
	.flags = FLAGS(&borrow),
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_DISJOINT(0, 2), WORKERS(CPU_SPIN, 6) },
				     { "cg_1", CPUSET_DISJOINT(1, 2),
				       WORKERS(BURSTY, 4, .burst_ms = 50, .sleep_ms = 100) }),
		  .hold = HOLD_FULL }),
	.expect = { .isolation = true, UNEVEN, WOKEN });

KTSTR_TEST(cgroup_cpuset_load_shift,
	.desc = "16 spinners appear in the half that was nearly idle: all get to run there",
	.topology = "1n2l4c1t", .min_cpus = 5,
	.duration_ms = 3000,
	.flags = FLAGS(&rebal),
	.backdrop = CGROUPS({ "cg_0", CPUSET_DISJOINT(0, 2), WORKERS(CPU_SPIN, 16) },
			    { "cg_1", CPUSET_DISJOINT(1, 2), WORKERS(MIXED, 1) }),
	.steps = STEPS(
		{ .hold = HOLD_FRAC(.5) },
		{ .ops = OPS(SPAWN("cg_1", CPU_SPIN, 16, .max_gap_ms = 1300)),
		  .hold = HOLD_FRAC(.5) }),
	.expect = { .isolation = true, LOPSIDED });
