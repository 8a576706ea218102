// SPDX-License-Identifier: GPL-2.0
/*
 * The check of a guest's machine, against a sysfs made of plain files.
 */
#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../guest/topology_check.h"
#include "kselftest_harness.h"

FIXTURE(sysfs)
{
	char root[32];
	struct topology topo;
	struct err err;
};

static void put(FIXTURE_DATA(sysfs) *self, const char *text, const char *fmt, ...)
	__printf(3, 4);

/* Writes a file, with all the directories that lead to it. */
static void put(FIXTURE_DATA(sysfs) *self, const char *text, const char *fmt, ...)
{
	char path[PATH_MAX];
	va_list ap;
	char *p;
	FILE *f;
	int len;

	len = snprintf(path, sizeof(path), "%s/devices/system/", self->root);
	va_start(ap, fmt);
	vsnprintf(path + len, sizeof(path) - len, fmt, ap);
	va_end(ap);
	for (p = path + strlen(self->root) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(path, 0700);
		*p = '/';
	}
	f = fopen(path, "we");
	if (!f)
		abort();
	fprintf(f, "%s\n", text);
	fclose(f);
}

static void put_mask(FIXTURE_DATA(sysfs) *self, const struct cpumask *m, const char *file)
{
	char list[CPULIST_LEN];

	put(self, cpulist_format(m, list, sizeof(list)), "%s", file);
}

/* What a kernel makes of HMAT. A node among others is a link there, but any file will do. */
static void make_access(FIXTURE_DATA(sysfs) *self)
{
	const struct topology *t = &self->topo;
	unsigned int node, cpu_node, near = 0;
	char text[32];

	for (node = 0; node < topology_all_nodes(t); node++) {
		for (cpu_node = 0; cpu_node < t->nr_nodes; cpu_node++) {
			if (!topology_nearest(t, node, cpu_node))
				continue;
			put(self, "", "node/node%u/access0/initiators/node%u", node, cpu_node);
			near = topology_distance(t, node, cpu_node);
		}
		snprintf(text, sizeof(text), "%u", topology_latency(near));
		put(self, text, "node/node%u/access0/initiators/read_latency", node);
		snprintf(text, sizeof(text), "%u", topology_bandwidth(near));
		put(self, text, "node/node%u/access0/initiators/read_bandwidth", node);
	}
}

/* As a kernel shows that topology: L1d, L1i, L2 of each core, L3 of each LLC. */
static void make_sysfs(FIXTURE_DATA(sysfs) *self, const char *name)
{
	static const char *const level[] = { "1", "1", "2", "3" };
	static const char *const type[] = { "Data", "Instruction", "Unified", "Unified" };
	const struct topology *t = &self->topo;
	unsigned int cpu, node, to, i;
	struct cpumask m = { };
	char file[128], text[256];

	if (topology_parse(name, &self->topo, &self->err))
		abort();
	cpumask_set_range(&m, 0, topology_nr_cpus(t));
	put_mask(self, &m, "cpu/online");
	for (cpu = 0; cpu < topology_nr_cpus(t); cpu++) {
		topology_core_cpus(t, cpu, &m);
		snprintf(file, sizeof(file), "cpu/cpu%u/topology/thread_siblings_list", cpu);
		put_mask(self, &m, file);
		for (i = 0; i < ARRAY_SIZE(level); i++) {
			put(self, level[i], "cpu/cpu%u/cache/index%u/level", cpu, i);
			put(self, type[i], "cpu/cpu%u/cache/index%u/type", cpu, i);
			if (i == 3)
				topology_llc_cpus(t, topology_llc_of_cpu(t, cpu), &m);
			snprintf(file, sizeof(file), "cpu/cpu%u/cache/index%u/shared_cpu_list",
				 cpu, i);
			put_mask(self, &m, file);
		}
	}
	cpumask_clear(&m);
	cpumask_set_range(&m, 0, topology_all_nodes(t));
	put_mask(self, &m, "node/online");
	for (node = 0; node < topology_all_nodes(t); node++) {
		topology_node_cpus(t, node, &m);
		snprintf(file, sizeof(file), "node/node%u/cpulist", node);
		put_mask(self, &m, file);
		snprintf(text, sizeof(text), "Node %u MemTotal:  262144 kB\nNode %u MemFree: 0 kB",
			 node, node);
		put(self, text, "node/node%u/meminfo", node);
		for (to = 0, text[0] = '\0'; to < topology_all_nodes(t); to++)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%u",
				 to ? " " : "", topology_distance(t, node, to));
		put(self, text, "node/node%u/distance", node);
	}
	make_access(self);
}

