/* SPDX-License-Identifier: GPL-2.0 */
/*
 * target.h - a guest kernel that can be read: from a vmlinux, or from PID 1's hand-over
 */
#ifndef KTSTR_MONITOR_TARGET_H
#define KTSTR_MONITOR_TARGET_H

#include "events.h"
#include "rq.h"
#include "tasks.h"

/* What BTF says. */
struct target_layout {
	struct rq_layout rq;
	struct event_layout events;
	struct task_layout tasks;
};

/* Where things are in a kernel. No pointers: another process can have it. */
struct monitor_known {
	bool have;			/* all of it was found */
	struct symbols sym;
	struct target_layout layout;
	uint64_t text_pa;		/* as PID 1 has said it; 0: to be found by the banner */
	char off[192];			/* readings that this kernel does not have */
	bool vmlinux_bad;		/* cfg->vmlinux is unreadable, or another kernel's */
	struct err vmlinux_err;
};

struct target {
	const struct monitor_config *cfg;
	struct kernel kernel;
	struct rq_reader rq;
	struct event_reader events;
	uint64_t jiffies_gpa;
	uint64_t tick_ns;		/* 0: guest time is unknown */
	uint64_t first_jiffy;		/* what jiffies were when the kernel started */

	bool vmlinux_done;		/* cfg->vmlinux was read */
	struct monitor_known known;
};

void target_init(struct target *t, const struct monitor_config *cfg);

/*
 * target_open - find the kernel and its run queues, by cfg->known if that is there. -EAGAIN: not
 * yet, try again later; any other error is final. The reason is in @err. After 0 the rest can be
 * used, and @t->known is what another target of that kernel may be told.
 */
int target_open(struct target *t, struct err *err);
void target_close(struct target *t);

/* target_guest_ns - guest time since boot, by its jiffies. -ENODATA if that is unknown. */
int target_guest_ns(const struct target *t, uint64_t *ns);

/*
 * target_lookup - the function at an address of the kernel that runs, and how far from its start:
 * by what PID 1 has handed over, else by the vmlinux, else by what is found around it in memory, to
 * which @tables lead. Needs no target_open(). -ENOENT: there is none; other errors: that cannot be
 * known.
 */
int target_lookup(const struct monitor_config *cfg, uint64_t addr,
		  const struct monitor_tables *tables, char *name, size_t size, uint64_t *off);

#endif /* KTSTR_MONITOR_TARGET_H */
