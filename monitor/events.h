/* SPDX-License-Identifier: GPL-2.0 */
/*
 * events.h - reads sched_ext's event counters
 *
 * The kernel counts per CPU, and per scheduler: what is read belongs to the scheduler that
 * is there at that moment. Which counters there are is the kernel's own matter.
 */
#ifndef KTSTR_MONITOR_EVENTS_H
#define KTSTR_MONITOR_EVENTS_H

#include <stdbool.h>
#include "kernel.h"
#include "layout.h"
#include "monitor.h"

struct event_layout {
	bool have;
	bool by_root;			/* the scheduler has them, else they are the kernel's own */
	struct field percpu;		/* where a scheduler points to its per-CPU part */
	unsigned int nr;
	char name[MONITOR_MAX_EVENTS][MONITOR_EVENT_NAME];
	uint32_t off[MONITOR_MAX_EVENTS];	/* in the per-CPU part */
};

/*
 * events_layout - from BTF; a member that is no 64-bit number with a plain name is no
 * counter. When there is none, the reading is off, and named at the end of the list @off.
 */
void events_layout(const struct btf *btf, struct event_layout *layout, char *off, size_t off_size);

struct event_reader {
	const struct kernel *kernel;
	struct event_layout layout;
	unsigned int nr_cpus;
	uint64_t root;			/* the pointer's guest-physical address */
	struct err why;			/* BTF has counters, but they cannot be read: the reason */
};

/* events_open - @k must live as long. Where it cannot be read, only this reading is off. */
void events_open(struct event_reader *r, const struct kernel *k, const struct event_layout *layout,
		 unsigned int nr_cpus);

/*
 * events_read - all counters now, summed over all CPUs; all are 0 where there is no
 * scheduler. -ENODATA: the reading is off; -EAGAIN: the scheduler changed meanwhile, what was
 * read is nobody's; -EFAULT and the like: its memory cannot be read.
 */
int events_read(const struct event_reader *r, struct event_sample *s);

/* What was counted between the first sample and the last one, whoever the scheduler was. */
struct event_totals {
	struct event_sample last;
	bool any;			/* there is a first sample */
	bool scheduler;			/* there was one in some sample */
	uint64_t total[MONITOR_MAX_EVENTS];
};

/* events_add - one more sample. A scheduler that was not there in the one before began at 0. */
void events_add(struct event_totals *t, const struct event_sample *s);

/* events_report - fills the part of @rep that is about events. */
void events_report(const struct event_totals *t, struct monitor_report *rep);

/*
 * events_judge - adds a violation for each counter that went up faster than its limit, in a
 * report of at least the limits' sustain_ms that has all the rest.
 */
void events_judge(const struct monitor_limits *limits, struct monitor_report *rep);

#endif /* KTSTR_MONITOR_EVENTS_H */
