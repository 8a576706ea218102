/* SPDX-License-Identifier: GPL-2.0 */
/*
 * instrument.h - is this guest fit to measure with?
 *
 * Boot work that goes on after PID 1 has started, and a clock of the wrong kind,
 * would both show as faults of the scheduler. So the first is waited out, and
 * what is left is measured and reported.
 */
#ifndef KTSTR_GUEST_INSTRUMENT_H
#define KTSTR_GUEST_INSTRUMENT_H

#include <stdbool.h>
#include "../lib/wire.h"

#define QUIET_LIMIT_NS	(10 * NSEC_PER_SEC)

/* loadavg_running - the number of running tasks in the text of /proc/loadavg, or -EBADMSG. */
int loadavg_running(const char *text, unsigned int *nr);

/*
 * instrument_wait_quiet - until nothing but the caller was running at the end of @streak
 * sleeps in a row, each of them exact if @exact; at most QUIET_LIMIT_NS. Returns whether
 * it became so.
 */
bool instrument_wait_quiet(unsigned int streak, bool exact);

/* instrument_measure - sleep @nr_sleeps times, fill all of @m but .quiet. */
void instrument_measure(struct msg_instrument *m, unsigned int nr_sleeps);

#endif /* KTSTR_GUEST_INSTRUMENT_H */
