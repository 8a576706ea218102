// SPDX-License-Identifier: GPL-2.0
/*
 * What each work type does with its parameters, and what these are by default.
 */
#include <sys/ioctl.h>
#include <sys/mount.h>
#include "../guest/cgroup.h"
#include "kselftest_harness.h"
#include "work_kernel.h"

/* --- the defaults --------------------------------------------------------- */

struct type_row {
	const char *name;
	enum work_type type;
	unsigned int group;	/* who work together */
	bool lead;		/* one of them for the others */
	struct work work;	/* its parameters; another one is not for it */
};

static const struct type_row rows[] = {
	{ "CPU_SPIN", WORK_CPU_SPIN, 1, false, { .spin = 1024 } },
	{ "YIELD_HEAVY", WORK_YIELD_HEAVY, 1, false, { } },
	{ "MIXED", WORK_MIXED, 1, false, { .spin = 1024 } },
	{ "IO_SYNC", WORK_IO_SYNC, 1, false, { .sleep_us = 100 } },
	{ "BURSTY", WORK_BURSTY, 1, false, { .spin = 1024, .burst_ms = 50, .sleep_ms = 100 } },
	{ "PIPE_IO", WORK_PIPE_IO, 2, false, { .spin = 1024 } },
	{ "FUTEX_PING_PONG", WORK_FUTEX_PING_PONG, 2, false, { .spin = 1024 } },
	{ "CACHE_PRESSURE", WORK_CACHE_PRESSURE, 1, false,
	  { .spin = 1024, .size_kb = 32, .stride = 64 } },
	{ "CACHE_YIELD", WORK_CACHE_YIELD, 1, false,
	  { .spin = 1024, .size_kb = 32, .stride = 64 } },
	{ "CACHE_PIPE", WORK_CACHE_PIPE, 2, false,
	  { .spin = 1024, .size_kb = 32, .stride = 64 } },
	{ "FUTEX_FAN_OUT", WORK_FUTEX_FAN_OUT, 1 + 4, true, { .spin = 1024 } },
	{ "FAN_OUT_COMPUTE", WORK_FAN_OUT_COMPUTE, 1 + 4, true,
	  { .spin = 1024, .ops = 5, .size_kb = 256, .sleep_us = 100 } },
	{ "SEQUENCE", WORK_SEQUENCE, 1, false, { .spin = 1024 } },
	{ "FORK_EXIT", WORK_FORK_EXIT, 1, false, { } },
	{ "NICE_SWEEP", WORK_NICE_SWEEP, 1, false, { .spin = 512 } },
	{ "AFFINITY_CHURN", WORK_AFFINITY_CHURN, 1, false, { .spin = 1024 } },
	{ "POLICY_CHURN", WORK_POLICY_CHURN, 1, false, { .spin = 1024 } },
	{ "PAGE_FAULT_CHURN", WORK_PAGE_FAULT_CHURN, 1, false,
	  { .spin = 64, .ops = 256, .size_kb = 4096 } },
	{ "MUTEX_CONTENTION", WORK_MUTEX_CONTENTION, 4, false, { .spin = 1024, .hold = 256 } },
	{ "CUSTOM", WORK_CUSTOM, 1, false,
	  { .spin = 1024, .ops = 1, .hold = 1, .size_kb = 1, .stride = 1, .burst_ms = 1,
	    .sleep_ms = 1, .sleep_us = 1 } },
	{ "TIMER_LATENCY", WORK_TIMER_LATENCY, 1, false, { .spin = 64, .sleep_us = 1000 } },
	{ "WAKE_CHAIN", WORK_WAKE_CHAIN, 4, false, { .spin = 1024 } },
	{ "THUNDERING_HERD", WORK_THUNDERING_HERD, 1 + 7, true,
	  { .spin = 256, .sleep_us = 1000 } },
	{ "RT_STARVATION", WORK_RT_STARVATION, 1 + 1, true,
	  { .spin = 1024, .burst_ms = 200, .sleep_ms = 20 } },
	{ "PRIORITY_INVERSION", WORK_PRIORITY_INVERSION, 3, false,
	  { .spin = 256, .hold = 1024, .burst_ms = 50, .sleep_ms = 10 } },
	{ "CGROUP_ATTACH_STORM", WORK_CGROUP_ATTACH_STORM, 1, false, { .spin = 1024 } },
	{ "SMT_SIBLING_SPIN", WORK_SMT_SIBLING_SPIN, 2, false, { .spin = 1024 } },
	{ "IO_CONVOY", WORK_IO_CONVOY, 4, false, { .spin = 1024, .sleep_us = 100 } },
	{ "CGROUP_CHURN", WORK_CGROUP_CHURN, 1, false, { .spin = 1024 } },
	{ "NUMA_WORKING_SET_SWEEP", WORK_NUMA_WORKING_SET_SWEEP, 1, false,
	  { .spin = 1024, .size_kb = 1024, .stride = 4096 } },
};

