/* SPDX-License-Identifier: GPL-2.0 */
/*
 * sched_proc.h - the process of a scheduler's loader; internal to scheduler.c
 */
#ifndef KTSTR_GUEST_SCHED_PROC_H
#define KTSTR_GUEST_SCHED_PROC_H

#include "scheduler.h"

#define SCHED_EXIT_LIMIT	(5 * NSEC_PER_SEC)	/* from SIGINT to its end */

/* sched_proc_spawn - sets pid, pidfd and log_fd; a negative errno leaves what there is of them. */
int sched_proc_spawn(struct guest *g, struct sched *s);

/*
 * sched_proc_ended - wait for its end, at most @limit_ns; true when it has ended, s->wstatus
 * is how.
 */
bool sched_proc_ended(struct sched *s, uint64_t limit_ns);

void sched_proc_kill(struct sched *s);

/* sched_proc_release - close what is open of it. */
void sched_proc_release(struct sched *s);

const char *sched_proc_exit_text(const struct sched *s, char *buf, size_t size);

#endif /* KTSTR_GUEST_SCHED_PROC_H */
