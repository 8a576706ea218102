/* SPDX-License-Identifier: GPL-2.0 */
/*
 * worker.h - the processes that make load, and what they report
 *
 * A worker is a forked process, never a thread: cgroups move processes. Each
 * has a page of shared memory of its own, so that what it saw survives it,
 * however it ends. It starts in two phases:
 *
 *	parent				worker
 *	fork				dies with its parent, own process group
 *	moves it into its cgroup	waits to be released
 *	worker_release()		affinity, policies, nice; then takes the time
 *					works, with a checkpoint each unit
 *	workers_collect()		writes the rest of the report, exits
 */
#ifndef KTSTR_GUEST_WORKER_H
#define KTSTR_GUEST_WORKER_H

#include <stdatomic.h>
#include <sys/types.h>
#include "../ktstr.h"

struct cgroup;

enum worker_state {
	WORKER_FORKED,		/* not released, or not run since then */
	WORKER_RUNNING,		/* runnable: must get a CPU */
	WORKER_BLOCKED,		/* sleeps on purpose */
	WORKER_DONE,		/* the report is complete */
};

/* What a worker does to itself before it starts, in this order. */
enum worker_setup {
	WORKER_SETUP_NONE,
	WORKER_SETUP_RELEASE,	/* it was never released */
	WORKER_SETUP_AFFINITY,
	WORKER_SETUP_POLICY,
	WORKER_SETUP_NICE,
	WORKER_SETUP_MEM,
	WORKER_SETUP_WORK,	/* a call of the work itself */
	WORKER_SETUP_LOCK,	/* a lock of the work was not what it should be */
	NR_WORKER_SETUPS,
};

struct migration {
	uint64_t at_ns;
	uint32_t from, to;
};

#define WORKER_MIGRATIONS	32UL	/* the first ones; all are counted */
#define WORKER_WAKES		1024UL	/* a sample of all */

/* All times are CLOCK_MONOTONIC. Written by the worker only. */
struct worker_report {
	uint32_t state;			/* enum worker_state */
	uint32_t setup_call;		/* enum worker_setup: the call that failed */
	int32_t setup_errno;
	uint64_t start_ns, end_ns;
	uint64_t last_ns;		/* last checkpoint */
	uint64_t last_paused_ns;	/* worker_paused_ns() then */
	uint64_t due_ns;		/* while it is blocked: when a timer ends that; 0: none */
	uint64_t cpu_time_ns;		/* between start and end */
	/* The first checkpoint WORKER_SETTLE_NS after the start, 0 if there was none. */
	uint64_t settled_ns;
	uint64_t settled_cpu_ns;	/* CPU time until then */
	uint64_t settled_paused_ns, end_paused_ns;
	bool have_schedstat;
	uint64_t run_delay_ns;		/* /proc/self/schedstat, between start and end */
	uint64_t run_count;
	uint64_t units;			/* of work */
	uint64_t iterations;		/* of the loop of its work type */
	struct cpumask cpus_used;
	uint64_t nr_migrations;
	struct migration migration[WORKER_MIGRATIONS];
	/* Longest time without a checkpoint while runnable, when it ended and on which CPU. */
	uint64_t gap_ns, gap_at_ns;
	uint32_t gap_cpu;
	uint32_t last_cpu;
	/*
	 * How long it was runnable before it ran: of the longest, when that was over and on
	 * which CPU; and of the first WORKER_WAKES, or of that many drawn from all by lot.
	 */
	uint64_t nr_wakes;
	uint64_t wake_max_ns, wake_max_at_ns;
	uint32_t wake_max_cpu;
	uint64_t wake_ns[WORKER_WAKES];
	/* At the end, pages of its own memory per NUMA node. */
	bool have_numa;
	uint64_t numa_pages[TOPOLOGY_MAX_NODES];
	uint64_t nr_checkpoints;
	uint64_t nr_refused;		/* calls that were refused and done without */
	int32_t refused_errno;		/* of the last one */
	/* Checkpoints on a CPU that was not allowed, and the first of them. */
	uint64_t nr_outside, outside_ns;
	uint32_t outside_cpu;
};

#define WORK_GROUP_MAX	32

/* What a group of workers has in common; that in the page of its first one is used. */
struct work_shared {
	_Atomic uint32_t word;		/* that they wait on: whose turn it is, for instance */
	_Atomic uint32_t waiting;	/* a bit for each that does */
	_Atomic uint32_t owner;		/* who has the lock, from 1 on; 0: nobody */
	_Atomic uint64_t wake_ns[WORK_GROUP_MAX];	/* when each was woken; 0: not yet */
};

/*
 * Where a worker may run. The parent fills the slot that is not in use, then
 * moves the generation on. The CPUs of @grace are tolerated until @until_ns.
 */
struct worker_allowed {
	struct cpumask cpus;
	struct cpumask grace;
	uint64_t until_ns;
};

struct worker_page {
	_Atomic uint32_t start;
	_Atomic uint32_t stop;
	_Atomic uint32_t gen;
	_Atomic uint64_t paused;	/* see worker_paused_ns() */
	struct worker_allowed allowed[2];
	struct cpumask affinity;	/* to ask for, empty: none; set before its release */
	struct work_shared shared;
	struct worker_report rep;
};