/* All there is to compare. */
static char *text_of(const char *name, unsigned int group, bool lead, const struct work *work,
		     char buf[256])
{
	snprintf(buf, 256,
		 "%s, %u%s: spin %u, ops %u, hold %u, size %u, stride %u, burst %u, sleep %u ms %u us",
		 name, group, lead ? " with a lead" : "", work->spin, work->ops, work->hold,
		 work->size_kb, work->stride, work->burst_ms, work->sleep_ms, work->sleep_us);
	return buf;
}

TEST(defaults_of_every_type)
{
	uint64_t seen = 1ULL << WORK_NONE;
	const struct work_type_ops *ops;
	const struct type_row *row;
	char want[256], got[256];

	for (row = rows; row < rows + ARRAY_SIZE(rows); row++) {
		struct work work = { .type = row->type };

		seen |= 1ULL << row->type;
		ops = work_ops(row->type);
		ASSERT_NE(NULL, ops);
		text_of(row->name, row->group, row->lead, &row->work, want);
		/* Also what is 0 there: that parameter is refused. */
		EXPECT_STREQ(want, text_of(ops->name, work_group(&work), ops->lead, &ops->defaults,
					   got));
		work_defaults(&work);
		EXPECT_STREQ(want, text_of(ops->name, work_group(&work), ops->lead, &work, got));
	}
	EXPECT_EQ((1ULL << NR_WORK_TYPES) - 1, seen);
}

TEST(what_is_said_is_no_default)
{
	const struct work said = {
		.type = WORK_CUSTOM, .spin = 11, .ops = 12, .hold = 13, .size_kb = 14,
		.stride = 15, .burst_ms = 16, .sleep_ms = 17, .sleep_us = 18, .group = 19,
	};
	char want[256], got[256];
	struct work work = said;

	work_defaults(&work);
	EXPECT_STREQ(text_of("CUSTOM", 19, false, &said, want),
		     text_of("CUSTOM", work_group(&work), false, &work, got));
	EXPECT_EQ(19, work.group);
}

/* --- the loops ------------------------------------------------------------- */

static const struct work_phase phases[] = {
	{ PHASE_SPIN, 2 }, { PHASE_SLEEP, 4 }, { PHASE_YIELD, 8 }, { PHASE_IO, 16 }, { },
};

static const struct work_phase longer_phases[] = {
	{ PHASE_SPIN, 4 }, { PHASE_SLEEP, 8 }, { PHASE_YIELD, 16 }, { PHASE_IO, 32 }, { },
};

struct loop_case {
	const char *name;
	struct work work;
	unsigned int side;
	bool drawn;		/* there is something that is drawn by lot: steps are not counted */
	bool ticks;		/* each look at the clock takes a millisecond */
	bool pipe;
	bool cgroups;
	size_t size;		/* of the memory that it works on */
	unsigned int places;	/* there, where it has been */
	uint32_t wake_bits, wait_bits;
	int policy, prio;
	struct counts round;	/* what is in each */
};

