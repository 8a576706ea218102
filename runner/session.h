/* SPDX-License-Identifier: GPL-2.0 */
/*
 * session.h - a guest while it runs; instance.c begins and ends it, watch.c is in between
 */
#ifndef KTSTR_RUNNER_SESSION_H
#define KTSTR_RUNNER_SESSION_H

#include "../monitor/monitor.h"
#include "deadline.h"
#include "evidence.h"
#include "instance.h"

#define SESSION_WAIT_MS		5	/* between looks at the window */
#define SESSION_EXIT_S		10	/* from the guest's last message to its end, real time */
#define SESSION_DUMP_S		2	/* for the dump of a guest that is late */

/* A guest while it runs, and all that is known of it. */
struct session {
	const struct runner *run;
	const struct plan_instance *inst;
	struct instance_result *res;
	struct collector col;
	struct shm_frame frame;
	struct deadline deadline;
	struct vm *vm;
	struct monitor *mon;
	const struct job *job;		/* the guest gets it when the monitor can see; NULL: it has it */
	struct shm mon_shm;		/* the monitor's own view of the window */
	struct monitor_report report;
	bool ring_corrupt;
	bool switched;			/* the faults that the test wants from here are on */
	bool inspected;			/* the result is what its inspection found */
	size_t job_off;			/* console: where the job began */
	uint64_t looked_ns;		/* when session_late() was last asked; 0: not yet */
	uint64_t stopped_ns;		/* how long we could not ask, though it was time to */
	char *console[2];
	size_t console_len[2];
};

/* session_note - a line of what the runner has to say about this run. */
void session_note(struct session *s, const char *fmt, ...) __printf(2, 3);

/* session_drain - read what is in the window; notices when the job begins. */
void session_drain(struct session *s);

/* session_late - has a deadline passed? If so, the evidence says which, and by how much. */
bool session_late(struct session *s);

/* session_host_time - for the deadlines; costs some system calls. */
struct host_time session_host_time(struct session *s);

/* session_event - remember how the guest ended. */
void session_event(struct session *s, enum vm_event event);

/* session_monitor - what a monitor of it is made with; @shm becomes its view of the window. */
struct monitor_config session_monitor(struct session *s, struct shm *shm);

/* session_where - note where its CPUs are, by name as far as that can be known. */
void session_where(struct session *s);

size_t session_console_size(const struct session *s);

/*
 * session_watch - until the guest ends or is late; looks into one that stops to be inspected.
 * An error is ours, not the guest's.
 */
int session_watch(struct session *s, struct err *err);

#endif /* KTSTR_RUNNER_SESSION_H */
