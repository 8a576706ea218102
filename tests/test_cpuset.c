// SPDX-License-Identifier: GPL-2.0
/*
 * test_cpuset.c - sets of CPUs, against a plain array of bools
 */
#include "kselftest_harness.h"
#include "../lib/cpuset.h"

TEST(set_and_clear_at_the_edges)
{
	static const unsigned int edges[] = { 0, 1, 63, 64, 65, 127, 128, 1022, 1023 };
	struct cpumask m;
	size_t i;

	cpumask_clear(&m);
	EXPECT_TRUE(cpumask_empty(&m));
	for (i = 0; i < ARRAY_SIZE(edges); i++) {
		EXPECT_FALSE(cpumask_test_cpu(&m, edges[i]));
		cpumask_set_cpu(&m, edges[i]);
		EXPECT_TRUE(cpumask_test_cpu(&m, edges[i]));
		EXPECT_EQ(cpumask_weight(&m), i + 1);
		EXPECT_FALSE(cpumask_empty(&m));
	}
	for (i = 0; i < ARRAY_SIZE(edges); i++) {
		cpumask_clear_cpu(&m, edges[i]);
		EXPECT_FALSE(cpumask_test_cpu(&m, edges[i]));
	}
	EXPECT_TRUE(cpumask_empty(&m));
}

TEST(cpus_beyond_the_end_are_in_no_set)
{
	static const unsigned int beyond[] = { KTSTR_MAX_CPUS, KTSTR_MAX_CPUS + 64, ~0U };
	struct cpumask m;
	size_t i;

	cpumask_clear(&m);
	for (i = 0; i < ARRAY_SIZE(beyond); i++) {
		cpumask_set_cpu(&m, beyond[i]);
		EXPECT_FALSE(cpumask_test_cpu(&m, beyond[i]));
		EXPECT_TRUE(cpumask_empty(&m));
		cpumask_clear_cpu(&m, beyond[i]);
		EXPECT_EQ(cpumask_next(&m, beyond[i]), KTSTR_MAX_CPUS);
	}
	cpumask_set_range(&m, KTSTR_MAX_CPUS - 2, ~0U);
	EXPECT_EQ(cpumask_weight(&m), 2);
	cpumask_clear(&m);
	cpumask_set_range(&m, ~0U, 5);
	EXPECT_TRUE(cpumask_empty(&m));
	cpumask_set_range(&m, 3, 0);
	EXPECT_TRUE(cpumask_empty(&m));
}

TEST(algebra)
{
	struct cpumask a, b, r, want;

	ASSERT_EQ(cpulist_parse("0-70,1000", &a), 0);
	ASSERT_EQ(cpulist_parse("60-80", &b), 0);

	cpumask_and(&r, &a, &b);
	ASSERT_EQ(cpulist_parse("60-70", &want), 0);
	EXPECT_TRUE(cpumask_equal(&r, &want));

	cpumask_or(&r, &a, &b);
	ASSERT_EQ(cpulist_parse("0-80,1000", &want), 0);
	EXPECT_TRUE(cpumask_equal(&r, &want));
	EXPECT_TRUE(cpumask_subset(&a, &r));
	EXPECT_FALSE(cpumask_subset(&r, &a));
	EXPECT_TRUE(cpumask_subset(&a, &a));

	cpumask_andnot(&r, &a, &b);
	ASSERT_EQ(cpulist_parse("0-59,1000", &want), 0);
	EXPECT_TRUE(cpumask_equal(&r, &want));

	/* The result may be one of the operands. */
	cpumask_andnot(&a, &a, &a);
	EXPECT_TRUE(cpumask_empty(&a));
	EXPECT_TRUE(cpumask_subset(&a, &b));
	EXPECT_FALSE(cpumask_equal(&a, &b));
}

TEST(iteration)
{
	static const unsigned int cpus[] = { 0, 5, 63, 64, 128, 700, 1023 };
	struct cpumask m;
	unsigned int cpu;
	size_t i;

	cpumask_clear(&m);
	EXPECT_EQ(cpumask_first(&m), KTSTR_MAX_CPUS);
	EXPECT_EQ(cpumask_nth(&m, 0), KTSTR_MAX_CPUS);
	for_each_cpu(cpu, &m)
		EXPECT_TRUE(false);

	for (i = 0; i < ARRAY_SIZE(cpus); i++)
		cpumask_set_cpu(&m, cpus[i]);
	i = 0;
	for_each_cpu(cpu, &m) {
		ASSERT_LT(i, ARRAY_SIZE(cpus));
		EXPECT_EQ(cpu, cpus[i]);
		EXPECT_EQ(cpumask_nth(&m, i), cpus[i]);
		i++;
	}
	EXPECT_EQ(i, ARRAY_SIZE(cpus));
	EXPECT_EQ(cpumask_nth(&m, i), KTSTR_MAX_CPUS);
	EXPECT_EQ(cpumask_nth(&m, ~0U), KTSTR_MAX_CPUS);
	EXPECT_EQ(cpumask_next(&m, 1023), KTSTR_MAX_CPUS);
	EXPECT_EQ(cpumask_next(&m, 1), 5);
}