static const struct loop_case cases[] = {
	{ "cpu_spin", W(CPU_SPIN, 1), .round = { .steps = 1024, .units = 1, .checks = 1 } },
	{ "cpu_spin_more", W(CPU_SPIN, 1, .spin = 2048),
	  .round = { .steps = 2048, .units = 1, .checks = 2 } },
	{ "yield_heavy", W(YIELD_HEAVY, 1),
	  .round = { .units = 1, .yields = 1, .checks = 1 } },
	{ "mixed", W(MIXED, 1),
	  .round = { .steps = 1024, .units = 1, .yields = 1, .checks = 2 } },
	{ "mixed_more", W(MIXED, 1, .spin = 2048),
	  .round = { .steps = 2048, .units = 1, .yields = 1, .checks = 3 } },

	{ "io_sync", W(IO_SYNC, 1),
	  .round = { .units = 1, .truncates = 1, .writes = 16, .written = 16 * 4096,
		     .sleeps = 1, .slept_us = 100, .samples = 1, .checks = 18 } },
	{ "io_sync_longer", W(IO_SYNC, 1, .sleep_us = 200),
	  .round = { .units = 1, .truncates = 1, .writes = 16, .written = 16 * 4096,
		     .sleeps = 1, .slept_us = 200, .samples = 1, .checks = 18 } },

	/* A unit is a millisecond. */
	{ "bursty", W(BURSTY, 1), .ticks = true,
	  .round = { .steps = 50 * 1024, .units = 50, .sleeps = 1, .slept_us = 100000,
		     .samples = 1, .checks = 52 } },
	{ "bursty_busier", W(BURSTY, 1, .burst_ms = 100), .ticks = true,
	  .round = { .steps = 100 * 1024, .units = 100, .sleeps = 1, .slept_us = 100000,
		     .samples = 1, .checks = 102 } },
	{ "bursty_lazier", W(BURSTY, 1, .sleep_ms = 200), .ticks = true,
	  .round = { .steps = 50 * 1024, .units = 50, .sleeps = 1, .slept_us = 200000,
		     .samples = 1, .checks = 52 } },
	{ "bursty_larger_units", W(BURSTY, 1, .spin = 2048), .ticks = true,
	  .round = { .steps = 50 * 1024, .units = 25, .sleeps = 1, .slept_us = 100000,
		     .samples = 1, .checks = 52 } },

	{ "timer_latency", W(TIMER_LATENCY, 1),
	  .round = { .steps = 64, .units = 1, .sleeps = 1, .slept_us = 1000,
		     .samples = 1, .checks = 3 } },
	{ "timer_latency_rarer", W(TIMER_LATENCY, 1, .sleep_us = 2000),
	  .round = { .steps = 64, .units = 1, .sleeps = 1, .slept_us = 2000,
		     .samples = 1, .checks = 3 } },
	{ "timer_latency_more", W(TIMER_LATENCY, 1, .spin = 128),
	  .round = { .steps = 128, .units = 1, .sleeps = 1, .slept_us = 1000,
		     .samples = 1, .checks = 3 } },

	{ "sequence", W(SEQUENCE, 1, .phases = phases), .ticks = true,
	  .round = { .steps = 2 * 1024, .units = 2 + 8 + 1, .sleeps = 1, .slept_us = 4000,
		     .yields = 8, .truncates = 1, .writes = 16, .written = 16 * 4096,
		     .samples = 1, .checks = 2 + 2 + 8 + 16 } },
	{ "sequence_longer", W(SEQUENCE, 1, .phases = longer_phases), .ticks = true,
	  .round = { .steps = 4 * 1024, .units = 4 + 16 + 2, .sleeps = 1, .slept_us = 8000,
		     .yields = 16, .truncates = 2, .writes = 32, .written = 32 * 4096,
		     .samples = 1, .checks = 4 + 2 + 16 + 32 } },

	{ "pipe_io", W(PIPE_IO, 1), .pipe = true,
	  .round = { .steps = 1024, .units = 1, .checks = 3 } },
	{ "pipe_io_more", W(PIPE_IO, 1, .spin = 2048), .pipe = true,
	  .round = { .steps = 2048, .units = 1, .checks = 4 } },

	{ "cache_pressure", W(CACHE_PRESSURE, 1), .size = 32 * KIB, .places = 512,
	  .round = { .walked = 1024, .units = 1, .checks = 1 } },
	{ "cache_pressure_more", W(CACHE_PRESSURE, 1, .spin = 2048), .size = 32 * KIB,
	  .places = 512, .round = { .walked = 2048, .units = 1, .checks = 2 } },
	{ "cache_pressure_larger", W(CACHE_PRESSURE, 1, .size_kb = 64), .size = 64 * KIB,
	  .places = 1024, .round = { .walked = 1024, .units = 1, .checks = 1 } },
	{ "cache_pressure_wider", W(CACHE_PRESSURE, 1, .stride = 128), .size = 32 * KIB,
	  .places = 256, .round = { .walked = 1024, .units = 1, .checks = 1 } },
	{ "cache_yield", W(CACHE_YIELD, 1), .size = 32 * KIB, .places = 512,
	  .round = { .walked = 1024, .units = 1, .yields = 1, .checks = 2 } },
	{ "cache_yield_other", W(CACHE_YIELD, 1, .spin = 2048, .size_kb = 64, .stride = 32),
	  .size = 64 * KIB, .places = 2048,
	  .round = { .walked = 2048, .units = 1, .yields = 1, .checks = 3 } },
	{ "cache_pipe", W(CACHE_PIPE, 1), .pipe = true, .size = 32 * KIB, .places = 512,
	  .round = { .walked = 1024, .units = 1, .checks = 3 } },
	{ "cache_pipe_other", W(CACHE_PIPE, 1, .spin = 2048, .size_kb = 64, .stride = 32),
	  .pipe = true, .size = 64 * KIB, .places = 2048,
	  .round = { .walked = 2048, .units = 1, .checks = 4 } },
	{ "numa_sweep", W(NUMA_WORKING_SET_SWEEP, 1), .size = MIB, .places = 256,
	  .round = { .walked = 1024, .units = 1, .moves = 1, .checks = 2 } },
	{ "numa_sweep_other", W(NUMA_WORKING_SET_SWEEP, 1, .spin = 2048, .size_kb = 2048,
	    .stride = 8192), .size = 2 * MIB, .places = 256,
	  .round = { .walked = 2048, .units = 1, .moves = 1, .checks = 3 } },

	{ "futex_ping_pong", W(FUTEX_PING_PONG, 1), .wake_bits = BIT(1), .wait_bits = BIT(0),
	  .round = { .steps = 1024, .units = 1, .waits = 1, .wakes = 1, .called = 1,
		     .samples = 1, .checks = 3 } },
	{ "futex_pong", W(FUTEX_PING_PONG, 1, .spin = 2048), .side = 1, .wake_bits = BIT(0),
	  .wait_bits = BIT(1),
	  .round = { .steps = 2048, .units = 1, .waits = 1, .wakes = 1, .called = 1,
		     .samples = 1, .checks = 4 } },
	{ "wake_chain", W(WAKE_CHAIN, 1), .side = 2, .wake_bits = BIT(3),
	  .wait_bits = BIT(2),
	  .round = { .steps = 1024, .units = 1, .waits = 1, .wakes = 1, .called = 1,
		     .samples = 1, .checks = 3 } },
	{ "wake_chain_end", W(WAKE_CHAIN, 1, .spin = 2048), .side = 3, .wake_bits = BIT(0),
	  .wait_bits = BIT(3),
	  .round = { .steps = 2048, .units = 1, .waits = 1, .wakes = 1, .called = 1,
		     .samples = 1, .checks = 4 } },
	{ "wake_chain_longer", W(WAKE_CHAIN, 1, .group = 8), .side = 3, .wake_bits = BIT(4),
	  .wait_bits = BIT(3),
	  .round = { .steps = 1024, .units = 1, .waits = 1, .wakes = 1, .called = 1,
		     .samples = 1, .checks = 3 } },

	{ "fan_out_lead", W(FUTEX_FAN_OUT, 1), .wake_bits = ~0U,
	  .round = { .steps = 1024 + 256, .units = 1, .wakes = 1, .called = 4, .checks = 2 } },
	{ "fan_out_lead_of_more", W(FUTEX_FAN_OUT, 1, .group = 9, .spin = 2048),
	  .wake_bits = ~0U,
	  .round = { .steps = 2048 + 256, .units = 1, .wakes = 1, .called = 8, .checks = 3 } },
	{ "fan_out", W(FUTEX_FAN_OUT, 1), .side = 4, .wait_bits = ~0U,
	  .round = { .steps = 1024, .units = 1, .waits = 1, .samples = 1, .checks = 3 } },
	{ "fan_out_more", W(FUTEX_FAN_OUT, 1, .spin = 2048), .side = 4, .wait_bits = ~0U,
	  .round = { .steps = 2048, .units = 1, .waits = 1, .samples = 1, .checks = 4 } },

	{ "herd_lead", W(THUNDERING_HERD, 1), .wake_bits = ~0U,
	  .round = { .steps = 256, .units = 1, .sleeps = 1, .slept_us = 1000, .wakes = 1,
		     .called = 7, .samples = 1, .checks = 3 } },
	{ "herd_lead_of_more", W(THUNDERING_HERD, 1, .group = 15, .spin = 512,
	    .sleep_us = 2000), .wake_bits = ~0U,
	  .round = { .steps = 512, .units = 1, .sleeps = 1, .slept_us = 2000, .wakes = 1,
		     .called = 14, .samples = 1, .checks = 3 } },
	{ "herd", W(THUNDERING_HERD, 1), .side = 1, .wait_bits = ~0U,
	  .round = { .steps = 256, .units = 1, .waits = 1, .samples = 1, .checks = 3 } },

	/* 104 x 104 numbers, three times, in 256 KiB: a checkpoint after each ten of a product. */
	{ "compute_lead", W(FAN_OUT_COMPUTE, 1), .wake_bits = ~0U,
	  .round = { .steps = 1024 + 256, .units = 1, .wakes = 1, .called = 4, .checks = 2 } },
	{ "compute", W(FAN_OUT_COMPUTE, 1), .side = 1, .drawn = true, .wait_bits = ~0U,
	  .size = 3 * 104 * 104 * 8,
	  .round = { .units = 5, .waits = 1, .sleeps = 1, .slept_us = 100,
		     .samples = 2, .checks = 4 + 5 * (104 * 104 / 10 + 1) } },
	{ "compute_more", W(FAN_OUT_COMPUTE, 1, .ops = 10), .side = 1, .drawn = true,
	  .wait_bits = ~0U, .size = 3 * 104 * 104 * 8,
	  .round = { .units = 10, .waits = 1, .sleeps = 1, .slept_us = 100,
		     .samples = 2, .checks = 4 + 10 * (104 * 104 / 10 + 1) } },
	{ "compute_larger", W(FAN_OUT_COMPUTE, 1, .size_kb = 512, .sleep_us = 200),
	  .side = 1, .drawn = true, .wait_bits = ~0U, .size = 3 * 147 * 147 * 8,
	  .round = { .units = 5, .waits = 1, .sleeps = 1, .slept_us = 200,
		     .samples = 2, .checks = 4 + 5 * (147 * 147 / 7 + 1) } },

	{ "page_fault_churn", W(PAGE_FAULT_CHURN, 1), .drawn = true, .size = 4 * MIB,
	  .round = { .units = 1, .returns = 1, .checks = 256 + 1 } },
	{ "page_fault_churn_more", W(PAGE_FAULT_CHURN, 1, .ops = 512), .drawn = true,
	  .size = 4 * MIB, .round = { .units = 1, .returns = 1, .checks = 512 + 1 } },
	{ "page_fault_churn_larger", W(PAGE_FAULT_CHURN, 1, .size_kb = 8192), .drawn = true,
	  .size = 8 * MIB, .round = { .units = 1, .returns = 1, .checks = 256 + 1 } },
	{ "page_fault_churn_slower", W(PAGE_FAULT_CHURN, 1, .spin = 2048), .drawn = true,
	  .size = 4 * MIB, .round = { .units = 1, .returns = 1, .checks = 256 + 2 } },

	{ "fork_exit", W(FORK_EXIT, 1),
	  .round = { .units = 1, .forks = 1, .samples = 1, .checks = 2 } },

	{ "nice_sweep", W(NICE_SWEEP, 1),
	  .round = { .steps = 512, .units = 1, .checks = 1 } },
	{ "nice_sweep_more", W(NICE_SWEEP, 1, .spin = 1024),
	  .round = { .steps = 1024, .units = 1, .checks = 1 } },
	{ "affinity_churn", W(AFFINITY_CHURN, 1), .drawn = true,
	  .round = { .units = 1, .yields = 1, .checks = 2 } },
	{ "affinity_churn_more", W(AFFINITY_CHURN, 1, .spin = 2048), .drawn = true,
	  .round = { .units = 1, .yields = 1, .checks = 3 } },
	{ "policy_churn", W(POLICY_CHURN, 1),
	  .round = { .steps = 1024, .units = 1, .checks = 1 } },
	{ "policy_churn_more", W(POLICY_CHURN, 1, .spin = 2048),
	  .round = { .steps = 2048, .units = 1, .checks = 2 } },

	{ "mutex", W(MUTEX_CONTENTION, 1),
	  .round = { .steps = 1024 + 256, .units = 1, .checks = 2, .held_checks = 1 } },
	{ "mutex_more", W(MUTEX_CONTENTION, 1, .spin = 2048),
	  .round = { .steps = 2048 + 256, .units = 1, .checks = 3, .held_checks = 1 } },
	{ "mutex_longer", W(MUTEX_CONTENTION, 1, .hold = 4096), .side = 3,
	  .round = { .steps = 1024 + 4096, .units = 1, .checks = 5, .held_checks = 4 } },

	/* All that it does with the file, and the sleep, is done with the lock. */
	{ "io_convoy", W(IO_CONVOY, 1), .side = 1,
	  .round = { .steps = 1024, .units = 1, .truncates = 1, .writes = 16,
		     .written = 16 * 4096, .sleeps = 1, .slept_us = 100, .samples = 1, .checks = 19,
		     .held_checks = 18 } },
	{ "io_convoy_slower", W(IO_CONVOY, 1, .spin = 2048, .sleep_us = 200), .side = 1,
	  .round = { .steps = 2048, .units = 1, .truncates = 1, .writes = 16,
		     .written = 16 * 4096, .sleeps = 1, .slept_us = 200, .samples = 1, .checks = 20,
		     .held_checks = 18 } },

	{ "rt_starvation_lead", W(RT_STARVATION, 1), .ticks = true, .policy = SCHED_FIFO,
	  .prio = 1,
	  .round = { .steps = 200 * 1024, .units = 200, .sleeps = 1, .slept_us = 20000,
		     .samples = 1, .checks = 202 } },
	{ "rt_starvation_lead_more", W(RT_STARVATION, 1, .burst_ms = 400, .sleep_ms = 40,
	    .spin = 2048), .ticks = true, .policy = SCHED_FIFO, .prio = 1,
	  .round = { .steps = 400 * 1024, .units = 200, .sleeps = 1, .slept_us = 40000,
		     .samples = 1, .checks = 402 } },
	{ "rt_starvation", W(RT_STARVATION, 1), .side = 1,
	  .round = { .steps = 1024, .units = 1, .checks = 1 } },

	{ "inversion_low", W(PRIORITY_INVERSION, 1),
	  .round = { .steps = 1024 + 256, .units = 1, .locks = 1, .unlocks = 1, .checks = 2,
		     .held_checks = 1 } },
	{ "inversion_low_longer", W(PRIORITY_INVERSION, 1, .hold = 2048, .spin = 512),
	  .round = { .steps = 2048 + 512, .units = 1, .locks = 1, .unlocks = 1, .checks = 3,
		     .held_checks = 2 } },
	{ "inversion_middle", W(PRIORITY_INVERSION, 1), .side = 1, .ticks = true,
	  .policy = SCHED_FIFO, .prio = 2,
	  .round = { .steps = 50 * 256, .units = 50, .sleeps = 1, .slept_us = 10000,
		     .samples = 1, .checks = 52 } },
	{ "inversion_middle_more", W(PRIORITY_INVERSION, 1, .burst_ms = 100, .sleep_ms = 20),
	  .side = 1, .ticks = true, .policy = SCHED_FIFO, .prio = 2,
	  .round = { .steps = 100 * 256, .units = 100, .sleeps = 1, .slept_us = 20000,
		     .samples = 1, .checks = 102 } },
	{ "inversion_high", W(PRIORITY_INVERSION, 1), .side = 2, .policy = SCHED_FIFO,
	  .prio = 3,
	  .round = { .steps = 1024 + 256, .units = 1, .sleeps = 1, .slept_us = 10000,
		     .locks = 1, .unlocks = 1, .samples = 2, .checks = 6, .held_checks = 3 } },
	{ "inversion_high_rarer", W(PRIORITY_INVERSION, 1, .sleep_ms = 20), .side = 2,
	  .policy = SCHED_FIFO, .prio = 3,
	  .round = { .steps = 1024 + 256, .units = 1, .sleeps = 1, .slept_us = 20000,
		     .locks = 1, .unlocks = 1, .samples = 2, .checks = 6, .held_checks = 3 } },

	{ "smt_sibling_spin", W(SMT_SIBLING_SPIN, 1),
	  .round = { .steps = 1024, .units = 1, .checks = 1 } },
	{ "smt_sibling_spin_more", W(SMT_SIBLING_SPIN, 1, .spin = 2048), .side = 1,
	  .round = { .steps = 2048, .units = 1, .checks = 2 } },

	{ "attach_storm", W(CGROUP_ATTACH_STORM, 1), .cgroups = true,
	  .round = { .steps = 2 * 1024, .units = 2, .checks = 6 } },
	{ "attach_storm_more", W(CGROUP_ATTACH_STORM, 1, .spin = 2048), .cgroups = true,
	  .round = { .steps = 2 * 2048, .units = 2, .checks = 8 } },
	{ "cgroup_churn", W(CGROUP_CHURN, 1), .cgroups = true,
	  .round = { .steps = 2 * 1024, .units = 2, .mkdirs = 1, .rmdirs = 1, .checks = 10 } },
};

