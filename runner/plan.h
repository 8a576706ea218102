/* SPDX-License-Identifier: GPL-2.0 */
/*
 * plan.h - which instances run: test x topology x flag profile
 */
#ifndef KTSTR_RUNNER_PLAN_H
#define KTSTR_RUNNER_PLAN_H

#include "../ktstr.h"
#include "options.h"

#define PLAN_NAME_LEN		256	/* a file has it: NAME_MAX, and the NUL */
#define PLAN_MAX_FLAGS		8	/* of one test: 256 profiles */
#define PLAN_MAX_INSTANCES	4096

struct plan_instance {
	const struct ktstr_test *test;
	struct topology topo;
	uint32_t flags;			/* bit i: test->flags[i] is on */
	struct expect expect;		/* of the test, and what the user says of the scheduler */
	char name[PLAN_NAME_LEN];	/* test.topology.profile; unique, [A-Za-z0-9_.-] */
	unsigned int duration_ms;	/* T */
	unsigned int run_ms;		/* settle time and all holds together */
	unsigned int wait_ms;		/* for payloads, beside that, at most */
	uint64_t mem_bytes;
	char skip[256];			/* why it cannot run here, "" if it can */
};

struct plan {
	struct plan_instance *inst;
	unsigned int nr;
	char none[96];			/* if nr is 0: why */
};

/*
 * plan_build - expand the @nr tests at @tests, as far as options select them. 0, or a negative
 * errno: a glob that matches nothing (unless it is shared), a declaration that is wrong.
 */
int plan_build(const struct ktstr_test *const *tests, unsigned int nr, const struct options *opts,
	       struct plan *plan, struct err *err);

/*
 * plan_memory - decide how much RAM each instance gets. @fixed: bytes of kernel image and
 * initramfs; @avail: what the host can give. Memory that the user asked for and that
 * cannot be is an error; what a test needs and cannot have makes it a skip.
 */
int plan_memory(struct plan *plan, const struct options *opts, uint64_t kernel, uint64_t initramfs,
		uint64_t avail, struct err *err);

/* plan_sched - the scheduler of a test: its own, or the user's. *@name may become NULL. */
enum sched_kind plan_sched(const struct ktstr_test *test, const struct options *opts,
			   const char **name);

/* plan_job - what PID 1 is told; -E2BIG when the arguments do not fit. The magic is not set. */
int plan_job(const struct plan_instance *inst, const struct options *opts, struct job *job,
	     struct err *err);

/*
 * plan_needs - "4 CPUs, 2 LLCs, sched_ext, hackbench", "-" for nothing in particular. What a
 * scheduler has to claim is there by its name in --sched-expect.
 */
const char *plan_needs(const struct ktstr_test *test, char *buf, size_t size);

void plan_free(struct plan *plan);

#endif /* KTSTR_RUNNER_PLAN_H */
