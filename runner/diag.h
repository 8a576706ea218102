/* SPDX-License-Identifier: GPL-2.0 */
/*
 * diag.h - what is printed about an instance before its KTAP line
 */
#ifndef KTSTR_RUNNER_DIAG_H
#define KTSTR_RUNNER_DIAG_H

#include "result.h"
#include "runner.h"

/* diag_header - what all instances of the run have in common. */
void diag_header(const struct runner *run);

/* diag_instance - the diagnostics of one instance, and its KTAP line. */
void diag_instance(const struct runner *run, const struct plan_instance *inst,
		   const struct instance_result *res);

/* diag_command - the command that runs @inst again, @warm as it was; returns @buf. */
char *diag_command(const struct runner *run, const struct plan_instance *inst, enum warm warm,
		   char *buf, size_t size);

#endif /* KTSTR_RUNNER_DIAG_H */
