/* SPDX-License-Identifier: GPL-2.0 */
/*
 * workers.h - real workers, forked by a test, without cgroups
 */
#ifndef KTSTR_TESTS_WORKERS_H
#define KTSTR_TESTS_WORKERS_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "../guest/work/work.h"
#include "kselftest_harness.h"

#define RUN_NS	(200 * NSEC_PER_MSEC)

static __maybe_unused void release_all(struct worker *list, const struct cpumask *cpus)
{
	for (; list; list = list->next) {
		worker_allow(list, cpus);
		worker_release(list);
	}
}

static __maybe_unused void sleep_ns(uint64_t ns)
{
	struct timespec ts = { .tv_sec = ns / NSEC_PER_SEC, .tv_nsec = ns % NSEC_PER_SEC };

	nanosleep(&ts, NULL);
}

static __maybe_unused int collect_all(struct worker *list)
{
	struct worker *w;

	for (w = list; w; w = w->next)
		worker_mark_stop(w);
	return workers_collect(list);
}

/* Until the worker has come to its loop. */
static __maybe_unused void wait_running(struct worker *w)
{
	uint64_t until = now_ns() + 5 * NSEC_PER_SEC;

	while (now_ns() < until && !READ_ONCE(w->page->rep.units))
		sleep_ns(NSEC_PER_MSEC);
}

FIXTURE(one)
{
	struct {
		struct worker *list;
		struct worker *first;
		struct worker_spec spec;
		struct cpumask online;
		struct err err;
	} w;
};

FIXTURE_SETUP(one)
{
	long ret;

	memset(self, 0, sizeof(*self));
	ret = syscall(SYS_sched_getaffinity, 0, sizeof(self->w.online), &self->w.online);
	ASSERT_LT(0, ret);
	self->w.spec.cgroup_name = "none";
	self->w.spec.online = self->w.online;
	self->w.spec.work.type = WORK_CPU_SPIN;
	self->w.spec.work.nr = 1;
}

FIXTURE_TEARDOWN(one)
{
	EXPECT_EQ(0, collect_all(self->w.list));
	workers_free(&self->w.list);
	EXPECT_EQ(NULL, self->w.list);
	/* Nobody is left, not even a zombie. */
	EXPECT_EQ(-1, waitpid(-1, NULL, WNOHANG));
	EXPECT_EQ(ECHILD, errno);
}

#define FORK_ONE() \
	ASSERT_EQ(0, workers_fork(&self->w.list, &self->w.spec, &self->w.first, &self->w.err))

#endif /* KTSTR_TESTS_WORKERS_H */
