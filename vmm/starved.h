/* SPDX-License-Identifier: GPL-2.0 */
/*
 * starved.h - did the host let a process run?
 */
#ifndef KTSTR_VMM_STARVED_H
#define KTSTR_VMM_STARVED_H

#include <stdint.h>
#include <sys/types.h>

/*
 * starved_ns - time that the worst-off thread of @pid was runnable and had no CPU, since it began
 * (run delay, Documentation/scheduler/sched-stats.rst, "/proc/<pid>/schedstat"). 0 where the host's
 * kernel does not say.
 */
uint64_t starved_ns(pid_t pid);

/* schedstat_run_delay - the second of the three numbers. 0, or -EBADMSG. */
int schedstat_run_delay(const char *text, uint64_t *ns);

#endif /* KTSTR_VMM_STARVED_H */
