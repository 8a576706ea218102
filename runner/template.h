/* SPDX-License-Identifier: GPL-2.0 */
/*
 * template.h - what instances are thawed from: a guest that has booted, and what was found in it
 */
#ifndef KTSTR_RUNNER_TEMPLATE_H
#define KTSTR_RUNNER_TEMPLATE_H

#include "../monitor/monitor.h"
#include "../vmm/vm.h"

/* One process fills it, others use it: both are children of the one that has opened it. */
struct template {
	struct vm_image image;
	struct monitor_known *known;	/* shared memory */
	bool attached;			/* is to have the scheduler of those thawed from it */
};

/* template_open - empty. 0 or a negative errno, then there is nothing to close. */
int template_open(struct template *tmpl, struct err *err);
void template_close(struct template *tmpl);

#endif /* KTSTR_RUNNER_TEMPLATE_H */
