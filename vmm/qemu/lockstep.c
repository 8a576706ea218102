// SPDX-License-Identifier: GPL-2.0
/*
 * lockstep.c - QEMU's main loop looks at the clock only while no CPU runs
 *
 * A library that the tcg engine has preloaded into QEMU. Under -icount,sleep=off it
 * is the main loop that moves the clock on when all CPUs are idle, and each timer
 * that fires wakes it, just to find nothing to do. It then runs beside the CPU thread:
 * when it looks in the moment in which the last CPU halts, before the instructions of
 * that CPU are accounted or the round robin has ended, the clock or the order of the
 * CPUs is another one than usual. Also, a stop that a CPU asked for takes effect when
 * the main loop gets to it, and until then the other CPUs run on.
 *
 * So: when poll() tells the main loop of nothing but QEMU's own notifications, it
 * returns only once the CPU thread waits for work (softmmu/cpus.c and
 * accel/tcg/tcg-accel-ops-rr.c of QEMU 7.2: qemu_cond_wait_iothread()). What comes from
 * outside, as a command or a signal does, is let through at once.
 *
 * Linked with nothing: all names are found in the process that this is loaded into.
 */
#include <dlfcn.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Not in a header: a QEMU that was built with _FORTIFY_SOURCE calls it. */
int __ppoll_chk(struct pollfd *fds, nfds_t nr, const struct timespec *timeout,
		const sigset_t *mask, size_t len);

#define MAX_FDS		64
#define MAX_EVENTFD	256
/* CPUs may never wait, and there be something to do: a triple fault beside an endless loop. */
#define PATIENCE_NS	500000000

typedef int ppoll_fn(struct pollfd *fds, nfds_t nr, const struct timespec *timeout,
		     const sigset_t *mask);
typedef int cond_wait_fn(pthread_cond_t *cond, pthread_mutex_t *mutex);
typedef int eventfd_fn(unsigned int val, int flags);

/* Interposed functions have no argument of ours: this is the one place for global state. */
static _Atomic(ppoll_fn *) next_ppoll;
static _Atomic(cond_wait_fn *) next_cond_wait;
static _Atomic(eventfd_fn *) next_eventfd;
static atomic_bool notifies[MAX_EVENTFD];	/* this descriptor is an eventfd */
static atomic_int cpu_thread;			/* 0: there is none yet */
static atomic_bool cpus_waiting;
static atomic_int wake_fd = -1;

/* All CPUs share one. It is the first to wait, but for the main thread: until the machine runs. */
static bool in_cpu_thread(void)
{
	int none = 0, self = gettid();

	if (self == getpid())
		return false;
	return atomic_compare_exchange_strong(&cpu_thread, &none, self) || none == self;
}

static int call_eventfd(unsigned int val, int flags)
{
	eventfd_fn *next = next_eventfd;

	if (!next)
		next = (eventfd_fn *)dlsym(RTLD_NEXT, "eventfd");
	next_eventfd = next;
	return next(val, flags);
}

int eventfd(unsigned int val, int flags)
{
	int fd = call_eventfd(val, flags);

	if (fd >= 0 && fd < MAX_EVENTFD)
		notifies[fd] = true;
	return fd;
}

static bool is_notification(int fd)
{
	return fd >= 0 && fd < MAX_EVENTFD && notifies[fd];
}

int pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
	cond_wait_fn *next = next_cond_wait;
	const uint64_t one = 1;
	int ret;

	if (!next) {
		/* By version: without one an old symbol of another layout is found. */
		next = (cond_wait_fn *)dlvsym(RTLD_NEXT, "pthread_cond_wait", "GLIBC_2.3.2");
		if (!next)
			next = (cond_wait_fn *)dlsym(RTLD_NEXT, "pthread_cond_wait");
		next_cond_wait = next;
	}
	if (!in_cpu_thread())
		return next(cond, mutex);
	cpus_waiting = true;
	/* It can only fail because its counter is full, and then it is readable. */
	if (wake_fd >= 0)
		write(wake_fd, &one, sizeof(one));
	ret = next(cond, mutex);
	cpus_waiting = false;
	return ret;
}

/* Until the CPU thread waits, something comes in from outside, or patience ends. */
static void wait_for_cpus(const struct pollfd *fds, nfds_t nr)
{
	const struct timespec patience = { 0, PATIENCE_NS };
	struct pollfd others[MAX_FDS + 1];
	uint64_t count;
	nfds_t i;
	int ret;

	if (wake_fd < 0)
		wake_fd = call_eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (wake_fd < 0)
		return;
	for (i = 0; i < nr; i++) {
		if (fds[i].revents && !is_notification(fds[i].fd))
			return;
		others[i] = fds[i];
		if (is_notification(fds[i].fd))
			others[i].fd = -1;
	}
	others[nr] = (struct pollfd){ .fd = wake_fd, .events = POLLIN };
	do {
		/* First forget what is old, then look: a wait that begins in between is seen. */
		read(wake_fd, &count, sizeof(count));
		if (cpus_waiting)
			return;
		ret = next_ppoll(others, nr + 1, &patience, NULL);
	} while (ret == 1 && others[nr].revents);
}

int ppoll(struct pollfd *fds, nfds_t nr, const struct timespec *timeout, const sigset_t *mask)
{
	int ret;

	if (!next_ppoll)
		next_ppoll = (ppoll_fn *)dlsym(RTLD_NEXT, "ppoll");
	ret = next_ppoll(fds, nr, timeout, mask);
	if (ret > 0 && nr <= MAX_FDS && cpu_thread && !cpus_waiting && gettid() == getpid())
		wait_for_cpus(fds, nr);
	return ret;
}

int __ppoll_chk(struct pollfd *fds, nfds_t nr, const struct timespec *timeout,
		const sigset_t *mask, size_t len)
{
	return nr > len / sizeof(*fds) ? -1 : ppoll(fds, nr, timeout, mask);
}
