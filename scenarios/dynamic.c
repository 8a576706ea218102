// SPDX-License-Identifier: GPL-2.0
/*
 * Cgroups and workers that come and go, and load that moves from one to another.
 */
#include "../ktstr.h"
#include "flags.h"
#include "limits.h"

KTSTR_TEST(cgroup_add_midrun,
	.desc = "a cgroup that appears in the middle gets CPU time, the others keep theirs",
	.min_cpus = 4,
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(CPU_SPIN, 4) },
				     { "cg_1", CPUSET_NONE, WORKERS(CPU_SPIN, 4) }),
		  .hold = HOLD_FRAC(.5), .keep = true },
		{ .cgroups = CGROUPS({ "cg_2", CPUSET_NONE,
				       WORKERS(CPU_SPIN, 4, .max_gap_ms = 700) }),
		  .hold = HOLD_FRAC(.5) }),
	.expect = { UNEVEN });

KTSTR_TEST(cgroup_remove_midrun,
	.desc = "two of four cgroups go away under load, the others take over their CPUs",
	.min_cpus = 3,
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(CPU_SPIN, 4) },
				     { "cg_1", CPUSET_NONE, WORKERS(CPU_SPIN, 4) },
				     { "cg_2", CPUSET_NONE,
				       WORKERS(CPU_SPIN, 4, .max_gap_ms = 700) },
				     { "cg_3", CPUSET_NONE,
				       WORKERS(CPU_SPIN, 4, .max_gap_ms = 700) }),
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

KTSTR_TEST(cgroup_add_during_imbalance,
	.desc = "spinners appear beside many others and two bursty workers: they get their share",
	.min_cpus = 4,
	.flags = FLAGS(&borrow),
	.backdrop = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(CPU_SPIN, 8) },
			    { "cg_1", CPUSET_NONE,
			      WORKERS(BURSTY, 2, .burst_ms = 50, .sleep_ms = 100) }),
	.steps = STEPS(
		{ .hold = HOLD_FRAC(.5) },
		{ .cgroups = CGROUPS({ "cg_2", CPUSET_NONE,
				       WORKERS(CPU_SPIN, 4, .max_gap_ms = 800) }),
		  .hold = HOLD_FRAC(.5) }),
	.expect = { UNEVEN });

KTSTR_TEST(cgroup_add_load_imbalance,
	.desc = "16 spinners appear beside two that spin and yield: all of them get to run",
	.min_cpus = 4,
	.flags = FLAGS(&rebal),
	.backdrop = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(MIXED, 1) },
			    { "cg_1", CPUSET_NONE, WORKERS(MIXED, 1) }),
	.steps = STEPS(
		{ .hold = HOLD_FRAC(.5) },
		{ .cgroups = CGROUPS({ "cg_2", CPUSET_NONE,
				       WORKERS(CPU_SPIN, 16, .max_gap_ms = 900) }),
		  .hold = HOLD_FRAC(.5) }),
	.expect = { LOPSIDED });

KTSTR_TEST(cgroup_bursty_load_shift,
	.desc = "12 workers that pause for 50 ms now and then leave their CPUs to 4 spinners",
	.flags = FLAGS(&rebal),
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE,
				       WORKERS(BURSTY, 12, .burst_ms = 200, .sleep_ms = 50) },
				     { "cg_1", CPUSET_NONE, WORKERS(CPU_SPIN, 4) }),
		  .hold = HOLD_FULL }),
	.expect = { UNEVEN });

KTSTR_TEST(cgroup_attach_storm,
	.desc = "workers change their cgroup all the time beside a steady load: nobody is lost",
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "storm", CPUSET_NONE, WORKERS(CGROUP_ATTACH_STORM, 4) },
				     { "steady", CPUSET_NONE, WORKERS(CPU_SPIN, 4) }),
		  .hold = HOLD_FULL }),
	.expect = { UNEVEN, .min_iteration_rate = 2 });

KTSTR_TEST(cgroup_churn,
	.desc = "workers make cgroups, run in them and remove them beside a steady load",
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "churn", CPUSET_NONE, WORKERS(CGROUP_CHURN, 4) },
				     { "steady", CPUSET_NONE, WORKERS(CPU_SPIN, 4) }),
		  .hold = HOLD_FULL }),
	.expect = { UNEVEN });