static void drop(FIXTURE_DATA(sysfs) *self, const char *file)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/devices/system/%s", self->root, file);
	if (unlink(path))
		abort();
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

FIXTURE_SETUP(sysfs)
{
	memset(self, 0, sizeof(*self));
	strcpy(self->root, "/tmp/ktstr-test-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->root));
	make_sysfs(self, "2n4l2c2t");
}

FIXTURE_TEARDOWN(sysfs)
{
	EXPECT_EQ(0, nftw(self->root, remove_one, 16, FTW_DEPTH | FTW_PHYS));
}

#define CHECK()	(topology_check_sysfs(self->root, &self->topo, &self->err) ?:	\
		 topology_check_hmat(self->root, &self->topo, &self->err))

#define EXPECT_WRONG(_text) do {						\
	self->err.msg[0] = '\0';						\
	EXPECT_EQ(-ENXIO, CHECK());						\
	EXPECT_NE(NULL, strstr(self->err.msg, _text)) {				\
		TH_LOG("\"%s\" is not in \"%s\"", _text, self->err.msg);	\
	}									\
} while (0)

TEST_F(sysfs, right)
{
	EXPECT_EQ(0, CHECK()) {
		TH_LOG("%s", self->err.msg);
	}
}

TEST_F(sysfs, empty)
{
	EXPECT_EQ(-ENXIO, topology_check_sysfs("/nonexistent", &self->topo, &self->err));
	EXPECT_STREQ("the list of online CPUs is missing", self->err.msg);
}

TEST_F(sysfs, online)
{
	put(self, "0-14", "cpu/online");
	EXPECT_WRONG("is \"0-14\", must be \"0-15\"");
	put(self, "garbage", "cpu/online");
	EXPECT_WRONG("is \"garbage\"");
}

TEST_F(sysfs, siblings)
{
	put(self, "5", "cpu/cpu5/topology/thread_siblings_list");
	EXPECT_WRONG("thread siblings of CPU 5: is \"5\", must be \"4-5\"");
}

TEST_F(sysfs, llc)
{
	put(self, "0-7", "cpu/cpu3/cache/index3/shared_cpu_list");
	EXPECT_WRONG("last-level cache of CPU 3: is \"0-7\", must be \"0-3\"");
}

TEST_F(sysfs, the_deepest_cache_counts)
{
	put(self, "4", "cpu/cpu9/cache/index4/level");
	put(self, "Unified", "cpu/cpu9/cache/index4/type");
	put(self, "0-15", "cpu/cpu9/cache/index4/shared_cpu_list");
	EXPECT_WRONG("last-level cache of CPU 9: is \"0-15\", must be \"8-11\"");
	/* One for instructions only is none. */
	put(self, "Instruction", "cpu/cpu9/cache/index4/type");
	EXPECT_EQ(0, CHECK());
}

TEST_F(sysfs, no_caches)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/devices/system/cpu/cpu7/cache/index0/level", self->root);
	ASSERT_EQ(0, unlink(path));
	EXPECT_WRONG("CPU 7: no cache is described");
}

TEST_F(sysfs, nodes)
{
	put(self, "0-2", "node/online");
	EXPECT_WRONG("is \"0-2\", must be \"0-1\"");
	put(self, "0-1", "node/online");
	put(self, "0-7,8", "node/node1/cpulist");
	EXPECT_WRONG("CPUs of node 1: is \"0-7,8\", must be \"8-15\"");
}

TEST_F(sysfs, memory)
{
	put(self, "Node 1 MemTotal:       0 kB", "node/node1/meminfo");
	EXPECT_WRONG("node 1 has no memory");
	put(self, "", "node/node1/meminfo");
	EXPECT_WRONG("node 1 has no memory");
}

TEST_F(sysfs, distances)
{
	put(self, "10 21", "node/node0/distance");
	EXPECT_WRONG("distance from node 0 to 1 is 21 of \"10 21\", must be 20");
	put(self, "10", "node/node0/distance");
	EXPECT_WRONG("distance from node 0 to 1 is missing");
	put(self, "10 20 20", "node/node0/distance");
	EXPECT_WRONG("more than 2 nodes");
}

