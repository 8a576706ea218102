/* SPDX-License-Identifier: GPL-2.0 */
/*
 * perf.h - RAM in large pages; guests whose speed is to be measured: with CPUs of the host for each
 * of theirs
 */
#ifndef KTSTR_VMM_PERF_H
#define KTSTR_VMM_PERF_H

#include <stdbool.h>
#include "../lib/log.h"
#include "../lib/cpuset.h"

/* Is each LLC of the guest one of the host's? */
enum perf_llcs {
	PERF_LLCS_UNKNOWN,	/* the host does not say what it has */
	PERF_LLCS_DIFFER,
	PERF_LLCS_SAME,
};

/* Decided by whoever makes the guest. */
struct vm_perf {
	unsigned int nr_cpus;
	unsigned int cpu[KTSTR_MAX_CPUS];	/* CPU of the host for each of the guest's */
	int node;				/* that all of them and the RAM are on, or -1 */
	enum perf_llcs llcs;
	bool watched;				/* by threads that run before its own, */
	int watch_errno;			/* else why not */
};

/* SCHED_FIFO, of a guest's CPUs and of those who watch it, where that is allowed. */
#define PERF_PRIO_CPU	1
#define PERF_PRIO_WATCH	2

enum perf_pages {
	PERF_PAGES_RESERVED,	/* huge pages that the host has set aside */
	PERF_PAGES_THP,		/* the kernel was asked to find some */
	PERF_PAGES_SMALL,
};

/*
 * ram_map_anon - @size bytes of zeroed memory, in large pages where the kernel finds some. Unmapped
 * by munmap().
 */
int ram_map_anon(uint64_t size, void **ram, enum perf_pages *pages, struct err *err);

/*
 * perf_map_ram - @size bytes of zeroed memory in large pages, if those can be had, on @node (-1: on
 * any). Unmapped by munmap().
 */
int perf_map_ram(uint64_t size, int node, void **ram, enum perf_pages *pages, struct err *err);

#endif /* KTSTR_VMM_PERF_H */
