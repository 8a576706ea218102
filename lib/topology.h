/* SPDX-License-Identifier: GPL-2.0 */
/*
 * topology.h - the machine that a test asks for
 *
 * "2n4l2c1t": 2 NUMA nodes, 4 last-level caches in all, 2 cores in each LLC,
 * 1 thread on each core. CPUs are numbered node by node, LLC by LLC, core by
 * core, thread by thread, which is also the order of their APIC ids.
 *
 *	2n4l2c1t	+------ node 0 ------+ +------ node 1 ------+
 *			| llc0 0 1 | llc1 2 3| | llc2 4 5 | llc3 6 7|
 *			+--------------------+ +--------------------+
 *
 * "2n4l2c1t1m": and a node without CPUs, as memory on CXL is. Such nodes come last.
 *
 * "3n3l1c1t-20-40-30": and distances, of nodes 0-1, 0-2, 1-2: each pair once, so they
 * cannot but be symmetric. Without them, nodes are 20 apart; a node is 10 from itself.
 */
#ifndef KTSTR_LIB_TOPOLOGY_H
#define KTSTR_LIB_TOPOLOGY_H

#include "cpuset.h"
#include "log.h"

#define TOPOLOGY_MAX_NODES	16
#define TOPOLOGY_MAX_APART	8	/* nodes whose distances can be given; names stay short */
#define TOPOLOGY_MAX_PAIRS	(TOPOLOGY_MAX_APART * (TOPOLOGY_MAX_APART - 1) / 2)
#define TOPOLOGY_NAME_LEN	144

struct topology {
	unsigned int nr_nodes;		/* with CPUs */
	unsigned int nr_llcs;		/* in all, a multiple of nr_nodes */
	unsigned int cores_per_llc;
	unsigned int threads_per_core;
	unsigned int nr_mem_nodes;	/* without CPUs, numbered after the others */
	uint8_t distance[TOPOLOGY_MAX_PAIRS];	/* 0-1, 0-2, ... 1-2, ...; all 0: the default */
};

/*
 * topology_parse - read "NnNlNcNt", "NnNlNcNtNm", either with "-D-D..." behind it.
 * -EINVAL, with the reason in @err, on bad syntax, a zero, LLCs that the nodes do
 * not divide, more than 2 threads a core, more than TOPOLOGY_MAX_NODES nodes or
 * KTSTR_MAX_CPUS CPUs, another number of distances than there are pairs of nodes,
 * a distance that is not from 11 to 254.
 */
int topology_parse(const char *s, struct topology *t, struct err *err);

/*
 * topology_format - the canonical name, at most TOPOLOGY_NAME_LEN with the NUL: letters,
 * digits and '-'. Returns @buf.
 */
char *topology_format(const struct topology *t, char *buf, size_t size);

/* topology_equal - the same machine? */
bool topology_equal(const struct topology *a, const struct topology *b);

/* Sets of an LLC, node or CPU that does not exist are empty. */
unsigned int topology_all_nodes(const struct topology *t);
unsigned int topology_nr_cpus(const struct topology *t);
unsigned int topology_cpus_per_llc(const struct topology *t);
unsigned int topology_node_of_llc(const struct topology *t, unsigned int llc);
unsigned int topology_llc_of_cpu(const struct topology *t, unsigned int cpu);
unsigned int topology_node_of_cpu(const struct topology *t, unsigned int cpu);
void topology_llc_cpus(const struct topology *t, unsigned int llc, struct cpumask *m);
void topology_node_cpus(const struct topology *t, unsigned int node, struct cpumask *m);
void topology_core_cpus(const struct topology *t, unsigned int cpu, struct cpumask *m);

/*
 * topology_apic_id - the initial APIC id of a CPU: fields for thread, core and LLC
 * (a package each), as wide as the largest value of each needs (Intel SDM vol. 3,
 * 9.9.1, "Hierarchical Mapping of Shared Resources"), which is also how QEMU
 * gives them out. A node is one or more whole packages.
 */
unsigned int topology_apic_id(const struct topology *t, unsigned int cpu);

/* NUMA distance as SLIT has it: 10 within a node. */
unsigned int topology_distance(const struct topology *t, unsigned int from, unsigned int to);

/* What HMAT says of an access over that distance: ns, and MB/s. */
unsigned int topology_latency(unsigned int distance);
unsigned int topology_bandwidth(unsigned int distance);

/* topology_nearest - is no node with CPUs nearer to the memory of @node than @cpu_node is? */
bool topology_nearest(const struct topology *t, unsigned int node, unsigned int cpu_node);

#endif /* KTSTR_LIB_TOPOLOGY_H */
