// SPDX-License-Identifier: GPL-2.0
/*
 * test_plan.c - test x topology x flag profile
 */
#include <string.h>
#include "kselftest_harness.h"
#include "../guest/expect.h"
#include "../runner/plan.h"

KTSTR_FLAG(llc, "--llc");
KTSTR_FLAG(steal, "--steal", .requires = FLAGS(&llc));
KTSTR_FLAG(borrow, NULL);
KTSTR_USER_FLAG(rebal);
KTSTR_USER_FLAG(pin, .requires = FLAGS(&rebal));

#define HELD	.steps = STEPS({ .hold = HOLD_FULL })

static const struct ktstr_test plain = { .name = "plain", .desc = "d", HELD };
static const struct ktstr_test big = {
	.name = "big",
	.desc = "d",
	.topology = "2n4l2c2t",
	.min_cpus = 16,
	.min_llcs = 4,
	.min_nodes = 2,
	.needs_smt = true,
	.memory_mb = 1024,
	HELD,
};
static const struct ktstr_test hidden = {
	.name = "hidden", .desc = "d", .not_default = true, HELD
};
static const struct ktstr_test flags = {
	.name = "flags", .desc = "d", .flags = FLAGS(&llc, &steal, &borrow),
};
static const char *const own_args[] = { "--own", NULL };
static const struct ktstr_test own_sched = {
	.name = "own_sched",
	.desc = "d",
	.sched = "fifo",
	.sched_args = own_args,
	.flags = FLAGS(&llc),
	.fault = JOB_FAULT_WARN,
};
static const struct ktstr_test no_sched = { .name = "no_sched", .desc = "d", .sched = "none" };
static const struct ktstr_test steps = {
	.name = "steps",
	.desc = "d",
	.duration_ms = 1000,
	.settle_ms = 100,
	.steps = STEPS({ .hold = HOLD_FRAC(.5) }, { .hold = HOLD_FIXED(3000) },
		       { .hold = HOLD_LOOP(10) }),
};

static const struct ktstr_test user = {
	.name = "user", .desc = "d", .flags = FLAGS(&rebal, &pin),
	.expect = { .max_gap_ms = 70 },
};
static const struct ktstr_test missing = { .name = "missing", .desc = "d", .flags = FLAGS(&steal) };

static const struct ktstr_test *const all[] = {
	&plain, &big, &hidden, &flags, &own_sched, &no_sched, &steps, &user,
};

FIXTURE(expand) {
	struct options opts;
	struct plan plan;
	struct err err;
};

FIXTURE_SETUP(expand)
{
	memset(self, 0, sizeof(*self));
	self->opts.seed = 7;
	self->opts.accel = "auto";
	self->opts.jobs = 1;
}

FIXTURE_TEARDOWN(expand)
{
	plan_free(&self->plan);
}

static int build(FIXTURE_DATA(expand) *self)
{
	memset(&self->err, 0, sizeof(self->err));
	return plan_build(all, ARRAY_SIZE(all), &self->opts, &self->plan, &self->err);
}

static const struct plan_instance *find(const struct plan *plan, const char *name)
{
	unsigned int i;

	for (i = 0; i < plan->nr; i++)
		if (!strcmp(plan->inst[i].name, name))
			return &plan->inst[i];
	return NULL;
}

TEST_F(expand, names_and_order)
{
	ASSERT_EQ(0, build(self));
	EXPECT_STREQ("plain.1n2l2c1t.default", self->plan.inst[0].name);
	EXPECT_STREQ("big.2n4l2c2t.default", self->plan.inst[1].name);
	EXPECT_EQ(NULL, find(&self->plan, "hidden.1n2l2c1t.default"));
	/* No scheduler, so flags make no difference. */
	EXPECT_NE(NULL, find(&self->plan, "flags.1n2l2c1t.default"));
	EXPECT_EQ(NULL, find(&self->plan, "flags.1n2l2c1t.llc"));
	/* But this one brings its own. */
	EXPECT_NE(NULL, find(&self->plan, "own_sched.1n2l2c1t.llc"));
	EXPECT_EQ(8, self->plan.nr);
}

