// SPDX-License-Identifier: GPL-2.0
/*
 * Operations on weights, limits, freezing, partitions, CPUs and payloads: with real workers
 * and a cgroup file system that lies in memory.
 */
#include "../guest/payload.h"
#include "declare.h"
#include "fake_guest.h"
#include "kselftest_harness.h"

FIXTURE(ops)
{
	struct guest g;
	struct msg_result res;
	struct ktstr_test test;
};

static const struct cgroup_def backdrop[] = {
	{ "a", CPUSET_RANGE(0, 1), WORKERS(CPU_SPIN, 2) },
	{ "b", CPUSET_NONE, WORKERS(BURSTY, 1) },
	{ },
};

FIXTURE_SETUP(ops)
{
	int ret;

	memset(self, 0, sizeof(*self));
	ret = fake_guest_create(&self->g);
	if (ret == -ENODEV)
		SKIP(return, "CPU 0 is not ours to use");
	ASSERT_EQ(0, ret);
	/* This machine is not ours alone: whoever else wants its CPUs may starve a worker. */
	self->test = TEST_OF(.duration_ms = 200, .expect = { .no_starvation_check = true });
	self->test.backdrop = backdrop;
}

FIXTURE_TEARDOWN(ops)
{
	EXPECT_NOTHING_LEFT();
	fake_destroy();
}

#define TWO_STEPS(...)								\
	(self->test.steps = STEPS({ .hold = HOLD_FIXED(30) },			\
				  { .ops = OPS(__VA_ARGS__), .hold = HOLD_FIXED(30), .keep = true }))

static void run(FIXTURE_DATA(ops) *self)
{
	scenario_run_in(&self->g, NULL, &self->test, &fake_env, &self->res);
}

TEST_F(ops, control_files)
{
	TWO_STEPS(SET_WEIGHT("a", 300), SET_MAX("b", 25000, 100000), SET_MAX("b", 0, 0),
		  ADD_CGROUP_DEF({ "c/d", CPUSET_RANGE(0, 1), WORKERS(CPU_SPIN, 1) }));
	run(self);
	EXPECT_PASS();
	EXPECT_LE(0, fake_index("write ktstr/a/cpu.weight 300"));
	EXPECT_LT(fake_index("write ktstr/b/cpu.max 25000 100000"),
		  fake_index("write ktstr/b/cpu.max max"));
	EXPECT_EQ(1, fake_count("write ktstr/c/d/cpuset.cpus"));
	EXPECT_EQ(1, fake_count("write ktstr/c/d/cgroup.procs"));
}

TEST_F(ops, frozen_ones_thaw_before_they_are_stopped)
{
	TWO_STEPS(FREEZE("a"), THAW("a"), FREEZE("a"), FREEZE("b"), REMOVE_CGROUP("a"));
	run(self);
	EXPECT_PASS();
	EXPECT_EQ(2, fake_count("write ktstr/a/cgroup.freeze 1"));
	EXPECT_EQ(2, fake_count("write ktstr/a/cgroup.freeze 0"));
	EXPECT_EQ(1, fake_count("write ktstr/b/cgroup.freeze 0"));
	EXPECT_LT(fake_index("write ktstr/b/cgroup.freeze 1"), fake_index("rmdir ktstr/a"));
}

TEST_F(ops, what_does_not_freeze)
{
	fake->no_freeze = true;
	TWO_STEPS(FREEZE("a"));
	run(self);
	EXPECT_FAIL(CAUSE_CGROUP, "step 1, operation 0 (freeze) on a: /fake/ktstr/a/cgroup.events does not say \"frozen 1\"");
}

TEST_F(ops, nodes)
{
	TWO_STEPS(SET_MEMS("a", "0"));
	run(self);
	EXPECT_PASS();
	EXPECT_EQ(1, fake_count("write ktstr/a/cpuset.mems 0"));
	fake->other_node = true;
	memset(&self->res, 0, sizeof(self->res));
	run(self);
	EXPECT_FAIL(CAUSE_CGROUP, "(set-mems) on a: cpuset.mems.effective of a is \"1\", must be \"0\"");
}