/* The cgroup2 file system where a guest has it, for this process alone; false: not here. */
static bool mount_cgroups(void)
{
	return !geteuid() && !unshare(CLONE_NEWNS) &&
	       !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
	       !mount("none", CGROUP_MOUNT, "cgroup2", 0, NULL) &&
	       !access(CGROUP_MOUNT "/cgroup.procs", W_OK);
}

static unsigned int places(void)
{
	unsigned int nr = 0;
	size_t i;

	for (i = 0; i < k.size; i++)
		nr += !!k.mem[i];
	return nr;
}

struct counter {
	const char *name;
	size_t offset;
};

#define COUNTER(_name)	{ #_name, offsetof(struct counts, _name) }

static const struct counter counters[] = {
	COUNTER(steps), COUNTER(walked), COUNTER(checks), COUNTER(held_checks), COUNTER(units),
	COUNTER(yields), COUNTER(sleeps), COUNTER(slept_us), COUNTER(samples), COUNTER(truncates),
	COUNTER(writes), COUNTER(written), COUNTER(forks), COUNTER(mkdirs), COUNTER(rmdirs),
	COUNTER(wakes), COUNTER(called), COUNTER(waits), COUNTER(locks), COUNTER(unlocks),
	COUNTER(moves), COUNTER(returns),
};

