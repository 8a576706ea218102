// SPDX-License-Identifier: GPL-2.0
/*
 * Every work type: real workers, forked here.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include "../guest/cgroup.h"
#include "workers.h"

#define ALL	(~0U)

/*
 * A clock that the test moves, where it is not 0; the CPU that it is on then, and what it has used
 * of it; and who is frozen just when the clock has been read.
 */
static uint64_t test_clock_ns, test_used_ns;
static unsigned int test_cpu;
static struct worker_page *test_frozen;
/* What is in a worker's /proc/self/schedstat the first time it looks, the next time, ... */
static const char *const *test_schedstat;

/* These take the place of libc's. */
int sched_getcpu(void)
{
	unsigned int cpu = test_cpu;

	if (!test_clock_ns && syscall(SYS_getcpu, &cpu, NULL, NULL))
		return -1;
	return cpu;
}

int open(const char *path, int flags, ...)
{
	const char *text;
	mode_t mode;
	va_list ap;
	int fd;

	va_start(ap, flags);
	mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	if (!test_schedstat || strcmp(path, "/proc/self/schedstat"))
		return syscall(SYS_openat, AT_FDCWD, path, flags, mode);
	text = *test_schedstat++;
	if (!text) {
		errno = ENOENT;
		return -1;
	}
	/* And in between it has used some time. */
	test_used_ns += 7 * NSEC_PER_MSEC;
	fd = memfd_create("schedstat", MFD_CLOEXEC);
	if (pwrite(fd, text, strlen(text), 0) < 0)
		return -1;
	return fd;
}

int clock_gettime(clockid_t clock, struct timespec *ts)
{
	if ((test_clock_ns || test_schedstat) && clock == CLOCK_THREAD_CPUTIME_ID) {
		ts->tv_sec = test_used_ns / NSEC_PER_SEC;
		ts->tv_nsec = test_used_ns % NSEC_PER_SEC;
		return 0;
	}
	if (!test_clock_ns || clock != CLOCK_MONOTONIC)
		return syscall(SYS_clock_gettime, clock, ts);
	ts->tv_sec = test_clock_ns / NSEC_PER_SEC;
	ts->tv_nsec = test_clock_ns % NSEC_PER_SEC;
	if (test_frozen) {
		test_clock_ns += NSEC_PER_SEC;
		atomic_store(&test_frozen->paused, NSEC_PER_SEC << 1);
		test_frozen = NULL;
	}
	return 0;
}

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
	unsigned int wakes;	/* a bit for each worker that sleeps and is woken */
	bool bursts;		/* as BURSTY does, here for 5 ms with 5 ms between them */
	unsigned int check_ms;	/* of CPU time, at most, between two checkpoints; 0: one */
	bool root;		/* needs its privileges */
	bool roams;		/* makes cgroups */
};