/* Where a cgroup and all above it keep memory; if nothing is left, where its parent does. */
TEST(whose_nodes)
{
	struct cgroup top = { .mems = 6 }, sub = { .parent = &top }, other = { };
	struct cgroup own = { .parent = &sub, .mems = 3 }, none = { .parent = &sub, .mems = 1 };

	EXPECT_EQ(6, cgroup_mems(&top));
	EXPECT_EQ(6, cgroup_mems(&sub));
	EXPECT_EQ(2, cgroup_mems(&own));
	EXPECT_EQ(6, cgroup_mems(&none));
	EXPECT_EQ(0, cgroup_mems(&other));
	EXPECT_EQ(0, cgroup_mems(NULL));
}

TEST_F(ops, partitions)
{
	TWO_STEPS(SET_PARTITION("a", ISOLATED), SET_PARTITION("a", MEMBER));
	run(self);
	EXPECT_PASS();
	/* Handed down from the top, and taken back. */
	EXPECT_LT(fake_index("write ktstr/a/cpuset.cpus.partition isolated"),
		  fake_index("write ktstr/a/cpuset.cpus.partition member"));
	EXPECT_EQ(2, fake_count("write ktstr/cpuset.cpus.exclusive"));
	EXPECT_EQ(2, fake_count("write ktstr/a/cpuset.cpus.exclusive"));
}

TEST_F(ops, a_partition_that_does_not_take)
{
	TWO_STEPS(SET_PARTITION("a", ROOT));
	fake->lie = true;
	self->test.backdrop = NULL;
	self->test.steps = STEPS({ .ops = OPS(ADD_CGROUP("a")), .hold = HOLD_FIXED(20),
				   .keep = true });
	run(self);
	EXPECT_PASS();
	memset(&self->res, 0, sizeof(self->res));
	fake->lie = false;
	self->test.backdrop = CGROUPS({ "a", CPUSET_RANGE(0, 1), { } });
	fake_fail("cpuset.cpus.partition", -EINVAL, 1);
	TWO_STEPS(SET_PARTITION("a", ROOT));
	run(self);
	EXPECT_FAIL(CAUSE_CGROUP, "operation 0 (set-partition) on a: cannot write \"root\"");
}

TEST_F(ops, the_cpus_of_a_partition_are_its_own)
{
	struct cgroup part = { .partition = true, .has_cpus = true };
	struct cgroup inner = { .parent = &part }, other = { .next = &part };
	struct cgroup_fs fs = { .list = &other };
	struct cpumask cpus;
	char list[CPULIST_LEN];

	cpumask_set_range(&fs.all, 0, 4);
	cpumask_set_range(&part.cpus, 1, 2);
	cgroup_effective(&fs, &part, &cpus);
	EXPECT_STREQ("1-2", cpulist_format(&cpus, list, sizeof(list)));
	cgroup_effective(&fs, &inner, &cpus);
	EXPECT_STREQ("1-2", cpulist_format(&cpus, list, sizeof(list)));
	cgroup_effective(&fs, &other, &cpus);
	EXPECT_STREQ("0,3", cpulist_format(&cpus, list, sizeof(list)));
	cgroup_effective(&fs, NULL, &cpus);
	EXPECT_STREQ("0,3", cpulist_format(&cpus, list, sizeof(list)));
	/* A CPU that is offline is nobody's. */
	cpumask_clear_cpu(&fs.all, 2);
	cgroup_effective(&fs, &part, &cpus);
	EXPECT_STREQ("1", cpulist_format(&cpus, list, sizeof(list)));
}

