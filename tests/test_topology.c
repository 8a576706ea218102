// SPDX-License-Identifier: GPL-2.0
/*
 * test_topology.c - the arithmetic of topologies
 */
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
	};
	struct topology t, before = { 7, 7, 7, 7 };
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
