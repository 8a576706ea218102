// SPDX-License-Identifier: GPL-2.0
/*
 * Which limits have something to judge, and may be reached.
 */
#include "legal.h"

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

TEST_HARNESS_MAIN
