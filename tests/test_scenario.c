// SPDX-License-Identifier: GPL-2.0
/*
 * Whole scenarios, run here with real workers and a cgroup file system that lies
 * in memory.
 */
#include "../guest/work/work.h"
#include "declare.h"
#include "fake_guest.h"
#include "kselftest_harness.h"

/* --- steal ---------------------------------------------------------------- */

TEST(steal)
{
	struct steal before, after;

	steal_parse("cpu  1 2 3 4 5 6 7 80 9 10\ncpu0 1 2 3 4 5 6 7 10 9 10\n"
		    "cpu3 1 2 3 4 5 6 7 20 9 10\nintr 1\ncpu4 1 2\ncpu99999 1 2 3 4 5 6 7 8\n",
		    100, &before);
	EXPECT_EQ(100 * NSEC_PER_MSEC, before.ns[0]);
	EXPECT_EQ(0, before.ns[1]);
	EXPECT_EQ(200 * NSEC_PER_MSEC, before.ns[3]);
	EXPECT_EQ(0, before.ns[4]);
	steal_parse("cpu0 1 2 3 4 5 6 7 11 9 10\ncpu3 1 2 3 4 5 6 7 25 9 10", 100, &after);
	EXPECT_EQ(50 * NSEC_PER_MSEC, steal_worst(&before, &after));
	/* One that went backwards, and no text at all. */
	EXPECT_EQ(0, steal_worst(&after, &before));
	steal_parse("", 100, &after);
	EXPECT_EQ(0, steal_worst(&before, &after));
	steal_parse("cpu0 1 2 3 4 5 6 7 8\n", 0, &after);
	EXPECT_EQ(0, after.ns[0]);
}

/* --- whole scenarios ------------------------------------------------------ */

FIXTURE(run)
{
	struct guest g;
	struct shm host;
	struct msg_result res;
	struct ktstr_test test;
	void *window;
};

FIXTURE_SETUP(run)
{
	int ret;

	memset(self, 0, sizeof(*self));
	ret = fake_guest_create(&self->g);
	if (ret == -ENODEV)
		SKIP(return, "CPU 0 is not ours to use");
	ASSERT_EQ(0, ret);
	self->window = mmap(NULL, SHM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			    -1, 0);
	ASSERT_NE(MAP_FAILED, self->window);
	shm_format(&self->host, self->window);
	ASSERT_EQ(0, shm_attach(&self->g.shm, self->window));
	/* This machine is not ours alone. */
	self->test = TEST_OF(.duration_ms = 200,
			     .expect = { .max_spread_pct = 100, .max_gap_ms = 60000 });
}

FIXTURE_TEARDOWN(run)
{
	EXPECT_NOTHING_LEFT();
	munmap(self->window, SHM_SIZE);
	fake_destroy();
}

static void run(FIXTURE_DATA(run) *self)
{
	scenario_run_in(&self->g, NULL, &self->test, &fake_env, &self->res);
}

/* The next message of a type, or -1. */
static int next_message(FIXTURE_DATA(run) *self, uint32_t type, struct shm_frame *frame)
{
	while (shm_recv(&self->host, frame) == 1) {
		if (frame->type == type)
			return 0;
	}
	return -1;
}

TEST_F(run, passes_and_says_what_it_does)
{
	static struct shm_frame frame;
	struct msg_stimulus st;
	struct msg_stage stage;

	self->test.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_RANGE(0, 1), WORKERS(CPU_SPIN, 2) },
				     { "cg_1", CPUSET_NONE, WORKERS(PIPE_IO, 2) }),
		  .hold = HOLD_FRAC(.5), .keep = true },
		{ .ops = OPS(CLEAR_CPUSET("cg_0"), STOP_CGROUP("cg_1")),
		  .hold = HOLD_FRAC(.5) });
	self->test.expect.isolation = true;
	run(self);
	EXPECT_PASS();
	EXPECT_LE(200 * NSEC_PER_MSEC, self->res.run_ns);
	EXPECT_EQ(SHM_GST_STARTED | SHM_GST_STOPPED, atomic_load(&shm_header(&self->host)->guest));

	ASSERT_EQ(0, next_message(self, MSG_STAGE, &frame));
	memcpy(&stage, frame.payload, sizeof(stage));
	EXPECT_EQ(STAGE_SETUP, stage.stage);
	ASSERT_EQ(0, next_message(self, MSG_STAGE, &frame));
	memcpy(&stage, frame.payload, sizeof(stage));
	EXPECT_EQ(STAGE_RUN, stage.stage);
	ASSERT_EQ(0, next_message(self, MSG_STIMULUS, &frame));
	memcpy(&st, frame.payload, sizeof(st));
	EXPECT_EQ(0, st.step);
	EXPECT_EQ(0, st.nr_ops);
	EXPECT_EQ(2, st.nr_cgroups);
	EXPECT_EQ(4, st.nr_workers);
	ASSERT_EQ(0, next_message(self, MSG_STIMULUS, &frame));
	memcpy(&st, frame.payload, sizeof(st));
	EXPECT_EQ(1, st.step);
	EXPECT_EQ(2, st.nr_ops);
	EXPECT_EQ(1ULL << OP_CLEAR_CPUSET | 1ULL << OP_STOP_CGROUP, st.op_mask);
	EXPECT_EQ(2, st.nr_workers);
	EXPECT_LE(100 * NSEC_PER_MSEC, st.at_ns);
	EXPECT_LT(0, st.iterations);
	ASSERT_EQ(0, next_message(self, MSG_STAGE, &frame));
	memcpy(&stage, frame.payload, sizeof(stage));
	EXPECT_EQ(STAGE_COLLECT, stage.stage);

	EXPECT_EQ(2, fake_count("write ktstr/cg_0/cgroup.procs"));
	EXPECT_EQ(2, fake_count("write ktstr/cg_1/cgroup.procs"));
}

