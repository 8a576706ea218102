/* SPDX-License-Identifier: GPL-2.0 */
/*
 * initrd.h - what the guest's root file system holds
 */
#ifndef KTSTR_RUNNER_INITRD_H
#define KTSTR_RUNNER_INITRD_H

#include "../vmm/initramfs.h"
#include "options.h"

/*
 * initrd_build - this program as /init, and the scheduler under test. @self is its path.
 * Errors are the user's: a scheduler that is missing, no program, or for another machine.
 */
int initrd_build(const struct options *opts, const char *self, struct initramfs *ird,
		 struct err *err);

/*
 * initrd_with_job - the same archive with a job in it, for a guest that cannot see the
 * window; malloc()ed, the caller's to free.
 */
int initrd_with_job(const struct initramfs *ird, const struct job *job, char **data, size_t *len);

#endif /* KTSTR_RUNNER_INITRD_H */
