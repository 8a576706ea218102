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

/* The threads of the core whose first one is @cpu, if all are allowed; the list is the kernel's. */
static bool read_core(const struct cpumask *allowed, unsigned int cpu, struct cpumask *threads)
{
	char path[80], buf[64];

	snprintf(path, sizeof(path),
		 "/sys/devices/system/cpu/cpu%u/topology/thread_siblings_list", cpu);
	return read_file(path, buf, sizeof(buf)) > 0 && !cpulist_parse(buf, threads) &&
	       cpumask_weight(threads) > 1 && cpumask_first(threads) == cpu &&
	       cpumask_subset(threads, allowed);
}

/* The @nr-th of these cores, counting round and round; false: there is none. */
static bool find_core(const struct cpumask *allowed, unsigned int nr, struct cpumask *threads)
{
	unsigned int cpu, nr_cores = 0;

	for_each_cpu(cpu, allowed)
		nr_cores += read_core(allowed, cpu, threads);
	if (!nr_cores)
		return false;
	nr %= nr_cores;
	for_each_cpu(cpu, allowed) {
		if (read_core(allowed, cpu, threads) && !nr--)
			return true;
	}
	return false;
}

/* Where there are no siblings it says so, and spins where it is. */
void work_run_smt_sibling_spin(struct work_self *self)
{
	uint32_t gen = atomic_load(&self->page->gen);
	struct cpumask threads = { }, one = { };
	int ret = -ENODEV;

	/* Pairs that had to share a core would be no siblings that spin, but a queue. */
	if (find_core(&self->page->allowed[gen & 1].cpus, self->seat.nr, &threads)) {
		cpumask_set_cpu(&one, cpumask_nth(&threads, self->seat.side));
		ret = worker_set_affinity(0, &one);
	}
	if (ret)
		work_refused(self, -ret);
	work_run_cpu_spin(self);
}
