// SPDX-License-Identifier: GPL-2.0
/*
 * Real workers, forked here, without cgroups.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "../guest/work/work.h"
#include "kselftest_harness.h"

#define RUN_NS	(200 * NSEC_PER_MSEC)

FIXTURE(worker)
{
	struct worker *list;
	struct worker *first;
	struct worker_spec spec;
	struct cpumask online;
	struct err err;
};

FIXTURE_VARIANT(worker)
{
	enum work_type type;
	unsigned int nr;
	bool wakes;		/* it sleeps, and is woken, */
	unsigned int spins;	/* but each so-many-th does not */
};

FIXTURE_VARIANT_ADD(worker, cpu_spin) { .type = WORK_CPU_SPIN, .nr = 2 };
FIXTURE_VARIANT_ADD(worker, yield_heavy) { .type = WORK_YIELD_HEAVY, .nr = 2 };
FIXTURE_VARIANT_ADD(worker, mixed) { .type = WORK_MIXED, .nr = 2 };
FIXTURE_VARIANT_ADD(worker, bursty) { .type = WORK_BURSTY, .nr = 2, .wakes = true };
FIXTURE_VARIANT_ADD(worker, pipe_io) { .type = WORK_PIPE_IO, .nr = 4, .wakes = true };
FIXTURE_VARIANT_ADD(worker, futex_ping_pong)
{
	.type = WORK_FUTEX_PING_PONG, .nr = 4, .wakes = true
};
FIXTURE_VARIANT_ADD(worker, io_sync) { .type = WORK_IO_SYNC, .nr = 2, .wakes = true };
FIXTURE_VARIANT_ADD(worker, cache_pressure) { .type = WORK_CACHE_PRESSURE, .nr = 2 };
FIXTURE_VARIANT_ADD(worker, cache_yield) { .type = WORK_CACHE_YIELD, .nr = 2 };
FIXTURE_VARIANT_ADD(worker, cache_pipe) { .type = WORK_CACHE_PIPE, .nr = 4, .wakes = true };
FIXTURE_VARIANT_ADD(worker, page_fault_churn) { .type = WORK_PAGE_FAULT_CHURN, .nr = 2 };
FIXTURE_VARIANT_ADD(worker, futex_fan_out)
{
	.type = WORK_FUTEX_FAN_OUT, .nr = 10, .wakes = true, .spins = 5
};
FIXTURE_VARIANT_ADD(worker, fan_out_compute)
{
	.type = WORK_FAN_OUT_COMPUTE, .nr = 5, .wakes = true, .spins = 5
};
FIXTURE_VARIANT_ADD(worker, wake_chain) { .type = WORK_WAKE_CHAIN, .nr = 8, .wakes = true };
FIXTURE_VARIANT_ADD(worker, thundering_herd)
{
	.type = WORK_THUNDERING_HERD, .nr = 8, .wakes = true
};

FIXTURE_SETUP(worker)
{
	long ret;

	memset(self, 0, sizeof(*self));
	ret = syscall(SYS_sched_getaffinity, 0, sizeof(self->online), &self->online);
	ASSERT_LT(0, ret);
	self->spec.cgroup_name = "none";
	self->spec.online = self->online;
	self->spec.work.type = WORK_CPU_SPIN;
	self->spec.work.nr = 1;
}

FIXTURE_TEARDOWN(worker)
{
	struct worker *w;

	for (w = self->list; w; w = w->next)
		worker_mark_stop(w);
	EXPECT_EQ(0, workers_collect(self->list));
	workers_free(&self->list);
	EXPECT_EQ(NULL, self->list);
	/* Nobody is left, not even a zombie. */
	EXPECT_EQ(-1, waitpid(-1, NULL, WNOHANG));
	EXPECT_EQ(ECHILD, errno);
}

#define FORK() ASSERT_EQ(0, workers_fork(&self->list, &self->spec, &self->first, &self->err))

static void release_all(struct worker *list, const struct cpumask *cpus)
{
	for (; list; list = list->next) {
		worker_allow(list, cpus);
		worker_release(list);
	}
}

