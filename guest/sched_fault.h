/* SPDX-License-Identifier: GPL-2.0 */
/*
 * sched_fault.h - switching the faults of the built-in scheduler "fault"
 */
#ifndef KTSTR_GUEST_SCHED_FAULT_H
#define KTSTR_GUEST_SCHED_FAULT_H

#include <stdbool.h>
#include <stdio.h>
#include "../lib/log.h"
#include "../lib/sched_fault.h"

struct sched;

/* Which faults, from when on, as options say it. */
struct sched_fault_options {
	bool on[NR_SCHED_FAULTS];
	double after_s[NR_SCHED_FAULTS];	/* since it is attached */
	unsigned int arg[NR_SCHED_FAULTS];
	char cgroup[SCHED_FAULT_CGROUP_LEN];
};

/* sched_fault_defaults - all off, all arguments as they are when nothing else is said. */
void sched_fault_defaults(struct sched_fault_options *o);

/* sched_fault_parse - "NAME[=ARG][@SECONDS]". -EINVAL, with the reason in @err. */
int sched_fault_parse(const char *text, struct sched_fault_options *o, struct err *err);

/* sched_fault_name - as options call it, NULL after the last. */
const char *sched_fault_name(unsigned int nr);

/* sched_fault_usage - a line for each fault. */
void sched_fault_usage(FILE *f);

/* sched_fault_strikes - for the loader: is it on? It begins now, if it has not before. */
bool sched_fault_strikes(struct sched_faults *faults, enum sched_fault nr);

/* sched_faults_open - PID 1: map what the loader pinned; @s->faults stays NULL if it did not. */
void sched_faults_open(struct sched *s);

/* sched_faults_close - @s->fault_ns is when the first of them did something, 0: never. */
void sched_faults_close(struct sched *s);

/*
 * sched_faults_switch - those in @mask on, from @from_ns on (CLOCK_MONOTONIC) or at once if that is
 * over; others that were switched on like this off.
 */
void sched_faults_switch(struct sched *s, uint32_t mask, uint64_t from_ns);

#endif /* KTSTR_GUEST_SCHED_FAULT_H */
