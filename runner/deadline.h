/* SPDX-License-Identifier: GPL-2.0 */
/*
 * deadline.h - how long a guest may take
 *
 * Two clocks: guest time, where the monitor can read it, says whether the guest
 * is late; real time only bounds what it may cost us, generously, because a
 * loaded host is no failure of the guest.
 */
#ifndef KTSTR_RUNNER_DEADLINE_H
#define KTSTR_RUNNER_DEADLINE_H

#include <stdbool.h>
#include "plan.h"

struct deadline {
	uint64_t boot_ns;		/* limits: real time until the job begins, */
	uint64_t job_ns;		/* real time of the job, */
	uint64_t guest_ns;		/* guest time of the job */
	uint64_t start_ns;		/* when the guest was let run */
	uint64_t job_start_ns;		/* when the job began, 0: not yet */
	uint64_t job_start_guest_ns;	/* the same in guest time, 0: unknown */
};

void deadline_init(struct deadline *d, const struct plan_instance *inst);

/* deadline_start - the guest runs, at real time @now; with a @job if it was at the doorbell. */
void deadline_start(struct deadline *d, uint64_t now, bool job);

/* deadline_job - the job began. Later calls are without effect. */
void deadline_job(struct deadline *d, uint64_t now);

/*
 * deadline_passed - has a limit passed at real time @now? @guest_now is the guest's clock, 0
 * if it is not known. If so, the numbers are in @text.
 */
bool deadline_passed(struct deadline *d, uint64_t now, uint64_t guest_now, char *text, size_t size);

#endif /* KTSTR_RUNNER_DEADLINE_H */
