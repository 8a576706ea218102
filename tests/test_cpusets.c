// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>
#include "../guest/cpusets.h"
#include "kselftest_harness.h"

FIXTURE(cpusets)
{
	struct topology topo;
	struct cpumask all, usable, cpus;
	struct err err;
	char list[CPULIST_LEN];
};

static void use_topology(FIXTURE_DATA(cpusets) *self, const char *name)
{
	struct err err = { };

	if (topology_parse(name, &self->topo, &err))
		memset(&self->topo, 0, sizeof(self->topo));
	cpumask_clear(&self->all);
	cpumask_set_range(&self->all, 0, topology_nr_cpus(&self->topo));
	cpuset_usable(&self->all, &self->usable);
}

FIXTURE_SETUP(cpusets)
{
	memset(&self->err, 0, sizeof(self->err));
	use_topology(self, "1n2l4c1t");		/* usable: 0-6 */
}

FIXTURE_TEARDOWN(cpusets) { }

static const char *resolve(FIXTURE_DATA(cpusets) *self, const struct cpuset_spec spec)
{
	memset(&self->err, 0, sizeof(self->err));
	if (cpuset_resolve(&spec, &self->topo, &self->all, &self->usable, &self->cpus, &self->err))
		return "error";
	return cpulist_format(&self->cpus, self->list, sizeof(self->list));
}

#define SPEC(...)	((struct cpuset_spec)__VA_ARGS__)
#define EXPECT_CPUS(_list, _spec)	EXPECT_STREQ(_list, resolve(self, SPEC(_spec)))
#define EXPECT_ERROR(_text, _spec) do {						\
	EXPECT_STREQ("error", resolve(self, SPEC(_spec)));			\
	EXPECT_NE(NULL, strstr(self->err.msg, _text)) {				\
		TH_LOG("\"%s\" is not in \"%s\"", _text, self->err.msg);	\
	}									\
} while (0)

