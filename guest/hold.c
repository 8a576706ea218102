// SPDX-License-Identifier: GPL-2.0
/*
 * Waiting while workers run, with an eye on everything that may end it.
 */
#include <errno.h>
#include <poll.h>
#include "sched_fault.h"
#include "steps.h"

#define HOLD_SLICE_NS	(100 * NSEC_PER_MSEC)
/* Faults that the host switches on begin when all workers have run, not when it has time to. */
#define FAULTS_AFTER_NS	(500 * NSEC_PER_MSEC)

static int host_requests(struct scenario *scn, struct msg_result *res)
{
	if (!guest_poll_requests(scn->g))
		return 0;
	result_set(scn->g, res, VERDICT_FAIL, CAUSE_TIMEOUT,
		   "the host wants to shut down in step %u, %llu ms after the start", scn->step,
		   (now_ns() - scn->start_ns) / NSEC_PER_MSEC);
	return -ECANCELED;
}

static bool readable(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return fd >= 0 && poll(&pfd, 1, 0) > 0;
}

int scenario_wait_fd(struct scenario *scn, uint64_t until_ns, int fd, struct msg_result *res)
{
	bool have_sched = scn->sched && scn->sched->kind != SCHED_KIND_NONE;
	int extra[2] = { -1, fd };
	uint64_t now, next;
	int ret;

	for (;;) {
		if (have_sched) {
			ret = sched_check(scn->g, scn->sched, res);
			if (ret)
				return ret;
			sched_faults_switch(scn->sched, guest_sched_faults(scn->g),
					    scn->start_ns + FAULTS_AFTER_NS);
		}
		if (workers_reap(scn->workers))
			return -ECHILD;
		ret = host_requests(scn, res);
		if (ret)
			return ret;

		now = now_ns();
		if (scn->fault_ns && now >= scn->fault_ns) {
			scn->fault_ns = 0;
			scn->faulted_ns = now;
			fault_inject(scn);
			continue;
		}
		if (now >= until_ns || readable(fd))
			return 0;
		next = min(until_ns, now + HOLD_SLICE_NS);
		if (scn->fault_ns)
			next = min(next, scn->fault_ns);
		extra[0] = have_sched && scn->sched->pid ? scn->sched->pidfd : -1;
		workers_wait_fds(scn->workers, extra, ARRAY_SIZE(extra), next);
	}
}

int scenario_wait(struct scenario *scn, uint64_t until_ns, struct msg_result *res)
{
	return scenario_wait_fd(scn, until_ns, -1, res);
}
