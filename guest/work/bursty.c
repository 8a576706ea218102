// SPDX-License-Identifier: GPL-2.0
/*
 * Work in bursts, with sleeps between them.
 */
#include "work.h"

void work_run_bursty(struct work_self *self)
{
	const uint64_t burst_ns = self->work.burst_ms * NSEC_PER_MSEC;
	const uint64_t sleep_ns = self->work.sleep_ms * NSEC_PER_MSEC;
	uint64_t until;

	while (!work_stopped(self)) {
		until = now_ns() + burst_ns;
		do {
			work_unit(self);
		} while (!work_stopped(self) && self->base_ns < until);

		self->page->rep.iterations++;
		if (!work_stopped(self))
			work_sleep_until(self, self->base_ns + sleep_ns);
	}
}
