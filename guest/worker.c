// SPDX-License-Identifier: GPL-2.0
/*
 * Workers as their parent sees them: fork, release, watch, stop, reap.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "work/work.h"

#ifndef P_PIDFD
#define P_PIDFD	3
#endif

#define STOP_AGAIN_NS	(500 * NSEC_PER_MSEC)	/* a signal may come just before a sleep */
#define KILL_NS		NSEC_PER_SEC

static const char *const setup_names[NR_WORKER_SETUPS] = {
	[WORKER_SETUP_NONE]	= "nothing",
	[WORKER_SETUP_RELEASE]	= "waiting to be released",
	[WORKER_SETUP_AFFINITY]	= "sched_setaffinity",
	[WORKER_SETUP_POLICY]	= "sched_setscheduler",
	[WORKER_SETUP_NICE]	= "setpriority",
	[WORKER_SETUP_MEM]	= "set_mempolicy",
	[WORKER_SETUP_WORK]	= "a call of its work",
	[WORKER_SETUP_LOCK]	= "the lock of its group",
};

const char *worker_setup_name(unsigned int call)
{
	return call < NR_WORKER_SETUPS ? setup_names[call] : "?";
}

bool worker_alive(const struct worker *w)
{
	return w->exit == WORKER_ALIVE;
}

int worker_set_affinity(pid_t pid, const struct cpumask *cpus)
{
	if (syscall(SYS_sched_setaffinity, pid, sizeof(*cpus), cpus) < 0)
		return -errno;
	return 0;
}

void worker_allowed(const struct cpumask *cpuset, const struct cpumask *affinity,
		    struct cpumask *cpus)
{
	cpumask_and(cpus, cpuset, affinity);
	if (cpumask_empty(cpus))
		*cpus = *cpuset;
}

static void publish(struct worker *w, const struct worker_allowed *next)
{
	uint32_t gen = atomic_load(&w->page->gen) + 1;

	w->page->allowed[gen & 1] = *next;
	atomic_store_explicit(&w->page->gen, gen, memory_order_release);
}

static const struct worker_allowed *current_allowed(const struct worker *w)
{
	return &w->page->allowed[atomic_load(&w->page->gen) & 1];
}

void worker_widen(struct worker *w, const struct cpumask *cpus)
{
	struct worker_allowed next = *current_allowed(w);

	cpumask_or(&next.cpus, &next.cpus, cpus);
	publish(w, &next);
}

void worker_allow(struct worker *w, const struct cpumask *cpus)
{
	struct worker_allowed next = {
		.cpus = *cpus,
		.grace = current_allowed(w)->cpus,
		.until_ns = now_ns() + WORKER_GRACE_NS,
	};

	publish(w, &next);
}

void worker_pause(struct worker *w)
{
	uint64_t val = atomic_load(&w->page->paused);

	if (!(val & 1))
		atomic_store(&w->page->paused, (now_ns() - (val >> 1)) << 1 | 1);
}

void worker_resume(struct worker *w)
{
	if (atomic_load(&w->page->paused) & 1)
		atomic_store(&w->page->paused, worker_paused_ns(w->page, now_ns()) << 1);
}

/* The time since the last change is over. Whoever slept then, or was paused, had no need to run. */
static void end_change(struct worker *w, uint64_t now)
{
	const struct worker_report *rep = &w->page->rep;

	if (!w->change_ns || w->left_behind_ns || now - w->change_ns < WORKER_CHANGE_NS)
		return;
	if (READ_ONCE(rep->state) == WORKER_RUNNING &&
	    READ_ONCE(rep->nr_checkpoints) == w->change_checkpoints &&
	    worker_paused_ns(w->page, now) == w->change_paused_ns)
		w->left_behind_ns = now - w->change_ns;
}

void worker_changed(struct worker *w)
{
	uint64_t now = now_ns();

	end_change(w, now);
	if (w->left_behind_ns)
		return;
	w->change_ns = now;
	w->change_checkpoints = READ_ONCE(w->page->rep.nr_checkpoints);
	w->change_paused_ns = worker_paused_ns(w->page, now);
}