TEST_F(run, a_cgroup_for_each_cpu)
{
	unsigned int nr = self->g.nr_cpus > 2 ? self->g.nr_cpus - 1 : self->g.nr_cpus, i;
	char line[64];

	self->test.steps = STEPS(
		{ .cgroups = CGROUPS({ "a", CPUSET_EACH_CPU, WORKERS(CPU_SPIN, 1) }),
		  .hold = HOLD_FULL });
	run(self);
	EXPECT_PASS();
	for (i = 0; i < nr; i++) {
		snprintf(line, sizeof(line), "write ktstr/a/%u/cpuset.cpus %u", i, i);
		EXPECT_EQ(1, fake_count(line));
		snprintf(line, sizeof(line), "write ktstr/a/%u/cgroup.procs", i);
		EXPECT_EQ(1, fake_count(line));
	}
	snprintf(line, sizeof(line), "mkdir ktstr/a/%u", nr);
	EXPECT_EQ(0, fake_count(line));
}

TEST_F(run, without_weights)
{
	self->test.steps = STEPS({ .cgroups = CGROUPS({ "a/b", CPUSET_NONE, WORKERS(CPU_SPIN, 1) }),
				   .hold = HOLD_FULL });
	run(self);
	EXPECT_PASS();
	EXPECT_LE(0, fake_index("write ktstr/a/cgroup.subtree_control +cpuset +cpu"));
	fake->nr_lines = 0;
	self->test.no_cpu_controller = true;
	memset(&self->res, 0, sizeof(self->res));
	run(self);
	EXPECT_PASS();
	EXPECT_LE(0, fake_index("write cgroup.subtree_control +cpuset"));
	EXPECT_LE(0, fake_index("write ktstr/cgroup.subtree_control +cpuset"));
	EXPECT_LE(0, fake_index("write ktstr/a/cgroup.subtree_control +cpuset"));
}

/* What is said of the scheduler counts where the test is silent. */
TEST_F(run, limits_of_the_scheduler)
{
	self->test.steps = STEPS({ .cgroups = CGROUPS({ "a", CPUSET_NONE, WORKERS(CPU_SPIN, 1) }),
				   .hold = HOLD_FRAC(1.) });
	self->test.duration_ms = 600;
	strcpy(self->g.job.sched_expect, "gap=1,work-rate=1e12");
	run(self);
	EXPECT_FAIL(CAUSE_THROUGHPUT, "limit 1000000000000.0");
	self->test.expect.min_work_rate = 1e-6;
	memset(&self->res, 0, sizeof(self->res));
	run(self);
	EXPECT_PASS();
}

/* However many there are to be for each CPU: nobody is without a group. */
TEST_F(run, groups_are_whole)
{
	static struct shm_frame frame;
	struct msg_stimulus st;

	self->test.steps = STEPS(
		{ .cgroups = CGROUPS({ "a", CPUSET_NONE,
				       WORKERS_PER_CPU(WAKE_CHAIN, 1, .group = 5) },
				     { "b", CPUSET_NONE, WORKERS_PER_CPU(PIPE_IO, 1) },
				     { "c", CPUSET_NONE, WORKERS_PER_CPU(CPU_SPIN, 1) }),
		  .hold = HOLD_FULL });
	run(self);
	EXPECT_PASS();
	ASSERT_EQ(0, next_message(self, MSG_STIMULUS, &frame));
	memcpy(&st, frame.payload, sizeof(st));
	switch (self->g.nr_cpus) {
	case 1:
		EXPECT_EQ(5 + 2 + 1, st.nr_workers);
		break;
	case 4:
		/* The last one is not usable. */
		EXPECT_EQ(5 + 4 + 3, st.nr_workers);
		break;
	default:
		EXPECT_EQ(5 + 2 + 2, st.nr_workers);
	}
}