static uint64_t value(const struct counts *counts, const struct counter *counter)
{
	return *(const uint64_t *)((const char *)counts + counter->offset);
}

static void expect_counts(struct __test_metadata *_metadata, const struct loop_case *c)
{
	const struct counter *n;

	for (n = counters; n < counters + ARRAY_SIZE(counters); n++) {
		if (c->drawn && !strcmp(n->name, "steps"))
			continue;
		EXPECT_EQ(ROUNDS * value(&c->round, n), value(&k.to, n) - value(&k.from, n))
			TH_LOG("%s: %s in %u rounds", c->name, n->name, ROUNDS);
	}
}

static void expect_calls(struct __test_metadata *_metadata, const struct loop_case *c)
{
	EXPECT_EQ(c->wake_bits, k.wake_bits)
		TH_LOG("%s", c->name);
	EXPECT_EQ(c->wait_bits, k.wait_bits)
		TH_LOG("%s", c->name);
	EXPECT_FALSE(k.outside)
		TH_LOG("%s", c->name);
	if (c->work.type == WORK_POLICY_CHURN)
		return;
	EXPECT_EQ(!!c->policy, k.nr_policies)
		TH_LOG("%s", c->name);
	EXPECT_EQ(c->policy, k.policy[0])
		TH_LOG("%s", c->name);
	EXPECT_EQ(c->prio, k.prio[0])
		TH_LOG("%s", c->name);
}

