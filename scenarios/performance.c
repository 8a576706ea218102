// SPDX-License-Identifier: GPL-2.0
/*
 * Work that suffers when it is put in the wrong place or woken late, beside a load that
 * takes every CPU it can get.
 */
#include "../ktstr.h"
#include "flags.h"
#include "limits.h"

KTSTR_TEST(cache_pressure_imbalance,
	.desc = "workers that walk through their caches keep an even pace beside a full load",
	.flags = FLAGS(&borrow),
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(CACHE_PRESSURE, 4) },
				     { "cg_1", CPUSET_NONE, FULL_LOAD(CPU_SPIN) }),
		  .hold = HOLD_FULL }),
	.expect = { UNEVEN, .max_throughput_cv = 1 });

KTSTR_TEST(cache_yield_wake_affine,
	.desc = "workers that walk and yield, in a cgroup for each cache, keep an even pace",
	.min_llcs = 2,
	.flags = FLAGS(&llc),
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_LLC(0), WORKERS(CACHE_YIELD, 4) },
				     { "cg_1", CPUSET_LLC(1), WORKERS(CACHE_YIELD, 4) }),
		  .hold = HOLD_FULL }),
	.expect = { .isolation = true, EVEN, .max_throughput_cv = 1 });

KTSTR_TEST(cache_pipe_io_compute_imbalance,
	.desc = "pairs that walk and talk over pipes are woken in time beside a full load",
	.flags = FLAGS(&borrow),
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(CACHE_PIPE, 4) },
				     { "cg_1", CPUSET_NONE, FULL_LOAD(CPU_SPIN) }),
		  .hold = HOLD_FULL }),
	.expect = { UNEVEN, WOKEN, .max_wake_latency_cv = 15 });

KTSTR_TEST(fan_out_wake,
	.desc = "two wake four others each, over and over: those run soon in spite of a full load",
	.flags = FLAGS(&borrow),
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(FUTEX_FAN_OUT, 10) },
				     { "cg_1", CPUSET_NONE,
				       FULL_LOAD(CPU_SPIN, .max_gap_ms = EXPECT_GAP_OFF) }),
		  .hold = HOLD_FULL }),
	/*
	 * The fair scheduler of 6.18 lets a spinner wait for 3.5 s of 6 s, that of 7.3 for less
	 * than 0.1 s. Who never runs at all is found, here as elsewhere.
	 */
	.expect = { UNEVEN, WOKEN, .max_wake_latency_cv = 10 });

KTSTR_TEST(fan_out_compute,
	.desc = "four are woken, sleep and multiply matrices: all get to run beside a full load",
	.flags = FLAGS(&borrow),
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(FAN_OUT_COMPUTE, 5) },
				     { "cg_1", CPUSET_NONE, FULL_LOAD(CPU_SPIN) }),
		  .hold = HOLD_FULL }),
	.expect = { UNEVEN, WOKEN, .max_wake_latency_cv = 10 });
