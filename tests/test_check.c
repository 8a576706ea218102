// SPDX-License-Identifier: GPL-2.0
/*
 * Which declarations are legal.
 */
#include <string.h>
#include "../guest/work/work.h"
#include "declare.h"
#include "kselftest_harness.h"

#define EXPECT_LEGAL(...) do {						\
	struct ktstr_test _t = TEST_OF(__VA_ARGS__);			\
	struct err _err = { };						\
	EXPECT_EQ(0, scenario_check(&_t, &_err)) {			\
		TH_LOG("%s", _err.msg);					\
	}								\
} while (0)

#define EXPECT_ILLEGAL(_text, ...) do {					\
	struct ktstr_test _t = TEST_OF(__VA_ARGS__);			\
	struct err _err = { };						\
	EXPECT_EQ(-EINVAL, scenario_check(&_t, &_err));			\
	EXPECT_NE(NULL, strstr(_err.msg, _text)) {			\
		TH_LOG("\"%s\" is not in \"%s\"", _text, _err.msg);	\
	}								\
} while (0)

#define STEPS_OF(_hold, ...)	.steps = STEPS({ .hold = _hold, ##__VA_ARGS__ })
#define OPS_OF(...)	.backdrop = CGROUPS(ONE_SPINNER, { "cg_2", CPUSET_RANGE(0, .5), { } }), \
			STEPS_OF(HOLD_FULL, .ops = OPS(__VA_ARGS__))

static int no_body(struct scenario *scn, struct msg_result *res)
{
	(void)scn;
	(void)res;
	return 0;
}

static void no_work(struct work_self *self)
{
	(void)self;
}

TEST(head)
{
	char name[sizeof(((struct job *)0)->test) + 1];

	EXPECT_LEGAL(STEPS_OF(HOLD_FULL));
	EXPECT_LEGAL(.body = no_body);
	EXPECT_ILLEGAL("either steps or a body", .min_cpus = 1);
	EXPECT_ILLEGAL("either steps or a body", STEPS_OF(HOLD_FULL), .body = no_body);
	EXPECT_ILLEGAL("no description", .desc = "", .body = no_body);
	EXPECT_ILLEGAL("0 characters", .name = "", .body = no_body);
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	EXPECT_ILLEGAL("64 characters", .name = name, .body = no_body);
	name[sizeof(name) - 2] = '\0';
	EXPECT_LEGAL(.name = name, .body = no_body);
	EXPECT_ILLEGAL("", .topology = "nonsense", .body = no_body);
	EXPECT_ILLEGAL("cannot run on this topology", .min_cpus = 5, .body = no_body);
	EXPECT_ILLEGAL("cannot run on this topology", .min_llcs = 3, .body = no_body);
	EXPECT_ILLEGAL("cannot run on this topology", .min_nodes = 2, .body = no_body);
	EXPECT_ILLEGAL("cannot run on this topology", .needs_smt = true, .body = no_body);
	EXPECT_LEGAL(.needs_smt = true, .topology = "1n1l2c2t", .body = no_body);
	EXPECT_ILLEGAL("cannot be expected", .expect_fail = { .cause = CAUSE_INFRA },
		       .body = no_body);
	EXPECT_ILLEGAL("\"late\" is expected of no cause", .expect_fail = { .text = "late" },
		       .body = no_body);
}