static void sleep_ns(uint64_t ns)
{
	struct timespec ts = { .tv_sec = ns / NSEC_PER_SEC, .tv_nsec = ns % NSEC_PER_SEC };

	nanosleep(&ts, NULL);
}

static int collect_all(struct worker *list)
{
	struct worker *w;

	for (w = list; w; w = w->next)
		worker_mark_stop(w);
	return workers_collect(list);
}

/* Until the worker has come to its loop. */
static void wait_running(struct worker *w)
{
	uint64_t until = now_ns() + 5 * NSEC_PER_SEC;

	while (now_ns() < until && !READ_ONCE(w->page->rep.units))
		sleep_ns(NSEC_PER_MSEC);
}

static void run_all(FIXTURE_DATA(worker) *self)
{
	struct worker *w;

	release_all(self->list, &self->online);
	/* This machine is not ours alone: a worker may be late. */
	for (w = self->list; w; w = w->next)
		wait_running(w);
	sleep_ns(RUN_NS);
	collect_all(self->list);
}

/* A checkpoint for each millisecond of CPU time, at the least. */
static bool checks_often(const struct worker_report *rep)
{
	return rep->nr_checkpoints >= rep->cpu_time_ns / NSEC_PER_MSEC;
}

TEST_F(worker, every_type_works_and_reports)
{
	struct worker_report *rep;
	struct cpumask outside;
	struct worker *w;
	unsigned int nr = 0;

	self->spec.work.type = variant->type;
	self->spec.work.nr = variant->nr;
	self->spec.work.burst_ms = variant->type == WORK_BURSTY ? 5 : 0;
	self->spec.work.sleep_ms = variant->type == WORK_BURSTY ? 5 : 0;
	FORK();
	run_all(self);
	for (w = self->list; w; w = w->next, nr++) {
		rep = &w->page->rep;
		EXPECT_EQ(nr, w->id);
		EXPECT_EQ(WORKER_EXITED, w->exit);
		EXPECT_EQ(0, w->exit_code);
		EXPECT_FALSE(w->unexpected);
		EXPECT_EQ(WORKER_DONE, rep->state);
		EXPECT_EQ(WORKER_SETUP_NONE, rep->setup_call);
		EXPECT_LT(0, rep->units);
		EXPECT_LT(1, rep->iterations);
		EXPECT_LT(0, rep->cpu_time_ns);
		EXPECT_LE(w->released_ns, rep->start_ns);
		EXPECT_LE(rep->start_ns, rep->last_ns);
		EXPECT_LE(rep->last_ns, rep->end_ns);
		EXPECT_LE(rep->end_ns, w->gone_ns);
		EXPECT_LE(w->stop_ns, rep->end_ns);
		EXPECT_LE(RUN_NS, rep->end_ns - rep->start_ns);
		EXPECT_FALSE(cpumask_empty(&rep->cpus_used));
		cpumask_andnot(&outside, &rep->cpus_used, &self->online);
		EXPECT_TRUE(cpumask_empty(&outside));
		EXPECT_EQ(0, rep->nr_outside);
		EXPECT_LT(0, rep->gap_ns);
		EXPECT_TRUE(checks_often(rep)) {
			TH_LOG("%llu checkpoints in %llu ns",
			       (unsigned long long)rep->nr_checkpoints,
			       (unsigned long long)rep->cpu_time_ns);
		}
		EXPECT_EQ(variant->wakes && !(variant->spins && nr % variant->spins == 0),
			  !!rep->nr_wakes);
		EXPECT_GE(rep->end_ns - rep->start_ns, rep->wake_max_ns);
		EXPECT_GE(rep->gap_ns, rep->wake_max_ns);
		if (variant->type == WORK_BURSTY) {
			/* Half of the time asleep, at the least. */
			EXPECT_GT((rep->end_ns - rep->start_ns) * 3 / 4, rep->cpu_time_ns);
		}
	}
	EXPECT_EQ(variant->nr, nr);
}

FIXTURE(one)
{
	FIXTURE_DATA(worker) w;
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
	collect_all(self->w.list);
	workers_free(&self->w.list);
	EXPECT_EQ(-1, waitpid(-1, NULL, WNOHANG));
}

#define FORK_ONE() \
	ASSERT_EQ(0, workers_fork(&self->w.list, &self->w.spec, &self->w.first, &self->w.err))

