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

#include <time.h>
#include "../worker.h"

/* Where a worker is among those it works with. */
struct work_seat {
	struct work_shared *shared;
	unsigned int side;		/* 0 to size - 1 */
	unsigned int size;		/* of the group; 1: it is alone */
	unsigned int nr;		/* of the group, among those spawned together */
	int rfd, wfd;			/* pipe from and to the partner, or -1 */
};

/* The worker's own view of itself. */
struct work_self {
	struct worker_page *page;
	struct work_seat seat;
	struct work work;		/* defaults filled in */
	uint64_t base_ns;		/* runnable without a break since then */
	uint64_t base_paused_ns;	/* worker_paused_ns() at the last checkpoint */
	uint64_t settle_ns;		/* when CPU time is to be noted; 0: was done */
	uint64_t cpu_base_ns;		/* CPU time before the start */
	uint64_t rng;
};

struct work_type_ops {
	const char *name;
	bool fixed;			/* its groups are always of the size that they have here */
	bool pipe;			/* two of them, with a pipe each way */
	bool lead;			/* the first of a group has another task than the rest */
	bool always_runnable;		/* its time off the CPU is the scheduler's doing */
	bool yields;			/* ... but where it has the CPU it need not keep it */
	bool roams;			/* leaves its cgroup by itself */
	bool pins;			/* sets its own affinity */
	struct work defaults;		/* .group: how many workers, of a type that has groups */
	void (*run)(struct work_self *self);
};

/* --- types.c -------------------------------------------------------------- */

/* work_ops - NULL for WORK_NONE and what is not a type. */
const struct work_type_ops *work_ops(unsigned int type);

/* work_group - how many work together; 1 where each does so alone. */
unsigned int work_group(const struct work *work);

/* work_nr - how many workers that makes, in whole groups, where there are so many CPUs. */
unsigned int work_nr(const struct work *work, unsigned int nr_usable, unsigned int nr_all);

/* work_check - type, parameters and number of workers; what is wrong with them is in @err. */
int work_check(const struct work *work, struct err *err);

/* work_defaults - fill in what was not said. */
void work_defaults(struct work *work);

/* work_main - the life of a worker after fork(). */
void work_main(struct worker_page *page, const struct work *work, const struct cpumask *online,
	       const struct work_seat *seat, pid_t parent) __noreturn;

/* --- policy.c ------------------------------------------------------------- */

/* work_set_policy, work_set_mem - ask for it, of ourselves; 0 or a negative errno. */
int work_set_policy(const struct work *work);
int work_set_mem(const struct mem_policy *mem);

/* work_check_policy - of CPU and memory, on @nr_nodes; what is wrong with it is in @err. */
int work_check_policy(const struct work *work, unsigned int nr_nodes, struct err *err);

/* work_dl_ppm - what a SCHED_DEADLINE worker takes of a CPU, in millionths. */
uint64_t work_dl_ppm(const struct work *work);

/* Of all CPUs that they may use; PID 1 is below them, and the kernel has its own share. */
#define WORK_DL_MAX_PCT	90

/* work_mem_nodes - those that a memory policy names, a bit each. */
uint64_t work_mem_nodes(const struct mem_policy *mem);

/* --- numa.c --------------------------------------------------------------- */

/*
 * numa_parse - a line of /proc/PID/numa_maps: add its pages to those of each node. Only
 * memory that is the process's own counts: what it shares with its parent since the fork
 * is where the parent has put it. False: not a line of that file.
 */
bool numa_parse(const char *line, uint64_t pages[TOPOLOGY_MAX_NODES]);

/* numa_report - all of our own /proc/self/numa_maps. */
void numa_report(struct worker_report *rep);

/* --- for the loops -------------------------------------------------------- */

static inline bool work_stopped(const struct work_self *self)
{
	return atomic_load_explicit(&self->page->stop, memory_order_relaxed);
}

/* work_checkpoint - where am I, for how long was I away? Cheap. */
void work_checkpoint(struct work_self *self);

/* work_spin - so many steps of arithmetic, with a checkpoint each 1024. */
void work_spin(struct work_self *self, unsigned int steps);

/* work_unit - .spin steps, which count as a unit. */
void work_unit(struct work_self *self);

/* work_random - below @bound, which is not 0. */
uint32_t work_random(struct work_self *self, uint32_t bound);

/*
 * work_block - before a call that sleeps. After it either work_woken(), when somebody or a
 * timer made us runnable at @since_ns, which counts as a wake-up if it was after the block;
 * or work_unblock(), when nobody did.
 */
