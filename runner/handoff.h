/* SPDX-License-Identifier: GPL-2.0 */
/*
 * handoff.h - what the host puts into the window for PID 1
 */
#ifndef KTSTR_RUNNER_HANDOFF_H
#define KTSTR_RUNNER_HANDOFF_H

#include "../lib/wire.h"
#include "../vmm/vm.h"

/*
 * handoff_symreq - the names of the symbols that the monitor wants, for PID 1 to look up. Before
 * the guest boots.
 */
void handoff_symreq(struct vm *vm);

/*
 * handoff_job - what to do; for a cold guest before it boots or after handoff_later(), for a thawed
 * one before it runs. @job->magic is not used.
 */
void handoff_job(struct vm *vm, const struct job *job);

/* handoff_later - before the guest boots: the job will come, PID 1 need not stop the VM for it. */
void handoff_later(struct vm *vm);

#endif /* KTSTR_RUNNER_HANDOFF_H */