enum worker_exit {
	WORKER_ALIVE,
	WORKER_EXITED,		/* code is the exit status */
	WORKER_SIGNALLED,	/* code is the signal */
	WORKER_TIMED_OUT,	/* did not stop in time and was killed */
	WORKER_LOST,		/* somebody else reaped it */
};

struct worker {
	struct worker *next;
	unsigned int id;		/* counts from 0 in a test */
	unsigned int batch;		/* those spawned together */
	unsigned int step;		/* that spawned it */
	bool keep;			/* outlives its step */
	pid_t pid;
	int pidfd;			/* -1 when it is no longer alive */
	const char *cgroup_name;	/* where it was spawned, or "root" */
	struct cgroup *cgroup;		/* where it is now, NULL in the root */
	uint64_t mems;			/* nodes that its cgroup keeps its memory on; 0: any */
	struct work work;
	struct worker_page *page;
	bool released;
	bool stopping;
	bool killed;			/* since it did not stop; may take until a later collect */
	bool unexpected;		/* ended before it was told to */
	bool lead;			/* the one of its group that wakes the others */
	bool unlike;			/* its affinities were drawn by lot: not comparable */
	/* When the scheduler was changed last, 0: never; and what it had done until then. */
	uint64_t change_ns;
	uint64_t change_checkpoints;
	uint64_t change_paused_ns;
	uint64_t left_behind_ns;	/* it did not run for so long after that change */
	uint64_t released_ns;
	uint64_t stop_ns;		/* was told to */
	uint64_t gone_ns;		/* was reaped, or given up */
	enum worker_exit exit;
	int exit_code;
};

#define WORKER_STOP_NS		(5 * NSEC_PER_SEC)	/* for all that are stopped together */
#define WORKER_START_NS		(30 * NSEC_PER_SEC)
#define WORKER_SETTLE_NS	(300 * NSEC_PER_MSEC)
#define WORKER_GRACE_NS		(10 * NSEC_PER_MSEC)	/* after its CPUs were narrowed */
#define WORKER_CHANGE_NS	(500 * NSEC_PER_MSEC)	/* to run after a change of schedulers */
#define WORKER_EXIT_SETUP	3	/* exit status: see setup_call */

/* What the workers of a batch have in common. */
struct worker_spec {
	struct work work;		/* .nr: how many */
	const char *cgroup_name;
	struct cgroup *cgroup;
	unsigned int batch, step;
	bool keep;
	struct cpumask online;		/* an affinity of the parent's is given up for it */
};

/*
 * workers_fork - append @spec->work.nr workers to *@list; they wait. *@first
 * is the first new one. On failure those that were made stay in the list and
 * are collected as usual.
 */
int workers_fork(struct worker **list, const struct worker_spec *spec, struct worker **first,
		 struct err *err);

/* worker_release - let it start; its allowed set and affinity must be there by then. */
void worker_release(struct worker *w);

/*
 * Where the worker may run, for its own checkpoints: worker_widen() before something
 * changes, worker_allow() afterwards; what was allowed until then is tolerated for
 * another WORKER_GRACE_NS.
 */
void worker_widen(struct worker *w, const struct cpumask *cpus);
void worker_allow(struct worker *w, const struct cpumask *cpus);

/*
 * worker_allowed - CPUs that the kernel lets a task run on whose cgroup has @cpuset and
 * that asked for @affinity: both, or if that is nothing, the cpuset.
 */
void worker_allowed(const struct cpumask *cpuset, const struct cpumask *affinity,
		    struct cpumask *cpus);

/*
 * worker_pause, worker_resume - it is kept from running on purpose, and is not judged for that
 * time. To be called before it is, and before it no longer is.
 */
void worker_pause(struct worker *w);
void worker_resume(struct worker *w);

/*
 * worker_paused_ns - for how long, all in all, until @now. The lowest bit says that it is,
 * the rest then is a time: that of the pause less what there was before.
 */
static inline uint64_t worker_paused_ns(const struct worker_page *page, uint64_t now)
{
	uint64_t val = atomic_load_explicit(&page->paused, memory_order_relaxed);

	return val & 1 ? now - (val >> 1) : val >> 1;
}

/* worker_changed - the scheduler is another one from now on; until the next change it must run. */
void worker_changed(struct worker *w);

/* worker_set_affinity - sched_setaffinity() on the process. */
int worker_set_affinity(pid_t pid, const struct cpumask *cpus);

/*
 * workers_wait_fds - until one of them ends, one of the @nr_extra others is readable (-1 is
 * passed over), or @until_ns. workers_wait - with just one of those.
 */
void workers_wait_fds(struct worker *list, const int *extra, unsigned int nr_extra,
		      uint64_t until_ns);
void workers_wait(struct worker *list, int extra_fd, uint64_t until_ns);

/* workers_reap - take note of those that ended; returns the first that nobody had told to. */
struct worker *workers_reap(struct worker *list);

/* worker_mark_stop - it is to go with the next workers_collect(). */
void worker_mark_stop(struct worker *w);

/*
 * workers_collect - stop all that are marked and wait for them under one shared deadline
 * of WORKER_STOP_NS; kill the rest. -ETIMEDOUT if one cannot even be killed.
 */
int workers_collect(struct worker *list);

/* workers_free - all of them must have been collected. */
void workers_free(struct worker **list);

bool worker_alive(const struct worker *w);
const char *worker_setup_name(unsigned int call);

#endif /* KTSTR_GUEST_WORKER_H */