TEST_F(one, bad_requests)
{
	self->w.spec.work.nr = 0;
	EXPECT_EQ(-EINVAL, workers_fork(&self->w.list, &self->w.spec, &self->w.first,
					&self->w.err));
	EXPECT_NE(NULL, strstr(self->w.err.msg, "at least one"));
	self->w.spec.work.nr = 3;
	self->w.spec.work.type = WORK_PIPE_IO;
	EXPECT_EQ(-EINVAL, workers_fork(&self->w.list, &self->w.spec, &self->w.first, NULL));
	self->w.spec.work.type = NR_WORK_TYPES;
	EXPECT_EQ(-EINVAL, workers_fork(&self->w.list, &self->w.spec, &self->w.first, NULL));
	self->w.spec.work.type = WORK_NONE;
	EXPECT_EQ(-EINVAL, workers_fork(&self->w.list, &self->w.spec, &self->w.first, NULL));
	EXPECT_EQ(NULL, self->w.list);
}

TEST_F(one, does_nothing_until_released)
{
	FORK_ONE();
	sleep_ns(50 * NSEC_PER_MSEC);
	EXPECT_EQ(WORKER_FORKED, self->w.list->page->rep.state);
	EXPECT_EQ(0, self->w.list->page->rep.units);
	collect_all(self->w.list);
	EXPECT_EQ(WORKER_EXITED, self->w.list->exit);
	EXPECT_EQ(0, self->w.list->exit_code);
	EXPECT_FALSE(self->w.list->unexpected);
	EXPECT_EQ(0, self->w.list->page->rep.units);
}

TEST_F(one, ids_go_on_and_the_list_is_in_order)
{
	FORK_ONE();
	self->w.spec.work.nr = 2;
	FORK_ONE();
	EXPECT_EQ(self->w.list->next, self->w.first);
	EXPECT_EQ(1, self->w.first->id);
	EXPECT_EQ(2, self->w.first->next->id);
	EXPECT_EQ(NULL, self->w.first->next->next);
}

static int affinity_of(pid_t pid, struct cpumask *m)
{
	memset(m, 0, sizeof(*m));
	return syscall(SYS_sched_getaffinity, pid, sizeof(*m), m) < 0 ? -errno : 0;
}

TEST_F(one, sets_itself_up)
{
	struct cpumask one = { }, is;
	struct worker *w;

	self->w.spec.work.policy = SCHED_BATCH;
	self->w.spec.work.nice = 7;
	FORK_ONE();
	w = self->w.list;
	cpumask_set_cpu(&one, cpumask_first(&self->w.online));
	w->page->affinity = one;
	release_all(w, &one);
	wait_running(w);
	EXPECT_EQ(0, affinity_of(w->pid, &is));
	EXPECT_TRUE(cpumask_equal(&one, &is));
	EXPECT_EQ(SCHED_BATCH, sched_getscheduler(w->pid));
	EXPECT_EQ(7, getpriority(PRIO_PROCESS, w->pid));
	collect_all(w);
	EXPECT_TRUE(cpumask_equal(&one, &w->page->rep.cpus_used));
	EXPECT_EQ(0, w->page->rep.nr_migrations);
	EXPECT_EQ(0, w->page->rep.nr_outside);
}

TEST_F(one, affinity_of_the_parent_is_not_inherited)
{
	struct cpumask one = { }, is;

	if (cpumask_weight(&self->w.online) < 2)
		SKIP(return, "needs two CPUs");
	cpumask_set_cpu(&one, cpumask_first(&self->w.online));
	ASSERT_EQ(0, worker_set_affinity(0, &one));
	FORK_ONE();
	release_all(self->w.list, &self->w.online);
	wait_running(self->w.list);
	EXPECT_EQ(0, affinity_of(self->w.list->pid, &is));
	EXPECT_TRUE(cpumask_equal(&self->w.online, &is));
	EXPECT_EQ(0, worker_set_affinity(0, &self->w.online));
}

