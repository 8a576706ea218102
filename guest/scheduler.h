/* SPDX-License-Identifier: GPL-2.0 */
/*
 * scheduler.h - the life of the sched_ext scheduler under test
 */
#ifndef KTSTR_GUEST_SCHEDULER_H
#define KTSTR_GUEST_SCHEDULER_H

#include "../lib/sched_fault.h"
#include "guest.h"
#include "scx.h"

struct sched {
	enum sched_kind kind;	/* of the job; NONE: there never is one */
	const char *name;	/* of the last one, for reports */
	const char *builtin;	/* it is this built-in one, not that of the job; or NULL */
	bool attached;
	bool hotplug;		/* CPUs came or went: the kernel may end it for that, once */
	pid_t pid;		/* of the loader, 0 when none runs */
	int pidfd;
	int log_fd;		/* its stdout and stderr, a file */
	int kmsg_fd;		/* the kernel log since it was started, negative if there is none */
	struct scx_probe probe;	/* asleep since it has proved that it schedules */
	char ops[128];		/* root/ops when it was attached */
	uint64_t enable_seq;	/* when it was attached */
	int wstatus;		/* wait status once it was reaped, else -1 */
	bool dead;		/* sched_check() has said so */
	bool no_rcu_stall_check;	/* as the test and what is said of it have it together */
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
 * sched_detach - SIGINT, then SIGKILL after a bound; with @by_kill SIGKILL at once. State must
 * return to "disabled", and a normal task must run, a new one and one that has slept since
 * before. From then on sched_check() sees to it that there is none. Returns 0, or a negative
 * errno with the verdict in @res (CAUSE_SCHED_DETACH). The log goes out as MSG_SCHED_LOG lines.
 */
int sched_detach(struct guest *g, struct sched *s, bool by_kill, struct msg_result *res);

/*
 * sched_attach - after a detach, with the same proof as in sched_start(); the scheduler of the
 * job, or with @builtin that one. 0, or a negative errno with the verdict in @res.
 */
int sched_attach(struct guest *g, struct sched *s, const char *builtin, struct msg_result *res);

/* sched_stop - detach what is attached; where nothing is, that must be true. */
void sched_stop(struct guest *g, struct sched *s, struct msg_result *res);

/*
 * builtin_main - --role=scheduler: load and attach a built-in scheduler, stay until
 * SIGINT. Returns an exit code.
 */
int builtin_main(int argc, char **argv);

#endif /* KTSTR_GUEST_SCHEDULER_H */