static int worker_new(const struct worker_spec *spec, unsigned int id, struct worker **out)
{
	struct worker *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->page = mmap(NULL, sizeof(*w->page), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (w->page == MAP_FAILED) {
		free(w);
		return -ENOMEM;
	}
	w->pidfd = -1;
	w->id = id;
	w->batch = spec->batch;
	w->step = spec->step;
	w->keep = spec->keep;
	w->cgroup_name = spec->cgroup_name;
	w->cgroup = spec->cgroup;
	w->work = spec->work;
	*out = w;
	return 0;
}

static void worker_destroy(struct worker *w)
{
	munmap(w->page, sizeof(*w->page));
	if (w->pidfd >= 0)
		close(w->pidfd);
	free(w);
}

static int worker_fork(struct worker *w, const struct cpumask *online, const struct work_seat *seat)
{
	pid_t parent = getpid();
	sigset_t usr1, old;
	pid_t pid;

	/* The child may not get to run before it is told to stop, and must not die of that. */
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, &old);
	pid = fork();
	if (!pid)
		work_main(w->page, &w->work, online, seat, parent);
	sigprocmask(SIG_SETMASK, &old, NULL);
	if (pid < 0)
		return -errno;

	w->pid = pid;
	w->pidfd = syscall(SYS_pidfd_open, pid, 0);
	if (w->pidfd < 0) {
		int ret = -errno;

		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return ret;
	}
	return 0;
}

struct pair_pipes {
	int to[2][2];		/* the pipe that each side reads from */
};

static void pipes_close(struct pair_pipes *p)
{
	unsigned int i;

	for (i = 0; i < 4; i++) {
		if (p->to[i / 2][i % 2] >= 0)
			close(p->to[i / 2][i % 2]);
		p->to[i / 2][i % 2] = -1;
	}
}

static int pipes_open(struct pair_pipes *p)
{
	unsigned int i;
	int ret;

	memset(p, -1, sizeof(*p));
	for (i = 0; i < 2; i++) {
		if (pipe2(p->to[i], O_CLOEXEC) < 0) {
			ret = -errno;
			pipes_close(p);
			return ret;
		}
	}
	return 0;
}

static struct worker **list_tail(struct worker **list, unsigned int *nr)
{
	*nr = 0;
	for (; *list; list = &(*list)->next)
		(*nr)++;
	return list;
}

/* The place of the @i-th worker of a batch in its group. The first one brings the pipes. */
static int take_seat(struct work_seat *seat, const struct work_type_ops *ops, unsigned int i,
		     struct worker *w, struct pair_pipes *pipes)
{
	int ret;

	seat->side = i % seat->size;
	seat->nr = i / seat->size;
	w->lead = ops->lead && !seat->side;
	if (!seat->side) {
		seat->shared = &w->page->shared;
		if (ops->pipe) {
			ret = pipes_open(pipes);
			if (ret)
				return ret;
		}
	}
	if (ops->pipe) {
		seat->rfd = pipes->to[seat->side][0];
		seat->wfd = pipes->to[!seat->side][1];
	}
	return 0;
}

int workers_fork(struct worker **list, const struct worker_spec *spec, struct worker **first,
		 struct err *err)
{
	struct work_seat seat = { .rfd = -1, .wfd = -1 };
	const struct work_type_ops *ops;
	struct pair_pipes pipes;
	struct worker **tail, *w;
	unsigned int i, id;
	int ret;

	*first = NULL;
	ret = work_check(&spec->work, err);
	if (ret)
		return ret;
	ops = work_ops(spec->work.type);
	if (!spec->work.nr)
		return err_set(err, -EINVAL, "0 workers of type %s: must be at least one",
			       ops->name);

	seat.size = work_group(&spec->work);
	memset(&pipes, -1, sizeof(pipes));
	tail = list_tail(list, &id);
	for (i = 0; i < spec->work.nr; i++, id++) {
		ret = worker_new(spec, id, &w);
		if (ret)
			break;
		ret = take_seat(&seat, ops, i, w, &pipes);
		if (!ret)
			ret = worker_fork(w, &spec->online, &seat);
		if (ret) {
			worker_destroy(w);
			break;
		}
		*tail = w;
		tail = &w->next;
		if (!*first)
			*first = w;
		if (ops->pipe && seat.side)
			pipes_close(&pipes);
	}
	pipes_close(&pipes);
	if (ret)
		return err_set(err, ret, "cannot fork worker %u of %u: %s", i + 1, spec->work.nr,
			       strerror(-ret));
	return 0;
}

