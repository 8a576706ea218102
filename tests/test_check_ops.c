// SPDX-License-Identifier: GPL-2.0
/*
 * Which operations on cgroups, CPUs, schedulers and payloads are legal.
 */
#include "legal.h"

TEST(limits)
{
	EXPECT_LEGAL(OPS_OF(SET_WEIGHT("cg", 1), SET_WEIGHT("cg", 10000),
			    SET_MAX("cg", 1000, 1000000),
			    SET_MAX("cg", 0, 0), ADD_CGROUP_DEF({ "x", CPUSET_LLC(0),
								  WORKERS(CPU_SPIN, 1) }),
			    STOP_CGROUP("x")));
	EXPECT_ILLEGAL("operation 0 (set-weight) on cg: cpu.weight 0", OPS_OF(SET_WEIGHT("cg", 0)));
	EXPECT_ILLEGAL("cpu.weight 10001", OPS_OF(SET_WEIGHT("cg", 10001)));
	EXPECT_ILLEGAL("(set-weight) on x: cgroup x does not exist", OPS_OF(SET_WEIGHT("x", 1)));
	EXPECT_ILLEGAL("cpu.max 999 100000", OPS_OF(SET_MAX("cg", 999, 100000)));
	EXPECT_ILLEGAL("cpu.max 1000 1000001", OPS_OF(SET_MAX("cg", 1000, 1000001)));
	EXPECT_ILLEGAL("no limit to take away", OPS_OF(SET_MAX("cg", 0, 0)));
	EXPECT_ILLEGAL("(add-cgroup-def): cgroup cg exists already",
		       OPS_OF(ADD_CGROUP_DEF(ONE_SPINNER)));
	EXPECT_ILLEGAL("no cgroup is given", OPS_OF({ .kind = OP_ADD_CGROUP_DEF }));
	EXPECT_ILLEGAL("the test has .no_cpu_controller", OPS_OF(SET_WEIGHT("cg", 1)),
		       .no_cpu_controller = true);
	EXPECT_ILLEGAL("the test has .no_cpu_controller", OPS_OF(SET_MAX("cg", 1000, 1000000)),
		       .no_cpu_controller = true);
}

TEST(freezing)
{
	EXPECT_LEGAL(OPS_OF(FREEZE("cg"), THAW("cg"), FREEZE("cg"), REMOVE_CGROUP("cg"),
			    ADD_CGROUP("cg"), SPAWN("cg", CPU_SPIN, 1)));
	EXPECT_ILLEGAL("cgroup cg is frozen", OPS_OF(FREEZE("cg"), FREEZE("cg")));
	/* Who is stopped is thawed for that, and stays so. */
	EXPECT_LEGAL(OPS_OF(FREEZE("cg"), STOP_CGROUP("cg"), SPAWN("cg", CPU_SPIN, 1),
			    FREEZE("cg")));
	EXPECT_LEGAL(OPS_OF(ADD_CGROUP("a/b"), FREEZE("a"), STOP_CGROUP("a/b"), FREEZE("a")));
	EXPECT_LEGAL(OPS_OF(ADD_CGROUP("a/b"), ADD_CGROUP("a/c"), FREEZE("a"), REMOVE_CGROUP("a/b"),
			    SPAWN("a/c", CPU_SPIN, 1)));
	EXPECT_ILLEGAL("cgroup cg_2 is frozen",
		       OPS_OF(FREEZE("cg_2"), STOP_CGROUP("cg"), FREEZE("cg_2")));
	/* So is who goes with its step. */
	EXPECT_LEGAL(.backdrop = CGROUPS({ "a/c", CPUSET_NONE, { } }),
		     .steps = STEPS({ .ops = OPS(ADD_CGROUP("a/b"), FREEZE("a")),
				      .hold = HOLD_FRAC(.5) },
				    { .ops = OPS(SPAWN("a/c", CPU_SPIN, 1)),
				      .hold = HOLD_FRAC(.5) }));
	EXPECT_ILLEGAL("operation 1 (spawn) on cg: cgroup cg is frozen",
		       OPS_OF(FREEZE("cg"), SPAWN("cg", CPU_SPIN, 1)));
	EXPECT_ILLEGAL("cgroup cg is frozen", OPS_OF(FREEZE("cg"), MOVE_TASKS("cg", "cg_2")));
	EXPECT_ILLEGAL("cgroup cg is frozen", OPS_OF(FREEZE("cg"), MOVE_TASKS("cg_2", "cg")));
	EXPECT_ILLEGAL("cgroup a is frozen", OPS_OF(ADD_CGROUP("a/b"), FREEZE("a"),
						    SPAWN("a/b", CPU_SPIN, 1)));
	EXPECT_ILLEGAL("cgroup a/b, below it, is frozen",
		       OPS_OF(ADD_CGROUP("a/b"), FREEZE("a/b"), FREEZE("a")));
	EXPECT_ILLEGAL("cgroup a is frozen",
		       OPS_OF(ADD_CGROUP("a/b"), FREEZE("a"),
			      ADD_CGROUP_DEF({ "a/c", CPUSET_NONE, WORKERS(CPU_SPIN, 1) })));
	EXPECT_ILLEGAL("is not frozen", OPS_OF(THAW("cg")));
	EXPECT_ILLEGAL("is not frozen", OPS_OF(ADD_CGROUP("a/b"), FREEZE("a"), THAW("a/b")));
}

