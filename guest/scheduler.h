/* SPDX-License-Identifier: GPL-2.0 */
/*
 * scheduler.h - the life of the sched_ext scheduler under test
 */
#ifndef KTSTR_GUEST_SCHEDULER_H
#define KTSTR_GUEST_SCHEDULER_H

#include "../lib/sched_fault.h"
#include "guest.h"

struct sched {
	enum sched_kind kind;
	pid_t pid;		/* of the loader, 0 when none runs */
	int pidfd;
	int log_fd;		/* its stdout and stderr, a file */
	int kmsg_fd;		/* the kernel log since it was started, negative if there is none */
	char ops[128];		/* root/ops when it was attached */
	uint64_t enable_seq;	/* when it was attached */
	int wstatus;		/* wait status once it was reaped, else -1 */
	bool dead;		/* sched_check() has said so */
	struct sched_faults *faults;	/* guest/sched_fault.h; NULL: it has none */
	uint32_t switched;	/* those that the host has on */
	uint64_t fault_ns;	/* when one began, 0: none did */
};

#define SCHED_BINARY_PATH	"/scheduler"

/* scx_present - does this kernel have sched_ext? */
bool scx_present(void);

/*
 * sched_start - start the scheduler of the job and wait until it is attached:
 * /sys/kernel/sched_ext/state is "enabled", root/ops names it and a probe task
 * made progress under it. Bounded; the bound grows with the number of CPUs.
 * Returns 0, or a negative errno with the verdict in @res (its first line is the
 * scheduler's own error where it has one); nothing is left running then.
 */
int sched_start(struct guest *g, struct sched *s, struct msg_result *res);

/*
 * sched_check - is it alive and still the one that was attached? Cheap; called at every
 * step and several times a second in holds. Returns 0, or -ESRCH with the verdict
 * (real exit status, tail of its log, the kernel's own reason) in @res.
 */
int sched_check(struct guest *g, struct sched *s, struct msg_result *res);

/*
 * sched_stop - SIGINT, then SIGKILL after a bound; state must return to "disabled".
 * Failure goes into @res as CAUSE_SCHED_DETACH. The log goes out as MSG_SCHED_LOG lines.
 */
void sched_stop(struct guest *g, struct sched *s, struct msg_result *res);

/*
 * builtin_main - --role=scheduler: load and attach a built-in scheduler, stay until
 * SIGINT. Returns an exit code.
 */
int builtin_main(int argc, char **argv);

#endif /* KTSTR_GUEST_SCHEDULER_H */