void work_block(struct work_self *self);
void work_woken(struct work_self *self, uint64_t since_ns);
void work_unblock(struct work_self *self);

/* work_wake_sample - a wake-up was so late; the above does it for what it sees. */
void work_wake_sample(struct work_self *self, uint64_t late_ns);

/* work_sleep_until - false if a signal came first. */
bool work_sleep_until(struct work_self *self, uint64_t until_ns);

#define WORK_WAIT_NS	(100 * NSEC_PER_MSEC)	/* of any wait for another worker */

/*
 * work_futex_wait - while the shared word is @val, for WORK_WAIT_NS at most; there may be no
 * reason for its return. work_futex_wake - up to @nr that wait for any of @bits.
 */
void work_futex_wait(struct work_self *self, uint32_t val, uint32_t bits);
void work_futex_wake(struct work_self *self, int nr, uint32_t bits);
#define WORK_ALL_BITS	(~0U)

/* work_refused - a call of the work failed, and it goes on without; shown with its figures. */
void work_refused(struct work_self *self, int code);

/* work_fail - a call of the work failed: ends the worker. */
void work_fail(struct work_self *self, enum worker_setup call, int code) __noreturn;

/* work_alloc - pages of its own; not freed, its end does that. */
void *work_alloc(struct work_self *self, size_t size);

/*
 * memory.c: memory whose pages come by faults. work_fault - write to @nr of them, at random;
 * work_give_back - all of it, so that each is a fault again.
 */
unsigned char *work_alloc_faults(struct work_self *self, size_t size);
void work_fault(struct work_self *self, unsigned char *mem, size_t size, unsigned int nr);
void work_give_back(struct work_self *self, unsigned char *mem, size_t size);

/*
 * mutex.c: a lock that the group has. work_lock - false: told to stop, without the lock.
 * work_unlock - wake the next one that waits, or @pass_on: it has the lock already.
 */
bool work_lock(struct work_self *self);
void work_unlock(struct work_self *self, bool pass_on);

/* work_pipe_turn - pair.c: wake the partner, wait for it; false when no more is to be had. */
bool work_pipe_turn(struct work_self *self);

/* work_pipe_end - nobody may wait for us any more, and we wait for our own end. */
void work_pipe_end(struct work_self *self);

/*
 * fanout.c: waiting for another of the group. One that will wait says work_expect_wake()
 * before it looks at what it waits for; one that wakes @side says work_note_wake() before it
 * does; and after work_block() and a wait that has ended there is work_after_wake(), which is
 * work_woken() with the right time.
 */
void work_expect_wake(struct work_self *self);
void work_note_wake(struct work_self *self, unsigned int side);
void work_after_wake(struct work_self *self);

/* work_io_open, work_io - io.c: a file without a name; write it anew, which is a unit. */
int work_io_open(struct work_self *self);
void work_io(struct work_self *self, int fd);

/* The loops. */
void work_run_cpu_spin(struct work_self *self);
void work_run_yield_heavy(struct work_self *self);
void work_run_mixed(struct work_self *self);
void work_run_bursty(struct work_self *self);
void work_run_pipe_io(struct work_self *self);
void work_run_io_sync(struct work_self *self);
void work_run_cache_pressure(struct work_self *self);
void work_run_cache_yield(struct work_self *self);
void work_run_cache_pipe(struct work_self *self);
void work_run_page_fault_churn(struct work_self *self);
void work_run_futex_fan_out(struct work_self *self);
void work_run_fan_out_compute(struct work_self *self);
void work_run_wake_chain(struct work_self *self);
void work_run_thundering_herd(struct work_self *self);
void work_run_sequence(struct work_self *self);
void work_run_timer_latency(struct work_self *self);
void work_run_fork_exit(struct work_self *self);
void work_run_nice_sweep(struct work_self *self);
void work_run_affinity_churn(struct work_self *self);
void work_run_policy_churn(struct work_self *self);
void work_run_rt_starvation(struct work_self *self);
void work_run_priority_inversion(struct work_self *self);
void work_run_smt_sibling_spin(struct work_self *self);
void work_run_numa_working_set_sweep(struct work_self *self);
void work_run_mutex_contention(struct work_self *self);
void work_run_io_convoy(struct work_self *self);
void work_run_cgroup_attach_storm(struct work_self *self);
void work_run_cgroup_churn(struct work_self *self);

#endif /* KTSTR_GUEST_WORK_WORK_H */