#define TWO_NODES	.topology = "2n2l2c1t", .min_nodes = 2

TEST(mems)
{
	EXPECT_LEGAL(OPS_OF(SET_MEMS("cg", "0")));
	EXPECT_LEGAL(OPS_OF(SET_MEMS("cg", "0-1"), SET_MEMS("cg", "1")), TWO_NODES);
	EXPECT_ILLEGAL("node 1: the test needs .min_nodes of 2", OPS_OF(SET_MEMS("cg", "1")));
	EXPECT_ILLEGAL("node 2: the test needs .min_nodes of 3", OPS_OF(SET_MEMS("cg", "1-2")),
		       TWO_NODES);
	EXPECT_ILLEGAL("memory policy for nodes 1: cpuset.mems has none of them", TWO_NODES,
		       OPS_OF(SET_MEMS("cg", "0"),
			      SPAWN("cg", CPU_SPIN, 1, .mem = { MEM_BIND, .nodes = "1" })));
	EXPECT_LEGAL(OPS_OF(SET_MEMS("cg", "0"),
			    SPAWN("cg", CPU_SPIN, 1, .mem = { MEM_BIND, .nodes = "0-1" }),
			    SPAWN("cg", CPU_SPIN, 1, .mem = { MEM_BIND, MEM_RELATIVE, "1" })),
		     TWO_NODES);
	EXPECT_ILLEGAL("nodes 1: not all are in cpuset.mems of a", TWO_NODES,
		       OPS_OF(ADD_CGROUP("a/b"), SET_MEMS("a", "0"), SET_MEMS("a/b", "1")));
	EXPECT_ILLEGAL("cpuset.mems \"\": no list of nodes", OPS_OF(SET_MEMS("cg", "")));
	EXPECT_ILLEGAL("cpuset.mems \"x\": no list", OPS_OF(SET_MEMS("cg", "x")));
	EXPECT_ILLEGAL("cpuset.mems \"\": no list", OPS_OF(SET_MEMS("cg", NULL)));
	EXPECT_ILLEGAL("cgroup x does not exist", OPS_OF(SET_MEMS("x", "0")));
}

