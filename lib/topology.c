// SPDX-License-Identifier: GPL-2.0
/*
 * topology.c - the arithmetic of a machine's topology
 */
#include <errno.h>
#include <stdio.h>
#include "topology.h"

#define MAX_THREADS_PER_CORE	2

/* "<number><unit>" at *@s, which is moved behind it. */
static int parse_field(const char **s, char unit, unsigned int *v)
{
	const char *p = *s;

	*v = 0;
	if (*p < '0' || *p > '9')
		return -EINVAL;
	for (; *p >= '0' && *p <= '9'; p++) {
		/* Large enough to be refused, small enough that no product below overflows. */
		if (*v <= KTSTR_MAX_CPUS)
			*v = *v * 10 + (*p - '0');
	}
	if (*p++ != unit)
		return -EINVAL;
	*s = p;
	return 0;
}

int topology_parse(const char *s, struct topology *t, struct err *err)
{
	struct topology topo;
	const char *p = s;
	unsigned int cpus;

	if (parse_field(&p, 'n', &topo.nr_nodes) || parse_field(&p, 'l', &topo.nr_llcs) ||
	    parse_field(&p, 'c', &topo.cores_per_llc) ||
	    parse_field(&p, 't', &topo.threads_per_core) || *p)
		return err_set(err, -EINVAL,
			       "topology \"%s\": expected NnNlNcNt, as in \"1n2l2c1t\": nodes, LLCs in all, cores per LLC, threads per core",
			       s);

	if (!topo.nr_nodes || !topo.nr_llcs || !topo.cores_per_llc || !topo.threads_per_core)
		return err_set(err, -EINVAL, "topology \"%s\": no number may be 0", s);
	if (topo.threads_per_core > MAX_THREADS_PER_CORE)
		return err_set(err, -EINVAL, "topology \"%s\": at most %d threads per core",
			       s, MAX_THREADS_PER_CORE);
	if (topo.nr_nodes > TOPOLOGY_MAX_NODES)
		return err_set(err, -EINVAL, "topology \"%s\": at most %d nodes",
			       s, TOPOLOGY_MAX_NODES);
	if (topo.nr_llcs % topo.nr_nodes)
		return err_set(err, -EINVAL,
			       "topology \"%s\": %u LLCs cannot be shared out evenly to %u nodes",
			       s, topo.nr_llcs, topo.nr_nodes);

	cpus = topo.nr_llcs * topo.cores_per_llc * topo.threads_per_core;
	if (cpus > KTSTR_MAX_CPUS)
		return err_set(err, -EINVAL, "topology \"%s\": more than %d CPUs",
			       s, KTSTR_MAX_CPUS);
	*t = topo;
	return 0;
}

char *topology_format(const struct topology *t, char *buf, size_t size)
{
	snprintf(buf, size, "%un%ul%uc%ut", t->nr_nodes, t->nr_llcs, t->cores_per_llc,
		 t->threads_per_core);
	return buf;
}

bool topology_equal(const struct topology *a, const struct topology *b)
{
	return a->nr_nodes == b->nr_nodes && a->nr_llcs == b->nr_llcs &&
	       a->cores_per_llc == b->cores_per_llc && a->threads_per_core == b->threads_per_core;
}

static unsigned int llcs_per_node(const struct topology *t)
{
	return t->nr_llcs / t->nr_nodes;
}

unsigned int topology_nr_cpus(const struct topology *t)
{
	return t->nr_llcs * topology_cpus_per_llc(t);
}

unsigned int topology_cpus_per_llc(const struct topology *t)
{
	return t->cores_per_llc * t->threads_per_core;
}

unsigned int topology_node_of_llc(const struct topology *t, unsigned int llc)
{
	return llc / llcs_per_node(t);
}

unsigned int topology_llc_of_cpu(const struct topology *t, unsigned int cpu)
{
	return cpu / topology_cpus_per_llc(t);
}

unsigned int topology_node_of_cpu(const struct topology *t, unsigned int cpu)
{
	return topology_node_of_llc(t, topology_llc_of_cpu(t, cpu));
}

void topology_llc_cpus(const struct topology *t, unsigned int llc, struct cpumask *m)
{
	unsigned int nr = topology_cpus_per_llc(t);

	cpumask_clear(m);
	if (llc < t->nr_llcs)
		cpumask_set_range(m, llc * nr, nr);
}

void topology_node_cpus(const struct topology *t, unsigned int node, struct cpumask *m)
{
	unsigned int nr = llcs_per_node(t) * topology_cpus_per_llc(t);

	cpumask_clear(m);
	if (node < t->nr_nodes)
		cpumask_set_range(m, node * nr, nr);
}

void topology_core_cpus(const struct topology *t, unsigned int cpu, struct cpumask *m)
{
	cpumask_clear(m);
	if (cpu < topology_nr_cpus(t))
		cpumask_set_range(m, cpu - cpu % t->threads_per_core, t->threads_per_core);
}

/* The number of bits that @nr different values need. */
static unsigned int field_width(unsigned int nr)
{
	unsigned int width = 0;

	while (1U << width < nr)
		width++;
	return width;
}

unsigned int topology_apic_id(const struct topology *t, unsigned int cpu)
{
	unsigned int thread = cpu % t->threads_per_core;
	unsigned int core = cpu / t->threads_per_core % t->cores_per_llc;
	unsigned int id = topology_llc_of_cpu(t, cpu);

	id = id << field_width(t->cores_per_llc) | core;
	return id << field_width(t->threads_per_core) | thread;
}

unsigned int topology_distance(const struct topology *t, unsigned int from, unsigned int to)
{
	(void)t;
	return from == to ? 10 : 20;
}