TEST_F(cpusets, usable_is_all_but_the_last_of_more_than_two)
{
	static const struct {
		const char *topology, *usable;
	} cases[] = {
		{ "1n1l1c1t", "0" },
		{ "1n1l2c1t", "0-1" },
		{ "1n3l1c1t", "0-1" },
		{ "1n2l2c1t", "0-2" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		use_topology(self, cases[i].topology);
		EXPECT_STREQ(cases[i].usable,
			     cpulist_format(&self->usable, self->list, sizeof(self->list)));
	}
}

TEST_F(cpusets, llc_and_node)
{
	EXPECT_CPUS("0-3", CPUSET_LLC(0));
	EXPECT_CPUS("4-6", CPUSET_LLC(1));
	EXPECT_ERROR("LLC 2 of 2", CPUSET_LLC(2));
	EXPECT_CPUS("0-6", CPUSET_NODE(0));
	EXPECT_ERROR("node 1 of 1", CPUSET_NODE(1));
	use_topology(self, "2n4l2c1t");
	EXPECT_CPUS("0-3", CPUSET_NODE(0));
	EXPECT_CPUS("4-6", CPUSET_NODE(1));
	/* The only CPU of the last LLC is not usable. */
	use_topology(self, "1n3l1c1t");
	EXPECT_ERROR("no usable CPU", CPUSET_LLC(2));
}

TEST_F(cpusets, range)
{
	EXPECT_CPUS("0-6", CPUSET_RANGE(0, 1));
	EXPECT_CPUS("0-2", CPUSET_RANGE(0, .5));
	EXPECT_CPUS("3-6", CPUSET_RANGE(.5, 1));
	EXPECT_CPUS("0", CPUSET_RANGE(0, .25));
	EXPECT_CPUS("1-6", CPUSET_RANGE(.25, 1));
	EXPECT_ERROR("no usable CPU", CPUSET_RANGE(0, .1));
	EXPECT_ERROR("must be 0 <= from < to <= 1", CPUSET_RANGE(.5, .5));
	EXPECT_ERROR("must be", CPUSET_RANGE(-.1, .5));
	EXPECT_ERROR("must be", CPUSET_RANGE(0, 1.1));
	EXPECT_ERROR("must be", CPUSET_RANGE(0. / 0., 1));
}

/* Adjacent ranges leave no gap and do not overlap, however they are rounded. */
TEST_F(cpusets, thirds_add_up)
{
	struct cpumask sum, both;
	unsigned int nr, i;
	char name[32];

	for (nr = 3; nr <= 64; nr++) {
		snprintf(name, sizeof(name), "1n1l%uc1t", nr);
		use_topology(self, name);
		cpumask_clear(&sum);
		for (i = 0; i < 3; i++) {
			struct cpuset_spec spec = CPUSET_RANGE(i / 3., (i + 1) / 3.);

			if (!strcmp("error", resolve(self, spec)))
				continue;
			cpumask_and(&both, &sum, &self->cpus);
			EXPECT_TRUE(cpumask_empty(&both));
			cpumask_or(&sum, &sum, &self->cpus);
		}
		EXPECT_TRUE(cpumask_equal(&sum, &self->usable)) {
			TH_LOG("%u CPUs", nr);
		}
	}
}

TEST_F(cpusets, disjoint)
{
	EXPECT_CPUS("0-2", CPUSET_DISJOINT(0, 2));
	EXPECT_CPUS("3-6", CPUSET_DISJOINT(1, 2));
	EXPECT_CPUS("0-1", CPUSET_DISJOINT(0, 3));
	EXPECT_CPUS("4-6", CPUSET_DISJOINT(2, 3));
	EXPECT_CPUS("6", CPUSET_DISJOINT(6, 7));
	EXPECT_ERROR("8 parts of 7 usable CPUs", CPUSET_DISJOINT(0, 8));
	EXPECT_ERROR("part 2 of 2", CPUSET_DISJOINT(2, 2));
	EXPECT_ERROR("part 0 of 0", CPUSET_DISJOINT(0, 0));
}

TEST_F(cpusets, overlap)
{
	/* Parts of two, widened by one. */
	EXPECT_CPUS("0-2", CPUSET_OVERLAP(0, 3, .5));
	EXPECT_CPUS("1-4", CPUSET_OVERLAP(1, 3, .5));
	EXPECT_CPUS("3-6", CPUSET_OVERLAP(2, 3, .5));
	EXPECT_CPUS("2-3", CPUSET_OVERLAP(1, 3, 0));
	EXPECT_CPUS("0-5", CPUSET_OVERLAP(1, 3, 1));
	EXPECT_ERROR("overlap 1.5", CPUSET_OVERLAP(1, 3, 1.5));
	EXPECT_ERROR("overlap -0.5", CPUSET_OVERLAP(1, 3, -.5));
	/* A part of one CPU is widened, too. */
	use_topology(self, "1n2l2c1t");
	EXPECT_CPUS("0-1", CPUSET_OVERLAP(0, 3, .5));
	EXPECT_CPUS("0-2", CPUSET_OVERLAP(1, 3, .5));
}

TEST_F(cpusets, exact)
{
	EXPECT_CPUS("1,3,7", CPUSET_EXACT("1,3,7"));	/* may be the last one */
	EXPECT_ERROR("not all of them are online", CPUSET_EXACT("7-8"));
	EXPECT_ERROR("not a list of CPUs", CPUSET_EXACT("a"));
	EXPECT_ERROR("not a list of CPUs", CPUSET_EXACT(NULL));
	EXPECT_ERROR("no usable CPU", CPUSET_EXACT(""));
	EXPECT_ERROR("has no CPUs", CPUSET_NONE);
}

/* Counts up, so that each bound is hit from both sides over many draws. */
static uint32_t fake_random(void *ctx, uint32_t bound)
{
	uint32_t *state = ctx;

	*state = *state * 1664525u + 1013904223u;
	return (*state >> 8) % bound;
}

static const char *affinity(FIXTURE_DATA(cpusets) *self, const struct affinity aff,
			    const char *pool_list)
{
	struct cpumask pool;
	uint32_t seed = 1;

	memset(&self->err, 0, sizeof(self->err));
	if (cpulist_parse(pool_list, &pool) ||
	    affinity_resolve(&aff, &self->topo, &self->all, &pool, 4, fake_random, &seed,
			     &self->cpus, &self->err))
		return "error";
	return cpulist_format(&self->cpus, self->list, sizeof(self->list));
}

#define EXPECT_AFFINITY(_list, _pool, ...) \
	EXPECT_STREQ(_list, affinity(self, (struct affinity){ __VA_ARGS__ }, _pool))

TEST_F(cpusets, affinity)
{
	EXPECT_AFFINITY("", "2-4", .kind = AFFINITY_INHERIT);
	EXPECT_AFFINITY("0-7", "2-4", .kind = AFFINITY_ALL);
	EXPECT_AFFINITY("2", "2-4", .kind = AFFINITY_SINGLE);
	EXPECT_AFFINITY("1,3", "1,3,5", .kind = AFFINITY_FIRST, .nr = 2);
	EXPECT_AFFINITY("1,3,5", "1,3,5", .kind = AFFINITY_FIRST, .nr = 4);
	EXPECT_AFFINITY("error", "", .kind = AFFINITY_FIRST, .nr = 2);
	/* The fifth worker, since they are counted from 0. */
	EXPECT_AFFINITY("3", "1,3,5", .kind = AFFINITY_EACH);
	EXPECT_AFFINITY("6", "0,3-7", .kind = AFFINITY_EACH);
	EXPECT_AFFINITY("error", "", .kind = AFFINITY_EACH);
	EXPECT_AFFINITY("0-3", "2-4", .kind = AFFINITY_LLC);
	EXPECT_AFFINITY("4-7", "3-5", .kind = AFFINITY_LLC);
	EXPECT_AFFINITY("5", "2-4", .kind = AFFINITY_EXACT, .cpus = "5");
	EXPECT_AFFINITY("error", "2-4", .kind = AFFINITY_EXACT, .cpus = "8");
	EXPECT_AFFINITY("error", "2-4", .kind = AFFINITY_EXACT);
	EXPECT_AFFINITY("error", "", .kind = AFFINITY_SINGLE);
	EXPECT_AFFINITY("error", "2-4", .kind = 99);
}

TEST_F(cpusets, random_affinity_is_half_and_reaches_all)
{
	const struct affinity aff = { .kind = AFFINITY_RANDOM };
	struct cpumask pool, seen = { };
	unsigned int i, nr[8] = { };
	uint32_t seed = 42;
	unsigned int cpu;

	ASSERT_EQ(0, cpulist_parse("1-5", &pool));
	for (i = 0; i < 1000; i++) {
		ASSERT_EQ(0, affinity_resolve(&aff, &self->topo, &self->all, &pool, 0,
					      fake_random, &seed, &self->cpus, NULL));
		ASSERT_EQ(3, cpumask_weight(&self->cpus));
		ASSERT_TRUE(cpumask_subset(&self->cpus, &pool));
		cpumask_or(&seen, &seen, &self->cpus);
		for_each_cpu(cpu, &self->cpus)
			nr[cpu]++;
	}
	EXPECT_TRUE(cpumask_equal(&seen, &pool));
	/* 3 of 5: 600 times each, give or take 6 standard deviations. */
	for (cpu = 1; cpu <= 5; cpu++) {
		EXPECT_LT(500, nr[cpu]);
		EXPECT_GT(700, nr[cpu]);
	}
}

TEST_HARNESS_MAIN