TEST(partitions)
{
	EXPECT_LEGAL(OPS_OF(SET_PARTITION("cg_2", ROOT), SET_PARTITION("cg_2", ISOLATED),
			    SET_PARTITION("cg_2", MEMBER), CLEAR_CPUSET("cg_2")));
	EXPECT_ILLEGAL("no cpuset, which a partition needs", OPS_OF(SET_PARTITION("cg", ROOT)));
	EXPECT_ILLEGAL("is no partition", OPS_OF(SET_PARTITION("cg_2", MEMBER)));
	EXPECT_ILLEGAL("cg_2 is a partition",
		       OPS_OF(SET_PARTITION("cg_2", ROOT), CLEAR_CPUSET("cg_2")));
	EXPECT_ILLEGAL("cg_2 is a partition",
		       OPS_OF(SET_PARTITION("cg_2", ROOT), SET_CPUSET("cg_2", CPUSET_LLC(0))));
	EXPECT_ILLEGAL("cgroup cg_2 is a partition above or below it",
		       OPS_OF(SET_PARTITION("cg_2", ROOT),
			      ADD_CGROUP_DEF({ "cg_2/x", CPUSET_EXACT("0"), { } }),
			      SET_PARTITION("cg_2/x", ROOT)));
	EXPECT_ILLEGAL("partition cg leaves no CPU to the root",
		       OPS_OF(SET_CPUSET("cg", CPUSET_EXACT("0-3")), SET_PARTITION("cg", ROOT)));
	EXPECT_ILLEGAL("partition cg leaves no CPU to the root",
		       OPS_OF(SET_PARTITION("cg_2", ROOT), SET_CPUSET("cg", CPUSET_EXACT("1-3")),
			      SET_PARTITION("cg", ROOT)));
	EXPECT_ILLEGAL("partition cg is not exclusive: cgroup cg_2 has CPUs of it",
		       OPS_OF(SET_CPUSET("cg", CPUSET_EXACT("0-1")), SET_PARTITION("cg", ROOT)));
	EXPECT_ILLEGAL("partition cg_2 is not exclusive: cgroup cg has CPUs of it",
		       OPS_OF(SET_CPUSET("cg", CPUSET_EXACT("1")), CLEAR_CPUSET("cg"),
			      SET_PARTITION("cg_2", ROOT)));
	EXPECT_LEGAL(OPS_OF(SET_CPUSET("cg", CPUSET_EXACT("1")), CLEAR_CPUSET("cg"),
			    SET_CPUSET("cg", CPUSET_EXACT("1")), SET_PARTITION("cg_2", ROOT)));
	EXPECT_LEGAL(OPS_OF(ADD_CGROUP("a"), SET_CPUSET("a", CPUSET_EXACT("1")), CLEAR_CPUSET("a"),
			    SET_PARTITION("cg_2", ROOT)));
	EXPECT_ILLEGAL("CPUs 0-1: the root has only 1-3",
		       OPS_OF(SET_PARTITION("cg_2", ROOT), SET_CPUSET("cg", CPUSET_EXACT("0-1"))));
	EXPECT_ILLEGAL("(cpu-offline): no CPU is left to partition cg", .min_cpus = 4,
		       OPS_OF(SET_CPUSET("cg", CPUSET_EXACT("3")), SET_PARTITION("cg", ROOT),
			      CPU_OFFLINE(3)));
	EXPECT_ILLEGAL("cgroup cg has CPUs that are offline", .min_cpus = 4,
		       OPS_OF(SET_CPUSET("cg", CPUSET_EXACT("2-3")), CPU_OFFLINE(3),
			      SET_PARTITION("cg", ROOT)));
	EXPECT_ILLEGAL("no CPU is left to the root", .min_cpus = 4,
		       OPS_OF(REMOVE_CGROUP("cg_2"), SET_CPUSET("cg", CPUSET_EXACT("0-2")),
			      SET_PARTITION("cg", ROOT), CPU_OFFLINE(3)));
	EXPECT_ILLEGAL("to clear a cpuset, all CPUs have to be online and in no partition",
		       OPS_OF(SET_CPUSET("cg", CPUSET_EXACT("3")), SET_PARTITION("cg", ROOT),
			      CLEAR_CPUSET("cg_2")));
	EXPECT_ILLEGAL("to clear a cpuset, all CPUs have to be online", .min_cpus = 4,
		       OPS_OF(CPU_OFFLINE(3), CLEAR_CPUSET("cg_2")));
	/* What is above a partition has no say in it. */
	EXPECT_LEGAL(OPS_OF(ADD_CGROUP("a/b"), SET_CPUSET("a/b", CPUSET_EXACT("2")),
			    SET_PARTITION("a/b", ROOT), SET_CPUSET("a", CPUSET_EXACT("1")),
			    SPAWN("a/b", CPU_SPIN, 1,
				  .affinity = { AFFINITY_EXACT, .cpus = "2" })));
	EXPECT_ILLEGAL("partition kind 7", OPS_OF({ .kind = OP_SET_PARTITION, .name = "cg_2",
						    .partition = 7 }));
}

