/* SPDX-License-Identifier: GPL-2.0 */
/*
 * phases.h - when an instance got how far, by the host's clock
 *
 * Those that the guest tells are stamped when they are seen, up to SESSION_WAIT_MS later.
 */
#ifndef KTSTR_RUNNER_PHASES_H
#define KTSTR_RUNNER_PHASES_H

#include <stdbool.h>
#include <stdio.h>
#include "../lib/wire.h"

enum phase {
	PHASE_EXEC,		/* the runner's process does */
	PHASE_START,		/* the instance's process runs */
	PHASE_CREATED,		/* RAM is filled or mapped, CPUs and devices are made */
	PHASE_RUN,		/* CPUs may run */
	PHASE_BANNER,		/* the kernel has a console, and says its version */
	PHASE_INIT,		/* PID 1 runs */
	PHASE_READY,		/* it has set up the guest */
	PHASE_JOB,		/* it has read its job */
	PHASE_ATTACHED,		/* the scheduler is attached, cgroups and workers are being made */
	PHASE_WORKERS,		/* workers run */
	PHASE_RESULT,		/* the result came */
	PHASE_END,		/* the guest ended, or was given up */
	PHASE_TEARDOWN,		/* its process is gone */
	NR_PHASES,
};

struct phases {
	uint64_t at_ns[NR_PHASES];	/* CLOCK_MONOTONIC; 0: not reached */
	bool thawed;			/* it goes on from its job: what was before is another's */
};

/* phase_reached - now, unless it was before. phase_stage - the same for a stage of the guest. */
void phase_reached(struct phases *p, enum phase phase);
void phase_stage(struct phases *p, enum stage stage);

/* phase_is_banner - does a console that begins with @text begin with the kernel's banner? */
bool phase_is_banner(const char *text);

/* phases_last - the last one that was reached; phase_name - the word for it. */
enum phase phases_last(const struct phases *p);
const char *phase_name(enum phase phase);

/* phases_line - in milliseconds since the start: "exec -9.2, created 3.1, ..."; returns @buf. */
char *phases_line(const struct phases *p, char *buf, size_t size);

/* phases_json - the same in nanoseconds, an object in one line: "{"exec":-9200000,...}". */
void phases_json(const struct phases *p, FILE *f);

#endif /* KTSTR_RUNNER_PHASES_H */
