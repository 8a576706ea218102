// SPDX-License-Identifier: GPL-2.0
/*
 * Controls of what tests do to schedulers, CPUs, cgroups and programs of others, as in
 * controls.c: an instance passes when it fails for the right cause.
 */
#include <unistd.h>
#include "../guest/work/work.h"
#include "../ktstr.h"

#define EXPECT_FAIL(_cause, _text)	{ .cause = CAUSE_##_cause, .text = (_text) }

/* A CPU each, so that nothing is a matter of chance. */
#define TWO_CGROUPS								\
	CGROUPS({ "cg_0", CPUSET_EXACT("0"), WORKERS(CPU_SPIN, 2) },		\
		{ "cg_1", CPUSET_EXACT("1"), WORKERS(CPU_SPIN, 2) })

/* --- the scheduler -------------------------------------------------------- */

#define DETACHED								\
	.sched = "fifo", .needs_scx = true,					\
	.steps = STEPS({ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(CPU_SPIN, 8) }), \
			 .hold = HOLD_FRAC(.3), .keep = true },			\
		       { .ops = OPS(DETACH_SCHEDULER()), .hold = HOLD_FRAC(.7) }), \
	.expect = { .max_spread_pct = 75 }

KTSTR_TEST(control_detached,
	.desc = "twin of the next two, without a fault: passes",
	DETACHED);

KTSTR_TEST(control_left_behind,
	.desc = "a worker that does not run again after a detach is found",
	DETACHED,
	.fault = JOB_FAULT_LEFT_BEHIND,
	.expect_fail = EXPECT_FAIL(STARVED, "after the scheduler was changed at"));

KTSTR_TEST(control_second_sched,
	.desc = "a scheduler that is there although it was detached is found",
	DETACHED,
	/* To attach takes long where all CPUs are busy. */
	.duration_ms = 8000,
	.fault = JOB_FAULT_SECOND_SCHED,
	.expect_fail = EXPECT_FAIL(SCHED_DETACH, "was detached, but sched_ext is"));

#define WITH_SCHED								\
	.sched = "fifo", .needs_scx = true,					\
	.steps = STEPS({ .cgroups = TWO_CGROUPS, .hold = HOLD_FIXED(500) })

KTSTR_TEST(control_no_ext_left,
	.desc = "twin of the next three, without a fault: passes",
	WITH_SCHED);

KTSTR_TEST(control_ext_left,
	.desc = "a task that is of the ext class at the end is found, whatever the guest says",
	WITH_SCHED,
	.fault = JOB_FAULT_NO_DETACH,
	.expect_fail = EXPECT_FAIL(SCHED_DETACH, "tasks of the ext class, limit 0"));

KTSTR_TEST(control_ext_asleep,
	.desc = "the same of tasks that all sleep: no run queue has them",
	WITH_SCHED,
	.fault = JOB_FAULT_ALL_ASLEEP,
	.expect_fail = EXPECT_FAIL(SCHED_DETACH, "after the detach, the first is "));

KTSTR_TEST(control_sleeper_left,
	.desc = "a task that slept during the detach, and does not run again, is found",
	WITH_SCHED,
	.fault = JOB_FAULT_SLEEPER,
	.expect_fail = EXPECT_FAIL(SCHED_DETACH, "that had slept since it was attached"));

KTSTR_TEST(control_fault_again,
	.desc = "a scheduler with faults to switch on is detached and attached again: passes",
	.sched = "fault", .needs_scx = true,
	.steps = STEPS({ .cgroups = TWO_CGROUPS, .hold = HOLD_FRAC(.3), .keep = true },
		       { .ops = OPS(DETACH_SCHEDULER()), .hold = HOLD_FRAC(.3) },
		       { .ops = OPS(ATTACH_SCHEDULER()), .hold = HOLD_FRAC(.4) }));

/* --- CPUs ----------------------------------------------------------------- */

/* Twelve for each CPU that is there: evenly, unless one counts that is not there. */
KTSTR_TEST(control_offline_balanced,
	.desc = "a CPU that is offline is no empty one: passes",
	.sched = "none", .min_cpus = 4,
	.steps = STEPS({ .ops = OPS(CPU_OFFLINE(3)),
			 .cgroups = CGROUPS({ "cg_0", CPUSET_EXACT("0"), WORKERS(CPU_SPIN, 12) },
					    { "cg_1", CPUSET_EXACT("1"), WORKERS(CPU_SPIN, 12) },
					    { "cg_2", CPUSET_EXACT("2"), WORKERS(CPU_SPIN, 12) }),
			 .hold = HOLD_FULL }),
	.expect = { .max_imbalance = 3 });

