/* SPDX-License-Identifier: GPL-2.0 */
/*
 * sampler.h - the monitor's thread: when to read, and what that costs
 *
 * Samples are taken by guest time: one each time it went on by a period, from
 * SHM_GST_STARTED until SHM_GST_STOPPED, or for as long as the thread runs when
 * there is no window. The guest rings no bell for this, so guest time is polled.
 */
#ifndef KTSTR_MONITOR_SAMPLER_H
#define KTSTR_MONITOR_SAMPLER_H

#include <pthread.h>
#include <stdatomic.h>
#include "target.h"
#include "verdict.h"

#define SAMPLER_COSTS	1024	/* the last ones are kept for the median */

struct sampler {
	const struct monitor_config *cfg;
	struct target target;
	atomic_bool resolved;		/* the target can be used, and will not change */
	atomic_bool ended;		/* no more is read */
	atomic_bool stop;
	struct verdict_state *verdict;	/* from the first sample on */
	struct cpu_sample *cpus;
	struct event_totals events;
	struct err events_err;		/* why there are no more of them */
	struct err err;			/* why there is nothing, or no more */
	bool broken;			/* samples ended before their time */
	uint64_t first_ns, last_ns;	/* guest time */
	uint32_t cost[SAMPLER_COSTS];	/* ns for one CPU */
	uint64_t nr_costs;
};

/* sampler_init - -ENOMEM. @cfg must live as long. */
int sampler_init(struct sampler *s, const struct monitor_config *cfg);
void sampler_exit(struct sampler *s);

/* sampler_resolve - once it returned 0 it always does. -EAGAIN: later; other errors are final. */
int sampler_resolve(struct sampler *s, struct err *err);

/*
 * sampler_run - the thread; @arg is a struct sampler. Ends when the guest stopped the
 * run, or s->stop is set.
 */
void *sampler_run(void *arg);

/* sampler_report - after the thread ended. */
void sampler_report(const struct sampler *s, struct monitor_report *rep);

#endif /* KTSTR_MONITOR_SAMPLER_H */