static void expect_memory(struct __test_metadata *_metadata, const struct loop_case *c)
{
	unsigned int i;

	EXPECT_EQ(c->size, k.size)
		TH_LOG("%s", c->name);
	if (c->places) {
		EXPECT_EQ(c->places, places())
			TH_LOG("%s", c->name);
		/* Beginning with the first, all of them as far apart. */
		for (i = 0; i < c->places && k.size == c->size; i++)
			EXPECT_LT(0, k.mem[i * k.self.work.stride])
				TH_LOG("%s: place %u", c->name, i);
	}
	if (c->round.returns) {
		/* Some are drawn twice. */
		EXPECT_GE(k.self.work.ops, k.resident_max)
			TH_LOG("%s", c->name);
		EXPECT_LT(k.self.work.ops * 2 / 3, k.resident_min)
			TH_LOG("%s", c->name);
		EXPECT_EQ(0, k.missed_faults)
			TH_LOG("%s", c->name);
	}
}

static void run_case(struct __test_metadata *_metadata, const struct loop_case *c)
{
	uint64_t stamp = NSEC_PER_SEC;
	int to[2], from[2], len = 0;
	unsigned int i;

	start(&c->work, c->side);
	k.walks = c->places;
	if (c->ticks)
		k.tick_ns = NSEC_PER_MSEC;
	if (c->pipe) {
		/* The partner has answered before it is asked. */
		ASSERT_EQ(0, pipe(to));
		ASSERT_EQ(0, pipe(from));
		k.self.seat.wfd = to[1];
		k.self.seat.rfd = from[0];
		for (i = 0; i < ROUNDS + 2; i++)
			ASSERT_EQ(sizeof(stamp), write(from[1], &stamp, sizeof(stamp)));
	}
	run();
	EXPECT_EQ(1 + ROUNDS, k.round)
		TH_LOG("%s", c->name);
	expect_counts(_metadata, c);
	expect_calls(_metadata, c);
	expect_memory(_metadata, c);
	if (c->pipe) {
		/* And was woken once in each round. */
		EXPECT_EQ(0, ioctl(to[0], FIONREAD, &len));
		EXPECT_EQ((1 + ROUNDS) * sizeof(stamp), len)
			TH_LOG("%s", c->name);
	}
}