TEST_F(expand, profiles_keep_to_requirements)
{
	self->opts.sched_kind = SCHED_KIND_BINARY;
	self->opts.sched = "/x/scx_test";
	self->opts.filters[self->opts.nr_filters++] = "flags";
	ASSERT_EQ(0, build(self));
	ASSERT_EQ(6, self->plan.nr);
	EXPECT_STREQ("flags.1n2l2c1t.default", self->plan.inst[0].name);
	EXPECT_STREQ("flags.1n2l2c1t.llc", self->plan.inst[1].name);
	EXPECT_STREQ("flags.1n2l2c1t.llc-steal", self->plan.inst[2].name);
	EXPECT_STREQ("flags.1n2l2c1t.borrow", self->plan.inst[3].name);
	EXPECT_STREQ("flags.1n2l2c1t.llc-borrow", self->plan.inst[4].name);
	EXPECT_STREQ("flags.1n2l2c1t.llc-steal-borrow", self->plan.inst[5].name);
}

/* What the user does not say of a scheduler it does not have. */
TEST_F(expand, flags_of_the_user)
{
	struct job job;

	self->opts.sched_kind = SCHED_KIND_BINARY;
	self->opts.sched = "/x/scx_test";
	self->opts.filters[self->opts.nr_filters++] = "user";
	ASSERT_EQ(0, build(self));
	ASSERT_EQ(1, self->plan.nr);
	EXPECT_STREQ("user.1n2l2c1t.default", self->plan.inst[0].name);
	plan_free(&self->plan);

	self->opts.sched_flags[self->opts.nr_sched_flags++] = "pin=--pin=1";
	EXPECT_EQ(-EINVAL, build(self));
	EXPECT_STREQ("--sched-flag pin=--pin=1 needs --sched-flag rebal", self->err.msg);

	self->opts.sched_flags[self->opts.nr_sched_flags++] = "rebal";
	ASSERT_EQ(0, build(self));
	ASSERT_EQ(3, self->plan.nr);
	EXPECT_STREQ("user.1n2l2c1t.rebal", self->plan.inst[1].name);
	EXPECT_STREQ("user.1n2l2c1t.rebal-pin", self->plan.inst[2].name);
	ASSERT_EQ(0, plan_job(&self->plan.inst[1], &self->opts, &job, &self->err));
	EXPECT_EQ(0, job.nr_sched_args);
	ASSERT_EQ(0, plan_job(&self->plan.inst[2], &self->opts, &job, &self->err));
	ASSERT_EQ(1, job.nr_sched_args);
	EXPECT_STREQ("--pin=1", job.sched_args);
	plan_free(&self->plan);

	/* A flag whose argument the test gives is not the user's to give. */
	self->opts.sched_flags[0] = "llc";
	EXPECT_EQ(-ENOENT, build(self));
	EXPECT_NE(NULL, strstr(self->err.msg, "--sched-flag llc: no test")) {
		TH_LOG("%s", self->err.msg);
	}
	self->opts.flags_shared = true;
	ASSERT_EQ(0, build(self));
	EXPECT_EQ(2, self->plan.nr);
}

/* A limit that is meant for some tests, and for this program, has some. */
TEST_F(expand, limits_of_some_tests)
{
	self->opts.sched_expect = "gap=50,st?ps:gap=60,usre:gap=70";
	ASSERT_EQ(0, build(self));
	plan_free(&self->plan);
	self->opts.expect_own = true;
	EXPECT_EQ(-ENOENT, build(self));
	EXPECT_NE(NULL, strstr(self->err.msg, "'usre:' matches no test; near: user,")) {
		TH_LOG("%s", self->err.msg);
	}
	self->opts.sched_expect = "gap=50,st?ps:gap=60";
	ASSERT_EQ(0, build(self));
}

static const struct ktstr_payload payload = { .name = "p", .program = "p", .cure = "c" };
static const struct ktstr_test waits = {
	.name = "waits",
	.desc = "d",
	.duration_ms = 1000,
	.steps = STEPS({ .ops = OPS(RUN_PAYLOAD(&payload, NULL), WAIT_PAYLOAD(&payload, 70000)),
			 .hold = HOLD_FIXED(1) },
		       { .ops = OPS(RUN_PAYLOAD(&payload, NULL), WAIT_PAYLOAD(&payload, 100)),
			 .hold = HOLD_LOOP(500) }),
};

