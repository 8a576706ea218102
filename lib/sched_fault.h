/* SPDX-License-Identifier: GPL-2.0 */
/*
 * sched_fault.h - the faults of the built-in scheduler "fault"
 *
 * Shared by its BPF half, its loader, PID 1 and the host, so it includes nothing.
 * The state is a BPF map in memory: the loader sets it up, PID 1 maps it too, and
 * so can switch a fault although the scheduler lets nobody else run.
 */
#ifndef KTSTR_LIB_SCHED_FAULT_H
#define KTSTR_LIB_SCHED_FAULT_H

enum sched_fault {
	/* In the BPF programs. */
	SCHED_FAULT_STALL_CPU,
	SCHED_FAULT_STALL_ALL,
	SCHED_FAULT_DROP,
	SCHED_FAULT_STARVE,
	SCHED_FAULT_IGNORE_AFFINITY,
	SCHED_FAULT_WRONG_CPUSET,
	SCHED_FAULT_SLOW,
	SCHED_FAULT_SCATTERSHOT,
	SCHED_FAULT_BYPASS,
	SCHED_FAULT_CROWD,
	SCHED_FAULT_PILE_UP,
	SCHED_FAULT_UNFAIR,
	SCHED_FAULT_LATE,
	SCHED_FAULT_HOG,
	SCHED_FAULT_SPIN,
	SCHED_FAULT_ERROR,
	SCHED_FAULT_CRASH,
	SCHED_FAULT_EXIT,
	/* In the loader: three that are over when it is attached, and nothing for the host. */
	SCHED_FAULT_REJECT,
	SCHED_FAULT_LATE_ATTACH,
	SCHED_FAULT_NO_ATTACH,
	/* And those that are not. */
	SCHED_FAULT_DIE,
	SCHED_FAULT_REATTACH,
	SCHED_FAULT_LEAK,
	SCHED_FAULT_DEAF,
	NR_SCHED_FAULTS,
};

/* For struct ktstr_test and the shared window. */
#define SCHED_FAULT(_name)	(1U << SCHED_FAULT_##_name)

#define SCHED_FAULT_CGROUP_LEN	32

struct sched_fault_state {
	/* All times are CLOCK_MONOTONIC, in ns. */
	unsigned long long from_ns;	/* on from then; 0: off */
	unsigned long long began_ns;	/* when it did something for the first time; 0: never */
	unsigned int arg;
	unsigned int pad;
};

/* The value of the only element of the BPF map SCHED_FAULTS_MAP. */
struct sched_faults {
	struct sched_fault_state fault[NR_SCHED_FAULTS];
	char cgroup[SCHED_FAULT_CGROUP_LEN];	/* STARVE: the last part of its path */
};

#define SCHED_FAULTS_MAP	".data.faults"
#define SCHED_FAULTS_LOAD_MAP	".rodata.load"

/* The same for what the verifier must know; constant once it is loaded. */
struct sched_faults_load {
	unsigned int reject;
};

/* From PID 1 to the loader: a switch was changed, some of them are yours. */
#define SCHED_FAULT_SIGNAL	SIGUSR1

#define SCHED_FAULTS_PIN	"/sys/fs/bpf/ktstr_faults"
#define SCHED_FAULT_LEAK_PIN	"/sys/fs/bpf/ktstr_leak"

#endif /* KTSTR_LIB_SCHED_FAULT_H */
