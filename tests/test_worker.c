// SPDX-License-Identifier: GPL-2.0
/*
 * Real workers, forked here, without cgroups.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include "workers.h"

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

static void tell_surroundings(struct work_self *self)
{
	int fd;

	for (fd = 3; fd < 256; fd++)
		self->page->rep.units += fcntl(fd, F_GETFD) >= 0;
	self->page->rep.iterations = prctl(PR_GET_TIMERSLACK);
	self->page->rep.nr_refused = getpgrp() == getpid();
}

TEST_F(one, is_alone)
{
	const struct worker_report *rep;

	self->w.spec.work.type = WORK_CUSTOM;
	self->w.spec.work.custom = tell_surroundings;
	ASSERT_LE(3, open("/dev/null", O_RDONLY));
	ASSERT_LE(100, fcntl(0, F_DUPFD, 100));
	FORK_ONE();
	rep = &self->w.first->page->rep;
	release_all(self->w.list, &self->w.online);
	EXPECT_EQ(0, collect_all(self->w.list));
	EXPECT_EQ(WORKER_DONE, rep->state);
	/* No descriptor of its parent's, no slack for its timers, and a process group. */
	EXPECT_EQ(0, rep->units);
	EXPECT_EQ(1, rep->iterations);
	EXPECT_EQ(1, rep->nr_refused);
}

static void tell_seat(struct work_self *self)
{
	self->page->rep.units = 100 * self->seat.nr + 10 * self->seat.size + self->seat.side;
}

TEST_F(one, knows_its_seat)
{
	static const unsigned int seat[] = { 30, 31, 32, 130, 131, 132 };
	const struct worker *w;
	unsigned int i = 0;

	self->w.spec.work.type = WORK_CUSTOM;
	self->w.spec.work.custom = tell_seat;
	self->w.spec.work.group = 3;
	self->w.spec.work.nr = 6;
	FORK_ONE();
	release_all(self->w.list, &self->w.online);
	EXPECT_EQ(0, collect_all(self->w.list));
	for (w = self->w.list; w; w = w->next) {
		ASSERT_GT(ARRAY_SIZE(seat), i);
		EXPECT_EQ(seat[i++], w->page->rep.units);
	}
	EXPECT_EQ(ARRAY_SIZE(seat), i);
}

/* Who sleeps has said until when, and who waits for another one, too. */
TEST_F(one, says_when_it_is_due)
{
	static const enum work_type type[] = { WORK_BURSTY, WORK_WAKE_CHAIN };
	uint64_t until, due;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(type); i++) {
		struct worker_report *rep;

		self->w.spec.work.type = type[i];
		self->w.spec.work.nr = i ? 2 : 1;
		self->w.spec.work.group = i ? 2 : 0;
		self->w.spec.work.burst_ms = i ? 0 : 1;
		self->w.spec.work.sleep_ms = i ? 0 : 60000;
		FORK_ONE();
		/* Of a chain only one is released: it never has its turn. */
		if (i)
			self->w.first = self->w.first->next;
		rep = &self->w.first->page->rep;
		worker_allow(self->w.first, &self->w.online);
		worker_release(self->w.first);
		until = now_ns() + 5 * NSEC_PER_SEC;
		while (now_ns() < until && !READ_ONCE(rep->due_ns))
			sleep_ns(NSEC_PER_MSEC);
		due = READ_ONCE(rep->due_ns);
		EXPECT_EQ(WORKER_BLOCKED, READ_ONCE(rep->state));
		EXPECT_LT(rep->last_ns, due);
		EXPECT_GE(rep->last_ns + (i ? 5 : 61) * NSEC_PER_SEC, due);
		EXPECT_EQ(0, collect_all(self->w.list));
	}
}

/* However many there ever were, which stay in the list. */
TEST_F(one, who_has_ended_holds_no_descriptor)
{
	struct rlimit few, old;
	unsigned int i;

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &old));
	few = old;
	few.rlim_cur = 16;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &few));
	for (i = 0; i < 32; i++) {
		FORK_ONE();
		EXPECT_LE(0, self->w.first->pidfd);
		EXPECT_EQ(0, collect_all(self->w.first));
		EXPECT_EQ(WORKER_EXITED, self->w.first->exit);
		EXPECT_EQ(-1, self->w.first->pidfd);
	}
	EXPECT_EQ(0, setrlimit(RLIMIT_NOFILE, &old));
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

/* Is there a mapping under this policy, as /proc/PID/numa_maps has it? */
static bool has_mem_policy(pid_t pid, const char *policy)
{
	char path[48], *text = NULL;
	bool found = false;
	size_t len;

	snprintf(path, sizeof(path), "/proc/%d/numa_maps", pid);
	if (!read_file_alloc(path, MIB, &text, &len))
		found = strstr(text, policy);
	free(text);
	return found;
}

