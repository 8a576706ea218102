// SPDX-License-Identifier: GPL-2.0
/*
 * Machines of several nodes: where tasks and their memory are.
 */
#include "../guest/topology_check.h"
#include "../ktstr.h"
#include "limits.h"

KTSTR_TEST(numa_multi_node_boot,
	.desc = "a guest with two nodes has all of their CPUs, caches, memory and distances",
	.topology = "2n4l2c1t", .min_nodes = 2,
	.body = topology_check);

KTSTR_TEST(numa_cxl_memory_only_node,
	.desc = "a guest with a node without CPUs has its memory, at the distances asked for",
	.topology = "2n2l2c1t1m-20-30-25", .min_nodes = 2,
	.body = topology_check);

KTSTR_TEST(cgroup_cpuset_numa_swap,
	.desc = "two cgroups swap their nodes under load: everybody moves at once, none starves",
	.topology = "2n2l2c1t", .min_nodes = 2,
	.backdrop = CGROUPS({ "cg_0", CPUSET_NODE(0), WORKERS(CPU_SPIN, 4) },
			    { "cg_1", CPUSET_NODE(1), WORKERS(CPU_SPIN, 4) }),
	.steps = STEPS({ .hold = HOLD_FRAC(.5) },
		       { .ops = OPS(SWAP_CPUSETS("cg_0", "cg_1")), .hold = HOLD_FRAC(.5) }),
	.expect = { .isolation = true, UNEVEN });

/* Pages that a worker makes in the end are its stack and little else: a few of many. */
#define NUMA_MEMORY(_cpus, ...)							\
	.steps = STEPS(								\
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NODE(_cpus),		\
				       WORKERS(CACHE_PRESSURE, 2, .size_kb = 8192, \
					       .stride = 4096, .mem = { __VA_ARGS__ }) }), \
		  .hold = HOLD_FULL })

KTSTR_TEST(numa_local_memory,
	.desc = "memory of workers that keep to a node is on it, without a policy of theirs",
	.topology = "2n2l2c1t", .min_nodes = 2,
	NUMA_MEMORY(1, .kind = MEM_DEFAULT),
	.expect = { .isolation = true, EVEN, .min_page_locality = .9 });

KTSTR_TEST(numa_cpuset_mems,
	.desc = "memory is on the node that its cgroup's cpuset.mems says, and goes along with it",
	.topology = "2n2l2c1t", .min_nodes = 2,
	.backdrop = CGROUPS({ "cg_0", CPUSET_NODE(0),
			      WORKERS(CACHE_PRESSURE, 2, .size_kb = 8192, .stride = 4096) }),
	.steps = STEPS({ .ops = OPS(SET_MEMS("cg_0", "0")), .hold = HOLD_FRAC(.5) },
		       { .ops = OPS(SET_MEMS("cg_0", "1")), .hold = HOLD_FRAC(.5) }),
	.expect = { .isolation = true, EVEN, .min_page_locality = .9 });

KTSTR_TEST(numa_mempolicy_bind_locality,
	.desc = "memory that is bound to the other node is there, not where its worker runs",
	.topology = "2n2l2c1t", .min_nodes = 2,
	NUMA_MEMORY(0, MEM_BIND, .nodes = "1"),
	.expect = { .isolation = true, EVEN, .min_page_locality = .9 });

KTSTR_TEST(numa_mempolicy_preferred_many_locality,
	.desc = "memory that prefers the other nodes is there as long as these have any",
	.topology = "3n3l2c1t", .min_nodes = 3,
	NUMA_MEMORY(0, MEM_PREFERRED_MANY, .nodes = "1-2"),
	.expect = { .isolation = true, EVEN, .min_page_locality = .9 });

KTSTR_TEST(numa_mempolicy_interleave_cross_node,
	.desc = "memory that is spread over two nodes is on both, in like parts",
	.topology = "2n2l2c1t", .min_nodes = 2,
	NUMA_MEMORY(0, MEM_INTERLEAVE, .flags = MEM_STATIC, .nodes = "0-1"),
	.expect = { .isolation = true, EVEN, .min_node_share = .3 });

KTSTR_TEST(numa_mempolicy_vmstat_migration,
	.desc = "bound memory stays where it is when its workers go to another node",
	.topology = "2n2l2c1t", .min_nodes = 2,
	.backdrop = CGROUPS({ "cg_0", CPUSET_NODE(0),
			      WORKERS(CACHE_PRESSURE, 2, .size_kb = 8192, .stride = 4096,
				      .mem = { MEM_BIND, .nodes = "0" }) }),
	.steps = STEPS({ .hold = HOLD_FRAC(.5) },
		       { .ops = OPS(SET_CPUSET("cg_0", CPUSET_NODE(1))), .hold = HOLD_FRAC(.5) }),
	.expect = { .isolation = true, UNEVEN, .min_page_locality = .9,
		    .max_cross_node_migration_ratio = .1 });

KTSTR_TEST(numa_working_set_sweep,
	.desc = "workers ask for their memory on another node all the time: none waits for long",
	.topology = "2n2l2c1t", .min_nodes = 2,
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NODE(0),
				       WORKERS(NUMA_WORKING_SET_SWEEP, 2) },
				     { "cg_1", CPUSET_NODE(1),
				       WORKERS(NUMA_WORKING_SET_SWEEP, 2) }),
		  .hold = HOLD_FULL }),
	.expect = { .isolation = true, .max_gap_ms = 1000, .min_iteration_rate = 2 });

KTSTR_TEST(numa_slow_tier,
	.desc = "memory goes to nodes with CPUs, while these have any, rather than to one without",
	.topology = "2n2l2c1t1m-20-30-25", .min_nodes = 2,
	NUMA_MEMORY(1, .kind = MEM_DEFAULT),
	.expect = { .isolation = true, EVEN, .max_slow_tier_ratio = .1 });
