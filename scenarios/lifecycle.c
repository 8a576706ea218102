// SPDX-License-Identifier: GPL-2.0
/*
 * What comes and goes under load: schedulers, CPUs, the CPUs of partitions, frozen cgroups,
 * weights and limits, programs of others.
 */
#include "../ktstr.h"
#include "limits.h"

/* --- the scheduler -------------------------------------------------------- */

KTSTR_TEST(sched_detach_attach,
	.desc = "a scheduler is detached and attached again under load: all run on, before and after",
	.needs_sched = true,
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE,
				       WORKER_LIST(W(CPU_SPIN, 4), W(MIXED, 4)) },
				     { "cg_1", CPUSET_NONE, WORKERS(BURSTY, 4) }),
		  .hold = HOLD_FRAC(.2), .keep = true },
		{ .ops = OPS(DETACH_SCHEDULER()), .hold = HOLD_FRAC(.4) },
		{ .ops = OPS(ATTACH_SCHEDULER()), .hold = HOLD_FRAC(.4) }),
	.expect = { UNEVEN });

KTSTR_TEST(sched_load_storm,
	.desc = "a scheduler goes and comes back as fast as it can while tasks fork, exit and talk",
	.needs_sched = true,
	/* A loader is a task like others: where none of the CPUs is idle it takes seconds. */
	.duration_ms = 6000,
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE,
				       WORKER_LIST(W(FORK_EXIT, 2), W(PIPE_IO, 2)) },
				     { "cg_1", CPUSET_NONE, WORKERS(BURSTY, 2) }),
		  .hold = HOLD_FIXED(100), .keep = true },
		{ .ops = OPS(RESTART_SCHEDULER()), .hold = HOLD_LOOP(20) }),
	.expect = { UNEVEN });

KTSTR_TEST(sched_kill,
	.desc = "a scheduler is killed with SIGKILL: the kernel takes over, all run on, it can come back",
	.needs_sched = true,
	.claims = CLAIM_KILL,
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(CPU_SPIN, 8) },
				     { "cg_1", CPUSET_NONE, WORKERS(BURSTY, 4) }),
		  .hold = HOLD_FRAC(.2), .keep = true },
		{ .ops = OPS(KILL_SCHEDULER()), .hold = HOLD_FRAC(.4) },
		{ .ops = OPS(ATTACH_SCHEDULER()), .hold = HOLD_FRAC(.4) }),
	.expect = { UNEVEN });

KTSTR_TEST(sched_replace,
	.desc = "another scheduler takes the place of the first and gives it back, under load",
	.needs_sched = true,
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE,
				       WORKER_LIST(W(CPU_SPIN, 4), W(BURSTY, 4)) }),
		  .hold = HOLD_FRAC(.2), .keep = true },
		{ .ops = OPS(DETACH_SCHEDULER(), ATTACH_BUILTIN("fifo")), .hold = HOLD_FRAC(.4) },
		{ .ops = OPS(DETACH_SCHEDULER(), ATTACH_SCHEDULER()), .hold = HOLD_FRAC(.4) }),
	.expect = { UNEVEN });

KTSTR_TEST(sched_detach_for_good,
	.desc = "a scheduler is gone in the second half: nothing of it is left when the test ends",
	.needs_sched = true,
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE,
				       WORKER_LIST(W(CPU_SPIN, 4),
						   W(CPU_SPIN, 4, .policy = SCHED_EXT)) }),
		  .hold = HOLD_FRAC(.5), .keep = true },
		{ .ops = OPS(DETACH_SCHEDULER()), .hold = HOLD_FRAC(.5) }),
	.expect = { UNEVEN });

/* --- CPUs ----------------------------------------------------------------- */

KTSTR_TEST(cpu_hotplug,
	.desc = "two CPUs go and come back under load: whoever was there runs elsewhere meanwhile",
	.min_cpus = 4,
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(CPU_SPIN, 8) },
				     { "cg_1", CPUSET_EXACT("2-3"), WORKERS(MIXED, 4) }),
		  .hold = HOLD_FRAC(.25), .keep = true },
		{ .ops = OPS(CPU_OFFLINE(3)), .hold = HOLD_FRAC(.25) },
		{ .ops = OPS(CPU_OFFLINE(1), CPU_ONLINE(3)), .hold = HOLD_FRAC(.25) },
		{ .ops = OPS(CPU_ONLINE(1)), .hold = HOLD_FRAC(.25) }),
	.expect = { .isolation = true, UNEVEN });

KTSTR_TEST(cpu_hotplug_cpuset,
	.desc = "all CPUs of a cpuset go: its workers run on those of the parent until they are back",
	.min_cpus = 4,
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_EXACT("3"), WORKERS(CPU_SPIN, 2) },
				     { "cg_1", CPUSET_EXACT("0-2"), WORKERS(CPU_SPIN, 6) }),
		  .hold = HOLD_FRAC(.3), .keep = true },
		{ .ops = OPS(CPU_OFFLINE(3)), .hold = HOLD_FRAC(.4) },
		{ .ops = OPS(CPU_ONLINE(3)), .hold = HOLD_FRAC(.3) }),
	.expect = { .isolation = true, UNEVEN });