TEST_F(one, a_call_that_fails_is_reported)
{
	struct worker *w;

	FORK_ONE();
	w = self->w.list;
	cpumask_set_cpu(&w->page->affinity, KTSTR_MAX_CPUS - 1);
	release_all(w, &self->w.online);
	workers_wait(w, -1, now_ns() + 5 * NSEC_PER_SEC);
	EXPECT_EQ(w, workers_reap(w));
	EXPECT_EQ(WORKER_EXITED, w->exit);
	EXPECT_EQ(WORKER_EXIT_SETUP, w->exit_code);
	EXPECT_TRUE(w->unexpected);
	EXPECT_EQ(WORKER_SETUP_AFFINITY, w->page->rep.setup_call);
	EXPECT_EQ(EINVAL, w->page->rep.setup_errno);
	EXPECT_EQ(0, w->page->rep.units);
	/* Noted once. */
	EXPECT_EQ(NULL, workers_reap(w));
}

TEST_F(one, bad_policy_is_reported)
{
	self->w.spec.work.policy = SCHED_FIFO;
	self->w.spec.work.prio = 1000;
	FORK_ONE();
	release_all(self->w.list, &self->w.online);
	workers_wait(self->w.list, -1, now_ns() + 5 * NSEC_PER_SEC);
	EXPECT_EQ(self->w.list, workers_reap(self->w.list));
	EXPECT_EQ(WORKER_SETUP_POLICY, self->w.list->page->rep.setup_call);
	EXPECT_EQ(EINVAL, self->w.list->page->rep.setup_errno);
}

TEST_F(one, a_killed_worker_keeps_its_report)
{
	struct worker *w;

	FORK_ONE();
	w = self->w.list;
	release_all(w, &self->w.online);
	wait_running(w);
	ASSERT_EQ(0, kill(w->pid, SIGSEGV));
	workers_wait(w, -1, now_ns() + 5 * NSEC_PER_SEC);
	EXPECT_EQ(w, workers_reap(w));
	EXPECT_EQ(WORKER_SIGNALLED, w->exit);
	EXPECT_EQ(SIGSEGV, w->exit_code);
	EXPECT_TRUE(w->unexpected);
	EXPECT_LT(0, w->page->rep.units);
	EXPECT_EQ(WORKER_RUNNING, w->page->rep.state);
}

/* Who ended by itself just before the end must not pass for one that was stopped. */
TEST_F(one, collect_notes_who_went_before)
{
	siginfo_t si;

	FORK_ONE();
	release_all(self->w.list, &self->w.online);
	wait_running(self->w.list);
	ASSERT_EQ(0, kill(self->w.list->pid, SIGKILL));
	ASSERT_EQ(0, waitid(P_PID, self->w.list->pid, &si, WEXITED | WNOWAIT));
	EXPECT_EQ(0, collect_all(self->w.list));
	EXPECT_EQ(WORKER_SIGNALLED, self->w.list->exit);
	EXPECT_TRUE(self->w.list->unexpected);
}

TEST_F(one, only_the_marked_are_collected)
{
	self->w.spec.work.nr = 2;
	FORK_ONE();
	release_all(self->w.list, &self->w.online);
	wait_running(self->w.list->next);
	worker_mark_stop(self->w.list->next);
	EXPECT_EQ(0, workers_collect(self->w.list));
	EXPECT_TRUE(worker_alive(self->w.list));
	EXPECT_FALSE(worker_alive(self->w.list->next));
	EXPECT_EQ(NULL, workers_reap(self->w.list));
}

/* All wait under one deadline, but only who misses it is late. */
TEST_F(one, one_that_does_not_hear_makes_nobody_else_late)
{
	struct worker_page deaf = { };
	struct worker_page *page;
	struct worker *w;

	self->w.spec.work.nr = 2;
	FORK_ONE();
	release_all(self->w.list, &self->w.online);
	w = self->w.list;
	wait_running(w);
	wait_running(w->next);
	page = w->page;
	w->page = &deaf;
	EXPECT_EQ(0, collect_all(w));
	w->page = page;
	EXPECT_EQ(WORKER_TIMED_OUT, w->exit);
	EXPECT_EQ(WORKER_EXITED, w->next->exit);
	EXPECT_FALSE(w->next->unexpected);
}

