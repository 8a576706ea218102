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
	EXPECT_EQ(-EINVAL, expect_parse(_text, NULL, &_e, &_err));		\
	EXPECT_NE(NULL, strstr(_err.msg, _why)) {			\
		TH_LOG("\"%s\" is not in \"%s\"", _why, _err.msg);	\
	}								\
} while (0)

TEST(parse)
{
	struct expect e;
	struct err err;

	memset(&e, 0xff, sizeof(e));
	ASSERT_EQ(0, expect_parse("spread=50,gap=3000,wake-p99-us=1e3,locality=.25", NULL, &e, &err));
	EXPECT_EQ(50, e.max_spread_pct);
	EXPECT_EQ(3000, e.max_gap_ms);
	EXPECT_EQ(1000, e.max_p99_wake_latency_us);
	EXPECT_EQ(.25, e.min_page_locality);
	/* Nothing else. */
	EXPECT_FALSE(e.isolation || e.no_monitor || e.max_dsq_depth);
	EXPECT_EQ(0, e.max_wake_latency_cv);

	ASSERT_EQ(0, expect_parse("throughput-cv=1,work-rate=2,iteration-rate=3,wake-cv=4,"
				  "migration=5,node-share=.6,slow-tier=.7,cross-node=8,"
				  "imbalance=9,dsq-depth=10,sustain=11,stall=12,fallback-rate=13,"
				  "keep-last-rate=14,weight-error=15,limit-error=16", NULL, &e, &err));
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
	EXPECT_EQ(12, e.max_stall_ms);
	EXPECT_EQ(13, e.max_fallback_rate);
	EXPECT_EQ(14, e.max_keep_last_rate);
	EXPECT_EQ(15, e.max_weight_error_pct);
	EXPECT_EQ(16, e.max_limit_error_pct);
}

/* What a scheduler does not promise, and what it claims. */
TEST(words)
{
	struct expect e;
	struct err err;

	ASSERT_EQ(0, expect_parse("gap=5", NULL, &e, &err));
	EXPECT_EQ(0, e.off);
	EXPECT_EQ(CLAIMS_DEFAULT, e.claims);
	ASSERT_EQ(0, expect_parse("cpu-weight=on,kill=off,gap=off", NULL, &e, &err));
	EXPECT_EQ(CLAIM_CPU_WEIGHT | CLAIM_RUN, e.claims);
	EXPECT_NE(0, e.off);
	EXPECT_EQ(0, e.max_gap_ms);
	ASSERT_EQ(0, expect_parse("cpu-max=on,attach=60000", NULL, &e, &err));
	EXPECT_EQ(CLAIM_CPU_MAX | CLAIMS_DEFAULT, e.claims);
	EXPECT_EQ(60000, e.attach_ms);

	EXPECT_REFUSED("cpu-weight=off", "cpu-weight: 'off' is not 'on'");
	EXPECT_REFUSED("cpu-weight=20", "cpu-weight: '20' is not 'on'");
	EXPECT_REFUSED("cpu-weight", "cpu-weight: '' is not 'on'");
	EXPECT_REFUSED("kill=on", "kill: 'on' is not 'off'");
	EXPECT_REFUSED("isolation=1", "isolation: '1' is not 'off'");
	EXPECT_REFUSED("gap=of", "gap: 'of' is not a whole number above 0, up to 3600000, nor 'off'");
	EXPECT_REFUSED("gap=offf", "gap: 'offf' is not");
	EXPECT_REFUSED("sustain=off", "sustain: 'off' is not a whole number");
	EXPECT_REFUSED("attach=off", "attach: 'off' is not a whole number");
}