FIXTURE_VARIANT_ADD(worker, cpu_spin) { .type = WORK_CPU_SPIN, .nr = 2 };
FIXTURE_VARIANT_ADD(worker, yield_heavy) { .type = WORK_YIELD_HEAVY, .nr = 2 };
FIXTURE_VARIANT_ADD(worker, mixed) { .type = WORK_MIXED, .nr = 2 };
FIXTURE_VARIANT_ADD(worker, bursty) { .type = WORK_BURSTY, .nr = 2, .bursts = true, .wakes = ALL };
FIXTURE_VARIANT_ADD(worker, pipe_io) { .type = WORK_PIPE_IO, .nr = 4, .wakes = ALL };
FIXTURE_VARIANT_ADD(worker, futex_ping_pong)
{
	.type = WORK_FUTEX_PING_PONG, .nr = 4, .wakes = ALL
};
FIXTURE_VARIANT_ADD(worker, io_sync) { .type = WORK_IO_SYNC, .nr = 2, .wakes = ALL };
FIXTURE_VARIANT_ADD(worker, cache_pressure) { .type = WORK_CACHE_PRESSURE, .nr = 2 };
FIXTURE_VARIANT_ADD(worker, cache_yield) { .type = WORK_CACHE_YIELD, .nr = 2 };
FIXTURE_VARIANT_ADD(worker, cache_pipe) { .type = WORK_CACHE_PIPE, .nr = 4, .wakes = ALL };
FIXTURE_VARIANT_ADD(worker, page_fault_churn) { .type = WORK_PAGE_FAULT_CHURN, .nr = 2 };
FIXTURE_VARIANT_ADD(worker, futex_fan_out)
{
	.type = WORK_FUTEX_FAN_OUT, .nr = 10, .wakes = 0x3de
};
FIXTURE_VARIANT_ADD(worker, fan_out_compute)
{
	.type = WORK_FAN_OUT_COMPUTE, .nr = 5, .wakes = 0x1e
};
FIXTURE_VARIANT_ADD(worker, wake_chain) { .type = WORK_WAKE_CHAIN, .nr = 8, .wakes = ALL };
FIXTURE_VARIANT_ADD(worker, thundering_herd)
{
	.type = WORK_THUNDERING_HERD, .nr = 8, .wakes = ALL
};
FIXTURE_VARIANT_ADD(worker, sequence) { .type = WORK_SEQUENCE, .nr = 2, .wakes = ALL };
FIXTURE_VARIANT_ADD(worker, timer_latency)
{
	.type = WORK_TIMER_LATENCY, .nr = 2, .wakes = ALL
};
/* A single fork() takes more than a millisecond where it is sanitized and the host is busy. */
FIXTURE_VARIANT_ADD(worker, fork_exit)
{
	.type = WORK_FORK_EXIT, .nr = 2, .wakes = ALL, .check_ms = 5
};
FIXTURE_VARIANT_ADD(worker, nice_sweep) { .type = WORK_NICE_SWEEP, .nr = 2, .root = true };
FIXTURE_VARIANT_ADD(worker, affinity_churn) { .type = WORK_AFFINITY_CHURN, .nr = 2 };
FIXTURE_VARIANT_ADD(worker, policy_churn) { .type = WORK_POLICY_CHURN, .nr = 2 };
FIXTURE_VARIANT_ADD(worker, mutex_contention)
{
	.type = WORK_MUTEX_CONTENTION, .nr = 8, .wakes = ALL
};
FIXTURE_VARIANT_ADD(worker, rt_starvation)
{
	.type = WORK_RT_STARVATION, .nr = 2, .root = true, .bursts = true, .wakes = 1
};
FIXTURE_VARIANT_ADD(worker, priority_inversion)
{
	.type = WORK_PRIORITY_INVERSION, .nr = 3, .root = true, .bursts = true, .wakes = 6
};
FIXTURE_VARIANT_ADD(worker, smt_sibling_spin) { .type = WORK_SMT_SIBLING_SPIN, .nr = 2 };
FIXTURE_VARIANT_ADD(worker, numa_working_set_sweep)
{
	.type = WORK_NUMA_WORKING_SET_SWEEP, .nr = 1
};
FIXTURE_VARIANT_ADD(worker, io_convoy) { .type = WORK_IO_CONVOY, .nr = 8, .wakes = ALL };
FIXTURE_VARIANT_ADD(worker, cgroup_attach_storm)
{
	.type = WORK_CGROUP_ATTACH_STORM, .nr = 2, .roams = true
};
FIXTURE_VARIANT_ADD(worker, cgroup_churn) { .type = WORK_CGROUP_CHURN, .nr = 2, .roams = true };
FIXTURE_VARIANT_ADD(worker, custom) { .type = WORK_CUSTOM, .nr = 2 };

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

static void wait_iterations(struct worker *w, uint64_t nr)
{
	uint64_t until = now_ns() + 5 * NSEC_PER_SEC;

	while (now_ns() < until && READ_ONCE(w->page->rep.iterations) < nr)
		sleep_ns(NSEC_PER_MSEC);
}

static void wait_woken(struct worker *w)
{
	uint64_t until = now_ns() + 5 * NSEC_PER_SEC;

	while (now_ns() < until && !READ_ONCE(w->page->rep.nr_wakes))
		sleep_ns(NSEC_PER_MSEC);
}

/* A bit in @wakes for each that is woken. */
static void run_all(FIXTURE_DATA(worker) *self, unsigned int wakes)
{
	struct worker *w;

	release_all(self->list, &self->online);
	/* This machine is not ours alone: a worker may be late. */
	for (w = self->list; w; w = w->next)
		wait_running(w);
	sleep_ns(RUN_NS);
	for (w = self->list; w; w = w->next, wakes >>= 1) {
		wait_iterations(w, 2);
		if (wakes & 1)
			wait_woken(w);
	}
	collect_all(self->list);
}

