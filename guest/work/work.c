// SPDX-License-Identifier: GPL-2.0
/*
 * What all workers have in common: setting up, checkpoints, the final report.
 */
#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "../../lib/random.h"
#include "work.h"

#define SPIN_SLICE	1024U	/* between two checkpoints */

/* Where the worker is, against where it may be. */
static void check_allowed(struct work_self *self, uint32_t gen, unsigned int cpu, uint64_t now)
{
	const struct worker_allowed *allowed = &self->page->allowed[gen & 1];
	struct worker_report *rep = &self->page->rep;

	if (cpumask_test_cpu(&allowed->cpus, cpu))
		return;
	if (now < allowed->until_ns && cpumask_test_cpu(&allowed->grace, cpu))
		return;
	/* The slot was filled anew while we read it: judge the next checkpoint. */
	if (atomic_load_explicit(&self->page->gen, memory_order_acquire) != gen)
		return;
	if (!rep->nr_outside++) {
		rep->outside_cpu = cpu;
		rep->outside_ns = now;
	}
}

static void note_cpu(struct worker_report *rep, unsigned int cpu, uint64_t now)
{
	struct migration *m;

	if (cpu == rep->last_cpu)
		return;
	if (rep->nr_migrations < WORKER_MIGRATIONS) {
		m = &rep->migration[rep->nr_migrations];
		m->at_ns = now;
		m->from = rep->last_cpu;
		m->to = cpu;
	}
	rep->nr_migrations++;
	rep->last_cpu = cpu;
	cpumask_set_cpu(&rep->cpus_used, cpu);
}

static uint64_t cpu_time(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

/*
 * now_ns(), and worker_paused_ns() at that time. Who is frozen between the two has counted a pause
 * that is still to come after the time it read: at the next checkpoint it would be time without
 * the CPU.
 */
static uint64_t now_and_paused_ns(const struct worker_page *page, uint64_t *paused_ns)
{
	uint64_t now, was;

	do {
		was = atomic_load(&page->paused);
		now = now_ns();
		*paused_ns = worker_paused_ns(page, now);
	} while (atomic_load(&page->paused) != was);
	return now;
}

void work_checkpoint(struct work_self *self)
{
	struct worker_report *rep = &self->page->rep;
	uint64_t now, away, paused;
	uint32_t gen;
	int cpu;

	/*
	 * In this order: with the new set in hand, a CPU that is not in it was
	 * used after the set was in force.
	 */
	gen = atomic_load_explicit(&self->page->gen, memory_order_acquire);
	cpu = sched_getcpu();
	now = now_and_paused_ns(self->page, &paused);

	away = now > self->base_ns ? now - self->base_ns : 0;
	away -= min(away, paused - self->base_paused_ns);
	if (away > rep->gap_ns) {
		rep->gap_ns = away;
		rep->gap_at_ns = now;
		rep->gap_cpu = cpu;
	}
	self->base_ns = now;
	self->base_paused_ns = paused;
	rep->last_ns = now;
	rep->last_paused_ns = paused;
	rep->nr_checkpoints++;
	note_cpu(rep, cpu, now);
	check_allowed(self, gen, cpu, now);
	if (self->settle_ns && now >= self->settle_ns) {
		self->settle_ns = 0;
		rep->settled_ns = now;
		rep->settled_cpu_ns = cpu_time() - self->cpu_base_ns;
		rep->settled_paused_ns = paused;
	}
}

/*
 * One step is some eight instructions that depend on each other. PAUSE is no
 * good for this: how long it takes differs by two orders of magnitude from CPU
 * to CPU, and emulators leave their loop at each.
 */
static void spin(struct work_self *self, unsigned int steps)
{
	uint64_t x = self->rng;

	while (steps--) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
	}
	WRITE_ONCE(self->rng, x);
}

void work_spin(struct work_self *self, unsigned int steps)
{
	unsigned int slice;

	for (; steps; steps -= slice) {
		slice = min(steps, SPIN_SLICE);
		spin(self, slice);
		work_checkpoint(self);
		if (work_stopped(self))
			break;
	}
}

void work_unit(struct work_self *self)
{
	work_spin(self, self->work.spin);
	self->page->rep.units++;
}

uint32_t work_random(struct work_self *self, uint32_t bound)
{
	return splitmix64(&self->rng) % bound;
}

void work_block(struct work_self *self)
{
	work_checkpoint(self);
	WRITE_ONCE(self->page->rep.due_ns, 0);
	WRITE_ONCE(self->page->rep.state, WORKER_BLOCKED);
}

