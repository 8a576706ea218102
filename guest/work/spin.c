// SPDX-License-Identifier: GPL-2.0
/*
 * Work that never sleeps.
 */
#include <errno.h>
#include <stdio.h>
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

/* The threads of a core of which all are allowed, the first such; the list is the kernel's. */
static bool find_siblings(const struct cpumask *allowed, struct cpumask *siblings)
{
	char path[80], buf[64];
	unsigned int cpu;

	for_each_cpu(cpu, allowed) {
		snprintf(path, sizeof(path),
			 "/sys/devices/system/cpu/cpu%u/topology/thread_siblings_list", cpu);
		if (read_file(path, buf, sizeof(buf)) > 0 && !cpulist_parse(buf, siblings) &&
		    cpumask_weight(siblings) > 1 && cpumask_subset(siblings, allowed))
			return true;
	}
	return false;
}

/* Where there are no siblings it says so, and spins where it is. */
void work_run_smt_sibling_spin(struct work_self *self)
{
	uint32_t gen = atomic_load(&self->page->gen);
	struct cpumask siblings = { }, one = { };
	int ret = -ENODEV;

	if (find_siblings(&self->page->allowed[gen & 1].cpus, &siblings)) {
		cpumask_set_cpu(&one, cpumask_nth(&siblings, self->seat.side));
		ret = worker_set_affinity(0, &one);
	}
	if (ret)
		work_refused(self, -ret);
	work_run_cpu_spin(self);
}