KTSTR_TEST(control_offline_imbalance,
	.desc = "twin of that, with an empty CPU beside the one that is offline",
	.sched = "none", .min_cpus = 4,
	.steps = STEPS({ .ops = OPS(CPU_OFFLINE(3)),
			 .cgroups = CGROUPS({ "cg_0", CPUSET_EXACT("0"), WORKERS(CPU_SPIN, 12) },
					    { "cg_1", CPUSET_EXACT("1"), WORKERS(CPU_SPIN, 12) }),
			 .hold = HOLD_FULL }),
	.expect = { .max_imbalance = 3 },
	.expect_fail = EXPECT_FAIL(IMBALANCE, "limit 3, for"));

/* Of four CPUs these want more than three can give. */
KTSTR_TEST(control_hotplug,
	.desc = "a CPU that the kernel does not let go is a failure that says so",
	.sched = "none", .min_cpus = 4,
	.steps = STEPS({ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE,
					      WORKERS(CPU_SPIN, 4, .policy = SCHED_DEADLINE,
						      .dl = { 8000, 10000, 10000 }) }),
			 .hold = HOLD_FRAC(.5), .keep = true },
		       { .ops = OPS(CPU_OFFLINE(3)), .hold = HOLD_FRAC(.5) }),
	.expect_fail = EXPECT_FAIL(HOTPLUG, "cpu3/online: Device or resource busy"));

/* --- cgroups -------------------------------------------------------------- */

KTSTR_TEST(control_unfreezable,
	.desc = "a cgroup that does not freeze is not waited for for ever",
	.steps = STEPS({ .cgroups = TWO_CGROUPS, .hold = HOLD_FRAC(.5), .keep = true },
		       { .ops = OPS(FREEZE("cg_0")), .hold = HOLD_FRAC(.5) }),
	.fault = JOB_FAULT_REFUSED,
	.expect_fail = EXPECT_FAIL(CGROUP, "does not say \"frozen 1\" after"));

KTSTR_TEST(control_not_paused,
	.desc = "who is kept from running, but not by freezing, is judged for it",
	.steps = STEPS({ .cgroups = CGROUPS({ "cg_0", CPUSET_EXACT("0"), WORKERS(CPU_SPIN, 2) }),
			 .hold = HOLD_FRAC(.25), .keep = true },
		       { .ops = OPS(SPAWN("cg_0", CPU_SPIN, 1, .policy = SCHED_FIFO, .prio = 1)),
			 .hold = HOLD_FRAC(.75) }),
	.duration_ms = 1500,
	.expect = { .max_spread_pct = 100, .max_gap_ms = 300 },
	.expect_fail = EXPECT_FAIL(STUCK, "limit 300 ms"));

KTSTR_TEST(control_cpuset_taken,
	.desc = "a cpuset goes with its controller when workers move in above it: passes",
	.steps = STEPS({ .cgroups = CGROUPS({ "cg_0/sub", CPUSET_EXACT("0"), WORKERS(CPU_SPIN, 2) },
					    { "cg_1", CPUSET_EXACT("1"), WORKERS(CPU_SPIN, 1) }),
			 .hold = HOLD_FRAC(.3), .keep = true },
		       { .ops = OPS(MOVE_TASKS("cg_1", "cg_0")), .hold = HOLD_FRAC(.7) }),
	.expect = { .isolation = true, .max_spread_pct = 75 });

KTSTR_TEST(control_leaked_cgroup,
	.desc = "a cgroup that is left at the end is found",
	.steps = STEPS({ .cgroups = TWO_CGROUPS, .hold = HOLD_FULL }),
	.fault = JOB_FAULT_LEAK_CGROUP,
	.expect_fail = EXPECT_FAIL(CGROUP, "at the end: cannot remove"));

KTSTR_TEST(control_partition,
	.desc = "a partition that the kernel accepts and does not make is found",
	.steps = STEPS({ .cgroups = CGROUPS({ "top/cg_0", CPUSET_EXACT("2"), WORKERS(CPU_SPIN, 2) }),
			 .hold = HOLD_FRAC(.5), .keep = true },
		       { .ops = OPS(SET_PARTITION("top/cg_0", ROOT)), .hold = HOLD_FRAC(.5) }),
	.fault = JOB_FAULT_REFUSED,
	.expect_fail = EXPECT_FAIL(CGROUP, "cpuset.cpus.partition of top/cg_0 is \"root invalid"));

/* "fifo" knows neither. */
KTSTR_TEST(control_weight,
	.desc = "a scheduler that does not honour cpu.weight is found out",
	.sched = "fifo", .needs_scx = true,
	.steps = STEPS({ .ops = OPS(ADD_CGROUP("cg_0"), ADD_CGROUP("cg_1"),
				    SET_CPUSET("cg_0", CPUSET_EXACT("0")),
				    SET_CPUSET("cg_1", CPUSET_EXACT("0")),
				    SET_WEIGHT("cg_0", 300), SET_WEIGHT("cg_1", 100),
				    SPAWN("cg_0", CPU_SPIN, 2), SPAWN("cg_1", CPU_SPIN, 2)),
			 .hold = HOLD_FULL }),
	.expect = { .max_spread_pct = 100, .max_weight_error_pct = 20 },
	.expect_fail = EXPECT_FAIL(SHARE, "cpu.weight"));