TEST_F(ops, cpus_come_back_at_the_end)
{
	if (self->g.nr_cpus < 2)
		SKIP(return, "needs two CPUs");
	self->test.min_cpus = 2;
	/* No cpuset: the fake one knows nothing of CPUs that go. */
	self->test.backdrop = CGROUPS({ "b", CPUSET_NONE, WORKERS(BURSTY, 1) });
	TWO_STEPS(CPU_OFFLINE(1), CPU_ONLINE(1), CPU_OFFLINE(1));
	run(self);
	EXPECT_PASS();
	EXPECT_EQ(2, fake_count("write sys/devices/system/cpu/cpu1/online 0"));
	EXPECT_EQ(2, fake_count("write sys/devices/system/cpu/cpu1/online 1"));
}

TEST_F(ops, a_cpu_that_does_not_go)
{
	if (self->g.nr_cpus < 2)
		SKIP(return, "needs two CPUs");
	self->test.min_cpus = 2;
	fake_fail("cpu1/online", -EPERM, 1);
	TWO_STEPS(CPU_OFFLINE(1));
	run(self);
	EXPECT_FAIL(CAUSE_HOTPLUG, "cpu1/online: Operation not permitted");
	EXPECT_EQ(1, fake_count("write sys/devices/system/cpu/cpu1/online"));
}

TEST_F(ops, no_scheduler_to_change)
{
	self->test.needs_sched = true;
	TWO_STEPS(DETACH_SCHEDULER());
	run(self);
	EXPECT_FAIL(CAUSE_CGROUP, "(detach-scheduler): there is no scheduler under test");
}

/* --- shares --------------------------------------------------------------- */

#define LONG_STEP(...)								\
	(self->test.steps = STEPS({ .ops = OPS(__VA_ARGS__), .hold = HOLD_FIXED(600) }))

TEST_F(ops, weights_are_judged)
{
	fake->used_step = 1000;
	self->test.expect.max_weight_error_pct = 40;
	self->test.backdrop = CGROUPS({ "a", CPUSET_EXACT("0"), WORKERS(CPU_SPIN, 1) },
				      { "b", CPUSET_EXACT("0"), WORKERS(CPU_SPIN, 1) });
	LONG_STEP(SET_WEIGHT("a", 100), SET_WEIGHT("b", 300));
	run(self);
	/* The clock of the fake one knows no weights. */
	EXPECT_FAIL(CAUSE_SHARE, "limit of the error 40 %");
}

/* How often it was asked what a cgroup has used; forgets it. */
static unsigned int nr_asked(void)
{
	unsigned int nr = fake->used_us;

	fake->used_us = 0;
	fake->used_step = 1;
	return nr;
}

/* What was used before the last step does not count. */
TEST_F(ops, shares_are_of_the_last_step)
{
	unsigned int one;

	nr_asked();
	self->test.expect.max_limit_error_pct = 10;
	LONG_STEP(SET_MAX("a", 90000, 100000));
	run(self);
	one = nr_asked();
	EXPECT_LE(1, one);
	memset(&self->res, 0, sizeof(self->res));
	self->test.steps = STEPS({ .ops = OPS(SET_MAX("a", 90000, 100000)), .hold = HOLD_FIXED(30) },
				 { .ops = OPS(STOP_CGROUP("b")), .hold = HOLD_FIXED(600) });
	run(self);
	EXPECT_EQ(one + 1, nr_asked());
	/* Nobody wants to know. */
	memset(&self->res, 0, sizeof(self->res));
	self->test.expect.max_limit_error_pct = 0;
	run(self);
	EXPECT_EQ(0, nr_asked());
}

TEST_F(ops, a_limit_is_judged)
{
	self->test.expect.max_limit_error_pct = 10;
	LONG_STEP(SET_MAX("a", 90000, 100000));
	run(self);
	EXPECT_FAIL(CAUSE_SHARE, "cgroup a had 0 ms of CPU time in ");
}

TEST_F(ops, a_share_needs_time)
{
	self->test.expect.max_limit_error_pct = 10;
	/* It may have begun and ended anywhere in one of these. */
	LONG_STEP(SET_MAX("a", 400000, 1000000));
	run(self);
	EXPECT_RESULT(VERDICT_INCONCLUSIVE, CAUSE_SHARE, "for long enough to judge its share");
}

#define SAID(_text)	strcpy(self->g.job.sched_expect, _text)

