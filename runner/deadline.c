// SPDX-License-Identifier: GPL-2.0
/*
 * deadline.c - how long a guest may take
 */
#include <stdio.h>
#include "deadline.h"

#define BOOT_S			120
#define BOOT_PER_CPU_S		2
#define JOB_S			90
#define JOB_PER_RUN		20	/* real seconds for a second of guest time */
#define JOB_CPUS		4	/* ... of that many CPUs */
#define GUEST_S			60
#define GUEST_PER_RUN		2
#define GUEST_CPUS		8

void deadline_init(struct deadline *d, const struct plan_instance *inst)
{
	uint64_t cpus = topology_nr_cpus(&inst->topo), run_ns = inst->run_ms * NSEC_PER_MSEC;

	*d = (struct deadline){ 0 };
	d->boot_ns = (BOOT_S + BOOT_PER_CPU_S * cpus) * NSEC_PER_SEC;
	d->job_ns = (JOB_S * NSEC_PER_SEC + JOB_PER_RUN * run_ns) * DIV_ROUND_UP(cpus, JOB_CPUS);
	d->guest_ns = GUEST_S * NSEC_PER_SEC + GUEST_PER_RUN * run_ns;
	if (cpus > GUEST_CPUS)
		d->guest_ns = d->guest_ns / GUEST_CPUS * cpus;
}

void deadline_start(struct deadline *d, uint64_t now, bool job)
{
	d->start_ns = now;
	if (job)
		d->job_start_ns = now;
}

void deadline_job(struct deadline *d, uint64_t now)
{
	if (!d->job_start_ns)
		d->job_start_ns = now;
}

static bool late(const char *what, uint64_t ns, uint64_t limit, char *text, size_t size)
{
	if (ns <= limit)
		return false;
	snprintf(text, size, "%s %.1f s (limit %.1f s)", what, ns / 1e9, limit / 1e9);
	return true;
}

bool deadline_passed(struct deadline *d, uint64_t now, uint64_t guest_now, char *text, size_t size)
{
	if (!d->job_start_ns)
		return late("no job was taken in", now - d->start_ns, d->boot_ns, text, size);
	if (guest_now && !d->job_start_guest_ns)
		d->job_start_guest_ns = guest_now;
	if (guest_now > d->job_start_guest_ns &&
	    late("no result in guest time", guest_now - d->job_start_guest_ns, d->guest_ns, text,
		 size))
		return true;
	return late("no result in real time", now - d->job_start_ns, d->job_ns, text, size);
}
