// SPDX-License-Identifier: GPL-2.0
/*
 * Work in pairs, where each side waits for the other.
 *
 * The waker leaves the time at which it woke its partner. From then on the
 * partner is runnable, and until it runs, that is part of its gap.
 */
#include <errno.h>
#include <linux/futex.h>
#include <limits.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "work.h"

#define PAIR_WAIT_NS	(100 * NSEC_PER_MSEC)

/* The partner is gone. If it was not told to go, its own report says why. */
static void wait_for_stop(struct work_self *self)
{
	while (!work_stopped(self))
		poll(NULL, 0, 100);
}

void work_run_pipe_io(struct work_self *self)
{
	uint64_t stamp;
	ssize_t ret;

	while (!work_stopped(self)) {
		work_unit(self);

		stamp = now_ns();
		ret = write(self->wfd, &stamp, sizeof(stamp));
		if (ret < 0 && errno == EINTR)
			continue;
		if (ret != sizeof(stamp))
			break;

		/* No race with a stop: the partner is stopped as well, and closes its end. */
		work_block(self);
		do {
			ret = read(self->rfd, &stamp, sizeof(stamp));
		} while (ret < 0 && errno == EINTR && !work_stopped(self));
		if (ret != sizeof(stamp))
			break;

		/* If the partner was first, we never slept. */
		work_unblock(self, max(stamp, self->base_ns));
		self->page->rep.iterations++;
	}
	/* Nobody may wait for us any more. */
	close(self->wfd);
	wait_for_stop(self);
}

static long futex(_Atomic uint32_t *word, int op, uint32_t val, const struct timespec *timeout)
{
	return syscall(SYS_futex, word, op, val, timeout, NULL, 0);
}

void work_run_futex_ping_pong(struct work_self *self)
{
	const struct timespec timeout = { .tv_nsec = PAIR_WAIT_NS };
	_Atomic uint32_t *turn = &self->pair->turn;
	bool waited;

	while (!work_stopped(self)) {
		for (waited = false; atomic_load(turn) != self->side; waited = true) {
			if (!waited)
				work_block(self);
			if (futex(turn, FUTEX_WAIT, !self->side, &timeout) && errno != EAGAIN &&
			    errno != EINTR && errno != ETIMEDOUT)
				work_fail(self, WORKER_SETUP_WORK, errno);
			if (work_stopped(self))
				return;
		}
		if (waited)
			work_unblock(self, max(atomic_load(&self->pair->wake_ns), self->base_ns));

		work_unit(self);
		atomic_store(&self->pair->wake_ns, now_ns());
		atomic_store(turn, !self->side);
		futex(turn, FUTEX_WAKE, 1, NULL);
		self->page->rep.iterations++;
	}
}
