// SPDX-License-Identifier: GPL-2.0
/*
 * Which workers are legal, and where.
 */
#include "../guest/work/work.h"
#include "legal.h"

static void no_work(struct work_self *self)
{
	(void)self;
}

/* Who leaves its cgroup must not lose its CPUs by it. */
TEST(roaming)
{
#define LEAVES	WORKERS(CGROUP_ATTACH_STORM, 1)

	EXPECT_LEGAL(OPS_OF(SPAWN("cg", CGROUP_ATTACH_STORM, 1)));
	EXPECT_LEGAL(STEPS_OF(HOLD_FULL, .cgroups = CGROUPS({ "a", CPUSET_RANGE(0, 1), { } },
							    { "a/b", CPUSET_NONE, LEAVES })));
	EXPECT_ILLEGAL("type CGROUP_ATTACH_STORM leaves its cgroup",
		       STEPS_OF(HOLD_FULL, .cgroups = CGROUPS({ "a", CPUSET_LLC(0), LEAVES })));
	EXPECT_ILLEGAL("type CGROUP_ATTACH_STORM leaves its cgroup",
		       STEPS_OF(HOLD_FULL, .cgroups = CGROUPS({ "a", CPUSET_EACH_CPU, LEAVES })));
	EXPECT_ILLEGAL("type CGROUP_CHURN leaves its cgroup",
		       OPS_OF(SPAWN("cg_2", CGROUP_CHURN, 1)));
	EXPECT_ILLEGAL("type CGROUP_CHURN leaves its cgroup",
		       OPS_OF(SET_WEIGHT("cg", 1), SPAWN("cg", CGROUP_CHURN, 1)));
	EXPECT_ILLEGAL("type CGROUP_CHURN leaves its cgroup",
		       OPS_OF(SET_MEMS("cg", "0"), SPAWN("cg", CGROUP_CHURN, 1)));
#define ROAMS(...)	OPS_OF(SPAWN("cg", CGROUP_CHURN, 1), ##__VA_ARGS__)
	EXPECT_LEGAL(ROAMS(STOP_CGROUP("cg"), SET_CPUSET("cg", CPUSET_LLC(1))));
	EXPECT_LEGAL(ROAMS(REMOVE_CGROUP("cg")));
	EXPECT_ILLEGAL("(set-cpuset) on cg: type CGROUP_CHURN leaves its cgroup",
		       ROAMS(SET_CPUSET("cg", CPUSET_LLC(1))));
	EXPECT_ILLEGAL("(set-weight) on cg: type CGROUP_CHURN leaves", ROAMS(SET_WEIGHT("cg", 1)));
	EXPECT_ILLEGAL("(set-max) on cg: type CGROUP_CHURN leaves",
		       ROAMS(SET_MAX("cg", 1000, 100000)));
	EXPECT_ILLEGAL("(set-mems) on cg: type CGROUP_CHURN leaves", ROAMS(SET_MEMS("cg", "0")));
	EXPECT_ILLEGAL("(freeze) on cg: type CGROUP_CHURN leaves", ROAMS(FREEZE("cg")));
	EXPECT_ILLEGAL("type CGROUP_CHURN goes back to the cgroup that it began in",
		       ROAMS(MOVE_TASKS("cg", "cg_2")));
#undef ROAMS
#undef LEAVES
}

