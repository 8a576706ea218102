// SPDX-License-Identifier: GPL-2.0
/*
 * topology.c - the arithmetic of a machine's topology
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "topology.h"

#define MAX_THREADS_PER_CORE	2

#define DISTANCE_SELF		10
#define DISTANCE_DEFAULT	20
#define DISTANCE_MAX		254	/* 255 is "unreachable" */

/* The number at *@s, which is moved behind it. */
static int parse_number(const char **s, unsigned int *v)
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
	*s = p;
	return 0;
}

/* "<number><unit>" */
static int parse_field(const char **s, char unit, unsigned int *v)
{
	int ret = parse_number(s, v);

	if (ret || **s != unit)
		return -EINVAL;
	++*s;
	return 0;
}

/* "-D-D...", the whole rest of @name, as the distances of all pairs of nodes. */
static int parse_distances(const char *name, const char *p, struct topology *t, struct err *err)
{
	unsigned int nodes = topology_all_nodes(t), pairs = nodes * (nodes - 1) / 2;
	unsigned int from = 0, to = 1, nr = 0, v;
	bool all_default = true;

	if (nodes > TOPOLOGY_MAX_APART)
		return err_set(err, -EINVAL,
			       "topology \"%s\": distances can be given for at most %d nodes",
			       name, TOPOLOGY_MAX_APART);
	for (; *p; nr++) {
		if (*p++ != '-' || parse_number(&p, &v))
			return err_set(err, -EINVAL,
				       "topology \"%s\": distances are numbers with a '-' before each",
				       name);
		if (nr >= pairs)
			continue;
		if (v <= DISTANCE_SELF || v > DISTANCE_MAX)
			return err_set(err, -EINVAL,
				       "topology \"%s\": the distance of nodes %u and %u must be from %d to %d",
				       name, from, to, DISTANCE_SELF + 1, DISTANCE_MAX);
		t->distance[nr] = v;
		all_default &= v == DISTANCE_DEFAULT;
		if (++to == nodes)
			to = ++from + 1;
	}
	if (nr != pairs)
		return err_set(err, -EINVAL,
			       "topology \"%s\": %u distances, but %u nodes make %u pairs (0-1, 0-2, ... 1-2, ...)",
			       name, nr, nodes, pairs);
	/* One machine, one name. */
	if (all_default)
		memset(t->distance, 0, sizeof(t->distance));
	return 0;
}

int topology_parse(const char *s, struct topology *t, struct err *err)
{
	struct topology topo = { };
	const char *p = s;
	unsigned int cpus;
	bool mem;
	int ret;

	if (parse_field(&p, 'n', &topo.nr_nodes) || parse_field(&p, 'l', &topo.nr_llcs) ||
	    parse_field(&p, 'c', &topo.cores_per_llc) ||
	    parse_field(&p, 't', &topo.threads_per_core))
		goto syntax;
	mem = *p && *p != '-';
	if ((mem && parse_field(&p, 'm', &topo.nr_mem_nodes)) || (*p && *p != '-'))
		goto syntax;

	if (!topo.nr_nodes || !topo.nr_llcs || !topo.cores_per_llc || !topo.threads_per_core ||
	    (mem && !topo.nr_mem_nodes))
		return err_set(err, -EINVAL, "topology \"%s\": no number may be 0", s);
	if (topo.threads_per_core > MAX_THREADS_PER_CORE)
		return err_set(err, -EINVAL, "topology \"%s\": at most %d threads per core",
			       s, MAX_THREADS_PER_CORE);
	if (topology_all_nodes(&topo) > TOPOLOGY_MAX_NODES)
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
	if (*p) {
		ret = parse_distances(s, p, &topo, err);
		if (ret)
			return ret;
	}
	*t = topo;
	return 0;
syntax:
	return err_set(err, -EINVAL,
		       "topology \"%s\": expected NnNlNcNt, as in \"1n2l2c1t\": nodes, LLCs in all, cores per LLC, threads per core; then Nm for nodes without CPUs, -D-D... for distances",
		       s);
}

char *topology_format(const struct topology *t, char *buf, size_t size)
{
	unsigned int i;
	size_t len;

	len = snprintf(buf, size, "%un%ul%uc%ut", t->nr_nodes, t->nr_llcs, t->cores_per_llc,
		       t->threads_per_core);
	if (t->nr_mem_nodes && len < size)
		len += snprintf(buf + len, size - len, "%um", t->nr_mem_nodes);
	for (i = 0; i < TOPOLOGY_MAX_PAIRS && t->distance[i] && len < size; i++)
		len += snprintf(buf + len, size - len, "-%u", t->distance[i]);
	return buf;
}

bool topology_equal(const struct topology *a, const struct topology *b)
{
	return a->nr_nodes == b->nr_nodes && a->nr_llcs == b->nr_llcs &&
	       a->cores_per_llc == b->cores_per_llc &&
	       a->threads_per_core == b->threads_per_core &&
	       a->nr_mem_nodes == b->nr_mem_nodes &&
	       !memcmp(a->distance, b->distance, sizeof(a->distance));
}

static unsigned int llcs_per_node(const struct topology *t)
{
	return t->nr_llcs / t->nr_nodes;
}

unsigned int topology_all_nodes(const struct topology *t)
{
	return t->nr_nodes + t->nr_mem_nodes;
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
	unsigned int nodes = topology_all_nodes(t);
	unsigned int low = min(from, to), high = max(from, to);

	if (from == to)
		return DISTANCE_SELF;
	if (!t->distance[0] || high >= nodes)
		return DISTANCE_DEFAULT;
	/* Before the row of @low there are those of all nodes below it, each shorter by one. */
	return t->distance[low * (2 * nodes - low - 1) / 2 + high - low - 1];
}

unsigned int topology_latency(unsigned int distance)
{
	return 10 * distance;
}

unsigned int topology_bandwidth(unsigned int distance)
{
	return 10000 / distance * 100;
}

bool topology_nearest(const struct topology *t, unsigned int node, unsigned int cpu_node)
{
	unsigned int other, distance = topology_distance(t, node, cpu_node);

	for (other = 0; other < t->nr_nodes; other++)
		if (topology_distance(t, node, other) < distance)
			return false;
	return true;
}