/* A checkpoint for each @ms of CPU time, at the least. */
static bool checks_often(const struct worker_report *rep, unsigned int ms)
{
	return rep->nr_checkpoints >= rep->cpu_time_ns / (ms * NSEC_PER_MSEC);
}

static void custom_loop(struct work_self *self)
{
	while (!work_stopped(self)) {
		work_unit(self);
		self->page->rep.iterations++;
	}
}

/* The cgroup2 file system where a guest has it, for this process alone; false: not here. */
static bool mount_cgroups(void)
{
	return !geteuid() && !unshare(CLONE_NEWNS) &&
	       !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
	       !mount("none", CGROUP_MOUNT, "cgroup2", 0, NULL) &&
	       !access(CGROUP_MOUNT "/cgroup.procs", W_OK);
}

static char *own_cgroup(pid_t pid, char *buf, size_t size)
{
	char path[32], text[512] = "", *own;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	read_file(path, text, sizeof(text));
	own = strstr(text, "0::/");
	snprintf(buf, size, "%.*s", own ? (int)strcspn(own, "\n") : 0, own ? own : "");
	return buf;
}

TEST_F(worker, every_type_works_and_reports)
{
	const struct work_phase *phases = PHASES({ PHASE_SPIN, 2 }, { PHASE_SLEEP, 2 },
						 { PHASE_YIELD, 1 }, { PHASE_IO, 1 });
	struct worker_report *rep;
	struct cpumask outside;
	struct worker *w;
	unsigned int nr = 0;

	self->spec.work.type = variant->type;
	self->spec.work.nr = variant->nr;
	self->spec.work.burst_ms = variant->bursts ? 5 : 0;
	self->spec.work.sleep_ms = variant->bursts ? 5 : 0;
	/* Long enough that nobody is spared the wait. */
	self->spec.work.hold = variant->type == WORK_MUTEX_CONTENTION ? 1 << 15 : 0;
	self->spec.work.custom = variant->type == WORK_CUSTOM ? custom_loop : NULL;
	self->spec.work.phases = variant->type == WORK_SEQUENCE ? phases : NULL;
	if (variant->root && geteuid())
		SKIP(return, "needs to be root");
	if (variant->roams && !mount_cgroups())
		SKIP(return, "needs to be root, and cgroups");
	FORK();
	run_all(self, variant->wakes);
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
		EXPECT_TRUE(checks_often(rep, variant->check_ms ?: 1)) {
			TH_LOG("%llu checkpoints in %llu ns",
			       (unsigned long long)rep->nr_checkpoints,
			       (unsigned long long)rep->cpu_time_ns);
		}
		EXPECT_EQ(variant->wakes >> nr & 1, !!rep->nr_wakes);
		EXPECT_GE(rep->end_ns - rep->start_ns, rep->wake_max_ns);
		/* To wait for a lock that somebody has is no gap. */
		if (variant->type != WORK_PRIORITY_INVERSION)
			EXPECT_GE(rep->gap_ns, rep->wake_max_ns);
		if (variant->type == WORK_BURSTY) {
			/* Half of the time asleep, at the least. */
			EXPECT_GT((rep->end_ns - rep->start_ns) * 3 / 4, rep->cpu_time_ns);
		}
	}
	EXPECT_EQ(variant->nr, nr);
}

/* It is elsewhere, then back; what it made is gone. */
TEST_F(one, roams_and_comes_back)
{
	uint64_t until = now_ns() + 5 * NSEC_PER_SEC;
	char home[512], at[512], dir[640] = "";
	struct worker *w;

	if (!mount_cgroups())
		SKIP(return, "needs to be root, and cgroups");
	own_cgroup(getpid(), home, sizeof(home));
	self->w.spec.work.type = WORK_CGROUP_ATTACH_STORM;
	/* Longer than it takes to look. */
	self->w.spec.work.spin = 1 << 20;
	FORK_ONE();
	w = self->w.list;
	release_all(w, &self->w.online);
	while (!dir[0] && now_ns() < until) {
		if (!strcmp(home, own_cgroup(w->pid, at, sizeof(at))))
			sleep_ns(NSEC_PER_MSEC);
		else
			snprintf(dir, sizeof(dir), CGROUP_MOUNT "%s", at + strlen("0::"));
	}
	EXPECT_NE('\0', dir[0]);
	EXPECT_NE(NULL, strstr(dir, "/roam-"));
	EXPECT_EQ(0, access(dir, F_OK));
	EXPECT_EQ(0, collect_all(w));
	EXPECT_EQ(WORKER_EXITED, w->exit);
	EXPECT_EQ(0, w->exit_code);
	EXPECT_EQ(-1, access(dir, F_OK));
}

