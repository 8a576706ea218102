// SPDX-License-Identifier: GPL-2.0
/*
 * Cgroups under all kinds of load, without cpusets of their own.
 *
 * The number of workers is such that a whole number of like ones falls on each of the
 * four CPUs of the default topology: shares could not be even otherwise.
 */
#include "../guest/topology_check.h"
#include "../ktstr.h"
#include "limits.h"

KTSTR_TEST(cgroup_steady,
	.desc = "two equal cgroups, two spinners per CPU: all get their share",
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(CPU_SPIN, 4) },
				     { "cg_1", CPUSET_NONE, WORKERS(CPU_SPIN, 4) }),
		  .hold = HOLD_FULL }),
	.expect = { EVEN });

KTSTR_TEST(cgroup_oversubscribed,
	.desc = "16 workers per CPU that spin and yield: nobody waits for long",
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(MIXED, 32) },
				     { "cg_1", CPUSET_NONE, WORKERS(MIXED, 32) }),
		  .hold = HOLD_FULL }),
	.expect = { CROWDED });

KTSTR_TEST(cgroup_all_loaded,
	.desc = "8 spinners per CPU in two cgroups: nobody waits for long",
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(CPU_SPIN, 16) },
				     { "cg_1", CPUSET_NONE, WORKERS(CPU_SPIN, 16) }),
		  .hold = HOLD_FULL }),
	.expect = { CROWDED });

KTSTR_TEST(host_cgroup_contention,
	.desc = "workers in the root compete with two cgroups: neither side starves the other",
	.steps = STEPS(
		{ .ops = OPS(SPAWN_ROOT_PER_CPU(CPU_SPIN, 1)),
		  .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(CPU_SPIN, 4) },
				     { "cg_1", CPUSET_NONE, WORKERS(CPU_SPIN, 4) }),
		  .hold = HOLD_FULL }),
	.expect = { UNEVEN });

KTSTR_TEST(sched_batch,
	.desc = "SCHED_BATCH spinners in two cgroups get their share",
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE,
				       WORKERS(CPU_SPIN, 4, .policy = SCHED_BATCH) },
				     { "cg_1", CPUSET_NONE,
				       WORKERS(CPU_SPIN, 4, .policy = SCHED_BATCH) }),
		  .hold = HOLD_FULL }),
	.expect = { EVEN });

KTSTR_TEST(sched_idle,
	.desc = "SCHED_IDLE spinners run where nobody else wants to, and share evenly",
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE,
				       WORKERS(CPU_SPIN, 4, .policy = SCHED_IDLE) },
				     { "cg_1", CPUSET_NONE,
				       WORKERS(CPU_SPIN, 4, .policy = SCHED_IDLE) }),
		  .hold = HOLD_FULL }),
	.expect = { EVEN });

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
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(CPU_SPIN, 8) },
				     { "cg_1", CPUSET_NONE,
				       WORKERS(BURSTY, 4, .burst_ms = 50, .sleep_ms = 100) }),
		  .hold = HOLD_FULL }),
	/* Which spinner a burst disturbs is a matter of where it wakes up. */
	.expect = { UNEVEN });

KTSTR_TEST(cgroup_load_imbalance,
	.desc = "16 spinners against one worker that yields all the time: it is not starved",
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(CPU_SPIN, 16) },
				     { "cg_1", CPUSET_NONE, WORKERS(YIELD_HEAVY, 1) }),
		  .hold = HOLD_FULL }),
	/*
	 * The one worker has the weight of the 16 together, all of it on one CPU: a spinner
	 * that shares it gets next to nothing, and rightly so.
	 */
	.expect = { .max_spread_pct = 100, .max_gap_ms = 1500 });

KTSTR_TEST(cgroup_add_midrun,
	.desc = "a cgroup that appears in the middle gets CPU time, the others keep theirs",
	.min_cpus = 4,
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(CPU_SPIN, 4) },
				     { "cg_1", CPUSET_NONE, WORKERS(CPU_SPIN, 4) }),
		  .hold = HOLD_FRAC(.5), .keep = true },
		{ .cgroups = CGROUPS({ "cg_2", CPUSET_NONE, WORKERS(CPU_SPIN, 4) }),
		  .hold = HOLD_FRAC(.5) }),
	.expect = { UNEVEN });

KTSTR_TEST(cgroup_remove_midrun,
	.desc = "two of four cgroups go away under load, the others take over their CPUs",
	.min_cpus = 3,
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(CPU_SPIN, 4) },
				     { "cg_1", CPUSET_NONE, WORKERS(CPU_SPIN, 4) },
				     { "cg_2", CPUSET_NONE, WORKERS(CPU_SPIN, 4) },
				     { "cg_3", CPUSET_NONE, WORKERS(CPU_SPIN, 4) }),
		  .hold = HOLD_FRAC(.5), .keep = true },
		{ .ops = OPS(REMOVE_CGROUP("cg_2"), REMOVE_CGROUP("cg_3")),
		  .hold = HOLD_FRAC(.5) }),
	.expect = { UNEVEN });

KTSTR_TEST(cgroup_rapid_churn,
	.desc = "cgroups with workers come and go every 100 ms beside a steady load",
	.backdrop = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(CPU_SPIN, 4) },
			    { "cg_1", CPUSET_NONE, WORKERS(CPU_SPIN, 4) }),
	.steps = STEPS(
		{ .ops = OPS(ADD_CGROUP("ephemeral"), SPAWN("ephemeral", CPU_SPIN, 2)),
		  .hold = HOLD_FIXED(100), .keep = true },
		{ .ops = OPS(REMOVE_CGROUP("ephemeral"), ADD_CGROUP("ephemeral"),
			     SPAWN("ephemeral", CPU_SPIN, 2)),
		  .hold = HOLD_LOOP(100), .keep = true }),
	.expect = { UNEVEN });

KTSTR_TEST(nested_cgroup_steady,
	.desc = "workers in the leaves of a deeper tree of cgroups all get to run",
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0/sub_a", CPUSET_NONE, WORKERS(CPU_SPIN, 4) },
				     { "cg_0/sub_b", CPUSET_NONE, WORKERS(CPU_SPIN, 4) },
				     { "cg_1/sub_b", CPUSET_NONE, WORKERS(CPU_SPIN, 4) },
				     { "cg_1/sub_a/deep", CPUSET_NONE, WORKERS(CPU_SPIN, 4) }),
		  .hold = HOLD_FULL }),
	.expect = { CROWDED });

KTSTR_TEST(nested_cgroup_task_move,
	.desc = "running workers move down and up a tree of cgroups, and go on running",
	.steps = STEPS(
		{ .ops = OPS(ADD_CGROUP("cg_1/sub")),
		  .cgroups = CGROUPS({ "cg_0/sub", CPUSET_NONE, WORKERS(CPU_SPIN, 4) }),
		  .hold = HOLD_FRAC(.25), .keep = true },
		{ .ops = OPS(MOVE_TASKS("cg_0/sub", "cg_0")), .hold = HOLD_FRAC(.25) },
		{ .ops = OPS(MOVE_TASKS("cg_0", "cg_1/sub")), .hold = HOLD_FRAC(.25) },
		{ .ops = OPS(MOVE_TASKS("cg_1/sub", "cg_1")), .hold = HOLD_FRAC(.25) }),
	.expect = { UNEVEN });

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
	.expect = { .isolation = true });

KTSTR_TEST(topology_matches,
	.desc = "CPUs, thread siblings, last-level caches and nodes in sysfs are those asked for",
	.body = topology_check);