/* Workers set themselves up when all operations of their step are done. */
TEST(set_up_late)
{
#define ON_1	.affinity = { AFFINITY_EXACT, .cpus = "1" }
#define SOME_DL	.policy = SCHED_DEADLINE, .dl = { 2000, 10000, 0 }

	EXPECT_ILLEGAL("step 0, when workers of cg begin: affinity to CPUs 1: cgroup cg has none",
		       OPS_OF(SPAWN("cg", CPU_SPIN, 1, ON_1), SET_CPUSET("cg", CPUSET_EXACT("0"))));
	EXPECT_LEGAL(OPS_OF(SPAWN("cg", CPU_SPIN, 1, ON_1), SET_CPUSET("cg", CPUSET_EXACT("0")),
			    STOP_CGROUP("cg")));
	EXPECT_ILLEGAL("when workers of cg_2 begin: affinity to CPUs 1: cgroup cg_2 has none",
		       OPS_OF(SPAWN("cg", CPU_SPIN, 1, ON_1), MOVE_TASKS("cg", "cg_2")));
	EXPECT_ILLEGAL("when workers of root begin: affinity to CPUs 1: not all of them are online",
		       OPS_OF(SPAWN_ROOT(CPU_SPIN, 1, ON_1), CPU_OFFLINE(1)), .min_cpus = 4);
	EXPECT_ILLEGAL("when workers of cg begin: SCHED_DEADLINE does not go with a cpuset",
		       OPS_OF(SPAWN("cg", CPU_SPIN, 1, SOME_DL),
			      SET_CPUSET("cg", CPUSET_EXACT("0"))));
	EXPECT_ILLEGAL("when workers of cg begin: memory policy for nodes 1",
		       OPS_OF(SPAWN("cg", CPU_SPIN, 1, .mem = { MEM_BIND, .nodes = "1" }),
			      SET_MEMS("cg", "0")), .topology = "2n2l2c1t", .min_nodes = 2);
	/* Those who have begun go along. */
	EXPECT_LEGAL(.steps = STEPS({ .ops = OPS(ADD_CGROUP("a"), SPAWN("a", CPU_SPIN, 1, ON_1)),
				      .hold = HOLD_FRAC(.5), .keep = true },
				    { .ops = OPS(SET_CPUSET("a", CPUSET_EXACT("0"))),
				      .hold = HOLD_FRAC(.5) }));
	EXPECT_ILLEGAL("more than 16 kinds of workers would begin",
		       OPS_OF(SPAWN("cg", CPU_SPIN, 1), SPAWN("cg", CPU_SPIN, 1),
			      SPAWN("cg", CPU_SPIN, 1), SPAWN("cg", CPU_SPIN, 1),
			      SPAWN("cg", CPU_SPIN, 1), SPAWN("cg", CPU_SPIN, 1),
			      SPAWN("cg", CPU_SPIN, 1), SPAWN("cg", CPU_SPIN, 1),
			      SPAWN("cg", CPU_SPIN, 1), SPAWN("cg", CPU_SPIN, 1),
			      SPAWN("cg", CPU_SPIN, 1), SPAWN("cg", CPU_SPIN, 1),
			      SPAWN("cg", CPU_SPIN, 1), SPAWN("cg", CPU_SPIN, 1),
			      SPAWN("cg", CPU_SPIN, 1), SPAWN("cg", CPU_SPIN, 1)));

	EXPECT_ILLEGAL("(set-affinity) on cg: SCHED_DEADLINE does not go with an affinity",
		       OPS_OF(SPAWN("cg", CPU_SPIN, 1, SOME_DL), SET_AFFINITY("cg", SINGLE)));
	EXPECT_ILLEGAL("(move-tasks) on cg: SCHED_DEADLINE workers take 1.00 of 1 CPUs",
		       OPS_OF(SET_PARTITION("cg_2", ROOT), SPAWN("cg", CPU_SPIN, 5, SOME_DL),
			      MOVE_TASKS("cg", "cg_2")));
	EXPECT_ILLEGAL("(set-affinity) on a: SCHED_DEADLINE does not go with a cpuset",
		       .steps = STEPS({ .ops = OPS(ADD_CGROUP("a"), SPAWN("a", CPU_SPIN, 1, SOME_DL)),
					.hold = HOLD_FRAC(.5), .keep = true },
				      { .ops = OPS(SET_CPUSET("a", CPUSET_EXACT("0")),
						   SET_AFFINITY("a", ALL)),
					.hold = HOLD_FRAC(.5) }));
	EXPECT_ILLEGAL("(spawn) on cg: SCHED_DEADLINE does not go with type AFFINITY_CHURN",
		       OPS_OF(SPAWN("cg", AFFINITY_CHURN, 1, SOME_DL)));
	EXPECT_ILLEGAL("(spawn) on cg: SCHED_DEADLINE does not go with type SMT_SIBLING_SPIN",
		       OPS_OF(SPAWN("cg", SMT_SIBLING_SPIN, 2, SOME_DL)));
	EXPECT_LEGAL(OPS_OF(SET_PARTITION("cg_2", ROOT), SPAWN_ROOT(CPU_SPIN, 13, SOME_DL)));
	EXPECT_ILLEGAL("(set-partition) on cg_2: SCHED_DEADLINE workers take 3.40 of 3 CPUs",
		       OPS_OF(SPAWN_ROOT(CPU_SPIN, 17, SOME_DL), SET_PARTITION("cg_2", ROOT)));
	EXPECT_ILLEGAL("(cpu-offline): SCHED_DEADLINE workers take 3.40 of 3 CPUs", .min_cpus = 4,
		       OPS_OF(SPAWN_ROOT(CPU_SPIN, 17, SOME_DL), CPU_OFFLINE(3)));
	EXPECT_LEGAL(OPS_OF(SPAWN_ROOT(CPU_SPIN, 17, SOME_DL), CPU_OFFLINE(3)), .min_cpus = 4,
		     .expect_fail = { CAUSE_HOTPLUG, "busy" });
	EXPECT_ILLEGAL("step 0: SCHED_DEADLINE workers of each turn of a loop add up",
		       STEPS_OF(HOLD_LOOP(500), .ops = OPS(SPAWN_ROOT(CPU_SPIN, 1, SOME_DL))));
	EXPECT_ILLEGAL("affinity to CPUs 1: cgroup a/b has none of them",
		       OPS_OF(ADD_CGROUP_DEF({ "a/b", CPUSET_EXACT("0"), WORKERS(CPU_SPIN, 1) }),
			      SET_AFFINITY("a", EXACT, .cpus = "1")));
	EXPECT_ILLEGAL("SCHED_EXT: the test needs .needs_scx",
		       OPS_OF(SPAWN("cg", CPU_SPIN, 1, .policy = SCHED_EXT)));
	EXPECT_LEGAL(OPS_OF(SPAWN("cg", CPU_SPIN, 1, .policy = SCHED_EXT)), .needs_scx = true);
}