/* That is no time that it is known to take. */
TEST_F(expand, waits_for_payloads)
{
	const struct ktstr_test *test = &waits;

	ASSERT_EQ(0, plan_build(&test, 1, &self->opts, &self->plan, &self->err));
	EXPECT_EQ(1001, self->plan.inst[0].run_ms);
	EXPECT_EQ(70000 + 2 * 100, self->plan.inst[0].wait_ms);
}

TEST_F(expand, limits_of_the_scheduler)
{
	struct job job;

	self->opts.sched_expect = "gap=50,dsq-depth=9";
	ASSERT_EQ(0, expect_parse(self->opts.sched_expect, NULL, &self->opts.expect, &self->err));
	ASSERT_EQ(0, build(self));
	EXPECT_EQ(50, find(&self->plan, "plain.1n2l2c1t.default")->expect.max_gap_ms);
	EXPECT_EQ(70, find(&self->plan, "user.1n2l2c1t.default")->expect.max_gap_ms);
	EXPECT_EQ(9, find(&self->plan, "user.1n2l2c1t.default")->expect.max_dsq_depth);
	ASSERT_EQ(0, plan_job(find(&self->plan, "user.1n2l2c1t.default"), &self->opts, &job,
			      &self->err));
	EXPECT_STREQ("gap=50,dsq-depth=9", job.sched_expect);
	/* They are said of the user's scheduler, not of one that a test brings. */
	EXPECT_EQ(0, find(&self->plan, "own_sched.1n2l2c1t.default")->expect.max_gap_ms);
	ASSERT_EQ(0, plan_job(find(&self->plan, "own_sched.1n2l2c1t.default"), &self->opts, &job,
			      &self->err));
	EXPECT_STREQ("", job.sched_expect);
}

static const struct ktstr_test weighs = {
	.name = "weighs", .desc = "d", .claims = CLAIM_CPU_WEIGHT | CLAIM_CPU_MAX,
};
static const struct ktstr_test kills = { .name = "kills", .desc = "d", .claims = CLAIM_KILL };