TEST(loops_do_what_their_parameters_say)
{
	const struct loop_case *c;

	for (c = cases; c < cases + ARRAY_SIZE(cases); c++) {
		if (!c->cgroups)
			run_case(_metadata, c);
	}
}

TEST(loops_in_cgroups_too)
{
	const struct loop_case *c;

	if (!mount_cgroups())
		SKIP(return, "needs to be root, and cgroups");
	for (c = cases; c < cases + ARRAY_SIZE(cases); c++) {
		if (c->cgroups)
			run_case(_metadata, c);
	}
}

/* --- what is another thing each time -------------------------------------- */

TEST(nice_values_from_one_end_to_the_other)
{
	const struct work work = { .type = WORK_NICE_SWEEP, .nice = 7 };
	unsigned int i;

	start(&work, 0);
	k.rounds = 85;
	run();
	/* The last one is that which it began with. */
	ASSERT_LT(85, k.nr_nice);
	for (i = 0; i < k.nr_nice - 1; i++)
		EXPECT_EQ(-20 + (int)(i % 40), k.nice[i]);
	EXPECT_EQ(7, k.nice[k.nr_nice - 1]);
	EXPECT_FALSE(k.outside);
}

TEST(policies_in_turn)
{
	static const int policy[] = { SCHED_OTHER, SCHED_BATCH, SCHED_IDLE, SCHED_FIFO, SCHED_RR };
	const struct work work = { .type = WORK_POLICY_CHURN };
	unsigned int i;

	start(&work, 0);
	k.rounds = 11;
	run();
	ASSERT_LT(11, k.nr_policies);
	for (i = 0; i < k.nr_policies; i++) {
		EXPECT_EQ(policy[i % 5], k.policy[i]);
		EXPECT_EQ(i % 5 > 2, k.prio[i]);
	}
	EXPECT_FALSE(k.outside);
}

