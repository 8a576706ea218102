// SPDX-License-Identifier: GPL-2.0
/*
 * deadline.c - how long a guest may take
 */
#include <stdio.h>
#include "deadline.h"

#define BOOT_S			120
#define BOOT_PER_CPU_S		2
#define BOOT_PAIRS		50	/* an emulator looks at all CPUs for the sake of each */
#define JOB_S			90
#define JOB_PER_RUN		20	/* real seconds for a second of guest time */
#define JOB_CPUS		4	/* ... of that many CPUs */
#define ATTACHES		3
#define GUEST_S			60
#define GUEST_PER_RUN		2
#define GUEST_CPUS		8

void deadline_init(struct deadline *d, const struct plan_instance *inst)
{
	uint64_t cpus = topology_nr_cpus(&inst->topo);
	uint64_t run_ns = ((uint64_t)inst->run_ms + inst->wait_ms) * NSEC_PER_MSEC;
	uint64_t attach_ns = inst->expect.attach_ms * NSEC_PER_MSEC;

	*d = (struct deadline){ 0 };
	d->boot_ns = (BOOT_S + BOOT_PER_CPU_S * cpus + cpus * cpus / BOOT_PAIRS) * NSEC_PER_SEC;
	d->job_ns = (JOB_S * NSEC_PER_SEC + JOB_PER_RUN * (run_ns + attach_ns)) * DIV_ROUND_UP(cpus, JOB_CPUS);
	d->guest_ns = GUEST_S * NSEC_PER_SEC + GUEST_PER_RUN * run_ns;
	/* Some wait for it more than once. */
	d->guest_ns += ATTACHES * attach_ns;
	if (cpus > GUEST_CPUS)
		d->guest_ns = d->guest_ns / GUEST_CPUS * cpus;
}

void deadline_attach(struct deadline *d)
{
	d->boot_ns += d->job_ns;
}

void deadline_start(struct deadline *d, const struct host_time *host, bool job)
{
	d->start = *host;
	if (job)
		d->job_start = *host;
}

void deadline_job(struct deadline *d, const struct host_time *host)
{
	if (!d->job_start.now_ns)
		d->job_start = *host;
}

bool deadline_near(const struct deadline *d, uint64_t now_ns)
{
	if (!d->job_start.now_ns)
		return now_ns - d->start.now_ns > d->boot_ns;
	return now_ns - d->job_start.now_ns > d->job_ns;
}

static enum late late_real(const char *what, const struct host_time *from,
			   const struct host_time *to, uint64_t limit, char *text, size_t size)
{
	uint64_t took = to->now_ns - from->now_ns, starved = to->starved_ns - from->starved_ns;
	int len;

	/* Threads come and go, and what they waited goes with them. */
	if (to->starved_ns < from->starved_ns)
		starved = 0;
	starved = min(starved, took);
	if (took - starved <= limit && took <= DEADLINE_STRETCH * limit)
		return LATE_NOT;
	len = snprintf(text, size, "%s %.1f s (limit %.1f s)", what, took / 1e9, limit / 1e9);
	if (starved >= NSEC_PER_SEC && len > 0 && (size_t)len < size)
		snprintf(text + len, size - len, ", %.1f s of it without a CPU of the host",
			 starved / 1e9);
	/* The limits are generous: half of one is many times what a guest needs. */
	return took - starved > limit / 2 ? LATE_GUEST : LATE_HOST;
}

enum late deadline_passed(struct deadline *d, const struct host_time *host, uint64_t guest_now,
			  char *text, size_t size)
{
	uint64_t took;

	if (!d->job_start.now_ns)
		return late_real("no job was taken in", &d->start, host, d->boot_ns, text, size);
	if (guest_now && !d->job_start_guest_ns)
		d->job_start_guest_ns = guest_now;
	took = guest_now > d->job_start_guest_ns ? guest_now - d->job_start_guest_ns : 0;
	if (took > d->guest_ns) {
		snprintf(text, size, "no result in guest time %.1f s (limit %.1f s)", took / 1e9,
			 d->guest_ns / 1e9);
		return LATE_GUEST;
	}
	return late_real("no result in real time", &d->job_start, host, d->job_ns, text, size);
}

uint64_t deadline_stopped(uint64_t *looked_ns, uint64_t now_ns, unsigned int period_ms)
{
	const uint64_t usual = period_ms * NSEC_PER_MSEC + NSEC_PER_SEC;
	const uint64_t since = *looked_ns ? now_ns - *looked_ns : 0;

	*looked_ns = now_ns;
	return since > usual ? since - usual : 0;
}