KTSTR_TEST(control_max,
	.desc = "a scheduler that does not honour cpu.max is found out",
	.sched = "fifo", .needs_scx = true,
	.steps = STEPS({ .cgroups = TWO_CGROUPS, .hold = HOLD_FRAC(.1), .keep = true },
		       { .ops = OPS(SET_MAX("cg_0", 12500, 50000)), .hold = HOLD_FRAC(.9) }),
	.duration_ms = 4000,
	.expect = { .max_spread_pct = 100, .max_limit_error_pct = 15 },
	.expect_fail = EXPECT_FAIL(SHARE, "ms, cpu.max 12500 50000 promises"));

KTSTR_TEST(control_too_little,
	.desc = "a limit that is not used up is found: its cgroup did not get what it may have",
	.sched = "none",
	.steps = STEPS({ .cgroups = CGROUPS({ "cg_0", CPUSET_EXACT("0"), WORKERS(CPU_SPIN, 1) }),
			 .hold = HOLD_FRAC(.1), .keep = true },
		       { .ops = OPS(SET_MAX("cg_0", 12500, 50000)), .hold = HOLD_FRAC(.9) }),
	.fault = JOB_FAULT_STARVE,
	.duration_ms = 4000,
	.expect = { .max_limit_error_pct = 15 },
	.expect_fail = EXPECT_FAIL(SHARE, "ms, cpu.max 12500 50000 promises"));

/* --- payloads ------------------------------------------------------------- */

