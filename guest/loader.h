/* SPDX-License-Identifier: GPL-2.0 */
/*
 * loader.h - loads and attaches one of our BPF schedulers, and stays until it is told to go
 */
#ifndef KTSTR_GUEST_LOADER_H
#define KTSTR_GUEST_LOADER_H

#include "sched_fault.h"

struct loader {
	const char *name;
	const void *elf;
	size_t size;
	double timeout_ms;	/* of the kernel's watchdog; 0: as the scheduler says */
	struct sched_fault_options faults;
};

/* loader_run - runs in the guest, as a process of its own; returns an exit code. */
int loader_run(const struct loader *l);

#endif /* KTSTR_GUEST_LOADER_H */
