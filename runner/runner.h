/* SPDX-License-Identifier: GPL-2.0 */
/*
 * runner.h - the host's role: plan, run, judge, report
 */
#ifndef KTSTR_RUNNER_RUNNER_H
#define KTSTR_RUNNER_RUNNER_H

#include <limits.h>
#include "../vmm/initramfs.h"
#include "../vmm/vm.h"
#include "kernel.h"
#include "options.h"
#include "plan.h"

/* Everything that is decided before the first guest boots, and constant from then on. */
struct runner {
	struct options opts;
	char self[PATH_MAX];		/* this program */
	struct kernel kernel;
	void *unpacked;			/* vm_kernel_unpack() of it */
	size_t unpacked_len;
	struct initramfs initramfs;
	const struct vm_engine *engine;
	struct plan plan;
	uint64_t start_ns;		/* CLOCK_MONOTONIC of the start of the process */
	unsigned int budget_s;		/* of kselftest, 0: none */
};

/* runner_main - returns an exit code. */
int runner_main(int argc, char **argv);

/* runner_run - run the plan and print it; returns an exit code. */
int runner_run(const struct runner *run);

#endif /* KTSTR_RUNNER_RUNNER_H */