TEST_F(expand, claims)
{
	static const struct ktstr_test *const tests[] = { &weighs, &kills };
	static const struct {
		const char *said;
		const char *weighs, *kills;	/* in the reason of the skip; NULL: it runs */
	} cases[] = {
		{ NULL, "honour cpu.weight (--sched-expect cpu-weight=on)", NULL },
		{ "gap=5", "honour cpu.weight", NULL },
		{ "cpu-weight=on", "honour cpu.max (--sched-expect cpu-max=on)", NULL },
		{ "cpu-weight=on,cpu-max=on", NULL, NULL },
		{ "kill=off", "honour cpu.weight", "does not promise that tasks run on" },
		{ "k*:run=off", "honour cpu.weight", "fifo that it cannot run this" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		self->opts.sched_kind = SCHED_KIND_BUILTIN;
		self->opts.sched = "fifo";
		self->opts.sched_expect = cases[i].said;
		memset(&self->opts.expect, 0, sizeof(self->opts.expect));
		if (cases[i].said)
			ASSERT_EQ(0, expect_parse(cases[i].said, NULL, &self->opts.expect, &self->err));
		ASSERT_EQ(0, plan_build(tests, 2, &self->opts, &self->plan, &self->err));
		ASSERT_EQ(2, self->plan.nr);
		EXPECT_EQ(!cases[i].weighs, !self->plan.inst[0].skip[0]);
		EXPECT_EQ(!cases[i].kills, !self->plan.inst[1].skip[0]);
		EXPECT_NE(NULL, strstr(self->plan.inst[0].skip, cases[i].weighs ?: ""));
		EXPECT_NE(NULL, strstr(self->plan.inst[1].skip, cases[i].kills ?: ""));
		plan_free(&self->plan);
	}
	/* The kernel's own does all of it. */
	self->opts.sched_kind = SCHED_KIND_NONE;
	ASSERT_EQ(0, plan_build(tests, 2, &self->opts, &self->plan, &self->err));
	EXPECT_STREQ("", self->plan.inst[0].skip);
	EXPECT_STREQ("", self->plan.inst[1].skip);
}

static const struct ktstr_test must_fail = {
	.name = "must_fail", .desc = "d", .expect = { .max_gap_ms = 800 },
	.expect_fail = { .cause = CAUSE_STUCK },
};

/* Where it is not judged, nothing fails that must: that is not the scheduler's fault. */
TEST_F(expand, must_fail_for_what_is_off)
{
	static const struct ktstr_test *const tests[] = { &must_fail, &weighs };
	static const struct {
		const char *said, *skip;
	} cases[] = {
		{ "gap=9", NULL }, { "spread=off,stop=off,starvation=off", NULL },
		{ "gap=off", "must fail for 'stuck', but gap is off for scheduler fifo" },
		{ "other_*:gap=off", NULL }, { "must_*:gap=off", "gap is off" },
	};
	unsigned int i;

	self->opts.sched_kind = SCHED_KIND_BUILTIN;
	self->opts.sched = "fifo";
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		self->opts.sched_expect = cases[i].said;
		ASSERT_EQ(0, plan_build(tests, 2, &self->opts, &self->plan, &self->err));
		EXPECT_EQ(!cases[i].skip, !self->plan.inst[0].skip[0]);
		EXPECT_NE(NULL, strstr(self->plan.inst[0].skip, cases[i].skip ?: ""));
		EXPECT_EQ(NULL, strstr(self->plan.inst[1].skip, "must fail"));
		plan_free(&self->plan);
	}
	/* It may be said of the kernel's own, too. */
	self->opts.sched_kind = SCHED_KIND_NONE;
	self->opts.sched = NULL;
	ASSERT_EQ(0, plan_build(tests, 2, &self->opts, &self->plan, &self->err));
	EXPECT_NE(NULL, strstr(self->plan.inst[0].skip, "gap is off for scheduler none"));
}

TEST_F(expand, all_of_them)
{
	self->opts.all = true;
	ASSERT_EQ(0, build(self));
	EXPECT_NE(NULL, find(&self->plan, "hidden.1n2l2c1t.default"));
	EXPECT_EQ(9, self->plan.nr);
	plan_free(&self->plan);
	/* What -t says is still a choice. */
	self->opts.filters[self->opts.nr_filters++] = "plain";
	ASSERT_EQ(0, build(self));
	EXPECT_EQ(1, self->plan.nr);
}

static const struct ktstr_payload bench = { .program = "hackbench" };
static const struct ktstr_payload own = { .program = "/a/b/own" };
static const struct ktstr_payload owner = { .program = "ow" };
static const struct ktstr_test more = {
	.min_cpus = 2, .claims = CLAIM_CPU_WEIGHT | CLAIM_KILL,
	.steps = STEPS({ .ops = OPS(RUN_PAYLOAD(&bench, NULL)), .hold = HOLD_FIXED(1) },
		       { .ops = OPS(WAIT_PAYLOAD(&bench, 1), RUN_PAYLOAD(&bench, NULL),
				    RUN_PAYLOAD(&own, NULL), RUN_PAYLOAD(&bench, "x"),
				    RUN_PAYLOAD(&owner, NULL)), .hold = HOLD_FIXED(1) }),
};

TEST(needs)
{
	static const struct ktstr_test scx = { .needs_scx = true };
	char buf[128];

	EXPECT_STREQ("-", plan_needs(&plain, buf, sizeof(buf)));
	EXPECT_STREQ("16 CPUs, 4 LLCs, 2 nodes, 1024 MB, SMT", plan_needs(&big, buf, sizeof(buf)));
	EXPECT_STREQ("sched_ext", plan_needs(&scx, buf, sizeof(buf)));
	EXPECT_STREQ("2 CPUs, cpu-weight, kill, hackbench, own, ow", plan_needs(&more, buf, sizeof(buf)));
	EXPECT_STREQ("2 CPUs, c", plan_needs(&more, buf, 10));
}

