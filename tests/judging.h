/* SPDX-License-Identifier: GPL-2.0 */
/*
 * judging.h - workers that never were, for the judge to judge
 */
#ifndef KTSTR_TESTS_JUDGING_H
#define KTSTR_TESTS_JUDGING_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "../guest/judge.h"
#include "kselftest_harness.h"

#define MAX_WORKERS	16
#define RUN_NS		(2 * NSEC_PER_SEC)
#define START_NS	(100 * NSEC_PER_SEC)

struct objection {
	enum verdict verdict;
	enum cause cause;
	char text[RESULT_TEXT_LEN];
};

/* CPUs 0 and 1 on node 0, 2 and 3 on node 1. */
static const struct topology two_nodes = {
	.nr_nodes = 2, .nr_llcs = 2, .cores_per_llc = 2, .threads_per_core = 1,
};

FIXTURE(judge)
{
	struct worker worker[MAX_WORKERS];
	struct worker_page *page;
	struct expect expect;
	struct judge_input in;
	struct objection said[64];
	unsigned int nr_said;
};

/* @nr spinners of one cgroup, all of them half of the time on the CPU. */
static void make_workers(FIXTURE_DATA(judge) *self, unsigned int nr)
{
	struct worker_report *rep;
	struct worker *w;
	unsigned int i;

	memset(self->worker, 0, sizeof(self->worker));
	memset(self->page, 0, MAX_WORKERS * sizeof(*self->page));
	for (i = 0; i < nr; i++) {
		w = &self->worker[i];
		w->next = i + 1 < nr ? w + 1 : NULL;
		w->id = i;
		w->pid = 100 + i;
		w->cgroup_name = "cg_0";
		w->work.type = WORK_CPU_SPIN;
		w->page = &self->page[i];
		w->released = true;
		w->released_ns = START_NS;
		w->stop_ns = START_NS + RUN_NS;
		w->gone_ns = w->stop_ns + NSEC_PER_MSEC;
		w->exit = WORKER_EXITED;
		rep = &w->page->rep;
		rep->state = WORKER_DONE;
		rep->end_ns = START_NS + RUN_NS;
		rep->last_ns = rep->end_ns;
		/* The first bit is not judged, so it may look as it will. */
		rep->settled_ns = START_NS;
		rep->start_ns = START_NS - WORKER_SETTLE_NS;
		rep->settled_cpu_ns = i * NSEC_PER_MSEC;
		rep->cpu_time_ns = rep->settled_cpu_ns + RUN_NS / 2;
		rep->units = 1000;
		rep->gap_ns = 4 * NSEC_PER_MSEC;
		rep->gap_at_ns = START_NS + NSEC_PER_SEC;
	}
	self->in.workers = nr ? self->worker : NULL;
}

/* CPU time of a worker in the part that is judged. */
static __maybe_unused void run_for(FIXTURE_DATA(judge) *self, unsigned int i, uint64_t ns)
{
	self->page[i].rep.cpu_time_ns = self->page[i].rep.settled_cpu_ns + ns;
}

FIXTURE_SETUP(judge)
{
	self->page = calloc(MAX_WORKERS, sizeof(*self->page));
	ASSERT_NE(NULL, self->page);
	memset(&self->expect, 0, sizeof(self->expect));
	memset(&self->in, 0, sizeof(self->in));
	self->in.expect = &self->expect;
	self->in.start_ns = START_NS;
	self->in.run_ns = RUN_NS;
	self->in.topo = &two_nodes;
	self->nr_said = 0;
	make_workers(self, 4);
}

FIXTURE_TEARDOWN(judge)
{
	free(self->page);
}

static void on_objection(void *ctx, enum verdict verdict, enum cause cause, const char *text)
{
	FIXTURE_DATA(judge) *self = ctx;
	struct objection *o = &self->said[self->nr_said++];

	if (self->nr_said > ARRAY_SIZE(self->said))
		abort();
	o->verdict = verdict;
	o->cause = cause;
	snprintf(o->text, sizeof(o->text), "%s", text);
}

static unsigned int run_judge(FIXTURE_DATA(judge) *self)
{
	self->nr_said = 0;
	return judge(&self->in, on_objection, self);
}

/* Exactly one objection, of this cause, whose text has this in it. */
#define EXPECT_OBJECTION(_cause, _text) do {				\
	EXPECT_EQ(1, run_judge(self));					\
	ASSERT_EQ(1, self->nr_said);					\
	EXPECT_EQ(VERDICT_FAIL, self->said[0].verdict);			\
	EXPECT_EQ(_cause, self->said[0].cause);				\
	EXPECT_NE(NULL, strstr(self->said[0].text, _text)) {		\
		TH_LOG("\"%s\" is not in \"%s\"", _text, self->said[0].text); \
	}								\
} while (0)

#endif /* KTSTR_TESTS_JUDGING_H */