TEST(hotplug)
{
	EXPECT_LEGAL(OPS_OF(CPU_OFFLINE(3), CPU_OFFLINE(1), CPU_ONLINE(3), CPU_ONLINE(1)),
		     .min_cpus = 4);
	EXPECT_ILLEGAL("operation 0 (cpu-offline): CPU 0 cannot go", OPS_OF(CPU_OFFLINE(0)));
	EXPECT_ILLEGAL("CPU 1: the test needs .min_cpus of 2", OPS_OF(CPU_OFFLINE(1)));
	EXPECT_ILLEGAL("CPU 1 is offline already", OPS_OF(CPU_OFFLINE(1), CPU_OFFLINE(1)),
		       .min_cpus = 2);
	EXPECT_ILLEGAL("CPU 1 is online already", OPS_OF(CPU_ONLINE(1)), .min_cpus = 2);
	/* Its CPUs are gone when it is made. */
	EXPECT_ILLEGAL("not all of them are online",
		       OPS_OF(CPU_OFFLINE(3), SET_CPUSET("cg", CPUSET_EXACT("3"))), .min_cpus = 4);
}

TEST(scheduler)
{
	EXPECT_LEGAL(OPS_OF(DETACH_SCHEDULER(), ATTACH_BUILTIN("fifo"), RESTART_SCHEDULER(),
			    KILL_SCHEDULER(), ATTACH_SCHEDULER()), .needs_sched = true);
	EXPECT_LEGAL(OPS_OF(KILL_SCHEDULER()), .sched = "fifo");
	EXPECT_ILLEGAL("(kill-scheduler): a test with this needs .needs_sched",
		       OPS_OF(KILL_SCHEDULER()));
	EXPECT_ILLEGAL("needs .needs_sched", OPS_OF(RESTART_SCHEDULER()), .sched = "none");
	EXPECT_ILLEGAL("operation 1 (detach-scheduler): the scheduler is detached here",
		       OPS_OF(DETACH_SCHEDULER(), DETACH_SCHEDULER()), .needs_sched = true);
	EXPECT_ILLEGAL("the scheduler is detached here",
		       OPS_OF(KILL_SCHEDULER(), RESTART_SCHEDULER()), .needs_sched = true);
	EXPECT_ILLEGAL("the scheduler is attached here",
		       OPS_OF(ATTACH_SCHEDULER()), .needs_sched = true);
	EXPECT_ILLEGAL("nope: there is no built-in scheduler of that name",
		       OPS_OF(DETACH_SCHEDULER(), ATTACH_BUILTIN("nope")), .needs_sched = true);
	EXPECT_ILLEGAL("scheduler nope: there is no built-in", .sched = "nope", .body = no_body);
	EXPECT_LEGAL(.sched = "fault", .sched_args = WORDS("--fault", "slow"), .body = no_body);
	EXPECT_ILLEGAL("'wings'", .sched = "fault", .sched_args = WORDS("--fault", "wings"),
		       .body = no_body);
	EXPECT_ILLEGAL("unknown option '--fault'", .sched = "fifo",
		       .sched_args = WORDS("--fault", "slow"), .body = no_body);
	EXPECT_ILLEGAL("need .sched", .sched = "none", .sched_args = WORDS("--x"), .body = no_body);
	EXPECT_ILLEGAL("need .sched", .sched_faults = 1, .body = no_body);
	EXPECT_ILLEGAL("scheduler fifo has no faults", .sched = "fifo", .sched_faults = 1,
		       .body = no_body);
	/* The second turn of a loop finds what the first has left. */
	EXPECT_ILLEGAL("the scheduler is detached here",
		       STEPS_OF(HOLD_LOOP(9), .ops = OPS(DETACH_SCHEDULER())), .needs_sched = true);
}

static const struct ktstr_payload good_payload = {
	.name = "p", .program = "p", .cure = "c", .metrics = METRICS(METRIC("a", "a")),
};
static const struct ktstr_payload no_cure = { .name = "p", .program = "p" };
static const struct ktstr_payload bad_name = { .name = "../p", .program = "p", .cure = "c" };
static const struct ktstr_payload idle_limits = {
	.name = "p", .program = "p", .cure = "c",
	.metrics = METRICS({ .name = "a", .key = "a", .max = 1 }),
};
static const struct ktstr_payload bad_limits = {
	.name = "p", .program = "p", .cure = "c", .metrics = METRICS(METRIC_BETWEEN("a", "a", 2, 1)),
};

