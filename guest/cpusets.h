/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cpusets.h - what a cpuset or an affinity of a test means on a given machine
 *
 * Pure functions of their arguments.
 */
#ifndef KTSTR_GUEST_CPUSETS_H
#define KTSTR_GUEST_CPUSETS_H

#include "../ktstr.h"
#include "../lib/log.h"

/* So that a third of 9 is 3, whichever way a fraction is rounded. */
#define FRAC_EPSILON	.000001

/* cpuset_usable - all CPUs of @all but the last one when there are more than two. */
void cpuset_usable(const struct cpumask *all, struct cpumask *usable);

/*
 * cpuset_resolve - the CPUs of @spec. Everything but EXACT is a part of @usable:
 *
 *	LLC, NODE	the usable CPUs of the LLC or node
 *	RANGE		from floor(.from * n) up to, without, floor(.to * n), of n usable CPUs
 *	DISJOINT	part .index of .of equal ones; the last takes the remainder
 *	OVERLAP		the same, widened on both sides by ceil(.from * size of a part)
 *	EXACT		a list, all of which must be in @all
 *
 * -EINVAL, with the reason in @err, for CPUSET_NONE, an index out of range and
 * for what comes out empty.
 */
int cpuset_resolve(const struct cpuset_spec *spec, const struct topology *topo,
		   const struct cpumask *all, const struct cpumask *usable,
		   struct cpumask *cpus, struct err *err);

/* cpuset_random - uniform in [0, bound); with its context. */
typedef uint32_t (*cpuset_random)(void *ctx, uint32_t bound);

/*
 * affinity_resolve - the CPUs that a worker is to ask for, whose cgroup has @pool. Empty
 * for AFFINITY_INHERIT. RANDOM takes half of the pool, rounded up; FIRST all of it, if it
 * has no more than .nr CPUs. @turn counts workers, for EACH.
 */
int affinity_resolve(const struct affinity *aff, const struct topology *topo,
		     const struct cpumask *all, const struct cpumask *pool, unsigned int turn,
		     cpuset_random random, void *ctx, struct cpumask *cpus, struct err *err);

#endif /* KTSTR_GUEST_CPUSETS_H */
