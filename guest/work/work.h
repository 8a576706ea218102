/* SPDX-License-Identifier: GPL-2.0 */
/*
 * work.h - what a worker runs: the child's side of guest/worker.h
 *
 * A work type is one row of the table in work.c and one loop. A loop ends when
 * work_stopped(); it must come to a checkpoint at least every millisecond of
 * its own CPU time and every 100 ms when it blocks.
 */
#ifndef KTSTR_GUEST_WORK_WORK_H
#define KTSTR_GUEST_WORK_WORK_H

#include "../worker.h"

/* The worker's own view of itself. */
struct work_self {
	struct worker_page *page;
	struct worker_page *pair;	/* page of the first worker of the pair, maybe our own */
	unsigned int side;		/* 0 or 1 in the pair */
	int rfd, wfd;			/* pipe from and to the partner, or -1 */
	struct work work;		/* defaults filled in */
	uint64_t base_ns;		/* runnable without a break since then */
	uint64_t settle_ns;		/* when CPU time is to be noted; 0: was done */
	uint64_t cpu_base_ns;		/* CPU time before the start */
	uint64_t rng;
};

struct work_type_ops {
	const char *name;
	bool pair;
	bool pipe;			/* of a pair: over pipes */
	bool always_runnable;		/* its time off the CPU is the scheduler's doing */
	void (*run)(struct work_self *self);
};

/* work_ops - NULL for WORK_NONE and what is not a type. */
const struct work_type_ops *work_ops(unsigned int type);

/* What a fork leaves in a child of the pair. */
struct work_pair {
	struct worker_page *first;	/* NULL: not in a pair */
	unsigned int side;
	int rfd, wfd;
};

/* work_main - the life of a worker after fork(). */
void work_main(struct worker_page *page, const struct work *work, const struct cpumask *online,
	       const struct work_pair *pair, pid_t parent) __attribute__((noreturn));

/* --- for the loops -------------------------------------------------------- */

static inline bool work_stopped(const struct work_self *self)
{
	return atomic_load_explicit(&self->page->stop, memory_order_relaxed);
}

/* work_checkpoint - where am I, for how long was I away? Cheap. */
void work_checkpoint(struct work_self *self);

/* work_unit - @spin steps of arithmetic, with a checkpoint each 1024; counts as a unit. */
void work_unit(struct work_self *self);

/* work_block, work_unblock - around a call that sleeps; runnable again since @since_ns. */
void work_block(struct work_self *self);
void work_unblock(struct work_self *self, uint64_t since_ns);

/* work_fail - a call of the work failed: ends the worker. */
void work_fail(struct work_self *self, enum worker_setup call, int code) __attribute__((noreturn));

/* The loops. */
void work_run_cpu_spin(struct work_self *self);
void work_run_yield_heavy(struct work_self *self);
void work_run_mixed(struct work_self *self);
void work_run_bursty(struct work_self *self);
void work_run_pipe_io(struct work_self *self);
void work_run_futex_ping_pong(struct work_self *self);

#endif /* KTSTR_GUEST_WORK_WORK_H */