TEST_F(run, settling_comes_on_top)
{
	self->test.settle_ms = 100;
	self->test.steps = STEPS({ .cgroups = CGROUPS(ONE_SPINNER), .hold = HOLD_FULL });
	run(self);
	EXPECT_PASS();
	EXPECT_LE(300 * NSEC_PER_MSEC, self->res.run_ns);
}

TEST_F(run, duration_of_the_job)
{
	self->g.job.duration_ms = 50;
	self->test.steps = STEPS({ .cgroups = CGROUPS(ONE_SPINNER), .hold = HOLD_FULL });
	run(self);
	EXPECT_PASS();
	EXPECT_LE(50 * NSEC_PER_MSEC, self->res.run_ns);
	EXPECT_GT(190 * NSEC_PER_MSEC, self->res.run_ns);
}

TEST_F(run, lifetimes)
{
	self->test.backdrop = CGROUPS({ "back", CPUSET_NONE, WORKERS(CPU_SPIN, 1) });
	self->test.steps = STEPS(
		{ .cgroups = CGROUPS({ "short/deep", CPUSET_NONE, WORKERS(CPU_SPIN, 1) }),
		  .hold = HOLD_FIXED(20) },
		{ .cgroups = CGROUPS({ "kept", CPUSET_NONE, WORKERS(CPU_SPIN, 1) }),
		  .hold = HOLD_FIXED(20), .keep = true },
		{ .ops = OPS(SPAWN("kept", CPU_SPIN, 1)), .hold = HOLD_FIXED(20) });
	run(self);
	EXPECT_PASS();
	EXPECT_LT(fake_index("rmdir ktstr/short/deep"), fake_index("rmdir ktstr/short"));
	EXPECT_LT(fake_index("rmdir ktstr/short"), fake_index("mkdir ktstr/kept"));
	EXPECT_LT(fake_index("mkdir ktstr/kept"), fake_index("rmdir ktstr/kept"));
	EXPECT_LT(fake_index("rmdir ktstr/kept"), fake_index("rmdir ktstr/back"));
	EXPECT_EQ(2, fake_count("write ktstr/kept/cgroup.procs"));
}

TEST_F(run, every_operation)
{
	self->test.backdrop = CGROUPS({ "a", CPUSET_RANGE(0, 1), WORKERS(MIXED, 2) },
				      { "b", CPUSET_RANGE(0, 1), WORKERS(BURSTY, 1) });
	self->test.steps = STEPS(
		{ .hold = HOLD_FIXED(20) },
		{ .ops = OPS(ADD_CGROUP("x/y"), SPAWN("x/y", CPU_SPIN, 1), SPAWN_ROOT(CPU_SPIN, 1),
			     SPAWN_ROOT_PER_CPU(MIXED, .5), SWAP_CPUSETS("a", "b"),
			     SET_AFFINITY("a", RANDOM), SET_AFFINITY("a", SINGLE),
			     SET_AFFINITY("a", INHERIT), CLEAR_CPUSET("a"),
			     SET_CPUSET("a", CPUSET_EXACT("0")), CLEAR_CPUSET("a"),
			     MOVE_TASKS("a", "b"), REMOVE_CGROUP("a"), STOP_CGROUP("b"),
			     MOVE_TASKS("x/y", "x")),
		  .hold = HOLD_FIXED(50) });
	run(self);
	EXPECT_PASS();
	EXPECT_EQ(1, fake_count("write ktstr/x/cgroup.subtree_control -cpuset -cpu"));
	EXPECT_EQ(1, fake_count("write ktstr/x/cgroup.procs"));
	EXPECT_LT(fake_index("rmdir ktstr/a"), fake_index("rmdir ktstr/b"));
}