/* --- cgroups -------------------------------------------------------------- */

KTSTR_TEST(cgroup_freeze_thaw,
	.desc = "a cgroup is frozen for a while beside one that runs: it goes on when it thaws",
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE,
				       WORKER_LIST(W(CPU_SPIN, 4), W(BURSTY, 4)) },
				     { "cg_1", CPUSET_NONE, WORKERS(CPU_SPIN, 4) }),
		  .hold = HOLD_FRAC(.25), .keep = true },
		{ .ops = OPS(FREEZE("cg_0")), .hold = HOLD_FRAC(.5) },
		{ .ops = OPS(THAW("cg_0")), .hold = HOLD_FRAC(.25) }),
	/* Less than it is frozen for: that time does not count. */
	.expect = { .max_spread_pct = 75, .max_gap_ms = 900 });

KTSTR_TEST(cgroup_freeze_storm,
	.desc = "a cgroup is frozen and thawed all the time, and goes away frozen",
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE,
				       WORKER_LIST(W(MIXED, 4), W(PIPE_IO, 4)) },
				     { "cg_1", CPUSET_NONE, WORKERS(CPU_SPIN, 4) }),
		  .hold = HOLD_FRAC(.1), .keep = true },
		{ .ops = OPS(FREEZE("cg_0")), .hold = HOLD_FRAC(.1) },
		{ .ops = OPS(THAW("cg_0"), FREEZE("cg_0")), .hold = HOLD_LOOP(50) }),
	.expect = { UNEVEN });

KTSTR_TEST(cpuset_partition,
	.desc = "a CPU becomes a partition of its own and then none: others leave it for that time",
	.min_cpus = 4,
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_EXACT("1"), WORKERS(CPU_SPIN, 2) },
				     { "cg_1", CPUSET_NONE, WORKERS(CPU_SPIN, 6) }),
		  .hold = HOLD_FRAC(.3), .keep = true },
		{ .ops = OPS(SET_PARTITION("cg_0", ROOT)), .hold = HOLD_FRAC(.4) },
		{ .ops = OPS(SET_PARTITION("cg_0", MEMBER)), .hold = HOLD_FRAC(.3) }),
	.expect = { .isolation = true, UNEVEN });

KTSTR_TEST(cpuset_partition_isolated,
	.desc = "two CPUs become isolated partitions; one of them goes away with its cgroup",
	.min_cpus = 4,
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_EXACT("1"),
				       WORKERS(CPU_SPIN, 2, .max_gap_ms = 800) },
				     { "cg_1", CPUSET_EXACT("2"), WORKERS(CPU_SPIN, 2) },
				     { "cg_2", CPUSET_NONE, WORKERS(CPU_SPIN, 4) }),
		  .hold = HOLD_FRAC(.2), .keep = true },
		{ .ops = OPS(SET_PARTITION("cg_0", ISOLATED), SET_PARTITION("cg_1", ISOLATED)),
		  .hold = HOLD_FRAC(.4) },
		{ .ops = OPS(REMOVE_CGROUP("cg_0")), .hold = HOLD_FRAC(.4) }),
	.expect = { .isolation = true, UNEVEN });

KTSTR_TEST(cpu_weight,
	.desc = "two cgroups on one CPU share it by their weights, which then change",
	.claims = CLAIM_CPU_WEIGHT,
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_EXACT("0"), WORKERS(CPU_SPIN, 2) },
				     { "cg_1", CPUSET_EXACT("0"), WORKERS(CPU_SPIN, 2) }),
		  .hold = HOLD_FRAC(.2), .keep = true },
		{ .ops = OPS(SET_WEIGHT("cg_0", 50), SET_WEIGHT("cg_1", 200)),
		  .hold = HOLD_FRAC(.2) },
		{ .ops = OPS(SET_WEIGHT("cg_0", 300), SET_WEIGHT("cg_1", 100)),
		  .hold = HOLD_FRAC(.6) }),
	.expect = { UNEVEN, .max_weight_error_pct = 20 });

KTSTR_TEST(cpu_max,
	.desc = "a cgroup may have a quarter of a CPU only, and gets it",
	.claims = CLAIM_CPU_MAX,
	.duration_ms = 4000,
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(CPU_SPIN, 2) },
				     { "cg_1", CPUSET_NONE, WORKERS(CPU_SPIN, 4) }),
		  .hold = HOLD_FRAC(.2), .keep = true },
		{ .ops = OPS(SET_MAX("cg_0", 12500, 50000)), .hold = HOLD_FRAC(.8) }),
	.expect = { UNEVEN, .max_limit_error_pct = 15 });

