// SPDX-License-Identifier: GPL-2.0
/*
 * Work in pairs over pipes, where each side waits for the other.
 *
 * The waker leaves the time at which it woke its partner. From then on the
 * partner is runnable, and until it runs, that is part of its gap.
 */
#include <errno.h>
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
