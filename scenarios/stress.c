// SPDX-License-Identifier: GPL-2.0
/*
 * Many cgroups, many workers, and work that is hard on one part of the scheduler.
 */
#include "../guest/work/work.h"
#include "../ktstr.h"
#include "limits.h"

KTSTR_TEST(cgroup_per_cpu,
	.desc = "a cgroup with a spinner for each CPU: each has it for itself, and stays there",
	.topology = "1n2l4c1t",
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg", CPUSET_EACH_CPU,
				       WORKERS(CPU_SPIN, 1) }),
		  .hold = HOLD_FULL }),
	.expect = { .isolation = true, .max_gap_ms = 1000, .max_migration_ratio = .0001 });

KTSTR_TEST(cgroup_exhaust_reuse,
	.desc = "many cgroups are made, half are removed, new ones with workers take their place",
	.topology = "1n2l4c1t",
	.backdrop = CGROUPS({ "a", CPUSET_EACH_CPU, { } }, { "b", CPUSET_EACH_CPU, { } }),
	.steps = STEPS(
		{ .hold = HOLD_FRAC(.25) },
		{ .ops = OPS(REMOVE_CGROUP("a")), .hold = HOLD_FRAC(.25) },
		{ .cgroups = CGROUPS({ "c", CPUSET_EACH_CPU, WORKERS(CPU_SPIN, 1) }),
		  .hold = HOLD_FRAC(.5) }),
	.expect = { .isolation = true, .max_gap_ms = 900 });

KTSTR_TEST(cgroup_dsq_contention,
	.desc = "workers that may run on one CPU only are not lost among many that run anywhere",
	.topology = "1n2l4c1t", .min_cpus = 4,
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_RANGE(0, 1), WORKER_LIST(
				W_PER_CPU(BURSTY, 3, .burst_ms = 10, .sleep_ms = 5),
				W_PER_CPU(BURSTY, 1, .burst_ms = 10, .sleep_ms = 5,
					  .affinity.kind = AFFINITY_EACH, .max_gap_ms = 800)) }),
		  .hold = HOLD_FULL }),
	.expect = { .isolation = true, UNEVEN });

/*
 * After half a second a real-time worker on each CPU that the others may use keeps them from
 * running for 0.9 s, whichever scheduler is there. These sleep before, since a worker that
 * has yet to ask for its policy can be kept from it by one that has it.
 */
#define STALLED_BY_BURST							\
	.min_cpus = 3, .duration_ms = 4000,					\
	.steps = STEPS(								\
		{ .cgroups = CGROUPS(						\
			{ "cg_0", CPUSET_RANGE(0, 1), WORKERS(CPU_SPIN, 16) },	\
			{ "burst", CPUSET_RANGE(0, 1),				\
			  WORKERS_PER_CPU(SEQUENCE, 1,				\
				  .policy = SCHED_FIFO, .prio = 1,		\
				  .affinity.kind = AFFINITY_EACH,		\
				  .phases = PHASES({ PHASE_SLEEP, 500 }, { PHASE_SPIN, 900 }, \
						   { PHASE_SLEEP, 60000 })) }),	\
		  .hold = HOLD_FULL })

KTSTR_TEST(stall_detect,
	.desc = "workers that nobody lets run for 0.9 s are found: fails, as it must",
	STALLED_BY_BURST,
	/* Limits grow by what the host steals. */
	.expect = { .max_spread_pct = 100, .max_gap_ms = 500 },
	.expect_fail = { .cause = CAUSE_STUCK, .text = "limit 500 ms" });

KTSTR_TEST(stall_recovery,
	.desc = "workers that nobody let run for 0.9 s all go on when that is over",
	STALLED_BY_BURST,
	/* Who is forgotten waits for another 2.6 s. */
	.expect = { .isolation = true, .max_spread_pct = 100, .max_gap_ms = 2200 });

KTSTR_TEST(fork_exit_churn,
	.desc = "workers fork, and each child runs at once and ends: none waits for long",
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(FORK_EXIT, 4) },
				     { "cg_1", CPUSET_NONE, WORKERS(FORK_EXIT, 4) }),
		  .hold = HOLD_FULL }),
	.expect = { .max_gap_ms = 1000, WOKEN });

KTSTR_TEST(page_fault_churn,
	.desc = "workers touch new memory all the time: they get their share",
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(PAGE_FAULT_CHURN, 4) },
				     { "cg_1", CPUSET_NONE, WORKERS(PAGE_FAULT_CHURN, 4) }),
		  .hold = HOLD_FULL }),
	.expect = { UNEVEN });

KTSTR_TEST(mutex_contention_light,
	.desc = "groups with a lock that is rarely taken: each gets it, and is woken in time",
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE,
				       WORKERS(MUTEX_CONTENTION, 4, .hold = 64) },
				     { "cg_1", CPUSET_NONE,
				       WORKERS(MUTEX_CONTENTION, 4, .hold = 64) }),
		  .hold = HOLD_FULL }),
	.expect = { .max_gap_ms = 1500, WOKEN_LATE, .min_iteration_rate = 5 });

KTSTR_TEST(mutex_contention_heavy,
	.desc = "groups with a lock that somebody nearly always has: who is woken for it runs soon",
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE,
				       WORKERS(MUTEX_CONTENTION, 8, .hold = 1024, .spin = 256) },
				     { "cg_1", CPUSET_NONE,
				       WORKERS(MUTEX_CONTENTION, 8, .hold = 1024, .spin = 256) }),
		  .hold = HOLD_FULL }),
		/* Who gets it is a matter of chance; that those who are woken run is not. */
	.expect = { .max_gap_ms = 1500, WOKEN_LATE });

