/* SPDX-License-Identifier: GPL-2.0 */
/*
 * truth.h - checks what the monitor reads by what the guest sees itself, at one instant
 *
 * The guest said it (lib/truth.h), and stands still since then.
 */
#ifndef KTSTR_MONITOR_TRUTH_H
#define KTSTR_MONITOR_TRUTH_H

#include "monitor.h"

struct inspection {
	struct monitor *mon;			/* its thread has ended */
	const struct monitor_report *rep;
	unsigned int nr_cpus;
	const char *said;			/* the guest's log lines */
};

/*
 * truth_inspect - the run queue of each CPU: numbers of tasks and the idle flag must be the
 * same, but for the slack that the guest names; a clock is not behind, and ahead by no more than
 * the guest took to say so and TRUTH_CLOCK_NS; for an idle CPU, ahead of the newest clock that
 * the guest saw. And each event counter of sched_ext must be the same, by its name.
 * -ENXIO names the CPU or the counter and both numbers, -ENODATA what cannot be compared.
 */
int truth_inspect(const struct inspection *in, struct err *err);

/* truth_inspect_symbols - every symbol is where /proc/kallsyms has it. */
int truth_inspect_symbols(const struct inspection *in, struct err *err);

/* truth_inspect_tasks - as many tasks of the ext class, and the same first one. */
int truth_inspect_tasks(const struct inspection *in, struct err *err);

#define TRUTH_CLOCK_NS	(20 * NSEC_PER_MSEC)

/* truth_check_cpu - one CPU; for tests. @have says which readings there are. */
int truth_check_cpu(const char *said, const struct monitor_report *have, unsigned int cpu,
		    const struct cpu_sample *s, struct err *err);

/* truth_check_events - all counters; for tests. @s is NULL when they cannot be read. */
int truth_check_events(const char *said, const struct event_sample *s, struct err *err);

/* truth_check_tasks - for tests. */
int truth_check_tasks(const char *said, const struct ext_tasks *found, struct err *err);

#endif /* KTSTR_MONITOR_TRUTH_H */