TEST_F(ops, a_share_that_the_scheduler_does_not_promise)
{
	self->test.expect.max_limit_error_pct = 10;
	SAID("limit-error=off");
	LONG_STEP(SET_MAX("a", 90000, 100000));
	run(self);
	EXPECT_PASS();
}

TEST_F(ops, a_share_that_the_scheduler_promises)
{
	SAID("limit-error=10");
	LONG_STEP(SET_MAX("a", 90000, 100000));
	run(self);
	EXPECT_FAIL(CAUSE_SHARE, "limit of the error 10 %");
	/* Which it need not keep where it is not in reach. */
	memset(&self->res, 0, sizeof(self->res));
	LONG_STEP(SET_MAX("a", 300000, 100000));
	run(self);
	EXPECT_PASS();
	/* It needs nothing to judge. */
	memset(&self->res, 0, sizeof(self->res));
	TWO_STEPS(SET_MAX("a", 90000, 100000));
	run(self);
	EXPECT_PASS();
}

TEST(cpu_stat)
{
	uint64_t ns = 0;

	EXPECT_TRUE(cgroup_used_parse("usage_usec 12\nuser_usec 1\n", &ns));
	EXPECT_EQ(12000, ns);
	EXPECT_TRUE(cgroup_used_parse("a b\nusage_usec 7", &ns));
	EXPECT_EQ(7000, ns);
	EXPECT_FALSE(cgroup_used_parse("", &ns));
	EXPECT_FALSE(cgroup_used_parse("core_usage_usec 1\n", &ns));
}

/* --- payloads ------------------------------------------------------------- */

static const struct ktstr_payload absent = {
	.name = "absent", .program = "/nowhere/absent", .cure = "nothing helps",
};

TEST_F(ops, a_payload_that_is_not_there)
{
	TWO_STEPS(RUN_PAYLOAD(&absent, "a"), WAIT_PAYLOAD(&absent, 5000));
	run(self);
	EXPECT_FAIL(CAUSE_PAYLOAD, "payload absent ended with exit code 127, must be 0");
	EXPECT_EQ(3, fake_count("write ktstr/a/cgroup.procs"));
}

static const struct ktstr_payload expected = {
	.name = "expected", .program = "expected", .cure = "nothing helps", .exit_code = 127,
};

TEST_F(ops, a_payload_is_judged_even_if_nobody_waits)
{
	/* The other one begins after it, and must have ended: on a busy host, too, that takes long enough. */
	self->test.steps = STEPS({ .ops = OPS(RUN_PAYLOAD(&absent, NULL),
					      RUN_PAYLOAD(&expected, NULL),
					      WAIT_PAYLOAD(&expected, 5000)),
				   .hold = HOLD_FIXED(500) });
	run(self);
	EXPECT_FAIL(CAUSE_PAYLOAD, "payload absent ended with exit code 127");
}

TEST(numbers)
{
	double val = -1;

	EXPECT_TRUE(payload_number("Time: 0.522\n", "Time:", &val));
	EXPECT_EQ(.522, val);
	EXPECT_TRUE(payload_number("x=1\nx = 2.5e1 ms", "x", &val));
	EXPECT_EQ(25, val);
	EXPECT_TRUE(payload_number("ops 5\nops none", "ops", &val));
	EXPECT_EQ(5, val);
	EXPECT_FALSE(payload_number("ops none", "ops", &val));
	EXPECT_FALSE(payload_number("ops nan ops inf", "ops", &val));
	EXPECT_FALSE(payload_number("", "ops", &val));
	/* Of the line of the key, not of the next one. */
	EXPECT_FALSE(payload_number("ops\n5", "ops", &val));
}

TEST(paths)
{
	char buf[64];

	EXPECT_STREQ("/payload/absent/absent",
		     payload_path(&absent, absent.program, buf, sizeof(buf)));
	EXPECT_STREQ("/payload/absent/data.txt",
		     payload_path(&absent, "../data.txt", buf, sizeof(buf)));
}

TEST_HARNESS_MAIN
