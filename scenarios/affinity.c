// SPDX-License-Identifier: GPL-2.0
/*
 * Workers that may run on some CPUs only, by their own affinity, in cgroups with and without
 * cpusets.
 *
 * Everywhere here no worker may ever run where it did not ask to, if its cpuset has such CPUs.
 */
#include "../ktstr.h"
#include "flags.h"
#include "limits.h"

KTSTR_TEST(cgroup_affinity_inherit,
	.desc = "workers that ask for no CPUs in particular spread over all of them",
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(MIXED, 4) },
				     { "cg_1", CPUSET_NONE, WORKERS(MIXED, 4) }),
		  .hold = HOLD_FULL }),
	.expect = { .isolation = true, EVEN });

KTSTR_TEST(cgroup_affinity_random,
	.desc = "each worker asks for a random half of its cpuset, and keeps to it",
	.topology = "1n2l4c1t", .min_cpus = 5,
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_DISJOINT(0, 2),
				       WORKERS(CPU_SPIN, 6, .affinity.kind = AFFINITY_RANDOM) },
				     { "cg_1", CPUSET_DISJOINT(1, 2),
				       WORKERS(CPU_SPIN, 6, .affinity.kind = AFFINITY_RANDOM) }),
		  .hold = HOLD_FULL }),
	.expect = { .isolation = true, .max_gap_ms = 1000 });

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

KTSTR_TEST(cgroup_affinity_pinned,
	.desc = "all workers of a cgroup ask for the same single CPU of its cpuset, and share it",
	.min_cpus = 4,
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_DISJOINT(0, 2),
				       WORKERS(CPU_SPIN, 2, .affinity.kind = AFFINITY_SINGLE) },
				     { "cg_1", CPUSET_DISJOINT(1, 2),
				       WORKERS(CPU_SPIN, 2, .affinity.kind = AFFINITY_SINGLE) }),
		  .hold = HOLD_FULL }),
	.expect = { .isolation = true, .max_gap_ms = 1000 });

KTSTR_TEST(cgroup_affinity_change,
	.desc = "affinities change at random four times under load, and are kept to",
	.backdrop = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(CPU_SPIN, 4) },
			    { "cg_1", CPUSET_NONE, WORKERS(CPU_SPIN, 4) }),
	.steps = STEPS(
		{ .hold = HOLD_FRAC(.2) },
		{ .ops = OPS(SET_AFFINITY("cg_0", RANDOM), SET_AFFINITY("cg_1", RANDOM)),
		  .hold = HOLD_FRAC(.2) },
		{ .ops = OPS(SET_AFFINITY("cg_0", RANDOM), SET_AFFINITY("cg_1", RANDOM)),
		  .hold = HOLD_FRAC(.2) },
		{ .ops = OPS(SET_AFFINITY("cg_0", RANDOM), SET_AFFINITY("cg_1", RANDOM)),
		  .hold = HOLD_FRAC(.2) },
		{ .ops = OPS(SET_AFFINITY("cg_0", RANDOM), SET_AFFINITY("cg_1", RANDOM)),
		  .hold = HOLD_FRAC(.2) }),
	.expect = { .isolation = true, .max_gap_ms = 1000 });

KTSTR_TEST(cgroup_multicpu_pin,
	.desc = "all workers of two cgroups are put on the same two CPUs while they run",
	.min_cpus = 3,
	.flags = FLAGS(&reject_pin),
	.backdrop = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(CPU_SPIN, 4) },
			    { "cg_1", CPUSET_NONE, WORKERS(CPU_SPIN, 4) }),
	.steps = STEPS(
		{ .hold = HOLD_FRAC(.25) },
		{ .ops = OPS(SET_AFFINITY("cg_0", FIRST, .nr = 2),
			     SET_AFFINITY("cg_1", FIRST, .nr = 2)),
		  .hold = HOLD_FRAC(.75) }),
	.expect = { .isolation = true, UNEVEN });

KTSTR_TEST(cgroup_cpuset_multicpu_pin,
	.desc = "workers are put on two CPUs of their cpuset while they run, and stay on those",
	.topology = "1n2l4c1t", .min_cpus = 7,
	.flags = FLAGS(&reject_pin),
	.backdrop = CGROUPS({ "cg_0", CPUSET_DISJOINT(0, 2), WORKERS(CPU_SPIN, 4) },
			    { "cg_1", CPUSET_DISJOINT(1, 2), WORKERS(CPU_SPIN, 4) }),
	.steps = STEPS(
		{ .hold = HOLD_FRAC(.25) },
		{ .ops = OPS(SET_AFFINITY("cg_0", FIRST, .nr = 2),
			     SET_AFFINITY("cg_1", FIRST, .nr = 2)),
		  .hold = HOLD_FRAC(.75) }),
	.expect = { .isolation = true, UNEVEN });

KTSTR_TEST(cgroup_cpuset_llc_affinity,
	.desc = "workers ask for the cache that their cpuset is, and share it evenly",
	.min_cpus = 4, .min_llcs = 2,
	.flags = FLAGS(&llc),
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_LLC(0),
				       WORKERS(CPU_SPIN, 4, .affinity.kind = AFFINITY_LLC) },
				     { "cg_1", CPUSET_LLC(1),
				       WORKERS(CPU_SPIN, 4, .affinity.kind = AFFINITY_LLC) }),
		  .hold = HOLD_FULL }),
	.expect = { .isolation = true, EVEN });

KTSTR_TEST(affinity_churn,
	.desc = "workers ask for another CPU all the time: none waits for long",
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(AFFINITY_CHURN, 4) },
				     { "cg_1", CPUSET_NONE, WORKERS(AFFINITY_CHURN, 4) }),
		  .hold = HOLD_FULL }),
	.expect = { .isolation = true, .max_gap_ms = 1000 });