KTSTR_TEST(io_convoy,
	.desc = "three wait for one that does I/O with the lock held: each has its turn under load",
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(IO_CONVOY, 8) },
				     { "cg_1", CPUSET_NONE, FULL_LOAD(CPU_SPIN) }),
		  .hold = HOLD_FULL }),
	.expect = { UNEVEN, WOKEN, .min_iteration_rate = 1 });

KTSTR_TEST(thundering_herd,
	.desc = "seven are woken at once, over and over, under load: all of them run soon",
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(THUNDERING_HERD, 16) },
				     { "cg_1", CPUSET_NONE, FULL_LOAD(CPU_SPIN) }),
		  .hold = HOLD_FULL }),
	.expect = { UNEVEN, WOKEN });

KTSTR_TEST(wake_chain,
	.desc = "each wakes the next one, in rings, under load: no link of a chain waits for long",
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(WAKE_CHAIN, 8) },
				     { "cg_1", CPUSET_NONE, FULL_LOAD(CPU_SPIN) }),
		  .hold = HOLD_FULL }),
	.expect = { UNEVEN, WOKEN });

KTSTR_TEST(timer_latency,
	.desc = "workers with timers run when these expire, though a spinner wants each CPU",
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(TIMER_LATENCY, 4) },
				     { "cg_1", CPUSET_NONE, FULL_LOAD(CPU_SPIN) }),
		  .hold = HOLD_FULL }),
	.expect = { UNEVEN, WOKEN, .min_iteration_rate = 5 });

KTSTR_TEST(sequence_phases,
	.desc = "workers that spin, sleep, yield and do I/O by turns, under load: none starves",
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE,
				       WORKERS(SEQUENCE, 4,
					       .phases = PHASES({ PHASE_SPIN, 20 },
								{ PHASE_SLEEP, 20 },
								{ PHASE_YIELD, 20 },
								{ PHASE_IO, 20 })) },
				     { "cg_1", CPUSET_NONE, FULL_LOAD(CPU_SPIN) }),
		  .hold = HOLD_FULL }),
	.expect = { UNEVEN, WOKEN, .min_iteration_rate = 1 });

/* Who is preempted in a fault keeps the lock; the others wait for it, and get it by turns. */
static void fault_under_lock(struct work_self *self)
{
	size_t size = self->work.size_kb * KIB;
	unsigned char *mem = work_alloc_faults(self, size);

	while (!work_stopped(self)) {
		work_unit(self);
		if (!work_lock(self))
			return;
		work_fault(self, mem, size, self->work.ops);
		work_unlock(self, true);
		work_give_back(self, mem, size);
		self->page->rep.iterations++;
	}
}

KTSTR_TEST(preempt_fault_under_load,
	.desc = "workers fault in pages with a lock held, beside spinners: the lock goes round",
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE,
				       WORKERS(CUSTOM, 4, .custom = fault_under_lock, .group = 4,
					       .spin = 256, .ops = 32, .size_kb = 256) },
				     { "cg_1", CPUSET_NONE, FULL_LOAD(CPU_SPIN) }),
		  .hold = HOLD_FULL }),
	.expect = { UNEVEN, WOKEN, .min_iteration_rate = 5 });

/* What a slow leak, a counter that wraps or an unlucky moment needs more than two seconds for. */
KTSTR_TEST(soak,
	.desc = "a minute of all kinds of work, cpusets that swap, and cgroups that come and go",
	.topology = "1n2l2c1t", .min_cpus = 4, .min_llcs = 2,
	.not_default = true,
	.duration_ms = 60000,
	.backdrop = CGROUPS({ "cg_0", CPUSET_LLC(0),
			      WORKER_LIST(W(CPU_SPIN, 3), W(BURSTY, 2), W(FORK_EXIT, 1)) },
			    { "cg_1", CPUSET_LLC(1),
			      WORKER_LIST(W(CPU_SPIN, 3), W(PIPE_IO, 2), W(TIMER_LATENCY, 1)) },
			    { "cg_2", CPUSET_NONE,
			      WORKER_LIST(W(MUTEX_CONTENTION, 4), W(NICE_SWEEP, 1)) }),
	.steps = STEPS(
		{ .ops = OPS(ADD_CGROUP("ephemeral"), SPAWN("ephemeral", CPU_SPIN, 2)),
		  .hold = HOLD_FIXED(500), .keep = true },
		{ .ops = OPS(SWAP_CPUSETS("cg_0", "cg_1"), REMOVE_CGROUP("ephemeral"),
			     ADD_CGROUP("ephemeral"), SPAWN("ephemeral", MIXED, 2)),
		  .hold = HOLD_LOOP(500), .keep = true }),
	.expect = { .isolation = true, UNEVEN, WOKEN_LATE });

KTSTR_TEST(smt_sibling_spin,
	.desc = "pairs spin on the two threads of one core, and only there: each has its share",
	.topology = "1n2l2c2t", .needs_smt = true,
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_EXACT("0-1"), WORKERS(SMT_SIBLING_SPIN, 4) },
				     { "cg_1", CPUSET_NONE, WORKERS(CPU_SPIN, 4) }),
		  .hold = HOLD_FULL }),
	.expect = { .isolation = true, UNEVEN });
