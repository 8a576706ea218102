// SPDX-License-Identifier: GPL-2.0
/*
 * Cgroups with cpusets, which stay, change, swap, nest and go, under load.
 *
 * Everywhere here no worker may ever run outside of its cpuset.
 */
#include "../ktstr.h"
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
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_LLC(0), WORKERS(MIXED, 16) },
				     { "cg_1", CPUSET_LLC(1), WORKERS(MIXED, 16) }),
		  .hold = HOLD_FRAC(.1), .keep = true },
		{ .ops = OPS(SWAP_CPUSETS("cg_0", "cg_1")), .hold = HOLD_LOOP(200) }),
	.expect = { .isolation = true, UNEVEN });

KTSTR_TEST(cgroup_cpuset_add_remove,
	.desc = "of three disjoint cgroups one exists only for a while",
	.min_cpus = 4,
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_DISJOINT(0, 3), WORKERS(CPU_SPIN, 2) },
				     { "cg_1", CPUSET_DISJOINT(1, 3), WORKERS(CPU_SPIN, 2) }),
		  .hold = HOLD_FRAC(1. / 3), .keep = true },
		{ .cgroups = CGROUPS({ "cg_2", CPUSET_DISJOINT(2, 3), WORKERS(CPU_SPIN, 2) }),
		  .hold = HOLD_FRAC(1. / 3) },
		{ .hold = HOLD_FRAC(1. / 3) }),
	.expect = { .isolation = true });

KTSTR_TEST(cgroup_cpuset_change_imbalance,
	.desc = "spinners and bursty workers in halves; the bursty half is one CPU for a while",
	.topology = "1n2l4c1t", .min_cpus = 6,
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

KTSTR_TEST(cgroup_affinity_pinned,
	.desc = "all workers of a cgroup ask for the same single CPU of its cpuset, and share it",
	.min_cpus = 4,
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_DISJOINT(0, 2),
				       WORKERS(CPU_SPIN, 2, .affinity.kind = AFFINITY_SINGLE) },
				     { "cg_1", CPUSET_DISJOINT(1, 2),
				       WORKERS(CPU_SPIN, 2, .affinity.kind = AFFINITY_SINGLE) }),
		  .hold = HOLD_FULL }),
	.expect = { .isolation = true });

KTSTR_TEST(cgroup_affinity_random,
	.desc = "each worker asks for a random half of its cpuset, and keeps to it",
	.topology = "1n2l4c1t", .min_cpus = 5,
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_DISJOINT(0, 2),
				       WORKERS(CPU_SPIN, 6, .affinity.kind = AFFINITY_RANDOM) },
				     { "cg_1", CPUSET_DISJOINT(1, 2),
				       WORKERS(CPU_SPIN, 6, .affinity.kind = AFFINITY_RANDOM) }),
		  .hold = HOLD_FULL }),
	.expect = { .isolation = true });

KTSTR_TEST(cgroup_affinity_spanning,
	.desc = "workers ask for all CPUs, and still do not leave their narrower cpuset",
	.min_cpus = 4, .min_llcs = 2,
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_LLC(0),
				       WORKERS(CPU_SPIN, 4, .affinity.kind = AFFINITY_ALL) },
				     { "cg_1", CPUSET_LLC(1),
				       WORKERS(CPU_SPIN, 4, .affinity.kind = AFFINITY_ALL) }),
		  .hold = HOLD_FULL }),
	.expect = { .isolation = true, EVEN });

KTSTR_TEST(nested_cgroup_cpuset,
	.desc = "a child's cpuset is narrower than its parent's, which then shrinks below it",
	.topology = "1n2l4c1t", .min_cpus = 5,
	.backdrop = CGROUPS({ "cg_0", CPUSET_RANGE(0, .6), { } }),
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0/narrow", CPUSET_RANGE(0, .3), WORKERS(CPU_SPIN, 4) },
				     { "cg_0/whole", CPUSET_NONE, WORKERS(CPU_SPIN, 4) }),
		  .hold = HOLD_FRAC(.5), .keep = true },
		{ .ops = OPS(SET_CPUSET("cg_0", CPUSET_RANGE(.15, .6))), .hold = HOLD_FRAC(.5) }),
	.expect = { .isolation = true, UNEVEN });