TEST_F(expand, filters)
{
	self->opts.filters[self->opts.nr_filters++] = "hid*";
	self->opts.filters[self->opts.nr_filters++] = "own_sched.*.llc";
	ASSERT_EQ(0, build(self));
	ASSERT_EQ(2, self->plan.nr);
	EXPECT_STREQ("hidden.1n2l2c1t.default", self->plan.inst[0].name);
	EXPECT_STREQ("own_sched.1n2l2c1t.llc", self->plan.inst[1].name);
}

TEST_F(expand, filter_without_match)
{
	self->opts.filters[self->opts.nr_filters++] = "plain";
	self->opts.filters[self->opts.nr_filters++] = "own_shed";
	ASSERT_EQ(-ENOENT, build(self));
	EXPECT_NE(NULL, strstr(self->err.msg, "'own_shed'")) TH_LOG("%s", self->err.msg);
	EXPECT_NE(NULL, strstr(self->err.msg, "near: own_sched")) TH_LOG("%s", self->err.msg);
	EXPECT_EQ(0, self->plan.nr);
}

/* A variable is for all programs of a collection, each of which has some of the tests. */
TEST_F(expand, shared_filter_without_match)
{
	self->opts.filters_shared = true;
	self->opts.filters[self->opts.nr_filters++] = "plain";
	self->opts.filters[self->opts.nr_filters++] = "elsewhere";
	ASSERT_EQ(0, build(self));
	EXPECT_EQ(1, self->plan.nr);
	plan_free(&self->plan);
	self->opts.filters[0] = "elsewhere";
	ASSERT_EQ(0, build(self));
	EXPECT_EQ(0, self->plan.nr);
	EXPECT_NE(NULL, strstr(self->plan.none, "KTSTR_FILTER matches no test"));
}

TEST_F(expand, static_skips)
{
	ASSERT_EQ(0, topology_parse("1n1l2c1t", self->opts.topologies, NULL));
	self->opts.nr_topologies = 1;
	self->opts.filters[self->opts.nr_filters++] = "big";
	ASSERT_EQ(0, build(self));
	EXPECT_STREQ("big.1n1l2c1t.default", self->plan.inst[0].name);
	EXPECT_STREQ("needs 16 CPUs, the topology has 2", self->plan.inst[0].skip);
	plan_free(&self->plan);

	ASSERT_EQ(0, topology_parse("1n1l16c1t", self->opts.topologies, NULL));
	ASSERT_EQ(0, build(self));
	EXPECT_STREQ("needs 4 LLCs, the topology has 1", self->plan.inst[0].skip);
	plan_free(&self->plan);

	ASSERT_EQ(0, topology_parse("1n4l4c1t", self->opts.topologies, NULL));
	ASSERT_EQ(0, build(self));
	EXPECT_STREQ("needs 2 NUMA nodes, the topology has 1", self->plan.inst[0].skip);
	plan_free(&self->plan);

	ASSERT_EQ(0, topology_parse("2n4l4c1t", self->opts.topologies, NULL));
	ASSERT_EQ(0, build(self));
	EXPECT_NE(NULL, strstr(self->plan.inst[0].skip, "SMT"));
	plan_free(&self->plan);

	ASSERT_EQ(0, topology_parse("2n4l2c2t", self->opts.topologies, NULL));
	ASSERT_EQ(0, build(self));
	EXPECT_STREQ("", self->plan.inst[0].skip);
}

static const struct ktstr_test third_cpu = {
	.name = "third_cpu", .desc = "d",
	.steps = STEPS({ .cgroups = CGROUPS({ "cg", CPUSET_EXACT("2"), { } }), .hold = HOLD_FULL }),
};
static const struct ktstr_test turns = {
	.name = "turns", .desc = "d",
	.steps = STEPS({ .hold = HOLD_FIXED(500) },
		       { .ops = OPS(ADD_CGROUP("cg"), REMOVE_CGROUP("cg")), .hold = HOLD_LOOP(100) }),
};

