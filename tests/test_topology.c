// SPDX-License-Identifier: GPL-2.0
/*
 * test_topology.c - the arithmetic of topologies
 */
#include <string.h>
#include "kselftest_harness.h"
#include "../lib/topology.h"

TEST(canonical_names)
{
	static const struct {
		const char *in, *out;
		unsigned int cpus;
	} cases[] = {
		{ "1n1l1c1t", "1n1l1c1t", 1 },
		{ "1n2l2c1t", "1n2l2c1t", 4 },
		{ "2n4l2c2t", "2n4l2c2t", 16 },
		{ "3n6l5c2t", "3n6l5c2t", 60 },
		{ "01n002l3c1t", "1n2l3c1t", 6 },
		{ "1n1l512c2t", "1n1l512c2t", 1024 },
		{ "1n1024l1c1t", "1n1024l1c1t", 1024 },
		{ "16n1024l1c1t", "16n1024l1c1t", 1024 },
		{ "1n1l2c1t1m", "1n1l2c1t1m", 2 },
		{ "8n8l1c1t08m", "8n8l1c1t8m", 8 },
		{ "2n2l1c1t-21", "2n2l1c1t-21", 2 },
		{ "2n2l1c1t1m-11-254-020", "2n2l1c1t1m-11-254-20", 2 },
		/* What is the default anyway is not said. */
		{ "3n3l1c1t-20-20-20", "3n3l1c1t", 3 },
	};
	char name[TOPOLOGY_NAME_LEN];
	struct err err = { "" };
	struct topology t;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		ASSERT_EQ(topology_parse(cases[i].in, &t, &err), 0) {
			TH_LOG("%s: %s", cases[i].in, err.msg);
		}
		EXPECT_STREQ(topology_format(&t, name, sizeof(name)), cases[i].out);
		EXPECT_EQ(topology_nr_cpus(&t), cases[i].cpus);
	}
	EXPECT_STREQ(err.msg, "");
}

TEST(refused_with_a_reason)
{
	static const struct {
		const char *in, *why;
	} cases[] = {
		{ "", "expected" }, { "1n", "expected" }, { "1n2l2c", "expected" },
		{ "1n2l2c1", "expected" }, { "1n2l2c1tx", "expected" }, { " 1n2l2c1t", "expected" },
		{ "1n2l2c1t\n", "expected" }, { "-1n2l2c1t", "expected" },
		{ "+1n2l2c1t", "expected" },
		{ "n2l2c1t", "expected" }, { "1l2n2c1t", "expected" }, { "1N2L2C1T", "expected" },
		{ "0n2l2c1t", "may be 0" }, { "1n0l2c1t", "may be 0" }, { "1n2l0c1t", "may be 0" },
		{ "1n2l2c0t", "may be 0" },
		{ "2n3l2c1t", "evenly" }, { "4n2l2c1t", "evenly" },
		{ "1n1l1c3t", "threads" }, { "17n17l1c1t", "nodes" },
		{ "1n1025l1c1t", "CPUs" }, { "1n1l1025c1t", "CPUs" }, { "1n1l513c2t", "CPUs" },
		{ "1n1024l1024c2t", "CPUs" }, { "1n9999999l9999999c2t", "CPUs" },
		/* Each of these wraps around to a small number somewhere. */
		{ "1n65536l65536c1t", "CPUs" }, { "1n4294967297l1c1t", "CPUs" },
		{ "1n1l4294967296c1t", "CPUs" }, { "1n1l18446744073709551617c1t", "CPUs" },
		{ "4294967297n1l1c1t", "nodes" }, { "1n1l1c4294967297t", "threads" },
		{ "1n1l1c1t1", "expected" }, { "1n1l1c1tm", "expected" },
		{ "1n1l1c1t1m1m", "expected" }, { "1n1l1c1t1M", "expected" },
		{ "1n1l1c1t0m", "may be 0" }, { "1n1l1c1t16m", "16 nodes" },
		{ "16n16l1c1t1m", "16 nodes" }, { "1n1l1c1t4294967296m", "16 nodes" },
		/* Each pair once, nothing else: there is no way to be asymmetric. */
		{ "1n1l1c1t-20", "1 distances, but 1 nodes make 0 pairs" },
		{ "3n3l1c1t-20", "1 distances, but 3 nodes make 3 pairs" },
		{ "2n2l1c1t1m-20-20", "2 distances, but 3 nodes make 3 pairs" },
		{ "2n2l1c1t-10-20-20-10", "nodes 0 and 1 must be from 11 to 254" },
		{ "2n2l1c1t-20-20", "2 distances, but 2 nodes make 1 pairs" },
		{ "2n2l1c1t-10", "nodes 0 and 1 must be" },
		{ "2n2l1c1t-0", "nodes 0 and 1 must be" },
		{ "3n3l1c1t-20-20-9", "nodes 1 and 2 must be" },
		{ "3n3l1c1t-20-255-20", "nodes 0 and 2 must be" },
		{ "2n2l1c1t-276", "nodes 0 and 1 must be" },
		{ "2n2l1c1t-4294967316", "nodes 0 and 1 must be" },
		{ "2n2l1c1t-", "a '-' before each" }, { "2n2l1c1t--20", "a '-' before each" },
		{ "2n2l1c1t-20-", "a '-' before each" }, { "2n2l1c1t-20x", "a '-' before each" },
		{ "2n2l1c1t-20,20", "a '-' before each" }, { "9n9l1c1t-20", "at most 8 nodes" },
	};
	struct topology t, before = { .nr_nodes = 7, .cores_per_llc = 7, .distance = { 7 } };
	struct err err;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		t = before;
		err.msg[0] = '\0';
		EXPECT_EQ(topology_parse(cases[i].in, &t, &err), -EINVAL) {
			TH_LOG("topology \"%s\"", cases[i].in);
		}
		EXPECT_NE(strstr(err.msg, cases[i].why), NULL) {
			TH_LOG("\"%s\" says: %s", cases[i].in, err.msg);
		}
		EXPECT_EQ(memcmp(&t, &before, sizeof(t)), 0);
		EXPECT_EQ(topology_parse(cases[i].in, &t, NULL), -EINVAL);
	}
}