TEST_F(one, a_stopped_worker_starves_but_answers)
{
	uint64_t before;

	FORK_ONE();
	ASSERT_EQ(0, kill(self->w.list->pid, SIGSTOP));
	release_all(self->w.list, &self->w.online);
	sleep_ns(RUN_NS);
	EXPECT_EQ(0, self->w.list->page->rep.units);
	before = now_ns();
	EXPECT_EQ(0, collect_all(self->w.list));
	EXPECT_GT(2 * NSEC_PER_SEC, now_ns() - before);
	EXPECT_EQ(WORKER_EXITED, self->w.list->exit);
	EXPECT_FALSE(self->w.list->unexpected);
}

/* A gap is noticed while it lasts as well as afterwards. */
TEST_F(one, being_stopped_is_a_gap)
{
	struct worker_report *rep;

	FORK_ONE();
	rep = &self->w.list->page->rep;
	release_all(self->w.list, &self->w.online);
	wait_running(self->w.list);
	ASSERT_EQ(0, kill(self->w.list->pid, SIGSTOP));
	sleep_ns(RUN_NS);
	ASSERT_EQ(0, kill(self->w.list->pid, SIGCONT));
	sleep_ns(RUN_NS / 4);
	EXPECT_EQ(0, collect_all(self->w.list));
	EXPECT_LE(RUN_NS * 9 / 10, rep->gap_ns);
	EXPECT_LT(rep->start_ns, rep->gap_at_ns);
	EXPECT_GE(rep->end_ns, rep->gap_at_ns);
}

TEST_F(one, sleeping_on_purpose_is_no_gap)
{
	struct worker_report *rep;

	self->w.spec.work.type = WORK_BURSTY;
	self->w.spec.work.burst_ms = 1;
	self->w.spec.work.sleep_ms = 500;
	FORK_ONE();
	rep = &self->w.list->page->rep;
	release_all(self->w.list, &self->w.online);
	sleep_ns(1200 * NSEC_PER_MSEC);
	EXPECT_EQ(0, collect_all(self->w.list));
	EXPECT_LE(2, rep->iterations);
	EXPECT_GT(400 * NSEC_PER_MSEC, rep->gap_ns);
}

/* It is late since the first call, however often it is called while it does not run. */
TEST_F(one, the_first_wake_counts)
{
	struct worker *w, *sleeper;

	self->w.spec.work.type = WORK_THUNDERING_HERD;
	self->w.spec.work.nr = 2;
	self->w.spec.work.group = 2;
	self->w.spec.work.sleep_us = 20000;
	FORK_ONE();
	w = self->w.list;
	sleeper = w->next;
	release_all(w, &self->w.online);
	wait_running(w);
	wait_running(sleeper);
	ASSERT_EQ(0, kill(sleeper->pid, SIGSTOP));
	sleep_ns(RUN_NS);
	ASSERT_EQ(0, kill(sleeper->pid, SIGCONT));
	sleep_ns(RUN_NS / 4);
	EXPECT_EQ(0, collect_all(w));
	EXPECT_LE(RUN_NS * 3 / 4, sleeper->page->rep.wake_max_ns);
	EXPECT_LE(sleeper->page->rep.wake_max_ns, sleeper->page->rep.gap_ns);
	EXPECT_LT(sleeper->page->rep.start_ns, sleeper->page->rep.wake_max_at_ns);
}

static uint64_t vm_rss(pid_t pid)
{
	unsigned long size, rss;
	char path[32], buf[128];

	snprintf(path, sizeof(path), "/proc/%d/statm", pid);
	if (read_file(path, buf, sizeof(buf)) <= 0 || sscanf(buf, "%lu %lu", &size, &rss) != 2)
		return 0;
	return rss * sysconf(_SC_PAGESIZE);
}

/* Run one until it has done a few rounds; how much memory it has then. */
#define RSS_OF(...) ({							\
	struct worker *_w;						\
	uint64_t _rss;							\
	self->w.spec.work = (struct work){ .nr = 1, __VA_ARGS__ };	\
	FORK_ONE();							\
	_w = self->w.first;						\
	release_all(_w, &self->w.online);				\
	wait_running(_w);						\
	sleep_ns(RUN_NS / 4);						\
	_rss = vm_rss(_w->pid);						\
	worker_mark_stop(_w);						\
	EXPECT_EQ(0, workers_collect(self->w.list));			\
	_rss;								\
})