/* Legal as declared, but not as the user wants it. */
TEST_F(expand, what_is_illegal_elsewhere)
{
	static const struct ktstr_test *const tests[] = { &third_cpu, &turns };

	ASSERT_EQ(0, plan_build(tests, 2, &self->opts, &self->plan, &self->err));
	EXPECT_STREQ("", self->plan.inst[0].skip);
	EXPECT_STREQ("", self->plan.inst[1].skip);
	plan_free(&self->plan);

	ASSERT_EQ(0, topology_parse("1n1l2c1t", &self->opts.topologies[0], NULL));
	self->opts.nr_topologies = 1;
	ASSERT_EQ(0, plan_build(tests, 2, &self->opts, &self->plan, &self->err));
	EXPECT_STREQ("cannot run like this: step 0, cgroup cg: CPUs 2: not all of them are online",
		     self->plan.inst[0].skip);
	EXPECT_STREQ("", self->plan.inst[1].skip);
	plan_free(&self->plan);

	self->opts.nr_topologies = 0;
	self->opts.duration_ms = 550;
	ASSERT_EQ(0, plan_build(tests, 2, &self->opts, &self->plan, &self->err));
	EXPECT_STREQ("", self->plan.inst[0].skip);
	EXPECT_NE(NULL, strstr(self->plan.inst[1].skip, "has no turn in 550 ms"));
}

TEST_F(expand, each_test_on_each_topology)
{
	static const char *const names[] = {
		"plain.1n1l2c1t.default", "big.1n1l2c1t.default", "plain.2n4l2c2t.default",
		"big.2n4l2c2t.default",
	};
	unsigned int i;

	ASSERT_EQ(0, topology_parse("1n1l2c1t", &self->opts.topologies[0], NULL));
	ASSERT_EQ(0, topology_parse("2n4l2c2t", &self->opts.topologies[1], NULL));
	self->opts.nr_topologies = 2;
	self->opts.filters[self->opts.nr_filters++] = "plain";
	self->opts.filters[self->opts.nr_filters++] = "big";
	ASSERT_EQ(0, build(self));
	ASSERT_EQ(ARRAY_SIZE(names), self->plan.nr);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		EXPECT_STREQ(names[i], self->plan.inst[i].name);
	EXPECT_EQ(2, topology_nr_cpus(&self->plan.inst[0].topo));
	EXPECT_NE('\0', self->plan.inst[1].skip[0]);
	EXPECT_EQ(16, topology_nr_cpus(&self->plan.inst[2].topo));
	EXPECT_STREQ("", self->plan.inst[3].skip);
	plan_free(&self->plan);

	/* A name that is there on one of them only is a match. */
	self->opts.nr_filters = 0;
	self->opts.filters[self->opts.nr_filters++] = "plain.2n*";
	ASSERT_EQ(0, build(self));
	ASSERT_EQ(1, self->plan.nr);
	EXPECT_STREQ("plain.2n4l2c2t.default", self->plan.inst[0].name);
}

/* What makes a machine another one is in the name, in characters that are fit for a file. */
TEST_F(expand, topology_in_names)
{
	static const struct ktstr_test cxl = {
		.name = "cxl", .desc = "d", .topology = "2n2l1c1t1m-21-30-017",
	};
	const struct ktstr_test *test = &cxl;
	struct job job;

	ASSERT_EQ(0, plan_build(&test, 1, &self->opts, &self->plan, &self->err)) {
		TH_LOG("%s", self->err.msg);
	}
	EXPECT_STREQ("cxl.2n2l1c1t1m-21-30-17.default", self->plan.inst[0].name);
	ASSERT_EQ(0, plan_job(&self->plan.inst[0], &self->opts, &job, &self->err));
	EXPECT_STREQ("2n2l1c1t1m-21-30-17", job.topology);
}

TEST_F(expand, memory_grows_with_nodes)
{
	ASSERT_EQ(0, topology_parse("1n1l1c1t15m", self->opts.topologies, NULL));
	self->opts.nr_topologies = 1;
	ASSERT_EQ(0, build(self));
	ASSERT_EQ(0, plan_memory(&self->plan, &self->opts, 10 * MIB, MIB, 64 * GIB, &self->err));
	EXPECT_GE(self->plan.inst[0].mem_bytes, 16 * 64 * MIB);
}