/*
 * Nodes 0 and 1 have CPUs, 2 and 3 only memory: 2 is nearer to 1, 3 as far from 0 as from 1.
 */
static void make_cxl(FIXTURE_DATA(sysfs) *self)
{
	if (nftw(self->root, remove_one, 16, FTW_DEPTH | FTW_PHYS) || mkdir(self->root, 0700))
		abort();
	make_sysfs(self, "2n2l2c1t2m-20-30-40-25-40-50");
}

TEST_F(sysfs, memory_only_nodes)
{
	make_cxl(self);
	EXPECT_EQ(0, CHECK()) {
		TH_LOG("%s", self->err.msg);
	}
	put(self, "3", "node/node2/cpulist");
	EXPECT_WRONG("CPUs of node 2: is \"3\", must be \"\"");
	put(self, "", "node/node2/cpulist");
	put(self, "Node 3 MemTotal: 0 kB", "node/node3/meminfo");
	EXPECT_WRONG("node 3 has no memory");
	put(self, "Node 3 MemTotal: 4 kB", "node/node3/meminfo");
	put(self, "40 40 50 11", "node/node3/distance");
	EXPECT_WRONG("distance from node 3 to 3 is 11");
	put(self, "40 40 50 10", "node/node3/distance");
	put(self, "30 25 10 20", "node/node2/distance");
	EXPECT_WRONG("distance from node 2 to 3 is 20 of \"30 25 10 20\", must be 50");
	put(self, "30 25 10 50", "node/node2/distance");
	EXPECT_EQ(0, CHECK());
	put(self, "0-1", "node/online");
	EXPECT_WRONG("is \"0-1\", must be \"0-3\"");
}

TEST_F(sysfs, hmat_nearest)
{
	make_cxl(self);
	put(self, "", "node/node2/access0/initiators/node0");
	EXPECT_WRONG("memory of node 2: the CPUs of node 0 are among the nearest, must not be");
	drop(self, "node/node2/access0/initiators/node0");
	EXPECT_EQ(0, CHECK());
	drop(self, "node/node3/access0/initiators/node1");
	EXPECT_WRONG("memory of node 3: the CPUs of node 1 are not among the nearest, must be");
}

TEST_F(sysfs, hmat_numbers)
{
	make_cxl(self);
	put(self, "200", "node/node2/access0/initiators/read_latency");
	EXPECT_WRONG("memory of node 2: read_latency is 200, must be 250");
	put(self, "250", "node/node2/access0/initiators/read_latency");
	put(self, "100000", "node/node2/access0/initiators/read_bandwidth");
	EXPECT_WRONG("memory of node 2: read_bandwidth is 100000, must be 40000");
	put(self, "40000", "node/node2/access0/initiators/read_bandwidth");
	EXPECT_EQ(0, CHECK());
	drop(self, "node/node0/access0/initiators/read_latency");
	EXPECT_WRONG("memory of node 0: it has no read_latency");
}

/* Nothing anywhere may be the kernel's configuration; something missing somewhere is not. */
TEST_F(sysfs, no_hmat)
{
	char path[PATH_MAX];
	unsigned int node;

	for (node = 0; node < 2; node++) {
		snprintf(path, sizeof(path), "%s/devices/system/node/node%u/access0", self->root,
			 node);
		ASSERT_EQ(0, nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS));
	}
	EXPECT_EQ(-ENODATA, CHECK());
	EXPECT_NE(NULL, strstr(self->err.msg, "HMAT")) {
		TH_LOG("%s", self->err.msg);
	}
	put(self, "", "node/node0/access0/initiators/node0");
	put(self, "100", "node/node0/access0/initiators/read_latency");
	put(self, "100000", "node/node0/access0/initiators/read_bandwidth");
	EXPECT_WRONG("memory of node 1: the CPUs of node 1 are not among the nearest, must be");
	/* One node has no HMAT. */
	ASSERT_EQ(0, topology_parse("1n1l1c1t", &self->topo, NULL));
	EXPECT_EQ(0, topology_check_hmat(self->root, &self->topo, &self->err));
}

TEST_HARNESS_MAIN