/* Three of four CPUs are usable. */
TEST(one_for_each_cpu)
{
	EXPECT_LEGAL(.backdrop = CGROUPS({ "a", CPUSET_EACH_CPU, WORKERS(CPU_SPIN, 1) }),
		     STEPS_OF(HOLD_FULL, .ops = OPS(REMOVE_CGROUP("a/0"), STOP_CGROUP("a/2"),
						    SWAP_CPUSETS("a/1", "a/2"),
						    REMOVE_CGROUP("a"))));
	EXPECT_ILLEGAL("cgroup a/3 does not exist here",
		       .backdrop = CGROUPS({ "a", CPUSET_EACH_CPU, { } }),
		       STEPS_OF(HOLD_FULL, .ops = OPS(STOP_CGROUP("a/3"))));
	EXPECT_ILLEGAL("cgroup a/0 exists already",
		       .backdrop = CGROUPS({ "a", CPUSET_EACH_CPU, { } },
					   { "a", CPUSET_EACH_CPU, { } }),
		       STEPS_OF(HOLD_FULL));
	EXPECT_ILLEGAL("affinity to CPUs 1: cgroup a/0 has none of them",
		       .backdrop = CGROUPS({ "a", CPUSET_EACH_CPU,
					     WORKERS(CPU_SPIN, 1, .affinity = { AFFINITY_EXACT,
										.cpus = "1" }) }),
		       STEPS_OF(HOLD_FULL));
	EXPECT_ILLEGAL("is not a name", .backdrop = CGROUPS({ "a b", CPUSET_EACH_CPU, { } }),
		       STEPS_OF(HOLD_FULL));
	EXPECT_ILLEGAL("a cpuset of kind",
		       .backdrop = CGROUPS(ONE_SPINNER),
		       STEPS_OF(HOLD_FULL, .ops = OPS(SET_CPUSET("cg", CPUSET_EACH_CPU))));
}

