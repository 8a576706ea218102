/* SPDX-License-Identifier: GPL-2.0 */
/*
 * judge.h - from the reports of the workers to a verdict
 *
 * A pure function of its arguments. What it holds against a test, gravest first,
 * so that the first is the verdict:
 *
 *	worker		crashed, could not set itself up, would not stop
 *	starved		a released worker did no unit of work all its life, or did not run again
 *			after the scheduler was changed
 *	isolation	ran outside of what its cpuset and affinity allow
 *	stuck		was runnable, but not on a CPU, for too long
 *	unfair		like workers differ too much in their time off the CPU
 *	throughput, latency, migration, numa
 *			limits that the test has set, see struct expect
 *
 * Like workers are those that were spawned together into the same cgroup with the same
 * work and part in it, policy, nice value and affinity. Time off the CPU is compared of work
 * only that never sleeps, for else it is its own choice, and only under policies that promise
 * a fair share.
 * It counts from WORKER_SETTLE_NS after the start of a worker: where many start at once,
 * a scheduler that balances by and by needs a while to spread them, and in a run of two
 * seconds that alone would make a difference of more than ten percent.
 */
#ifndef KTSTR_GUEST_JUDGE_H
#define KTSTR_GUEST_JUDGE_H

#include "worker.h"

struct judge_input {
	const struct expect *expect;
	const struct expect *own;	/* the test's: who judges nothing is not passed; may be NULL */
	const struct worker *workers;	/* all that there were, collected */
	uint64_t start_ns;		/* start of the scenario: times are told from there */
	uint64_t steal_ns;		/* of the CPU that lost most to the host while it ran */
	uint64_t run_ns;		/* length of the run */
	const struct topology *topo;	/* which CPU is on which node */
	uint32_t slow_nodes;		/* those without CPUs, a bit each */
	bool have_numa_moved;
	uint64_t numa_moved;		/* pages that went to another node while it ran */
};

/* Whoever lived for less is not starved, whoever was measured for less is not compared. */
#define JUDGE_MIN_NS		(500 * NSEC_PER_MSEC)
#define JUDGE_LINES		8	/* for each cause; the rest is counted */

typedef void (*judge_sink)(void *ctx, enum verdict verdict, enum cause cause, const char *text);

/* judge - calls @sink for each objection; returns how many there were. */
unsigned int judge(const struct judge_input *in, judge_sink sink, void *ctx);

/* judge_like - are two workers alike, as above? */
bool judge_like(const struct worker *a, const struct worker *b);

/* judge_fair_policy - one under which all that are alike get the same. */
bool judge_fair_policy(int policy);

/* judge_describe - a line of figures for each group of like workers. */
void judge_describe(const struct judge_input *in, void (*line)(void *ctx, const char *text),
		    void *ctx);

#endif /* KTSTR_GUEST_JUDGE_H */
