/* SPDX-License-Identifier: GPL-2.0 */
/*
 * job.h - how PID 1 gets to know what to do
 */
#ifndef KTSTR_GUEST_JOB_H
#define KTSTR_GUEST_JOB_H

#include "guest.h"

/* How long after the doorbell a job may take to appear, guest time. */
#define JOB_LIMIT_NS	(5 * NSEC_PER_SEC)

/* job_check - do strings end within their fields, are counts in range? -EINVAL with the reason. */
int job_check(const struct job *job, struct err *err);

/* job_read_file - a job from a file of the initramfs (lib/wire.h), checked. -ENOENT without one. */
int job_read_file(const char *path, struct job *job, struct err *err);

/*
 * job_take - fill g->job: from the window, where it is either there from the start or comes after the
 * doorbell or, with SHM_REQ_WAIT, without one; without a window from JOB_FILE. Checked.
 */
int job_take(struct guest *g, struct err *err);

/* job_drop - forget the one in the window: job_take() asks for another. */
void job_drop(struct guest *g);

/*
 * job_argv - the scheduler's arguments behind argv[0..@first), NULL-terminated. @argv has
 * @first + JOB_MAX_ARGS + 1 slots.
 */
void job_argv(struct job *job, char **argv, unsigned int first);

/* job_find_test - the declared test of that name, or NULL. */
const struct ktstr_test *job_find_test(const char *name);

#endif /* KTSTR_GUEST_JOB_H */
