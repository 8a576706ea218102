// SPDX-License-Identifier: GPL-2.0
/*
 * Work that never sleeps.
 */
#include "work.h"

void work_run_cpu_spin(struct work_self *self)
{
	while (!work_stopped(self)) {
		work_unit(self);
		self->page->rep.iterations++;
	}
}

/*
 * A yield is a unit here. The time in the run queue after it is time without
 * the CPU, so it belongs to the gap.
 */
void work_run_yield_heavy(struct work_self *self)
{
	while (!work_stopped(self)) {
		sched_yield();
		work_checkpoint(self);
		self->page->rep.units++;
		self->page->rep.iterations++;
	}
}

void work_run_mixed(struct work_self *self)
{
	while (!work_stopped(self)) {
		work_unit(self);
		sched_yield();
		work_checkpoint(self);
		self->page->rep.iterations++;
	}
}
