/* SPDX-License-Identifier: GPL-2.0 */
/*
 * flags.h - what a scheduler may be able to do that some tests are about
 *
 * A scheduler of which the user says that it has such a flag, see --sched-flag, runs these
 * tests without it and with it. What they expect does not depend on it.
 */
#ifndef KTSTR_SCENARIOS_FLAGS_H
#define KTSTR_SCENARIOS_FLAGS_H

#include "../ktstr.h"

KTSTR_USER_FLAG(llc);		/* knows which CPUs share a cache */
KTSTR_USER_FLAG(borrow);	/* lets a busy cgroup use the idle CPUs of another */
KTSTR_USER_FLAG(steal, .requires = FLAGS(&llc));	/* takes work from other caches */
KTSTR_USER_FLAG(rebal);		/* gives cgroups other CPUs as the load changes */
KTSTR_USER_FLAG(reject_pin);	/* does not let affinities narrow where a task runs */

#endif /* KTSTR_SCENARIOS_FLAGS_H */