TEST_F(one, works_on_as_much_memory_as_told)
{
	uint64_t small = RSS_OF(.type = WORK_CACHE_PRESSURE, .size_kb = 32);
	uint64_t large = RSS_OF(.type = WORK_CACHE_PRESSURE, .size_kb = 8192);

	ASSERT_LT(0, small);
	EXPECT_LT(small + 7 * MIB, large);
	/* A stride of two pages leaves out half of them. */
	EXPECT_GT(small + 5 * MIB, RSS_OF(.type = WORK_CACHE_PRESSURE, .size_kb = 8192,
					  .stride = 8192));
	/* So few are touched that almost none is there at any moment. */
	EXPECT_GT(small + MIB, RSS_OF(.type = WORK_PAGE_FAULT_CHURN, .size_kb = 65536, .ops = 4));
}

/* More than are kept: a fair sample of them is, and the worst is known in any case. */
TEST(sample_of_wake_ups)
{
	const unsigned int nr = 100 * WORKER_WAKES;
	struct worker_page *page = calloc(1, sizeof(*page));
	struct work_self self = { .page = page, .rng = 1 };
	unsigned int i, low = 0;
	double sum = 0;

	ASSERT_NE(NULL, page);
	for (i = 0; i < nr; i++) {
		page->rep.last_ns = i;
		page->rep.last_cpu = i % 7;
		work_wake_sample(&self, i == 5 ? nr : i);
		if (i == WORKER_WAKES - 1)
			EXPECT_EQ(i, page->rep.wake_ns[i]);
	}
	EXPECT_EQ(nr, page->rep.nr_wakes);
	EXPECT_EQ(nr, page->rep.wake_max_ns);
	EXPECT_EQ(5, page->rep.wake_max_at_ns);
	EXPECT_EQ(5, page->rep.wake_max_cpu);
	for (i = 0; i < WORKER_WAKES; i++) {
		sum += page->rep.wake_ns[i];
		low += page->rep.wake_ns[i] < nr / 10;
	}
	/* Five standard deviations of either. */
	EXPECT_LT(nr / 2 * .91, sum / WORKER_WAKES);
	EXPECT_GT(nr / 2 * 1.09, sum / WORKER_WAKES);
	EXPECT_LT(WORKER_WAKES / 20, low);
	EXPECT_GT(WORKER_WAKES / 20 * 3, low);
	free(page);
}

TEST_F(one, ran_outside)
{
	struct worker_report *rep;
	struct cpumask none = { };

	FORK_ONE();
	rep = &self->w.list->page->rep;
	/* What was allowed before is tolerated for a while, and here nothing was. */
	worker_allow(self->w.list, &none);
	worker_release(self->w.list);
	wait_running(self->w.list);
	EXPECT_EQ(0, collect_all(self->w.list));
	EXPECT_LT(0, rep->nr_outside);
	EXPECT_TRUE(cpumask_test_cpu(&self->w.online, rep->outside_cpu));
	EXPECT_LE(rep->start_ns, rep->outside_ns);
}

TEST_F(one, narrowing_has_a_grace_period)
{
	struct cpumask a = { }, b;
	struct worker_report *rep;
	struct worker *w;
	unsigned int i;

	if (cpumask_weight(&self->w.online) < 2)
		SKIP(return, "needs two CPUs");
	cpumask_set_cpu(&a, cpumask_first(&self->w.online));
	cpumask_andnot(&b, &self->w.online, &a);

	FORK_ONE();
	w = self->w.list;
	rep = &w->page->rep;
	w->page->affinity = a;
	release_all(w, &a);
	wait_running(w);
	/* To and fro, always announced before and narrowed after, until it has seen some. */
	for (i = 0; i < 1000 && (i < 50 || READ_ONCE(rep->nr_migrations) < 4); i++) {
		worker_widen(w, i % 2 ? &a : &b);
		ASSERT_EQ(0, worker_set_affinity(w->pid, i % 2 ? &a : &b));
		worker_allow(w, i % 2 ? &a : &b);
		sleep_ns(2 * NSEC_PER_MSEC);
	}
	EXPECT_EQ(0, rep->nr_outside);
	EXPECT_LE(4, rep->nr_migrations);
	EXPECT_EQ(rep->migration[0].to, rep->migration[1].from);

	/* Narrowed, but it does not move: found when the grace is over. */
	worker_widen(w, &a);
	ASSERT_EQ(0, worker_set_affinity(w->pid, &a));
	worker_allow(w, &b);
	sleep_ns(WORKER_GRACE_NS + RUN_NS);
	EXPECT_EQ(0, collect_all(w));
	EXPECT_LT(0, rep->nr_outside);
	EXPECT_EQ(cpumask_first(&a), rep->outside_cpu);
}

