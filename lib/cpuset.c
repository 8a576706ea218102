// SPDX-License-Identifier: GPL-2.0
/*
 * cpuset.c - sets of CPUs and their list format
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "cpuset.h"

#define NR_WORDS	(KTSTR_MAX_CPUS / 64)

_Static_assert(KTSTR_MAX_CPUS % 64 == 0, "no word of a set may be partly used");

void cpumask_clear(struct cpumask *m)
{
	memset(m, 0, sizeof(*m));
}

void cpumask_set_cpu(struct cpumask *m, unsigned int cpu)
{
	if (cpu < KTSTR_MAX_CPUS)
		m->bits[cpu / 64] |= 1ULL << (cpu % 64);
}

void cpumask_clear_cpu(struct cpumask *m, unsigned int cpu)
{
	if (cpu < KTSTR_MAX_CPUS)
		m->bits[cpu / 64] &= ~(1ULL << (cpu % 64));
}

bool cpumask_test_cpu(const struct cpumask *m, unsigned int cpu)
{
	return cpu < KTSTR_MAX_CPUS && m->bits[cpu / 64] >> (cpu % 64) & 1;
}

void cpumask_set_range(struct cpumask *m, unsigned int first, unsigned int nr)
{
	unsigned int i;

	for (i = first; nr && i < KTSTR_MAX_CPUS; i++, nr--)
		cpumask_set_cpu(m, i);
}

unsigned int cpumask_weight(const struct cpumask *m)
{
	unsigned int i, weight = 0;

	for (i = 0; i < NR_WORDS; i++)
		weight += __builtin_popcountll(m->bits[i]);
	return weight;
}

bool cpumask_empty(const struct cpumask *m)
{
	return cpumask_first(m) == KTSTR_MAX_CPUS;
}

bool cpumask_equal(const struct cpumask *a, const struct cpumask *b)
{
	return !memcmp(a->bits, b->bits, sizeof(a->bits));
}

bool cpumask_subset(const struct cpumask *sub, const struct cpumask *super)
{
	unsigned int i;

	for (i = 0; i < NR_WORDS; i++)
		if (sub->bits[i] & ~super->bits[i])
			return false;
	return true;
}

void cpumask_and(struct cpumask *dst, const struct cpumask *a, const struct cpumask *b)
{
	unsigned int i;

	for (i = 0; i < NR_WORDS; i++)
		dst->bits[i] = a->bits[i] & b->bits[i];
}

void cpumask_or(struct cpumask *dst, const struct cpumask *a, const struct cpumask *b)
{
	unsigned int i;

	for (i = 0; i < NR_WORDS; i++)
		dst->bits[i] = a->bits[i] | b->bits[i];
}

void cpumask_andnot(struct cpumask *dst, const struct cpumask *a, const struct cpumask *b)
{
	unsigned int i;

	for (i = 0; i < NR_WORDS; i++)
		dst->bits[i] = a->bits[i] & ~b->bits[i];
}

/* First CPU of the set at or after @cpu. */
static unsigned int next_from(const struct cpumask *m, unsigned int cpu)
{
	uint64_t word;
	unsigned int i;

	if (cpu >= KTSTR_MAX_CPUS)
		return KTSTR_MAX_CPUS;

	i = cpu / 64;
	word = m->bits[i] & ~0ULL << (cpu % 64);
	while (!word) {
		if (++i == NR_WORDS)
			return KTSTR_MAX_CPUS;
		word = m->bits[i];
	}
	return i * 64 + __builtin_ctzll(word);
}

unsigned int cpumask_first(const struct cpumask *m)
{
	return next_from(m, 0);
}

unsigned int cpumask_next(const struct cpumask *m, unsigned int cpu)
{
	return cpu < KTSTR_MAX_CPUS ? next_from(m, cpu + 1) : KTSTR_MAX_CPUS;
}

unsigned int cpumask_nth(const struct cpumask *m, unsigned int n)
{
	unsigned int cpu;

	for_each_cpu(cpu, m)
		if (!n--)
			break;
	return cpu;
}

/* One decimal number at *@s, which is moved behind it. */
static int parse_cpu(const char **s, unsigned int *cpu)
{
	const char *p = *s;
	unsigned int v = 0;

	if (*p < '0' || *p > '9')
		return -EINVAL;
	for (; *p >= '0' && *p <= '9'; p++) {
		v = v * 10 + (*p - '0');
		if (v >= KTSTR_MAX_CPUS)
			return -ERANGE;
	}
	*s = p;
	*cpu = v;
	return 0;
}

int cpulist_parse(const char *s, struct cpumask *m)
{
	unsigned int first, last;
	struct cpumask set;
	int ret;

	cpumask_clear(&set);
	if (!*s || !strcmp(s, "\n"))
		goto out;

	for (;;) {
		ret = parse_cpu(&s, &first);
		if (ret)
			return ret;
		last = first;
		if (*s == '-') {
			s++;
			ret = parse_cpu(&s, &last);
			if (ret)
				return ret;
			if (last < first)
				return -EINVAL;
		}
		cpumask_set_range(&set, first, last - first + 1);
		if (*s != ',')
			break;
		s++;
	}
	if (*s == '\n')
		s++;
	if (*s)
		return -EINVAL;
out:
	*m = set;
	return 0;
}

char *cpulist_format(const struct cpumask *m, char *buf, size_t size)
{
	unsigned int first, last;
	char item[24];
	size_t len = 0;
	int n;

	if (!size)
		return buf;

	buf[0] = '\0';
	for (first = cpumask_first(m); first < KTSTR_MAX_CPUS; first = cpumask_next(m, last)) {
		last = first;
		while (cpumask_test_cpu(m, last + 1))
			last++;
		n = snprintf(item, sizeof(item), last > first ? "%s%u-%u" : "%s%u",
			     len ? "," : "", first, last);
		if (len + n >= size)
			break;
		memcpy(buf + len, item, n + 1);
		len += n;
	}
	return buf;
}
