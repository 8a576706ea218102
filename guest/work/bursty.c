// SPDX-License-Identifier: GPL-2.0
/*
 * Work in bursts, with sleeps between them.
 */
#include <errno.h>
#include <time.h>
#include "work.h"

void work_run_bursty(struct work_self *self)
{
	const uint64_t burst_ns = self->work.burst_ms * NSEC_PER_MSEC;
	const uint64_t sleep_ns = self->work.sleep_ms * NSEC_PER_MSEC;
	struct timespec ts;
	uint64_t until;
	int ret;

	while (!work_stopped(self)) {
		until = now_ns() + burst_ns;
		do {
			work_unit(self);
		} while (!work_stopped(self) && self->base_ns < until);

		self->page->rep.iterations++;
		if (work_stopped(self))
			break;

		/* By deadline: what comes after it is a late wake-up, hence part of the gap. */
		until = self->base_ns + sleep_ns;
		ts.tv_sec = until / NSEC_PER_SEC;
		ts.tv_nsec = until % NSEC_PER_SEC;
		work_block(self);
		ret = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
		if (ret && ret != EINTR)
			work_fail(self, WORKER_SETUP_WORK, ret);
		work_unblock(self, ret ? now_ns() : until);
	}
}