TEST_F(expand, durations)
{
	const struct plan_instance *inst;

	ASSERT_EQ(0, build(self));
	inst = find(&self->plan, "plain.1n2l2c1t.default");
	ASSERT_NE(NULL, inst);
	EXPECT_EQ(KTSTR_DURATION_MS, inst->duration_ms);
	EXPECT_EQ(KTSTR_DURATION_MS, inst->run_ms);
	inst = find(&self->plan, "steps.1n2l2c1t.default");
	ASSERT_NE(NULL, inst);
	EXPECT_EQ(1000, inst->duration_ms);
	EXPECT_EQ(500 + 3000 + 1000 + 100, inst->run_ms);
	plan_free(&self->plan);

	self->opts.duration_ms = 4000;
	ASSERT_EQ(0, build(self));
	inst = find(&self->plan, "steps.1n2l2c1t.default");
	ASSERT_NE(NULL, inst);
	EXPECT_EQ(4000, inst->duration_ms);
	EXPECT_EQ(2000 + 3000 + 4000 + 100, inst->run_ms);
}

TEST_F(expand, wrong_declarations)
{
	static const struct ktstr_test no_desc = { .name = "no_desc" };
	static const struct ktstr_test bad_name = { .name = "bad name", .desc = "d" };
	static const struct ktstr_test bad_topo = { .name = "bad_topo",
						    .desc = "d",
						    .topology = "1x" };
	static const struct {
		const struct ktstr_test *test;
		const char *says;
	} rows[] = {
		{ &no_desc, "no_desc: has no description" },
		{ &bad_name, "'bad name'" },
		{ &bad_topo, "test bad_topo: " },
		{ &missing, "steal requires llc" },
	};
	const struct ktstr_test *twice[] = { &plain, &plain };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		memset(&self->err, 0, sizeof(self->err));
		EXPECT_LT(plan_build(&rows[i].test, 1, &self->opts, &self->plan, &self->err), 0);
		EXPECT_NE(NULL, strstr(self->err.msg, rows[i].says)) TH_LOG("%s", self->err.msg);
	}
	EXPECT_EQ(-EEXIST, plan_build(twice, 2, &self->opts, &self->plan, &self->err));
}

TEST_F(expand, memory_default)
{
	const uint64_t kernel = 12 * MIB, initramfs = 3 * MIB;
	unsigned int i;

	ASSERT_EQ(0, build(self));
	ASSERT_EQ(0,
		  plan_memory(&self->plan, &self->opts, kernel, initramfs, 900 * MIB, &self->err));
	for (i = 0; i < self->plan.nr; i++) {
		EXPECT_EQ(0, self->plan.inst[i].mem_bytes % (2 * MIB));
		EXPECT_GE(self->plan.inst[i].mem_bytes, 512 * MIB);
	}
	EXPECT_STREQ("", self->plan.inst[0].skip);
	/* "big" wants 1024 MB. */
	EXPECT_EQ(1024 * MIB, self->plan.inst[1].mem_bytes);
	EXPECT_STREQ("needs 1024 MB for its guest, this machine has 900 MB free",
		     self->plan.inst[1].skip);
}

TEST_F(expand, memory_grows_with_cpus)
{
	ASSERT_EQ(0, topology_parse("1n1l64c1t", self->opts.topologies, NULL));
	self->opts.nr_topologies = 1;
	ASSERT_EQ(0, build(self));
	ASSERT_EQ(0, plan_memory(&self->plan, &self->opts, 10 * MIB, MIB, 64 * GIB, &self->err));
	EXPECT_GE(self->plan.inst[0].mem_bytes, 64 * 32 * MIB);
	/* The user asked for this machine, so it is an error and no skip. */
	EXPECT_EQ(-ENOMEM,
		  plan_memory(&self->plan, &self->opts, 10 * MIB, MIB, 2 * GIB, &self->err));
	EXPECT_NE(NULL, strstr(self->err.msg, "this machine has 2048 MB"))
		TH_LOG("%s", self->err.msg);
}

