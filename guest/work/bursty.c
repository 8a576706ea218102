// SPDX-License-Identifier: GPL-2.0
/*
 * Work that sleeps by the clock in between.
 */
#include "work.h"

static void spin_for(struct work_self *self, uint64_t ns)
{
	uint64_t until = now_ns() + ns;

	do {
		work_unit(self);
	} while (!work_stopped(self) && self->base_ns < until);
}

void work_run_bursty(struct work_self *self)
{
	while (!work_stopped(self)) {
		spin_for(self, self->work.burst_ms * NSEC_PER_MSEC);
		self->page->rep.iterations++;
		if (!work_stopped(self))
			work_sleep_until(self, self->base_ns + self->work.sleep_ms * NSEC_PER_MSEC);
	}
}

void work_run_timer_latency(struct work_self *self)
{
	const uint64_t period_ns = self->work.sleep_us * NSEC_PER_USEC;
	uint64_t next = self->base_ns;

	while (!work_stopped(self)) {
		/* What was missed is left out: all of it at once would be no timer's work. */
		next = max(next + period_ns, self->base_ns);
		work_sleep_until(self, next);
		work_unit(self);
		self->page->rep.iterations++;
	}
}

static void yield_for(struct work_self *self, uint64_t ns)
{
	uint64_t until = now_ns() + ns;

	do {
		sched_yield();
		work_checkpoint(self);
		self->page->rep.units++;
	} while (!work_stopped(self) && self->base_ns < until);
}

static void io_for(struct work_self *self, int fd, uint64_t ns)
{
	uint64_t until = now_ns() + ns;

	do {
		work_io(self, fd);
	} while (!work_stopped(self) && self->base_ns < until);
}

static void run_phase(struct work_self *self, const struct work_phase *phase, int fd)
{
	uint64_t ns = phase->ms * NSEC_PER_MSEC;

	switch (phase->kind) {
	case PHASE_SPIN:
		spin_for(self, ns);
		break;
	case PHASE_SLEEP:
		work_sleep_until(self, now_ns() + ns);
		break;
	case PHASE_YIELD:
		yield_for(self, ns);
		break;
	case PHASE_IO:
		io_for(self, fd, ns);
		break;
	case PHASE_NONE:
		break;
	}
}

void work_run_sequence(struct work_self *self)
{
	const struct work_phase *phase = self->work.phases;
	int fd = work_io_open(self);

	while (!work_stopped(self)) {
		run_phase(self, phase++, fd);
		if (phase->kind == PHASE_NONE) {
			phase = self->work.phases;
			self->page->rep.iterations++;
		}
	}
}