TEST_F(one, what_the_kernel_allows)
{
	struct cpumask cpuset, aff, must, is;

	ASSERT_EQ(0, cpulist_parse("0-3", &cpuset));
	ASSERT_EQ(0, cpulist_parse("2-5", &aff));
	ASSERT_EQ(0, cpulist_parse("2-3", &must));
	worker_allowed(&cpuset, &aff, &is);
	EXPECT_TRUE(cpumask_equal(&must, &is));
	/* Nothing in common, or no affinity: the cpuset. */
	ASSERT_EQ(0, cpulist_parse("4-5", &aff));
	worker_allowed(&cpuset, &aff, &is);
	EXPECT_TRUE(cpumask_equal(&cpuset, &is));
	cpumask_clear(&aff);
	worker_allowed(&cpuset, &aff, &is);
	EXPECT_TRUE(cpumask_equal(&cpuset, &is));
}

/* When one of a pair dies, the other neither hangs nor dies of it. */
TEST_F(one, the_widow_of_a_pair)
{
	struct worker *w;

	self->w.spec.work.type = WORK_PIPE_IO;
	self->w.spec.work.nr = 2;
	FORK_ONE();
	w = self->w.list;
	release_all(w, &self->w.online);
	wait_running(w);
	ASSERT_EQ(0, kill(w->pid, SIGKILL));
	workers_wait(w, -1, now_ns() + 5 * NSEC_PER_SEC);
	EXPECT_EQ(w, workers_reap(w));
	sleep_ns(50 * NSEC_PER_MSEC);
	EXPECT_EQ(NULL, workers_reap(w));
	EXPECT_TRUE(worker_alive(w->next));
	EXPECT_EQ(0, collect_all(w));
	EXPECT_EQ(WORKER_EXITED, w->next->exit);
	EXPECT_EQ(0, w->next->exit_code);
	EXPECT_FALSE(w->next->unexpected);
}

/* Workers die with whoever forked them, so that nothing is left behind. */
TEST_F(one, orphans_die)
{
	int fds[2];
	char byte;
	pid_t pid;

	/* All hold the writing end, so that its end of file tells when the last has gone. */
	ASSERT_EQ(0, pipe(fds));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		self->w.spec.work.nr = 2;
		self->w.spec.work.type = WORK_CPU_SPIN;
		dup2(fds[1], 2);
		close(fds[1]);
		if (workers_fork(&self->w.list, &self->w.spec, &self->w.first, NULL))
			_exit(1);
		release_all(self->w.list, &self->w.online);
		wait_running(self->w.list);
		_exit(0);
	}
	close(fds[1]);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	EXPECT_EQ(0, read(fds[0], &byte, 1));
	close(fds[0]);
}

TEST_F(one, waiting_ends_with_the_other_descriptor)
{
	uint64_t before = now_ns();
	int fds[2];

	FORK_ONE();
	ASSERT_EQ(0, pipe2(fds, O_CLOEXEC));
	ASSERT_EQ(1, write(fds[1], "", 1));
	workers_wait(self->w.list, fds[0], before + 5 * NSEC_PER_SEC);
	EXPECT_GT(4 * NSEC_PER_SEC, now_ns() - before);
	/* And by time. */
	workers_wait(self->w.list, -1, now_ns() + NSEC_PER_MSEC);
	EXPECT_GT(4 * NSEC_PER_SEC, now_ns() - before);
	close(fds[0]);
	close(fds[1]);
}

TEST_HARNESS_MAIN
