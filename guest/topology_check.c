// SPDX-License-Identifier: GPL-2.0
/*
 * The machine as the guest's kernel sees it, against the one that was asked for.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "handover.h"
#include "topology_check.h"

#define MAX_CACHE_INDEX	16

static int read_at(const char *sysfs, char *buf, size_t size, const char *fmt, ...) __printf(4, 5);

static int read_at(const char *sysfs, char *buf, size_t size, const char *fmt, ...)
{
	char path[512];
	va_list ap;
	int len, ret;

	len = snprintf(path, sizeof(path), "%s/devices/system/", sysfs);
	if (len < 0 || (size_t)len >= sizeof(path))
		return -ENAMETOOLONG;
	va_start(ap, fmt);
	vsnprintf(path + len, sizeof(path) - len, fmt, ap);
	va_end(ap);
	ret = read_file(path, buf, size);
	if (ret < 0)
		return ret;
	buf[strcspn(buf, "\n")] = '\0';
	return 0;
}

/* What @what says against what it must be. */
static int compare(const char *what, unsigned int nr, const char *is, const struct cpumask *must,
		   struct err *err)
{
	char list[CPULIST_LEN];
	struct cpumask m;

	if (!cpulist_parse(is, &m) && cpumask_equal(&m, must))
		return 0;
	return err_set(err, -ENXIO, "%s %u: is \"%.128s\", must be \"%.128s\"", what, nr, is,
		       cpulist_format(must, list, sizeof(list)));
}

static int check_online(const char *sysfs, const struct topology *topo, struct err *err)
{
	struct cpumask all = { };
	char buf[CPULIST_LEN];
	int ret;

	ret = read_at(sysfs, buf, sizeof(buf), "cpu/online");
	if (ret)
		return err_set(err, -ENXIO, "the list of online CPUs is missing");
	cpumask_set_range(&all, 0, topology_nr_cpus(topo));
	return compare("online CPUs, number of CPUs", topology_nr_cpus(topo), buf, &all, err);
}

/* The deepest one that holds data; its list of CPUs. */
static int last_level_cache(const char *sysfs, unsigned int cpu, char *list, size_t size)
{
	int level, deepest = 0, ret = -ENOENT;
	char buf[64], type[64];
	unsigned int i;

	for (i = 0; i < MAX_CACHE_INDEX; i++) {
		if (read_at(sysfs, buf, sizeof(buf), "cpu/cpu%u/cache/index%u/level", cpu, i) ||
		    read_at(sysfs, type, sizeof(type), "cpu/cpu%u/cache/index%u/type", cpu, i))
			break;
		level = atoi(buf);
		if (level <= deepest || !strcmp(type, "Instruction"))
			continue;
		ret = read_at(sysfs, list, size, "cpu/cpu%u/cache/index%u/shared_cpu_list", cpu, i);
		if (ret)
			return ret;
		deepest = level;
	}
	return ret;
}

static int check_cpu(const char *sysfs, const struct topology *topo, unsigned int cpu,
		     struct err *err)
{
	struct cpumask must = { };
	char buf[CPULIST_LEN];
	int ret;

	if (read_at(sysfs, buf, sizeof(buf), "cpu/cpu%u/topology/thread_siblings_list", cpu))
		return err_set(err, -ENXIO, "CPU %u: the list of its thread siblings is missing",
			       cpu);
	topology_core_cpus(topo, cpu, &must);
	ret = compare("thread siblings of CPU", cpu, buf, &must, err);
	if (ret)
		return ret;

	if (last_level_cache(sysfs, cpu, buf, sizeof(buf)))
		return err_set(err, -ENXIO, "CPU %u: no cache is described", cpu);
	topology_llc_cpus(topo, topology_llc_of_cpu(topo, cpu), &must);
	return compare("CPUs that share the last-level cache of CPU", cpu, buf, &must, err);
}

static int check_distances(const char *sysfs, const struct topology *topo, unsigned int node,
			   struct err *err)
{
	char buf[512], *pos = buf, *end;
	unsigned long distance;
	unsigned int to;

	if (read_at(sysfs, buf, sizeof(buf), "node/node%u/distance", node))
		return err_set(err, -ENXIO, "node %u: its distances are missing", node);
	for (to = 0; to < topology_all_nodes(topo); to++, pos = end) {
		distance = strtoul(pos, &end, 10);
		if (end == pos || distance != topology_distance(topo, node, to))
			return err_set(err, -ENXIO,
				       "distance from node %u to %u is %s%lu of \"%s\", must be %u",
				       node, to, end == pos ? "missing, " : "", distance, buf,
				       topology_distance(topo, node, to));
	}
	if (pos[strspn(pos, " ")])
		return err_set(err, -ENXIO, "node %u has distances to more than %u nodes: \"%s\"",
			       node, topology_all_nodes(topo), buf);
	return 0;
}

static int check_node(const char *sysfs, const struct topology *topo, unsigned int node,
		      struct err *err)
{
	struct cpumask must = { };
	char buf[CPULIST_LEN];
	const char *total;
	int ret;