static const struct ktstr_payload same_name = { .name = "p", .program = "q", .cure = "c" };

TEST(payloads)
{
	EXPECT_ILLEGAL("another one of this test has its name",
		       OPS_OF(RUN_PAYLOAD(&same_name, NULL), WAIT_PAYLOAD(&same_name, 1),
			      RUN_PAYLOAD(&good_payload, NULL)));
	EXPECT_LEGAL(OPS_OF(RUN_PAYLOAD(&good_payload, "cg"), WAIT_PAYLOAD(&good_payload, 1),
			    RUN_PAYLOAD(&good_payload, NULL), KILL_PAYLOAD(&good_payload),
			    RUN_PAYLOAD(&good_payload, "cg"), REMOVE_CGROUP("cg"),
			    RUN_PAYLOAD(&good_payload, NULL)));
	EXPECT_ILLEGAL("operation 1 (run-payload) on cg: payload p runs already",
		       OPS_OF(RUN_PAYLOAD(&good_payload, NULL), RUN_PAYLOAD(&good_payload, "cg")));
	EXPECT_ILLEGAL("(wait-payload): payload p does not run here",
		       OPS_OF(WAIT_PAYLOAD(&good_payload, 1)));
	EXPECT_ILLEGAL("does not run here", OPS_OF(KILL_PAYLOAD(&good_payload)));
	EXPECT_ILLEGAL("a wait of 0 ms",
		       OPS_OF(RUN_PAYLOAD(&good_payload, NULL), WAIT_PAYLOAD(&good_payload, 0)));
	EXPECT_ILLEGAL("cgroup x does not exist", OPS_OF(RUN_PAYLOAD(&good_payload, "x")));
	EXPECT_ILLEGAL("cgroup cg is frozen",
		       OPS_OF(FREEZE("cg"), RUN_PAYLOAD(&good_payload, "cg")));
	EXPECT_ILLEGAL("(wait-payload): cgroup cg is frozen",
		       OPS_OF(RUN_PAYLOAD(&good_payload, "cg"), FREEZE("cg"),
			      WAIT_PAYLOAD(&good_payload, 1)));
	EXPECT_ILLEGAL("has children, so no processes",
		       OPS_OF(ADD_CGROUP("a/b"), RUN_PAYLOAD(&good_payload, "a")));
	EXPECT_ILLEGAL("cgroup a has processes",
		       OPS_OF(ADD_CGROUP("a"), RUN_PAYLOAD(&good_payload, "a"), ADD_CGROUP("a/b")));
	EXPECT_ILLEGAL("a name, a program and a cure", OPS_OF(RUN_PAYLOAD(&no_cure, NULL)));
	EXPECT_ILLEGAL("a name, a program and a cure", OPS_OF(RUN_PAYLOAD(&bad_name, NULL)));
	EXPECT_ILLEGAL("limits 2 to 1", OPS_OF(RUN_PAYLOAD(&bad_limits, NULL)));
	EXPECT_ILLEGAL("limits 0 to 1, not judged", OPS_OF(RUN_PAYLOAD(&idle_limits, NULL)));
	EXPECT_ILLEGAL("limit migration is 0 and 0.5", OPS_OF(ADD_CGROUP("x")),
		       .expect = { .max_migration_ratio = .5, .zero = ZERO_MIGRATION });
	EXPECT_ILLEGAL("no payload is given", OPS_OF({ .kind = OP_RUN_PAYLOAD }));
	/* Without .keep it ends with its step. */
	EXPECT_ILLEGAL("step 1, operation 0 (wait-payload): payload p does not run here",
		       .steps = STEPS({ .ops = OPS(RUN_PAYLOAD(&good_payload, NULL)),
					.hold = HOLD_FRAC(.5) },
				      { .ops = OPS(WAIT_PAYLOAD(&good_payload, 1)),
					.hold = HOLD_FRAC(.5) }));
}

TEST_HARNESS_MAIN
