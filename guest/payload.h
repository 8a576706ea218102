/* SPDX-License-Identifier: GPL-2.0 */
/*
 * payload.h - programs of the host that run in the guest
 *
 * What they print is kept in a file. Each is judged once: when it is waited for, killed, or
 * at the end of its step, of its cgroup or of the scenario.
 */
#ifndef KTSTR_GUEST_PAYLOAD_H
#define KTSTR_GUEST_PAYLOAD_H

#include "scenario.h"

#define PAYLOAD_DIR	"/payload"

struct payload {
	struct payload *next;
	const struct ktstr_payload *def;
	struct cgroup *cgroup;		/* NULL: in the root */
	unsigned int step;
	bool keep;
	pid_t pid;			/* 0: it has ended */
	int pidfd;
	int log_fd;
	int wstatus;
	bool killed;			/* by us */
	uint64_t start_ns;
};

/* payload_run - start it; it must not run already. */
int payload_run(struct scenario *scn, const struct ktstr_payload *def, struct cgroup *cg,
		bool keep, struct err *err);

/* payload_wait - for its end, up to @ms; judged then. What ends a hold ends this as well. */
int payload_wait(struct scenario *scn, const struct ktstr_payload *def, unsigned int ms,
		 struct err *err);

/* payload_kill - it must still run, or have ended as it should. */
int payload_kill(struct scenario *scn, const struct ktstr_payload *def, struct err *err);

/* payloads_end - all in or below @cg, NULL: all. payloads_end_step - those of the step at hand. */
void payloads_end(struct scenario *scn, const struct cgroup *cg);
void payloads_end_step(struct scenario *scn);

unsigned int payloads_running(const struct scenario *scn);
void payloads_free(struct scenario *scn);

/* payload_path - where the program, or another file of the host, is in the guest; returns @buf. */
char *payload_path(const struct ktstr_payload *def, const char *host_path, char *buf, size_t size);

/* payload_argv - what it is executed with; from malloc(), NULL without memory. */
char **payload_argv(const struct ktstr_payload *def, char *path);

/*
 * payload_check - has it its name for itself, among the payloads of @test and of all tests of this
 * program, and each of its files in it? Its directory and what it prints are called that. -EINVAL
 * with what is wrong in @err.
 */
int payload_check(const struct ktstr_test *test, const struct ktstr_payload *def, struct err *err);

/*
 * payload_number - the first number behind @key in a line of @text, ':', '=' and blanks left
 * out; that of the last such line. False if there is none.
 */
bool payload_number(const char *text, const char *key, double *val);

#endif /* KTSTR_GUEST_PAYLOAD_H */