static const struct {
	struct mem_policy mem;
	const char *text;
} mem_policies[] = {
	{ { MEM_DEFAULT, 0, NULL }, " default" },
	{ { MEM_PREFERRED, 0, "0" }, " prefer:0" },
	{ { MEM_BIND, 0, "0" }, " bind:0" },
	{ { MEM_BIND, MEM_STATIC, "0" }, " bind=static:0" },
	{ { MEM_BIND, MEM_RELATIVE, "0" }, " bind=relative:0" },
	{ { MEM_BIND, MEM_NUMA_BALANCING, "0" }, " bind" },
	{ { MEM_INTERLEAVE, 0, "0" }, " interleave:0" },
	{ { MEM_LOCAL, 0, NULL }, " local" },
	{ { MEM_PREFERRED_MANY, 0, "0" }, " prefer (many):0" },
	{ { MEM_WEIGHTED_INTERLEAVE, 0, "0" }, " weighted interleave:0" },
};

TEST_F(one, memory_policies)
{
	struct worker *w;
	unsigned int i;

	if (access("/proc/self/numa_maps", R_OK))
		SKIP(return, "the kernel has no NUMA");
	for (i = 0; i < ARRAY_SIZE(mem_policies); i++) {
		self->w.spec.work.mem = mem_policies[i].mem;
		FORK_ONE();
		w = self->w.first;
		worker_allow(w, &self->w.online);
		worker_release(w);
		while (!READ_ONCE(w->page->rep.units) && !workers_reap(w))
			sleep_ns(NSEC_PER_MSEC);
		if (!worker_alive(w)) {
			/* The last ones are younger than some kernels. */
			EXPECT_EQ(WORKER_SETUP_MEM, w->page->rep.setup_call);
			EXPECT_EQ(EINVAL, w->page->rep.setup_errno);
			EXPECT_LE(MEM_PREFERRED_MANY, mem_policies[i].mem.kind);
			continue;
		}
		EXPECT_TRUE(has_mem_policy(w->pid, mem_policies[i].text)) {
			TH_LOG("no \"%s\"", mem_policies[i].text);
		}
		EXPECT_EQ(i != 0, !has_mem_policy(w->pid, " default anon"));
		worker_mark_stop(w);
		EXPECT_EQ(0, workers_collect(self->w.list));
	}
}

TEST_F(one, bad_memory_policy_is_reported)
{
	struct worker *w;

	if (access("/proc/self/numa_maps", R_OK))
		SKIP(return, "the kernel has no NUMA");
	self->w.spec.work.mem = (struct mem_policy){ MEM_BIND, 0, "63" };
	FORK_ONE();
	w = self->w.list;
	release_all(w, &self->w.online);
	workers_wait(w, -1, now_ns() + 5 * NSEC_PER_SEC);
	EXPECT_EQ(w, workers_reap(w));
	EXPECT_EQ(WORKER_SETUP_MEM, w->page->rep.setup_call);
	EXPECT_EQ(EINVAL, w->page->rep.setup_errno);
}

/* As the kernel has it since 3.14; C libraries may have no name for it. */
struct deadline_attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t prio;
	uint64_t runtime, deadline, period;
};

TEST_F(one, deadline)
{
	struct deadline_attr attr = { };
	struct worker_report *rep;
	struct worker *w;

	self->w.spec.work.policy = SCHED_DEADLINE;
	self->w.spec.work.dl = (struct work_deadline){ 2000, 10000, 20000 };
	FORK_ONE();
	w = self->w.list;
	rep = &w->page->rep;
	release_all(w, &self->w.online);
	while (!READ_ONCE(rep->units) && !workers_reap(w))
		sleep_ns(NSEC_PER_MSEC);
	if (!worker_alive(w)) {
		EXPECT_EQ(WORKER_SETUP_POLICY, rep->setup_call);
		/* Not root, or what is there is given away. */
		if (rep->setup_errno == EPERM || rep->setup_errno == EBUSY)
			SKIP(return, "there is no deadline to be had here");
		ASSERT_EQ(0, rep->setup_errno);
	}
	/* What it forks must not be one as well: that is refused. */
	EXPECT_EQ(SCHED_DEADLINE | SCHED_RESET_ON_FORK, sched_getscheduler(w->pid));
	ASSERT_EQ(0, syscall(SYS_sched_getattr, w->pid, &attr, sizeof(attr), 0));
	EXPECT_EQ(2000 * NSEC_PER_USEC, attr.runtime);
	EXPECT_EQ(10000 * NSEC_PER_USEC, attr.deadline);
	EXPECT_EQ(20000 * NSEC_PER_USEC, attr.period);
	sleep_ns(2 * RUN_NS);
	EXPECT_EQ(0, collect_all(w));
	EXPECT_EQ(WORKER_DONE, rep->state);
	/* It wants all of a CPU and gets a tenth. */
	EXPECT_GT((rep->end_ns - rep->start_ns) / 4, rep->cpu_time_ns);
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
