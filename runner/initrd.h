/* SPDX-License-Identifier: GPL-2.0 */
/*
 * initrd.h - what the guest's root file system holds
 */
#ifndef KTSTR_RUNNER_INITRD_H
#define KTSTR_RUNNER_INITRD_H

#include "../vmm/initramfs.h"
#include "plan.h"

/*
 * initrd_build - this program as /init, the scheduler under test, and the payloads of @plan (or
 * NULL). @self is its path. Errors are the user's: a scheduler that is missing, no program, or
 * for another machine. Where a payload is, its tests are to be skipped, and told why.
 */
int initrd_build(const struct options *opts, const char *self, struct plan *plan,
		 struct initramfs *ird, struct err *err);

/*
 * payloads_add - payloads.c: those of all tests of this program, whichever are in @plan: a guest is
 * the same in any company. What cannot have its own is skipped.
 */
int payloads_add(struct plan *plan, const char *self, struct initramfs *ird);

/*
 * initrd_with_job - the same archive with a job in it, for a guest that cannot see the
 * window; malloc()ed, the caller's to free.
 */
int initrd_with_job(const struct initramfs *ird, const struct job *job, char **data, size_t *len);

#endif /* KTSTR_RUNNER_INITRD_H */