static uint64_t min_iterations(const struct worker *w)
{
	uint64_t least = UINT64_MAX;

	for (; w; w = w->next)
		least = min(least, w->page->rep.iterations);
	return least;
}

/* With the lock nobody else works, and each has its turn. */
TEST_F(one, a_convoy_is_one_at_a_time)
{
	struct work_shared *shared;
	unsigned int busy = 0;
	struct worker *w;

	self->w.spec.work.type = WORK_IO_CONVOY;
	self->w.spec.work.nr = 4;
	self->w.spec.work.spin = 1;
	self->w.spec.work.sleep_us = 2000;
	FORK_ONE();
	w = self->w.list;
	shared = &w->page->shared;
	release_all(w, &self->w.online);
	sleep_ns(RUN_NS);
	for (; w; w = w->next) {
		wait_iterations(w, 1);
		busy += __builtin_popcount(atomic_load(&shared->waiting));
		EXPECT_LT(0, READ_ONCE(w->page->rep.iterations));
	}
	/* Three of four wait, whenever one looks, but for hand-overs. */
	EXPECT_LE(4, busy);
	EXPECT_EQ(0, collect_all(self->w.list));
	/* They have turns, but for one that the host has not let come back in time. */
	for (w = self->w.list; w; w = w->next)
		EXPECT_GE(2 * min_iterations(self->w.list) + 2, w->page->rep.iterations);
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

/* What makes checks_often() above false, and with it a wrong loop fail there. */
static void lazy_loop(struct work_self *self)
{
	uint64_t i;

	for (i = 0; !work_stopped(self); i++)
		WRITE_ONCE(self->rng, i);
}

TEST_F(one, few_checkpoints_are_noticed)
{
	self->w.spec.work.type = WORK_CUSTOM;
	self->w.spec.work.custom = lazy_loop;
	FORK_ONE();
	release_all(self->w.list, &self->w.online);
	sleep_ns(RUN_NS);
	EXPECT_EQ(0, collect_all(self->w.list));
	EXPECT_EQ(WORKER_DONE, self->w.list->page->rep.state);
	EXPECT_FALSE(checks_often(&self->w.list->page->rep, 5));
	EXPECT_EQ(0, self->w.list->page->rep.units);
}

static void block_loop(struct work_self *self)
{
	work_block(self);
}

/* All of its time is a gap, up to the end; but not for one that sleeps then. */
TEST_F(one, the_end_is_a_checkpoint)
{
	const struct worker_report *rep;

	self->w.spec.work.type = WORK_CUSTOM;
	self->w.spec.work.custom = lazy_loop;
	FORK_ONE();
	rep = &self->w.first->page->rep;
	release_all(self->w.first, &self->w.online);
	EXPECT_EQ(0, collect_all(self->w.list));
	EXPECT_EQ(1, rep->nr_checkpoints);
	EXPECT_LT(rep->start_ns, rep->last_ns);
	EXPECT_EQ(rep->last_ns - rep->start_ns, rep->gap_ns);

	self->w.spec.work.custom = block_loop;
	FORK_ONE();
	rep = &self->w.first->page->rep;
	release_all(self->w.first, &self->w.online);
	EXPECT_EQ(0, collect_all(self->w.list));
	EXPECT_EQ(WORKER_DONE, rep->state);
	EXPECT_EQ(1, rep->nr_checkpoints);
	EXPECT_LT(rep->last_ns, rep->end_ns);
}

TEST_F(one, a_sequence_does_all_its_phases)
{
	struct worker_report *rep;

	self->w.spec.work.type = WORK_SEQUENCE;
	self->w.spec.work.phases = PHASES({ PHASE_SPIN, 1 }, { PHASE_SLEEP, 30 });
	FORK_ONE();
	rep = &self->w.list->page->rep;
	release_all(self->w.list, &self->w.online);
	sleep_ns(2 * RUN_NS);
	EXPECT_EQ(0, collect_all(self->w.list));
	EXPECT_LE(2, rep->iterations);
	EXPECT_GE(14, rep->iterations);
	/* The last sleep may have been cut short. */
	EXPECT_LE(rep->iterations, rep->nr_wakes + 1);
	EXPECT_GT((rep->end_ns - rep->start_ns) / 2, rep->cpu_time_ns);
}

TEST_F(one, affinity_churn_stays_within_what_is_allowed)
{
	struct cpumask one = { };
	struct worker *w;

	self->w.spec.work.type = WORK_AFFINITY_CHURN;
	FORK_ONE();
	w = self->w.list;
	cpumask_set_cpu(&one, cpumask_first(&self->w.online));
	w->page->affinity = one;
	release_all(w, &one);
	wait_running(w);
	sleep_ns(RUN_NS / 2);
	/* And what is allowed may change. */
	worker_widen(w, &self->w.online);
	worker_allow(w, &self->w.online);
	sleep_ns(RUN_NS);
	EXPECT_EQ(0, collect_all(w));
	EXPECT_EQ(0, w->page->rep.nr_outside);
	EXPECT_EQ(0, w->page->rep.nr_refused);
	EXPECT_TRUE(cpumask_equal(&self->w.online, &w->page->rep.cpus_used));
}

TEST_F(one, policies_that_are_refused_are_counted)
{
	struct rlimit none = { };
	struct worker_report *rep;

	self->w.spec.work.type = WORK_POLICY_CHURN;
	if (geteuid())
		SKIP(return, "needs to be root");
	FORK_ONE();
	rep = &self->w.list->page->rep;
	release_all(self->w.list, &self->w.online);
	wait_running(self->w.list);
	sleep_ns(RUN_NS);
	EXPECT_EQ(0, collect_all(self->w.list));
	if (rep->nr_refused)
		SKIP(return, "root may not do that here");

	/* Others may be idle, but not come back from it. */
	ASSERT_EQ(0, setrlimit(RLIMIT_RTPRIO, &none));
	ASSERT_EQ(0, setrlimit(RLIMIT_NICE, &none));
	ASSERT_EQ(0, setresuid(65534, 65534, 0));
	FORK_ONE();
	rep = &self->w.first->page->rep;
	worker_allow(self->w.first, &self->w.online);
	worker_release(self->w.first);
	wait_running(self->w.first);
	sleep_ns(RUN_NS);
	ASSERT_EQ(0, setresuid(0, 0, 0));
	EXPECT_EQ(0, collect_all(self->w.list));
	EXPECT_EQ(WORKER_EXITED, self->w.first->exit);
	EXPECT_EQ(0, self->w.first->exit_code);
	EXPECT_LT(0, rep->nr_refused);
	EXPECT_EQ(EPERM, rep->refused_errno);
}

TEST_F(one, a_lock_is_free_at_the_end)
{
	struct work_shared *shared;

	self->w.spec.work.type = WORK_MUTEX_CONTENTION;
	self->w.spec.work.nr = 4;
	self->w.spec.work.hold = 1 << 16;
	FORK_ONE();
	shared = &self->w.list->page->shared;
	release_all(self->w.list, &self->w.online);
	wait_running(self->w.list);
	sleep_ns(RUN_NS);
	EXPECT_EQ(0, collect_all(self->w.list));
	EXPECT_EQ(0, atomic_load(&shared->word));
	EXPECT_EQ(0, atomic_load(&shared->owner));
	EXPECT_EQ(0, atomic_load(&shared->waiting));
}

/* Who is told to stop while it waits for a lock must not give it back. */
TEST_F(one, a_lock_is_given_back_by_its_owner_only)
{
	struct work_shared *shared;
	struct worker *w;

	self->w.spec.work.type = WORK_MUTEX_CONTENTION;
	self->w.spec.work.nr = 4;
	FORK_ONE();
	shared = &self->w.list->page->shared;
	atomic_store(&shared->word, 1);
	atomic_store(&shared->owner, WORK_GROUP_MAX);
	release_all(self->w.list, &self->w.online);
	for (w = self->w.list; w; w = w->next)
		wait_running(w);
	sleep_ns(RUN_NS / 4);
	EXPECT_EQ(0xf, atomic_load(&shared->waiting));
	EXPECT_EQ(0, collect_all(self->w.list));
	EXPECT_EQ(1, atomic_load(&shared->word));
	EXPECT_EQ(WORK_GROUP_MAX, atomic_load(&shared->owner));
	EXPECT_EQ(0, atomic_load(&shared->waiting));
	for (w = self->w.list; w; w = w->next) {
		EXPECT_EQ(0, w->exit_code);
		EXPECT_EQ(0, w->page->rep.iterations);
		EXPECT_EQ(WORKER_DONE, w->page->rep.state);
	}
}

/* Side 0 of two passes the lock on, step by step. How often was it free? -1: it is not known. */
static int free_between(struct work_self *self)
{
	struct work_shared *shared = self->seat.shared;
	int status, nr = 0;
	pid_t pid = fork();

	if (pid < 0)
		return -1;
	if (!pid) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
			_exit(1);
		raise(SIGSTOP);
		work_unlock(self, true);
		_exit(0);
	}
	while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)) {
		nr += !atomic_load(&shared->word);
		ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL);
	}
	return WIFEXITED(status) && !WEXITSTATUS(status) ? nr : -1;
}

