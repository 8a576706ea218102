/* SPDX-License-Identifier: GPL-2.0 */
/*
 * monitor.h - watches the run queues of a guest through its memory
 *
 * Needs nothing but RAM and, for symbols and BTF, what PID 1 put into the
 * hand-over area (lib/wire.h) or a vmlinux with symbols. It never writes to
 * the guest. Runs in a thread of its own; everything but monitor_start() and
 * monitor_stop() happens there.
 */
#ifndef KTSTR_MONITOR_MONITOR_H
#define KTSTR_MONITOR_MONITOR_H

#include <stdbool.h>
#include "../lib/log.h"
#include "../lib/wire.h"
#include "guest_mem.h"

/* Limits, from the test's struct expect; 0 turns a verdict off, but for those of events. */
struct monitor_limits {
	unsigned int max_imbalance;
	unsigned int max_dsq_depth;
	unsigned int stall_ms;		/* a busy CPU's rq clock stands still for this long */
	unsigned int sustain_ms;	/* the others must hold without a break for this long */
	/* events per second of guest time (see events.h) */
	bool judge_fallback, judge_keep_last;
	unsigned int max_fallback_rate, max_keep_last_rate;
	unsigned int period_ms;		/* between samples, guest time; default 20 */
};

/* Where things are in a kernel, as one monitor has found it and another need not. */
struct monitor_known;

struct monitor_config {
	struct guest_mem mem;
	const struct shm *shm;		/* the window, read only; NULL: sample from the start */
	const char *vmlinux;		/* an ELF file with symbols and BTF, or NULL */
	const struct monitor_known *known;	/* of a guest that this is a copy of, or NULL */
	unsigned int nr_cpus;
	struct monitor_limits limits;
	/*
	 * Called by the thread each time it has looked at the guest, @on, and when it will no more.
	 * May be NULL.
	 */
	void (*looked)(void *arg, bool on);
	void *looked_arg;
};

#define MONITOR_MAX_VIOLATIONS	8U

struct monitor_violation {
	enum cause cause;
	unsigned int cpu;		/* the worst one; of CAUSE_EVENTS: its place in .event */
	uint64_t measured;
	uint64_t limit;
	uint64_t at_ns;			/* guest time since sampling began: end of the window */
	uint64_t for_ns;		/* how long it lasted, guest time */
};

/* One of sched_ext's event counters, by the name that the kernel has for it. */
#define MONITOR_MAX_EVENTS	48U
#define MONITOR_EVENT_NAME	48U

struct monitor_event {
	char name[MONITOR_EVENT_NAME];
	int64_t count;
};

/* What was seen between SHM_GST_STARTED and SHM_GST_STOPPED. */
struct monitor_report {
	bool usable;			/* samples were taken and can be believed */
	char why[256];			/* if not: the reason; else notes: readings that are off */
	unsigned int nr_samples;
	uint64_t guest_ns;		/* guest time covered */
	unsigned int nr_cpus;

	bool have_nr_running, have_clock, have_scx, have_idle;
	uint32_t max_nr_running;
	double avg_nr_running;		/* per CPU */
	double max_imbalance, avg_imbalance;
	uint32_t max_scx_nr_running;
	uint32_t max_dsq_depth;
	double avg_dsq_depth;
	uint64_t max_clock_still_ns;	/* longest a busy CPU's clock stood still, guest time */
	uint64_t ns_per_cpu_sample;	/* host: median cost of one CPU's readings */
	uint64_t last_guest_ns;		/* guest time (jiffies) at the last sample, 0 if unknown */

	bool have_events;		/* counted from the first sample to the last one */
	unsigned int nr_events;		/* 0: there was no scheduler of sched_ext */
	struct monitor_event event[MONITOR_MAX_EVENTS];

	unsigned int nr_violations;
	struct monitor_violation violation[MONITOR_MAX_VIOLATIONS];
};