/* The longest: what a field of that size must hold, and what a job must carry. */
TEST(longest_name)
{
	char in[2 * TOPOLOGY_NAME_LEN] = "4n512l1c2t4m", name[TOPOLOGY_NAME_LEN], cut[20];
	struct err err = { "" };
	struct topology t;
	unsigned int i;

	for (i = 0; i < TOPOLOGY_MAX_PAIRS; i++)
		strcat(in, "-254");
	ASSERT_EQ(topology_parse(in, &t, &err), 0) {
		TH_LOG("%s", err.msg);
	}
	EXPECT_STREQ(topology_format(&t, name, sizeof(name)), in);
	/* An instance is named after it. */
	EXPECT_EQ(name[strspn(name, "nlctm0123456789-")], '\0');
	topology_format(&t, cut, sizeof(cut));
	EXPECT_EQ(strlen(cut), sizeof(cut) - 1);
}

TEST(equal)
{
	static const char *const names[] = {
		"2n2l1c1t", "2n4l1c1t", "2n2l2c1t", "2n2l1c2t", "1n2l1c1t", "2n2l1c1t1m",
		"2n2l1c1t-21", "2n2l1c1t-22",
	};
	struct topology a, b;
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		for (j = 0; j < ARRAY_SIZE(names); j++) {
			ASSERT_EQ(topology_parse(names[i], &a, NULL), 0);
			ASSERT_EQ(topology_parse(names[j], &b, NULL), 0);
			EXPECT_EQ(topology_equal(&a, &b), i == j);
		}
	ASSERT_EQ(topology_parse("2n2l1c1t-20", &b, NULL), 0);
	ASSERT_EQ(topology_parse("2n2l1c1t", &a, NULL), 0);
	EXPECT_TRUE(topology_equal(&a, &b));
}

/*
 *	node 0 --17-- node 1		node 3: memory, 17 from node 1,
 *	   \21        /31		30 from the others
 *	       node 2
 */
TEST(distances_as_given)
{
	static const unsigned int must[4][4] = {
		{ 10, 17, 21, 30 },
		{ 17, 10, 31, 17 },
		{ 21, 31, 10, 30 },
		{ 30, 17, 30, 10 },
	};
	struct cpumask m;
	struct topology t;
	unsigned int i, j;

	ASSERT_EQ(topology_parse("3n3l2c1t1m-17-21-30-31-17-30", &t, NULL), 0);
	EXPECT_EQ(topology_all_nodes(&t), 4);
	for (i = 0; i < 4; i++)
		for (j = 0; j < 4; j++)
			EXPECT_EQ(topology_distance(&t, i, j), must[i][j]);
	topology_node_cpus(&t, 3, &m);
	EXPECT_TRUE(cpumask_empty(&m));
	for (i = 0; i < 4; i++)
		for (j = 0; j < 3; j++)
			EXPECT_EQ(topology_nearest(&t, i, j), i == j || (i == 3 && j == 1));

	/* From where nothing is nearer than the rest, all are the nearest. */
	ASSERT_EQ(topology_parse("3n3l2c1t1m", &t, NULL), 0);
	for (j = 0; j < 3; j++)
		EXPECT_TRUE(topology_nearest(&t, 3, j));
}

FIXTURE(machine) {
	struct topology t;
};

FIXTURE_VARIANT(machine) {
	const char *name;
	unsigned int max_apic_id;
};

/* node 0 [llc0: 0] */
FIXTURE_VARIANT_ADD(machine, one) {
	.name = "1n1l1c1t", .max_apic_id = 0,
};