	if (read_at(sysfs, buf, sizeof(buf), "node/node%u/cpulist", node))
		return err_set(err, -ENXIO, "node %u does not exist", node);
	/* None, if it is for memory only. */
	topology_node_cpus(topo, node, &must);
	ret = compare("CPUs of node", node, buf, &must, err);
	if (ret)
		return ret;

	/* "Node 0 MemTotal:  1234 kB" is the first line. */
	if (read_at(sysfs, buf, sizeof(buf), "node/node%u/meminfo", node))
		return err_set(err, -ENXIO, "node %u: its memory is not described", node);
	total = strstr(buf, "MemTotal:");
	if (!total || !strtoul(total + strlen("MemTotal:"), NULL, 10))
		return err_set(err, -ENXIO, "node %u has no memory: \"%s\"", node, buf);
	return check_distances(sysfs, topo, node, err);
}

/* All nodes of the topology and no others. A kernel without NUMA has none: right for one node. */
static int check_nodes(const char *sysfs, const struct topology *topo, struct err *err)
{
	unsigned int node, nodes = topology_all_nodes(topo);
	struct cpumask must = { };
	char buf[CPULIST_LEN];
	int ret;

	if (read_at(sysfs, buf, sizeof(buf), "node/online")) {
		if (nodes == 1)
			return 0;
		return err_set(err, -ENXIO, "this kernel knows no nodes, %u were asked for",
			       nodes);
	}
	cpumask_set_range(&must, 0, nodes);
	ret = compare("online nodes, number of nodes", nodes, buf, &must, err);
	for (node = 0; !ret && node < nodes; node++)
		ret = check_node(sysfs, topo, node, err);
	return ret;
}

int topology_check_sysfs(const char *sysfs, const struct topology *topo, struct err *err)
{
	unsigned int cpu;
	int ret;

	ret = check_online(sysfs, topo, err);
	for (cpu = 0; !ret && cpu < topology_nr_cpus(topo); cpu++)
		ret = check_cpu(sysfs, topo, cpu, err);
	return ret ? ret : check_nodes(sysfs, topo, err);
}

static bool there(const char *fmt, ...) __printf(1, 2);

static bool there(const char *fmt, ...)
{
	char path[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	return !access(path, F_OK);
}

#define ACCESS	"node/node%u/access0/initiators"	/* the nearest CPUs */

static int check_access(const char *sysfs, unsigned int node, const char *file, unsigned int must,
			struct err *err)
{
	char buf[64];

	if (read_at(sysfs, buf, sizeof(buf), ACCESS "/%s", node, file))
		return err_set(err, -ENXIO, "memory of node %u: it has no %s", node, file);
	if (strtoul(buf, NULL, 10) != must)
		return err_set(err, -ENXIO, "memory of node %u: %s is %s, must be %u", node, file,
			       buf, must);
	return 0;
}

static int check_initiators(const char *sysfs, const struct topology *topo, unsigned int node,
			    struct err *err)
{
	unsigned int cpu_node, distance = 0;
	int ret;

	for (cpu_node = 0; cpu_node < topo->nr_nodes; cpu_node++) {
		bool must = topology_nearest(topo, node, cpu_node);
		bool is = there("%s/devices/system/" ACCESS "/node%u", sysfs, node, cpu_node);

		if (is != must)
			return err_set(err, -ENXIO,
				       "memory of node %u: the CPUs of node %u are %samong the nearest, must %sbe",
				       node, cpu_node, is ? "" : "not ", must ? "" : "not ");
		if (must)
			distance = topology_distance(topo, cpu_node, node);
	}
	ret = check_access(sysfs, node, "read_latency", topology_latency(distance), err);
	if (!ret)
		ret = check_access(sysfs, node, "read_bandwidth",
				   topology_bandwidth(distance), err);
	return ret;
}

int topology_check_hmat(const char *sysfs, const struct topology *topo, struct err *err)
{
	unsigned int node, nodes = topology_all_nodes(topo), nr = 0;
	int ret = 0;

	/* A single node comes without an HMAT. */
	if (nodes == 1)
		return 0;
	for (node = 0; node < nodes; node++)
		nr += there("%s/devices/system/" ACCESS, sysfs, node);
	if (!nr)
		return err_set(err, -ENODATA,
			       "no node shows who can reach its memory: nothing was read from HMAT");
	for (node = 0; !ret && node < nodes; node++)
		ret = check_initiators(sysfs, topo, node, err);
	return ret;
}

/* Is there code in this kernel that reads HMAT? */
static bool kernel_has_hmat(void)
{
	static const char name[] = "hmat_init";
	char line[128];

	return kallsyms_search(name, sizeof(name), line, sizeof(line));
}

int topology_check(struct scenario *scn, struct msg_result *res)
{
	const struct topology *topo = &scn->g->topo;
	struct err err = { };
	int ret;

	ret = topology_check_sysfs("/sys", topo, &err);
	if (!ret)
		ret = topology_check_hmat("/sys", topo, &err);
	if (ret == -ENODATA && !kernel_has_hmat())
		guest_detail(scn->g, "HMAT is not checked: this kernel has no CONFIG_ACPI_HMAT");
	else if (ret)
		result_set(scn->g, res, VERDICT_FAIL, CAUSE_TOPOLOGY, "%s", err.msg);
	return 0;
}