TEST_F(run, loop)
{
	self->test.duration_ms = 600;
	self->test.steps = STEPS(
		{ .ops = OPS(ADD_CGROUP("x"), SPAWN("x", CPU_SPIN, 1)), .hold = HOLD_FIXED(20),
		  .keep = true },
		{ .ops = OPS(REMOVE_CGROUP("x"), ADD_CGROUP("x"), SPAWN("x", CPU_SPIN, 1)),
		  .hold = HOLD_LOOP(30), .keep = true });
	run(self);
	EXPECT_PASS();
	/* At 0, 20, 50, 80, ... up to 600 ms; less on a busy machine. */
	EXPECT_LE(3, fake_count("mkdir ktstr/x"));
	EXPECT_GE(21, fake_count("mkdir ktstr/x"));
	EXPECT_EQ(fake_count("mkdir ktstr/x"), fake_count("rmdir ktstr/x"));
}

TEST_F(run, an_operation_fails)
{
	fake_fail("ktstr/a/cpuset.cpus", -EINVAL, 1);
	self->test.backdrop = CGROUPS({ "a", CPUSET_NONE, WORKERS(CPU_SPIN, 1) });
	self->test.steps = STEPS({ .hold = HOLD_FIXED(20) },
				 { .ops = OPS(SET_CPUSET("a", CPUSET_RANGE(0, 1))),
				   .hold = HOLD_FIXED(20) });
	run(self);
	EXPECT_FAIL(CAUSE_CGROUP, "step 1, operation 0 (set-cpuset) on a: cannot write \"0");
	EXPECT_NE(NULL, strstr(self->res.text, "Invalid argument"));
}

TEST_F(run, the_backdrop_fails)
{
	fake_fail("ktstr/a", -EACCES, 1);
	self->test.backdrop = CGROUPS({ "a", CPUSET_NONE, WORKERS(CPU_SPIN, 1) });
	self->test.steps = STEPS({ .hold = HOLD_FIXED(20) });
	run(self);
	EXPECT_FAIL(CAUSE_CGROUP, "backdrop: step 0, cgroup a: cannot make /fake/ktstr/a");
	EXPECT_EQ(0, atomic_load(&shm_header(&self->host)->guest));
}

TEST_F(run, a_worker_cannot_be_moved)
{
	fake_fail("ktstr/a/cgroup.procs", -EOPNOTSUPP, 1);
	self->test.steps = STEPS({ .cgroups = CGROUPS({ "a", CPUSET_NONE, WORKERS(CPU_SPIN, 3) }),
				   .hold = HOLD_FIXED(20) });
	run(self);
	EXPECT_FAIL(CAUSE_CGROUP, "cgroup.procs: Operation not supported");
}

TEST_F(run, no_controllers)
{
	fake_fail("subtree_control", -ENOENT, 1);
	self->test.steps = STEPS({ .hold = HOLD_FIXED(20) });
	run(self);
	EXPECT_FAIL(CAUSE_CGROUP, "cannot write \"+cpuset +cpu\" to /fake/cgroup.subtree_control");
}

TEST_F(run, bad_declaration)
{
	self->test.steps = STEPS({ .ops = OPS(STOP_CGROUP("a")), .hold = HOLD_FIXED(20) });
	run(self);
	EXPECT_FAIL(CAUSE_INFRA, "bad declaration: step 0, operation 0 (stop-cgroup) on a");
}

TEST_F(run, needs_more_than_there_is)
{
	self->test.topology = "1n1l64c1t";
	self->test.min_cpus = 64;
	self->test.steps = STEPS({ .hold = HOLD_FIXED(20) });
	run(self);
	EXPECT_RESULT(VERDICT_SKIP, CAUSE_NONE, "needs 64 CPUs, this guest has ");
	EXPECT_EQ(0, fake->nr_lines);
}

TEST_F(run, an_affinity_that_is_not_to_be_had)
{
	/* Legal on the topology of the test, but not online here. */
	self->test.topology = "1n1l64c1t";
	self->test.steps = STEPS({ .cgroups = CGROUPS({ "a", CPUSET_NONE,
					WORKERS(CPU_SPIN, 1,
						.affinity = { .kind = AFFINITY_EXACT,
							      .cpus = "63" }) }),
				   .hold = HOLD_FULL });
	run(self);
	EXPECT_FAIL(CAUSE_CGROUP, "CPUs 63: not all of them are online");
}

/* It may be expected that the kernel refuses a cgroup, not that there is no memory for one. */
TEST_F(run, too_small_for_its_test)
{
	self->test.steps = STEPS({ .ops = OPS(ADD_CGROUP("a")), .hold = HOLD_FULL });
	fake_fail("ktstr/a", -ENOMEM, 1);
	run(self);
	EXPECT_FAIL(CAUSE_INFRA, "operation 0 (add-cgroup) on a: cannot make");
	memset(&self->res, 0, sizeof(self->res));
	fake_fail("ktstr/a", -EPERM, 1);
	run(self);
	EXPECT_FAIL(CAUSE_CGROUP, "operation 0 (add-cgroup) on a: cannot make");
}

