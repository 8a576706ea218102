// SPDX-License-Identifier: GPL-2.0
/*
 * Cgroups under all kinds of load, without cpusets of their own.
 *
 * The number of workers is such that a whole number of like ones falls on each of the
 * four CPUs of the default topology: shares could not be even otherwise.
 */
#include "../guest/topology_check.h"
#include "../ktstr.h"
#include "flags.h"
#include "limits.h"

KTSTR_TEST(cgroup_steady,
	.desc = "two equal cgroups, two spinners per CPU: all get their share",
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(CPU_SPIN, 4) },
				     { "cg_1", CPUSET_NONE, WORKERS(CPU_SPIN, 4) }),
		  .hold = HOLD_FULL }),
	.expect = { EVEN });

KTSTR_TEST(cgroup_oversubscribed,
	.desc = "64 workers that spin and yield, in two cgroups: nobody waits for long",
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(MIXED, 32) },
				     { "cg_1", CPUSET_NONE, WORKERS(MIXED, 32) }),
		  .hold = HOLD_FULL }),
	.expect = { CROWDED });

KTSTR_TEST(cgroup_all_loaded,
	.desc = "16 spinners in each of two cgroups: nobody waits for long",
	.flags = FLAGS(&borrow),
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(CPU_SPIN, 16) },
				     { "cg_1", CPUSET_NONE, WORKERS(CPU_SPIN, 16) }),
		  .hold = HOLD_FULL }),
	.expect = { CROWDED });

KTSTR_TEST(host_cgroup_contention,
	.desc = "workers in the root compete with two cgroups: neither side starves the other",
	.steps = STEPS(
		/* One for each CPU: the last one is not usable. */
		{ .ops = OPS(SPAWN_ROOT_PER_CPU(CPU_SPIN, 1), SPAWN_ROOT(CPU_SPIN, 1)),
		  .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(CPU_SPIN, 4) },
				     { "cg_1", CPUSET_NONE, WORKERS(CPU_SPIN, 4) }),
		  .hold = HOLD_FULL }),
	.expect = { UNEVEN });

KTSTR_TEST(cgroup_pipe_io,
	.desc = "pairs that talk over pipes make progress beside spinners",
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE,
				       WORKER_LIST(W(PIPE_IO, 2), W(CPU_SPIN, 2)) },
				     { "cg_1", CPUSET_NONE,
				       WORKER_LIST(W(PIPE_IO, 2), W(CPU_SPIN, 2)) }),
		  .hold = HOLD_FULL }),
	.expect = { UNEVEN });

KTSTR_TEST(cgroup_futex_ping_pong,
	.desc = "pairs that hand a turn over by futex make progress beside spinners",
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE,
				       WORKER_LIST(W(FUTEX_PING_PONG, 4), W(CPU_SPIN, 4)) },
				     { "cg_1", CPUSET_NONE, WORKERS(FUTEX_PING_PONG, 4) }),
		  .hold = HOLD_FULL }),
	.expect = { UNEVEN });

KTSTR_TEST(cgroup_bursty_imbalance,
	.desc = "8 spinners against 4 bursty workers: those that sleep get the CPU when they wake",
	.flags = FLAGS(&borrow),
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(CPU_SPIN, 8) },
				     { "cg_1", CPUSET_NONE,
				       WORKERS(BURSTY, 4, .burst_ms = 50, .sleep_ms = 100) }),
		  .hold = HOLD_FULL }),
	/* Which spinner a burst disturbs is a matter of where it wakes up. */
	.expect = { UNEVEN });

KTSTR_TEST(cgroup_load_imbalance,
	.desc = "16 spinners against one worker that yields all the time: it is not starved",
	.flags = FLAGS(&rebal),
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(CPU_SPIN, 16) },
				     { "cg_1", CPUSET_NONE, WORKERS(YIELD_HEAVY, 1) }),
		  .hold = HOLD_FULL }),
	.expect = { LOPSIDED });

KTSTR_TEST(cgroup_idle_overloaded,
	.desc = "16 spinners beside a cgroup with only one: nobody waits for long",
	.flags = FLAGS(&borrow),
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(CPU_SPIN, 16) },
				     { "cg_1", CPUSET_NONE, WORKERS(CPU_SPIN, 1) }),
		  .hold = HOLD_FULL }),
	.expect = { LOPSIDED });

KTSTR_TEST(cgroup_llc_overflow,
	.desc = "more spinners in one cgroup than a cache has CPUs: they use those of all caches",
	.min_llcs = 2,
	.flags = FLAGS(&llc, &steal),
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(CPU_SPIN, 8) }),
		  .hold = HOLD_FULL }),
	.expect = { EVEN });

KTSTR_TEST(topology_matches,
	.desc = "CPUs, thread siblings, last-level caches and nodes in sysfs are those asked for",
	.body = topology_check);
