/* SPDX-License-Identifier: GPL-2.0 */
/*
 * verdict.h - judges a stream of samples
 *
 * Knows neither memory nor threads nor real time: all windows are guest time.
 *
 * imbalance  most runnable tasks on a CPU, over fewest (at least 1), more than the limit.
 * DSQ depth  more tasks in one CPU's local DSQ than the limit.
 * stall      the run queue clock of a CPU that has work, and is not idle, stands still. A
 *            single task does not count: without a tick its clock may rightly do so.
 *
 * A CPU that is offline is left out.
 *
 * Each must hold in each of at least VERDICT_MIN_SAMPLES samples: the first two over
 * sustain_ms, a stall for stall_ms. A gap between two samples breaks a window: what was
 * not seen is no evidence. Only a clock that is the same on both sides of a gap did not move in
 * between, and where the stuck CPU is the one that counts jiffies there are such gaps.
 */
#ifndef KTSTR_MONITOR_VERDICT_H
#define KTSTR_MONITOR_VERDICT_H

#include "monitor.h"

#define VERDICT_MIN_SAMPLES	5
#define VERDICT_GAP_PERIODS	4	/* a longer step of guest time is a gap */
#define VERDICT_PERIOD_MS	20	/* if the limits say 0 */

/* Nothing real has more; memory that is not a run queue does. */
#define VERDICT_DSQ_SANE	10000
#define VERDICT_RUNNING_SANE	1000000

/* Which readings the samples have. */
struct verdict_have {
	bool nr_running, clock, scx, idle;
};

struct verdict_state;

/* verdict_new - NULL without memory. */
struct verdict_state *verdict_new(unsigned int nr_cpus, const struct monitor_limits *limits,
				  struct verdict_have have);
void verdict_free(struct verdict_state *v);

/* verdict_add - a sample of all CPUs, at a guest time that is not before the last one's. */
void verdict_add(struct verdict_state *v, uint64_t guest_ns, const struct cpu_sample *cpus);

/*
 * verdict_report - what was seen so far. Fills all of @rep but ns_per_cpu_sample and
 * last_guest_ns; why is set if the data are not usable, or has notes, or is empty.
 */
void verdict_report(const struct verdict_state *v, struct monitor_report *rep);

#endif /* KTSTR_MONITOR_VERDICT_H */