static void wake(_Atomic uint32_t *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

void worker_release(struct worker *w)
{
	w->released = true;
	w->released_ns = now_ns();
	atomic_store(&w->page->start, 1);
	wake(&w->page->start);
}

void worker_mark_stop(struct worker *w)
{
	w->stopping = true;
}

/* One whose end has been noted is not waited for again. */
static void worker_reap(struct worker *w)
{
	siginfo_t si = { };

	if (waitid(P_PIDFD, w->pidfd, &si, WEXITED | WNOHANG) < 0) {
		if (errno == EINTR)
			return;
		w->exit = WORKER_LOST;
	} else if (!si.si_pid) {
		return;
	} else if (si.si_code == CLD_EXITED) {
		w->exit = WORKER_EXITED;
	} else {
		w->exit = WORKER_SIGNALLED;
	}
	if (w->killed)
		w->exit = WORKER_TIMED_OUT;
	w->exit_code = si.si_status;
	w->gone_ns = now_ns();
	/* All that there ever were stay in the list, and there may be more than descriptors. */
	close(w->pidfd);
	w->pidfd = -1;
	w->unexpected = !w->stopping && !w->killed;
}

struct worker *workers_reap(struct worker *list)
{
	struct worker *first = NULL;
	struct worker *w;

	for (w = list; w; w = w->next) {
		if (!worker_alive(w))
			continue;
		worker_reap(w);
		if (!worker_alive(w) && w->unexpected && !first)
			first = w;
	}
	return first;
}

void workers_wait_fds(struct worker *list, const int *extra, unsigned int nr_extra,
		      uint64_t until_ns)
{
	unsigned int nr = nr_extra, i;
	struct pollfd *fds;
	struct worker *w;
	struct timespec ts;
	uint64_t now;

	for (w = list; w; w = w->next)
		nr += worker_alive(w);
	fds = calloc(nr + 1, sizeof(*fds));
	nr = 0;
	if (fds) {
		for (w = list; w; w = w->next) {
			if (!worker_alive(w))
				continue;
			fds[nr].fd = w->pidfd;
			fds[nr++].events = POLLIN;
		}
		for (i = 0; i < nr_extra; i++) {
			fds[nr].fd = extra[i];
			fds[nr++].events = POLLIN;
		}
	}
	/* Without memory this is but a sleep: the caller looks at all of them anyway. */
	now = now_ns();
	if (now < until_ns) {
		ts.tv_sec = (until_ns - now) / NSEC_PER_SEC;
		ts.tv_nsec = (until_ns - now) % NSEC_PER_SEC;
		ppoll(fds, nr, &ts, NULL);
	}
	free(fds);
}

void workers_wait(struct worker *list, int extra_fd, uint64_t until_ns)
{
	workers_wait_fds(list, &extra_fd, 1, until_ns);
}

/* Wait for one that was told to go, or until the time is over. */
static void wait_gone(struct worker *w, uint64_t until_ns)
{
	struct pollfd pfd = { .fd = w->pidfd, .events = POLLIN };
	struct timespec ts;
	uint64_t now;

	for (worker_reap(w); worker_alive(w) && (now = now_ns()) < until_ns; worker_reap(w)) {
		ts.tv_sec = (until_ns - now) / NSEC_PER_SEC;
		ts.tv_nsec = (until_ns - now) % NSEC_PER_SEC;
		ppoll(&pfd, 1, &ts, NULL);
	}
}

static void signal_stopping(struct worker *list, int sig)
{
	struct worker *w;

	for (w = list; w; w = w->next) {
		if (w->stopping && worker_alive(w))
			syscall(SYS_pidfd_send_signal, w->pidfd, sig, NULL, 0);
	}
}

/* Whoever ended before now was not told to. The others are. */
static void tell_to_stop(struct worker *list)
{
	uint64_t now = now_ns();
	struct worker *w;

	for (w = list; w; w = w->next) {
		if (!w->stopping || !worker_alive(w))
			continue;
		w->stopping = false;
		worker_reap(w);
		w->stopping = true;
		if (!worker_alive(w))
			continue;
		if (!w->stop_ns) {
			w->stop_ns = now;
			end_change(w, now);
		}
		atomic_store(&w->page->stop, 1);
		if (!w->released)
			wake(&w->page->start);
	}
}

int workers_collect(struct worker *list)
{
	uint64_t deadline, again;
	struct worker *w;
	int ret = 0;

	tell_to_stop(list);
	deadline = now_ns() + WORKER_STOP_NS;
	again = 0;
	for (w = list; w; w = w->next) {
		while (w->stopping && worker_alive(w) && now_ns() < deadline) {
			if (now_ns() >= again) {
				signal_stopping(list, SIGUSR1);
				/* Whoever was stopped by SIGSTOP must be able to answer. */
				signal_stopping(list, SIGCONT);
				again = now_ns() + STOP_AGAIN_NS;
			}
			wait_gone(w, min(deadline, again));
		}
	}

	/* Those behind one that did not go were not looked at: most of them went in time. */
	for (w = list; w; w = w->next) {
		if (!w->stopping || !worker_alive(w))
			continue;
		worker_reap(w);
		w->killed = worker_alive(w);
	}
	signal_stopping(list, SIGKILL);
	deadline = now_ns() + KILL_NS;
	for (w = list; w; w = w->next) {
		if (!w->stopping || !worker_alive(w))
			continue;
		wait_gone(w, deadline);
		if (!worker_alive(w))
			continue;
		w->gone_ns = now_ns();
		ret = -ETIMEDOUT;
	}
	return ret;
}

void workers_free(struct worker **list)
{
	struct worker *w;

	while ((w = *list)) {
		*list = w->next;
		worker_destroy(w);
	}
}
