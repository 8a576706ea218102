/* SPDX-License-Identifier: GPL-2.0 */
/*
 * truth.h - bodies for tests in which the host checks what its monitor reads
 *
 * Each makes a load that is known, says what the guest itself sees of it, and stops the
 * VM by the doorbell. The host's half is monitor/truth.h.
 */
#ifndef KTSTR_GUEST_TRUTH_H
#define KTSTR_GUEST_TRUTH_H

#include "../lib/truth.h"
#include "scenario.h"

/*
 * truth_load - CPU n carries n + 1 spinners, but CPU 0 none; says what is in
 * /sys/kernel/debug/sched/debug, and what sched_ext has counted. The others say one thing that is
 * wrong, of CPU 1 or of the first counter.
 */
int truth_load(struct scenario *scn, struct msg_result *res);
int truth_lie_running(struct scenario *scn, struct msg_result *res);
int truth_lie_clock(struct scenario *scn, struct msg_result *res);
int truth_lie_idle(struct scenario *scn, struct msg_result *res);
int truth_lie_scx(struct scenario *scn, struct msg_result *res);
int truth_lie_event(struct scenario *scn, struct msg_result *res);

/* truth_symbols - says what /proc/kallsyms has on the names that the host asked for. */
int truth_symbols(struct scenario *scn, struct msg_result *res);
int truth_lie_symbol(struct scenario *scn, struct msg_result *res);

/*
 * truth_tasks - how many tasks are of the ext class by their /proc/PID/sched, and who is the first;
 * among them are some that sleep, some threads, and one that is dead, which does not count.
 */
int truth_tasks(struct scenario *scn, struct msg_result *res);
int truth_lie_tasks(struct scenario *scn, struct msg_result *res);

/*
 * sched_debug_parse - the run queues of @nr CPUs out of the text of sched/debug: nr_running,
 * clock and curr of each. -ENODATA when one is missing.
 */
int sched_debug_parse(const char *text, struct truth_cpu *cpus, unsigned int nr);

#endif /* KTSTR_GUEST_TRUTH_H */