#define PAYLOAD(_name, _how, _score, ...)					\
	static const struct ktstr_payload _name = {				\
		.name = #_name, .program = "payload",				\
		.args = WORDS(_how, _score), .cure = "make tests", ##__VA_ARGS__ }

#define RUN(_name, ...)								\
	.steps = STEPS({ .ops = OPS(ADD_CGROUP("cg_0"), RUN_PAYLOAD(&_name, "cg_0"), \
				    ##__VA_ARGS__),				\
			 .hold = HOLD_FIXED(1000) })

#define SCORE(_min, _max)	.metrics = METRICS(METRIC_BETWEEN("score", "score", _min, _max))

PAYLOAD(payload_good, "0", "7.5", SCORE(7, 8));
KTSTR_TEST(control_payload,
	.desc = "twin of those that follow: what it must do and say, it does and says: passes",
	RUN(payload_good, WAIT_PAYLOAD(&payload_good, 5000)));

PAYLOAD(payload_code, "3", "7.5", .exit_code = 3);
KTSTR_TEST(control_payload_code,
	.desc = "a payload that is to end with code 3 does, and nobody waits for it: passes",
	RUN(payload_code));

PAYLOAD(payload_any, "3", "7.5", .exit_code = PAYLOAD_ANY_EXIT, SCORE(7, 8));
KTSTR_TEST(control_payload_any_code,
	.desc = "a payload whose exit code says nothing is judged by its numbers: passes",
	RUN(payload_any, WAIT_PAYLOAD(&payload_any, 5000)));

PAYLOAD(payload_any_low, "3", "6.5", .exit_code = PAYLOAD_ANY_EXIT, SCORE(7, 8));
KTSTR_TEST(control_payload_any_code_low,
	.desc = "and these are judged",
	RUN(payload_any_low, WAIT_PAYLOAD(&payload_any_low, 5000)),
	.expect_fail = EXPECT_FAIL(PAYLOAD, "score is 6.5, limits 7 to 8"));

PAYLOAD(payload_bad, "3", "7.5");
KTSTR_TEST(control_payload_bad,
	.desc = "the exit code of a payload is judged",
	RUN(payload_bad),
	.expect_fail = EXPECT_FAIL(PAYLOAD, "exit code 3, must be 0"));

PAYLOAD(payload_crash, "crash", "7.5");
KTSTR_TEST(control_payload_crash,
	.desc = "a payload that crashes is found",
	RUN(payload_crash, WAIT_PAYLOAD(&payload_crash, 5000)),
	.expect_fail = EXPECT_FAIL(PAYLOAD, "was killed by signal 11"));

PAYLOAD(payload_late, "hang", "7.5");
KTSTR_TEST(control_payload_late,
	.desc = "a payload that does not end in time is found",
	RUN(payload_late, WAIT_PAYLOAD(&payload_late, 300)),
	.expect_fail = EXPECT_FAIL(PAYLOAD, "did not end within 300 ms"));

KTSTR_TEST(control_payload_killed,
	.desc = "a payload that is killed on purpose is not judged for that: passes",
	RUN(payload_late, KILL_PAYLOAD(&payload_late)));

/* What it leaves is of a real-time policy, and would not let the spinner run. */
PAYLOAD(payload_leaves, "leave", "7.5");
KTSTR_TEST(control_payload_leaves,
	.desc = "what a payload has left running ends with it: passes",
	.sched = "none",
	.steps = STEPS({ .ops = OPS(ADD_CGROUP("cg_0"), SET_CPUSET("cg_0", CPUSET_EXACT("1"))),
			 .hold = HOLD_FIXED(10), .keep = true },
		       { .ops = OPS(RUN_PAYLOAD(&payload_leaves, "cg_0"),
				    WAIT_PAYLOAD(&payload_leaves, 5000)),
			 .hold = HOLD_FIXED(10) },
		       { .cgroups = CGROUPS({ "cg_1", CPUSET_EXACT("1"), WORKERS(CPU_SPIN, 1) }),
			 .hold = HOLD_FULL }),
	.expect = { .max_gap_ms = 500 });

static void dies_soon(struct work_self *self)
{
	uint64_t until = now_ns() + 500 * NSEC_PER_MSEC;

	while (!work_stopped(self) && self->base_ns < until)
		work_unit(self);
	_exit(7);
}

/* When it has slept for the first time, the worker begins; it dies in the second. */
PAYLOAD(payload_slow, "sleep", "7.5");
KTSTR_TEST(control_payload_loop,
	.desc = "a worker that dies while a loop waits for a payload is no cgroup's failure",
	.steps = STEPS({ .ops = OPS(RUN_PAYLOAD(&payload_slow, NULL),
				    WAIT_PAYLOAD(&payload_slow, 5000)),
			 .cgroups = CGROUPS({ "cg_0", CPUSET_EXACT("1"),
					      WORKERS(CUSTOM, 1, .custom = dies_soon) }),
			 .hold = HOLD_LOOP(100), .keep = true }),
	.expect_fail = EXPECT_FAIL(WORKER, "exited with status 7 before it was told to stop"));

PAYLOAD(payload_low, "0", "6.5", SCORE(7, 8));
KTSTR_TEST(control_payload_low,
	.desc = "a number of a payload that is out of its limits is found",
	RUN(payload_low, WAIT_PAYLOAD(&payload_low, 5000)),
	.expect_fail = EXPECT_FAIL(PAYLOAD, "score is 6.5, limits 7 to 8"));

PAYLOAD(payload_not_0, "0", "0.5", SCORE(0, 0));
KTSTR_TEST(control_payload_not_0,
	.desc = "a number of a payload that must be 0 and is not is found",
	RUN(payload_not_0, WAIT_PAYLOAD(&payload_not_0, 5000)),
	.expect_fail = EXPECT_FAIL(PAYLOAD, "score is 0.5, limits 0 to 0"));

PAYLOAD(payload_mute, "0", "7.5", .metrics = METRICS(METRIC("speed", "speed")));
KTSTR_TEST(control_payload_mute,
	.desc = "a number that a payload does not say is missed",
	RUN(payload_mute, WAIT_PAYLOAD(&payload_mute, 5000)),
	.expect_fail = EXPECT_FAIL(PAYLOAD, "speed is missing"));

/* The runner of the kernel's selftests/sched_ext; tests/test_selftests.sh builds it. */
#define SELFTESTS(_name, ...)						\
	static const struct ktstr_payload _name = {				\
		.name = #_name, .program = "scx_selftests",			\
		.args = WORDS("-t", ##__VA_ARGS__),				\
		.cure = "tests/test_selftests.sh builds it",			\
		.metrics = METRICS(METRIC_BETWEEN("tests passed", "PASSED:", 7, 100)) }

SELFTESTS(selftests_busy, "select_cpu_dfl");
KTSTR_TEST(control_selftests_fail,
	.desc = "selftests/sched_ext that fail, since another scheduler is there, are found",
	.needs_scx = true, .sched = "fifo", .not_default = true,
	RUN(selftests_busy, WAIT_PAYLOAD(&selftests_busy, 60000)),
	.expect_fail = EXPECT_FAIL(PAYLOAD, "ended with exit code 1, must be 0"));

SELFTESTS(selftests_few, "select_cpu_vtime");
KTSTR_TEST(control_selftests_few,
	.desc = "selftests/sched_ext of which only few ran are found",
	.needs_scx = true, .sched = "none", .not_default = true,
	RUN(selftests_few, WAIT_PAYLOAD(&selftests_few, 60000)),
	.expect_fail = EXPECT_FAIL(PAYLOAD, "tests passed is 1, limits 7 to 100"));
