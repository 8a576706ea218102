/* SPDX-License-Identifier: GPL-2.0 */
/*
 * scx.h - what the kernel says about sched_ext
 */
#ifndef KTSTR_GUEST_SCX_H
#define KTSTR_GUEST_SCX_H

#include <stdbool.h>
#include <sys/types.h>
#include "../lib/log.h"

#define SCX_DIR		"/sys/kernel/sched_ext"

struct scx_status {
	char state[16];		/* "enabled", "disabled", ... */
	char ops[128];		/* name of the root scheduler, "" if there is none */
	uint64_t enable_seq;	/* schedulers enabled since boot */
	uint64_t nr_rejected;	/* tasks that a scheduler refused */
	bool switch_all;	/* it schedules normal tasks, not only those with SCHED_EXT */
};

/* scx_read - the files below @dir. -ENOENT: the kernel has no sched_ext, -EBADMSG: nonsense. */
int scx_read(const char *dir, struct scx_status *st);

/*
 * scx_read_events - the event counters of the scheduler that is there, "NAME COUNT" a line; "" when
 * there is none, or the kernel does not count. -ENOSPC: there are more.
 */
int scx_read_events(const char *dir, char *buf, size_t size);

static inline bool scx_is(const struct scx_status *st, const char *state)
{
	return !__builtin_strcmp(st->state, state);
}

/* Why the kernel disabled a scheduler, gathered from lines of its log. */
struct scx_reason {
	char name[128];		/* of the scheduler, "" as long as no such line was seen */
	char reason[128];	/* "runnable task stall" */
	char msg[256];		/* "foo[123] failed to run for 4.000s", may be "" */
};

/* scx_reason_line - feed one line; the last disabling wins. */
void scx_reason_line(struct scx_reason *r, const char *line);

/* scx_reason_normal - was it disabled because its loader took it back? */
bool scx_reason_normal(const struct scx_reason *r);

/* scx_reason_hotplug - because a CPU came or went, for which it has no callback? */
bool scx_reason_hotplug(const struct scx_reason *r);

/*
 * scx_reason_rcu_stall - because RCU had waited for too long? The kernel takes the scheduler
 * for the cause (scx_rcu_cpu_stall() in kernel/sched/ext.c, in 6.18 and later).
 */
bool scx_reason_rcu_stall(const struct scx_reason *r);

/* scx_reason_format - "runnable task stall (foo[123] failed to ...)"; returns @buf. */
char *scx_reason_format(const struct scx_reason *r, char *buf, size_t size);

/* A task that shows, as often as it is asked to, that it gets to run; else it sleeps. */
struct scx_probe {
	pid_t pid;		/* 0: there is none */
	int ask_fd, answer_fd;
	bool late;
};

/*
 * scx_probe_start - it asks for SCHED_EXT if @ext, else it is a normal one.
 * scx_probe_ask - to spin and sleep a few times. 0; -ETIMEDOUT if it was not done within
 * @limit_ns, -ESRCH if it is gone, or the errno of what failed.
 * scx_probe_end - kill it; one that was late may be gone only when its scheduler is.
 */
int scx_probe_start(struct scx_probe *p, bool ext);
int scx_probe_ask(struct scx_probe *p, uint64_t limit_ns);
void scx_probe_end(struct scx_probe *p);

/* scx_probe - all of that, once: one that is new. */
int scx_probe(bool ext, uint64_t limit_ns);

#endif /* KTSTR_GUEST_SCX_H */
