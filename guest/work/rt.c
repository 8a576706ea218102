// SPDX-License-Identifier: GPL-2.0
/*
 * Groups in which some are of a higher class than others, by their own doing. They
 * are meant to share a CPU: AFFINITY_SINGLE.
 */
#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "work.h"

enum {
	INVERSION_LOW,		/* has the lock now and then */
	INVERSION_MIDDLE,	/* has nothing to do with it, but keeps LOW from running */
	INVERSION_HIGH,		/* wants the lock */
};

static void set_fifo(struct work_self *self, int prio)
{
	struct sched_param param = { .sched_priority = prio };

	if (sched_setscheduler(0, SCHED_FIFO, &param))
		work_fail(self, WORKER_SETUP_POLICY, errno);
}

/* The others are as any spinner, if only they get to run. */
void work_run_rt_starvation(struct work_self *self)
{
	if (self->seat.side) {
		work_run_cpu_spin(self);
		return;
	}
	set_fifo(self, 1);
	work_run_bursty(self);
}

/* With a timeout, since a signal does not end the wait. On the clock that this call takes. */
static bool lock_pi(struct work_self *self)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += WORK_WAIT_NS;
	if (until.tv_nsec >= (long)NSEC_PER_SEC) {
		until.tv_nsec -= NSEC_PER_SEC;
		until.tv_sec++;
	}
	if (!syscall(SYS_futex, &self->seat.shared->word, FUTEX_LOCK_PI, 0, &until, NULL, 0))
		return true;
	if (errno != ETIMEDOUT && errno != EINTR && errno != EAGAIN)
		work_fail(self, WORKER_SETUP_LOCK, errno);
	return false;
}

static void unlock_pi(struct work_self *self)
{
	if (syscall(SYS_futex, &self->seat.shared->word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0))
		work_fail(self, WORKER_SETUP_LOCK, errno);
}

/* All of the time that HIGH waits for the lock is how late it is. */
static bool wait_lock(struct work_self *self)
{
	uint64_t since;
	bool got = false;

	work_block(self);
	since = self->base_ns;
	while (!got && !work_stopped(self))
		got = lock_pi(self);
	work_unblock(self);
	if (got)
		work_wake_sample(self, self->base_ns - since);
	return got;
}

void work_run_priority_inversion(struct work_self *self)
{
	const uint64_t pause_ns = self->work.sleep_ms * NSEC_PER_MSEC;

	if (self->seat.side == INVERSION_MIDDLE) {
		set_fifo(self, 2);
		work_run_bursty(self);
		return;
	}
	if (self->seat.side == INVERSION_HIGH)
		set_fifo(self, 3);
	while (!work_stopped(self)) {
		if (self->seat.side == INVERSION_HIGH) {
			work_sleep_until(self, self->base_ns + pause_ns);
			if (!wait_lock(self))
				return;
		} else if (!lock_pi(self)) {
			continue;
		}
		work_spin(self, self->work.hold);
		unlock_pi(self);
		work_unit(self);
		self->page->rep.iterations++;
	}
}