TEST_F(one, a_lock_that_is_passed_on_is_never_free)
{
	struct worker_page *page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE,
					MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct work_self both[2] = { };
	unsigned int i;

	ASSERT_NE(MAP_FAILED, page);
	for (i = 0; i < 2; i++) {
		both[i].page = page;
		both[i].seat.shared = &page->shared;
		both[i].seat.side = i;
		both[i].seat.size = 2;
	}
	ASSERT_TRUE(work_lock(&both[0]));
	atomic_store(&page->shared.waiting, 2);
	EXPECT_EQ(0, free_between(&both[0]));
	EXPECT_EQ(2, atomic_load(&page->shared.owner));
	/* The other one sees that it has it. Nobody else waits then: it is free. */
	ASSERT_TRUE(work_lock(&both[1]));
	EXPECT_EQ(0, atomic_load(&page->shared.waiting));
	work_unlock(&both[1], true);
	EXPECT_EQ(0, atomic_load(&page->shared.word));
	EXPECT_EQ(0, atomic_load(&page->shared.owner));
	munmap(page, sizeof(*page));
}

TEST_F(one, a_lock_that_two_have_is_reported)
{
	struct worker *w;

	self->w.spec.work.type = WORK_MUTEX_CONTENTION;
	self->w.spec.work.nr = 4;
	FORK_ONE();
	w = self->w.list;
	/* Free, and yet somebody has it. */
	atomic_store(&w->page->shared.owner, WORK_GROUP_MAX);
	release_all(w, &self->w.online);
	workers_wait(w, -1, now_ns() + 5 * NSEC_PER_SEC);
	w = workers_reap(w);
	ASSERT_NE(NULL, w);
	EXPECT_EQ(WORKER_EXIT_SETUP, w->exit_code);
	EXPECT_EQ(WORKER_SETUP_LOCK, w->page->rep.setup_call);
	EXPECT_EQ(EBUSY, w->page->rep.setup_errno);
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
	/* More than it takes to come around once. */			\
	wait_iterations(_w, 200);					\
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
	/*
	 * In 200 rounds it comes to half of them, but all are given back after each. A sanitizer
	 * may keep an eighth.
	 */
	EXPECT_GT(small + 16 * MIB,
		  RSS_OF(.type = WORK_PAGE_FAULT_CHURN, .size_kb = 65536, .ops = 64));
}

