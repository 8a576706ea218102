// SPDX-License-Identifier: GPL-2.0
/*
 * Other policies than that of everybody, and workers of which some are above the others.
 */
#include "../ktstr.h"
#include "limits.h"

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

#define RT_BURSTS(_policy)	\
	W(BURSTY, 1, .burst_ms = 500, .sleep_ms = 250, .policy = (_policy), .prio = 1)

/*
 * Spinners want each CPU, or there would be an idle one to wake up on. They never sleep, so
 * that only those of the higher class have wake-ups. These may come upon the 50 ms of each
 * second that the kernel keeps for the others (dl_server), but must not wait for the other
 * one's burst to end.
 */
KTSTR_TEST(sched_fifo,
	.desc = "a SCHED_FIFO worker in each cgroup runs as soon as it wakes, others in between",
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE,
				       WORKER_LIST(RT_BURSTS(SCHED_FIFO), W(CPU_SPIN, 4)) },
				     { "cg_1", CPUSET_NONE,
				       WORKER_LIST(RT_BURSTS(SCHED_FIFO), W(CPU_SPIN, 4)) }),
		  .hold = HOLD_FULL }),
	.expect = { UNEVEN, WOKEN });

KTSTR_TEST(sched_rr,
	.desc = "a SCHED_RR worker in each cgroup runs as soon as it wakes, others in between",
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE,
				       WORKER_LIST(RT_BURSTS(SCHED_RR), W(CPU_SPIN, 4)) },
				     { "cg_1", CPUSET_NONE,
				       WORKER_LIST(RT_BURSTS(SCHED_RR), W(CPU_SPIN, 4)) }),
		  .hold = HOLD_FULL }),
	.expect = { UNEVEN, WOKEN });

/* Two of each want more than eight CPUs, and the idle ones would rightly get next to nothing. */
#define FOUR_POLICIES								\
	WORKER_LIST(W(CPU_SPIN, 1), W(CPU_SPIN, 1, .policy = SCHED_BATCH),	\
		    W(CPU_SPIN, 2, .policy = SCHED_IDLE), RT_BURSTS(SCHED_FIFO))

KTSTR_TEST(sched_mixed,
	.desc = "four policies in each cgroup, no more spinners than CPUs: none starves",
	.topology = "1n2l4c1t", .min_cpus = 8,
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, FOUR_POLICIES },
				     { "cg_1", CPUSET_NONE, FOUR_POLICIES }),
		  .hold = HOLD_FULL }),
	.expect = { LOPSIDED });

KTSTR_TEST(nice_sweep,
	.desc = "workers change their nice value all the time: none waits for long",
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(NICE_SWEEP, 4) },
				     { "cg_1", CPUSET_NONE, WORKERS(NICE_SWEEP, 4) }),
		  .hold = HOLD_FULL }),
	.expect = { .max_gap_ms = 1500 });

KTSTR_TEST(policy_churn,
	.desc = "workers change their policy all the time, real-time ones among them: none is lost",
	.steps = STEPS(
		/* As many as CPUs: one that is SCHED_IDLE may wait while others want its CPU. */
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(POLICY_CHURN, 2) },
				     { "cg_1", CPUSET_NONE, WORKERS(POLICY_CHURN, 2) }),
		  .hold = HOLD_FULL }),
	.expect = { .max_gap_ms = 1500 });

KTSTR_TEST(sched_deadline,
	.desc = "workers with deadlines wake up in time, though a spinner wants each CPU",
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE,
				       WORKERS(TIMER_LATENCY, 4, .policy = SCHED_DEADLINE,
					       .sleep_us = 10000, .dl = { 10000, 50000, 50000 }) },
				     { "cg_1", CPUSET_NONE, FULL_LOAD(CPU_SPIN) }),
		  .hold = HOLD_FULL }),
	/* The engine alone makes one in a hundred late by 50 ms; four deadlines are no chance. */
	.expect = { UNEVEN, .max_p99_wake_latency_us = 200000, .min_iteration_rate = 10 });

KTSTR_TEST(sched_ext_policy,
	.desc = "SCHED_EXT spinners get their share beside others, with a scheduler or without",
	.needs_scx = true,
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE,
				       WORKERS(CPU_SPIN, 4, .policy = SCHED_EXT) },
				     { "cg_1", CPUSET_NONE, WORKERS(CPU_SPIN, 4) }),
		  .hold = HOLD_FULL }),
	.expect = { EVEN });

KTSTR_TEST(priority_inversion,
	.desc = "one that waits for a lock lends its priority: who has it is not kept from running",
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE,
				       WORKERS(PRIORITY_INVERSION, 3,
					       .affinity.kind = AFFINITY_SINGLE) }),
		  .hold = HOLD_FULL }),
	/* The one in the middle has the CPU for 50 ms at a time: without the loan one waits. */
	.expect = { .max_p99_wake_latency_us = 20000, .max_gap_ms = 1000 });

KTSTR_TEST(rt_starvation,
	.desc = "spinners below a real-time one run whenever it sleeps, each time",
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE,
				       WORKERS(RT_STARVATION, 2,
					       .affinity.kind = AFFINITY_SINGLE) }),
		  .hold = HOLD_FULL }),
	/* It sleeps for 20 ms of 220. */
	.expect = { .max_gap_ms = 700, .max_p99_wake_latency_us = 20000 });