TEST(of_some_tests)
{
	static const char text[] = "spread=9,cgroup_*:gap=off,cgroup_a:wake-cv=3,b:run=off";
	struct expect e;
	struct err err;

	ASSERT_EQ(0, expect_parse(text, NULL, &e, &err));
	EXPECT_EQ(0, e.off);
	EXPECT_EQ(9, e.max_spread_pct);
	EXPECT_EQ(0, e.max_wake_latency_cv);
	EXPECT_EQ(CLAIMS_DEFAULT, e.claims);
	ASSERT_EQ(0, expect_parse(text, "cgroup_a", &e, &err));
	EXPECT_NE(0, e.off);
	EXPECT_EQ(3, e.max_wake_latency_cv);
	EXPECT_EQ(9, e.max_spread_pct);
	ASSERT_EQ(0, expect_parse(text, "cgroup_b", &e, &err));
	EXPECT_NE(0, e.off);
	EXPECT_EQ(0, e.max_wake_latency_cv);
	ASSERT_EQ(0, expect_parse(text, "b", &e, &err));
	EXPECT_EQ(0, e.off);
	EXPECT_EQ(CLAIM_KILL, e.claims);
	/* Also what is not about the test at hand must be right. */
	EXPECT_REFUSED("b:gaps=1", "'gaps' is no limit");
	EXPECT_REFUSED("b:", "'' is no limit");
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
	EXPECT_REFUSED("limit-error=101", "'101' is not a whole number above 0, up to 100");
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

/* A limit of 0, which is not that there is none. */
TEST(zero)
{
	const struct expect none = { }, never = { .zero = ZERO_MIGRATION | ZERO_FALLBACK_RATE },
		some = { .max_migration_ratio = .5 };
	struct expect sched, e;
	struct err err = { "" };

	ASSERT_EQ(0, expect_parse("migration=0,slow-tier=0,keep-last-rate=0", NULL, &sched, &err));
	EXPECT_EQ(ZERO_MIGRATION | ZERO_SLOW_TIER | ZERO_KEEP_LAST_RATE, sched.zero);
	/* The last one counts. */
	ASSERT_EQ(0, expect_parse("migration=0,migration=2", NULL, &e, &err));
	EXPECT_EQ(0, e.zero);
	EXPECT_EQ(2, e.max_migration_ratio);
	ASSERT_EQ(0, expect_parse("migration=2,migration=0.0", NULL, &e, &err));
	EXPECT_EQ(ZERO_MIGRATION, e.zero);
	EXPECT_EQ(0, e.max_migration_ratio);

	expect_merge(&none, &sched, &e);
	EXPECT_EQ(sched.zero, e.zero);
	expect_merge(&some, &sched, &e);
	EXPECT_EQ(.5, e.max_migration_ratio);
	EXPECT_EQ(ZERO_SLOW_TIER | ZERO_KEEP_LAST_RATE, e.zero);

	/* That of a test comes before any of the scheduler's. */
	ASSERT_EQ(0, expect_parse("migration=3,fallback-rate=9,keep-last-rate=7", NULL, &sched,
				  &err));
	expect_merge(&never, &sched, &e);
	EXPECT_EQ(never.zero, e.zero);
	EXPECT_EQ(0, e.max_migration_ratio);
	EXPECT_EQ(0, e.max_fallback_rate);
	EXPECT_EQ(7, e.max_keep_last_rate);
	EXPECT_TRUE(expect_has(&e, e.max_migration_ratio, ZERO_MIGRATION));
	EXPECT_FALSE(expect_has(&e, e.max_slow_tier_ratio, ZERO_SLOW_TIER));

	/* The last word counts, also if it is about some tests. */
	ASSERT_EQ(0, expect_parse("migration=0,wake-cv=2,t*:migration=off,t*:wake-cv=off", "t",
				  &sched, &err));
	expect_merge(&none, &sched, &e);
	EXPECT_EQ(0, e.zero);
	EXPECT_EQ(0, e.max_wake_latency_cv);
	ASSERT_EQ(0, expect_parse("migration=off,gap=off,t*:migration=0,t*:gap=5", "t", &sched,
				  &err));
	expect_merge(&none, &sched, &e);
	EXPECT_EQ(ZERO_MIGRATION, e.zero);
	EXPECT_EQ(5, e.max_gap_ms);
	EXPECT_EQ(0, e.off);

	/* Where it is off it is, and is said to be. */
	ASSERT_EQ(0, expect_parse("migration=off", NULL, &sched, &err));
	expect_merge(&never, &sched, &e);
	EXPECT_EQ(ZERO_FALLBACK_RATE, e.zero);
	EXPECT_STREQ("migration", expect_off_for(&e, CAUSE_MIGRATION));

	EXPECT_REFUSED("migration=-0", "migration: '-0' is not a number from 0");
	EXPECT_REFUSED("migration=1e-400", "migration: '1e-400' is not a number");
	EXPECT_REFUSED("wake-cv=0", "wake-cv: '0' is not a number above 0");
	EXPECT_EQ(0, expect_check(&never, &err));
	EXPECT_EQ(0, expect_check(&some, &err));
	e = (struct expect){ .max_fallback_rate = 1, .zero = ZERO_FALLBACK_RATE };
	EXPECT_EQ(-EINVAL, expect_check(&e, &err));
	EXPECT_STREQ("limit fallback-rate is 0 and 1", err.msg);
	e = (struct expect){ .zero = 1U << 31 };
	EXPECT_EQ(-EINVAL, expect_check(&e, &err));
	EXPECT_REFUSED("migration=-1", "migration: '-1' is not a number from 0, up to");
	EXPECT_REFUSED("fallback-rate=", "fallback-rate: '' is not a whole number from 0");
}

/* Out of reach, whatever the test sets; and what it would not have judged is not told. */
TEST(off)
{
	const struct expect all = { .isolation = true, .max_gap_ms = 10, .max_spread_pct = 1,
				    .min_page_locality = .5, .max_p99_wake_latency_us = 1,
				    .max_imbalance = 2, .max_dsq_depth = 3 };
	const struct expect nothing = { .no_starvation_check = true, .no_monitor = true };
	const struct expect defaults = { };
	struct expect sched, e;
	char buf[256];
	struct err err;

	ASSERT_EQ(0, expect_parse("gap=off,spread=off,locality=off,wake-p99-us=off,imbalance=off,"
				  "dsq-depth=off,isolation=off", NULL, &sched, &err));
	expect_merge(&all, &sched, &e);
	EXPECT_EQ(EXPECT_GAP_OFF, e.max_gap_ms);
	EXPECT_EQ(100, e.max_spread_pct);
	EXPECT_EQ(0, e.min_page_locality);
	EXPECT_EQ(0, e.max_p99_wake_latency_us);
	EXPECT_EQ(0, e.max_imbalance);
	EXPECT_EQ(UINT_MAX, e.max_dsq_depth);
	EXPECT_FALSE(e.isolation);
	EXPECT_FALSE(e.no_starvation_check);
	EXPECT_STREQ("spread, gap, wake-p99-us, locality, imbalance, dsq-depth, isolation",
		     expect_off(&e, buf, sizeof(buf)));

	expect_merge(&defaults, &sched, &e);
	EXPECT_STREQ("spread, gap, dsq-depth", expect_off(&e, buf, sizeof(buf)));
	ASSERT_EQ(0, expect_parse("stall=off,fallback-rate=off", NULL, &sched, &err));
	expect_merge(&defaults, &sched, &e);
	EXPECT_EQ(UINT_MAX, e.max_stall_ms);
	EXPECT_STREQ("stall", expect_off(&e, buf, sizeof(buf)));
	EXPECT_STREQ("stall", expect_off_for(&e, CAUSE_STALL));
	ASSERT_EQ(0, expect_parse("gap=off,spread=off,dsq-depth=off", NULL, &sched, &err));
	expect_merge(&nothing, &sched, &e);
	EXPECT_STREQ("", expect_off(&e, buf, sizeof(buf)));

	ASSERT_EQ(0, expect_parse("starvation=off", NULL, &sched, &err));
	expect_merge(&all, &sched, &e);
	EXPECT_TRUE(e.no_starvation_check);
	EXPECT_TRUE(e.isolation);
	EXPECT_EQ(10, e.max_gap_ms);
	EXPECT_STREQ("starvation", expect_off(&e, buf, sizeof(buf)));
	EXPECT_STREQ("starvation", expect_off_for(&e, CAUSE_STARVED));
	EXPECT_EQ(NULL, expect_off_for(&e, CAUSE_STUCK));
	EXPECT_EQ(NULL, expect_off_for(&e, CAUSE_NONE));
	EXPECT_FALSE(e.no_stop_check);
	/* No room is no overflow. */
	EXPECT_EQ(4, strlen(expect_off(&e, buf, 5)));
}

TEST(off_stop)
{
	const struct expect any = { }, none = { .no_stop_check = true };
	struct expect e;
	char buf[64];

	expect_of("stop=off", "x", &any, &e);
	EXPECT_TRUE(e.no_stop_check);
	EXPECT_FALSE(e.no_starvation_check);
	EXPECT_STREQ("stop", expect_off(&e, buf, sizeof(buf)));
	EXPECT_STREQ("stop", expect_off_for(&e, CAUSE_WORKER));
	/* It was not judged anyhow. */
	expect_of("stop=off", "x", &none, &e);
	EXPECT_TRUE(e.no_stop_check);
	EXPECT_STREQ("", expect_off(&e, buf, sizeof(buf)));
	expect_of("y:stop=off", "x", &any, &e);
	EXPECT_FALSE(e.no_stop_check);
	expect_of("", "x", &any, &e);
	EXPECT_FALSE(e.no_stop_check);
	EXPECT_EQ(CLAIMS_DEFAULT, e.claims);
}

TEST(off_detach)
{
	const struct expect any = { };
	struct expect e;
	char buf[64];

	expect_of("detach=off", "x", &any, &e);
	EXPECT_TRUE(e.no_detach_check);
	EXPECT_FALSE(e.no_stop_check);
	EXPECT_STREQ("detach", expect_off(&e, buf, sizeof(buf)));
	EXPECT_STREQ("detach", expect_off_for(&e, CAUSE_SCHED_DETACH));
	expect_of("y:detach=off", "x", &any, &e);
	EXPECT_FALSE(e.no_detach_check);
}

TEST(off_rcu_stall)
{
	const struct expect any = { }, none = { .no_rcu_stall_check = true };
	struct expect e;
	char buf[64];

	expect_of("rcu-stall=off", "x", &any, &e);
	EXPECT_TRUE(e.no_rcu_stall_check);
	EXPECT_STREQ("rcu-stall", expect_off(&e, buf, sizeof(buf)));
	EXPECT_STREQ("rcu-stall", expect_off_for(&e, CAUSE_RCU_STALL));
	EXPECT_EQ(NULL, expect_off_for(&e, CAUSE_KERNEL_LOG));
	/* It was not judged anyhow. */
	expect_of("rcu-stall=off", "x", &none, &e);
	EXPECT_TRUE(e.no_rcu_stall_check);
	EXPECT_STREQ("", expect_off(&e, buf, sizeof(buf)));
	expect_of("starvation=off,stop=off", "x", &any, &e);
	EXPECT_FALSE(e.no_rcu_stall_check);
}

TEST(off_shares)
{
	const struct expect both = { .max_weight_error_pct = 20, .max_limit_error_pct = 15 };
	const struct expect any = { };
	struct expect e;
	char buf[64];

	expect_of("weight-error=off,limit-error=30", "x", &both, &e);
	EXPECT_EQ(0, e.max_weight_error_pct);
	EXPECT_EQ(15, e.max_limit_error_pct);
	EXPECT_STREQ("weight-error", expect_off(&e, buf, sizeof(buf)));
	EXPECT_STREQ("weight-error", expect_off_for(&e, CAUSE_SHARE));
	expect_of("weight-error=off,limit-error=30", "x", &any, &e);
	EXPECT_EQ(30, e.max_limit_error_pct);
	EXPECT_STREQ("", expect_off(&e, buf, sizeof(buf)));
}

/* What is said of a scheduler, as far as one test has to do with it. */
TEST(about_one_test)
{
	static const char said[] = "gap=5,a_*:spread=3,b:run=off,*c:kill=off";
	const char *text = said;
	char buf[64], glob[EXPECT_GLOB_LEN];

	EXPECT_STREQ("gap=5", expect_about(said, "x", buf, sizeof(buf)));
	EXPECT_STREQ("gap=5,a_*:spread=3", expect_about(said, "a_1", buf, sizeof(buf)));
	EXPECT_STREQ("gap=5,a_*:spread=3,*c:kill=off",
		     expect_about(said, "a_c", buf, sizeof(buf)));
	EXPECT_STREQ("b:run=off", expect_about("b:run=off", "b", buf, sizeof(buf)));
	EXPECT_STREQ("", expect_about("b:run=off", "a", buf, sizeof(buf)));
	ASSERT_TRUE(expect_next_glob(&text, glob));
	EXPECT_STREQ("a_*", glob);
	ASSERT_TRUE(expect_next_glob(&text, glob));
	EXPECT_STREQ("b", glob);
	ASSERT_TRUE(expect_next_glob(&text, glob));
	EXPECT_STREQ("*c", glob);
	EXPECT_FALSE(expect_next_glob(&text, glob));
}

TEST_HARNESS_MAIN