/* A declaration asks for what does not happen in its scenario. */
TEST_F(run, a_fault_that_never_comes)
{
	self->g.job.fault = JOB_FAULT_LEFT_BEHIND;
	self->test.steps = STEPS({ .hold = HOLD_FULL });
	run(self);
	EXPECT_FAIL(CAUSE_INFRA, "faults 0x10000 that the test asks for never came");
	/* What is done elsewhere is not missed here. */
	memset(&self->res, 0, sizeof(self->res));
	self->g.job.fault = JOB_FAULT_CUT_COM2 | JOB_FAULT_NO_WINDOW;
	run(self);
	EXPECT_PASS();
}

TEST_F(run, starved)
{
	self->test.duration_ms = 600;
	self->g.job.fault = JOB_FAULT_STARVE;
	self->test.steps = STEPS({ .cgroups = CGROUPS({ "a", CPUSET_NONE, WORKERS(CPU_SPIN, 2) }),
				   .hold = HOLD_FULL });
	run(self);
	EXPECT_FAIL(CAUSE_STARVED, "worker 0");
}

/* Nothing keeps a worker within a cpuset that is not real. */
static void leave_cpu_0(struct work_self *self)
{
	static const struct cpumask one = { .bits = { 1 << 1 } };

	if (worker_set_affinity(0, &one))
		work_fail(self, WORKER_SETUP_WORK, errno);
	while (!work_stopped(self))
		work_unit(self);
}

TEST_F(run, isolation)
{
	if (self->g.nr_cpus < 2)
		SKIP(return, "needs two CPUs");
	self->test.expect.isolation = true;
	self->test.duration_ms = 1000;
	self->test.steps = STEPS({ .cgroups = CGROUPS({ "a", CPUSET_EXACT("0"),
							WORKERS(CUSTOM, 1,
								.custom = leave_cpu_0) }),
				   .hold = HOLD_FULL });
	run(self);
	EXPECT_FAIL(CAUSE_ISOLATION, "last allowed: 0");
	EXPECT_NE(NULL, strstr(self->res.text, "cgroup a"));
}

TEST_F(run, the_host_wants_to_shut_down)
{
	uint64_t before = now_ns();

	shm_header(&self->host)->request = SHM_REQ_SHUTDOWN;
	self->test.duration_ms = 10000;
	self->test.steps = STEPS({ .cgroups = CGROUPS(ONE_SPINNER), .hold = HOLD_FULL });
	run(self);
	EXPECT_FAIL(CAUSE_TIMEOUT, "shut down in step 0");
	EXPECT_GT(5 * NSEC_PER_SEC, now_ns() - before);
}

static int body(struct scenario *scn, struct msg_result *res)
{
	/* Workers, an early death, and a wait that must end with it. */
	static const struct cgroup_def defs[] = { ONE_SPINNER, { .name = NULL } };
	struct err err = { };
	int ret;

	ret = scenario_cgroups(scn, defs, true, &err);
	if (ret)
		return ret;
	scenario_release(scn);
	kill(scn->workers->pid, SIGKILL);
	ret = scenario_wait(scn, now_ns() + 20 * NSEC_PER_SEC, res);
	return ret == -ECHILD ? 0 : -EPROTO;
}

TEST_F(run, a_worker_dies)
{
	uint64_t before = now_ns();

	self->test.body = body;
	run(self);
	EXPECT_FAIL(CAUSE_WORKER, "was killed by signal 9 (Killed) before it was told to stop");
	EXPECT_GT(5 * NSEC_PER_SEC, now_ns() - before);
}

static int bad_body(struct scenario *scn, struct msg_result *res)
{
	(void)scn;
	(void)res;
	return -EPROTO;
}

TEST_F(run, a_body_that_fails)
{
	self->test.body = bad_body;
	run(self);
	EXPECT_FAIL(CAUSE_OTHER, "Protocol error");
}

TEST_F(run, a_cgroup_is_left)
{
	self->test.steps = STEPS({ .cgroups = CGROUPS({ "a", CPUSET_NONE, { } }),
				   .hold = HOLD_FIXED(20) });
	fake->refuse_rmdir = true;
	run(self);
	EXPECT_FAIL(CAUSE_CGROUP, "at the end: cannot remove /fake/ktstr/a: Device or resource");
	memset(fake->dir, 0, sizeof(fake->dir));
}

TEST_HARNESS_MAIN