/* Each time it is one CPU of the allowed ones, and in the end each was. */
TEST(any_cpu_that_is_allowed)
{
	const struct work work = { .type = WORK_AFFINITY_CHURN };
	struct cpumask *allowed, all = { };
	unsigned int i, changes = 0;

	start(&work, 0);
	allowed = &k.self.page->allowed[0].cpus;
	cpumask_clear(allowed);
	cpumask_set_cpu(allowed, 1);
	cpumask_set_cpu(allowed, 64);
	cpumask_set_cpu(allowed, 1000);
	k.rounds = 100;
	run();
	ASSERT_LT(100, k.nr_affinities);
	for (i = 0; i < k.nr_affinities; i++) {
		EXPECT_EQ(1, cpumask_weight(&k.affinity[i]));
		EXPECT_TRUE(cpumask_subset(&k.affinity[i], allowed));
		cpumask_or(&all, &all, &k.affinity[i]);
		changes += i && !cpumask_equal(&k.affinity[i], &k.affinity[i - 1]);
	}
	EXPECT_TRUE(cpumask_equal(&all, allowed));
	/* By lot, and not one after the other. */
	EXPECT_LT(40, changes);
	EXPECT_GT(95, changes);
	EXPECT_FALSE(k.outside);
}

TEST(memory_goes_around_the_nodes)
{
	const struct work work = { .type = WORK_NUMA_WORKING_SET_SWEEP };
	unsigned int i;

	start(&work, 0);
	k.rounds = 10;
	run();
	ASSERT_LT(10, k.count.moves);
	/* It begins on the first one. */
	for (i = 0; i < k.count.moves; i++)
		EXPECT_EQ(i % 2 ? 1 : 4, k.node[i]);
	EXPECT_FALSE(k.outside);
}

/* A step can change its cpuset at any time. */
TEST(memory_stays_where_it_may_be)
{
	const struct work work = { .type = WORK_NUMA_WORKING_SET_SWEEP };

	start(&work, 0);
	k.rounds = 10;
	k.refused = 3;
	run();
	EXPECT_LT(10, k.count.moves);
	EXPECT_EQ(1, k.self.page->rep.nr_refused);
	EXPECT_EQ(EINVAL, k.self.page->rep.refused_errno);

	start(&work, 0);
	k.rounds = 10;
	k.lost = BIT(2);
	run();
	EXPECT_EQ(6, k.count.moves);
	EXPECT_EQ(BIT(0), k.node[5]);
	EXPECT_EQ(0, k.self.page->rep.nr_refused);
}

TEST(matrices_are_multiplied)
{
	const struct work work = { .type = WORK_FAN_OUT_COMPUTE, .ops = 1 };
	const unsigned int n = 104;
	const unsigned long *a, *b, *product;
	unsigned int row, col, i, nr_wrong = 0;
	unsigned long sum;

	start(&work, 1);
	k.rounds = 1;
	run();
	ASSERT_EQ(3 * n * n * sizeof(*a), k.size);
	a = (const unsigned long *)k.mem;
	b = a + n * n;
	product = b + n * n;
	for (row = 0; row < n; row++) {
		for (col = 0; col < n; col++) {
			for (sum = 0, i = 0; i < n; i++)
				sum += a[row * n + i] * b[i * n + col];
			nr_wrong += !sum || product[row * n + col] != sum;
		}
	}
	EXPECT_EQ(0, nr_wrong);
}

/* Each pair has a core of its own as long as there are any, and then they begin again. */
TEST(pairs_on_cores)
{
	static const unsigned int cpu[][2] = { { 0, 1 }, { 2, 3 }, { 0, 1 }, { 2, 3 }, { 0, 1 } };
	const struct work work = { .type = WORK_SMT_SIBLING_SPIN };
	unsigned int pair, side;

	for (pair = 0; pair < ARRAY_SIZE(cpu); pair++) {
		for (side = 0; side < 2; side++) {
			start(&work, side);
			k.self.seat.nr = pair;
			run();
			EXPECT_EQ(0, k.self.page->rep.nr_refused);
			ASSERT_EQ(1, k.nr_affinities);
			EXPECT_EQ(1, cpumask_weight(&k.affinity[0]));
			EXPECT_TRUE(cpumask_test_cpu(&k.affinity[0], cpu[pair][side]));
		}
	}
	/* Of one core all CPUs are allowed. */
	for (pair = 0; pair < 2; pair++) {
		start(&work, 1);
		cpumask_clear_cpu(&k.self.page->allowed[0].cpus, 1);
		k.self.seat.nr = pair;
		run();
		ASSERT_EQ(1, k.nr_affinities);
		EXPECT_TRUE(cpumask_test_cpu(&k.affinity[0], 3));
	}
	/* Of none. */
	start(&work, 1);
	cpumask_clear(&k.self.page->allowed[0].cpus);
	cpumask_set_cpu(&k.self.page->allowed[0].cpus, 0);
	cpumask_set_cpu(&k.self.page->allowed[0].cpus, 4);
	run();
	EXPECT_EQ(0, k.nr_affinities);
	EXPECT_EQ(1, k.self.page->rep.nr_refused);
	EXPECT_EQ(ENODEV, k.self.page->rep.refused_errno);
}

TEST_HARNESS_MAIN