static uint64_t nr_pages(const struct worker_report *rep)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < TOPOLOGY_MAX_NODES; i++)
		sum += rep->numa_pages[i];
	return sum;
}

TEST_F(one, tells_where_its_memory_is)
{
	const struct worker_report *rep;

	if (access("/proc/self/numa_maps", R_OK))
		SKIP(return, "the kernel has no NUMA");
	RSS_OF(.type = WORK_CACHE_PRESSURE, .size_kb = 8192);
	rep = &self->w.first->page->rep;
	EXPECT_TRUE(rep->have_numa);
	EXPECT_LE(2048, nr_pages(rep));
	EXPECT_GT(2 * 2048, nr_pages(rep));
}

static void no_loop(struct work_self *self)
{
	self->page->rep.units++;
}

/* Between the start and the end, and not before. */
TEST_F(one, reports_what_the_kernel_counts)
{
	static const char *const both[] = { "1000 100 7\n", "9000 350 12\n", NULL };
	static const char *const first[] = { "1000 100 7\n", NULL };
	const struct worker_report *rep;

	self->w.spec.work.type = WORK_CUSTOM;
	self->w.spec.work.custom = no_loop;
	test_schedstat = both;
	test_used_ns = NSEC_PER_SEC;
	FORK_ONE();
	rep = &self->w.first->page->rep;
	release_all(self->w.first, &self->w.online);
	EXPECT_EQ(0, collect_all(self->w.list));
	EXPECT_EQ(1, rep->units);
	EXPECT_TRUE(rep->have_schedstat);
	EXPECT_EQ(250, rep->run_delay_ns);
	EXPECT_EQ(5, rep->run_count);
	EXPECT_EQ(7 * NSEC_PER_MSEC, rep->cpu_time_ns);

	test_schedstat = first;
	FORK_ONE();
	rep = &self->w.first->page->rep;
	release_all(self->w.first, &self->w.online);
	EXPECT_EQ(0, collect_all(self->w.list));
	EXPECT_EQ(1, rep->units);
	EXPECT_FALSE(rep->have_schedstat);
	test_schedstat = NULL;
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

static void start_clock(struct work_self *self, struct worker_page *page)
{
	memset(self, 0, sizeof(*self));
	self->page = page;
	test_clock_ns = NSEC_PER_SEC;
	test_cpu = 1;
	self->base_ns = test_clock_ns;
	page->rep.last_cpu = test_cpu;
	cpumask_set_range(&page->allowed[0].cpus, 1, 3);
}

static void checkpoint_at(struct work_self *self, unsigned int after_ms, unsigned int cpu)
{
	test_clock_ns += after_ms * NSEC_PER_MSEC;
	test_cpu = cpu;
	work_checkpoint(self);
}

#define MS(ms)	(NSEC_PER_SEC + (ms) * NSEC_PER_MSEC)

TEST(what_a_checkpoint_sees)
{
	struct worker_page *page = calloc(1, sizeof(*page));
	struct worker_report *rep;
	struct cpumask used = { };
	struct work_self self;
	unsigned int i;

	ASSERT_NE(NULL, page);
	rep = &page->rep;
	start_clock(&self, page);
	self.settle_ns = MS(10);
	self.cpu_base_ns = 500;
	test_used_ns = 2000;

	checkpoint_at(&self, 1, 1);
	EXPECT_EQ(MS(1), rep->last_ns);
	EXPECT_EQ(NSEC_PER_MSEC, rep->gap_ns);
	EXPECT_EQ(0, rep->nr_migrations);
	checkpoint_at(&self, 5, 2);
	EXPECT_EQ(1, rep->nr_migrations);
	EXPECT_EQ(MS(6), rep->migration[0].at_ns);
	EXPECT_EQ(1, rep->migration[0].from);
	EXPECT_EQ(2, rep->migration[0].to);
	EXPECT_EQ(0, rep->nr_outside);
	checkpoint_at(&self, 2, 9);
	EXPECT_EQ(1, rep->nr_outside);
	/* What comes later is counted only. */
	checkpoint_at(&self, 1, 8);
	EXPECT_EQ(2, rep->nr_outside);
	EXPECT_EQ(9, rep->outside_cpu);
	EXPECT_EQ(MS(8), rep->outside_ns);
	EXPECT_EQ(3, rep->nr_migrations);
	EXPECT_EQ(9, rep->migration[2].from);
	EXPECT_EQ(8, rep->migration[2].to);
	EXPECT_EQ(0, rep->settled_ns);

	atomic_store(&page->paused, 2000 << 1);
	checkpoint_at(&self, 2, 8);
	EXPECT_EQ(MS(11), rep->settled_ns);
	EXPECT_EQ(1500, rep->settled_cpu_ns);
	EXPECT_EQ(2000, rep->settled_paused_ns);
	EXPECT_EQ(2000, rep->last_paused_ns);
	/* The longest that it was away, and where it was then. */
	EXPECT_EQ(5 * NSEC_PER_MSEC, rep->gap_ns);
	EXPECT_EQ(MS(6), rep->gap_at_ns);
	EXPECT_EQ(2, rep->gap_cpu);
	EXPECT_EQ(8, rep->last_cpu);
	EXPECT_EQ(5, rep->nr_checkpoints);

	for (i = 0; i < 2 * WORKER_MIGRATIONS; i++)
		checkpoint_at(&self, 1, i % 2 ? 3 : 1);
	EXPECT_EQ(3 + 2 * WORKER_MIGRATIONS, rep->nr_migrations);
	/* The first ones are kept, not the last. */
	EXPECT_EQ(MS(11 + WORKER_MIGRATIONS - 3), rep->migration[WORKER_MIGRATIONS - 1].at_ns);
	EXPECT_EQ(MS(11), rep->settled_ns);
	for (i = 1; i <= 3; i++)
		cpumask_set_cpu(&used, i);
	cpumask_set_cpu(&used, 8);
	cpumask_set_cpu(&used, 9);
	EXPECT_TRUE(cpumask_equal(&used, &rep->cpus_used));
	test_clock_ns = 0;
	free(page);
}

TEST(how_late_it_runs_after_a_wake_up)
{
	struct worker_page *page = calloc(1, sizeof(*page));
	struct worker_report *rep;
	struct work_self self;

	ASSERT_NE(NULL, page);
	rep = &page->rep;
	start_clock(&self, page);
	rep->due_ns = 1;

	/* Asleep for 10 ms, which is no gap; then it is late by 3 ms, which is one. */
	work_block(&self);
	EXPECT_EQ(WORKER_BLOCKED, rep->state);
	EXPECT_EQ(0, rep->due_ns);
	test_clock_ns = MS(13);
	test_cpu = 3;
	work_woken(&self, MS(10));
	EXPECT_EQ(WORKER_RUNNING, rep->state);
	EXPECT_EQ(1, rep->nr_wakes);
	EXPECT_EQ(3 * NSEC_PER_MSEC, rep->wake_ns[0]);
	EXPECT_EQ(3 * NSEC_PER_MSEC, rep->wake_max_ns);
	EXPECT_EQ(MS(13), rep->wake_max_at_ns);
	EXPECT_EQ(3, rep->wake_max_cpu);
	EXPECT_EQ(3 * NSEC_PER_MSEC, rep->gap_ns);

	/* Frozen for 2 of the 5 ms that it is late. */
	work_block(&self);
	test_clock_ns = MS(28);
	atomic_store(&page->paused, (2 * NSEC_PER_MSEC) << 1);
	work_woken(&self, MS(23));
	EXPECT_EQ(2, rep->nr_wakes);
	EXPECT_EQ(3 * NSEC_PER_MSEC, rep->wake_ns[1]);
	EXPECT_EQ(3 * NSEC_PER_MSEC, rep->gap_ns);

	/* Called before it slept: it never did, and has been runnable all the time. */
	work_block(&self);
	test_clock_ns = MS(32);
	work_woken(&self, MS(27));
	EXPECT_EQ(2, rep->nr_wakes);
	EXPECT_EQ(4 * NSEC_PER_MSEC, rep->gap_ns);

	/* By nobody: there is nothing that it could be late after. */
	work_block(&self);
	test_clock_ns = MS(100);
	work_unblock(&self);
	EXPECT_EQ(WORKER_RUNNING, rep->state);
	EXPECT_EQ(2, rep->nr_wakes);
	EXPECT_EQ(4 * NSEC_PER_MSEC, rep->gap_ns);
	test_clock_ns = 0;
	free(page);
}

/* Time in which it is frozen is no gap, also where that begins in the middle of a checkpoint. */
TEST(frozen_while_it_reads_the_clock)
{
	struct worker_page *page = calloc(1, sizeof(*page));
	struct work_self self = { .page = page };

	ASSERT_NE(NULL, page);
	test_clock_ns = NSEC_PER_SEC;
	self.base_ns = test_clock_ns;
	test_clock_ns += 2 * NSEC_PER_MSEC;
	test_frozen = page;
	work_checkpoint(&self);
	EXPECT_EQ(NULL, test_frozen);
	EXPECT_EQ(2 * NSEC_PER_MSEC, page->rep.gap_ns);
	test_clock_ns += NSEC_PER_MSEC;
	work_checkpoint(&self);
	test_clock_ns = 0;
	EXPECT_EQ(2 * NSEC_PER_MSEC, page->rep.gap_ns);
	EXPECT_EQ(2, page->rep.nr_checkpoints);
	EXPECT_EQ(NSEC_PER_SEC, page->rep.last_paused_ns);
	free(page);
}

TEST_HARNESS_MAIN
