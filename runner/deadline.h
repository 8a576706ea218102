/* SPDX-License-Identifier: GPL-2.0 */
/*
 * deadline.h - how long a guest may take
 *
 * Two clocks: guest time, where the monitor can read it, says whether the guest
 * is late; real time only bounds what it may cost us, generously. A loaded host is
 * no failure of the guest: time in which its CPUs waited for one of the host's does
 * not count, up to DEADLINE_STRETCH times the limit.
 */
#ifndef KTSTR_RUNNER_DEADLINE_H
#define KTSTR_RUNNER_DEADLINE_H

#include <stdbool.h>
#include "plan.h"

#define DEADLINE_STRETCH	3

/* Real time, and how much of it the guest's CPUs spent waiting for a CPU of the host. */
struct host_time {
	uint64_t now_ns;
	uint64_t starved_ns;
};

struct deadline {
	uint64_t boot_ns;		/* limits: real time until the job begins, */
	uint64_t job_ns;		/* real time of the job, */
	uint64_t guest_ns;		/* guest time of the job */
	struct host_time start;		/* when the guest was let run */
	struct host_time job_start;	/* when the job began, 0: not yet */
	uint64_t job_start_guest_ns;	/* the same in guest time, 0: unknown */
};

enum late {
	LATE_NOT,
	LATE_GUEST,			/* it had what it needed, and did not come to an end */
	LATE_HOST,			/* so much of the time it had no CPU that nothing follows */
};

void deadline_init(struct deadline *d, const struct plan_instance *inst);

/* deadline_attach - a scheduler is attached before the guest asks for its job. */
void deadline_attach(struct deadline *d);

/* deadline_start - the guest runs; with a @job if it was at the doorbell. */
void deadline_start(struct deadline *d, const struct host_time *host, bool job);

/* deadline_job - the job began. Later calls are without effect. */
void deadline_job(struct deadline *d, const struct host_time *host);

/*
 * deadline_near - could a limit of real time have passed at @now_ns? Only then it matters how long
 * the guest was starved, which is not for nothing to be had.
 */
bool deadline_near(const struct deadline *d, uint64_t now_ns);

/*
 * deadline_passed - has a limit passed? @guest_now is the guest's clock, 0 if it is not known. If
 * so, the numbers are in @text.
 */
enum late deadline_passed(struct deadline *d, const struct host_time *host, uint64_t guest_now,
			  char *text, size_t size);

/*
 * deadline_stopped - ns of time in which the caller, who looks at @now_ns, and each @period_ms at
 * the latest, was stopped, as by Ctrl-Z, or had no CPU for long. @looked_ns is when it has looked
 * before, 0: never; it is set.
 */
uint64_t deadline_stopped(uint64_t *looked_ns, uint64_t now_ns, unsigned int period_ms);

#endif /* KTSTR_RUNNER_DEADLINE_H */