void work_unblock(struct work_self *self)
{
	self->base_ns = now_ns();
	WRITE_ONCE(self->page->rep.state, WORKER_RUNNING);
	work_checkpoint(self);
}

/* Reservoir sampling (Vitter's algorithm R): each of all wake-ups is as likely to be kept. */
void work_wake_sample(struct work_self *self, uint64_t late_ns)
{
	struct worker_report *rep = &self->page->rep;
	uint64_t at = rep->nr_wakes++;

	if (late_ns > rep->wake_max_ns) {
		rep->wake_max_ns = late_ns;
		rep->wake_max_at_ns = rep->last_ns;
		rep->wake_max_cpu = rep->last_cpu;
	}
	if (at >= WORKER_WAKES)
		at = splitmix64(&self->rng) % (at + 1);
	if (at < WORKER_WAKES)
		rep->wake_ns[at] = late_ns;
}

void work_woken(struct work_self *self, uint64_t since_ns)
{
	/* Woken before it slept: it never did. */
	bool slept = since_ns > self->base_ns;
	uint64_t paused = self->base_paused_ns, late;

	if (slept)
		self->base_ns = since_ns;
	WRITE_ONCE(self->page->rep.state, WORKER_RUNNING);
	work_checkpoint(self);
	if (!slept)
		return;
	late = self->base_ns > since_ns ? self->base_ns - since_ns : 0;
	work_wake_sample(self, late - min(late, self->base_paused_ns - paused));
}

bool work_sleep_until(struct work_self *self, uint64_t until_ns)
{
	const struct timespec ts = {
		.tv_sec = until_ns / NSEC_PER_SEC,
		.tv_nsec = until_ns % NSEC_PER_SEC,
	};
	int ret;

	work_block(self);
	WRITE_ONCE(self->page->rep.due_ns, until_ns);
	ret = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
	if (ret && ret != EINTR)
		work_fail(self, WORKER_SETUP_WORK, ret);
	if (ret)
		work_unblock(self);
	else
		work_woken(self, until_ns);
	return !ret;
}

void work_futex_wait(struct work_self *self, uint32_t val, uint32_t bits)
{
	_Atomic uint32_t *word = &self->seat.shared->word;
	uint64_t until = now_ns() + WORK_WAIT_NS;
	const struct timespec ts = {
		.tv_sec = until / NSEC_PER_SEC,
		.tv_nsec = until % NSEC_PER_SEC,
	};

	WRITE_ONCE(self->page->rep.due_ns, until);
	if (syscall(SYS_futex, word, FUTEX_WAIT_BITSET, val, &ts, NULL, bits) && errno != EAGAIN &&
	    errno != EINTR && errno != ETIMEDOUT)
		work_fail(self, WORKER_SETUP_WORK, errno);
}

void work_futex_wake(struct work_self *self, int nr, uint32_t bits)
{
	_Atomic uint32_t *word = &self->seat.shared->word;

	if (syscall(SYS_futex, word, FUTEX_WAKE_BITSET, nr, NULL, NULL, bits) < 0)
		work_fail(self, WORKER_SETUP_WORK, errno);
}

void *work_alloc(struct work_self *self, size_t size)
{
	void *mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED)
		work_fail(self, WORKER_SETUP_WORK, errno);
	return mem;
}

void work_refused(struct work_self *self, int code)
{
	self->page->rep.nr_refused++;
	self->page->rep.refused_errno = code;
}

void work_fail(struct work_self *self, enum worker_setup call, int code)
{
	self->page->rep.setup_call = call;
	self->page->rep.setup_errno = code;
	_exit(WORKER_EXIT_SETUP);
}

/* Only so that a blocking call returns; the stop word is what counts. */
static void on_stop(int sig)
{
	(void)sig;
}

/*
 * PID 1 may handle or block signals for reasons of its own: a worker that
 * crashes must look like one.
 */
