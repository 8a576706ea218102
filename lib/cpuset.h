/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cpuset.h - sets of CPUs
 *
 * Names and list format ("0-3,8") are the kernel's: lib/cpumask.c, bitmap_parselist().
 */
#ifndef KTSTR_LIB_CPUSET_H
#define KTSTR_LIB_CPUSET_H

#include <stdbool.h>
#include "util.h"

#define KTSTR_MAX_CPUS	1024

struct cpumask {
	uint64_t bits[KTSTR_MAX_CPUS / 64];
};

/* Holds any list; the longest, "0-1,3-4,6-7,...", has 2674 bytes with the NUL. */
#define CPULIST_LEN	2688

/* CPUs from KTSTR_MAX_CPUS on are in no set: setting or clearing one does nothing. */
void cpumask_clear(struct cpumask *m);
void cpumask_set_cpu(struct cpumask *m, unsigned int cpu);
void cpumask_clear_cpu(struct cpumask *m, unsigned int cpu);
bool cpumask_test_cpu(const struct cpumask *m, unsigned int cpu);
void cpumask_set_range(struct cpumask *m, unsigned int first, unsigned int nr);

unsigned int cpumask_weight(const struct cpumask *m);
bool cpumask_empty(const struct cpumask *m);
bool cpumask_equal(const struct cpumask *a, const struct cpumask *b);
bool cpumask_subset(const struct cpumask *sub, const struct cpumask *super);
void cpumask_and(struct cpumask *dst, const struct cpumask *a, const struct cpumask *b);
void cpumask_or(struct cpumask *dst, const struct cpumask *a, const struct cpumask *b);
void cpumask_andnot(struct cpumask *dst, const struct cpumask *a, const struct cpumask *b);

/* First CPU of the set, or the first after @cpu; KTSTR_MAX_CPUS when there is none. */
unsigned int cpumask_first(const struct cpumask *m);
unsigned int cpumask_next(const struct cpumask *m, unsigned int cpu);

/* The @n-th CPU of the set, counted from 0; KTSTR_MAX_CPUS when there are fewer. */
unsigned int cpumask_nth(const struct cpumask *m, unsigned int n);

#define for_each_cpu(cpu, m) \
	for ((cpu) = cpumask_first(m); (cpu) < KTSTR_MAX_CPUS; (cpu) = cpumask_next(m, cpu))

/*
 * cpulist_parse - "0-3,8\n" into a set; "" is empty. -EINVAL on anything else,
 * -ERANGE on a CPU that is too large; the set is not changed then.
 */
int cpulist_parse(const char *s, struct cpumask *m);

/*
 * cpulist_format - as the kernel prints it; always NUL-terminated. Returns @buf.
 * In less than CPULIST_LEN bytes the list may end early, behind a whole element.
 */
char *cpulist_format(const struct cpumask *m, char *buf, size_t size);

#endif /* KTSTR_LIB_CPUSET_H */