TEST(work)
{
#define WORK_IN(...) \
	STEPS_OF(HOLD_FULL, .cgroups = CGROUPS({ "cg", CPUSET_NONE, WORKERS(__VA_ARGS__) }))

	EXPECT_LEGAL(WORK_IN(PIPE_IO, 2));
	EXPECT_ILLEGAL("step 0, cgroup cg: 3 workers of type PIPE_IO: must be a multiple of 2",
		       WORK_IN(PIPE_IO, 3));
	EXPECT_ILLEGAL("must be a multiple of 2", WORK_IN(FUTEX_PING_PONG, 1));
	EXPECT_ILLEGAL("say either", WORK_IN(CPU_SPIN, 0));
	EXPECT_ILLEGAL("say either", WORK_IN(CPU_SPIN, 1, .per_cpu = 1));
	EXPECT_ILLEGAL("say either", WORK_IN(CPU_SPIN, 1, .all_cpus = true));
	EXPECT_ILLEGAL("workers per CPU", WORK_IN(CPU_SPIN, 0, .per_cpu = -1));
	EXPECT_ILLEGAL("257 workers: must be up to 256 on 4 CPUs", WORK_IN(CPU_SPIN, 257));
	EXPECT_LEGAL(OPS_OF(SPAWN("cg", CPU_SPIN, 250), STOP_CGROUP("cg"),
			    SPAWN("cg", CPU_SPIN, 250)));
	EXPECT_ILLEGAL("501 workers: must be up to 256",
		       OPS_OF(SPAWN("cg", CPU_SPIN, 250), SPAWN("cg", CPU_SPIN, 250)));
	/* Those outside of cgroups end with their step. */
	EXPECT_LEGAL(.steps = STEPS({ .ops = OPS(SPAWN_ROOT(CPU_SPIN, 250)), .hold = HOLD_FRAC(.5) },
				    { .ops = OPS(SPAWN_ROOT(CPU_SPIN, 250)),
				      .hold = HOLD_FRAC(.5) }));
	EXPECT_ILLEGAL("step 1, operation 0 (spawn-root): 500 workers",
		       .steps = STEPS({ .ops = OPS(SPAWN_ROOT(CPU_SPIN, 250)),
					.hold = HOLD_FRAC(.5), .keep = true },
				      { .ops = OPS(SPAWN_ROOT(CPU_SPIN, 250)),
					.hold = HOLD_FRAC(.5) }));
	EXPECT_ILLEGAL("burst_ms is not for type CPU_SPIN", WORK_IN(CPU_SPIN, 1, .burst_ms = 1));
	EXPECT_ILLEGAL("sleep_ms 60001: must be up to", WORK_IN(BURSTY, 1, .sleep_ms = 60001));
	EXPECT_LEGAL(WORK_IN(CACHE_YIELD, 1, .size_kb = 1, .stride = 1024));
	EXPECT_ILLEGAL("stride of 1025 bytes is too long for 1 KiB",
		       WORK_IN(CACHE_YIELD, 1, .size_kb = 1, .stride = 1025));
	EXPECT_LEGAL(WORK_IN(FUTEX_FAN_OUT, 10));
	EXPECT_ILLEGAL("8 workers of type FUTEX_FAN_OUT: must be a multiple of 5",
		       WORK_IN(FUTEX_FAN_OUT, 8));
	EXPECT_LEGAL(WORK_IN(FUTEX_FAN_OUT, 8, .group = 4));
	EXPECT_LEGAL(WORK_IN(PIPE_IO, 2, .group = 2));
	EXPECT_ILLEGAL("PIPE_IO does not work in groups of 4", WORK_IN(PIPE_IO, 4, .group = 4));
	EXPECT_ILLEGAL("does not work in groups of 1", WORK_IN(WAKE_CHAIN, 4, .group = 1));
	EXPECT_ILLEGAL("group 33: must be up to 32", WORK_IN(WAKE_CHAIN, 33, .group = 33));
	EXPECT_ILLEGAL("group is not for type CPU_SPIN", WORK_IN(CPU_SPIN, 2, .group = 2));
	EXPECT_LEGAL(WORK_IN(CUSTOM, 3, .custom = no_work, .ops = 7, .group = 3));
	EXPECT_ILLEGAL("type CUSTOM needs a function", WORK_IN(CUSTOM, 1));
	EXPECT_ILLEGAL("type CPU_SPIN has no use for a function",
		       WORK_IN(CPU_SPIN, 1, .custom = no_work));
	EXPECT_LEGAL(WORK_IN(CPU_SPIN, 1, .affinity = { AFFINITY_FIRST, .nr = 9 }));
	EXPECT_LEGAL(WORK_IN(CPU_SPIN, 9, .affinity.kind = AFFINITY_EACH));
	EXPECT_ILLEGAL("the first how many CPUs",
		       WORK_IN(CPU_SPIN, 1, .affinity.kind = AFFINITY_FIRST));
	EXPECT_LEGAL(WORK_IN(CGROUP_CHURN, 1));
	EXPECT_LEGAL(WORK_IN(SEQUENCE, 1, .phases = PHASES({ PHASE_IO, 1 })));
	EXPECT_ILLEGAL("no phase in which it works", WORK_IN(SEQUENCE, 1));
	EXPECT_ILLEGAL("no phase in which it works",
		       WORK_IN(SEQUENCE, 1, .phases = PHASES({ PHASE_SLEEP, 1 })));
	EXPECT_ILLEGAL("phase 1: 0 ms: must be 1 to 60000",
		       WORK_IN(SEQUENCE, 1, .phases = PHASES({ PHASE_SPIN, 1 }, { PHASE_IO, 0 })));
	EXPECT_ILLEGAL("phase 0: kind 9", WORK_IN(SEQUENCE, 1, .phases = PHASES({ 9, 1 })));
	EXPECT_ILLEGAL("phases are not for type MIXED",
		       WORK_IN(MIXED, 1, .phases = PHASES({ PHASE_SPIN, 1 })));
	EXPECT_ILLEGAL("spin is not for type YIELD_HEAVY", WORK_IN(YIELD_HEAVY, 1, .spin = 1));
	EXPECT_ILLEGAL("policy 99", WORK_IN(CPU_SPIN, 1, .policy = 99));
	EXPECT_LEGAL(WORK_IN(CPU_SPIN, 1, .policy = SCHED_FIFO, .prio = 1));
	EXPECT_LEGAL(WORK_IN(CPU_SPIN, 1, .policy = SCHED_FIFO, .prio = PID1_PRIO - 1));
	EXPECT_ILLEGAL("priority 50: must be below",
		       WORK_IN(CPU_SPIN, 1, .policy = SCHED_FIFO, .prio = PID1_PRIO));
	EXPECT_ILLEGAL("priority 0", WORK_IN(CPU_SPIN, 1, .policy = SCHED_RR));
	EXPECT_ILLEGAL("priority 5", WORK_IN(CPU_SPIN, 1, .prio = 5));
	EXPECT_LEGAL(WORK_IN(CPU_SPIN, 1, .policy = SCHED_DEADLINE, .dl = { 2000, 10000, 0 }));
	EXPECT_LEGAL(WORK_IN(CPU_SPIN, 4, .policy = SCHED_DEADLINE, .dl = { 9000, 10000, 0 }));
	EXPECT_ILLEGAL("SCHED_DEADLINE workers take 4.00 of 4 CPUs: must be up to 90 %",
		       WORK_IN(CPU_SPIN, 8, .policy = SCHED_DEADLINE, .dl = { 5000, 10000, 0 }));
	EXPECT_ILLEGAL("SCHED_DEADLINE does not go with an affinity",
		       WORK_IN(CPU_SPIN, 1, .policy = SCHED_DEADLINE, .dl = { 2000, 10000, 0 },
			       .affinity.kind = AFFINITY_SINGLE));
	EXPECT_ILLEGAL("SCHED_DEADLINE does not go with a cpuset",
		       OPS_OF(SPAWN("cg_2", CPU_SPIN, 1, .policy = SCHED_DEADLINE,
				    .dl = { 2000, 10000, 0 })));
	EXPECT_LEGAL(OPS_OF(SET_PARTITION("cg_2", ROOT),
			    SPAWN("cg_2", CPU_SPIN, 1, .policy = SCHED_DEADLINE,
				  .dl = { 2000, 10000, 0 })));
	EXPECT_ILLEGAL("take 1.00 of 1 CPUs",
		       OPS_OF(SET_PARTITION("cg_2", ROOT),
			      SPAWN("cg_2", CPU_SPIN, 2, .policy = SCHED_DEADLINE,
				    .dl = { 5000, 10000, 0 })));
	EXPECT_ILLEGAL("deadline 0/0/0", WORK_IN(CPU_SPIN, 1, .policy = SCHED_DEADLINE));
	EXPECT_ILLEGAL("deadline 3000/2000/4000",
		       WORK_IN(CPU_SPIN, 1, .policy = SCHED_DEADLINE, .dl = { 3000, 2000, 4000 }));
	EXPECT_ILLEGAL("deadline 2000/9000/4000",
		       WORK_IN(CPU_SPIN, 1, .policy = SCHED_DEADLINE, .dl = { 2000, 9000, 4000 }));
	EXPECT_ILLEGAL("deadline 910/1000/1000",
		       WORK_IN(CPU_SPIN, 1, .policy = SCHED_DEADLINE, .dl = { 910, 1000, 0 }));
	EXPECT_ILLEGAL("a deadline does not go with policy 3",
		       WORK_IN(CPU_SPIN, 1, .policy = SCHED_BATCH, .dl = { 2000, 10000, 0 }));
	EXPECT_LEGAL(WORK_IN(CPU_SPIN, 1, .mem = { MEM_BIND, MEM_NUMA_BALANCING, "0" }));
	EXPECT_LEGAL(WORK_IN(CPU_SPIN, 1, .mem = { MEM_PREFERRED_MANY, MEM_NUMA_BALANCING, "0" }));
	EXPECT_ILLEGAL("NUMA balancing does not go with memory policy 3",
		       WORK_IN(CPU_SPIN, 1, .mem = { MEM_INTERLEAVE, MEM_NUMA_BALANCING, "0" }));
	EXPECT_LEGAL(WORK_IN(CPU_SPIN, 1, .mem = { MEM_BIND, MEM_STATIC, "0,7" }));
	EXPECT_ILLEGAL("nodes 7: none of them is there",
		       WORK_IN(CPU_SPIN, 1, .mem = { MEM_BIND, MEM_STATIC, "7" }));
	EXPECT_LEGAL(WORK_IN(CPU_SPIN, 1, .mem = { .kind = MEM_LOCAL }));
	EXPECT_ILLEGAL("memory policy 7", WORK_IN(CPU_SPIN, 1, .mem = { .kind = 7 }));
	EXPECT_ILLEGAL("nodes \"\" do not go with memory policy 2",
		       WORK_IN(CPU_SPIN, 1, .mem = { .kind = MEM_BIND }));
	EXPECT_ILLEGAL("nodes \"0\" do not go with memory policy 4",
		       WORK_IN(CPU_SPIN, 1, .mem = { MEM_LOCAL, 0, "0" }));
	EXPECT_ILLEGAL("nodes \"x\" do not go", WORK_IN(CPU_SPIN, 1, .mem = { MEM_BIND, 0, "x" }));
	EXPECT_ILLEGAL("nodes 0-1: there are only 1",
		       WORK_IN(CPU_SPIN, 1, .mem = { MEM_INTERLEAVE, 0, "0-1" }));
	EXPECT_LEGAL(WORK_IN(CPU_SPIN, 1, .mem = { MEM_INTERLEAVE, MEM_RELATIVE, "0-1" }));
	EXPECT_ILLEGAL("flags 0xc000 do not go",
		       WORK_IN(CPU_SPIN, 1, .mem = { MEM_BIND, MEM_STATIC | MEM_RELATIVE, "0" }));
	EXPECT_ILLEGAL("flags 0x1 do not go", WORK_IN(CPU_SPIN, 1, .mem = { MEM_BIND, 1, "0" }));
	EXPECT_ILLEGAL("nice 20", WORK_IN(CPU_SPIN, 1, .nice = 20));
	EXPECT_ILLEGAL("not a list of CPUs",
		       WORK_IN(CPU_SPIN, 1, .affinity = { .kind = AFFINITY_EXACT, .cpus = "" }));
	EXPECT_ILLEGAL("affinity to CPUs 3-4: not all of them are online",
		       WORK_IN(CPU_SPIN, 1, .affinity = { AFFINITY_EXACT, .cpus = "3-4" }));
	EXPECT_ILLEGAL("affinity to CPUs 1: cgroup cg_2 has none of them",
		       OPS_OF(SPAWN("cg_2", CPU_SPIN, 1,
				    .affinity = { AFFINITY_EXACT, .cpus = "1" })));
	EXPECT_ILLEGAL("cgroup cg_2 has none of them",
		       OPS_OF(SET_AFFINITY("cg_2", EXACT, .cpus = "1")));
	EXPECT_LEGAL(OPS_OF(SPAWN("cg_2", CPU_SPIN, 1,
				  .affinity = { AFFINITY_EXACT, .cpus = "0-1" })));
	EXPECT_ILLEGAL("affinity kind 77", WORK_IN(CPU_SPIN, 1, .affinity.kind = 77));
}

TEST_HARNESS_MAIN