TEST_F(expand, memory_asked_for)
{
	ASSERT_EQ(0, build(self));
	self->opts.memory_mb = 100;
	EXPECT_EQ(-EINVAL,
		  plan_memory(&self->plan, &self->opts, 10 * MIB, MIB, 64 * GIB, &self->err));
	EXPECT_NE(NULL, strstr(self->err.msg, "100 MB is too small")) TH_LOG("%s", self->err.msg);
	memset(&self->err, 0, sizeof(self->err));
	self->opts.memory_mb = 4096;
	EXPECT_EQ(-ENOMEM,
		  plan_memory(&self->plan, &self->opts, 10 * MIB, MIB, 2 * GIB, &self->err));
	EXPECT_NE(NULL, strstr(self->err.msg, "2048 MB")) TH_LOG("%s", self->err.msg);
	self->opts.memory_mb = 701;
	EXPECT_EQ(0, plan_memory(&self->plan, &self->opts, 10 * MIB, MIB, 64 * GIB, &self->err));
	EXPECT_EQ(702 * MIB, self->plan.inst[0].mem_bytes);
	EXPECT_EQ(1024 * MIB, self->plan.inst[1].mem_bytes);
}

/* The @n-th argument of a job. */
static const char *job_arg(const struct job *job, unsigned int n)
{
	const char *arg = job->sched_args;

	while (n--)
		arg += strlen(arg) + 1;
	return arg;
}

TEST_F(expand, job)
{
	struct job job;

	self->opts.sched_kind = SCHED_KIND_BINARY;
	self->opts.sched = "/x/scx_test";
	self->opts.sched_args[self->opts.nr_sched_args++] = "-u";
	self->opts.duration_ms = 1234;
	ASSERT_EQ(0, build(self));

	ASSERT_EQ(0, plan_job(find(&self->plan, "flags.1n2l2c1t.llc-steal-borrow"), &self->opts,
			      &job, NULL));
	EXPECT_EQ(0, atomic_load(&job.magic));
	EXPECT_STREQ("flags", job.test);
	EXPECT_STREQ("1n2l2c1t", job.topology);
	EXPECT_EQ(7, job.seed);
	EXPECT_EQ(1234, job.duration_ms);
	EXPECT_EQ(SCHED_KIND_BINARY, job.sched_kind);
	EXPECT_STREQ("scx_test", job.sched_name);
	ASSERT_EQ(3, job.nr_sched_args);
	EXPECT_STREQ("-u", job_arg(&job, 0));
	EXPECT_STREQ("--llc", job_arg(&job, 1));
	EXPECT_STREQ("--steal", job_arg(&job, 2));

	/* A test that brings a scheduler brings its arguments too. */
	ASSERT_EQ(0,
		  plan_job(find(&self->plan, "own_sched.1n2l2c1t.llc"), &self->opts, &job, NULL));
	EXPECT_EQ(SCHED_KIND_BUILTIN, job.sched_kind);
	EXPECT_STREQ("fifo", job.sched_name);
	EXPECT_EQ(JOB_FAULT_WARN, job.fault);
	ASSERT_EQ(2, job.nr_sched_args);
	EXPECT_STREQ("--own", job_arg(&job, 0));
	EXPECT_STREQ("--llc", job_arg(&job, 1));

	ASSERT_EQ(0, plan_job(find(&self->plan, "no_sched.1n2l2c1t.default"), &self->opts, &job,
			      NULL));
	EXPECT_EQ(SCHED_KIND_NONE, job.sched_kind);
	EXPECT_EQ(0, job.nr_sched_args);
}

TEST_F(expand, job_arguments_do_not_fit)
{
	static char long_arg[JOB_ARGS_LEN];
	struct job job;

	memset(long_arg, 'x', sizeof(long_arg) - 1);
	self->opts.sched_kind = SCHED_KIND_BINARY;
	self->opts.sched = "/x/s";
	self->opts.sched_args[self->opts.nr_sched_args++] = long_arg;
	ASSERT_EQ(0, build(self));
	EXPECT_EQ(0,
		  plan_job(find(&self->plan, "flags.1n2l2c1t.default"), &self->opts, &job, NULL));
	EXPECT_EQ(-E2BIG,
		  plan_job(find(&self->plan, "flags.1n2l2c1t.llc"), &self->opts, &job, NULL));
}

TEST_HARNESS_MAIN
