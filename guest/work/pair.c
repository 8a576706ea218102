// SPDX-License-Identifier: GPL-2.0
/*
 * Work in pairs, where each side waits for the other.
 *
 * The waker leaves the time at which it woke its partner. From then on the
 * partner is runnable, and until it runs, that is part of its gap.
 */
#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <unistd.h>
#include "work.h"

bool work_pipe_turn(struct work_self *self)
{
	uint64_t stamp;
	ssize_t ret;

	do {
		stamp = now_ns();
		ret = write(self->seat.wfd, &stamp, sizeof(stamp));
	} while (ret < 0 && errno == EINTR && !work_stopped(self));
	if (ret != sizeof(stamp))
		return false;

	/* No race with a stop: the partner is stopped as well, and closes its end. */
	work_block(self);
	do {
		ret = read(self->seat.rfd, &stamp, sizeof(stamp));
	} while (ret < 0 && errno == EINTR && !work_stopped(self));
	if (ret != sizeof(stamp))
		return false;
	work_woken(self, stamp);
	self->page->rep.iterations++;
	return true;
}

void work_pipe_end(struct work_self *self)
{
	/* If we were not told to go, then the partner has, and its own report says why. */
	close(self->seat.wfd);
	while (!work_stopped(self))
		poll(NULL, 0, 100);
}

void work_run_pipe_io(struct work_self *self)
{
	do {
		work_unit(self);
	} while (!work_stopped(self) && work_pipe_turn(self));
	work_pipe_end(self);
}

void work_run_futex_ping_pong(struct work_self *self)
{
	const struct timespec timeout = { .tv_nsec = WORK_WAIT_NS };
	struct work_shared *shared = self->seat.shared;
	unsigned int side = self->seat.side;
	unsigned int next = (side + 1) % self->seat.size;
	bool waited;

	while (!work_stopped(self)) {
		for (waited = false; atomic_load(&shared->word) != side; waited = true) {
			if (!waited)
				work_block(self);
			if (work_futex(&shared->word, FUTEX_WAIT, !side, &timeout, 0) &&
			    errno != EAGAIN && errno != EINTR && errno != ETIMEDOUT)
				work_fail(self, WORKER_SETUP_WORK, errno);
			if (work_stopped(self))
				return;
		}
		if (waited)
			work_woken(self, atomic_load(&shared->wake_ns[side]));

		work_unit(self);
		atomic_store(&shared->wake_ns[next], now_ns());
		atomic_store(&shared->word, next);
		work_futex(&shared->word, FUTEX_WAKE, 1, NULL, 0);
		self->page->rep.iterations++;
	}
}
