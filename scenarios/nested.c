// SPDX-License-Identifier: GPL-2.0
/*
 * Trees of cgroups: workers in the leaves, tasks and leaves that move and go.
 */
#include "../ktstr.h"
#include "flags.h"
#include "limits.h"

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

KTSTR_TEST(nested_cgroup_rapid_churn,
	.desc = "leaves with a worker, some deeper, come and go every 50 ms beside a steady load",
	.backdrop = CGROUPS({ "cg_0/steady", CPUSET_NONE, WORKERS(CPU_SPIN, 4) },
			    { "cg_1", CPUSET_NONE, WORKERS(CPU_SPIN, 4) },
			    { "cg_0/churn", CPUSET_NONE, { } }),
	.steps = STEPS(
		{ .ops = OPS(REMOVE_CGROUP("cg_0/churn"),
			     ADD_CGROUP("cg_0/churn/a"), SPAWN("cg_0/churn/a", CPU_SPIN, 1),
			     ADD_CGROUP("cg_0/churn/b"), SPAWN("cg_0/churn/b", CPU_SPIN, 1),
			     ADD_CGROUP("cg_0/churn/c/deep"),
			     SPAWN("cg_0/churn/c/deep", CPU_SPIN, 1)),
		  .hold = HOLD_LOOP(50), .keep = true }),
	.expect = { UNEVEN });

KTSTR_TEST(nested_cgroup_imbalance,
	.desc = "many spinners in one leaf, two bursty workers in another: those are woken in time",
	.flags = FLAGS(&borrow),
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0/sub_a", CPUSET_NONE, WORKERS(CPU_SPIN, 8) },
				     { "cg_1/sub_b", CPUSET_NONE,
				       WORKERS(BURSTY, 2, .burst_ms = 50, .sleep_ms = 100) }),
		  .hold = HOLD_FULL }),
	.expect = { UNEVEN, WOKEN });

KTSTR_TEST(nested_cgroup_no_ctrl,
	.desc = "leaves at different depths, without weights: all spinners get their share",
	.no_cpu_controller = true,
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0/sub_a/deep", CPUSET_NONE, WORKERS(CPU_SPIN, 4) },
				     { "cg_1/sub_b", CPUSET_NONE, WORKERS(CPU_SPIN, 4) }),
		  .hold = HOLD_FULL }),
	.expect = { EVEN });