TEST(list_canonical)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "", "" },
		{ "\n", "" },
		{ "0", "0" },
		{ "0\n", "0" },
		{ "1023", "1023" },
		{ "0-1023", "0-1023" },
		{ "0-3,8\n", "0-3,8" },
		{ "8,0-3", "0-3,8" },
		{ "3-3", "3" },
		{ "0,1", "0-1" },
		{ "0-5,3-9", "0-9" },
		{ "63-64", "63-64" },
		{ "007", "7" },
	};
	char buf[CPULIST_LEN];
	struct cpumask m;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		memset(&m, 0xff, sizeof(m));
		ASSERT_EQ(cpulist_parse(cases[i].in, &m), 0) {
			TH_LOG("list \"%s\"", cases[i].in);
		}
		EXPECT_STREQ(cpulist_format(&m, buf, sizeof(buf)), cases[i].out);
	}
}

TEST(list_refused)
{
	static const struct {
		const char *in;
		int err;
	} cases[] = {
		{ ",", -EINVAL }, { "1,", -EINVAL }, { ",1", -EINVAL }, { "1,,2", -EINVAL },
		{ "-", -EINVAL }, { "1-", -EINVAL }, { "-1", -EINVAL }, { "1-2-3", -EINVAL },
		{ "3-1", -EINVAL }, { " 1", -EINVAL }, { "1 ", -EINVAL }, { "1, 2", -EINVAL },
		{ "+1", -EINVAL }, { "0x1", -EINVAL }, { "1\n\n", -EINVAL }, { "1\n2", -EINVAL },
		{ "\n\n", -EINVAL }, { "1,\n", -EINVAL }, { "all", -EINVAL },
		{ "0-3:1/2", -EINVAL }, { "1\r\n", -EINVAL },
		{ "1024", -ERANGE }, { "0-1024", -ERANGE }, { "1024-0", -ERANGE },
		{ "4294967296", -ERANGE }, { "18446744073709551616", -ERANGE },
		{ "99999999999999999999999999999999", -ERANGE },
	};
	struct cpumask m, before;
	size_t i;

	cpumask_clear(&before);
	cpumask_set_cpu(&before, 77);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		m = before;
		EXPECT_EQ(cpulist_parse(cases[i].in, &m), cases[i].err) {
			TH_LOG("list \"%s\"", cases[i].in);
		}
		EXPECT_TRUE(cpumask_equal(&m, &before));
	}
}

TEST(longest_list_fits)
{
	char buf[CPULIST_LEN];
	struct cpumask m, back;
	unsigned int cpu;

	/* Pairs with one CPU between them: more text than every other CPU. */
	cpumask_clear(&m);
	for (cpu = 0; cpu < KTSTR_MAX_CPUS; cpu++)
		if (cpu % 3 != 2)
			cpumask_set_cpu(&m, cpu);
	cpulist_format(&m, buf, sizeof(buf));
	EXPECT_EQ(strlen(buf) + 1, 2674);
	ASSERT_EQ(cpulist_parse(buf, &back), 0);
	EXPECT_TRUE(cpumask_equal(&m, &back));
}

TEST(short_buffer_ends_behind_an_element)
{
	static const char *const want[] = {
		"", "", "1", "1", "1", "1", "1", "1", "1,10-11", "1,10-11", "1,10-11",
		"1,10-11", "1,10-11,200", "1,10-11,200",
	};
	char buf[16];
	struct cpumask m;
	size_t size;

	ASSERT_EQ(cpulist_parse("1,10-11,200", &m), 0);
	for (size = 1; size < ARRAY_SIZE(want); size++) {
		memset(buf, '#', sizeof(buf));
		EXPECT_STREQ(cpulist_format(&m, buf, size), want[size]);
		EXPECT_EQ(buf[size], '#');
	}
	buf[0] = '#';
	cpulist_format(&m, buf, 0);
	EXPECT_EQ(buf[0], '#');
}

TEST(random_sets_round_trip)
{
	char buf[CPULIST_LEN];
	struct cpumask m, back;
	unsigned int i, cpu;
	uint64_t x = 1;

	for (i = 0; i < 200; i++) {
		cpumask_clear(&m);
		for (cpu = 0; cpu < KTSTR_MAX_CPUS; cpu++) {
			x = x * 6364136223846793005ULL + 1442695040888963407ULL;
			if (x >> 33 & 1)
				cpumask_set_cpu(&m, cpu);
		}
		ASSERT_EQ(cpulist_parse(cpulist_format(&m, buf, sizeof(buf)), &back), 0);
		ASSERT_TRUE(cpumask_equal(&m, &back));
	}
}

TEST_HARNESS_MAIN
