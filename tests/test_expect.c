// SPDX-License-Identifier: GPL-2.0
/*
 * test_expect.c - limits by their names, and whose limits count
 */
#include <errno.h>
#include <string.h>
#include "../guest/expect.h"
#include "kselftest_harness.h"

#define EXPECT_REFUSED(_text, _why) do {				\
	struct err _err = { };						\
	struct expect _e;						\
	EXPECT_EQ(-EINVAL, expect_parse(_text, &_e, &_err));		\
	EXPECT_NE(NULL, strstr(_err.msg, _why)) {			\
		TH_LOG("\"%s\" is not in \"%s\"", _why, _err.msg);	\
	}								\
} while (0)

TEST(parse)
{
	struct expect e;
	struct err err;

	memset(&e, 0xff, sizeof(e));
	ASSERT_EQ(0, expect_parse("spread=50,gap=3000,wake-p99-us=1e3,locality=.25", &e, &err));
	EXPECT_EQ(50, e.max_spread_pct);
	EXPECT_EQ(3000, e.max_gap_ms);
	EXPECT_EQ(1000, e.max_p99_wake_latency_us);
	EXPECT_EQ(.25, e.min_page_locality);
	/* Nothing else. */
	EXPECT_FALSE(e.isolation || e.no_monitor || e.max_dsq_depth);
	EXPECT_EQ(0, e.max_wake_latency_cv);

	ASSERT_EQ(0, expect_parse("throughput-cv=1,work-rate=2,iteration-rate=3,wake-cv=4,"
				  "migration=5,node-share=.6,slow-tier=.7,cross-node=8,"
				  "imbalance=9,dsq-depth=10,sustain=11", &e, &err));
	EXPECT_EQ(1, e.max_throughput_cv);
	EXPECT_EQ(2, e.min_work_rate);
	EXPECT_EQ(3, e.min_iteration_rate);
	EXPECT_EQ(4, e.max_wake_latency_cv);
	EXPECT_EQ(5, e.max_migration_ratio);
	EXPECT_EQ(.6, e.min_node_share);
	EXPECT_EQ(.7, e.max_slow_tier_ratio);
	EXPECT_EQ(8, e.max_cross_node_migration_ratio);
	EXPECT_EQ(9, e.max_imbalance);
	EXPECT_EQ(10, e.max_dsq_depth);
	EXPECT_EQ(11, e.sustain_ms);
}

TEST(refused)
{
	EXPECT_REFUSED("", "'' is no limit; there are: spread, gap, throughput-cv");
	EXPECT_REFUSED("gaps=1", "'gaps' is no limit");
	EXPECT_REFUSED("ga=1", "'ga' is no limit");
	EXPECT_REFUSED("gap", "gap: '' is not a whole number above 0");
	EXPECT_REFUSED("gap=", "gap: '' is not");
	EXPECT_REFUSED("gap=0", "gap: '0' is not");
	EXPECT_REFUSED("gap=-1", "gap: '-1' is not");
	EXPECT_REFUSED("gap=1.5", "gap: '1.5' is not");
	EXPECT_REFUSED("gap=1ms", "gap: '1ms' is not");
	EXPECT_REFUSED("gap=4294967297", "up to 3600000");
	EXPECT_REFUSED("spread=101", "spread: '101' is not a whole number above 0, up to 100");
	EXPECT_REFUSED("wake-cv=nan", "wake-cv: 'nan' is not a number");
	EXPECT_REFUSED("wake-cv=inf", "'inf'");
	EXPECT_REFUSED("wake-cv=1e", "'1e'");
	EXPECT_REFUSED("wake-cv=1e99", "'1e99'");
	EXPECT_REFUSED("gap=1,", "'' is no limit");
	EXPECT_REFUSED("gap=1,,spread=2", "'' is no limit");
}

TEST(merge)
{
	const struct expect test = { .isolation = true, .max_gap_ms = 10, .min_page_locality = .5 };
	const struct expect sched = { .max_gap_ms = 20, .max_spread_pct = 30,
				      .min_page_locality = .9, .max_wake_latency_cv = 4,
				      .no_monitor = true };
	const struct expect none = { };
	struct expect e;

	expect_merge(&test, &sched, &e);
	EXPECT_EQ(10, e.max_gap_ms);
	EXPECT_EQ(.5, e.min_page_locality);
	EXPECT_EQ(30, e.max_spread_pct);
	EXPECT_EQ(4, e.max_wake_latency_cv);
	EXPECT_EQ(0, e.max_dsq_depth);
	/* Limits only: what is checked at all is for the test to say. */
	EXPECT_TRUE(e.isolation);
	EXPECT_FALSE(e.no_monitor);
	expect_merge(&test, &none, &e);
	EXPECT_EQ(0, memcmp(&test, &e, sizeof(e)));
}

TEST_HARNESS_MAIN