/* One CPU, as read from outside; for tests that compare with what the guest sees. */
struct cpu_sample {
	uint64_t nr_running;
	uint64_t clock;			/* ns */
	uint32_t scx_nr_running;
	uint32_t scx_flags;
	uint32_t dsq_nr;		/* local DSQ */
	bool idle;			/* rq->curr == rq->idle */
	bool offline;			/* the CPU is: nothing else counts */
};

/* All event counters of the scheduler that is there, each summed over all CPUs. */
struct event_sample {
	uint64_t root;			/* which scheduler; 0: none, and all counts are 0 */
	unsigned int nr;
	struct monitor_event event[MONITOR_MAX_EVENTS];
};

/* Tasks of the ext class, whatever they do. */
struct ext_tasks {
	unsigned int nr;
	uint32_t pid;			/* of the first one, and its name */
	char comm[16];
};

struct monitor;

/*
 * monitor_create - nothing is read yet. Returns 0, or -ENOMEM. The memory and
 * the window must stay mapped until monitor_destroy().
 */
int monitor_create(const struct monitor_config *cfg, struct monitor **mon);

/* monitor_known_size - bytes, without pointers in them: they may lie in shared memory. */
size_t monitor_known_size(void);

/*
 * monitor_learn - of a guest that stands still, for monitors of its copies; what takes time is
 * done once then. 0, or a negative errno, and @known, which was all zeroes, is without effect.
 */
int monitor_learn(const struct monitor_config *cfg, struct monitor_known *known, struct err *err);

/* monitor_start - start the thread. -EAGAIN when there can be none. */
int monitor_start(struct monitor *mon, struct err *err);

/* monitor_settled - can it read the guest by now, or will it never? Callable from any thread. */
bool monitor_settled(const struct monitor *mon);

/*
 * monitor_stop - end the thread, fill the report. The guest may be gone, its RAM may
 * not. Idempotent.
 */
void monitor_stop(struct monitor *mon, struct monitor_report *rep);

/*
 * monitor_guest_ns - guest time since boot as the kernel's own jiffies count it, in ns;
 * -ENODATA until symbols were found. Callable from any thread.
 */
int monitor_guest_ns(struct monitor *mon, uint64_t *ns);

/*
 * monitor_sample_cpu - one reading now; resolves symbols first if that was not done.
 * Not while the thread runs. -ENODATA with the reason in @err when it cannot.
 */
int monitor_sample_cpu(struct monitor *mon, unsigned int cpu, struct cpu_sample *s,
		       struct err *err);

/* monitor_sample_events - the same for the event counters; for tests. */
int monitor_sample_events(struct monitor *mon, struct event_sample *s, struct err *err);

/* monitor_find_ext - the same for tasks of the ext class; the guest must stand still. */
int monitor_find_ext(struct monitor *mon, struct ext_tasks *found, struct err *err);

/*
 * monitor_check_symbols - are symbols where "ADDRESS NAME" lines say? For tests. -ENXIO names
 * the first that is not, or that is missing in @text though each kernel has it.
 */
int monitor_check_symbols(struct monitor *mon, const char *text, struct err *err);

/* Of a CPU that executes there: how it finds its memory. */
struct monitor_tables {
	uint64_t cr3, cr4;
};

/*
 * monitor_symbol - "name+0x12" for an address of the guest's kernel; false if it has no name, or
 * none that can be known. Needs no monitor, but what one would be made with.
 */
bool monitor_symbol(const struct monitor_config *cfg, uint64_t addr,
		    const struct monitor_tables *tables, char *buf, size_t size);

void monitor_destroy(struct monitor *mon);

/* monitor_symreq - the names that PID 1 is to hand over, each with its NUL; returns the length. */
size_t monitor_symreq(char *buf, size_t size);

/* monitor_print - the block of lines for a report, each ended by '\n'; returns @buf. */
char *monitor_print(const struct monitor_report *rep, char *buf, size_t size);

#endif /* KTSTR_MONITOR_MONITOR_H */
