// SPDX-License-Identifier: GPL-2.0
/*
 * Which declarations are legal: steps, cgroups and operations as such.
 */
#include "legal.h"

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