/* node 0 [llc0: 0 1] [llc1: 2 3] */
FIXTURE_VARIANT_ADD(machine, small) {
	.name = "1n2l2c1t", .max_apic_id = 3,
};

/* node 0 [llc0: 0+1 2+3] [llc1: ...] | node 1 [llc2: ...] [llc3: ... 14+15] */
FIXTURE_VARIANT_ADD(machine, smt) {
	.name = "2n4l2c2t", .max_apic_id = 15,
};

/*
 * Nothing is a power of two: APIC ids have gaps. The last CPU is LLC 8 of 9
 * (4 bits), core 4 of 5 (3 bits), thread 1: 1000 100 1.
 */
FIXTURE_VARIANT_ADD(machine, odd) {
	.name = "3n9l5c2t", .max_apic_id = 0x89,
};

FIXTURE_VARIANT_ADD(machine, wide) {
	.name = "16n64l8c2t", .max_apic_id = 1023,
};

FIXTURE_SETUP(machine)
{
	struct err err = { "" };

	ASSERT_EQ(topology_parse(variant->name, &self->t, &err), 0) {
		TH_LOG("%s", err.msg);
	}
}

FIXTURE_TEARDOWN(machine)
{
}

/* Numbers of CPUs count node by node, LLC by LLC, core by core: walk them that way. */
TEST_F(machine, cpus_in_order)
{
	const struct topology *t = &self->t;
	unsigned int node, llc, core, thread, cpu = 0;
	unsigned int per_node = t->nr_llcs / t->nr_nodes;
	struct cpumask in_node, in_llc, in_core;

	for (node = 0; node < t->nr_nodes; node++) {
		topology_node_cpus(t, node, &in_node);
		EXPECT_EQ(cpumask_weight(&in_node), topology_nr_cpus(t) / t->nr_nodes);
		for (llc = node * per_node; llc < (node + 1) * per_node; llc++) {
			topology_llc_cpus(t, llc, &in_llc);
			EXPECT_EQ(cpumask_weight(&in_llc), topology_cpus_per_llc(t));
			EXPECT_TRUE(cpumask_subset(&in_llc, &in_node));
			EXPECT_EQ(topology_node_of_llc(t, llc), node);
			for (core = 0; core < t->cores_per_llc; core++) {
				topology_core_cpus(t, cpu, &in_core);
				EXPECT_EQ(cpumask_weight(&in_core), t->threads_per_core);
				EXPECT_TRUE(cpumask_subset(&in_core, &in_llc));
				for (thread = 0; thread < t->threads_per_core; thread++, cpu++) {
					struct cpumask same;

					EXPECT_TRUE(cpumask_test_cpu(&in_core, cpu));
					topology_core_cpus(t, cpu, &same);
					EXPECT_TRUE(cpumask_equal(&same, &in_core));
					EXPECT_EQ(topology_llc_of_cpu(t, cpu), llc);
					EXPECT_EQ(topology_node_of_cpu(t, cpu), node);
				}
			}
		}
	}
	EXPECT_EQ(cpu, topology_nr_cpus(t));
}

TEST_F(machine, apic_ids_ascend_and_nest)
{
	const struct topology *t = &self->t;
	unsigned int cpu, id, last = 0;

	EXPECT_EQ(topology_apic_id(t, 0), 0);
	for (cpu = 1; cpu < topology_nr_cpus(t); cpu++) {
		id = topology_apic_id(t, cpu);
		EXPECT_GT(id, last);
		/* Siblings differ in the thread bit and in nothing else. */
		if (t->threads_per_core == 2)
			EXPECT_EQ(id >> 1, topology_apic_id(t, cpu & ~1U) >> 1);
		last = id;
	}
	EXPECT_EQ(last, variant->max_apic_id);
}

TEST_F(machine, what_does_not_exist_is_empty)
{
	struct cpumask m;

	memset(&m, 0xff, sizeof(m));
	topology_llc_cpus(&self->t, self->t.nr_llcs, &m);
	EXPECT_TRUE(cpumask_empty(&m));
	memset(&m, 0xff, sizeof(m));
	topology_node_cpus(&self->t, self->t.nr_nodes, &m);
	EXPECT_TRUE(cpumask_empty(&m));
	memset(&m, 0xff, sizeof(m));
	topology_core_cpus(&self->t, topology_nr_cpus(&self->t), &m);
	EXPECT_TRUE(cpumask_empty(&m));
	memset(&m, 0xff, sizeof(m));
	topology_llc_cpus(&self->t, ~0U, &m);
	EXPECT_TRUE(cpumask_empty(&m));
}

TEST_F(machine, distances)
{
	unsigned int from, to;

	for (from = 0; from < self->t.nr_nodes; from++)
		for (to = 0; to < self->t.nr_nodes; to++)
			EXPECT_EQ(topology_distance(&self->t, from, to), from == to ? 10 : 20);
}

TEST_HARNESS_MAIN