static void reset_signals(void)
{
	struct sigaction sa = { .sa_handler = SIG_DFL };
	sigset_t none;
	int sig;

	for (sig = 1; sig < NSIG; sig++)
		sigaction(sig, &sa, NULL);	/* fails for SIGKILL, SIGSTOP and libc's own */
	sa.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &sa, NULL);
	sa.sa_handler = on_stop;
	sigaction(SIGUSR1, &sa, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Nothing is kept open but the pipes of a pair. */
static void close_others(int a, int b)
{
	unsigned int lo, hi;

	if (a < 0 || b < 0) {
		close_range(3, ~0U, 0);
		return;
	}
	lo = min(a, b);
	hi = max(a, b);
	if (lo > 3)
		close_range(3, lo - 1, 0);
	if (hi > lo + 1)
		close_range(lo + 1, hi - 1, 0);
	close_range(hi + 1, ~0U, 0);
}

static void wait_for_release(struct work_self *self)
{
	const struct timespec timeout = { .tv_sec = WORKER_START_NS / NSEC_PER_SEC };

	while (!atomic_load(&self->page->start)) {
		/* Stopped before it was released: it never was to run. */
		if (work_stopped(self))
			_exit(0);
		if (syscall(SYS_futex, &self->page->start, FUTEX_WAIT, 0, &timeout, NULL, 0) &&
		    errno == ETIMEDOUT)
			work_fail(self, WORKER_SETUP_RELEASE, ETIMEDOUT);
	}
}

/* An affinity of the parent's is not ours. One that allows all is left alone. */
static void drop_affinity(struct work_self *self, const struct cpumask *online)
{
	struct cpumask cur = { };
	long ret;

	ret = syscall(SYS_sched_getaffinity, 0, sizeof(cur), &cur);
	if (ret > 0 && cpumask_subset(online, &cur))
		return;
	ret = worker_set_affinity(0, online);
	if (ret)
		work_fail(self, WORKER_SETUP_AFFINITY, -ret);
}

static void set_up(struct work_self *self)
{
	const struct cpumask *affinity = &self->page->affinity;
	int ret;

	if (!cpumask_empty(affinity)) {
		ret = worker_set_affinity(0, affinity);
		if (ret)
			work_fail(self, WORKER_SETUP_AFFINITY, -ret);
	}
	ret = work_set_policy(&self->work);
	if (ret)
		work_fail(self, WORKER_SETUP_POLICY, -ret);
	if (self->work.nice) {
		if (setpriority(PRIO_PROCESS, 0, self->work.nice))
			work_fail(self, WORKER_SETUP_NICE, errno);
	}
	ret = work_set_mem(&self->work.mem);
	if (ret)
		work_fail(self, WORKER_SETUP_MEM, -ret);
}

struct sched_times {
	uint64_t cpu_ns;
	uint64_t delay_ns;
	uint64_t count;
	bool have;
};

static void read_times(struct sched_times *t)
{
	unsigned long long cpu, delay, count;
	char buf[96];

	t->have = read_file("/proc/self/schedstat", buf, sizeof(buf)) > 0 &&
		  sscanf(buf, "%llu %llu %llu", &cpu, &delay, &count) == 3;
	if (t->have) {
		t->delay_ns = delay;
		t->count = count;
	}
	t->cpu_ns = cpu_time();
}

static void run(struct work_self *self)
{
	struct worker_report *rep = &self->page->rep;
	struct sched_times before, after;
	unsigned int cpu;

	read_times(&before);
	cpu = sched_getcpu();
	self->base_ns = now_ns();
	self->settle_ns = self->base_ns + WORKER_SETTLE_NS;
	self->cpu_base_ns = before.cpu_ns;
	rep->start_ns = self->base_ns;
	rep->last_ns = self->base_ns;
	rep->last_cpu = cpu;
	cpumask_set_cpu(&rep->cpus_used, cpu);
	WRITE_ONCE(rep->state, WORKER_RUNNING);

	work_ops(self->work.type)->run(self);

	/* The last time without the CPU belongs to the gap as well, unless it slept. */
	if (READ_ONCE(rep->state) == WORKER_RUNNING)
		work_checkpoint(self);
	rep->end_ns = now_and_paused_ns(self->page, &rep->end_paused_ns);
	read_times(&after);
	rep->cpu_time_ns = after.cpu_ns - before.cpu_ns;
	rep->have_schedstat = before.have && after.have;
	if (rep->have_schedstat) {
		rep->run_delay_ns = after.delay_ns - before.delay_ns;
		rep->run_count = after.count - before.count;
	}
	numa_report(rep);
	WRITE_ONCE(rep->state, WORKER_DONE);
}

void work_main(struct worker_page *page, const struct work *work, const struct cpumask *online,
	       const struct work_seat *seat, pid_t parent)
{
	struct work_self self = {
		.page = page,
		.seat = *seat,
		.work = *work,
		.rng = 0x9e3779b97f4a7c15ULL ^ (uint64_t)getpid(),
	};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	setpgid(0, 0);
	prctl(PR_SET_NAME, "ktstr-worker");
	reset_signals();
	close_others(seat->rfd, seat->wfd);
	/* A timer's slack would pass for the scheduler's. */
	prctl(PR_SET_TIMERSLACK, 1UL);
	work_defaults(&self.work);

	drop_affinity(&self, online);
	wait_for_release(&self);
	set_up(&self);
	run(&self);
	_exit(0);
}