KTSTR_TEST(cgroup_def_midrun,
	.desc = "cgroups with cpusets and workers appear in the middle of other operations",
	.min_cpus = 4,
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE,
				       WORKERS(CPU_SPIN, 4, .max_gap_ms = 400) }),
		  .hold = HOLD_FRAC(.3), .keep = true },
		{ .ops = OPS(ADD_CGROUP_DEF({ "cg_1", CPUSET_RANGE(0, .5), WORKERS(MIXED, 4) }),
			     SPAWN("cg_1", CPU_SPIN, 2), STOP_CGROUP("cg_0"),
			     ADD_CGROUP_DEF({ "cg_2/sub", CPUSET_NONE, WORKERS(CPU_SPIN, 2) })),
		  .hold = HOLD_FRAC(.7), .keep = true }),
	.expect = { .isolation = true, .max_spread_pct = 75, .max_gap_ms = 900 });

/* --- programs of others --------------------------------------------------- */

static const struct ktstr_payload hackbench = {
	.name = "hackbench",
	.program = "hackbench",
	.args = WORDS("-l", "50", "-g", "2", "-f", "5"),
	.cure = "install rt-tests",
	.metrics = METRICS(METRIC_BETWEEN("seconds", "Time:", 0.000001, 60)),
};

KTSTR_TEST(payload_hackbench,
	.desc = "hackbench ends in time and well beside spinners",
	.steps = STEPS(
		{ .ops = OPS(ADD_CGROUP("bench")),
		  .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(CPU_SPIN, 4) }),
		  .hold = HOLD_FRAC(.1), .keep = true },
		{ .ops = OPS(RUN_PAYLOAD(&hackbench, "bench"), WAIT_PAYLOAD(&hackbench, 30000)),
		  .hold = HOLD_FRAC(.1) }),
	.expect = { UNEVEN });

/* The runner of the kernel's own tests of sched_ext, which loads a scheduler for each. */
#define SCX_SELFTESTS(_name, _exit, _args, ...)				\
	static const struct ktstr_payload _name = {				\
		.name = #_name,							\
		.program = "scx_selftests",					\
		.args = _args,							\
		.cure = "tests/test_selftests.sh builds it",			\
		.exit_code = _exit,						\
		.metrics = METRICS(METRIC("tests skipped", "SKIPPED:"), ##__VA_ARGS__), \
	}

/* Seven in 7.3. Its exit code says that none has failed. */
SCX_SELFTESTS(scx_selftests_select_cpu, 0, WORDS("-t", "select_cpu"),
	      METRIC_BETWEEN("tests passed", "PASSED:", 7, 100),
	      METRIC("tests failed", "FAILED:"));
KTSTR_TEST(payload_scx_selftests_select_cpu,
	.desc = "the kernel's own selftests/sched_ext about select_cpu() pass in the guest",
	.needs_scx = true,
	.sched = "none",
	.not_default = true,
	.duration_ms = 60000,
	.steps = STEPS(
		{ .ops = OPS(RUN_PAYLOAD(&scx_selftests_select_cpu, NULL),
			     WAIT_PAYLOAD(&scx_selftests_select_cpu, 120000)),
		  .hold = HOLD_FIXED(1) }),
	.expect = { .no_starvation_check = true });

/*
 * 21 in 6.12, 33 in 7.3. There, emulated, dsp_local_on has failed, which counts on "plenty of
 * scheduling events" within its second; and nohz_tick skips without nohz_full.
 */
SCX_SELFTESTS(scx_selftests, PAYLOAD_ANY_EXIT, NULL,
	      METRIC_BETWEEN("tests passed", "PASSED:", 20, 1000),
	      METRIC_BETWEEN("tests failed", "FAILED:", 0, 1));
KTSTR_TEST(payload_scx_selftests,
	.desc = "the kernel's own selftests/sched_ext pass in the guest, at most one fails",
	.needs_scx = true,
	.sched = "none",
	.not_default = true,
	.duration_ms = 300000,
	.steps = STEPS(
		{ .ops = OPS(RUN_PAYLOAD(&scx_selftests, NULL),
			     WAIT_PAYLOAD(&scx_selftests, 600000)),
		  .hold = HOLD_FIXED(1) }),
	.expect = { .no_starvation_check = true });

/* --- beginning and end ---------------------------------------------------- */

KTSTR_TEST(empty_run,
	.desc = "nothing happens: what was set up goes away in seconds, and leaves nothing",
	.steps = STEPS({ .hold = HOLD_FIXED(1) }),
	.expect = { .no_starvation_check = true });

KTSTR_TEST(burst_oversubscription,
	.desc = "64 bursty workers start at once, and are gone after half of the run",
	.duration_ms = 3000,
	.steps = STEPS(
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE,
				       WORKERS(BURSTY, 64, .burst_ms = 10, .sleep_ms = 20) }),
		  .hold = HOLD_FRAC(.5) },
		{ .cgroups = CGROUPS({ "cg_0", CPUSET_NONE, WORKERS(CPU_SPIN, 4) }),
		  .hold = HOLD_FRAC(.5) }),
	/* Each lives for 1.5 s. A scheduler that uses one CPU takes 0.66 s to come around. */
	.expect = { .max_spread_pct = 75, .max_gap_ms = 1100 });