TEST(holds)
{
	EXPECT_ILLEGAL("no steps", .steps = STEPS({ .hold = { .kind = HOLD_KIND_NONE } }));
	EXPECT_ILLEGAL("step 0: hold 0:", STEPS_OF(HOLD_FRAC(0)));
	EXPECT_ILLEGAL("step 0: hold -1", STEPS_OF(HOLD_FRAC(-1)));
	EXPECT_ILLEGAL("hold 1.5", STEPS_OF(HOLD_FRAC(1.5)));
	EXPECT_ILLEGAL("hold", STEPS_OF(HOLD_FRAC(0. / 0.)));
	EXPECT_ILLEGAL("hold of 0 ms", STEPS_OF(HOLD_FIXED(0)));
	EXPECT_ILLEGAL("hold of 60001 ms", STEPS_OF(HOLD_FIXED(60001)));
	EXPECT_ILLEGAL("hold kind 9", STEPS_OF({ .kind = 9 }));
	EXPECT_LEGAL(.steps = STEPS({ .hold = HOLD_FRAC(1. / 3) }, { .hold = HOLD_FRAC(1. / 3) },
				    { .hold = HOLD_FRAC(1. / 3) }));
	EXPECT_ILLEGAL("step 1: the holds so far",
		       .steps = STEPS({ .hold = HOLD_FULL }, { .hold = HOLD_FRAC(.1) }));
	EXPECT_ILLEGAL("interval and operations", STEPS_OF(HOLD_LOOP(10)));
	EXPECT_ILLEGAL("interval and operations",
		       STEPS_OF(HOLD_LOOP(0), .ops = OPS(ADD_CGROUP("a"))));
	EXPECT_ILLEGAL("must be the last",
		       .backdrop = CGROUPS(ONE_SPINNER),
		       .steps = STEPS({ .hold = HOLD_LOOP(9), .ops = OPS(STOP_CGROUP("cg")) },
				      { .hold = HOLD_FRAC(.1) }));
	EXPECT_ILLEGAL("a loop of 100 ms each, 1900 ms after the start, has no turn in 2000 ms",
		       .backdrop = CGROUPS(ONE_SPINNER),
		       .steps = STEPS({ .hold = HOLD_FIXED(900) }, { .hold = HOLD_FRAC(.5) },
				      { .hold = HOLD_LOOP(100), .ops = OPS(STOP_CGROUP("cg")) }));
	EXPECT_ILLEGAL("a loop has no time to settle in", .settle_ms = 100,
		       STEPS_OF(HOLD_LOOP(9), .ops = OPS(ADD_CGROUP("a"), REMOVE_CGROUP("a"))));
	EXPECT_ILLEGAL("has no turn in 2000 ms", .settle_ms = 1500, .backdrop = CGROUPS(ONE_SPINNER),
		       .steps = STEPS({ .hold = HOLD_FIXED(400) },
				      { .hold = HOLD_LOOP(100), .ops = OPS(STOP_CGROUP("cg")) }));
	/* What each turn leaves adds up. */
	EXPECT_LEGAL(STEPS_OF(HOLD_LOOP(100), .ops = OPS(SPAWN_ROOT(CPU_SPIN, 12))));
	EXPECT_ILLEGAL("20 turns of a loop leave 273 workers: must be up to 256",
		       STEPS_OF(HOLD_LOOP(100), .ops = OPS(SPAWN_ROOT(CPU_SPIN, 13))));
	/* The second turn of a loop finds what the first has left. */
	EXPECT_ILLEGAL("cgroup a exists already",
		       STEPS_OF(HOLD_LOOP(9), .ops = OPS(ADD_CGROUP("a"))));
	EXPECT_LEGAL(STEPS_OF(HOLD_LOOP(9), .ops = OPS(ADD_CGROUP("a"), REMOVE_CGROUP("a"))));
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

TEST(cgroups)
{
#define NAMED(_name)	STEPS_OF(HOLD_FULL, .ops = OPS(ADD_CGROUP(_name)))
	char name[CGROUP_NAME_LEN + 1];

	EXPECT_LEGAL(NAMED("a/b/c-d_1.x"));
	EXPECT_ILLEGAL("0 characters", NAMED(""));
	EXPECT_ILLEGAL("not a name", NAMED("/a"));
	EXPECT_ILLEGAL("not a name", NAMED("a/"));
	EXPECT_ILLEGAL("not a name", NAMED("a//b"));
	EXPECT_ILLEGAL("not a name", NAMED(".."));
	EXPECT_ILLEGAL("not a name", NAMED("a/../b"));
	EXPECT_ILLEGAL("not a name", NAMED("a b"));
	EXPECT_LEGAL(NAMED("cpu/rooted"));
	EXPECT_ILLEGAL("the kernel has files of such a name", NAMED("cpu.max"));
	EXPECT_ILLEGAL("the kernel has files of such a name", NAMED("a/cgroup.procs"));
	EXPECT_ILLEGAL("\"root\" is what workers outside of cgroups are in", NAMED("root"));
	memset(name, 'x', sizeof(name));
	name[CGROUP_NAME_LEN] = '\0';
	EXPECT_ILLEGAL("128 characters", NAMED(name));

	EXPECT_ILLEGAL("step 0, cgroup cg: cgroup cg exists already",
		       STEPS_OF(HOLD_FULL, .cgroups = CGROUPS(ONE_SPINNER, ONE_SPINNER)));
	/* Without .keep it is gone when the next step begins. */
	EXPECT_LEGAL(.steps = STEPS({ .cgroups = CGROUPS(ONE_SPINNER), .hold = HOLD_FRAC(.5) },
				    { .cgroups = CGROUPS(ONE_SPINNER), .hold = HOLD_FRAC(.5) }));
	EXPECT_ILLEGAL("step 1, cgroup cg: cgroup cg exists already",
		       .steps = STEPS({ .cgroups = CGROUPS(ONE_SPINNER), .hold = HOLD_FRAC(.5),
					.keep = true },
				      { .cgroups = CGROUPS(ONE_SPINNER), .hold = HOLD_FRAC(.5) }));
	EXPECT_ILLEGAL("step 1, operation 0 (stop-cgroup) on cg: cgroup cg does not exist here",
		       .steps = STEPS({ .cgroups = CGROUPS(ONE_SPINNER), .hold = HOLD_FRAC(.5) },
				      { .ops = OPS(STOP_CGROUP("cg")), .hold = HOLD_FRAC(.5) }));
}

TEST(operations)
{
	EXPECT_LEGAL(OPS_OF(ADD_CGROUP("x"), SPAWN("x", CPU_SPIN, 1), REMOVE_CGROUP("x"),
			    SET_CPUSET("cg", CPUSET_LLC(1)), SWAP_CPUSETS("cg", "cg_2"),
			    CLEAR_CPUSET("cg"), STOP_CGROUP("cg"), SET_AFFINITY("cg", RANDOM),
			    SPAWN_ROOT(CPU_SPIN, 1), SPAWN_ROOT_PER_CPU(MIXED, 1),
			    MOVE_TASKS("cg", "cg_2")));
	EXPECT_ILLEGAL("operation 1 (remove-cgroup) on x: cgroup x does not exist",
		       OPS_OF(STOP_CGROUP("cg"), REMOVE_CGROUP("x")));
	EXPECT_ILLEGAL("cgroup cg does not exist here",
		       OPS_OF(REMOVE_CGROUP("cg"), STOP_CGROUP("cg")));
	EXPECT_ILLEGAL("no cpuset to clear", OPS_OF(CLEAR_CPUSET("cg")));
	EXPECT_ILLEGAL("do not both have a cpuset", OPS_OF(SWAP_CPUSETS("cg", "cg_2")));
	EXPECT_ILLEGAL("with itself", OPS_OF(SWAP_CPUSETS("cg_2", "cg_2")));
	EXPECT_ILLEGAL("with itself", OPS_OF(MOVE_TASKS("cg_2", "cg_2")));
	EXPECT_ILLEGAL("cgroup nowhere does not exist", OPS_OF(MOVE_TASKS("cg", "nowhere")));
	/* Where processes move in, what is below has no cpuset any more. */
	EXPECT_LEGAL(OPS_OF(ADD_CGROUP("a/b"), SET_CPUSET("a/b", CPUSET_LLC(1)),
			    SWAP_CPUSETS("a/b", "cg_2"), MOVE_TASKS("cg", "a")));
	EXPECT_ILLEGAL("cgroups a/b and cg_2 do not both have a cpuset",
		       OPS_OF(ADD_CGROUP("a/b"), SET_CPUSET("a/b", CPUSET_LLC(1)),
			      MOVE_TASKS("cg", "a"), SWAP_CPUSETS("a/b", "cg_2")));
	EXPECT_ILLEGAL("cgroup a/b is a partition",
		       OPS_OF(ADD_CGROUP("a/b"), SET_CPUSET("a/b", CPUSET_LLC(1)),
			      SET_PARTITION("a/b", ROOT), MOVE_TASKS("cg", "a")));
	/* And may not get one, until they have left and there are controllers again. */
	EXPECT_ILLEGAL("(set-cpuset) on a/b: cgroup a/b has no controllers: processes moved into a",
		       OPS_OF(ADD_CGROUP("a/b"), MOVE_TASKS("cg", "a"),
			      SET_CPUSET("a/b", CPUSET_LLC(1))));
	EXPECT_ILLEGAL("cgroup a/b has no controllers",
		       OPS_OF(ADD_CGROUP("a/b"), MOVE_TASKS("cg", "a"), SET_WEIGHT("a/b", 1)));
	EXPECT_ILLEGAL("cgroup a/b has no controllers",
		       OPS_OF(ADD_CGROUP("a/b"), MOVE_TASKS("cg", "a"), SET_MEMS("a/b", "0")));
	EXPECT_LEGAL(OPS_OF(ADD_CGROUP("a/b"), MOVE_TASKS("cg", "a"), STOP_CGROUP("a"),
			    ADD_CGROUP("a/c"), SET_CPUSET("a/b", CPUSET_LLC(1))));
	EXPECT_LEGAL(OPS_OF(ADD_CGROUP("a/b/c"), MOVE_TASKS("cg", "a")));
	EXPECT_ILLEGAL("cgroup a/b has no controllers",
		       OPS_OF(ADD_CGROUP("a/b/c"), MOVE_TASKS("cg", "a"), ADD_CGROUP("a/b/d")));
	EXPECT_ILLEGAL("cgroup cg has processes, so it cannot have children",
		       OPS_OF(ADD_CGROUP("cg/x")));
	EXPECT_ILLEGAL("cgroup a has processes, so it cannot have children",
		       OPS_OF(ADD_CGROUP("a"), MOVE_TASKS("cg", "a"), ADD_CGROUP("a/x")));
	EXPECT_ILLEGAL("cgroup a has processes",
		       STEPS_OF(HOLD_FULL, .cgroups = CGROUPS({ "a", CPUSET_NONE,
								WORKERS(CPU_SPIN, 1) },
							      { "a/b", CPUSET_NONE, { } })));
	EXPECT_LEGAL(OPS_OF(STOP_CGROUP("cg"), ADD_CGROUP("cg/x")));
	EXPECT_LEGAL(OPS_OF(MOVE_TASKS("cg", "cg_2"), ADD_CGROUP("cg/x")));
	EXPECT_LEGAL(OPS_OF(ADD_CGROUP("a/b"), REMOVE_CGROUP("a/b"), SPAWN("a", CPU_SPIN, 1)));
	EXPECT_ILLEGAL("CPUs 1: cg_2 has only 0",
		       OPS_OF(ADD_CGROUP("cg_2/x"), SET_CPUSET("cg_2/x", CPUSET_EXACT("1"))));
	EXPECT_ILLEGAL("CPUs 0-1: cg_2 has only 0",
		       OPS_OF(ADD_CGROUP_DEF({ "cg_2/x", CPUSET_EXACT("0-1"), { } })));
	EXPECT_ILLEGAL("LLC 2 of 2", OPS_OF(SET_CPUSET("cg", CPUSET_LLC(2))));
	EXPECT_ILLEGAL("no usable CPU", OPS_OF(SET_CPUSET("cg", CPUSET_RANGE(0, .25))));
	EXPECT_ILLEGAL("has children",
		       OPS_OF(ADD_CGROUP("a/b"), SPAWN("a", CPU_SPIN, 1)));
	EXPECT_ILLEGAL("work type 0", OPS_OF(SPAWN("cg", NONE, 1)));
	EXPECT_ILLEGAL("operation 77 does not exist", OPS_OF({ .kind = 77 }));
	EXPECT_ILLEGAL("does not exist here", OPS_OF({ .kind = OP_STOP_CGROUP }));
}

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

/* The shares of "a" and "b", with so many workers each, on CPU 0 if nothing else is said. */
#define A_AND_B(_a, _b)								\
	.backdrop = CGROUPS({ "a", CPUSET_EXACT("0"), _a }, { "b", CPUSET_EXACT("0"), _b })
#define ONE	WORKERS(CPU_SPIN, 1)
#define WEIGHTS	SET_WEIGHT("a", 100), SET_WEIGHT("b", 300)
#define WEIGHED	.expect = { .max_weight_error_pct = 20 }

TEST(weights_in_reach)
{
	EXPECT_LEGAL(A_AND_B(ONE, ONE), STEPS_OF(HOLD_FULL, .ops = OPS(WEIGHTS)), WEIGHED);
	/* What was before the last step is of no matter. */
	EXPECT_LEGAL(A_AND_B(ONE, ONE), WEIGHED,
		     .steps = STEPS({ .ops = OPS(WEIGHTS, FREEZE("a")), .hold = HOLD_FRAC(.5) },
				    { .ops = OPS(THAW("a")), .hold = HOLD_FRAC(.5) }));
	EXPECT_LEGAL(.backdrop = CGROUPS({ "top/a", CPUSET_NONE, WORKERS(CPU_SPIN, 4) },
					 { "top/b", CPUSET_NONE, WORKERS(CPU_SPIN, 4) }),
		     STEPS_OF(HOLD_FULL, .ops = OPS(SET_WEIGHT("top/a", 100),
						    SET_WEIGHT("top/b", 300))), WEIGHED);
	EXPECT_ILLEGAL("no siblings have any",
		       A_AND_B(ONE, ONE), STEPS_OF(HOLD_FULL, .ops = OPS(SET_WEIGHT("a", 1))),
		       WEIGHED);
	EXPECT_ILLEGAL("no siblings have any",
		       A_AND_B(ONE, ONE), WEIGHED,
		       .steps = STEPS({ .ops = OPS(WEIGHTS), .hold = HOLD_FRAC(.5) },
				      { .ops = OPS(REMOVE_CGROUP("b")), .hold = HOLD_FRAC(.5) }));
	EXPECT_ILLEGAL("no siblings have any",
		       .backdrop = CGROUPS({ "a", CPUSET_NONE, ONE }, { "top/b", CPUSET_NONE, ONE }),
		       STEPS_OF(HOLD_FULL, .ops = OPS(SET_WEIGHT("a", 1), SET_WEIGHT("top/b", 1))),
		       WEIGHED);
	EXPECT_ILLEGAL("its CPUs are not those of its siblings",
		       .backdrop = CGROUPS({ "a", CPUSET_EXACT("0"), ONE },
					   { "b", CPUSET_EXACT("1"), ONE }),
		       STEPS_OF(HOLD_FULL, .ops = OPS(WEIGHTS)), WEIGHED);
	EXPECT_ILLEGAL("the weight of cgroup b is judged on 1 CPUs, but only 0 of its workers spin",
		       A_AND_B(ONE, { }), STEPS_OF(HOLD_FULL, .ops = OPS(WEIGHTS)), WEIGHED);
	EXPECT_ILLEGAL("but only 0 of its workers spin on any of them",
		       A_AND_B(ONE, WORKERS(BURSTY, 3)),
		       STEPS_OF(HOLD_FULL, .ops = OPS(WEIGHTS)), WEIGHED);
	EXPECT_ILLEGAL("but only 0 of its workers spin on any of them",
		       A_AND_B(ONE, WORKERS(YIELD_HEAVY, 3)),
		       STEPS_OF(HOLD_FULL, .ops = OPS(WEIGHTS)), WEIGHED);
	EXPECT_ILLEGAL("but only 0 of its workers spin on any of them",
		       A_AND_B(ONE, ONE), WEIGHED,
		       STEPS_OF(HOLD_FULL, .ops = OPS(WEIGHTS, SET_AFFINITY("a", SINGLE))));
	EXPECT_ILLEGAL("of cgroup a is judged on 4 CPUs, but only 0 of its workers", WEIGHED,
		       .backdrop = CGROUPS({ "a/x", CPUSET_EXACT("0"), WORKERS(CPU_SPIN, 4) },
					   { "b", CPUSET_NONE, WORKERS(CPU_SPIN, 4) }),
		       STEPS_OF(HOLD_FULL, .ops = OPS(WEIGHTS)));
	EXPECT_ILLEGAL("CPU time of cgroup a is judged, but a/x is frozen", WEIGHED,
		       .backdrop = CGROUPS({ "a/x", CPUSET_NONE, WORKERS(CPU_SPIN, 4) },
					   { "b", CPUSET_NONE, WORKERS(CPU_SPIN, 4) }),
		       STEPS_OF(HOLD_FULL, .ops = OPS(WEIGHTS, FREEZE("a/x"))));
	EXPECT_ILLEGAL("CPU time of cgroup a is judged, but a/x has a limit", WEIGHED,
		       .backdrop = CGROUPS({ "a/x", CPUSET_NONE, WORKERS(CPU_SPIN, 4) },
					   { "b", CPUSET_NONE, WORKERS(CPU_SPIN, 4) }),
		       STEPS_OF(HOLD_FULL, .ops = OPS(WEIGHTS, SET_MAX("a/x", 1000, 10000))));
	EXPECT_ILLEGAL("shares are judged in the last step, which must be a hold of 500 ms", WEIGHED,
		       A_AND_B(ONE, ONE),
		       .steps = STEPS({ .ops = OPS(WEIGHTS), .hold = HOLD_FRAC(.5) },
				      { .hold = HOLD_FIXED(499) }));
	EXPECT_ILLEGAL("shares are judged in the last step", WEIGHED, A_AND_B(ONE, ONE),
		       STEPS_OF(HOLD_LOOP(600), .ops = OPS(WEIGHTS)));
	EXPECT_ILLEGAL("b has workers that take more than a fair share",
		       A_AND_B(ONE, WORKERS(CPU_SPIN, 3, .policy = SCHED_FIFO, .prio = 1)),
		       STEPS_OF(HOLD_FULL, .ops = OPS(WEIGHTS)), WEIGHED);
	EXPECT_ILLEGAL("judged on 4 CPUs, but only 2 of its workers",
		       .backdrop = CGROUPS({ "a", CPUSET_NONE, WORKERS(CPU_SPIN, 8) },
					   { "b", CPUSET_NONE, WORKERS(CPU_SPIN, 2) }),
		       STEPS_OF(HOLD_FULL, .ops = OPS(WEIGHTS)), WEIGHED);
	EXPECT_ILLEGAL("CPU time of cgroup a is judged, but a is frozen",
		       A_AND_B(ONE, ONE), STEPS_OF(HOLD_FULL, .ops = OPS(WEIGHTS, FREEZE("a"))),
		       WEIGHED);
	EXPECT_ILLEGAL("CPU time of cgroup b is judged, but b has a limit",
		       A_AND_B(ONE, ONE), WEIGHED,
		       STEPS_OF(HOLD_FULL, .ops = OPS(WEIGHTS, SET_MAX("b", 1000, 100000))));
}

TEST(limits_in_reach)
{
#define LIMITED		.expect = { .max_limit_error_pct = 20 }
#define LIMIT(_quota)	STEPS_OF(HOLD_FULL, .ops = OPS(SET_MAX("a", _quota, 100000)))

	EXPECT_LEGAL(A_AND_B(ONE, ONE), LIMIT(50000), LIMITED);
	EXPECT_LEGAL(A_AND_B(ONE, { }), LIMIT(90000), LIMITED);
	EXPECT_ILLEGAL("cpu.max is judged, but not set in the last step",
		       A_AND_B(ONE, ONE), STEPS_OF(HOLD_FULL), LIMITED);
	/* Of one CPU that it shares with another cgroup, or with more workers. */
	EXPECT_ILLEGAL("of its 0.60 CPUs only 0.50 are sure to be used",
		       A_AND_B(ONE, ONE), LIMIT(60000), LIMITED);
	EXPECT_ILLEGAL("of its 0.50 CPUs only 0.25 are sure to be used",
		       A_AND_B(ONE, WORKERS(BURSTY, 3)), LIMIT(50000), LIMITED);
	EXPECT_ILLEGAL("of its 1.20 CPUs only 1.00 are sure to be used",
		       .backdrop = CGROUPS({ "a", CPUSET_NONE, ONE }), LIMIT(120000), LIMITED);
#define MAY_TAKE_MORE	"who else is on its CPUs may take more than like cgroups at the top"
	EXPECT_ILLEGAL(MAY_TAKE_MORE, A_AND_B(ONE, ONE), LIMITED,
		       STEPS_OF(HOLD_FULL, .ops = OPS(SET_WEIGHT("b", 5000),
						      SET_MAX("a", 20000, 100000))));
	EXPECT_ILLEGAL(MAY_TAKE_MORE, LIMIT(20000), LIMITED,
		       A_AND_B(ONE, WORKERS(CPU_SPIN, 1, .policy = SCHED_FIFO, .prio = 1)));
	EXPECT_ILLEGAL(MAY_TAKE_MORE, LIMIT(20000), LIMITED,
		       A_AND_B(ONE, WORKERS(CPU_SPIN, 1, .nice = -1)));
	EXPECT_ILLEGAL(MAY_TAKE_MORE, LIMIT(20000), LIMITED,
		       .backdrop = CGROUPS({ "a", CPUSET_NONE, ONE }, { "t/b", CPUSET_NONE, ONE }));
	EXPECT_ILLEGAL("CPU time of cgroup a/x is judged, but a has a limit", LIMITED,
		       .backdrop = CGROUPS({ "a/x", CPUSET_NONE, WORKERS(CPU_SPIN, 4) }),
		       STEPS_OF(HOLD_FULL, .ops = OPS(SET_MAX("a", 1000, 10000),
						      SET_MAX("a/x", 9000, 10000))));
	EXPECT_ILLEGAL(MAY_TAKE_MORE,
		       .backdrop = CGROUPS({ "a", CPUSET_EXACT("0"), ONE }), LIMITED,
		       STEPS_OF(HOLD_FULL, .ops = OPS(SPAWN_ROOT(CPU_SPIN, 1),
						      SET_MAX("a", 90000, 100000))));
}

TEST(nothing_to_judge)
{
	EXPECT_LEGAL(STEPS_OF(HOLD_FULL, .cgroups = CGROUPS({ "a", CPUSET_NONE,
							      WORKERS(BURSTY, 2) })),
		     .expect = { .max_p99_wake_latency_us = 1, .max_throughput_cv = 1 });
	EXPECT_ILLEGAL("what workers do is judged, but there are none", STEPS_OF(HOLD_FULL),
		       .expect = { .min_iteration_rate = 1 });
	EXPECT_ILLEGAL("but there are none", STEPS_OF(HOLD_FULL),
		       .expect = { .zero = ZERO_MIGRATION });
	EXPECT_ILLEGAL("no two are alike", OPS_OF(STOP_CGROUP("cg")),
		       .expect = { .max_throughput_cv = 1 });
	EXPECT_ILLEGAL("no two are alike",
		       OPS_OF(SPAWN_ROOT(CPU_SPIN, 4, .affinity.kind = AFFINITY_EACH)),
		       .expect = { .max_throughput_cv = 1 });
	EXPECT_ILLEGAL("no two are alike",
		       STEPS_OF(HOLD_FULL, .ops = OPS(SPAWN_ROOT(FUTEX_FAN_OUT, 2, .group = 2))),
		       .expect = { .max_throughput_cv = 1 });
	EXPECT_ILLEGAL("wake-ups are judged, but no worker ever sleeps",
		       OPS_OF(STOP_CGROUP("cg")), .expect = { .max_p50_wake_latency_us = 1 });
	EXPECT_ILLEGAL("wake-ups are judged", OPS_OF(STOP_CGROUP("cg")),
		       .expect = { .max_wake_latency_cv = 1 });
	EXPECT_ILLEGAL("but no memory policy names any", OPS_OF(STOP_CGROUP("cg")),
		       .expect = { .min_node_share = .1 });
	EXPECT_ILLEGAL("limit locality is 7: must be up to 1", OPS_OF(STOP_CGROUP("cg")),
		       .expect = { .min_page_locality = 7 });
	EXPECT_ILLEGAL("limit work-rate is -1: must be up to", OPS_OF(STOP_CGROUP("cg")),
		       .expect = { .min_work_rate = -1 });
	EXPECT_ILLEGAL("limit wake-cv is", OPS_OF(STOP_CGROUP("cg")),
		       .expect = { .max_wake_latency_cv = 0. / 0. });
	EXPECT_ILLEGAL("limit spread is 101", OPS_OF(STOP_CGROUP("cg")),
		       .expect = { .max_spread_pct = 101 });
	EXPECT_LEGAL(OPS_OF(STOP_CGROUP("cg")), .expect = { .max_gap_ms = EXPECT_GAP_OFF });
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

TEST(names_of_operations)
{
	char buf[512];
	unsigned int i;

	for (i = 0; i < NR_OPS; i++)
		EXPECT_STRNE("?", op_name(i));
	EXPECT_STREQ("?", op_name(NR_OPS));
	EXPECT_STREQ("none", op_mask_format(0, buf, sizeof(buf)));
	EXPECT_STREQ("freeze, thaw",
		     op_mask_format(1ULL << OP_FREEZE | 1ULL << OP_THAW, buf, sizeof(buf)));
	/* A guest may say anything. */
	op_mask_format(~0ULL, buf, 16);
	EXPECT_GT(16, strlen(buf));
}

/* As every scenario is declared and found. */
KTSTR_TEST(registered,
	.desc = "to be found",
	.steps = STEPS({ .cgroups = CGROUPS(ONE_SPINNER), .hold = HOLD_FULL }));

TEST(registration)
{
	const struct ktstr_test *const *pos;
	unsigned int nr = 0;

	for_each_test(pos) {
		EXPECT_STREQ("registered", (*pos)->name);
		EXPECT_EQ(0, scenario_check(*pos, NULL));
		nr++;
	}
	EXPECT_EQ(1, nr);
}

TEST_HARNESS_MAIN
